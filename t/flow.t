# A group of many members: its answer flows, whole, in little memory, and shows one moment.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Process qw(slurp spew);

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $MIB = 1024 * 1024;
my $many = quick() ? 2000 : 8000;
my $batch = 1500; # in a request
my $host = join '.', ('a-long-name-of-a-host-that-each-member-repeats') x 5;

my $server = ProvisionTest->new(children => 1, threads => 8);
my $users = $server->secret('users', join '', map { "$_:" . crypt($_, '$5$salt$') . "\n" } qw(root));
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant flow.example
ProvisionMaxResults 1000
SendBufferSize 16384
ProvisionPermit scim:read scim:write user root
<ProvisionUserStore CORP>
    ProvisionType local
</ProvisionUserStore>
<ProvisionApplication hr>
    ProvisionInboundStore CORP
</ProvisionApplication>
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName scim
    AuthUserFile $users
    Require valid-user
</Location>
<Location /hr>
    ProvisionService scim
    AuthType Provision
    AuthName scim
    Require provision-permission scim
</Location>
CONF
$server->login('root', 'root');
my ($child) = $server->children;

sub call { my ($method, $path, $body, @more) = @_; return $server->call($method, $path, $body, Host => $host, @more) }

sub page_of_ids
{
    my ($at) = @_;
    my $page = decode(call(GET => "/scim/v2/Users?attributes=userName&count=1000&startIndex=$at"));
    return map { $_->{id} } @{ $page->{Resources} };
}

