# The users and groups of a SCIM 2.0 server, in memory; each change is first appended to a log, from
# which a server that was killed starts again. userName is unique, whatever its case.
package FaultTarget::Objects;
use strict;
use warnings;
use JSON ();

my $json = JSON->new->utf8->canonical;
my %schema = (
    Users  => 'urn:ietf:params:scim:schemas:core:2.0:User',
    Groups => 'urn:ietf:params:scim:schemas:core:2.0:Group',
);

sub new
{
    my ($class, %set) = @_;
    my $self = bless { log => $set{log}, numbers => 0, objects => { Users => {}, Groups => {} } },
        $class;
    $self->forget_indexes;
    $self->replay;
    open $self->{out}, '>>:raw', $self->{log} or die "$self->{log}: $!";
    return $self;
}

sub forget_indexes
{
    my ($self) = @_;
    $self->{index} = { map { $_ => {} } qw(userName externalId displayName) };
}

# A line that a kill has cut short was not answered for either.
sub replay
{
    my ($self) = @_;
    open my $in, '<:raw', $self->{log} or return;
    while (my $line = <$in>) {
        my $entry = $line =~ /\n$/ ? eval { $json->decode($line) } : undef;
        next if !$entry || !$entry->{type};
        my ($type, $id) = @$entry{qw(type id)};
        $self->place($type, $id, $entry->{op} eq 'delete' ? undef : $entry->{object});
        my ($number) = $id =~ /(\d+)$/;
        $self->{numbers} = $number if $number > $self->{numbers};
    }
}

sub write_log
{
    my ($self, $entry) = @_;
    syswrite($self->{out}, $json->encode($entry) . "\n") or die "$self->{log}: $!";
}

# The object of an id becomes this one, in the indexes too.
sub place
{
    my ($self, $type, $id, $object) = @_;
    my $old = delete $self->{objects}{$type}{$id};
    for my $name (keys %{ $self->{index} }) {
        my $index = $self->{index}{$name};
        delete $index->{ key($type, $name, $old->{$name}) }{$id} if $old && defined $old->{$name};
        $index->{ key($type, $name, $object->{$name}) }{$id} = 1
            if $object && defined $object->{$name};
    }
    $self->{objects}{$type}{$id} = $object if $object;
}

sub key
{
    my ($type, $name, $value) = @_;
    return "$type " . ($name eq 'externalId' ? $value : lc $value);
}

