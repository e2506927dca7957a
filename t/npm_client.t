# A public client library drives the server: npm's scimmy discovers, creates, searches, changes and
# deletes, and its own filters and PATCHes say what must come of it (t/node/client.mjs).
# Rows: EP-1 EP-5 EP-6 CR-1 CR-6 CR-7 CR-13 CR-16 DI-1 DI-2 DI-4 SE-1
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Node qw(modules node);

my $modules = modules();
my $server = ProvisionTest->new;
my $users = $server->secret('users', 'root:' . crypt('root', '$5$salt$') . "\n");
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant client.example
ProvisionPermit admin user root
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName scim
    AuthUserFile $users
    Require valid-user
</Location>
CONF
$server->login('root', 'root');
node('client.mjs', $modules, $server->url('/scim/v2'), $server->{headers}{Authorization});
done_testing;
