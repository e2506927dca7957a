# Sorted lists: the pages that an index gives are those that sorting everything gives, by startIndex
# and by cursor, either way, over random resources of two domains; and while others write.
use strict;
use warnings;
use utf8;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Process qw(spew);
use URI::Escape qw(uri_escape_utf8);

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $USERS = quick() ? 110 : 600;
my $seed = $ENV{SEED} || 1;
srand $seed;

my $server = ProvisionTest->new;
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant sorted.example
ProvisionPasswordCost 1
ProvisionMaxResults 1000
ProvisionMaxSort 100
ProvisionIndex title $ENTERPRISE:department
<ProvisionUserStore CORP>
</ProvisionUserStore>
<Location /scim/v2>
    ProvisionService scim
    AuthType Provision
    AuthName x
    Require provision-permission scim
</Location>
CONF
my $token = 'prov_' . 's' x 43;
my ($status, $said) = $server->ctl(qw(token create test --permit admin --value), $token);
die "token create: $said" if $status;
$server->{headers}{Authorization} = "Bearer $token";

# Cases, ties, what folds to another length, what is ordered otherwise as it is than folded.
my @words = ('a', 'A', 'ab', 'aB', 'Abc', 'straße', 'STRASSE', 'strat', 'Ähre', 'ähre', 'Σίς', 'z', 'zＡ',
    "\x{212b}", '1', '~', '', 'x' x 210, 'x' x 300, ('x' x 200) . 'y');
my @names = ('a', 'B', 'straß', 'Ä', 'z', 'corp', 'π');

sub word { return $words[ rand @words ] }

my $made = 0;
sub user
{
    my $i = $made++;
    my %user = (schemas => [$USER], userName => (rand 3 < 1 ? 'CORP/' : '') . $names[ rand @names ] . $i);
    $user{externalId} = word() if rand 4 > 1;
    $user{title} = word() if rand 4 > 1;
    $user{$ENTERPRISE} = { department => word() } if rand 2 > 1;
    return \%user;
}

my $file = $server->scratch . '/users.jsonl';
spew($file, join '', map { JSON->new->utf8->encode(user()) . "\n" } 1 .. $USERS);
($status, $said) = $server->ctl('import', $file);
is $status, 0, "$USERS users, seed $seed" or diag $said;

