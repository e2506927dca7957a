# PATCH as RFC 7644 section 3.5.2 has it, on resources as Perl data: a model that shares nothing with
# the C code and is held against it. Where the RFC leaves a choice, the one that README.md and its
# tables name is taken; a refusal for which it names no scimType lists those that will do.
#
#   my $model = ProvisionTest::PatchModel->new($type);     # { name, schema, extensions => [ ... ] }
#   my $result = $model->patch($resource, @operations);
#   # { resource => {...} } or { status => 400, types => ['noTarget'], operation => 2 }
#
# A schema is RFC 7643's JSON of one. In an operation `path` may be a structure instead of text:
# { urn, attr, filter, sub, raw }, of which text() makes the path that is sent; raw is sent as it is
# and malformed. A filter is [ op, name, value ], [ 'pr', name ], [ 'not', F ], [ 'and'|'or', F, F ].
package ProvisionTest::PatchModel;
use strict;
use warnings;
use B ();
use JSON ();
use Storable qw(dclone);
use Time::Local qw(timegm);

my $COMMON = 'urn:ietf:params:scim:schemas:core:2.0';
my @common = (
    { name => 'schemas', type => 'reference', multiValued => 1, mutability => 'readOnly' },
    { name => 'id', type => 'string', mutability => 'readOnly', caseExact => 1 },
    { name => 'externalId', type => 'string', caseExact => 1 },
    { name => 'meta', type => 'complex', mutability => 'readOnly', subAttributes => [
        map { { name => $_, type => 'string', mutability => 'readOnly' } }
            qw(resourceType created lastModified location version) ] },
);

sub new
{
    my ($class, $type) = @_;
    return bless { type => $type, schema => $type->{schema}, extensions => $type->{extensions} },
        $class;
}

# ---- refusals ------------------------------------------------------------------------------------

sub refuse { my (@types) = @_; die { types => \@types } }

my @UNKNOWN = qw(invalidPath invalidValue invalidSyntax); # the RFC names none
my @BAD_VALUE = qw(invalidValue invalidSyntax);

# ---- looking things up ---------------------------------------------------------------------------

sub named
{
    my ($attrs, $name) = @_;
    return (grep { lc $_->{name} eq lc $name } @$attrs)[0];
}

# The attribute and, if it is of an extension, that extension's URN.
sub attribute
{
    my ($self, $urn, $name) = @_;
    if (!defined $urn || lc $urn eq lc $self->{schema}{id}) {
        my $found = named($self->{schema}{attributes}, $name) // named(\@common, $name);
        return ($found) if $found;
        refuse(@UNKNOWN) if defined $urn;
        my @in = grep { named($_->{attributes}, $name) } @{ $self->{extensions} };
        return (named($in[0]{attributes}, $name), $in[0]{id}) if @in == 1;
        refuse(@UNKNOWN);
    }
    my ($extension) = grep { lc $_->{id} eq lc $urn } @{ $self->{extensions} };
    my $found = $extension && named($extension->{attributes}, $name) or refuse(@UNKNOWN);
    return ($found, $extension->{id});
}

sub extension_of
{
    my ($self, $urn) = @_;
    return (grep { lc $_->{id} eq lc $urn } @{ $self->{extensions} })[0];
}

