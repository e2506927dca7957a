# The newcomer's minute: `make run`, paste what it prints, see it; and what it does when something
# is in its way.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Process qw(alive children_of slurp spawn spew);
use Cwd qw(abs_path);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET ();
use POSIX qw(WNOHANG);

my $root = abs_path(__FILE__ =~ s{[^/]*$}{..}r);
plan skip_all => 'build/mod_provision.so is not built; make builds it'
    if !-e "$root/build/mod_provision.so";
plan skip_all => 'curl is not installed; `make run` installs it'
    if !grep { -x "$_/curl" } split /:/, $ENV{PATH};

my $home = tempdir('provision-first-XXXXXX', DIR => '/tmp');
chmod 0755, $home;
my @started;
my @made = ($home);

# Two neighbouring ports.
sub free_ports
{
    for (1 .. 50) {
        my $port = free_port();
        return $port if $port < 65535
            && IO::Socket::INET->new(LocalAddr => '127.0.0.1:' . ($port + 1), Listen => 1,
                ReuseAddr => 1);
    }
    die 'no two ports';
}

sub start_run
{
    my (%set) = @_;
    my $run = { port => $set{port} // free_ports(), out => "$home/out." . scalar @started };
    my %env = (PORT => $run->{port}, STATE => $set{state}, %{ $set{env} // {} });
    $run->{pid} = spawn(\%env, [ "$root/conf/run" ], $run->{out});
    push @started, $run;
    return $run;
}

sub said { return slurp($_[0]{out}) }

sub gone
{
    my ($run) = @_;
    return 1 if $run->{gone};
    return 0 if waitpid($run->{pid}, WNOHANG) != $run->{pid};
    $run->{status} = $?;
    return $run->{gone} = 1;
}

sub ready
{
    my ($run) = @_;
    wait_for(sub { said($run) =~ /^Ctrl-C stops both/m || gone($run) }, 30);
    return !$run->{gone} && said($run) =~ /^Ctrl-C stops both/m;
}

# The servers and all their children.
sub family
{
    my ($run) = @_;
    my @all = children_of($run->{pid});
    return (@all, map { children_of($_) } @all);
}

# As Ctrl-C in a terminal does: SIGINT to the whole group.
sub interrupt
{
    my ($run, $signal) = @_;
    my @all = family($run);
    kill $signal // 'INT', -$run->{pid};
    my $ended = wait_for(sub { gone($run) }, 30);
    return ($ended, grep { alive($_) } @all);
}

# The parent of a server, killed; its children, which it leaves.
sub kill_parent
{
    my ($state, $name) = @_;
    chomp(my $parent = slurp("$state/$name/httpd.pid"));
    my @children = children_of($parent);
    kill KILL => $parent;
    return @children;
}

sub listens { return IO::Socket::INET->new(PeerAddr => "127.0.0.1:$_[0]") ? 1 : 0 }

# The commands it printed, each with its continuation lines, and what they print.
sub commands
{
    my ($run) = @_;
    my $text = said($run) =~ s/\\\n/\0/gr;
    return map { s/\0/\\\n/gr } $text =~ /^  (\S.*)$/mg;
}

sub paste
{
    my ($command) = @_;
    spew("$home/pasted", "$command\n");
    my $pid = spawn({}, [ '/bin/sh', '-c', "cd '$root' && . '$home/pasted'" ], "$home/pasted.out");
    waitpid $pid, 0;
    return slurp("$home/pasted.out");
}

sub quoted { return q{'} . $_[0] =~ s/'/'\\''/gr . q{'} }

# --- the minute -----------------------------------------------------------------------------------
my $state = "$home/state";
my $run = start_run(state => $state);
ok ready($run), '`make run` comes up' or diag said($run);
like said($run), qr/\Q$state\E/, 'and says where its state is';
is((stat "$state/admin.$_")[2] & 0777, 0600, "the $_ is nobody else's") for qw(password token);
my @commands = commands($run);
is scalar @commands, 4, 'four commands to paste' or diag said($run);
my ($create, $at_target, $link, $ctl) = @commands;
my $alice = decode(paste($create));
is $alice->{userName}, 'alice', 'a user is created' or diag slurp("$home/pasted.out");
my $there = wait_for(sub {
    my $list = decode(paste($at_target)) or return;
    return ($list->{totalResults} // 0) == 1 && $list->{Resources}[0];
}, 15);
is $there && $there->{externalId}, $alice->{id}, 'she arrives at the target';
is $there && $there->{name}{familyName}, 'Liddell', 'whole';
isnt $there && $there->{id}, $alice->{id}, 'with an id of its own';
my $shown = wait_for(sub {
    my $user = (decode(paste($link)) // {})->{Resources}[0] or return;
    my ($extension) = grep { /:Links$/ } keys %$user;
    my $row = $user->{$extension // ''}{links}[0] or return;
    return $row->{state} eq 'synced' && $row;
}, 15);
is $shown && $shown->{remoteId}, $there->{id}, 'her link names the remote id';
like paste($ctl), qr/\Q$alice->{id}\E.*synced.*\Q$there->{id}\E/, 'provisionctl shows it too';
like decode(paste($create))->{detail} // '', qr/\w/, 'pasted again it is refused with a sentence';

if (!$>) {
    my $www = getpwnam 'www-data';
    is((stat "$state/$_/store")[4], $www, "the $_ store is the server's") for qw(front target);
}

# --- Ctrl-C ---------------------------------------------------------------------------------------
my @all = family($run);
cmp_ok scalar @all, '>=', 6, 'two servers with children';
my ($ended, @left) = interrupt($run);
ok $ended, 'Ctrl-C ends it';
is $run->{status}, 0, 'well' or diag said($run);
is_deeply \@left, [], 'with everything it started';
is listens($run->{port} + $_), 0, 'and nothing listens any more' for 0, 1;

# --- again ----------------------------------------------------------------------------------------
my $port = $run->{port};
$run = start_run(state => $state, port => $port);
ok ready($run), 'a second start on the same state' or diag said($run);
is_deeply [ commands($run) ], \@commands, 'prints the same commands, credentials too';
is decode(paste($at_target))->{totalResults}, 1, 'what was there is there';

# A port that is taken: by the run that is still up.
my $late = start_run(state => "$home/late", port => $port);
ok wait_for(sub { gone($late) }, 30), 'a second one on the same port';
isnt $late->{status}, 0, 'does not start';
like said($late), qr/already listens on port \d+; PORT=n/, 'and says what to do';
is listens($port), 1, 'the first goes on';

# Without a terminal: SIGTERM to the script alone.
@all = family($run);
kill TERM => $run->{pid};
ok wait_for(sub { gone($run) }, 30), 'SIGTERM ends it too';
is_deeply [ grep { alive($_) } @all ], [], 'with everything';

# --- a port that cannot be had ----------------------------------------------------------------------
for my $wrong (qw(80x 0 0800 65535)) {
    my $none = start_run(state => "$home/none", port => $wrong);
    ok wait_for(sub { gone($none) }, 30), "PORT=$wrong";
    isnt $none->{status}, 0, 'does not start';
    like said($none), qr/\A.*PORT is a number from 1 to 65534, not $wrong;.*\n\z/, 'and says why';
}

# Something that is no web server, and says nothing.
my $other = IO::Socket::INET->new(LocalAddr => '127.0.0.1:0', Listen => 5) or die;
my $at = $other->sockport;
my $taken = start_run(state => "$home/taken", port => $at - 1);
ok wait_for(sub { gone($taken) }, 40), "the target's port is taken by something silent";
isnt $taken->{status}, 0, 'nothing starts';
is said($taken), "make run: something already listens on port $at; PORT=n takes another\n", 'told';
ok !-e "$home/taken", 'and nothing is made';
close $other;

# Who has the port does not even listen: httpd finds it out.
$other = IO::Socket::INET->new(LocalAddr => '127.0.0.1:0', Proto => 'tcp') or die;
my $deaf = start_run(state => $state, port => $other->sockport - 1);
ok wait_for(sub { gone($deaf) }, 40), 'the target cannot have its port';
isnt $deaf->{status}, 0, 'does not start';
like said($deaf), qr/in use.*the target server does not come up/s, 'and says why';
isnt slurp("$state/target/error.log"), '', 'there is a log of earlier starts';
unlike said($deaf), qr/resuming normal operations|caught SIGTERM/, 'of which nothing is shown';
close $other;

# --- credentials of one's own ---------------------------------------------------------------------
my $word = q{it's "my" \\own $word};
my $own = start_run(state => $state,
    env => { PROVISION_ADMIN_PASSWORD => $word, PROVISION_ADMIN_TOKEN => 'my-own-token' });
ok ready($own), 'PROVISION_ADMIN_PASSWORD and PROVISION_ADMIN_TOKEN, on the old state'
    or diag said($own);
for my $at ($own->{port}, $own->{port} + 1) {
    my $curl = "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:$at/health";
    is paste("$curl -H 'Authorization: Bearer my-own-token'"), 200, "the token holds on $at";
    is paste("$curl -u " . quoted("admin:$word")), 200, 'the password too';
    is paste("$curl -u 'admin:another'"), 401, 'and no other';
}
my @again = commands($own);
is decode(paste($again[1]))->{totalResults}, 1, 'what it prints can be pasted, the password quoted';

# --- servers that are killed ------------------------------------------------------------------------
my @orphans = kill_parent($state, 'target');
ok wait_for(sub { said($own) =~ /^The target server has ended/m }, 30), 'who ended is told';
ok wait_for(sub { !listens($own->{port} + 1) }, 30), 'its children end with it';
is listens($own->{port}), 1, 'the other goes on';
push @orphans, kill_parent($state, 'front');
cmp_ok scalar @orphans, '>=', 4, 'both had children';
($ended, @left) = interrupt($own, 'HUP');
ok $ended, 'a terminal that is closed ends it';
is_deeply [ @left, grep { alive($_) } @orphans ], [], 'with the children of killed parents';
is listens($own->{port} + $_), 0, 'both ports are free' for 0, 1;

$run = start_run(state => $state, port => $port);
ok ready($run), 'it starts again' or diag said($run);
@all = (family($run), kill_parent($state, 'front'));
ok wait_for(sub { gone($run) }, 30), 'without its front server it ends';
is $run->{status} >> 8, 1, 'with an error';
like said($run), qr/^make run: the server on port $port has ended; its log is /m, 'and says which';
is_deeply [ grep { alive($_) } @all ], [], 'with everything';

# --- a folder that the server's user cannot enter -------------------------------------------------
SKIP: {
    skip 'not root: the servers run as who starts them', 18 if $>;
    mkdir "$home/barred", 0700 or die;
    my $wanted = "$home/barred/state";
    my $barred = start_run(state => $wanted);
    ok ready($barred), 'below a folder that www-data cannot enter' or diag said($barred);
    like said($barred), qr/cannot reach \Q$wanted\E/, 'it says so';
    my $instead = abs_path($wanted);
    push @made, $instead if $instead =~ m{^/var/tmp/};
    like $instead, qr{^/var/tmp/mod_provision\.}, 'and takes a folder of its own, by a link';
    my ($way, @ways) = commands($barred);
    is decode(paste($way))->{userName}, 'alice', 'where it works';
    interrupt($barred);

    for my $signal (qw(KILL INT)) {
        $barred = start_run(state => "$wanted/", port => $barred->{port});
        ok ready($barred), 'the next time' or diag said($barred);
        is_deeply [ commands($barred) ], [ $way, @ways ], 'it is the same';
        like paste("build/provisionctl --store $wanted/front/store links"), qr/target/, 'with its links';
        @all = family($barred);
        interrupt($barred, $signal);
        ok wait_for(sub { !grep { alive($_) } @all }, 30), "SIG$signal for the script ends all";
    }

    # The link stays, its folder goes, and somebody else makes one of this name.
    remove_tree($instead);
    mkdir $instead, 0755 or die;
    chown scalar getpwnam('www-data'), -1, $instead or die;
    my $late = start_run(state => $wanted);
    ok ready($late), 'a folder of somebody else' or diag said($late);
    isnt abs_path($wanted), $instead, 'is not taken';
    push @made, abs_path($wanted);
    is_deeply [ glob "$instead/*" ], [], 'nor written to';
    interrupt($late);

    unlink $wanted;
    mkdir $wanted or die;
    spew("$wanted/mine", 'kept');
    $late = start_run(state => $wanted);
    ok wait_for(sub { gone($late) }, 30), 'where something is already';
    like said($late), qr/cannot reach what is in \Q$wanted\E; STATE=folder/, 'it says so';
    is slurp("$wanted/mine"), 'kept', 'and leaves it';
}

END {
    my $status = $?;
    for my $left (grep { !$_->{gone} } @started) {
        interrupt($left);
        kill KILL => -$left->{pid} if !$left->{gone};
    }
    remove_tree(@made) if !$ENV{KEEP};
    $? = $status;
}
done_testing;
