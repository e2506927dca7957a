# A change too large for one transaction, on a real server: its members come and go whole while the
# server is killed at any moment, the targets get all of them, and who would write the same group
# meanwhile waits.
# SEED=n begins with that seed, SEEDS=n runs so many.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use FaultTarget;
use FaultTarget::Compare qw(settles);
use ProvisionTest;
use JSON ();
use ProvisionTest::Process qw(slurp spew);
use Time::HiRes qw(sleep time);

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $members = quick() ? 600 : 10_000;
my $rounds = quick() ? 1 : 6;
my $carried = quick() ? 0 : 500; # to a target that answers

sub conf { return FaultTarget::conf_for($_[0], 'factor=8 max=1h') }

# With so many users who are in nothing; the group's id follows.
sub set_up
{
    my ($name, $url, $count) = @_;
    my $server = ProvisionTest->new(name => $name);
    my $faults = $server->scratch . '/faults';
    mkdir $faults or die "$faults: $!";
    $server->own($faults);
    $server->start(conf => conf($url), env => { PROVISION_FAULTS => $faults });
    my $token = 'prov_' . 'i' x 43;
    my ($status, $said) = $server->ctl(qw(token create load --permit admin --value), $token);
    die "token create: $said" if $status;
    $server->{headers}{Authorization} = "Bearer $token";
    my $file = $server->scratch . '/users.jsonl';
    spew($file, join '', map { qq({"schemas":["$USER"],"userName":"user$_","active":true}\n) } 1 .. $count);
    ($status, $said) = $server->ctl('import', $file);
    die "import: $said" if $status;
    (undef, $said) = $server->ctl(qw(export --type User));
    my @ids = $said =~ /"id":"([^"]+)"/g;
    die 'not all are exported: ' . @ids if @ids < $count;
    my $res = $server->call(POST => '/scim/v2/Groups', body());
    die $res->as_string if $res->code != 201;
    return ($server, $faults, decode($res)->{id}, @ids);
}

sub body
{
    return { schemas => [$GROUP], displayName => 'large', members => [ map { { value => $_ } } @_ ] };
}

sub version { return $_[0]->header('ETag') =~ /(\d+)/ ? $1 : 0 }

