# blocking=on: the caller waits for the targets, is told how it ended, and never waits longer than
# he should, whatever the targets do.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Pair;
use IO::Socket::INET ();
use Time::HiRes qw(time);

# A target that takes every connection and says nothing.
my $hung = IO::Socket::INET->new(LocalAddr => '127.0.0.1:0', Listen => 128, ReuseAddr => 1)
    or die "no socket: $!";
# One that nobody listens at.
my $down = 'http://127.0.0.1:' . free_port() . '/scim/v2';

my $target = ProvisionTest->new(name => 'target');
$target->start(conf => settings() . service());
admit($target, 'front');
my $second = ProvisionTest->new(name => 'second');
$second->start(conf => settings() . service());
admit($second, 'front');

my %outbound = (
    resident => [ 'partner scim2 blocking=on' ],
    two      => [ 'partner scim2 blocking=on', 'second scim2 blocking=on' ],
    mixed    => [ 'partner scim2 blocking=on', 'hung scim2 blocking=off' ],
    down     => [ 'down scim2 blocking=on' ],
    hung     => [ 'hung scim2 blocking=on' ],
    silent   => [ 'partner scim2 blocking=off' ],
);
my $applications = join '', map {
    my $lines = join '', map { "    ProvisionOutbound $_\n" } @{ $outbound{$_} };
    "<ProvisionApplication $_>\n$lines</ProvisionApplication>\n";
} sort keys %outbound;

my $front = ProvisionTest->new(name => 'front', children => 1, threads => 24);
my $limit = 1500; # ms
$front->start(conf => front_conf($target,
    settings => "ProvisionCallLimit 4s\nProvisionPool 16\n"
        . "ProvisionBlockingTimeout ${limit}ms\nProvisionBlockingMax 4\n",
    partners => partner($target)
        . partner($second, name => 'second')
        . partner(undef, name => 'down', url => $down)
        . partner(undef, name => 'hung',
            url => 'http://127.0.0.1:' . $hung->sockport . '/scim/v2'),
    applications => $applications));
admit($front, 'tester');
admit($front, $_, '--application', $_) for sort keys %outbound;

sub as { return (Authorization => "Bearer token-of-$_[0]") }