sub ids_of
{
    my ($self, $type, $name, $value) = @_;
    return sort keys %{ $self->{index}{$name}{ key($type, $name, $value) } // {} };
}

# --- requests: each answers (status, structure or undef) -------------------------------------------

sub handle
{
    my ($self, $method, $type, $id, $query, $body, $if_match) = @_;
    return $self->list($type, $query) if !defined $id && $method eq 'GET';
    return $self->create($type, $body) if !defined $id && $method eq 'POST';
    return problem(405, 'no such method here') if !defined $id;
    my $old = $self->{objects}{$type}{$id} or return problem(404, "no $type/$id");
    return (200, $self->shown($type, $id)) if $method eq 'GET';
    return problem(412, 'it has changed') if defined $if_match && $if_match ne etag($old);
    if ($method eq 'DELETE') {
        $self->remove($type, $id);
        return (204, undef);
    }
    my $new = $method eq 'PUT' ? { %$body } : $method eq 'PATCH' ? patched($old, $body) : undef;
    return problem(405, 'no such method') if !$method || !$new;
    return problem(400, $new) if !ref $new;
    return $self->store($type, $id, $new, $old);
}

sub problem
{
    my ($status, $detail) = @_;
    return ($status, { schemas => ['urn:ietf:params:scim:api:messages:2.0:Error'],
        status => "$status", detail => $detail, $status == 409 ? (scimType => 'uniqueness') : () });
}

sub etag { return 'W/"' . ($_[0]{meta}{version} // 0) . '"' }

sub create
{
    my ($self, $type, $body) = @_;
    return $self->store($type, ($type eq 'Users' ? 'u' : 'g') . ($self->{numbers} + 1), { %$body });
}

sub store
{
    my ($self, $type, $id, $new, $old) = @_;
    my $name = $type eq 'Users' ? 'userName' : 'displayName';
    return problem(400, "$name is required") if !defined $new->{$name} || ref $new->{$name};
    return problem(409, 'the userName is taken')
        if $type eq 'Users' && grep { $_ ne $id } $self->ids_of($type, $name, $new->{$name});
    $new->{schemas} //= [ $schema{$type} ];
    delete $new->{$_} for grep { ref $new->{$_} eq 'HASH' && !%{ $new->{$_} } } keys %$new;
    $new->{meta} = { version => ($old ? $old->{meta}{version} : 0) + 1 };
    delete $new->{id};
    $self->write_log({ op => $old ? 'change' : 'create', type => $type, id => $id, object => $new });
    $self->{numbers}++ if !$old;
    $self->place($type, $id, $new);
    return ($old ? 200 : 201, $self->shown($type, $id));
}

sub remove
{
    my ($self, $type, $id) = @_;
    $self->write_log({ op => 'delete', type => $type, id => $id });
    $self->place($type, $id, undef);
}

sub shown
{
    my ($self, $type, $id, $but) = @_;
    my $object = $self->{objects}{$type}{$id};
    my %all = (%$object, id => $id,
        meta => { resourceType => $type =~ s/s$//r, version => etag($object) });
    delete $all{ $but // '' };
    return \%all;
}

sub list
{
    my ($self, $type, $query) = @_;
    my @ids;
    if (defined(my $filter = $query->{filter})) {
        my ($name, $value) = $filter =~ /^(userName|externalId|displayName) eq ("(?:[^"\\]|\\.)*")$/i
            or return problem(400, 'no such filter');
        @ids = $self->ids_of($type, $name, JSON->new->utf8->allow_nonref->decode($value));
    } else {
        @ids = sort keys %{ $self->{objects}{$type} };
    }
    my $total = @ids;
    my $count = $query->{count} // 100;
    splice @ids, $count if @ids > $count;
    return (200, { schemas => ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
        totalResults => $total, startIndex => 1, itemsPerPage => scalar @ids,
        Resources => [ map { $self->shown($type, $_, $query->{excludedAttributes}) } @ids ] });
}

# --- PATCH ---------------------------------------------------------------------------------------

# The object after all operations, or what is wrong.
sub patched
{
    my ($old, $body) = @_;
    my $new = $json->decode($json->encode($old));
    for my $op (@{ $body->{Operations} // [] }) {
        my ($kind, $path, $value) = (lc $op->{op}, @$op{qw(path value)});
        if (defined $path) {
            my $wrong = patch_path($new, $kind, $path, $value);
            return $wrong if $wrong;
        } else {
            return 'a value without a path is an object' if ref $value ne 'HASH';
            patch_path($new, $kind, $_, $value->{$_}) for keys %$value;
        }
    }
    return $new;
}

# urn:...:attribute, attribute.sub, attribute[sub eq "x"], attribute[sub eq "x"].sub
sub patch_path
{
    my ($at, $kind, $path, $value) = @_;
    if ($path =~ s/^(urn:.*?:[0-9.]+:\w+)(?::|$)//i) {
        return change($at, $kind, $1, $value) if $path eq '';
        $at = $at->{$1} //= {};
    }
    my ($name, $sub, $wanted, $last) =
        $path =~ /^([\w\$]+)(?:\[(\w+) eq "((?:[^"\\]|\\.)*)"\])?(?:\.([\w\$]+))?$/
        or return "no such path: $path";
    if (!defined $sub) {
        return change($at, $kind, $name, $value) if !defined $last;
        my $below = $at->{$name} //= {};
        change($below, $kind, $last, $value);
        delete $at->{$name} if !%$below;
        return;
    }
    my @chosen = grep { ($_->{$sub} // '') eq $wanted } @{ $at->{$name} // [] };
    if (defined $last) {
        change($_, $kind, $last, $value) for @chosen;
    } elsif ($kind eq 'remove') {
        my %gone = map { $_ => 1 } @chosen;
        $at->{$name} = [ grep { !$gone{$_} } @{ $at->{$name} // [] } ];
        delete $at->{$name} if !@{ $at->{$name} };
    } else {
        %$_ = (%$_, %$value) for @chosen;
    }
    return;
}

sub change
{
    my ($at, $kind, $name, $value) = @_;
    if ($kind eq 'remove' || !defined $value) {
        delete $at->{$name};
    } elsif ($kind eq 'add' && ref $at->{$name} eq 'ARRAY') {
        my %there = map { $json->allow_nonref->encode($_) => 1 } @{ $at->{$name} };
        push @{ $at->{$name} }, grep { !$there{ $json->encode($_) }++ }
            ref $value eq 'ARRAY' ? @$value : $value;
    } elsif (ref $value eq 'HASH' && ref $at->{$name} eq 'HASH') {
        %{ $at->{$name} } = (%{ $at->{$name} }, %$value);
    } else {
        $at->{$name} = $value;
    }
    return;
}

1;