sub members_of
{
    my ($said) = @_;
    return map { $_->{value} } @{ $said->{members} // [] };
}

my $path = $server->secret('users.jsonl', join '', map {
    qq({"schemas":["$USER"],"userName":"u$_","displayName":"User \\"$_\\""}\n) } 1 .. $many);
my ($status, $said) = $server->ctl('import', $path);
is $status, 0, 'users' or diag $said;
my @ids = map { page_of_ids(1 + 1000 * $_) } 0 .. $many / 1000 - 1;
is scalar @ids, $many, 'all of them';
my $group = decode(call(POST => '/scim/v2/Groups', { schemas => [$GROUP], displayName => 'many' }))->{id};
my $url = "/scim/v2/Groups/$group";

sub add
{
    my ($query, @some) = @_;
    return call(PATCH => "$url$query", { schemas => [$PATCH], Operations => [
        { op => 'add', path => 'members', value => [ map { +{ value => $_ } } @some ] } ] });
}

for (my $at = 0; $at < $many - 1; $at += $batch) {
    my $to = $at + $batch < $many - 1 ? $at + $batch : $many - 1;
    add('?attributes=id', @ids[ $at .. $to - 1 ])->is_success or die 'no members';
}
my $last = pop @ids;

sub most
{
    my ($anew) = @_;
    spew("/proc/$child/clear_refs", '5') if $anew;
    my ($kib) = slurp("/proc/$child/status") =~ /^VmHWM:\s+(\d+)/m;
    return $kib * 1024;
}

subtest 'in little memory' => sub {
    page_of_ids(1 + 1000 * $_) for 0 .. $many / 1000 - 1; # the store's pages are there now
    my $before = eval { most(1) };
    my $res = call(GET => $url);
    is $res->code, 200, 'served';
    ok length $res->content > 300 * $many, 'long';
  SKIP: {
        skip 'what it takes is not measured', 1 if !$before;
        my $took = most() - $before;
        ok $took < 3 * $MIB && $took < 0.8 * length $res->content, sprintf 'takes %.1f MiB for %.1f',
            $took / $MIB, length($res->content) / $MIB;
    }
    is $res->header('Transfer-Encoding') // $res->header('Client-Transfer-Encoding'), 'chunked', 'in pieces';
    my $all = decode($res);
    is_deeply [ members_of($all) ], [ sort @ids ], 'every member, once';
    my ($one) = grep { $_->{value} eq $ids[0] } @{ $all->{members} };
    my $shown = decode(call(GET => "/scim/v2/Users/$ids[0]"))->{displayName};
    like $shown, qr/^User "\d+"$/, 'somebody';
    is_deeply $one, { value => $ids[0], type => 'User', display => $shown,
        '$ref' => "http://$host/scim/v2/Users/$ids[0]" }, 'as one is written';
    is $all->{meta}{resourceType}, 'Group', 'what lies behind them';
    is $all->{meta}{version}, $res->header('ETag'), 'and its version';
    is $res->header('Content-Length'), undef, 'nobody knows before how long it is';
};

subtest 'as any group' => sub {
    my $tag = call(GET => "$url?excludedAttributes=members")->header('ETag');
    is call(GET => $url, undef, 'If-None-Match' => $tag)->code, 304, 'a version that is known';
    my $head = call(HEAD => $url);
    is_deeply [ $head->code, $head->content, $head->header('ETag') ], [ 200, '', $tag ], 'HEAD';
    my $without = call(GET => "$url?excludedAttributes=members");
    ok length $without->content < 1000 && $without->header('Content-Length'), 'without members: short';
    my $only = decode(call(GET => "$url?attributes=members.value"));
    is_deeply [ sort keys %{ $only->{members}[0] } ], ['value'], 'parts of members';
    is scalar @{ $only->{members} }, @ids, 'of each';
    my $changed = add('', $last);
    is $changed->code, 200, 'a change is answered alike';
    push @ids, $last;
    is_deeply [ members_of(decode($changed)) ], [ sort @ids ], 'with every member';
};

# A client that reads the beginning and waits, while others write.
subtest 'one moment' => sub {
    my $res = call(GET => "$url?attributes=id");
    my $tag = $res->header('ETag');
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . $server->port, RcvBuf => 4096) or die $!;
    print {$socket} "GET $url HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n"
        . "Authorization: $server->{headers}{Authorization}\r\n\r\n";
    sysread $socket, my $all, 512;
    my ($first, $late) = (sort @ids)[ 0, -1 ];
    is call(DELETE => "/scim/v2/Users/$late")->code, 204, 'a member is deleted';
    is call(PATCH => $url, { schemas => [$PATCH], Operations => [ { op => 'remove',
        path => qq(members[value eq "$first"]) }, { op => 'replace', path => 'displayName',
        value => 'other' } ] })->code, 200, 'the group is changed';
    1 while sysread $socket, $all, 65_536, length $all;
    require HTTP::Response;
    my $whole = HTTP::Response->parse($all);
    my $body = $whole->content;
    my $json = '';
    $json .= substr $body, 0, hex $1, '' and substr $body, 0, 2, '' while $body =~ s/^([0-9a-f]+)\r\n// && hex $1;
    my $said = decode($json);
    is $whole->header('ETag'), $tag, 'the version that was';
    is $said->{displayName}, 'many', 'its name';
    is_deeply [ members_of($said) ], [ sort @ids ], 'its members';
    my %gone = ($first => 1, $late => 1);
    @ids = grep { !$gone{$_} } @ids;
    is_deeply [ members_of(decode(call(GET => $url))) ], [ sort @ids ], 'afterwards as they are then';
};

subtest 'who may not see them' => sub {
    my ($status, $said) = $server->ctl('token', 'create', 'hr', '--permit', 'scim:read,scim:write',
        '--application', 'hr');
    my ($token) = $said =~ /^(pvt_\S+)/m or die $said;
    my @as = (Authorization => "Bearer $token");
    my $mine = decode(call(POST => '/hr/Groups', { schemas => [$GROUP], displayName => 'ours' }, @as));
    my $user = decode(call(POST => '/hr/Users', { schemas => [$USER], userName => 'own' }, @as));
    $url = "/scim/v2/Groups/$mine->{id}";
    is add('?attributes=id', $user->{id}, @ids[ 0 .. 1199 ])->code, 200, 'members of two userstores';
    is_deeply [ members_of(decode(call(GET => "/hr/Groups/$mine->{id}", undef, @as))) ],
        [ $user->{id} ], 'sees his own';
    is scalar(members_of(decode(call(GET => $url)))), 1201, 'who may sees all';
};

is_deeply [ $server->children ], [$child], 'the same process has served it all';
done_testing;
