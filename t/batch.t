# Bulk comes to what the same requests come to one by one, in fewer commits.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

my $server = ProvisionTest->new(children => 1);
my $users = $server->secret('users', join '', map { "$_:" . crypt($_, '$5$salt$') . "\n" } qw(root));
my @stores = qw(bulk single);
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@scratch\@/bulk
ProvisionSecretKey file:\@scratch\@/secrets/bulk.key
ProvisionTenant batch.example
ProvisionPasswordCost 1
ProvisionPermit scim:read scim:write user root
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName scim
    AuthUserFile $users
    Require valid-user
</Location>
<VirtualHost *:\@port\@>
ServerName bulk
</VirtualHost>
<VirtualHost *:\@port\@>
ServerName single
ProvisionStore lmdb \@scratch\@/single
ProvisionSecretKey file:\@scratch\@/secrets/single.key
</VirtualHost>
CONF
$server->login('root', 'root');

sub call { my ($host, $method, $path, $body) = @_; return $server->call($method, "/scim/v2$path", $body, Host => $host) }

sub bulk
{
    my ($operations, %more) = @_;
    my $res = call('bulk', POST => '/Bulk', { schemas => [$BULK], Operations => $operations, %more });
    is $res->code, 200, 'processed' or diag substr $res->content, 0, 300;
    return @{ decode($res)->{Operations} };
}

# LMDB numbers its write transactions; the newer of its first two pages has the last one's.
sub commits
{
    open my $in, '<:raw', $server->scratch . '/bulk/data.mdb' or die $!;
    read $in, my $head, 8192;
    my ($one, $two) = map { unpack 'Q<', substr $head, $_ + 144, 8 } 0, 4096;
    return $one > $two ? $one : $two;
}

sub made_in
{
    my ($operations, %more) = @_;
    my $before = commits();
    my @done = bulk($operations, %more);
    return (commits() - $before, @done);
}

sub post_user
{
    my ($bulk_id, $name, %more) = @_;
    return { method => 'POST', path => '/Users', bulkId => $bulk_id,
        data => { schemas => [$USER], userName => $name, %more } };
}

sub patch_of
{
    my ($path, @operations) = @_;
    return { method => 'PATCH', path => $path,
        data => { schemas => [$PATCH], Operations => \@operations } };
}

sub statuses { my %count; $count{ $_->{status} }++ for @_; return \%count }
sub id_of { return $_[0]{location} =~ m{([^/]+)$} ? $1 : 'none' }

subtest 'fewer commits' => sub {
    my $many = quick() ? 200 : 1000;
    my $few = $many / 200 + 1;
    bulk([ post_user('first', 'first') ]); # gives numbers to attributes
    my ($took, @made) = made_in([ map { post_user("u$_", "user$_") } 1 .. $many ]);
    is_deeply statuses(@made), { 201 => $many }, 'creations';
    ok $took >= 1 && $took <= 2 * $few, "$many in $took commits";
    my @paths = map { '/Users/' . id_of($_) } @made;
    ($took, my @changed) = made_in([ map { patch_of($_, { op => 'add', path => 'title', value => 'x' }) } @paths ]);
    is_deeply statuses(@changed), { 200 => $many }, 'changes';
    ok $took <= 2 * $few, "$many in $took commits";
    ($took, my @again) = made_in([ map { patch_of($_, { op => 'add', path => 'title', value => 'x' }) }
            @paths[ 0 .. 49 ] ]);
    is_deeply [ map { $_->{version} } @again ], [ ('W/"2"') x 50 ], 'what is so already';
    is $took, 0, 'takes none';
    ($took, my @same) = made_in([ map { patch_of($paths[0], { op => 'replace', path => 'title', value => "x$_" }) }
            1 .. 20 ]);
    is_deeply [ map { $_->{version} } @same ], [ map { qq(W/"$_") } 3 .. 22 ], 'twenty changes of one';
    is $took, 20, 'are twenty commits';
    ($took, my @taken) = made_in([ map { post_user("t$_", "user$_") } 1 .. 20 ]);
    is_deeply statuses(@taken), { 409 => 20 }, 'names that are taken';
    ($took, my @swap) = made_in([ { method => 'DELETE', path => $paths[1] }, post_user('s', 'user2'),
        { method => 'DELETE', path => $paths[2] }, post_user('r', 'user3') ]);
    is_deeply [ map { $_->{status} } @swap ], [ 204, 201, 204, 201 ], 'a name that is given away';
    ($took, my @gone) = made_in([ map { +{ method => 'DELETE', path => $_ } } @paths[ 3 .. $many - 1 ] ]);
    is_deeply statuses(@gone), { 204 => $many - 3 }, 'deletions';
    ok $took <= 2 * $few, "$many in $took commits";
};

# A model of what is there: each thing has a number, and an id in each store.
my (%id, %type, $things);
my @names = map { "name$_" } 1 .. 9;

sub pick { return $_[ rand @_ ] }

