# Random resources and PATCH operations over every kind of attribute, from rand: srand(seed) gives
# the same again. Operations are as PatchModel takes them; sent() makes the message of a client.
package ProvisionTest::PatchCases;
use strict;
use warnings;
use parent 'Exporter';
use JSON ();

our @EXPORT_OK = qw(types declared resource operations sent sane any sound filter filter_text any_case);

my $json = JSON->new->canonical->allow_nonref;
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $THING = 'urn:example:scim:schemas:model:2.0:Thing';

sub any { return $_[ rand @_ ] }
sub chance { return rand() < $_[0] }

# ---- the types -----------------------------------------------------------------------------------

# "name type flag ..." with sub-attributes in a list behind it; flags as RFC 7643 section 7 has them.
my %flags = (
    many => [ multiValued => JSON::true() ], must => [ required => JSON::true() ],
    exact => [ caseExact => JSON::true() ], fixed => [ mutability => 'readOnly' ],
    once => [ mutability => 'immutable' ],
    secret => [ mutability => 'writeOnly', returned => 'never' ],
);

sub attributes
{
    my @made;
    while (my $text = shift) {
        my ($name, $type, @flags) = split ' ', $text;
        push @made, { name => $name, type => $type, map { @{ $flags{$_} } } @flags };
        $made[-1]{subAttributes} = attributes(@{ +shift }) if ref $_[0];
    }
    return \@made;
}

my @plural = ('value string', 'display string', 'type string', 'primary boolean');
my %user = (
    name => 'User', endpoint => '/Users',
    schema => { id => $CORE, attributes => attributes('userName string must',
        'name complex', [ map { "$_ string" } qw(formatted familyName givenName) ],
        'displayName string', 'title string', 'active boolean', 'profileUrl reference exact',
        'password string exact secret', 'emails complex many', \@plural,
        'phoneNumbers complex many', \@plural,
        'photos complex many', [ 'value reference exact', @plural[ 1 .. 3 ] ],
        'addresses complex many', [ map({ "$_ string" } qw(streetAddress locality type)), 'primary boolean' ],
        'groups complex many fixed', [ 'value string fixed', 'display string fixed' ]) },
    extensions => [ { id => $ENTERPRISE, attributes => attributes('employeeNumber string',
        'department string', 'manager complex', [ 'value string', '$ref reference exact',
        'displayName string fixed' ]) } ],
);
my @every = ('text string', 'exact string exact', 'count integer', 'flag boolean',
    'ratio decimal', 'at dateTime', 'blob binary', 'link reference exact', 'made string fixed');
my %thing = (
    name => 'Thing', endpoint => '/Things',
    schema => { id => $THING, name => 'Thing', attributes => attributes('label string must', @every,
        'born string once', 'pin string secret', 'words string many', 'codes string many exact',
        'numbers integer many', 'seals string many once', 'seal complex once', [ 'a string', 'b integer' ],
        'box complex', [ @every, 'serial string once' ],
        'items complex many', [ @plural, 'count integer', 'flag boolean', 'serial string once',
            'exact string exact', 'made string fixed' ],
        'points complex many', [ 'x integer', 'y integer', 'note string' ]) },
    extensions => [
        { id => 'urn:example:scim:schemas:model:needed:2.0:Thing', needed => 1,
            attributes => attributes('given string must', 'spare string') },
        { id => 'urn:example:scim:schemas:model:part:2.0:Thing',
            attributes => attributes('whole string must', 'half integer', 'parts complex many', \@plural) },
        { id => 'urn:example:scim:schemas:model:free:2.0:Thing',
            attributes => attributes('note string', 'tags string many', 'seat complex',
                [ 'row string', 'number integer' ], 'first string once') },
    ],
);

sub types { return (\%user, \%thing) }

# What declares Thing: its schemas and its type, as JSON.
sub declared
{
    my @schemas = map { my %s = (name => 'Part', %$_); delete $s{needed}; $json->encode(\%s) }
        $thing{schema}, @{ $thing{extensions} };
    my %type = (id => 'Thing', name => 'Thing', endpoint => '/Things', schema => $THING,
        schemaExtensions => [ map { { schema => $_->{id}, required => $_->{needed} ? JSON::true() : JSON::false() } }
            @{ $thing{extensions} } ]);
    return { schemas => \@schemas, types => [ $json->encode(\%type) ] };
}

