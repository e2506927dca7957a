# Where a service stands: its location wins over files, proxies and rewriting; virtual hosts share a
# store or have their own; a store that cannot be opened is answered 503 until it can be, and the log
# says why.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Process qw(spew);

my $user = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $server = ProvisionTest->new(modules => [qw(alias proxy proxy_http rewrite)]);
my $scratch = $server->scratch;
my $password = 'correct horse battery';

my $service = <<'CONF';
<Location /scim/v2/>
    ProvisionService scim
    AuthType Provision
    AuthName provisioning
    Require provision-permission scim
</Location>
CONF
my $conf = <<"CONF";
ProvisionStore lmdb \@store\@
$service
<Location /scim/v2/Users>
    LimitRequestBody 100000
</Location>
ProxyPass / http://127.0.0.1:1/
RewriteEngine on
RewriteRule ^/scim /elsewhere
AliasMatch ^/scim \@scratch\@/htdocs
<VirtualHost *:*>
    ServerName first
    DocumentRoot \@scratch\@/htdocs
    RewriteEngine on
    RewriteOptions Inherit
</VirtualHost>
<VirtualHost *:*>
    ServerName limited
    ProvisionMaxBody 1K
    ProvisionMaxResults 7
</VirtualHost>
<VirtualHost *:*>
    ServerName own
    ProvisionStore lmdb \@scratch\@/own
</VirtualHost>
CONF

sub body_of
{
    my ($name) = @_;
    return { schemas => [$user], userName => $name };
}

sub location_wins
{
    mkdir "$scratch/htdocs/$_" or die for qw(scim scim/v2 scim/v2/Users);
    spew("$scratch/htdocs/scim/v2/Users/index.html", 'a file');
    my $made = $server->call(POST => '/scim/v2/Users', body_of('alice'));
    is $made->code, 201, 'a POST below folders of the same name, ProxyPass and RewriteRule';
    like $made->header('Location'), qr{^http://[^/]+/scim/v2/Users/[0-9a-f-]{36}$},
        'the base has no double slash, and a nested section keeps it';
    my $list = decode($server->call(GET => '/scim/v2/Users?filter=userName%20eq%20%22alice%22'));
    is $list->{totalResults}, 1, 'a list there';
    my $dir = $server->call(GET => '/scim/v2/');
    is $dir->code, 200, 'a query over all types, no redirect to a folder';
    is $dir->header('Content-Type') =~ s/;.*//r, 'application/scim+json', 'but an answer of ours';
    isnt $server->call(GET => '/other')->code, 200, 'other paths go to the proxy';
}

sub hosts_share
{
    my @limited = (Host => 'limited');
    my $config = decode($server->call(GET => '/scim/v2/ServiceProviderConfig', undef, @limited));
    is $config->{filter}{maxResults}, 7, 'a host has its own limit';
    $config = decode($server->call(GET => '/scim/v2/ServiceProviderConfig'));
    is $config->{filter}{maxResults}, 200, 'which is not the others\'';
    is $server->call(POST => '/scim/v2/Users', body_of('x' x 2000), @limited)->code, 413,
        'its own limit of a body, too';
    my $list = decode($server->call(GET => '/scim/v2/Users?filter=userName%20eq%20%22alice%22',
            undef, @limited));
    is $list->{totalResults}, 1, 'and shares the store';
}

sub host_of_its_own
{
    my @own = (Host => 'own');
    is $server->call(GET => '/scim/v2/Users', undef, @own)->code, 401,
        'the users of one store are not known in the other';
    local $server->{headers} = {};
    is $server->call(GET => '/scim/v2/Users', undef, @own)->code, 401, 'and it is served';
    ok -f "$scratch/own/effective.json" && -f "$scratch/own.key", 'with files and a key of its own';
}

sub wrong_key
{
    $server->stop;
    rename "$scratch/store.key", "$scratch/kept.key" or die;
    $server->start;
    my $answer = $server->call(GET => '/scim/v2/Users');
    is $answer->code, 503, 'a wrong key: 503';
    is decode($answer)->{status}, '503', 'in the protocol\'s form';
    unlike $answer->content, qr/\Q$scratch\E/, 'which tells no paths';
    like $server->log_text, qr/PROV0002: \Q$scratch\E\/store is not served by this process: .*key/,
        'the log tells the reason';
    is $server->call(GET => '/scim/v2/Users', undef, Host => 'own')->code, 401,
        'the other store is served';
    $server->stop;
    rename "$scratch/kept.key", "$scratch/store.key" or die;
    $server->start;
    is $server->call(GET => '/scim/v2/Users')->code, 200, 'with the right key all is well again';
}

# Whatever kept a child from opening it, such as a want of room or of descriptors.
sub later
{
    my $data = "$scratch/store/data.mdb";
    $server->stop;
    chmod 0, $data or die;
    $server->start;
    my @children = $server->children;
    is $server->call(GET => '/scim/v2/Users')->code, 503, 'a store that cannot be opened now: 503';
    chmod 0600, $data or die;
    ok wait_for(sub { 10 == grep { $server->call(GET => '/scim/v2/Users')->code == 200 } 1 .. 10 },
        15), 'when it can be, it is';
    is_deeply [ $server->children ], \@children, 'by the same processes';
    like $server->log_text, qr/PROV0003: \Q$scratch\E\/store is served/, 'the log tells it';
}

$server->start(conf => $conf);
my ($status, $said) = $server->ctl('admin', 'create', 'root', { stdin => "$password\n" });
is $status, 0, 'an administrator' or diag $said;
$server->login('root', $password);
location_wins();
hosts_share();
host_of_its_own();
wrong_key();
later();
done_testing;
