# What the lines of the bench stand on: rounds and their table, the programs that measure, and the
# servers that are measured.
package Bench;
use strict;
use warnings;
use parent 'Exporter';
use FindBin;
use MIME::Base64 qw(encode_base64);
use ProvisionTest;
use ProvisionTest::Process qw(slurp spew);

our $seconds = $ENV{BENCH_TIME}   || 1;
our $rounds  = $ENV{BENCH_ROUNDS} || 5;
our $clients = 32;
our $token   = 'bench-token';
our $bearer  = "Bearer $token";
our $basic   = 'Basic ' . encode_base64('admin:correct horse', '');
our $programs = build_dir() . '/bench';

our @EXPORT = qw($seconds $rounds $clients $bearer $basic $programs
    print_head measure median cpu_of output_of wrk program file_of fresh_name
    server ctl once finish cached load_users load_groups against against_static anonymous_of);

my ($names, %cached) = (0);

sub fresh_name { return 'run' . ++$names . 'x' }
sub cached     { return $cached{ $_[0] } }

# --- the table -----------------------------------------------------------------------------------

sub print_head
{
    printf "%-42s %6s %5s %5s %-6s | %8s %7s %7s %7s | %8s %7s %7s %7s\n", 'what / reference',
        'ratio', 'must', 'aim', '', 'per s', 'CPU us', 'p50 us', 'p99 us',
        'ref/s', 'CPU us', 'p50 us', 'p99 us';
}

sub measure
{
    my ($name, $what, $must, $aim, $pair, %how) = @_;
    my $by = $how{by} // 'rate';
    my (@ratios, @ours, @refs);
    my ($do_ours, $do_ref) = $pair->();
    if (!ref $do_ours) {
        print "  $name: SKIPPED: $do_ours";
        return 0;
    }
    for my $round (1 .. $how{rounds} // $rounds) {
        my @turn = (sub { push @ours, $do_ours->() }, sub { push @refs, $do_ref->() });
        $_->() for $round % 2 ? @turn : reverse @turn; # neither is always the first
        push @ratios, $ours[-1]{$by} / ($refs[-1]{$by} || 1);
    }
    my $ratio = median(@ratios);
    $ratio = 1 / $ratio if $how{either} && $ratio > 1;
    my $good = sub { $how{most} ? $ratio <= $_[0] : $ratio >= $_[0] };
    my $verdict = $good->($aim) ? 'aim' : $good->($must) ? 'ok' : 'MISSED';
    printf "%-42s %6.2f %5s %5s %-6s | %8s %7s %7s %7s | %8s %7s %7s %7s\n", $what, $ratio, $must,
        $aim, $verdict, columns(@ours), columns(@refs);
    my @errors = grep { $_->{errors} } @ours, @refs;
    print "  $name: $errors[0]{errors} errors in a round\n" if @errors;
    return $verdict eq 'MISSED' || @errors ? 1 : 0;
}

sub columns
{
    my @all = @_;
    return map {
        my $column = $_;
        my @known = grep { defined } map { $_->{$column} } @all;
        @known ? sprintf('%.0f', median(@known)) : '-';
    } qw(rate cpu p50 p99);
}

sub median
{
    my @sorted = sort { $a <=> $b } @_;
    return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}

# --- what is measured ----------------------------------------------------------------------------

# CPU seconds of a server's processes so far; a server is what has a pid and may have children.
sub cpu_of
{
    my ($server) = @_;
    my $ticks = 0;
    for my $pid ($server->pid, $server->children) {
        my @fields = split ' ', slurp("/proc/$pid/stat") =~ s/^.*\) //sr;
        $ticks += ($fields[11] // 0) + ($fields[12] // 0);
    }
    return $ticks / 100;
}

