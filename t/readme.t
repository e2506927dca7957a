# What README.md says is true: its tour is run and shows what it shows, its configuration passes
# configtest, its connector compiles and carries a user, and what it names exists.
#
# A fenced block says what is done with it:
#   sh start          conf/run is started (again), as `make run` does
#   sh run            run by bash in the top folder; variables are kept from block to block
#   output            what the block before it prints, but for white space, ids and times; ... is
#                     anything. A block that only reads is run until it fits, others once
#   apache test       passes configtest, all of them together
#   apache connector  with the connector, carries a user
#   c test            compiles without a warning
# For the tour the ports 8080 and 8081 are free ones and build/run is a scratch folder; in the
# configuration /var/lib/provision, /etc/provision and the connector's target are scratch ones.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use File::Temp qw(tempdir);
use IO::Socket::INET ();
use ProvisionTest;
use ProvisionTest::Process qw(slurp spew spawn alive);

my $readme = slurp('README.md');
my $documented = slurp('conf/provision.conf');
my @blocks = blocks();
my $state = tempdir('provision-readme-XXXXXX', DIR => '/tmp', CLEANUP => 1);
my ($port, $running) = two_ports();
my $variables = "$state.variables";

sub blocks
{
    my ($kind, @found);
    for my $line (split /^/, $readme) {
        if (!defined $kind && $line =~ /^```(.*)/) {
            $kind = $1;
            push @found, { kind => $1, text => '' };
        } elsif (defined $kind && $line =~ /^```/) {
            undef $kind;
        } elsif (defined $kind) {
            $found[-1]{text} .= $line;
        }
    }
    return @found;
}

sub of_kind
{
    my ($kind) = @_;
    return map { $_->{text} } grep { $_->{kind} eq $kind } @blocks;
}

# --- the tour ------------------------------------------------------------------------------------

sub two_ports
{
    for (1 .. 100) {
        my $first = free_port();
        my $second = IO::Socket::INET->new(LocalAddr => '127.0.0.1:' . ($first + 1), Listen => 1);
        return $first if $second;
    }
    die 'no two free ports side by side';
}

sub stop_servers
{
    return if !$running;
    kill TERM => $running;
    waitpid $running, 0;
    undef $running;
}

