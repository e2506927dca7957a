# A target that refuses, forgets, stutters, answers late and lies, while users and groups come, go,
# are renamed and swap names. When the faults stop, the target is what the source is: nothing there
# twice, no stranger touched, leavers disabled.
# SEED=n begins with that seed, SEEDS=n runs so many, OPERATIONS=n sets their length.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use FaultTarget;
use FaultTarget::Compare qw(everything settled_links settles unsettled);
use FaultTarget::Load;
use JSON ();
use ProvisionTest;
use Time::HiRes qw(sleep);

my $operations = $ENV{OPERATIONS} // (quick() ? 400 : 10_000);
my $clients = 4;
my $first = $ENV{SEED} // 1;

# In 10,000 requests.
my %rates = (reset => 150, reset_after => 150, late => 60, error => 100, error_after => 100,
    unavailable => 50, slow_down => 8, slow_date => 8, garbage => 60, endless => 30, conflict => 80,
    missing => 100, lost => 10, locked_out => 10, refuse => 15);
my @kinds = FaultTarget::Server::kinds();
is join(' ', sort keys %rates), "@kinds", 'every kind of fault happens here';

sub conf
{
    my ($target) = @_;
    return FaultTarget::conf_for($target->url, 'factor=2 max=500ms', 'ProvisionCallLimit 300ms');
}

# Accounts of others with names that ours will want: some marked as another source's, some not.
sub strangers
{
    my ($target) = @_;
    my %made;
    for my $client (0 .. $clients - 1) {
        for my $name (FaultTarget::Load::strange_names($client)) {
            my $mark = $name =~ /[02468]$/ ? { externalId => "theirs-$name" } : {};
            $made{ $target->stranger(Users => { userName => $name, %$mark, title => 'Not yours' }) } = 1;
        }
    }
    my $state = $target->state;
    return { Users => { map { $_ => $state->{Users}{$_} } keys %made } };
}

# In a process each, all at once; true if all ended well.
sub run_clients
{
    my ($server, $seed) = @_;
    my @pids = map {
        my $client = $_;
        beside(sub {
            my $load = FaultTarget::Load->new(server => $server, client => $client,
                seed => $seed * 100 + $client);
            $load->step for 1 .. $operations / $clients;
            return 1;
        });
    } 0 .. $clients - 1;
    return !ended_badly(@pids);
}

sub run_seed
{
    my ($seed) = @_;
    my $target = FaultTarget->new(seed => $seed, limit => 0.3);
    my $strangers = strangers($target);
    my $server = ProvisionTest->new(name => "seed$seed")->start(conf => conf($target));
    $server->ctl(qw(admin create boss), { stdin => "of-all-of-it-7\n" });
    $server->login('boss', 'of-all-of-it-7');
    $target->faults(%rates);
    ok run_clients($server, $seed), "seed $seed: $operations operations were answered";
    my $seen = $target->calm;
    diag join ' ', 'faults:', map { "$_ $seen->{$_}" } sort keys %$seen;
    diag join ' ', 'requests:', $target->counts->{requests};

    $server->ctl(qw(target resume partner/scim2));
    $server->ctl(qw(links retry --state failed));
    my $users = everything($server, 'Users');
    my %taken = map { lc $_->{userName} => 1 } values %{ $strangers->{Users} };
    my %blocked = map { $_ => 1 } grep { $taken{ lc $users->{$_}{userName} } } keys %$users;
    wait_for(sub { !unsettled($server) }, 40);
    my @failed = map { $_->{id} } map { decode($_) }
        split /\n/, ($server->ctl(qw(links --state failed --json --limit 100000)))[1];
    is join(' ', sort @failed), join(' ', sort keys %blocked),
        "seed $seed: who wants a stranger's name has failed, and nobody else";
    # A name of its own is all that such a user needs.
    for my $id (sort keys %blocked) {
        my $res = $server->call(PATCH => "/scim/v2/Users/$id", FaultTarget::Load::patch(
            { op => 'replace', path => 'userName', value => "$users->{$id}{userName}-own" }));
        is $res->code, 200, 'another name' or diag $res->as_string;
    }
    my @wrong = settles($server, $target, 40, strangers => $strangers);
    sleep 1; # what is looked at once more is looked at by then
    @wrong = settles($server, $target, 10, strangers => $strangers) if !@wrong;
    is scalar @wrong, 0, "seed $seed: the target is what the source is, strangers are what they were"
        or diag join "\n", @wrong[0 .. ($#wrong > 12 ? 12 : $#wrong)],
        map { ($server->ctl(qw(links --json --limit 5 --state), $_))[1] } qw(waiting unknown failed);
    my ($status, $said) = $server->ctl('check');
    is $status, 0, "seed $seed: the store is whole" or diag $said;
    my $links = settled_links($server);
    diag join ' ', 'links:', map { "$_ $links->{$_}" } sort keys %$links;
    $server->stop;
}

my $count = seeds();
run_seed($_) for $first .. $first + $count - 1;
done_testing;