# ---- values --------------------------------------------------------------------------------------

my %pool = (
    string => [ qw(red Red RED blue green x y work home a@b) ],
    boolean => [ JSON::true(), JSON::false() ],
    integer => [ 0 .. 4, -7 ],
    decimal => [ 0.5, 1.25, -2.5, 3 ],
    dateTime => [ '2011-05-13T04:42:34Z', '2011-05-13T06:42:34+02:00', '2026-01-01T00:00:00Z' ],
    binary => [ 'aGVsbG8=', 'AAEC', 'eA==' ],
    reference => [ 'https://example.com/a', 'https://example.com/A', '../Users/7' ],
);
my %wrong = (
    string => [ 7, JSON::true(), {}, ['x'] ], boolean => [ 1, 'yes', {} ],
    integer => [ '3', 1.5, JSON::true(), {} ], decimal => [ '1.5', {} ],
    dateTime => [ 'yesterday', '2011-05-13', 5 ], binary => [ '*', 5 ], reference => [ 5, {} ],
    complex => [ 7, JSON::true() ],
);

# For a resource that is: whole and right.
sub sound
{
    my ($attr) = @_;
    return any(@{ $pool{ $attr->{type} } }) if $attr->{type} ne 'complex';
    my %value;
    for my $sub (grep { $_->{name} ne 'primary' && !is_fixed($_) } @{ $attr->{subAttributes} }) {
        $value{ $sub->{name} } = sound($sub) if chance(0.6);
    }
    return %value ? \%value : sound($attr);
}

# What a client sends: now and then not as the schema has it.
sub sloppy
{
    my ($attr) = @_;
    my $type = $attr->{type};
    return any(@{ $wrong{$type} }) if chance(0.02);
    return any(qw(true False TRUE)) if $type eq 'boolean' && chance(0.2);
    return sound($attr) if $type ne 'complex';
    my %value;
    for my $sub (@{ $attr->{subAttributes} }) {
        $value{ any_case($sub->{name}) } = chance(0.05) ? undef : sloppy($sub)
            if chance($sub->{name} eq 'primary' ? 0.25 : 0.5);
    }
    $value{unheardOf} = 1 if chance(0.01);
    return \%value;
}