# An operation with {n} for the id of thing n.
sub random_operation
{
    my @all = keys %type;
    my @people = grep { $type{$_} eq 'Users' } @all;
    my @groups = grep { $type{$_} eq 'Groups' } @all;
    my $kind = int rand 10;
    my $members = sub { [ map { +{ value => rand() < 0.1 ? 'nobody' : "{$_}" } } grep { defined } map { pick(@people) } 1 .. rand 4 ] };
    if ($kind < 4 || !@all) {
        my $n = ++$things;
        $type{$n} = 'Users';
        return { method => 'POST', path => '/Users', thing => $n, data => { schemas => [$USER],
            userName => pick(@names), rand() < 0.2 ? (password => 'pass word') : () } };
    }
    if ($kind == 4) {
        my $n = ++$things;
        my $list = $members->();
        $type{$n} = 'Groups';
        return { method => 'POST', path => '/Groups', thing => $n, data => { schemas => [$GROUP],
            displayName => pick(@names), members => $list } };
    }
    my $n = pick(@all);
    my $path = "/$type{$n}/{$n}";
    return { method => 'DELETE', path => $path } if $kind == 5;
    my $name = $type{$n} eq 'Users' ? 'userName' : 'displayName';
    return { method => 'PUT', path => $path, data => { schemas => [ $type{$n} eq 'Users' ? $USER : $GROUP ],
        $name => pick(@names) } } if $kind == 6;
    my @operations = $type{$n} eq 'Users' ? { op => 'replace', path => pick('title', $name), value => pick(@names) }
        : pick({ op => 'add', path => 'members', value => $members->() },
            { op => 'remove', path => qq(members[display eq "@{[pick(@names)]}" or value eq "{@{[pick(@people) // 0]}}"]) });
    return { method => 'PATCH', path => $path, data => { schemas => [$PATCH], Operations => [@operations] } };
}

# What stands for a thing in a store: its id, or the reference to its POST in this bulk.
sub filled
{
    my ($operation, $name) = @_;
    my $text = JSON->new->canonical->encode($operation) =~ s/\{(\d+)\}/$name->($1)/ger;
    my $filled = JSON->new->decode($text);
    delete $filled->{thing};
    return $filled;
}

sub run_bulk
{
    my ($operations, $most) = @_;
    my %here = map { $_->{thing} ? ($_->{thing} => 1) : () } @$operations;
    my @filled = map {
        my $one = filled($_, sub { $here{$_[0]} ? "bulkId:b$_[0]" : $id{bulk}{$_[0]} // 'nothing' });
        $_->{thing} ? +{ %$one, bulkId => "b$_->{thing}" } : $one } @$operations;
    my @done = bulk(\@filled, $most ? (failOnErrors => $most) : ());
    for my $i (0 .. $#done) {
        my $thing = $operations->[$i]{thing};
        $id{bulk}{$thing} = id_of($done[$i]) if $thing && $done[$i]{status} eq '201';
    }
    return map { [ $_->{status}, $_->{version} ] } @done;
}

# What refers to a POST of the same bulk that made nothing is a 400, if there is somebody to tell.
sub cannot_be
{
    my ($operation, $here) = @_;
    my $unmade = sub { grep { $here->{$_} && !$id{single}{$_} } $_[0] =~ /\{(\d+)\}/g };
    my ($target) = $operation->{path} =~ /\{(\d+)\}/;
    return if $target && !$here->{$target} && !$id{single}{$target};
    return $unmade->($operation->{path} . JSON->new->encode($operation->{data} // {})) ? 400 : undef;
}

sub run_single
{
    my ($operations, $most) = @_;
    my %here = map { $_->{thing} ? ($_->{thing} => 1) : () } @$operations;
    my ($errors, @done) = (0);
    for my $operation (@$operations) {
        last if $most && $errors >= $most;
        my $one = filled($operation, sub { $id{single}{$_[0]} // 'nothing' });
        if (my $status = cannot_be($operation, \%here)) {
            $errors++;
            push @done, [ $status, undef ];
            next;
        }
        my $res = call('single', @{$one}{qw(method path data)});
        $errors++ if !$res->is_success;
        $id{single}{ $operation->{thing} } = decode($res)->{id} if $operation->{thing} && $res->code == 201;
        my $tag = $res->is_success && $res->code != 204 ? $res->header('ETag') : undef;
        push @done, [ $res->code, $tag ];
    }
    return @done;
}

# Everything in a store, things by their numbers.
sub state_of
{
    my ($store) = @_;
    my %thing = map { $id{$store}{$_} => "thing $_" } keys %{ $id{$store} };
    my %all;
    for my $endpoint (qw(Users Groups)) {
        for my $one (@{ decode(call($store, GET => "/$endpoint?count=200"))->{Resources} }) {
            my $number = $thing{ delete $one->{id} } // 'unknown';
            $one->{version} = delete($one->{meta})->{version};
            $one->{$_} = [ sort map { ($thing{ $_->{value} } // 'gone') . " $_->{type}" } @{ $one->{$_} // [] } ]
                for qw(members groups);
            $all{$number} = $one;
        }
    }
    return \%all;
}

sub forget
{
    for my $store (@stores) {
        call($store, DELETE => "/$type{$_}/$id{$store}{$_}") for keys %{ $id{$store} };
    }
    (%id, %type) = ();
}

subtest 'the same in the end' => sub {
    my $seed = $ENV{SEED} // time;
    srand $seed;
    my $different = 0;
    call('bulk', DELETE => "/Users/$_->{id}") for @{ decode(call('bulk', GET => '/Users'))->{Resources} };
    for my $round (1 .. (quick() ? 6 : seeds(60))) {
        forget() if $round % 5 == 1;
        my @operations = map { random_operation() } 1 .. (quick() ? 12 : 30);
        my $most = rand() < 0.5 ? 0 : 1 + int rand 6;
        my @bulk = run_bulk(\@operations, $most);
        my @single = run_single(\@operations, $most);
        my $good = is_deeply(\@bulk, \@single, "round $round: what is said of each");
        $good = is_deeply(state_of('bulk'), state_of('single'), "round $round: what is there") && $good;
        next if $good;
        diag "SEED=$seed: ", JSON->new->canonical->encode(\@operations);
        last;
    }
};

done_testing;