# The version, and the members as one text.
sub seen
{
    my ($server, $group) = @_;
    my $res = $server->call(GET => "/scim/v2/Groups/$group");
    die $res->as_string if $res->code != 200;
    return (version($res), text(map { $_->{value} } @{ decode($res)->{members} // [] }));
}

sub text { return join ' ', sort @_ }

# In a process of its own, which writes the status that it was answered.
sub put_aside
{
    my ($server, $group, @ids) = @_;
    my $said = $server->scratch . '/said';
    unlink $said;
    my $pid = beside(sub {
        my $res = $server->call(PUT => "/scim/v2/Groups/$group", body(@ids));
        spew($said, $res->header('Client-Warning') ? 0 : $res->code);
        return 1;
    });
    return sub {
        waitpid $pid, 0;
        return slurp($said) || 0;
    };
}

# --- killed ----------------------------------------------------------------------------------------

sub killed_once
{
    my ($server, $group, $within, $old, @ids) = @_;
    my ($before) = seen($server, $group);
    my $answer = put_aside($server, $group, @ids);
    sleep rand $within;
    $server->kill9;
    my $code = $answer->();
    $server->start;
    my ($version, $now) = seen($server, $group);
    my $new = text(@ids);
    my $whole = ($now eq $old && $version == $before && $code != 200)
        || ($now eq $new && $version == $before + 1);
    diag "answer $code, version $before to $version, " . split(/ /, $now) . ' members' if !$whole;
    return ($whole, $now eq $new, $before);
}

sub check_is_clean
{
    my ($server) = @_;
    my $said;
    my $clean = wait_for(sub { (my $status, $said) = $server->ctl('check'); !$status }, 20);
    return $clean || !diag $said;
}

# provisionctl is a process that no registry knows; of a bulk request each operation is its own.
sub other_doors
{
    my ($server, @ids) = @_;
    my $file = $server->scratch . '/group.jsonl';
    spew($file, JSON->new->encode({ %{ body(@ids) }, displayName => 'imported' }) . "\n");
    my ($status, $said) = $server->ctl('import', $file);
    is $status, 0, 'as large a group is imported' or diag $said;
    my %bulk = (schemas => ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations => [
        map { { method => 'POST', path => '/Groups', bulkId => $_,
            data => { %{ body(@ids[ 0 .. $#ids / 2 ]) }, displayName => $_ } } } qw(first second) ]);
    my $answer = decode($server->call(POST => '/scim/v2/Bulk', \%bulk)) // {};
    is join(' ', map { $_->{status} } @{ $answer->{Operations} }), '201 201', 'and two in bulk';
    my @counts = map { my $name = $_;
        my $found = decode($server->call(GET => qq(/scim/v2/Groups?filter=displayName eq "$name")));
        scalar @{ $found->{Resources}[0]{members} // [] };
    } qw(imported first second);
    my $half = @ids / 2;
    is "@counts", @ids . " $half $half", 'with all their members';
}

sub test_killed
{
    my ($seed) = @_;
    srand $seed;
    my ($server, undef, $group, @ids) = set_up("seed$seed", 'http://127.0.0.1:' . free_port(), $members);
    my @halves = ([ @ids[ 0 .. @ids / 2 - 1 ] ], [ @ids[ @ids / 2 .. $#ids ] ]);
    my $begun = time;
    is $server->call(PUT => "/scim/v2/Groups/$group", body(@{ $halves[0] }))->code, 200,
        "seed $seed: half of $members members are put";
    my $within = 1.2 * (time - $begun);
    my ($torn, $done, $undone) = (0, 0, 0);
    for my $round (1 .. $rounds) {
        my ($old, $new) = @halves[ ($round + 1) % 2, $round % 2 ];
        my ($whole, $is_new, $before) = killed_once($server, $group, $within, text(@$old), @$new);
        $torn++ if !$whole;
        $is_new ? $done++ : $undone++;
        my $res = $server->call(PUT => "/scim/v2/Groups/$group", body(@$new));
        my ($version, $now) = seen($server, $group);
        $torn++ if $res->code != 200 || $now ne text(@$new) || $version != $before + 1;
    }
    is $torn, 0, "seed $seed: of $rounds deaths $undone undid it, $done did not, none tore it";
    ok check_is_clean($server), "seed $seed: the store is whole";
    ok wait_for(sub { ($server->ctl(qw(--json stats)))[1] =~ /"intents","count":0\b/ }, 10),
        "seed $seed: nothing is left open";
    other_doors($server, @ids);
    is $server->call(DELETE => "/scim/v2/Groups/$group")->code, 204, "seed $seed: and it is deleted";
    ok check_is_clean($server), "seed $seed: wholly";
    $server->stop;
}

# --- carried ---------------------------------------------------------------------------------------

sub test_carried
{
    my $target = FaultTarget->new(limit => 5);
    my ($server, undef, $group, @ids) = set_up('carried', $target->url, $carried);
    for my $delay (0.02, 0.1, 0.3) {
        my $answer = put_aside($server, $group, @ids);
        sleep $delay;
        $server->kill9;
        $answer->();
        $server->start;
    }
    is $server->call(PUT => "/scim/v2/Groups/$group", body(@ids))->code, 200, "$carried members";
    my @wrong = settles($server, $target, 60);
    is scalar @wrong, 0, 'they all come to the target' or diag join "\n", @wrong[ 0 .. 3 ];
    $server->stop;
    undef $target;
}

# --- waited for ------------------------------------------------------------------------------------

sub test_waited_for
{
    my ($server, $faults, $group, @ids) = set_up('waited', 'http://127.0.0.1:' . free_port(), 600);
    my $late = pop @ids;
    spew("$faults/settle.hold", '');
    my $answer = put_aside($server, $group, @ids);
    ok wait_for(sub { -e "$faults/settle.held" }, 10), 'its thread stands still after the switch';
    my %add = (op => 'add', path => 'members', value => [ { value => $late } ]);
    my $patch = { schemas => [$PATCH], Operations => [ \%add ] };
    my $res = $server->call(PATCH => "/scim/v2/Groups/$group", $patch);
    is $res->code, 503, 'who would write the group meanwhile is told to come again';
    ok $res->header('Retry-After'), 'and when';
    my ($version, $now) = seen($server, $group);
    is $now, text(@ids), 'who reads it sees all of it';
    unlink "$faults/settle.held";
    is $answer->(), 200, 'who wrote it is told when it is done';
    is $server->call(PATCH => "/scim/v2/Groups/$group", $patch)->code, 200, 'then the other may';
    is +(seen($server, $group))[1], text(@ids, $late), 'and both are there';
    ok check_is_clean($server), 'the store is whole';
    $server->stop;
}

my $first = $ENV{SEED} // 1;
my $count = seeds();
test_killed($_) for $first .. $first + $count - 1;
SKIP: {
    skip 'a target that answers: it takes seconds', 1 if quick();
    test_carried();
}
SKIP: {
    skip 'waiting: it takes as long as patience does', 1 if quick();
    test_waited_for();
}
done_testing;