sub start_servers
{
    my ($in) = @_;
    stop_servers();
    unlink "$state.log";
    local @ENV{qw(PORT STATE)} = ($port, $in // $state);
    $running = spawn({}, ['conf/run'], "$state.log");
    my $up = wait_for(sub { -e "$state.log" && slurp("$state.log") =~ /Ctrl-C stops both/ || !alive($running) }, 60);
    ok $up && alive($running), 'make run starts both servers'
        or BAIL_OUT('no servers: ' . slurp("$state.log"));
}

sub here
{
    my ($text) = @_;
    my $target = $port + 1;
    return $text =~ s/\b8080\b/$port/gr =~ s/\b8081\b/$target/gr =~ s{build/run}{$state}gr;
}

sub run_block
{
    my ($text) = @_;
    spew("$state.sh", "touch $variables; . $variables\n" . here($text)
            . "\ndeclare -p TOKEN ID 2>$state.err >$variables; true\n");
    return scalar `bash $state.sh 2>&1`;
}

sub pattern
{
    my ($text) = @_;
    my $any = '[0-9a-f]';
    my $p = quotemeta(here($text) =~ s/\s+//gr);
    $p =~ s/\\\.\\\.\\\./.*/g;
    $p =~ s/$any{8}(?:\\-$any{4}){3}\\-$any{12}/$any\{8}(?:-$any\{4}){3}-$any\{12}/g;
    $p =~ s/\d{4}\\-\d\d\\-\d\dT\d\d\\:\d\d\\:\d\d(?:\\\.\d+)?Z/[-0-9T:.]+Z/g;
    return qr/^$p$/s;
}

sub try_block
{
    my ($block, $expected) = @_;
    my ($name) = grep { /\S/ && !/^TOKEN=/ } split /\n/, $block->{text};
    my $reads = $block->{text} !~ /-X | -d |kill |retry|revoke|create/;
    my $fits = defined $expected ? pattern($expected->{text}) : qr/^/;
    my $said;
    my $shown = wait_for(sub { ($said = run_block($block->{text})) =~ s/\s+//gr =~ $fits || !$reads },
        $reads ? 20 : 1);
    ok $shown && $said =~ s/\s+//gr =~ $fits, 'the tour: ' . substr $name, 0, 72 or diag $said;
}

sub tour
{
    for my $i (0 .. $#blocks) {
        my ($block, $next) = @blocks[$i, $i + 1];
        start_servers() if $block->{kind} eq 'sh start';
        try_block($block, $next && $next->{kind} eq 'output' ? $next : undef)
            if $block->{kind} eq 'sh run';
    }
    ok scalar(of_kind('sh run')) >= 8, 'there is a tour';
    my $all = run_block('build/provisionctl --store build/run/front/store links --state none');
    my ($states) = $all =~ /takes one of (.*)/ or diag $all;
    my ($table) = $readme =~ /^\| state \| meaning.*?\n(.*?)\n\n/ms;
    my @named = map { my ($first) = split / \| /; $first =~ /`([^`]+)`/g } split /\n/, $table;
    is join(', ', sort @named), join(', ', sort split /, /, $states), 'every state is explained';
    stop_servers();
}

# --- configuration and connector -----------------------------------------------------------------

sub moved
{
    my ($text) = @_;
    return $text =~ s{/var/lib/provision}{\@store\@}gr =~ s{/etc/provision}{\@scratch\@/secrets}gr;
}

sub configuration
{
    my $server = ProvisionTest->new(modules => ['authz_host']);
    $server->secret('partner.pw', "letmein\n");
    my ($good, $said) = $server->configtest(moved(join "\n", of_kind('apache test')));
    ok $good, 'the configuration passes configtest' or diag $said;
    unlike $said, qr/warn/i, 'without a warning';
}

sub compiled
{
    my ($source) = of_kind('c test');
    spew("$state.c", $source);
    my $flags = `apr-1-config --includes --cppflags --cflags` . ' -I' . `apxs -q INCLUDEDIR`;
    $flags =~ s/\s+/ /g;
    my $said = `gcc -std=gnu99 -Wall -Wextra -Wno-unused-parameter -Werror -fPIC -shared -o $state.so \\
        -Isrc -Isrc/outbound/connector $flags $state.c 2>&1`;
    is $?, 0, 'the connector compiles' or diag $said;
    return "$state.so";
}

# Its target is a WebDAV server.
sub connector
{
    my $so = compiled();
    my $files = ProvisionTest->new(name => 'files', module => 0, modules => [qw(dav dav_fs)]);
    my $folder = $files->scratch . '/htdocs/people';
    mkdir $folder or die "$folder: $!";
    $files->own($folder);
    $files->start(conf => <<'CONF');
DavLockDB @scratch@/run/dav
<Directory @scratch@/htdocs>
    Dav on
</Directory>
CONF
    my $server = ProvisionTest->new(modules => ['authz_host']);
    my ($section) = of_kind('apache connector');
    $section =~ s{https://files\.example}{$files->url}e;
    my ($store) = of_kind('apache test');
    $server->start(conf => "LoadModule provision_files_module $so\n" . moved($store) . $section);
    my ($status, $said) = $server->ctl(qw(admin create admin), { stdin => "correct horse\n" });
    is $status, 0, 'an administrator is made' or diag $said;
    $server->login('admin', 'correct horse');
    my $made = $server->call(POST => '/scim/v2/Users',
        { schemas => ['urn:ietf:params:scim:schemas:core:2.0:User'], userName => 'alice' });
    is $made->code, 201, 'a user is made';
    is $made->header('Provision-Status'), 'archive/files;state=synced;http=201', 'and carried';
    is slurp("$folder/alice"), 'alice', 'by the connector';
    my $gone = $server->call(DELETE => '/scim/v2/Users/' . decode($made)->{id});
    is $gone->code, 204, 'and removed';
    ok wait_for(sub { !-e "$folder/alice" }, 20), 'there, too';
}

# --- what is named -------------------------------------------------------------------------------

sub missing
{
    my ($is_known, @names) = @_;
    my %seen;
    return join ', ', grep { !$seen{$_}++ && !$is_known->($_) } @names;
}

sub names
{
    my $code = join "\n", $readme =~ /`([^`\n]+)`/g, map { $_->{text} } @blocks;
    is missing(sub { $documented =~ /^#?\s*<?$_[0]\b/m }, $code =~ /\b(Provision[A-Z]\w+)/g), '',
        'every directive is in conf/provision.conf';
    is missing(sub { -e $_[0] }, $code =~ m{\b((?:src|conf|t)/[\w/.]*\w)}g), '', 'every file is there';
    my $makefile = slurp('Makefile');
    is missing(sub { $makefile =~ /^$_[0]:/m }, $code =~ /^make ([a-z]+)/mg), '',
        'every make target exists';

    my ($settings) = $readme =~ /^\| ours .*?\n(.*?)\n\n/ms;
    my @ours = map { my (undef, $first) = split / *\| */; $first =~ /`([a-z]\w+)`/g } split /\n/, $settings;
    my %known = map { $_ => 1 } $documented =~ /^#ProvisionSet (\w+)/mg;
    is join(' ', sort @ours), join(' ', sort keys %known), 'every setting of scim2 is in the table';
}

sub limits
{
    my ($table) = $readme =~ /^\| what \| directive .*?\n(.*?)\n\n/ms;
    my @wrong;
    for my $row (split /\n/, $table) {
        my (undef, undef, $names, $values) = split / *\| */, $row;
        my @names = $names =~ /`(Provision\w+)`/g or next;
        my @values = split /, /, $values;
        for my $i (0 .. $#names) {
            my ($default) = $documented =~ /^#$names[$i] (\S+)/m;
            $default = 'a quarter of ThreadsPerChild' if $names[$i] eq 'ProvisionBlockingMax';
            push @wrong, "$names[$i] is $default" if $default ne ($values[$i] // '');
        }
    }
    is "@wrong", '', 'the defaults of the limits are right';
}

# provisionctl's commands and options, where they stand in code.
sub commands
{
    my $help = `build/provisionctl --help`;
    my %known = map { $_ => 1 } $help =~ /^  ([a-z]+(?: [a-z]+)?)(?= |$)/mg;
    my $code = join "\n", $readme =~ /`([^`\n]+)`/g, map { $_->{text} } @blocks;
    my @lines = grep { /provisionctl / } split /\n/, $code;
    my @called = (map { /--store \S+ ([a-z]+(?: [a-z]+)?)/g } @lines),
        $code =~ /^(?:build\/)?provisionctl ([a-z]+(?: [a-z]+)?)/mg, $code =~ /^((?:links|token|target) [a-z]+)/mg;
    ok @called > 10, 'commands are named';
    is missing(sub { $known{$_[0]} }, @called), '', 'and exist';
    is missing(sub { $help =~ /^  \Q$_[0]\E\b/m }, map { /(--[a-z]+)/g } @lines), '', 'so do their options';
}

# STATE may be any folder; what is printed can be pasted there too.
sub spaced
{
    start_servers("$state/a folder");
    my ($links) = slurp("$state.log") =~ m{^  (build/provisionctl .*)$}m;
    is system($links), 0, 'also in a folder with a space in its name' or diag $links;
}

END {
    my $status = $?;
    stop_servers();
    unlink map { "$state.$_" } qw(log sh err c so variables);
    $? = $status;
}

BAIL_OUT('make has not been run') if !-x 'build/provisionctl';
names();
limits();
commands();
configuration();
connector();
tour();
spaced();
done_testing;