sub is_fixed { return ($_[0]{mutability} // '') eq 'readOnly' }
sub any_case { my ($name) = @_; return chance(0.85) ? $name : any(lc $name, uc $name, ucfirst $name) }

sub key_of
{
    my ($attr, $value) = @_;
    return $json->encode($value) if !ref $value || !exists $value->{value};
    return lc join "\0", $value->{value}, $value->{type} // '';
}

sub sound_values
{
    my ($attr) = @_;
    my (%seen, @values);
    for (1 .. 1 + rand 4) {
        my $value = sound($attr);
        push @values, $value if !$seen{ lc key_of($attr, $value) }++;
    }
    if (ref $values[0] && (grep { $_->{name} eq 'primary' } @{ $attr->{subAttributes} }) && chance(0.5)) {
        any(@values)->{primary} = JSON::true();
    }
    return \@values;
}

sub fill
{
    my ($into, $schema, $odds) = @_;
    for my $attr (grep { !is_fixed($_) && $_->{name} ne 'password' } @{ $schema->{attributes} }) {
        next if !$attr->{required} && !chance($odds);
        $into->{ $attr->{name} } = $attr->{multiValued} ? sound_values($attr) : sound($attr);
    }
    return $into;
}

sub resource
{
    my ($type) = @_;
    my $resource = fill({}, $type->{schema}, any(0.2, 0.5, 0.8));
    $resource->{externalId} = any(@{ $pool{string} }) if chance(0.3);
    for my $extension (@{ $type->{extensions} }) {
        next if !$extension->{needed} && !chance(0.5);
        my $inner = fill({}, $extension, 0.6);
        $resource->{ $extension->{id} } = $inner if %$inner;
    }
    return $resource;
}

# ---- filters and paths ---------------------------------------------------------------------------

my @text_ops = qw(eq eq eq ne co sw ew gt ge lt le);
my @order_ops = qw(eq eq ne gt ge lt le);

sub term
{
    my ($attr) = @_;
    my $of = $attr->{type} eq 'complex' ? any(@{ $attr->{subAttributes} }) : { %$attr, name => 'value' };
    return [ any(qw(eq pr)), 'unheardOf', 'x' ] if chance(0.01);
    return [ 'pr', $of->{name} ] if chance(0.15);
    my $type = $of->{type};
    my $op = $type =~ /^(?:string|reference)$/ ? any(@text_ops)
        : $type =~ /^(?:boolean|binary)$/ ? (chance(0.03) ? 'gt' : any(qw(eq eq ne))) : any(@order_ops);
    return [ $op, $of->{name}, any(@{ $pool{$type} }) ];
}

sub filter
{
    my ($attr, $depth) = @_;
    return term($attr) if $depth > 2 || chance(0.6);
    my $kind = any(qw(and and or not));
    return [ 'not', filter($attr, $depth + 1) ] if $kind eq 'not';
    return [ $kind, filter($attr, $depth + 1), filter($attr, $depth + 1) ];
}

sub filter_text
{
    my ($filter, $within) = @_;
    my ($op, $x, $y) = @$filter;
    return any_case('not') . any('', ' ') . '(' . filter_text($x) . ')' if $op eq 'not';
    return any_case($x) . ' ' . any_case('pr') if $op eq 'pr';
    return any_case($x) . ' ' . any_case($op) . ' ' . $json->encode($y) if $op !~ /^(?:and|or)$/;
    my $text = filter_text($x, $op) . ' ' . any_case($op) . ' ' . filter_text($y, $op);
    my $brackets = chance(0.2) || ($within // '') eq 'and' && $op eq 'or';
    return $brackets ? "($text)" : $text;
}

my @malformed = ('', '[', 'emails[', 'words[0]', 'emails[0].value', 'emails[type eq]',
    'emails[type eq "work"', 'items[value eq "x"]value', 'items[value eq "x"].', 'name.', '.x',
    '/emails/0', 'items[value eq "x"][type eq "y"]', 'items[value is "x"]', 'label eq "x"', 'box..text',
    'unheardOf', 'box.unheardOf', 'urn:example:unheard:of', 'name[givenName eq "x"]', 'box[text eq "x"]');

sub path
{
    my ($type) = @_;
    return { raw => any(@malformed) } if chance(0.02);
    my @extensions = @{ $type->{extensions} };
    my $schema = chance(0.7) ? $type->{schema} : any(@extensions);
    my $own = $schema == $type->{schema};
    return { urn => any_case($schema->{id}) } if !$own && chance(0.1);
    return { attr => any(qw(id meta.created schemas meta) ) =~ /^(\w+)(?:\.(\w+))?$/
            ? ($1, defined $2 ? (sub => $2) : ()) : () } if $own && chance(0.02);
    return { attr => 'externalId' } if $own && chance(0.05);
    my $attr = any(@{ $schema->{attributes} });
    my %path = (attr => any_case($attr->{name}), of => $attr);
    $path{urn} = any_case($schema->{id}) if !$own || chance(0.1);
    my $complex = $attr->{type} eq 'complex';
    $path{filter} = filter($attr, 0) if $attr->{multiValued} && chance(0.6);
    $path{sub} = any_case(any(@{ $attr->{subAttributes} })->{name}) if $complex && chance(0.5);
    return \%path;
}

sub path_text
{
    my ($path) = @_;
    return $path->{raw} if exists $path->{raw};
    return $path->{urn} if !defined $path->{attr};
    return (defined $path->{urn} ? "$path->{urn}:" : '') . $path->{attr}
        . ($path->{filter} ? '[' . filter_text($path->{filter}) . ']' : '')
        . (defined $path->{sub} ? ".$path->{sub}" : '');
}

# ---- operations ----------------------------------------------------------------------------------

# A single value now and then in a list of one object, as Entra has it.
sub wrapped
{
    my ($attr) = @_;
    my $value = sloppy($attr);
    return $attr->{type} ne 'complex' && !$attr->{multiValued} && chance(0.05)
        ? [ { value => $value } ] : $value;
}

sub value_at
{
    my ($attr, $path) = @_;
    return any(undef, []) if chance(0.03);
    if (defined $path->{sub}) {
        my ($sub) = grep { lc $_->{name} eq lc $path->{sub} } @{ $attr->{subAttributes} };
        return wrapped($sub);
    }
    return wrapped($attr) if !$attr->{multiValued} || $path->{filter};
    return sloppy($attr) if chance(0.3);
    return [ map { sloppy($attr) } 1 .. 1 + rand 3 ];
}

sub set_of
{
    my ($schema, $most, $prefix) = @_;
    my %set;
    for (1 .. 1 + rand $most) {
        my $attr = any(@{ $schema->{attributes} });
        my $key = any_case($attr->{name});
        next if grep { lc $_ eq lc $prefix . $key } keys %set;
        $set{ $prefix . $key } = value_at($attr, {});
    }
    return \%set;
}

# Keys as real clients write them: names, dotted names, an extension's URN, and it before a name.
sub whole_set
{
    my ($type) = @_;
    my $set = set_of($type->{schema}, 3, '');
    if (chance(0.4)) {
        my $extension = any(@{ $type->{extensions} });
        if (chance(0.5)) {
            $set->{ any_case($extension->{id}) } = chance(0.05) ? undef : set_of($extension, 2, '');
        } else {
            $set = { %$set, %{ set_of($extension, 2, "$extension->{id}:") } };
        }
    }
    if (chance(0.1)) {
        my ($attr) = grep { $_->{name} =~ /^(?:name|box)$/ } @{ $type->{schema}{attributes} };
        my $sub = any(@{ $attr->{subAttributes} });
        $set->{"$attr->{name}.$sub->{name}"} = sloppy($sub) if !grep { lc eq $attr->{name} } keys %$set;
    }
    $set->{ any(qw(id meta schemas)) } = any('x', {}, []) if chance(0.05);
    $set->{unheardOf} = 1 if chance(0.01);
    return $set;
}

sub operation
{
    my ($type) = @_;
    my $op = any(qw(add add add replace replace remove remove));
    my %operation = (op => any_case($op));
    $operation{op} = 'move' if chance(0.005);
    if (chance(0.25) && $op ne 'remove' || chance(0.01)) {
        $operation{value} = whole_set($type);
        return \%operation;
    }
    my $path = $operation{path} = path($type);
    if ($op ne 'remove' || chance(0.1)) {
        my ($extension) = grep { !defined $path->{attr} && lc $_->{id} eq lc($path->{urn} // '') }
            @{ $type->{extensions} };
        $operation{value} = $extension ? any(set_of($extension, 2, ''), undef, 7)
            : $path->{of} ? value_at($path->{of}, $path)
            : any('x', [ $type->{schema}{id}, 'urn:x' ], ['urn:x']);
        delete $operation{value} if chance(0.01);
    }
    return \%operation;
}

sub operations
{
    my ($type) = @_;
    return map { operation($type) } 1 .. any(1, 1, 1, 2, 3, 5);
}

# The message; paths become text once, so that shrinking a case does not alter it.
sub sent
{
    my (@operations) = @_;
    my @said;
    for my $operation (@operations) {
        my %said = map { $_ => $operation->{$_} } grep { exists $operation->{$_} } qw(op value);
        if (my $path = $operation->{path}) {
            $said{path} = $path->{text} //= path_text($path);
        }
        push @said, \%said;
    }
    return { schemas => [$PATCH], Operations => \@said };
}

# A resource as it can be compared: absent, null, [] and a value that says nothing are one. Unless it is
# kept, primary:false is one with them and order is none.
sub sane
{
    my ($resource, $kept) = @_;
    return plain($resource, $kept, 1);
}

sub plain
{
    my ($value, $kept, $top) = @_;
    return $value ? 'true' : 'false' if JSON::is_bool($value);
    if (ref $value eq 'ARRAY') {
        my %seen;
        my @all = grep { $_ ne '{}' && !$seen{$_}++ } map { $json->encode(plain($_, $kept)) } @$value;
        return [ $kept ? @all : sort @all ];
    }
    return defined $value && $value =~ /^-?\d+\.\d+$/ ? "$value" + 0 . '' : "$value" if ref $value ne 'HASH';
    my %plain;
    for my $name (keys %$value) {
        my $of = $value->{$name};
        next if !defined $of || $top && $name =~ /^(?:schemas|id|meta)$/ || $name eq 'primary' && !$of && !$kept;
        $of = plain($of, $kept);
        $plain{$name} = $of if !(ref $of eq 'ARRAY' && !@$of || ref $of eq 'HASH' && !%$of);
    }
    return \%plain;
}

1;
