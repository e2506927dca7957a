# One client's life: a seeded stream of users and groups that are made, changed, renamed, swapped and
# removed over SCIM. Each client has names of its own, so that it knows what it wants to be true:
# { id => what it was last told or asked }. After an answer that never came, it looks.
package FaultTarget::Load;
use strict;
use warnings;
use JSON ();
use ProvisionTest ();
use Time::HiRes qw(time sleep);

my $enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $user = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $group = 'urn:ietf:params:scim:schemas:core:2.0:Group';

# How often of all steps, and what.
my @steps = (
    [ 20, \&make_user ],     [ 26, \&change_user ],  [ 8, \&replace_user ], [ 9, \&rename_user ],
    [ 4, \&swap_users ],     [ 7, \&remove_user ],   [ 5, \&come_back ],    [ 3, \&switch_user ],
    [ 3, \&make_group ],     [ 2, \&rename_group ],  [ 1, \&remove_group ], [ 9, \&add_member ],
    [ 5, \&remove_member ],  [ 1, \&want_strange ],
);
my $all = 0;
$all += $_->[0] for @steps;

# patience: seconds for which a server that does not answer is asked again; 0: that is an error.
sub new
{
    my ($class, %set) = @_;
    srand $set{seed};
    return bless { users => {}, groups => {}, gone => {}, number => 0, unsure => 0, names => 60,
        patience => 0, %set }, $class;
}

sub strange_names { return map { "c$_[0]s$_" } 0 .. 3 }

sub patch
{
    return { schemas => ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations => [@_] };
}

sub step
{
    my ($self) = @_;
    my $at = rand $all;
    for (@steps) {
        return $_->[1]->($self) if ($at -= $_->[0]) < 0;
    }
}

# --- asking ----------------------------------------------------------------------------------------

sub call
{
    my ($self, $method, $path, $body) = @_;
    my $until = time + $self->{patience};
    while (1) {
        my $res = $self->{server}->call($method, "/scim/v2/$path", $body);
        my $heard = !$res->header('Client-Warning') && !$res->header('Client-Aborted');
        return $res if $heard && ($res->code < 500 || !$self->{patience});
        return if $self->{patience} && $method ne 'GET';
        die "$method $path: " . $res->as_string if time > $until;
        sleep 0.05;
    }
}

