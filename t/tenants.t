# Two tenants on one server, each with a store of its own: what is known to one is nothing to the other.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Rows;
use JSON ();

my $server = ProvisionTest->new;
my $secret = $server->secret('users', 'root:' . crypt('root', '$5$salt$') . "\n");
my $hosts = join '', map { <<"CONF" } qw(one two);
<VirtualHost *:\@port\@>
    ServerName $_.example
    ProvisionStore lmdb \@scratch\@/store-$_
    ProvisionSecretKey file:\@scratch\@/secrets/key
    ProvisionTenant $_.example
    ProvisionPermit admin user root
    <Location /scim/v2>
        ProvisionService scim
        AuthType Basic
        AuthName tenants
        AuthUserFile $secret
        Require valid-user
    </Location>
    <Location /own>
        ProvisionService scim
        AuthType Provision
        AuthName tenants
        Require provision-permission scim
    </Location>
</VirtualHost>
CONF
$server->start(conf => $hosts);
$server->login('root', 'root');

sub ask
{
    my ($tenant, $method, $path, $body, %headers) = @_;
    return $server->call($method, $path, $body, Host => "$tenant.example", %headers);
}

my %id;
for my $tenant (qw(one two)) {
    my $res = ask($tenant, POST => '/scim/v2/Users', user('same', externalId => 'E', password => "Pass-$tenant"));
    is $res->code, 201, "TE-1 $tenant: the same name and externalId" or diag $res->content;
    $id{$tenant} = decode($res)->{id};
    is ask($tenant, POST => '/scim/v2/Users', user("only-$tenant"))->code, 201, "$tenant: another";
    ask($tenant, POST => '/scim/v2/Groups', group('provision-admins', members => [ { value => $id{$tenant} } ]));
    like decode($res)->{meta}{location}, qr{^http://$tenant\.example}, "TE-1 $tenant: locations are its own";
}
my $foreign = "/scim/v2/Users/$id{two}";
is ask(one => @$_)->code, 404, "TE-1 $_->[0] of the other's"
    for [ GET => $foreign ], [ PUT => $foreign, user('same') ], [ DELETE => $foreign ],
    [ PATCH => $foreign, patch_of({ op => 'add', path => 'title', value => 'T' }) ];
for my $filter ('userName eq "only-two"', qq(id eq "$id{two}"), 'userName sw "only-t"') {
    is decode(ask(one => GET => query('/scim/v2/Users', filter => $filter)))->{totalResults}, 0, "TE-1 $filter";
}
is decode(ask(one => GET => '/scim/v2/Users'))->{totalResults}, 2, 'TE-1 all there are';
my $res = ask(one => POST => '/scim/v2/Groups', group('mixed', members => [ { value => $id{two} } ]));
is $res->code, 400, "TE-1 the other's is no member";
unlike $res->content, qr/two\.example/, 'TE-1 and nothing is said of it';
$res = ask(one => POST => '/scim/v2/Bulk', { schemas => ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations => [ { method => 'DELETE', path => "/Users/$id{two}" } ] });
is decode($res)->{Operations}[0]{status}, '404', 'TE-1 in bulk';
my $cursor = decode(ask(two => GET => '/scim/v2/Users?cursor&count=1'))->{nextCursor};
$res = ask(one => GET => "/scim/v2/Users?cursor=$cursor&count=1");
is join(' ', $res->code, decode($res)->{scimType} // ''), '400 invalidCursor', "TE-1 the other's cursor";
for my $case ([ one => 'one', 200 ], [ two => 'two', 200 ], [ one => 'two', 401 ], [ two => 'one', 401 ]) {
    my ($tenant, $password, $code) = @$case;
    require MIME::Base64;
    my $login = 'Basic ' . MIME::Base64::encode("same:Pass-$password", '');
    is ask($tenant, GET => '/own/Me', undef, Authorization => $login)->code, $code,
        "TE-1 $tenant with the password of $password";
}
done_testing;
