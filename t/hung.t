# A target that takes requests and never answers holds up nobody: others get all that is theirs while
# its calls are open, and of those who wait for it only so many wait. No clock is asked here, only
# what has happened while a call was still open.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use FaultTarget;
use ProvisionTest;

my $deliveries = quick() ? 40 : 300;
my ($stuck, $well) = map { FaultTarget->new } 1 .. 2;
my $token = 'prov_' . 'h' x 43;
$stuck->hang('\w+');

sub idp
{
    my ($name, $target) = @_;
    return <<"CONF";
<ProvisionIdP $name>
    <ProvisionConnector scim2>
        ProvisionSet userEndpoint @{[$target->url('/Users')]}
        ProvisionSet authMode none
        ProvisionRetry first=20ms factor=2 max=500ms giveup=7d urgentgiveup=28d
    </ProvisionConnector>
</ProvisionIdP>
CONF
}

# One process, so that what one of its threads holds could hold up all.
my $server = ProvisionTest->new(children => 1);
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionPool 8
ProvisionCallLimit 8s
ProvisionBlockingTimeout 60s
ProvisionBlockingMax 2
@{[idp(stuck => $stuck)]}
@{[idp(well => $well)]}
<ProvisionApplication resident>
    ProvisionOutbound stuck scim2 blocking=off
    ProvisionOutbound well scim2 blocking=off
</ProvisionApplication>
<ProvisionApplication patient>
    ProvisionOutbound stuck scim2 blocking=on
</ProvisionApplication>
<Location /scim/v2>
    ProvisionService scim
    AuthType Provision
    AuthName provisioning
    Require provision-permission scim
</Location>
CONF

sub bearer
{
    my ($name, @more) = @_;
    my $value = "prov_$name" . 'x' x 40;
    my ($status, $said) = $server->ctl(qw(token create), $name, qw(--permit admin --value), $value,
        @more);
    die "token create: $said" if $status;
    return { Authorization => "Bearer $value" };
}

my $anybody = bearer('anybody');
my $patient = bearer('patient', '--application', 'patient');

sub make
{
    my ($name, $as) = @_;
    return $server->call(POST => '/scim/v2/Users', { userName => $name,
        schemas => ['urn:ietf:params:scim:schemas:core:2.0:User'] }, %$as);
}

# --- others are served -----------------------------------------------------------------------------

is make('first', $anybody)->code, 201, 'a user is made';
ok wait_for(sub { $stuck->counts->{held} }, 20), 'the hung target has a call open';
my $made = grep { make("user$_", $anybody)->code == 201 } 1 .. $deliveries;
is $made, $deliveries, "$deliveries more are made";
ok wait_for(sub { $well->counts->{users} == $deliveries + 1 }, 7), 'the other target gets them all';
my $counts = $stuck->counts;
is $counts->{freed}, 0, 'while no call to the hung one has ended';
cmp_ok $counts->{held}, '<=', 6, 'which has not taken every thread';

# --- only so many wait -----------------------------------------------------------------------------

# Two callers in processes of their own, who are waiting when a third comes.
my @waiting = map {
    my $name = "waiting$_";
    beside(sub { make($name, $patient)->code == 201 });
} 1 .. 2;
ok wait_for(sub {
    my $list = decode($server->call(GET => '/scim/v2/Users?filter=userName%20sw%20%22waiting%22',
        undef, %$anybody));
    return $list->{totalResults} == 2;
}, 20), 'two callers wait for the hung target';
my $res = make('third', $patient);
is $res->code, 201, 'a third caller is answered';
like $res->header('Provision-Status'), qr{^stuck/scim2;state=(?:pending|waiting)}, 'that it is under way';
is scalar(grep { waitpid($_, POSIX::WNOHANG) } @waiting), 0, 'and the two still wait';

# --- and then it answers -----------------------------------------------------------------------------

$stuck->let_go;
waitpid $_, 0 for @waiting;
ok wait_for(sub { $stuck->counts->{users} >= $deliveries + 3 }, 60),
    'when it answers again, it gets all that waited';
done_testing;
