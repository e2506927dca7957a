# A SCIM 2.0 server that misbehaves on purpose: one process, one loop, keep-alive, a second port by
# which the test controls it. Every kind of fault is a row: how often in 10,000 requests, and what
# happens. The draws come from a seed.
package FaultTarget::Server;
use strict;
use warnings;
use Errno qw(EAGAIN EINTR EWOULDBLOCK);
use FaultTarget::Objects;
use IO::Socket::INET ();
use JSON ();
use Socket qw(SOL_SOCKET SO_LINGER IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

my $json = JSON->new->utf8->canonical->allow_nonref;
my %phrase = (200 => 'OK', 201 => 'Created', 204 => 'No Content');
my @days = qw(Sun Mon Tue Wed Thu Fri Sat);
my @months = qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec);

# Each gets the connection and the request; what does not answer has done all it wants.
my %fault = (
    refuse      => \&fault_refuse,
    reset       => sub { $_[0]->reset_connection($_[1]) },
    reset_after => sub { $_[0]->apply($_[2]); $_[0]->reset_connection($_[1]) },
    late        => \&fault_late,
    error       => sub { $_[0]->refuse_with($_[1], 500) },
    error_after => sub { $_[0]->apply($_[2]); $_[0]->refuse_with($_[1], 500) },
    unavailable => sub { $_[0]->refuse_with($_[1], 503) },
    slow_down   => sub { $_[0]->refuse_with($_[1], 429, 'Retry-After: ' . int rand 2) },
    slow_date   => sub { $_[0]->refuse_with($_[1], 429, 'Retry-After: ' . http_date(time)) },
    garbage     => sub { $_[0]->apply($_[2]); $_[0]->send_answer($_[1], 200, '{"id": tru') },
    endless     => \&fault_endless,
    conflict    => sub { $_[0]->refuse_with($_[1], 409) },
    missing     => sub { $_[0]->refuse_with($_[1], 404) },
    lost        => sub { $_[0]->begin_spell($_[1], 404) },
    locked_out  => sub { $_[0]->begin_spell($_[1], 401) },
);

sub kinds { return sort keys %fault }

# Arguments: port, control port, log, seed, the caller's call limit in seconds.
sub main
{
    my ($port, $control, $log, $seed, $limit) = @_;
    $SIG{PIPE} = 'IGNORE';
    srand $seed;
    my $self = bless { port => $port, limit => $limit, of => {}, timers => [], spell => [ 0, 0 ],
        seen => {}, requests => 0, held => [], freed => 0, hang => '', script => {},
        objects => FaultTarget::Objects->new(log => $log) }, __PACKAGE__;
    $self->listen_again;
    my $door = listener($control);
    $self->{of}{ fileno $door } = { socket => $door, door => 1 };
    $self->turn while 1;
}

# The port may still be held for a moment by the process before.
sub listener
{
    my ($port) = @_;
    for (1 .. 200) {
        my $socket = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port", Listen => 128,
            ReuseAddr => 1, Blocking => 0);
        return $socket if $socket;
        select undef, undef, undef, 0.02;
    }
    die "port $port: $!";
}

sub listen_again
{
    my ($self) = @_;
    return if $self->{listener};
    $self->{listener} = listener($self->{port});
    $self->{of}{ fileno $self->{listener} } = { socket => $self->{listener}, listens => 1 };
}

# --- the loop ------------------------------------------------------------------------------------

sub turn
{
    my ($self) = @_;
    my ($read, $write) = ('', '');
    for my $number (keys %{ $self->{of} }) {
        my $c = $self->{of}{$number};
        vec($read, $number, 1) = 1;
        vec($write, $number, 1) = 1 if length($c->{out} // '') || $c->{endless};
    }
    my $first = $self->{timers}[0];
    my $wait = $first ? $first->[0] - time : 1;
    if (select($read, $write, undef, $wait < 0 ? 0 : $wait) > 0) {
        for my $number (sort { $a <=> $b } keys %{ $self->{of} }) {
            my $c = $self->{of}{$number} or next;
            $self->write_on($c) if vec($write, $number, 1);
            $self->read_on($c) if vec($read, $number, 1) && $self->{of}{$number};
        }
    }
    while ($self->{timers}[0] && $self->{timers}[0][0] <= time) {
        (shift @{ $self->{timers} })->[1]->();
    }
}

sub after
{
    my ($self, $seconds, $what) = @_;
    $self->{timers} =
        [ sort { $a->[0] <=> $b->[0] } @{ $self->{timers} }, [ time + $seconds, $what ] ];
}

sub read_on
{
    my ($self, $c) = @_;
    if ($c->{listens} || $c->{door}) {
        my $socket = $c->{socket}->accept or return;
        $socket->blocking(0);
        setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
        $self->{of}{ fileno $socket } = { socket => $socket, in => '', out => '',
            control => $c->{door} };
        return;
    }
    my $got = sysread $c->{socket}, $c->{in}, 65536, length $c->{in};
    return if !defined $got && ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR);
    return $self->close_connection($c) if !$got;
    return $self->obey($c) if $c->{control};
    while ($c->{socket} && !$c->{busy} && (my $request = take_request($c))) {
        $self->serve($c, $request);
    }
}

