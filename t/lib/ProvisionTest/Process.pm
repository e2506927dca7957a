# Processes and files, as tests need them.
package ProvisionTest::Process;
use strict;
use warnings;
use parent 'Exporter';
use Fcntl qw(LOCK_EX LOCK_NB);
use IO::Socket::INET ();
use POSIX ();
use Time::HiRes qw(time sleep);

our @EXPORT_OK = qw(wait_for free_port beside ended_badly spawn children_of alive group_alive slurp
    spew tail apache2 load_module sanitizer_runtimes);
our %EXPORT_TAGS = (all => \@EXPORT_OK);

# Asks until the answer is true, and returns it; false after the seconds. A bound, not a measure.
sub wait_for
{
    my ($ask, $seconds) = @_;
    my $until = time + ($seconds // 10) * (($ENV{PROVISION_BUILD} // '') =~ /asan/ ? 3 : 1);
    while (1) {
        my $answer = $ask->();
        return $answer if $answer;
        return if time > $until;
        sleep 0.02;
    }
}

# Below those that the system gives to whoever connects: a server that was killed must find its port
# again. Other processes draw others.
my $ports_drawn = 0;
my (%reserved, $reserver); # the locks last as long as we do
sub free_port
{
    for (1 .. 1000) {
        my $port = 10_000 + ($$ * 137 + 7919 * $ports_drawn++) % 22_000;
        reserve($port) or next; # before a look at it, which whoever it belongs to would find in his way
        my $socket = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port", Listen => 1,
            ReuseAddr => 1);
        return $port if $socket;
    }
    die "no port: $!";
}

# A server that is down for a moment keeps its port: other tests see that it is spoken for.
sub reserve
{
    my ($port) = @_;
    open my $lock, '>>', "/tmp/provision-port-$port" or return;
    flock $lock, LOCK_EX | LOCK_NB or return;
    $reserved{$port} = $lock;
    $reserver = $$;
    return 1;
}

END { unlink map { "/tmp/provision-port-$_" } keys %reserved if ($reserver // 0) == $$ }

# Runs it in a process of its own, which does not outlive this one. Returns the pid; it ends well if
# what it runs returns true.
my %prctl = (x86_64 => 157, aarch64 => 167);
sub beside
{
    my ($run) = @_;
    my $parent = $$;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    my $number = $prctl{ (POSIX::uname())[4] };
    syscall $number, 1, POSIX::SIGKILL() if $number; # PR_SET_PDEATHSIG
    POSIX::_exit(1) if getppid() != $parent;
    my $well = eval { $run->() };
    print STDERR "# $@" if $@;
    POSIX::_exit($well ? 0 : 1);
}

# Waits for them all. How many ended badly.
sub ended_badly { return scalar grep { waitpid $_, 0; $? } @_ }

# A process in a group of its own (so that it can be killed whole), its output in a file.
sub spawn
{
    my ($env, $command, $out, $in) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    setpgrp 0, 0;
    delete @ENV{ grep { /^(APACHE|PERL5LIB)/ } keys %ENV };
    @ENV{ keys %$env } = values %$env;
    $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE USR1);
    open STDIN, '<', $in // '/dev/null';
    open STDOUT, '>', $out or POSIX::_exit(126);
    open STDERR, '>&', \*STDOUT;
    { exec { $command->[0] } @$command };
    print "$command->[0]: $!\n";
    close STDOUT;
    POSIX::_exit(127);
}

sub stat_of
{
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/stat" or return;
    my ($state, $parent, $group) = (<$in> // '') =~ /^\d+ \(.*\) (\S) (\d+) (\d+) / or return;
    return ($state, $parent, $group);
}

sub alive
{
    my ($state) = stat_of($_[0]) or return 0;
    return $state !~ /[ZX]/;
}

# The living ones, oldest first.
sub children_of
{
    my ($of) = @_;
    my @all = sort { $a <=> $b } grep {
        my ($state, $parent) = stat_of($_);
        defined $parent && $parent == $of && $state !~ /[ZX]/;
    } map { m{^/proc/(\d+)} } glob '/proc/[0-9]*';
    return @all; # sort has no meaning in scalar context, a list's length has
}

# Whether any of a process group lives, also one that was born while the group was killed.
sub group_alive
{
    my ($of) = @_;
    return grep {
        my ($state, undef, $group) = stat_of($_);
        defined $group && $group == $of && $state !~ /[ZX]/;
    } map { m{^/proc/(\d+)} } glob '/proc/[0-9]*';
}

sub slurp
{
    my ($path) = @_;
    open my $in, '<:raw', $path or return '';
    local $/;
    return <$in> // '';
}

sub spew
{
    my ($path, $text) = @_;
    open my $out, '>:raw', $path or die "$path: $!";
    print {$out} $text;
    close $out or die "$path: $!";
}

sub tail
{
    my ($text, $lines) = @_;
    my @all = split /\n/, $text;
    splice @all, 0, @all - $lines if @all > $lines;
    return @all;
}

sub apache2
{
    return (grep { -x } qw(/usr/sbin/apache2 /usr/sbin/httpd))[0] // die "no httpd";
}

# Debian builds some modules in; those have no file.
sub load_module
{
    my ($name) = @_;
    my ($file) = grep { -e } map { "$_/mod_$name.so" }
        qw(/usr/lib/apache2/modules /usr/lib64/httpd/modules);
    return $file ? "LoadModule ${name}_module $file\n" : '';
}

# httpd itself is built without them, so they must be there before it.
sub sanitizer_runtimes
{
    return map { chomp(my $path = `gcc -print-file-name=$_`); Cwd::abs_path($path) // () }
        qw(libasan.so libubsan.so);
}

1;