sub page
{
    my (%args) = @_;
    my $query = join '&', map { "$_=" . uri_escape_utf8($args{$_}) } sort keys %args;
    my $res = $server->call(GET => "/scim/v2/Users?$query", undef, 'Provision-Explain' => 1);
    my $page = decode($res);
    die $res->as_string if !$page->{Resources};
    return ($page, $res->header('Provision-Plan') // '');
}

sub ids { return map { $_->{id} } @{ $_[0]{Resources} } }

# Every resource, how many that are, and how many pages an index gave.
sub by_start
{
    my (%args) = @_;
    my ($first, $indexed, $total, @ids) = (1, 0);
    do {
        my ($page, $plan) = page(%args, startIndex => $first);
        $total = $page->{totalResults};
        push @ids, ids($page);
        $indexed++ if $plan =~ /index/;
        $first += $args{count};
    } while ($first <= $total);
    return (join(' ', $total, @ids), $indexed);
}

sub by_cursor
{
    my (%args) = @_;
    my ($cursor, $indexed, $total, @ids) = ('', 0);
    while (defined $cursor && @ids <= 2 * $USERS) {
        my ($page, $plan) = page(%args, cursor => $cursor);
        push @ids, ids($page);
        $indexed++ if $plan =~ /index/;
        $total = $page->{totalResults};
        $cursor = $page->{nextCursor};
    }
    return (join(' ', $total, @ids), $indexed);
}

sub scanned
{
    my (%args) = @_;
    my ($page, $plan) = page(%args, filter => 'id pr', count => 1000);
    $plan =~ /scan/ or die $plan;
    return join ' ', $page->{totalResults}, ids($page);
}

subtest 'the same as by a scan' => sub {
    for my $by ('userName', 'externalId', 'title', "$ENTERPRISE:department", 'meta.created', 'meta.lastModified')
    {
        for my $order ('ascending', 'descending') {
            my %args = (sortBy => $by, sortOrder => $order, attributes => 'id');
            my $count = 8 + int rand 12;
            my $want = scanned(%args);
            my ($got, $indexed) = by_cursor(%args, count => $count);
            is $got, $want, "$by $order, $count at a time by cursor";
            # Going back, those who have none come first, and soon what is too long for an index.
            my $whole = $by =~ /^(userName|meta)/;
            ok $indexed > 0, "$indexed pages by an index" if $whole || $order eq 'ascending';
            next if !$whole; # what is sorted is limited
            ($got, $indexed) = by_start(%args, count => $count);
            is $got, $want, "$by $order by startIndex";
        }
    }
};

subtest 'plans and limits' => sub {
    my %sorted = (sortBy => 'userName', count => 10);
    my (undef, $plan) = page(%sorted);
    is $plan, "User: index userName ascending, 11 of $USERS", 'as much is looked at as the page needs';
    (undef, $plan) = page(%sorted, sortOrder => 'descending', startIndex => 95);
    is $plan, "User: index userName descending, 105 of $USERS", 'or lies before it, beyond ProvisionMaxSort';
    (undef, $plan) = page(%sorted, filter => 'userName eq "a0"');
    like $plan, qr/index userName eq/, 'a filter is served first';
    my $res = $server->call(GET => '/scim/v2/Users?sortBy=nickName&startIndex=95&count=10');
    is $res->code . ' ' . decode($res)->{scimType}, '400 tooMany', 'what has to be sorted is limited';
    for my $case ([ 'userName', 'index', 'userName ascending' ], [ 'title', 'index', 'title ascending' ],
        [ 'nickName', 'scan', '' ])
    {
        my ($by, @want) = @$case;
        (undef, $said) = $server->ctl('--json', qw(explain --type User --sort-by), $by);
        is_deeply [ @{ decode($said) }{qw(plan index)} ], \@want, "explain --sort-by $by" or diag $said;
    }
    (undef, $said) = $server->ctl('--json', qw(explain --type User --sort-by title --descending));
    is decode($said)->{plan}, 'scan', 'who has none would come first' or diag $said;
    ($status, $said) = $server->ctl('explain');
    ok $status == 1 && $said =~ /--sort-by/, 'what to explain has to be said' or diag $said;
};

# What comes and goes moves nobody who is there throughout and keeps his name.
subtest 'while others write' => sub {
    my %there = map { $_ => 1 } ids((page(count => 1000, attributes => 'id'))[0]);
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        $server->{ua} = undef;
        while (1) {
            my $res = $server->call(POST => '/scim/v2/Users', user());
            my $id = (decode($res) // {})->{id} or next;
            $server->call(PATCH => "/scim/v2/Users/$id", { schemas => [$PATCH],
                    Operations => [ { op => 'replace', path => 'title', value => word() } ] });
            $server->call(DELETE => "/scim/v2/Users/$id");
        }
    }
    my ($wrong, $indexed) = (0, 0);
    for my $round (1 .. (quick() ? 2 : 12)) {
        my ($got, $by) = by_cursor(sortBy => $round % 2 ? 'userName' : 'meta.created', count => 37,
            attributes => 'id', sortOrder => $round % 4 < 2 ? 'ascending' : 'descending');
        my (undef, @ids) = split / /, $got;
        my %times;
        $times{$_}++ for @ids;
        $wrong += grep { ($times{$_} // 0) != 1 } keys %there;
        $indexed += $by;
    }
    kill KILL => $pid;
    waitpid $pid, 0;
    is $wrong, 0, 'nobody is missed or repeated';
    ok $indexed > 3, "in $indexed pages by an index";
};

($status, $said) = $server->ctl('check');
is $status, 0, 'the store is whole' or diag $said;

done_testing;
