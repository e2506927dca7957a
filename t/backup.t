# provisionctl backup: a copy taken while the server is being written to is one moment's store, and a
# server that gets it back serves what was acknowledged before it was begun.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Pair;
use ProvisionTest::Process qw(slurp spew);

my ($front, $target) = pair();
my $scratch = $front->scratch;
my $copies = "$scratch/copies";
mkdir $copies, 0700 or die $!; # the caller's own: the server's user cannot enter it

sub said_is
{
    my ($status, $like, $got, $said, $name) = @_;
    ok $got == $status && $said =~ $like, $name or diag "exit $got: $said";
}

sub basic
{
    my ($name, $password) = @_;
    require MIME::Base64;
    return (Authorization => 'Basic ' . MIME::Base64::encode("$name:$password", ''));
}

sub names_at
{
    my ($server) = @_;
    my ($status, $said) = $server->ctl('export');
    die "export: $said" if $status;
    return map { my $r = decode($_); $r->{userName} // $r->{displayName} } split /\n/, $said;
}

my $alice = created($front, Users => user('alice', password => 'opensesame'));
my $team = created($front, Groups => group('team', $alice));
ok settles($front, $alice, 'synced'), 'alice is at the target';

# --- while four clients write ---------------------------------------------------------------------
my $stop = "$scratch/stop";
my @writers = map {
    my $writer = $_;
    beside(sub {
        my $made = 0;
        while (!-e $stop) {
            my $name = "w$writer-" . ($made + 1);
            created($front, Users => user($name));
            $made++;
            open my $log, '>>', "$scratch/made.$writer" or die;
            syswrite $log, "$name\n";
        }
        return 1;
    });
} 1 .. 4;
my @lost;
my $round = 0;
for (1 .. 3) {
    $round++;
    wait_for(sub { -e "$scratch/made.$_" || return for 1 .. 4; 1 }, 20);
    my @before = map { split /\n/, slurp("$scratch/made.$_") } 1 .. 4;
    my ($status, $said) = $front->ctl('--json', 'backup', "$copies/$round");
    is $status, 0, "backup $round" or diag $said;
    my $row = decode($said);
    is $row->{bytes}, -s "$copies/$round/data.mdb", 'tells its size';
    is $row->{secretKey}, "file:$scratch/secrets/key", 'and which key it takes';
    push @lost, [ $round, @before ];
}
spew($stop, '');
is ended_badly(@writers), 0, 'the clients wrote to the end';

is join(' ', sort map { s{.*/}{}r } glob "$copies/3/*"), 'data.mdb effective.json', 'what is in it';
is slurp("$copies/3/effective.json"), slurp($front->store_dir . '/effective.json'), 'the configuration';
is sprintf('%o', (stat "$copies/3/data.mdb")[2] & 0777), '600', 'which others cannot read';
is_deeply [ (stat "$copies/3/data.mdb")[ 4, 5 ] ], [ (stat $front->store_dir . '/data.mdb')[ 4, 5 ] ],
    'and belongs to whom the store belongs to';

said_is(1, qr/not empty/, $front->ctl('backup', "$copies/3"), 'a folder that is used is left alone');
said_is(1, qr/cannot be made/, $front->ctl('backup', "$copies/no/where"), 'nor is one made in none');
said_is(1, qr/3\/data\.mdb|Not a directory|File exists/, $front->ctl('backup', "$copies/3/data.mdb"), 'a file is no folder');

# --- restored ------------------------------------------------------------------------------------
# As the README says: stopped, copied back, started.
sub restore
{
    my ($server, $from) = @_;
    my $store = $server->store_dir;
    unlink "$store/data.mdb", "$store/lock.mdb";
    is system('cp', '-p', "$from/data.mdb", $store), 0, 'copied back';
}

sub is_restored
{
    my ($server, $name) = @_;
    is $server->call(GET => "/scim/v2/Users/$alice", undef, basic('alice', 'opensesame'))->code, 403,
        "$name: alice logs in";
    is_deeply [ map { $_->{value} } @{ decode($server->call(GET => "/scim/v2/Groups/$team"))->{members} } ],
        [$alice], 'her group has her';
    said_is(0, qr/ 0 faults/, $server->ctl('check'), 'the store has no faults');
}

for my $case (@lost) {
    my ($number, @before) = @$case;
    my $fresh = ProvisionTest->new(name => "restored $number");
    system 'cp', '-p', "$scratch/secrets/key", $fresh->scratch . '/secrets/key';
    mkdir $fresh->store_dir or die;
    $fresh->own($fresh->store_dir);
    restore($fresh, "$copies/$number");
    $fresh->start(conf => settings() . service());
    $fresh->{headers}{Authorization} = 'Bearer token-of-tester';
    is_restored($fresh, "a new server with backup $number");
    my %there = map { $_ => 1 } names_at($fresh);
    is join(' ', grep { !$there{$_} } @before), '', 'all that was acknowledged before is there';
    $fresh->stop;
}

# In its own place it goes on where it was: the link is known, and nobody is made twice.
my $late = created($front, Users => user('late'));
$front->stop;
restore($front, "$copies/3");
$front->start;
is_restored($front, 'the server itself');
is $front->call(GET => "/scim/v2/Users/$late")->code, 404, 'what came after the backup is lost';
is state_of($front, $alice), 'synced', 'the links are back, too';
my $res = $front->call(PATCH => "/scim/v2/Users/$alice", { schemas => ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations => [ { op => 'replace', path => 'title', value => 'Queen' } ] });
is $res->code, 200, 'a change';
ok arrives($target, Users => 'title eq "Queen"'), 'is carried';
is scalar(found($target, Users => 'userName eq "alice"')), 1, 'to the one alice';

# Another key opens it not.
my $stranger = ProvisionTest->new(name => 'stranger');
spew($stranger->scratch . '/secrets/key', unpack('H*', 'k' x 32) . "\n");
chmod 0600, $stranger->scratch . '/secrets/key';
mkdir $stranger->store_dir or die;
$stranger->own($stranger->store_dir);
restore($stranger, "$copies/1");
$stranger->start(conf => settings() . service());
is $stranger->call(GET => '/scim/v2/Users', undef, Authorization => 'Bearer token-of-tester')->code, 503,
    'without its key the store stays closed';
done_testing;