# RFC 9651 section 3.1, as far as the header uses it: [ [ name, { parameter => value } ], ... ].
sub read_list
{
    my ($text) = @_;
    my @list;
    my $string = qr/"(?:[^"\\]|\\["\\])*"/;
    my $token = qr{[A-Za-z*][!#\$%&'*+\-.^_`|~:/A-Za-z0-9]*};
    while (1) {
        $text =~ /\G($string|$token)/gc or return;
        my ($name, %with) = $1;
        while ($text =~ /\G; *([a-z*][a-z0-9_\-.*]*)/gc) {
            my $key = $1;
            $with{$key} = $text =~ /\G=(-?\d+|$string|$token)/gc ? $1 : 1;
        }
        push @list, [ $name, \%with ];
        last if $text !~ /\G[ \t]*,[ \t]*/gc;
    }
    return $text =~ /\G$/gc ? \@list : undef;
}

sub status_of { return read_list($_[0]->header('Provision-Status') // '') }

sub posted
{
    my ($application, $name) = @_;
    return $front->call(POST => path('Users'), user($name), as($application));
}

# --- one target -----------------------------------------------------------------------------------
my $res = posted(resident => 'alice');
is $res->code, 201, 'the local result';
is_deeply status_of($res), [ [ 'partner/scim2', { state => 'synced', http => 201 } ] ],
    'and how it ended there' or diag $res->as_string;
is scalar(found($target, Users => 'userName eq "alice"')), 1, 'the target has her by then';
my $alice = decode($res)->{id};

$res = $front->call(PATCH => path(Users => $alice), { schemas =>
    ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations => [ { op => 'replace', path => 'title', value => 'Boss' } ] }, as('resident'));
is $res->code, 200, 'PATCH';
is status_of($res)->[0][1]{state}, 'synced', 'is waited for';
is((found($target, Users => 'userName eq "alice"'))[0]{title}, 'Boss', 'and is there');

$res = $front->call(PUT => path(Users => $alice), user('alice', title => 'Chief'), as('resident'));
is status_of($res)->[0][1]{state}, 'synced', 'PUT';
is((found($target, Users => 'userName eq "alice"'))[0]{title}, 'Chief', 'too');

$res = $front->call(POST => path('Groups'), group('crew', $alice), as('resident'));
is $res->code, 201, 'a group';
is status_of($res)->[0][1]{state}, 'synced', 'too';
is((found($target, Groups => 'displayName eq "crew"'))[0]{displayName}, 'crew', 'is there');

$res = $front->call(DELETE => path(Users => $alice), undef, as('resident'));
is $res->code, 204, 'DELETE';
like status_of($res)->[0][1]{state}, qr/^(?:removed|disabled)$/, 'too';
ok !(found($target, Users => 'userName eq "alice"'))[0]{active}, 'has disabled her there';

is posted(silent => 'bea')->header('Provision-Status'), undef, 'blocking=off says nothing';
is $front->call(GET => path('Users'), undef, as('resident'))->header('Provision-Status'), undef,
    'nor does a read';
$res = $front->call(POST => path('Users'), user('bea'), as('resident'));
is $res->code, 409, 'a change that is refused here';
is $res->header('Provision-Status'), undef, 'has nothing to say of targets';

# --- two targets, and one that is in nobody's way -------------------------------------------------
$res = posted(two => 'carol');
is_deeply [ sort { $a->[0] cmp $b->[0] } @{ status_of($res) } ],
    [ [ 'partner/scim2', { state => 'synced', http => 201 } ],
        [ 'second/scim2', { state => 'synced', http => 201 } ] ], 'two targets';
ok scalar(found($second, Users => 'userName eq "carol"')), 'both have her';

my $began = time;
$res = posted(mixed => 'dora');
my $took = time - $began;
my %mixed = map { $_->[0] => $_->[1]{state} } @{ status_of($res) };
is $mixed{'partner/scim2'}, 'synced', 'of a list, the blocking one is waited for';
like $mixed{'hung/scim2'}, qr/^(?:pending|working)$/, 'the other is told as it is';
ok !defined $res->header('Warning') && $took < $limit / 1000, 'and costs no time';

# --- a stranger at the target ---------------------------------------------------------------------
created($target, Users => user('erik'));
$res = posted(resident => 'erik');
is $res->code, 201, 'what the target refuses is done here all the same';
is_deeply status_of($res)->[0], [ 'partner/scim2', { state => 'failed', http => 409 } ],
    'and told so' or diag $res->as_string;

# --- a target that is down ------------------------------------------------------------------------
$res = posted(down => 'fred');
is $res->code, 201, 'a target that is down';
is status_of($res)->[0][1]{state}, 'waiting', 'is waited for no longer than to know it';
ok !exists status_of($res)->[0][1]{http}, 'and has given no answer';

# --- a target that hangs --------------------------------------------------------------------------
$began = time;
$res = posted(hung => 'gina');
$took = time - $began;
is $res->code, 201, 'a target that hangs';
like status_of($res)->[0][1]{state}, qr/^(?:working|pending|waiting)$/, 'is told as it is';
cmp_ok $took, '>=', $limit / 1000 - 0.05, 'after the time to wait';
cmp_ok $took, '<', 4 + $limit / 1000, 'and not after the call';

# More callers than may wait: the others are answered at once. They begin together.
my $callers = 10;
pipe my $gate, my $open or die;
pipe my $read, my $write or die;
my @pids;
for my $i (1 .. $callers) {
    push @pids, beside(sub {
        close $open;
        sysread $gate, my $byte, 1; # ends when the gate opens
        my $start = time;
        my $res = posted(hung => "many$i");
        my $line = sprintf "%s %s %.3f\n", $res->code,
            (status_of($res) // [ [ '', {} ] ])->[0][1]{state} // 'none', time - $start;
        return syswrite $write, $line;
    });
}
close $write;
close $open;
# Meanwhile the others are served.
$began = time;
is posted(silent => 'henry')->code, 201, 'who asks for no waiting';
is $front->call(GET => path('Users'), undef, as('silent'))->code, 200, 'or reads, is answered';
my @answers = map { [ split ] } <$read>;
is ended_badly(@pids), 0, 'all were answered';
is scalar(grep { $_->[0] == 201 } @answers), $callers, 'all are created';
is scalar(grep { $_->[2] >= $limit / 1000 - 0.05 } @answers), 4, 'four have waited';
is scalar(grep { $_->[2] < $limit / 1000 - 0.05 } @answers), $callers - 4,
    'the others were answered at once' or diag explain \@answers;
is scalar(grep { $_->[1] =~ /^(?:pending|working)$/ } @answers), $callers, 'with the state as it is'
    or diag explain \@answers;

# A healthy target is not held up by the calls that hang.
ok settles($front, decode(posted(silent => "iris$_"))->{id}, 'synced'), "delivery $_" for 1 .. 5;
done_testing;