# The line that a program or wrk ends with.
sub read_measured
{
    my ($said, $what) = @_;
    my ($count, $took, $errors, $p50, $p99, $cpu) = $said =~ /^MEASURED @{[join ' ', ('(\d+)') x 6]}$/m
        or die "$what:\n$said\n";
    my $per = $count || 1;
    return { rate => $count * 1e6 / $took, cpu => $cpu / $per, p50 => $p50, p99 => $p99,
        errors => $errors, count => $count };
}

sub output_of
{
    my @command = @_;
    open my $out, '-|', @command or die "$command[0]: $!";
    local $/;
    my $said = <$out> // '';
    close $out or die "@command: $said\n";
    return $said;
}

sub wrk
{
    my ($server, $connections, $for, @args) = @_;
    my $before = cpu_of($server);
    my $m = read_measured(output_of('wrk', '-t1', "-c$connections", "-d${for}s", '--timeout', '10s',
        '-s', "$FindBin::Bin/requests.lua", $server->url, '--', @args), 'wrk');
    $m->{cpu} = (cpu_of($server) - $before) * 1e6 / ($m->{count} || 1);
    return $m;
}

sub program { return read_measured(output_of(@_), $_[0]) }

sub file_of
{
    my ($server, $name, @rows) = @_;
    my $path = $server->scratch . "/$name";
    spew($path, join '', map { "$_\n" } @rows);
    return $path;
}

# Ours: these paths of this server, one after the other; the reference: its static file.
sub against_static
{
    my ($server, $authorization, @paths) = @_;
    my $static = file_of($server, 'static', '/static');
    return against($server, $authorization, \@paths,
        sub { wrk($server, $clients, $seconds, '', 'paths', $static) });
}

# The same against anything.
sub against
{
    my ($server, $authorization, $paths, $reference) = @_;
    my $ours = file_of($server, 'paths', @$paths);
    wrk($server, $clients, 1, $authorization, 'paths', $ours); # a warm cache
    return (sub { wrk($server, $clients, $seconds, $authorization, 'paths', $ours) }, $reference);
}

# --- servers -------------------------------------------------------------------------------------

# In the process model and environment that conf/provision.conf recommends.
sub server
{
    my ($name, $conf, %set) = @_;
    my $server = ProvisionTest->new(name => $name, children => 2, threads => 64,
        log_level => 'warn', env => { GLIBC_TUNABLES => 'glibc.malloc.tcache_count=2' }, %set);
    spew($server->scratch . '/htdocs/static', 'x' x 1024);
    $server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
$conf
<Location /scim/v2>
    ProvisionService scim
    AuthType Provision
    AuthName bench
    Require provision-permission scim
</Location>
<Location /health>
    ProvisionService health
    AuthType Provision
    AuthName bench
    Require provision-permission admin
</Location>
CONF
    ctl($server, qw(token create bench --permit admin --value), $token);
    ctl($server, qw(admin create admin), { stdin => "correct horse\n" });
    return $server;
}

sub ctl
{
    my ($server, @args) = @_;
    my ($status, $said) = $server->ctl(@args);
    die "provisionctl @args: $said\n" if $status;
    return $said;
}

sub once
{
    my ($name, $make) = @_;
    return $cached{$name} //= $make->();
}

sub finish
{
    my ($name) = @_;
    my $done = delete $cached{$name} or return;
    $done->{server}->stop if $done->{server}->pid;
}

sub load_users
{
    my ($server, $count, $prefix, @more) = @_;
    return split /\n/, output_of("$programs/load", $server->store_dir, 'users', $count, $prefix, @more);
}

sub load_groups
{
    my ($server, $count, $size, $prefix, $ids) = @_;
    return split /\n/, output_of('sh', '-c', 'exec "$0" "$1" groups "$2" "$3" "$4" <"$5"',
        "$programs/load", $server->store_dir, $count, $size, $prefix, $ids);
}

sub anonymous_of
{
    my ($server) = @_;
    my $sum = 0;
    $sum += (slurp("/proc/$_/status") =~ /^RssAnon:\s+(\d+)/m)[0] for $server->children;
    return $sum;
}

1;
