# ProvisionRate: how often a caller may come, counted over all child processes. The rates are by the
# hour, so that no time passes that would matter.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;

my $ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
my $server = ProvisionTest->new(children => 3, threads => 8);
my $users = $server->secret('users', join '', map { "$_:" . crypt($_, '$5$salt$') . "\n" }
        qw(ann bob cid));

# Hosts that share a store, each with a rate of its own.
my $hosts = join '', map { my ($name, $rate) = @$_; <<"CONF" } [ off => '' ],
<VirtualHost *:\@port\@>
ServerName $name
$rate
</VirtualHost>
CONF
    [ thirty => 'ProvisionRate 30/h' ], [ four => 'ProvisionRate 4/h' ],
    [ burst => 'ProvisionRate 1/h burst=6' ];

my $conf = <<"CONF";
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant rate.example
ProvisionPermit scim:read user ann
ProvisionPermit scim:read user bob
<Location /scim/v2>
    ProvisionService scim
    AuthType Provision
    AuthName scim
    Require provision-permission scim
</Location>
<Location /files/scim>
    ProvisionService scim
    AuthType Basic
    AuthName scim
    AuthUserFile $users
    Require valid-user
</Location>
<Location /health>
    ProvisionService health
    AuthType Provision
    AuthName scim
    Require provision-permission scim admin
</Location>
$hosts
CONF

sub token
{
    my ($name, $permit) = @_;
    my ($status, $said) = $server->ctl('token', 'create', $name, '--permit', $permit);
    die $said if $status;
    return $said =~ /^(pvt_\S+)/m ? "Bearer $1" : die "no token in $said";
}

sub get
{
    my ($host, $who, $path) = @_;
    return $server->call(GET => $path // '/scim/v2/Users', undef, Host => $host,
        Authorization => $who);
}

# The answers to many requests, asked by several processes at a time, each request on a connection of
# its own so that every child process is met.
sub crowd
{
    my ($host, $who, $processes, $each) = @_;
    pipe my $in, my $out or die $!;
    my @pids = map {
        beside(sub {
            for (1 .. $each) {
                delete $server->{ua};
                syswrite $out, get($host, $who)->code . "\n";
            }
            return 1;
        });
    } 1 .. $processes;
    close $out;
    my %count;
    while (<$in>) { chomp; $count{$_}++ }
    is ended_badly(@pids), 0, 'all were answered';
    return \%count;
}

sub is_refused
{
    my ($res, $most, $what) = @_;
    is $res->code, 429, "ST-429 $what";
    is $res->header('Content-Type'), 'application/scim+json', "$what: in SCIM form";
    my $said = decode($res);
    is_deeply [ @{$said}{qw(schemas status)} ], [ [$ERROR], '429' ], "$what: the error";
    my $wait = $res->header('Retry-After') // '';
    ok $wait =~ /^\d+$/ && $wait >= 1 && $wait <= $most, "$what: Retry-After" or diag $wait;
    return;
}

sub logins
{
    require MIME::Base64;
    return map { 'Basic ' . MIME::Base64::encode("$_:$_", '') } @_;
}

$server->start(conf => $conf);
my ($one, $two, $three) = map { token($_, 'scim:read') } qw(one two three);
my $none = token('none', 'admin');
my ($ann, $cid) = logins(qw(ann cid));

is_deeply crowd('off', $one, 2, 20), { 200 => 40 }, 'off by default';

subtest 'exact, over all child processes' => sub {
    is_deeply crowd('thirty', $one, 4, 15), { 200 => 30, 429 => 30 }, 'thirty of sixty';
    is_refused(get('thirty', $one), 121, 'the next');
    is get('thirty', $two)->code, 200, 'another caller is not concerned';
    is get('thirty', 'Bearer ' . 'x' x 40)->code, 401, 'who is unknown is told that';
    is get('off', $one)->code, 200, 'another host has no limit';
};

subtest 'what counts' => sub {
    is get('four', $one)->code, 200, 'where there is another limit, it is counted anew';
    is get('four', $two, $_->[0])->code, $_->[1], "$_->[0] counts"
        for [ '/scim/v2/Schemas', 200 ], [ '/scim/v2/Nothing', 404 ], [ '/scim/v2/Users/x', 404 ],
        [ '/scim/v2/Users?filter=x', 400 ];
    is_refused(get('four', $two, '/scim/v2/ServiceProviderConfig'), 901, 'discovery, too');
    my $post = $server->call(POST => '/scim/v2/Bulk', 'x' x 100_000, Host => 'four',
        Authorization => $two);
    is_refused($post, 901, 'a long body');
    is get('four', $none, '/health')->code, 200, 'health does not count' for 1 .. 9;
    is get('four', $none)->code, 200, 'and took nothing';
};

subtest 'who was let in by another module' => sub {
    is_deeply [ map { get('burst', $ann, '/files/scim/Users')->code } 1 .. 8 ],
        [ (200) x 6, (429) x 2 ], 'counts by name';
    is_deeply [ map { get('burst', $cid, '/files/scim/Schemas')->code } 1 .. 8 ],
        [ (200) x 6, (429) x 2 ], 'also without a permission';
};

subtest 'a burst, and a graceful restart' => sub {
    is_deeply crowd('burst', $three, 2, 4), { 200 => 6, 429 => 2 }, 'six at once';
    $server->graceful;
    is_refused(get('burst', $three), 3601, 'after a graceful restart');
    $server->graceful(conf => $conf =~ s/4\/h/off/r);
    is get('four', $two)->code, 200, 'a limit that was taken away is gone';
    return if quick;
    $server->kill_child($_) for $server->children;
    wait_for(sub { $server->children >= 3 }, 30);
    is_refused(get('burst', $three), 3601, 'after its processes were killed');
};

done_testing;