sub mutability { return $_[0]{mutability} // 'readWrite' }
sub is_complex { return $_[0]{type} eq 'complex' }
sub sub_of     { return named($_[0]{subAttributes} // [], $_[1]) }

# ---- values --------------------------------------------------------------------------------------

sub is_string { return !ref $_[0] && B::svref_2object(\$_[0])->FLAGS & B::SVf_POK ? 1 : 0 }
sub is_number { return !ref $_[0] && !is_string($_[0]) }
sub is_empty  { return !defined $_[0] || (ref $_[0] eq 'ARRAY' && !@{ $_[0] }) }

my %well_formed = (
    string => sub { is_string($_[0]) },
    reference => sub { is_string($_[0]) },
    boolean => sub { JSON::is_bool($_[0]) || (is_string($_[0]) && $_[0] =~ /^(?:true|false)$/i) },
    integer => sub { is_number($_[0]) && !JSON::is_bool($_[0]) && $_[0] == int $_[0] },
    decimal => sub { is_number($_[0]) && !JSON::is_bool($_[0]) },
    dateTime => sub { is_string($_[0]) && defined instant($_[0]) },
    binary => sub { is_string($_[0]) && $_[0] =~ m{^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$} },
);

sub instant
{
    my ($text) = @_;
    my ($y, $mo, $d, $h, $mi, $s, $sign, $oh, $om) = $text
        =~ /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:Z|([+-])(\d\d):(\d\d))$/ or return;
    my $at = eval { timegm($s, $mi, $h, $d, $mo - 1, $y) };
    return if !defined $at;
    return $at if !$sign;
    return $sign eq '+' ? $at - 3600 * $oh - 60 * $om : $at + 3600 * $oh + 60 * $om;
}

# One value of an attribute, or undef for nothing.
sub read_one
{
    my ($attr, $value) = @_;
    return undef if !defined $value;
    if (!is_complex($attr)) {
        refuse(@BAD_VALUE) if ref $value && !JSON::is_bool($value);
        refuse(@BAD_VALUE) if !$well_formed{ $attr->{type} }->($value);
        return $attr->{type} eq 'boolean' && is_string($value)
            ? (lc $value eq 'true' ? JSON::true() : JSON::false()) : $value;
    }
    $value = $value->[0] if !$attr->{multiValued} && ref $value eq 'ARRAY' && @$value == 1;
    $value = { value => $value } if is_string($value) && sub_of($attr, 'value');
    refuse(@BAD_VALUE) if ref $value ne 'HASH';
    my %read;
    for my $name (keys %$value) {
        my $sub = sub_of($attr, $name) or refuse(@UNKNOWN);
        next if mutability($sub) eq 'readOnly' || is_empty($value->{$name});
        $read{ $sub->{name} } = read_one($sub, $value->{$name});
    }
    return %read ? \%read : undef;
}

# RFC 7643 section 2.4: no (type, value) twice, one primary.
sub read_all
{
    my ($attr, $given) = @_;
    my @read;
    my $primaries = 0;
    for my $one (ref $given eq 'ARRAY' ? @$given : $given) {
        my $value = read_one($attr, $one) // next;
        next if is_known($attr, $value) && grep { same_identity($attr, $_, $value) } @read;
        refuse(@BAD_VALUE) if is_primary($value) && $primaries++;
        push @read, $value;
    }
    return @read;
}

sub is_primary { return ref $_[0] eq 'HASH' && $_[0]{primary} ? 1 : 0 }

# ---- equality ------------------------------------------------------------------------------------

sub same_simple
{
    my ($attr, $x, $y) = @_;
    return !defined $x && !defined $y if !defined $x || !defined $y;
    my $type = $attr->{type};
    return !$x == !$y if $type eq 'boolean';
    return $x == $y if $type eq 'integer' || $type eq 'decimal';
    return instant($x) == instant($y) if $type eq 'dateTime';
    return $type eq 'string' && !$attr->{caseExact} ? lc $x eq lc $y : $x eq $y;
}

sub is_known { return !is_complex($_[0]) || defined $_[1]{value} }

# Which have no `value` to be known by are the same if they are so to the letter.
sub same_whole
{
    my ($attr, $x, $y) = @_;
    for my $sub (@{ $attr->{subAttributes} }) {
        my ($of_x, $of_y) = map { $_->{ $sub->{name} } } $x, $y;
        ($of_x, $of_y) = map { $_ ? 1 : 0 } $of_x, $of_y if $sub->{name} eq 'primary';
        return 0 if !same_simple({ %$sub, caseExact => 1 }, $of_x, $of_y);
    }
    return 1;
}

sub same_identity
{
    my ($attr, $x, $y) = @_;
    return same_simple($attr, $x, $y) if !is_complex($attr);
    my $value = sub_of($attr, 'value');
    return same_whole($attr, $x, $y) if !$value || !defined $x->{value} || !defined $y->{value};
    my $type = sub_of($attr, 'type') // { type => 'string' };
    return same_simple($value, $x->{value}, $y->{value})
        && same_simple($type, $x->{type}, $y->{type});
}

# ---- filters within a value path -----------------------------------------------------------------

my %compare = (
    eq => sub { $_[0] eq $_[1] }, ne => sub { $_[0] ne $_[1] },
    co => sub { index($_[0], $_[1]) >= 0 }, sw => sub { index($_[0], $_[1]) == 0 },
    ew => sub { length $_[0] >= length $_[1] && substr($_[0], -length $_[1]) eq $_[1] },
    gt => sub { $_[0] gt $_[1] }, ge => sub { $_[0] ge $_[1] },
    lt => sub { $_[0] lt $_[1] }, le => sub { $_[0] le $_[1] },
);
my %compare_number = (
    eq => sub { $_[0] == $_[1] }, ne => sub { $_[0] != $_[1] },
    gt => sub { $_[0] > $_[1] }, ge => sub { $_[0] >= $_[1] },
    lt => sub { $_[0] < $_[1] }, le => sub { $_[0] <= $_[1] },
);

# The attribute that a filter's name means; a simple multi-valued one answers to `value`.
sub filtered
{
    my ($attr, $name) = @_;
    return is_complex($attr) ? sub_of($attr, $name) : lc $name eq 'value' ? $attr : undef;
}

# Names and operators are checked even where nothing is there to be matched.
sub check_filter
{
    my ($attr, $filter) = @_;
    my ($op, $name, $value) = @$filter;
    return check_filter($attr, $name) if $op eq 'not';
    return map { check_filter($attr, $_) } $name, $value if $op eq 'and' || $op eq 'or';
    my $of = filtered($attr, $name) or refuse(qw(invalidFilter invalidPath));
    refuse('invalidFilter') if $op =~ /^[gl][te]$/ && $of->{type} =~ /^(?:boolean|binary)$/;
}

sub matches
{
    my ($attr, $filter, $value) = @_;
    my ($op, $name, $want) = @$filter;
    return !matches($attr, $name, $value) if $op eq 'not';
    return matches($attr, $name, $value) && matches($attr, $want, $value) if $op eq 'and';
    return matches($attr, $name, $value) || matches($attr, $want, $value) if $op eq 'or';
    my $of = filtered($attr, $name);
    my $have = is_complex($attr) ? $value->{ $of->{name} } : $value;
    return defined $have && !(is_string($have) && $have eq '') if $op eq 'pr';
    $have //= 0 if $of->{name} eq 'primary'; # RFC 7643 section 2.4: assumed to be false
    return $op eq 'ne' if !defined $have;
    my $type = $of->{type};
    ($have, $want) = map { $_ ? 1 : 0 } $have, $want if $type eq 'boolean';
    ($have, $want) = map { instant($_) } $have, $want if $type eq 'dateTime';
    return $compare_number{$op}->($have, $want) if $type =~ /^(?:boolean|integer|decimal|dateTime)$/;
    ($have, $want) = map { lc } $have, $want if $type eq 'string' && !$of->{caseExact};
    return $compare{$op}->($have, $want);
}

# What an add makes where nothing matches: only of eq joined by and.
sub described
{
    my ($attr, $filter) = @_;
    my ($op, $name, $value) = @$filter;
    return if !is_complex($attr);
    if ($op ne 'and') {
        my $sub = sub_of($attr, $name);
        return $op ne 'eq' || mutability($sub) eq 'readOnly' ? undef : { $sub->{name} => $value };
    }
    my ($left, $right) = map { described($attr, $_) // return } $name, $value;
    return if grep { exists $right->{$_} && !same_simple(sub_of($attr, $_), $left->{$_}, $right->{$_}) }
        keys %$left;
    return { %$left, %$right };
}

# ---- where an attribute's values lie -------------------------------------------------------------

sub holder
{
    my ($resource, $urn, $make) = @_;
    return $resource if !defined $urn;
    $resource->{$urn} //= {} if $make;
    return $resource->{$urn} // {};
}

sub values_of
{
    my ($resource, $urn, $attr) = @_;
    my $have = holder($resource, $urn)->{ $attr->{name} };
    return !defined $have ? () : $attr->{multiValued} ? @$have : $have;
}

sub set_values
{
    my ($resource, $urn, $attr, @values) = @_;
    if (@values) {
        holder($resource, $urn, 1)->{ $attr->{name} } = $attr->{multiValued} ? [@values] : $values[0];
    } elsif (exists holder($resource, $urn)->{ $attr->{name} }) {
        delete $resource->{$urn}{ $attr->{name} } if defined $urn;
        delete $resource->{ $attr->{name} } if !defined $urn;
    }
    delete $resource->{$urn} if defined $urn && !%{ holder($resource, $urn) };
}

# ---- mutability ----------------------------------------------------------------------------------

sub check_removable
{
    my ($attr, $has_value) = @_;
    refuse('mutability') if $attr->{required} || mutability($attr) eq 'readOnly'
        || (mutability($attr) eq 'immutable' && $has_value);
}

# Entra writes a single value as a list of one object.
sub unwrapped
{
    my ($attr, $given) = @_;
    my $may = !is_complex($attr) && !$attr->{multiValued} && ref $given eq 'ARRAY' && @$given == 1;
    my $inner = $may && ref $given->[0] eq 'HASH' ? $given->[0]{value} : undef;
    return defined $inner && (!ref $inner || JSON::is_bool($inner)) ? $inner : $given;
}

# Sets a sub-attribute of a value, or unassigns it.
sub set_sub
{
    my ($value, $sub, $given) = @_;
    $given = unwrapped($sub, $given);
    my $new = is_empty($given) ? undef : read_one($sub, $given);
    my $old = $value->{ $sub->{name} };
    if (!defined $new) {
        check_removable($sub, defined $old);
        delete $value->{ $sub->{name} };
        return;
    }
    refuse('mutability') if mutability($sub) eq 'immutable' && defined $old && $old ne $new;
    $value->{ $sub->{name} } = $new;
}

# ---- one attribute -------------------------------------------------------------------------------

# Sub-attributes that the value does not name stay.
sub merge
{
    my ($attr, $into, $op, $given) = @_;
    $given = $given->[0] if ref $given eq 'ARRAY' && @$given == 1;
    $given = { value => $given } if is_string($given) && sub_of($attr, 'value');
    refuse(@BAD_VALUE) if ref $given ne 'HASH';
    sub_of($attr, $_) or refuse(@UNKNOWN) for keys %$given;
    for my $name (sort keys %$given) {
        my $sub = sub_of($attr, $name);
        next if mutability($sub) eq 'readOnly' || ($op eq 'add' && is_empty($given->{$name}));
        set_sub($into, $sub, $given->{$name});
    }
}

sub change_single
{
    my ($at, $op, $given) = @_;
    my ($resource, $urn, $attr, $sub) = @$at{qw(resource urn attr sub)};
    my ($old) = values_of($resource, $urn, $attr);
    if (is_complex($attr)) {
        my %new = %{ $old // {} };
        $sub ? set_sub(\%new, $sub, $given) : merge($attr, \%new, $op, $given);
        return set_values($resource, $urn, $attr, %new ? \%new : ());
    }
    $given = unwrapped($attr, $given);
    my $new = ref $given eq 'ARRAY' ? refuse(@BAD_VALUE) : read_one($attr, $given);
    refuse(@BAD_VALUE) if $attr->{required} && $new eq '';
    set_values($resource, $urn, $attr, $new);
}

# At most one of them became primary; it is the only one then.
sub one_primary
{
    my ($attr, $all, @crowned) = @_;
    refuse(@BAD_VALUE) if @crowned > 1;
    return if !@crowned;
    delete $_->{primary} for grep { $_ != $crowned[0] } @$all;
}

sub add_many
{
    my ($at, $given) = @_;
    my $attr = $at->{attr};
    my @were = map { ref ? {%$_} : $_ } values_of(@$at{qw(resource urn attr)});
    my (@all, %crowned) = @were;
    for my $new (read_all($attr, $given)) {
        my ($same) = grep { same_identity($attr, $_, $new) } @were;
        if (!defined $same) {
            push @all, $same = $new;
        } elsif (ref $same) {
            set_sub($same, sub_of($attr, $_), $new->{$_}) for sort keys %$new;
        }
        $crowned{$same} = $same if is_primary($new);
    }
    one_primary($attr, \@all, values %crowned);
    set_values(@$at{qw(resource urn attr)}, @all);
}

sub make_selected
{
    my ($at, $op, $given, @others) = @_;
    my ($attr, $sub, $filter) = @$at{qw(attr sub filter)};
    my $new = {};
    if ($filter) {
        refuse('noTarget') if $op ne 'add';
        $new = described($attr, $filter) or refuse('noTarget');
    }
    $sub ? set_sub($new, $sub, $given) : merge($attr, $new, 'add', $given);
    one_primary($attr, [ @others, $new ], is_primary($new) ? $new : ());
    set_values(@$at{qw(resource urn attr)}, @others, $new);
}

sub change_selected
{
    my ($at, $op, $given) = @_;
    my ($attr, $sub, $filter) = @$at{qw(attr sub filter)};
    my @all = map { ref ? {%$_} : \(my $copy = $_) } values_of(@$at{qw(resource urn attr)});
    my $plain = sub { return is_complex($attr) ? $_[0] : ${ $_[0] } };
    my @selected = grep { !$filter || matches($attr, $filter, $plain->($_)) } @all;
    return make_selected($at, $op, $given, map { $plain->($_) } @all) if !@selected;
    if ($sub) {
        set_sub($_, $sub, $given) for @selected;
    } elsif ($op eq 'add' && is_complex($attr)) {
        merge($attr, $_, $op, $given) for @selected;
    } else {
        my @new = ref $given eq 'ARRAY' && @$given != 1 ? () : read_all($attr, $given);
        refuse(@BAD_VALUE) if @new != 1;
        # Records replaced by one and the same become one.
        my ($first, @more) = @selected;
        my %gone = map { $_ => 1 } $op eq 'replace' ? @more : ();
        @all = grep { !$gone{$_} } @all;
        for my $one ($op eq 'replace' ? $first : @selected) {
            is_complex($attr) ? (%$one = %{ $new[0] }) : ($$one = $new[0]);
        }
        @selected = ($first) if $op eq 'replace';
    }
    if (is_complex($attr) && (!$sub || $sub->{name} eq 'primary')) {
        one_primary($attr, \@all, grep { is_primary($_) } @selected);
    }
    set_values(@$at{qw(resource urn attr)}, map { $plain->($_) } grep { !ref || ref eq 'SCALAR' || %$_ } @all);
}

sub remove
{
    my ($at, $op, $given) = @_;
    my ($attr, $sub, $filter) = @$at{qw(attr sub filter)};
    my @all = map { ref eq 'HASH' ? {%$_} : $_ } values_of(@$at{qw(resource urn attr)});
    my @left;
    if ($filter || $sub) {
        my @selected = grep { !$filter || matches($attr, $filter, $_) } @all;
        refuse('noTarget') if !@selected && $filter;
        my %selected = map { $_ => 1 } @selected;
        if ($sub) {
            set_sub($_, $sub, undef) for @selected;
            @left = grep { %$_ } @all;
        } else {
            @left = grep { !$selected{$_} } @all;
        }
    } elsif (@all && $op eq 'remove' && $attr->{multiValued} && defined $given) {
        my @listed = read_all($attr, $given);
        @left = grep { my $have = $_; !grep { covers($attr, $_, $have) } @listed } @all;
    }
    check_removable($attr, scalar @all) if !@left && (@all || !($filter || $sub));
    set_values(@$at{qw(resource urn attr)}, @left);
}

# Whether everything that the pattern says holds.
sub covers
{
    my ($attr, $pattern, $value) = @_;
    return same_simple($attr, $pattern, $value) if !is_complex($attr);
    for my $name (keys %$pattern) {
        my ($x, $y) = ($pattern->{$name}, $value->{$name});
        ($x, $y) = map { $_ ? 1 : 0 } $x, $y if $name eq 'primary';
        return 0 if !defined $y || !same_simple(sub_of($attr, $name), $x, $y);
    }
    return 1;
}

sub change
{
    my ($at, $op, $given) = @_;
    my ($attr, $sub) = @$at{qw(attr sub)};
    check_filter($attr, $at->{filter}) if $at->{filter};
    my @were = values_of(@$at{qw(resource urn attr)});
    my $were = dclone(\@were);
    if ($op eq 'remove' || ($op eq 'replace' && is_empty($given))) {
        remove($at, $op, $given);
    } elsif (is_empty($given)) {
        return;
    } elsif (!$attr->{multiValued}) {
        change_single($at, $op, $given);
    } elsif ($at->{filter} || $sub) {
        change_selected($at, $op, $given);
    } elsif ($op eq 'add') {
        add_many($at, $given);
    } else {
        my @new = read_all($attr, $given);
        check_removable($attr, scalar @were) if !@new;
        set_values(@$at{qw(resource urn attr)}, @new);
    }
    my @now = values_of(@$at{qw(resource urn attr)});
    refuse('mutability') if mutability($attr) eq 'immutable' && @$were && canonical($were) ne canonical(\@now);
}

my $json = JSON->new->canonical->allow_nonref;
sub canonical { return join ',', sort map { $json->encode($_) } @{ $_[0] } }

# ---- an operation --------------------------------------------------------------------------------

sub is_fixed
{
    my ($attr, $sub) = @_;
    return grep { $_ && mutability($_) eq 'readOnly' } $attr, $sub;
}

# A set of attributes: what cannot be written is passed over, as in POST and PUT.
sub change_set
{
    my ($self, $resource, $op, $given, $urn) = @_;
    refuse(@BAD_VALUE) if ref $given ne 'HASH';
    for my $key (sort keys %$given) {
        my $value = $given->{$key};
        next if defined $urn && lc $key eq 'schemas';
        if (!defined $urn && (my $extension = $self->extension_of($key))) {
            $self->change_extension($resource, $op, $value, $extension);
            next;
        }
        my ($attr_urn, $name, $sub) = split_name($key);
        my ($attr, $owner) = $self->attribute($urn // $attr_urn, $name);
        my $of = defined $sub ? sub_of($attr, $sub) // refuse(@UNKNOWN) : undef;
        next if is_fixed($attr, $of);
        change({ resource => $resource, urn => $owner, attr => $attr, sub => $of }, $op, $value);
    }
}

sub split_name
{
    my ($key) = @_;
    return $key =~ /^(?:(urn:.*):)?([^.:]+)(?:\.([^.:]+))?$/i ? ($1, $2, $3) : refuse(@UNKNOWN);
}

sub change_extension
{
    my ($self, $resource, $op, $value, $extension) = @_;
    return $self->change_set($resource, $op, $value, $extension->{id})
        if $op ne 'remove' && !is_empty($value);
    return if $op eq 'add';
    change({ resource => $resource, urn => $extension->{id}, attr => $_ }, 'remove', undef)
        for grep { !is_fixed($_) } @{ $extension->{attributes} };
}

# A resource has the schemas of what it holds, whatever a client says of them.
sub announce
{
    my ($self, $op, $value) = @_;
    refuse(@BAD_VALUE) if ref $value ne 'ARRAY' || grep { !defined || !is_string($_) } @$value;
    refuse('mutability') if $op eq 'replace' && !grep { lc $_ eq lc $self->{schema}{id} } @$value;
}

sub operate
{
    my ($self, $resource, $operation) = @_;
    my ($path, $value) = @$operation{qw(path value)};
    my $op = lc $operation->{op};
    refuse(@BAD_VALUE) if $op !~ /^(?:add|remove|replace)$/;
    refuse(@BAD_VALUE) if $op ne 'remove' && !exists $operation->{value};
    if (!$path) {
        refuse('noTarget') if $op eq 'remove';
        return $self->change_set($resource, $op, $value);
    }
    refuse(qw(invalidPath invalidFilter)) if exists $path->{raw};
    if (!defined $path->{attr}) {
        my $extension = $self->extension_of($path->{urn}) or refuse('invalidPath');
        return $self->change_extension($resource, $op, $value, $extension);
    }
    my ($attr, $urn) = $self->attribute(@$path{qw(urn attr)});
    my $sub = defined $path->{sub} ? sub_of($attr, $path->{sub}) // refuse('invalidPath') : undef;
    refuse('invalidPath') if $path->{filter} && !$attr->{multiValued};
    check_filter($attr, $path->{filter}) if $path->{filter};
    return $self->announce($op, $value)
        if $attr->{name} eq 'schemas' && $op ne 'remove' && !$path->{filter};
    refuse('mutability') if is_fixed($attr, $sub);
    change({ resource => $resource, urn => $urn, attr => $attr, sub => $sub,
        filter => $path->{filter} }, $op, $value);
}

# Sections 2.2 and 6 of RFC 7643, for the result.
sub check_whole
{
    my ($self, $resource) = @_;
    for my $schema ($self->{schema}, @{ $self->{extensions} }) {
        my $of = $schema == $self->{schema} ? $resource : $resource->{ $schema->{id} };
        refuse(@BAD_VALUE) if !$of && $schema->{needed};
        next if !$of;
        for my $attr (grep { $_->{required} } @{ $schema->{attributes} }) {
            my $have = $of->{ $attr->{name} };
            refuse(@BAD_VALUE) if !defined $have || $have eq '';
        }
    }
}

sub patch
{
    my ($self, $resource, @operations) = @_;
    my $now = dclone($resource);
    my $n = 0;
    my $done = eval {
        for my $operation (@operations) {
            $n++;
            $self->operate($now, $operation);
        }
        $n = 0;
        $self->check_whole($now);
        1;
    };
    return { resource => $now } if $done;
    die $@ if ref $@ ne 'HASH';
    return { status => 400, types => $@->{types}, operation => $n };
}

1;
