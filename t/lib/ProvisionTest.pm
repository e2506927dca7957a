# A real httpd for a test, in a scratch folder of its own: started, called, killed, removed.
#
#   use Apache::Test qw(-withtestmore);
#   use ProvisionTest;
#   my $front = ProvisionTest->new;
#   $front->start(conf => qq{ProvisionStore lmdb \@store\@\n...});
#   my $res = $front->call(POST => '/scim/v2/Users', { userName => 'alice' });
#   is $res->code, 201;
#   done_testing;
#
# In conf, @scratch@ @store@ @port@ @build@ @data@ are replaced. As root the parent is root and
# the children are www-data, who owns the scratch folder. What a test leaves running is stopped
# at its end, by pid; a child that crashed or that a sanitizer complained about fails the test.
package ProvisionTest;
use strict;
use warnings;
use parent 'Exporter';
use Cwd qw(abs_path);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use HTTP::Request ();
use IO::Socket::INET ();
use JSON ();
use LWP::UserAgent ();
use POSIX qw(WNOHANG);
use Time::HiRes qw(time sleep);
use ProvisionTest::Process qw(:all);

our @EXPORT = qw(wait_for free_port beside ended_badly decode build_dir data_dir quick seeds);
our @EXPORT_OK = @ProvisionTest::Process::EXPORT_OK;

my $root = abs_path(__FILE__ =~ s{[^/]*$}{../..}r);
my $owner = $$;
my @servers;
my $json = JSON->new->utf8->canonical->allow_nonref;

