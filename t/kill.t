# Nothing that was acknowledged is lost, done by halves or done twice, whatever is killed: children,
# the whole server, the target, and processes right between claim, send, answer, acknowledge and
# commit, while eight clients make, change, group, rename and remove.
# SEED=n begins with that seed, SEEDS=n runs so many.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use FaultTarget;
use FaultTarget::Compare qw(settled_links settles);
use FaultTarget::Load;
use ProvisionTest;
use ProvisionTest::Process qw(spew);
use Time::HiRes qw(sleep time);

my %wanted = quick() ? (server => 6, child => 3, target => 1, point => 1)
    : (server => 150, child => 40, target => 10, point => 5);
my @points = qw(claim send answer acknowledge commit);
my $clients = quick() ? 4 : 8;
my $first = $ENV{SEED} // 1;

sub conf
{
    my ($target, $limit) = @_;
    return FaultTarget::conf_for($target->url, 'factor=2 max=500ms', "ProvisionCallLimit $limit");
}

sub set_up
{
    my ($name, $target, $limit) = @_;
    my $server = ProvisionTest->new(name => $name);
    my $faults = $server->scratch . '/faults';
    mkdir $faults or die "$faults: $!";
    $server->own($faults);
    $server->start(conf => conf($target, $limit), env => { PROVISION_FAULTS => $faults });
    # A password would be checked anew by each new process, which is meant to be slow.
    my $token = 'prov_' . 'k' x 43;
    my ($status, $said) = $server->ctl(qw(token create load --permit admin --value), $token);
    die "token create: $said" if $status;
    $server->{headers}{Authorization} = "Bearer $token";
    return ($server, $faults);
}

# Each asks until told to stop, then holds all that it was told against what is.
sub start_clients
{
    my ($server, $seed) = @_;
    my $stop = $server->scratch . '/stop';
    return map {
        my $client = $_;
        beside(sub {
            my $load = FaultTarget::Load->new(server => $server, client => $client,
                seed => $seed * 100 + $client, patience => 30);
            my $steps = 0;
            while (!-e $stop) {
                $load->step;
                $steps++;
            }
            sleep 0.05 while !-e "$stop.now"; # the server is there to stay
            my @lost = $load->lost;
            print STDERR "# client $client: $_\n" for @lost;
            spew("$stop.$client", "$steps $load->{unsure}");
            return !@lost;
        });
    } 0 .. $clients - 1;
}

sub end_clients
{
    my ($server, @pids) = @_;
    my $stop = $server->scratch . '/stop';
    spew($stop, '');
    spew("$stop.now", '');
    my ($bad, $steps, $unsure) = (ended_badly(@pids), 0, 0);
    for my $client (0 .. $#pids) {
        my @said = split / /, ProvisionTest::Process::slurp("$stop.$client");
        $steps += $said[0] // 0;
        $unsure += $said[1] // 0;
    }
    diag "$steps operations, $unsure without an answer";
    return ($bad, $steps, $unsure);
}

# A file in the folder is a place where the next process to pass it dies; true if one did.
sub die_at
{
    my ($faults, $point) = @_;
    spew("$faults/$point", '');
    chmod 0666, "$faults/$point";
    my $met = wait_for(sub { !-e "$faults/$point" }, 2);
    unlink "$faults/$point" if !$met;
    return $met ? 1 : 0;
}