# A write that was answered well is what is. Was it not answered, then what is there decides: that
# is either what was or what was asked for, and nothing between.
sub write
{
    my ($self, $kind, $id, $method, $body, $will_be) = @_;
    my $path = $kind eq 'users' ? "Users/$id" : "Groups/$id";
    my $began = time;
    my $res = $self->call($method, $path, $body);
    my $history = $self->{history}{$id} //= [];
    push @$history, sprintf '%.3f to %.3f %s %s: %s', $began, time, $method, as_text($will_be),
        $res ? $res->code . ' ' . ($res->header('ETag') // '') : 'no answer';
    if (!$res) {
        $self->{unsure}++;
        my $new = $self->look($kind, $id, $path, $will_be);
        push @$history, sprintf '%.3f looked: %s', time, $new ? 'as asked' : 'as before';
        return $new;
    }
    die "$method $path: " . $res->as_string if $res->code !~ /^20/;
    $self->settle($kind, $id, $will_be);
    return 1;
}

sub settle
{
    my ($self, $kind, $id, $is) = @_;
    if ($is) {
        $self->{$kind}{$id} = $is;
    } else {
        delete $self->{$kind}{$id};
        $self->{gone}{$id} = $kind;
        delete $_->{members}{$id} for values %{ $self->{groups} };
    }
}

# What a process that was killed had committed shows at the latest with the next write of any other:
# a create that is refused because of its name is such a write. The first to come makes that user.
sub pass_a_write
{
    my ($self) = @_;
    my $everybody = { schemas => [$user], userName => 'everybody', active => JSON::true };
    my $res;
    1 until $res = $self->call(POST => 'Users', $everybody);
    die 'not a write: ' . $res->as_string if $res->code !~ /^(201|409)$/;
}

sub look
{
    my ($self, $kind, $id, $path, $will_be) = @_;
    $self->pass_a_write;
    my $res = $self->call(GET => $path);
    my $is = $res->code == 404 ? undef : seen($kind, ProvisionTest::decode($res));
    my ($now, $was, $new) = map { as_text($_) } $is, $self->{$kind}{$id}, $will_be;
    die join "\n#   ", "$path is neither $was nor $new, but $now", $self->told($kind, $id, $is)
        if $now ne $was && $now ne $new;
    $self->settle($kind, $id, $is) if $now ne $was;
    return $now eq $new;
}

# What is not as it was last told, as sentences.
sub lost
{
    my ($self) = @_;
    my @lost;
    for my $kind (qw(users groups)) {
        my $type = ucfirst $kind;
        for my $id (sort keys %{ $self->{$kind} }, grep { $self->{gone}{$_} eq $kind } keys %{ $self->{gone} }) {
            my $res = $self->call(GET => "$type/$id");
            my $is = $res->code == 404 ? undef : seen($kind, ProvisionTest::decode($res));
            my ($now, $was) = map { as_text($_) } $is, $self->{$kind}{$id};
            push @lost, join "\n#   ", "$type/$id is $now, not $was", last_of($self->{history}{$id})
                if $now ne $was;
        }
    }
    return @lost;
}

# What was last done to it, and to the members it had.
sub told
{
    my ($self, $kind, $id, $is) = @_;
    my $had = $self->{$kind}{$id}{members} // {};
    return map { ($_, last_of($self->{history}{$_})) } $id, grep { !$is->{members}{$_} } sort keys %$had;
}

sub last_of
{
    my @all = @{ $_[0] // [] };
    return @all > 8 ? @all[-8 .. -1] : @all;
}

sub as_text
{
    my ($is) = @_;
    return 'gone' if !$is;
    return JSON->new->canonical->encode({ %$is,
        $is->{members} ? (members => [ sort keys %{ $is->{members} } ]) : () });
}

# What we remember of an object, out of what the server says of it.
sub seen
{
    my ($kind, $object) = @_;
    return { name => $object->{displayName},
        members => { map { $_->{value} => 1 } @{ $object->{members} // [] } } } if $kind eq 'groups';
    return { name => $object->{userName}, active => $object->{active} ? 1 : 0,
        title => $object->{title} // '', given => $object->{name}{givenName} // '',
        mail => $object->{emails} ? $object->{emails}[0]{value} : '',
        department => $object->{$enterprise} ? $object->{$enterprise}{department} : '' };
}

sub body_of
{
    my ($is) = @_;
    return { schemas => [ $user, length $is->{department} ? $enterprise : () ],
        userName => $is->{name}, active => $is->{active} ? JSON::true : JSON::false,
        name => { givenName => $is->{given}, familyName => 'Of Many' },
        length $is->{title} ? (title => $is->{title}) : (),
        length $is->{mail} ? (emails => [ { value => $is->{mail}, type => 'work' } ]) : (),
        length $is->{department} ? ($enterprise => { department => $is->{department} }) : () };
}

# --- choosing --------------------------------------------------------------------------------------

sub any
{
    my ($self, $kind) = @_;
    my @ids = sort { $self->{$kind}{$a}{name} cmp $self->{$kind}{$b}{name} } keys %{ $self->{$kind} };
    return $ids[ rand @ids ];
}

sub word { return join '', map { ('a' .. 'z')[ rand 26 ] } 1 .. 3 + rand 5 }

# Few, so that those of leavers are wanted again.
sub free_name
{
    my ($self) = @_;
    my %used = map { lc $_->{name} => 1 } values %{ $self->{users} };
    my @free = grep { !$used{$_} } map { "c$self->{client}n$_" } 1 .. $self->{names};
    return $free[ rand @free ] // "c$self->{client}x" . ++$self->{number};
}

# --- users -----------------------------------------------------------------------------------------

sub make_user { return $_[0]->create($_[0]->free_name) }

sub create
{
    my ($self, $name) = @_;
    my $is = { name => $name, active => 1, title => word(), given => word(), department => '',
        mail => rand() < 0.5 ? word() . '@example.com' : '' };
    return $self->add('users', 'Users', "userName eq \"$name\"", $is, body_of($is));
}

# After an answer that never came, whoever bears the name now was made by it.
sub add
{
    my ($self, $kind, $type, $filter, $is, $body) = @_;
    my $res = $self->call(POST => $type, $body);
    if (!$res) {
        $self->{unsure}++;
        $self->pass_a_write;
        my $query = $filter =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger;
        my $list = ProvisionTest::decode($self->call(GET => "$type?filter=$query"));
        my $found = ($list->{Resources} // [])->[0] or return;
        my ($now, $new) = map { as_text($_) } seen($kind, $found), $is;
        die "$filter is $now, not $new" if $now ne $new;
        return $self->settle($kind, $found->{id}, $is);
    }
    die "POST $type $is->{name}: " . $res->as_string if $res->code != 201;
    return $self->settle($kind, ProvisionTest::decode($res)->{id}, $is);
}

my @changes = (
    sub { my $to = word(); ({ title => $to }, { op => 'replace', path => 'title', value => $to }) },
    sub { ({ title => '' }, { op => 'remove', path => 'title' }) },
    sub { my $to = word(); ({ given => $to }, { op => 'replace', path => 'name.givenName', value => $to }) },
    sub {
        my $to = word() . '@example.com';
        ({ mail => $to }, { op => 'replace', path => 'emails', value => [ { value => $to, type => 'work' } ] });
    },
    sub {
        my $to = word();
        ({ department => $to }, { op => 'add', path => "$enterprise:department", value => $to });
    },
    sub { # two at once: both or none
        my ($title, $given) = (word(), word());
        ({ title => $title, given => $given }, { op => 'add', path => 'title', value => $title },
            { op => 'replace', path => 'name.givenName', value => $given });
    },
);

sub change_user
{
    my ($self) = @_;
    my $id = $self->any('users') // return $self->make_user;
    my ($new, @ops) = $changes[ rand @changes ]->();
    return $self->write('users', $id, PATCH => patch(@ops), { %{ $self->{users}{$id} }, %$new });
}

sub replace_user
{
    my ($self) = @_;
    my $id = $self->any('users') // return $self->make_user;
    my $is = { name => $self->{users}{$id}{name}, active => 1, title => '', given => word(),
        mail => word() . '@example.org', department => rand() < 0.5 ? word() : '' };
    return $self->write('users', $id, PUT => body_of($is), $is);
}

sub switch_user
{
    my ($self) = @_;
    my $id = $self->any('users') // return $self->make_user;
    my $on = $self->{users}{$id}{active} ? 0 : 1;
    return $self->write('users', $id, PATCH => patch({ op => 'replace', path => 'active',
        value => $on ? JSON::true : JSON::false }), { %{ $self->{users}{$id} }, active => $on });
}

sub name_user
{
    my ($self, $id, $name) = @_;
    return $self->write('users', $id, PATCH => patch({ op => 'replace', path => 'userName',
        value => $name }), { %{ $self->{users}{$id} }, name => $name });
}

sub rename_user
{
    my ($self) = @_;
    my $id = $self->any('users') // return $self->make_user;
    my $name = $self->{users}{$id}{name};
    return $self->name_user($id, rand() < 0.2 ? $name eq lc $name ? uc $name : lc $name
        : $self->free_name);
}

sub swap_users
{
    my ($self) = @_;
    my ($one, $other) = ($self->any('users'), $self->any('users'));
    return $self->make_user if !defined $one || $one eq $other;
    my ($first, $second) = map { $self->{users}{$_}{name} } $one, $other;
    my $aside = "c$self->{client}t" . ++$self->{number};
    return $self->name_user($one, $aside) && $self->name_user($other, $first) &&
        $self->name_user($one, $second);
}

sub remove_user
{
    my ($self) = @_;
    my $id = $self->any('users') // return $self->make_user;
    return $self->write('users', $id, 'DELETE');
}

# Somebody else, of the same name.
sub come_back
{
    my ($self) = @_;
    my $id = $self->any('users') // return $self->make_user;
    my $name = $self->{users}{$id}{name};
    return $self->write('users', $id, 'DELETE') && $self->create($name);
}

sub want_strange
{
    my ($self) = @_;
    my %used = map { lc $_->{name} => 1 } values %{ $self->{users} };
    my ($name) = grep { !$used{$_} } strange_names($self->{client});
    return $self->make_user if !defined $name;
    my $id = rand() < 0.5 ? $self->any('users') : undef;
    return defined $id ? $self->name_user($id, $name) : $self->create($name);
}

# --- groups ----------------------------------------------------------------------------------------

sub make_group
{
    my ($self) = @_;
    my $name = "c$self->{client}g" . ++$self->{number};
    my %members = map { $_ => 1 } grep { defined } map { $self->any('users') } 1 .. rand 4;
    return $self->add('groups', 'Groups', "displayName eq \"$name\"",
        { name => $name, members => \%members },
        { schemas => [$group], displayName => $name, members => [ map { { value => $_ } } sort keys %members ] });
}

sub rename_group
{
    my ($self) = @_;
    my $id = $self->any('groups') // return $self->make_group;
    my $name = "c$self->{client}g" . ++$self->{number};
    return $self->write('groups', $id, PATCH => patch({ op => 'replace', path => 'displayName',
        value => $name }), { %{ $self->{groups}{$id} }, name => $name });
}

sub remove_group
{
    my ($self) = @_;
    my $id = $self->any('groups') // return $self->make_group;
    return $self->write('groups', $id, 'DELETE');
}

sub add_member
{
    my ($self) = @_;
    my ($id, @new) = ($self->any('groups'), grep { defined } map { $self->any('users') } 0 .. rand 3);
    return $self->make_group if !defined $id || !@new;
    my %new = map { $_ => 1 } @new;
    return $self->write('groups', $id, PATCH => patch({ op => 'add', path => 'members',
        value => [ map { { value => $_ } } sort keys %new ] }),
        { %{ $self->{groups}{$id} }, members => { %{ $self->{groups}{$id}{members} }, %new } });
}

sub remove_member
{
    my ($self) = @_;
    my $id = $self->any('groups') // return $self->make_group;
    my %left = %{ $self->{groups}{$id}{members} };
    my ($out) = sort { $self->{users}{$a}{name} cmp $self->{users}{$b}{name} } keys %left;
    return $self->add_member if !defined $out;
    delete $left{$out};
    return $self->write('groups', $id, PATCH => patch({ op => 'remove',
        path => "members[value eq \"$out\"]" }), { %{ $self->{groups}{$id} }, members => \%left });
}

1;