sub build_dir { return abs_path($ENV{PROVISION_BUILD} // "$root/build/test") // "$root/build/test" }
sub data_dir  { return abs_path($ENV{PROVISION_DATA} // "$root/../shared/data") // '' }
sub quick     { return $ENV{PROVISION_QUICK} || $ENV{QUICK} ? 1 : 0 }
sub seeds     { return $ENV{SEEDS} || ($_[0] // 1) } # make exports it empty

# name: for messages. children, threads: the process model. modules: more of httpd's own.
# module => 0: a plain httpd. preload: names of t/preload/*.c.
sub new
{
    my ($class, %set) = @_;
    my $self = bless {
        name => 'server', children => 2, threads => 16, modules => [], module => 1,
        preload => [], env => {}, headers => {}, log_level => 'info', %set,
    }, $class;
    $self->{scratch} = tempdir('provision-test-XXXXXX', DIR => '/tmp');
    mkdir "$self->{scratch}/$_" or die "$self->{scratch}/$_: $!" for qw(logs htdocs run secrets);
    $self->{port} //= free_port();
    $self->own($self->{scratch}, map { "$self->{scratch}/$_" } qw(logs htdocs run secrets));
    push @servers, $self;
    return $self;
}

# A second server, such as the target of the first.
sub target
{
    my ($self, %set) = @_;
    return ProvisionTest->new(name => 'target', %set);
}

sub scratch   { return $_[0]{scratch} }
sub store_dir { return "$_[0]{scratch}/store" }
sub port      { return $_[0]{port} }
sub pid       { return $_[0]{pid} }
sub children  { return $_[0]{pid} ? children_of($_[0]{pid}) : () }
sub url       { return "http://127.0.0.1:$_[0]{port}" . ($_[1] // '') }
sub log_text  { return slurp("$_[0]{scratch}/logs/error_log") }

# Gives files to the user that the children run as.
sub own
{
    my ($self, @paths) = @_;
    return if $>;
    chmod 0755, grep { -d } @paths;
    my (undef, undef, $uid, $gid) = getpwnam 'www-data';
    chown $uid, $gid, @paths;
}

# A file with a secret in it; returns its path, for file: references.
sub secret
{
    my ($self, $name, $content) = @_;
    my $path = "$self->{scratch}/secrets/$name";
    spew($path, $content);
    $self->own($path);
    chmod 0600, $path;
    return $path;
}

# conf may be left out at a restart: the last one holds. env: for httpd. Dies with the log if the
# server does not come up.
sub start
{
    my ($self, %set) = @_;
    die "$self->{name} is running" if $self->{pid};
    $self->{conf} = $set{conf} if defined $set{conf};
    $self->{env} = { %{ $self->{env} }, %{ $set{env} } } if $set{env};
    for my $try (1 .. 5) {
        my $from = length $self->log_text;
        $self->{pid} = spawn($self->environment, $self->command($self->write_conf('httpd')),
            "$self->{scratch}/logs/stderr");
        return $self if $self->comes_up;
        my $said = substr($self->log_text, $from) . slurp("$self->{scratch}/logs/stderr");
        $self->kill9;
        die "$self->{name} does not start:\n$said" if $said !~ /AH00072/ || $self->{started};
        $self->{port} = free_port(); # another process was quicker
    }
    die "$self->{name}: no free port";
}

sub comes_up
{
    my ($self) = @_;
    my $up = wait_for(sub {
        return 'gone' if waitpid($self->{pid}, WNOHANG) == $self->{pid};
        return $self->children >= $self->{children}
            && IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}");
    }, 30);
    $self->{started} = ref $up ? 1 : $self->{started};
    return ref $up;
}

sub command
{
    my ($self, $conf, @more) = @_;
    return [ apache2(), '-d', $self->{scratch}, '-f', $conf, @more ? @more : '-DFOREGROUND' ];
}

sub environment
{
    my ($self) = @_;
    my @preload = map { "$root/build/preload/$_.so" } @{ $self->{preload} };
    my %env = %{ $self->{env} };
    my $log = "$self->{scratch}/logs/sanitizer";
    if (build_dir() =~ m{/asan$}) {
        unshift @preload, sanitizer_runtimes();
        $env{ASAN_OPTIONS} = "detect_leaks=0:log_path=$log:abort_on_error=0";
        $env{UBSAN_OPTIONS} = "print_stacktrace=1:log_path=$log";
    }
    $env{LD_PRELOAD} = join ':', @preload if @preload;
    return \%env;
}

# The tested part stands in a file of its own, so that line numbers in messages are its own.
sub write_conf
{
    my ($self, $name, $conf) = @_;
    my $text = $conf // $self->{conf} // '';
    my %known = (scratch => $self->{scratch}, store => $self->store_dir, port => $self->{port},
        build => build_dir(), data => data_dir());
    $text =~ s/\@(scratch|store|port|build|data)\@/$known{$1}/g;
    spew("$self->{scratch}/$name-tested.conf", $text);
    spew("$self->{scratch}/$name.conf", $self->frame . "Include $self->{scratch}/$name-tested.conf\n");
    return "$self->{scratch}/$name.conf";
}

# What every server here has: few modules, and the documented process model in small.
sub frame
{
    my ($self) = @_;
    my $most = $self->{children} * $self->{threads};
    my $limit = 3 * $self->{children} + 1; # room for the old generation at a graceful restart
    my $user = $> ? '' : "User www-data\nGroup www-data\n";
    my $loads = join '', map { load_module($_) } qw(mpm_event unixd log_config authn_core
        authz_core authz_user authn_file auth_basic mime dir status), @{ $self->{modules} };
    $loads .= "LoadModule provision_module @{[build_dir()]}/mod_provision.so\n" if $self->{module};
    return <<"CONF";
${loads}${user}ServerName 127.0.0.1
Listen 127.0.0.1:$self->{port}
PidFile $self->{scratch}/run/httpd.pid
DefaultRuntimeDir $self->{scratch}/run
ErrorLog $self->{scratch}/logs/error_log
LogLevel $self->{log_level}
DocumentRoot $self->{scratch}/htdocs
TypesConfig /dev/null
TraceEnable off
StartServers $self->{children}
ServerLimit $limit
ThreadsPerChild $self->{threads}
ThreadLimit $self->{threads}
MaxRequestWorkers $most
MinSpareThreads $most
MaxSpareThreads $most
MaxConnectionsPerChild 0
MaxKeepAliveRequests 0
KeepAliveTimeout 60
CONF
}

# What `apachectl configtest` says of a configuration: (good or not, the words).
sub configtest
{
    my ($self, $conf) = @_;
    my $out = "$self->{scratch}/logs/configtest";
    my $pid = spawn($self->environment, $self->command($self->write_conf('configtest', $conf), '-t'),
        $out);
    waitpid $pid, 0;
    return ($? == 0, slurp($out));
}

# Returns the exit status of the parent; 15 s are more than httpd gives its children.
sub stop
{
    my ($self) = @_;
    my $pid = $self->{pid} or return;
    kill TERM => $pid;
    my $gone = wait_for(sub { waitpid($pid, WNOHANG) == $pid }, 30);
    my $status = $?;
    delete $self->{ua};
    return $self->kill9 && -1 if !$gone;
    delete $self->{pid};
    return $status;
}

# Parent and children at once, as a power cut would.
sub kill9
{
    my ($self) = @_;
    my $pid = delete $self->{pid} or return 1;
    kill KILL => -$pid;
    waitpid $pid, 0;
    wait_for(sub { !group_alive($pid) }, 30) or die "$self->{name}: it does not die\n";
    delete $self->{ua};
    return 1;
}

# One child, by default the first; httpd starts another. Returns the pid killed.
sub kill_child
{
    my ($self, $pid) = @_;
    ($pid) = $self->children if !$pid;
    kill KILL => $pid;
    wait_for(sub { !alive($pid) }, 10);
    return $pid;
}

# With a new conf if given; returns when the new generation serves. The pids of the old one are
# returned: they may still be finishing requests.
sub graceful
{
    my ($self, %set) = @_;
    my %old = map { $_ => 1 } $self->children;
    $self->{conf} = $set{conf} if defined $set{conf};
    $self->write_conf('httpd');
    kill USR1 => $self->{pid};
    wait_for(sub { $self->{children} <= grep { !$old{$_} } $self->children }, 30)
        or die "$self->{name}: no new generation\n" . $self->log_text;
    return keys %old;
}

# Body: bytes, or a structure that becomes JSON. Headers as pairs win over the server's own.
sub call
{
    my ($self, $method, $path, $body, %headers) = @_;
    my %all = (%{ $self->{headers} }, %headers);
    my $url = $path =~ m{^https?://} ? $path : $self->url($path);
    my $request = HTTP::Request->new($method, $url);
    if (defined $body) {
        $request->content(ref $body ? $json->encode($body) : $body);
        $request->header('Content-Length' => length $request->content);
        $request->header('Content-Type' => 'application/scim+json');
    }
    $request->header($_ => $all{$_}) for grep { defined $all{$_} } keys %all;
    # After a fork each process needs connections of its own.
    delete $self->{ua} if ($self->{ua_pid} // 0) != $$;
    $self->{ua_pid} = $$;
    $self->{ua} //= LWP::UserAgent->new(keep_alive => 4, timeout => 60,
        requests_redirectable => []);
    return $self->{ua}->request($request);
}

# Every later call bears these credentials.
sub login
{
    my ($self, $name, $password) = @_;
    require MIME::Base64;
    $self->{user} = $name;
    $self->{headers}{Authorization} = 'Basic ' . MIME::Base64::encode("$name:$password", '');
    return $self;
}

# Bytes in, all bytes out until the server closes or the seconds are over.
sub raw
{
    my ($self, $bytes, $seconds) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}") or return;
    local $SIG{PIPE} = 'IGNORE';
    print {$socket} $bytes;
    my ($all, $until) = ('', time + ($seconds // 10));
    while ((my $left = $until - time) > 0) {
        my $ready = '';
        vec($ready, fileno $socket, 1) = 1;
        last if !select $ready, undef, undef, $left;
        last if !sysread $socket, $all, 65536, length $all;
    }
    return $all;
}

# provisionctl on this server's store: (exit status, what it printed). stdin by { stdin => ... }.
sub ctl
{
    my ($self, @args) = @_;
    my $set = ref $args[-1] ? pop @args : {};
    my ($in, $out) = map { "$self->{scratch}/logs/ctl.$$.$_" } qw(in out);
    spew($in, $set->{stdin} // '');
    my $pid = spawn({}, [ build_dir() . '/provisionctl', '--store', $self->store_dir, @args ],
        $out, $in);
    waitpid $pid, 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    my $said = slurp($out);
    unlink $in, $out;
    return ($status, $said);
}

# The JSON of a response or of text; undef if it is none.
sub decode
{
    my ($of) = @_;
    my $text = ref $of ? $of->decoded_content(charset => 'none') : $of;
    return eval { $json->decode($text) };
}

sub complaints
{
    my ($self) = @_;
    my @found = grep { /AH00052|AH00051/ && !/signal (Killed|Terminated) ?\(/ } split /\n/,
        $self->log_text;
    push @found, map { slurp($_) } glob "$self->{scratch}/logs/sanitizer.*";
    return $self->{crash_ok} ? () : @found;
}

# Fails the program after the fact: the plan may have been printed already.
sub clean_up
{
    my $failed = $? != 0;
    for my $server (@servers) {
        $server->stop if $server->{pid};
        my @found = $server->complaints;
        print STDERR map { "# Failed: $server->{name}: $_\n" } @found;
        $failed = $? = 99 if @found;
        print STDERR "# the last of $server->{name}'s log:\n",
            map { "#   $_\n" } tail($server->log_text, 15) if $failed;
        $ENV{KEEP} ? print STDERR "# kept: $server->{scratch}\n" : remove_tree($server->{scratch});
    }
}

$SIG{$_} //= sub { exit 130 } for qw(INT TERM HUP);

END {
    if ($$ == $owner) {
        my $status = $?;
        { local $?; $? = $status; clean_up(); $status = $?; }
        $? = $status;
    }
}

1;