sub write_on
{
    my ($self, $c) = @_;
    $c->{out} = ' ' x 65536 if $c->{endless} && !length $c->{out};
    my $sent = syswrite $c->{socket}, $c->{out};
    return if !defined $sent && ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR);
    return $self->close_connection($c) if !defined $sent;
    substr $c->{out}, 0, $sent, '';
}

sub close_connection
{
    my ($self, $c) = @_;
    my $socket = delete $c->{socket} or return;
    $self->{freed}++ if grep { $_ == $c } @{ $self->{held} };
    $self->{held} = [ grep { $_ != $c } @{ $self->{held} } ];
    delete $self->{of}{ fileno $socket };
    close $socket;
}

sub reset_connection
{
    my ($self, $c) = @_;
    setsockopt $c->{socket}, SOL_SOCKET, SO_LINGER, pack 'll', 1, 0 if $c->{socket};
    $self->close_connection($c);
}

# --- HTTP ----------------------------------------------------------------------------------------

sub take_request
{
    my ($c) = @_;
    my $end = index $c->{in}, "\r\n\r\n";
    return if $end < 0;
    my ($line, @lines) = split /\r\n/, substr $c->{in}, 0, $end;
    my %header = map { my ($name, $value) = split /:\s*/, $_, 2; (lc $name, $value) } @lines;
    my $length = $header{'content-length'} // 0;
    return if length $c->{in} < $end + 4 + $length;
    my $body = substr $c->{in}, $end + 4, $length;
    substr $c->{in}, 0, $end + 4 + $length, '';
    my ($method, $url) = split / /, $line;
    my ($path, $query) = split /\?/, $url, 2;
    return { method => $method, path => $path, body => $body, if_match => $header{'if-match'},
        query => { map { map { unescape($_) } split /=/, $_, 2 } split /&/, $query // '' } };
}

sub unescape { return $_[0] =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger }

sub serve
{
    my ($self, $c, $request) = @_;
    $self->{requests}++;
    if ($self->{hang} && $request->{method} =~ /^(?:$self->{hang})$/) {
        @$c{qw(busy request)} = (1, $request);
        push @{ $self->{held} }, $c;
        return;
    }
    my $next = shift @{ $self->{script}{ $request->{method} } // [] };
    return $fault{$next}->($self, $c, $request) if $next;
    my ($until, $status) = @{ $self->{spell} };
    return $self->refuse_with($c, $status) if $until > time;
    my $kind = $self->draw;
    if ($kind) {
        $self->{seen}{$kind}++;
        return $fault{$kind}->($self, $c, $request);
    }
    $self->answer($c, $self->apply($request));
}

sub draw
{
    my ($self) = @_;
    my $rates = $self->{rates} or return;
    my $at = rand 10_000;
    for my $kind (sort keys %$rates) {
        return $kind if ($at -= $rates->{$kind}) < 0;
    }
    return;
}

sub apply
{
    my ($self, $request) = @_;
    my ($type, $id) = $request->{path} =~ m{^/scim/v2/(\w+)(?:/([^/]+))?$};
    return (200, { patch => { supported => JSON::true } })
        if ($type // '') eq 'ServiceProviderConfig';
    return FaultTarget::Objects::problem(404, 'nothing here')
        if ($type // '') !~ /^(?:Users|Groups)$/;
    my $body = length $request->{body} ? eval { $json->decode($request->{body}) } : undef;
    return FaultTarget::Objects::problem(400, 'no JSON')
        if $request->{method} =~ /^P/ && ref $body ne 'HASH';
    return $self->{objects}->handle($request->{method}, $type, defined $id ? unescape($id) : undef,
        $request->{query}, $body, $request->{if_match});
}

sub answer
{
    my ($self, $c, $status, $structure) = @_;
    $self->send_answer($c, $status, defined $structure ? $json->encode($structure) : '');
}

sub send_answer
{
    my ($self, $c, $status, $body, @headers) = @_;
    my $phrase = $phrase{$status} // 'No';
    push @headers, 'Content-Type: application/scim+json' if length $body;
    push @headers, 'Content-Length: ' . length $body if $status != 204;
    $c->{out} .= join "\r\n", "HTTP/1.1 $status $phrase", @headers, '', $body;
    $self->write_on($c) if $c->{socket};
}

# --- faults --------------------------------------------------------------------------------------

sub refuse_with
{
    my ($self, $c, $status, @headers) = @_;
    my (undef, $problem) = FaultTarget::Objects::problem($status, 'a fault on purpose');
    $self->send_answer($c, $status, $json->encode($problem), @headers);
}

sub begin_spell
{
    my ($self, $c, $status) = @_;
    $self->{spell} = [ time + 0.02 + rand 0.08, $status ];
    $self->refuse_with($c, $status);
}

sub fault_refuse
{
    my ($self, $c) = @_;
    if (my $socket = delete $self->{listener}) {
        delete $self->{of}{ fileno $socket };
        close $socket;
        $self->after(0.02 + rand 0.1, sub { $self->listen_again });
    }
    my @all = grep { !$_->{control} && !$_->{door} && !$_->{busy} } values %{ $self->{of} };
    $self->reset_connection($_) for @all;
}

# The caller has gone when it is done.
sub fault_late
{
    my ($self, $c, $request) = @_;
    $c->{busy} = 1;
    $self->after($self->{limit} * (1.05 + rand 0.3), sub {
        $self->apply($request);
        $self->reset_connection($c);
    });
}

sub fault_endless
{
    my ($self, $c, $request) = @_;
    $self->apply($request);
    @$c{qw(busy endless)} = (1, 1);
    $c->{out} = "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\n\r\n{";
}

sub http_date
{
    my ($second, $minute, $hour, $day, $month, $year, $weekday) = CORE::gmtime $_[0];
    return sprintf '%s, %02d %s %d %02d:%02d:%02d GMT', $days[$weekday], $day, $months[$month],
        $year + 1900, $hour, $minute, $second;
}

# --- control: a JSON line in, a JSON line out ------------------------------------------------------

sub let_go
{
    my ($self) = @_;
    my @all = @{ $self->{held} };
    @$self{qw(hang held)} = ('', []);
    for my $c (@all) {
        $c->{busy} = 0;
        $self->serve($c, delete $c->{request});
    }
    return scalar @all;
}

my %order = (
    # rates by kind in 10,000 requests; none: a healthy server
    faults => sub {
        my ($self, $given) = @_;
        $self->{rates} = %{ $given->{rates} // {} } ? $given->{rates} : undef;
        $self->{spell} = [ 0, 0 ] if !$self->{rates};
        return $self->{seen};
    },
    # requests of these methods (a pattern) are read and not answered, until they are let go
    hang   => sub { $_[0]{hang} = $_[1]{methods}; 1 },
    let_go => \&let_go,
    # the next requests of a method meet these faults
    script => sub { $_[0]{script}{ $_[1]{method} } = $_[1]{kinds}; 1 },
    counts => sub {
        my ($self) = @_;
        return { requests => $self->{requests}, held => scalar @{ $self->{held} },
            freed => $self->{freed}, seen => $self->{seen}, late => scalar @{ $self->{timers} },
            map { lc($_) => scalar keys %{ $self->{objects}{objects}{$_} } } qw(Users Groups) };
    },
    state => sub { $_[0]{objects}{objects} },
    # somebody else's administrator makes an object
    put    => sub { [ $_[0]{objects}->create($_[1]{type}, $_[1]{object}) ] },
    remove => sub { $_[0]{objects}->remove($_[1]{type}, $_[1]{id}); 1 },
);

sub obey
{
    my ($self, $c) = @_;
    while ($c->{in} =~ s/^(.*)\n//) {
        my $given = $json->decode($1);
        $c->{out} .= $json->encode($order{ $given->{do} }->($self, $given)) . "\n";
    }
    $self->write_on($c) if length $c->{out};
}

1;