# In every round the server dies as a whole; what else does is spread over the rounds.
sub rounds
{
    my ($server, $target, $faults) = @_;
    my (%killed, %met);
    my $rounds = $wanted{server};
    my @points_left = map { my $point = $_; map { $point } 1 .. $wanted{point} } @points;
    for my $round (1 .. $rounds) {
        sleep 0.02 + rand 0.2;
        if (($killed{child} // 0) < $wanted{child} * $round / $rounds) {
            my @children = $server->children;
            $server->kill_child($children[ rand @children ]) if @children;
            $killed{child}++ if @children;
            sleep rand 0.1;
        }
        if (@points_left > @points * $wanted{point} * (1 - $round / $rounds)) {
            my $point = shift @points_left;
            die_at($faults, $point) ? $met{$point}++ : push @points_left, $point;
        }
        if (($killed{target} // 0) < $wanted{target} * $round / $rounds) {
            $target->kill9;
            $target->start;
            $killed{target}++;
        }
        $server->kill9;
        $server->start;
        $killed{server}++;
    }
    # Those that nobody passed in their round.
    for my $try (1 .. 40) {
        my $point = shift @points_left // last;
        die_at($faults, $point) ? $met{$point}++ : push @points_left, $point;
        wait_for(sub { $server->children }, 5);
    }
    return (\%killed, \%met);
}

sub surviving_twice
{
    my ($target) = @_;
    my (%alive, %made);
    for my $entry ($target->applied) {
        my $id = $entry->{id};
        delete $alive{$id} if $entry->{op} eq 'delete';
        $alive{$id} = $made{$id} = $entry->{object}{externalId} if $entry->{op} eq 'create';
    }
    my %count;
    $count{$_}++ for values %alive;
    return grep { $count{$_} > 1 } sort keys %count;
}

sub run_seed
{
    my ($seed) = @_;
    srand $seed;
    my $target = FaultTarget->new(seed => $seed, limit => 0.3);
    my ($server, $faults) = set_up("seed$seed", $target, '300ms');
    my @pids = start_clients($server, $seed);
    my ($killed, $met) = rounds($server, $target, $faults);
    my ($bad, $steps, $unsure) = end_clients($server, @pids);
    is $bad, 0, "seed $seed: all that was acknowledged is there, and nothing by halves";
    is $killed->{$_}, $wanted{$_}, "seed $seed: killed: $_, $wanted{$_} times"
        for qw(server child target);
    cmp_ok $met->{$_} // 0, '>=', $wanted{point}, "seed $seed: died at $_, @{[$met->{$_} // 0]} times"
        for @points;
    my @wrong = settles($server, $target, 60);
    sleep 1; # what is looked at once more is looked at by then
    @wrong = settles($server, $target, 10) if !@wrong;
    is scalar @wrong, 0, "seed $seed: the target is what the source is, and nothing is there twice"
        or diag join "\n", @wrong[0 .. ($#wrong > 12 ? 12 : $#wrong)],
        map { ($server->ctl(qw(links --json --limit 5 --state), $_))[1] } qw(waiting unknown failed);
    is join(' ', surviving_twice($target)), '', "seed $seed: of each object one create survives";
    my ($status, $said) = $server->ctl('check');
    is $status, 0, "seed $seed: the store is whole" or diag $said;
    my $links = settled_links($server);
    diag join ' ', 'links:', map { "$_ $links->{$_}" } sort keys %$links;
    $server->stop;
}

# --- a lease that was lost -------------------------------------------------------------------------

sub stopped
{
    my ($server) = @_;
    return grep { (ProvisionTest::Process::stat_of($_))[0] eq 'T' } $server->children;
}

# One child stands still with an answer in its hand until its lease is over and another is at work;
# what it then says must count for nothing, or a third would begin while that one is not done.
sub late_word
{
    my $target = FaultTarget->new(limit => 1);
    my ($server, $faults) = set_up('late word', $target, '1s');
    $target->script(POST => 'unavailable');
    spew("$faults/acknowledge.stop", '');
    chmod 0666, "$faults/acknowledge.stop";
    my $res = $server->call(POST => '/scim/v2/Groups', { displayName => 'Once',
        schemas => ['urn:ietf:params:scim:schemas:core:2.0:Group'] });
    is $res->code, 201, 'a group is made';
    my $pid = wait_for(sub { (stopped($server))[0] }, 10);
    ok $pid, 'a child stands still before it acknowledges that the target was not available';
    $target->hang('POST');
    ok wait_for(sub { $target->counts->{held} }, 20), 'another took over and makes it';
    kill CONT => $pid;
    sleep 0.4;
    $target->let_go;
    my @wrong = settles($server, $target, 30);
    is join("\n", @wrong), '', 'it is there once';
    is scalar(grep { $_->{op} eq 'create' } $target->applied), 1, 'it was made once';
    $server->stop;
}

late_word();
my $count = seeds();
run_seed($_) for $first .. $first + $count - 1;
done_testing;
