# A target that misbehaves on purpose, as a process of its own.
#
#   my $target = FaultTarget->new(seed => 7, limit => 0.3);
#   ... userEndpoint @{[$target->url]}/Users ...
#   $target->faults(reset_after => 100);       # of 10,000 requests
#   $target->calm;
#   my $state = $target->state;                # { Users => { id => {...} }, Groups => {...} }
#   $target->kill9; $target->start;            # it has what it had
package FaultTarget;
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use FaultTarget::Server ();
use IO::Socket::INET ();
use JSON ();
use ProvisionTest::Process qw(free_port slurp spawn wait_for);

my $json = JSON->new->utf8->canonical->allow_nonref;
my $lib = abs_path(__FILE__ =~ s{[^/]*$}{}r);
my $owner = $$;
my @targets;

# limit: the caller's call limit in seconds, by which it knows what "late" is.
sub new
{
    my ($class, %set) = @_;
    my $self = bless { seed => 1, limit => 1, %set }, $class;
    $self->{scratch} = tempdir('provision-target-XXXXXX', DIR => '/tmp');
    $self->{log} = "$self->{scratch}/log";
    $self->{port} = free_port();
    $self->{control} = free_port();
    push @targets, $self;
    return $self->start;
}

sub start
{
    my ($self) = @_;
    $self->{pid} = spawn({}, [ $^X, "-I$lib", '-MFaultTarget::Server', '-e',
        'FaultTarget::Server::main(@ARGV)', @$self{qw(port control log)}, $self->{seed}++,
        $self->{limit} ], "$self->{scratch}/stderr");
    wait_for(sub { $self->door }, 20) or die "target: " . slurp("$self->{scratch}/stderr");
    return $self;
}

sub door
{
    my ($self) = @_;
    delete $self->{door} if ($self->{door_pid} // 0) != $$; # each process has its own
    $self->{door_pid} = $$;
    $self->{door} //= IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{control}");
    return $self->{door};
}

sub order
{
    my ($self, $do, %more) = @_;
    my $door = $self->door or die "the target is gone: " . slurp("$self->{scratch}/stderr");
    print {$door} $json->encode({ do => $do, %more }), "\n";
    my $line = <$door> // die "the target is gone: " . slurp("$self->{scratch}/stderr");
    return $json->decode($line);
}

sub url    { return "http://127.0.0.1:$_[0]{port}/scim/v2" . ($_[1] // '') }
sub pid    { return $_[0]{pid} }
sub counts { return $_[0]->order('counts') }
sub state  { return $_[0]->order('state') }
sub let_go { return $_[0]->order('let_go') }
sub hang   { return $_[0]->order(hang => methods => $_[1]) }
sub script { return $_[0]->order(script => method => $_[1], kinds => [ @_[2 .. $#_] ]) }

sub faults
{
    my ($self, %rates) = @_;
    return $self->order(faults => rates => { map { $_ => 0 + $rates{$_} } keys %rates });
}

# What was still to be applied late is applied before this returns.
sub calm
{
    my ($self) = @_;
    my $seen = $self->order('faults');
    wait_for(sub { !$self->counts->{late} }, 20) or die 'the target does not calm down';
    return $seen;
}

# What a server needs that carries everything to this target, or to another at `url`; more of its
# own settings go before.
sub conf_for
{
    my ($url, $retry, @settings) = @_;
    return join("\n", 'ProvisionStore lmdb @store@', @settings) . <<"CONF";

<ProvisionIdP partner>
    <ProvisionConnector scim2>
        ProvisionSet userEndpoint  $url/Users
        ProvisionSet groupEndpoint $url/Groups
        ProvisionSet authMode none
        ProvisionRetry first=20ms $retry giveup=7d urgentgiveup=28d
    </ProvisionConnector>
</ProvisionIdP>
<ProvisionApplication resident>
    ProvisionOutbound partner scim2 blocking=off
</ProvisionApplication>
<Location /scim/v2>
    ProvisionService scim
    AuthType Provision
    AuthName provisioning
    Require provision-permission scim
</Location>
CONF
}

# Another administrator's object; returns its id.
sub stranger
{
    my ($self, $type, $object) = @_;
    my ($status, $made) = @{ $self->order(put => type => $type, object => $object) };
    die "a stranger: $status" if $status != 201;
    return $made->{id};
}

# What it applied, in order: { op, type, id, object }.
sub applied
{
    my ($self) = @_;
    return map { $json->decode($_) } split /\n/, slurp($self->{log});
}

sub kill9
{
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    delete $self->{door};
    kill KILL => $pid;
    waitpid $pid, 0;
}

END {
    if ($$ == $owner) {
        local $?;
        for my $target (@targets) {
            $target->kill9;
            $ENV{KEEP} ? print STDERR "# kept: $target->{scratch}\n" : remove_tree($target->{scratch});
        }
    }
}

1;
