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
    my ($run) = @_;
    my @all = family($run);
    kill INT => -$run->{pid};
    my $ended = wait_for(sub { gone($run) }, 30);
    return ($ended, grep { alive($_) } @all);
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

# The target's port is taken by something that is no web server.
my $other = IO::Socket::INET->new(LocalAddr => '127.0.0.1:0', Listen => 1) or die;
my $taken = start_run(state => "$home/taken", port => $other->sockport - 1);
ok wait_for(sub { gone($taken) }, 40), 'the target cannot have its port';
isnt $taken->{status}, 0, 'does not start';
like said($taken), qr/port @{[$other->sockport]}|in use/, 'and says why';
is_deeply [ grep { alive($_) } family($taken) ], [], 'nothing of it is left';
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
interrupt($own);

# --- a folder that the server's user cannot enter -------------------------------------------------
SKIP: {
    skip 'not root: the servers run as who starts them', 4 if $>;
    mkdir "$home/barred", 0700 or die;
    my $barred = start_run(state => "$home/barred/state");
    ok ready($barred), 'below a folder that www-data cannot enter' or diag said($barred);
    like said($barred), qr/cannot reach .*barred/, 'it says so';
    my ($instead) = said($barred) =~ m{^mod_provision runs.*State: (/var/tmp/\S+)}m;
    ok defined $instead, 'and takes a folder of its own';
    push @made, $instead if defined $instead;
    my ($way) = commands($barred);
    is decode(paste($way))->{userName}, 'alice', 'where it works';
    interrupt($barred);
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
