# Graceful restarts under load lose nothing that was acknowledged, leave no reader slot, and end in
# bounded time; an idle child hardly wakes. RESTARTS=n: so many (15).
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Pair;
use ProvisionTest::Process qw(alive children_of slurp spawn);
use POSIX ();
use Time::HiRes qw(sleep time);

my $restarts = $ENV{RESTARTS} // (quick() ? 4 : 15);
my $clients = 6;
my ($front, $target) = pair(settings => 'ProvisionCallLimit 2s');
my $store = $front->store_dir;

# --- a client -------------------------------------------------------------------------------------
# Creates, renames and deletes without end, and writes what was acknowledged: "op id name". What got
# no answer it asks for, so that its own record says what must be there.
sub client
{
    my ($number, $out) = @_;
    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    open my $log, '>', $out or die;
    my ($refused, $lost) = (0, 0);
    for (my $i = 0; !$stop; $i++) {
        my $name = "user-$number-$i";
        my $res = $front->call(POST => path('Users'), user($name));
        $res->code == 201 or ($res->header('Client-Warning') ? $lost++ : $refused++), next;
        my $id = decode($res)->{id};
        print {$log} "there $id $name\n";
        if ($i % 3 == 1) {
            $res = $front->call(PUT => path(Users => $id), user("$name-new"));
            print {$log} $res->code == 200 ? "there $id $name-new\n" : "either $id $name\n";
            $refused++ if $res->code != 200 && !$res->header('Client-Warning');
        } elsif ($i % 3 == 2) {
            $res = $front->call(DELETE => path(Users => $id));
            print {$log} $res->code == 204 ? "gone $id $name\n" : "either $id $name\n";
            $refused++ if $res->code != 204 && !$res->header('Client-Warning');
        }
    }
    print {$log} "counts $refused $lost\n";
    close $log or die;
}

my $from = $front->scratch . '/logs/client';
my @pids;
for my $number (1 .. $clients) {
    push @pids, beside(sub { client($number, "$from.$number"); return 1 });
}

# --- restarts -------------------------------------------------------------------------------------
# Generations overlap, as far as the server's limit of children lets them. "Bounded" is what httpd
# itself grants a child, calls and requests included.
my ($late, @old) = (0);
for my $restart (1 .. $restarts) {
    push @old, $front->graceful;
    $late++ if !wait_for(sub { 2 >= (@old = grep { alive($_) } @old) }, 20);
    sleep 0.1;
}
$late++ if !wait_for(sub { !grep { alive($_) } @old }, 20);
is $late, 0, "$restarts graceful restarts: every old child has ended";
kill TERM => $_ for @pids;
is ended_badly(@pids), 0, 'the clients ran to their end';

# --- what they were told --------------------------------------------------------------------------
my (%want, %either, $refused, $lost, $acknowledged);
for my $number (1 .. $clients) {
    for (split /\n/, slurp("$from.$number")) {
        my ($what, $id, $name) = split / /;
        $refused += $id, $lost += $name, next if $what eq 'counts';
        $acknowledged++ if $what ne 'either';
        $what eq 'either' ? $either{$id} = 1 : ($want{$id} = $what eq 'there' ? $name : '');
    }
}
delete @want{ keys %either };
cmp_ok $acknowledged // 0, '>=', 10 * $restarts, 'there was load';
is $refused, 0, 'no request was refused';
note "$acknowledged acknowledged, $lost without an answer";

sub all_users
{
    my ($server) = @_;
    my %all;
    for (my $first = 1; ; $first += 200) {
        my $res = $server->call(GET => path('Users') . "?count=200&startIndex=$first");
        die "$server->{name}: a page: " . $res->as_string if $res->code != 200;
        my $list = decode($res);
        $all{ $_->{id} } = $_ for @{ $list->{Resources} // [] };
        return \%all if !@{ $list->{Resources} // [] };
    }
}

my $here = all_users($front);
my @missing = grep { $want{$_} ne '' && !$here->{$_} } keys %want;
is scalar @missing, 0, 'what was created is there';
is scalar(grep { $want{$_} ne '' && $here->{$_} && $here->{$_}{userName} ne $want{$_} } keys %want),
    0, 'with its last name';
is scalar(grep { $want{$_} eq '' && $here->{$_} } keys %want), 0, 'what was deleted is gone';

# The target follows: every user once, with his name; the deleted ones disabled.
my (%counts, @unanswered);
my $followed = wait_for(sub {
    my ($status, $said) = $front->ctl(qw(--json links summary));
    push @unanswered, "$status $said" if $status || $said eq '';
    %counts = map { my $row = decode($_); $row->{state} => $row->{links} } split /\n/, $said;
    return %counts && !grep { !/^(?:synced|disabled|removed)$/ } keys %counts;
}, 60);
is_deeply \@unanswered, [], 'provisionctl answers all the while';
ok $followed, 'every change has reached the target' or diag explain \%counts;
my ($there, %by) = all_users($target);
push @{ $by{ $_->{externalId} } }, $_ for values %$there;
is scalar(grep { @$_ > 1 } values %by), 0, 'nobody exists there twice';
is scalar(grep { my $t = $by{$_}; !$t || $t->[0]{userName} ne $here->{$_}{userName} || !$t->[0]{active} }
    keys %$here), 0, 'everybody is there as here';
is scalar(grep { !$here->{$_} && $by{$_}[0]{active} } keys %by), 0, 'and nobody else is active';

# --- what they left -------------------------------------------------------------------------------
# The reader table, as anybody who opens the store sees it: pid and thread of each slot.
sub readers
{
    my %stats = map { my $row = decode($_); $row->{what} => $row->{count} }
        split /\n/, ($front->ctl(qw(--json stats)))[1];
    return $stats{readers};
}

my %mine = map { $_ => 1 } $front->children;
my @slots = slot_owners();
ok scalar(grep { $mine{$_} } @slots), 'the children hold reader slots';
is scalar(grep { !$mine{$_} } @slots), 0, 'no reader slot of an old child is left'
    or diag "@slots of @{[sort keys %mine]}";
my $before = readers();
delete $front->{ua}; # a connection kept open makes httpd linger
@old = $front->graceful;
wait_for(sub { !grep { alive($_) } @old }, 20);
cmp_ok readers(), '<=', $before + 4, 'nor does one more restart add to them';
my ($sound, $words) = $front->ctl('check');
is $sound, 0, 'the store is sound' or diag $words;

# LMDB's lock file: a page of header, then 64 bytes a reader that begin with transaction id, pid.
sub slot_owners
{
    my $bytes = slurp((glob "$store/lock.mdb")[0]);
    my @pids;
    for (my $at = 128; $at + 64 <= length $bytes; $at += 64) {
        my ($txn, $pid) = unpack 'q< l<', substr $bytes, $at, 12;
        push @pids, $pid if $pid > 0;
    }
    return @pids;
}

# --- an idle child --------------------------------------------------------------------------------
SKIP: {
    my ($strace) = grep { -x } map { "$_/strace" } split /:/, $ENV{PATH};
    skip 'strace is not installed', 2 if !$strace;
    my ($child) = $front->children;
    my ($seconds, $out) = (quick() ? 2 : 4, $front->scratch . '/logs/strace');
    my $pid = spawn({}, [ $strace, qw(-f -qq -ttt -T -o), $out, '-p', $child ], "$out.said");
    my $attached = wait_for(sub { -s $out || waitpid($pid, POSIX::WNOHANG) == $pid }, 10);
    skip 'strace cannot attach: ' . slurp("$out.said"), 2 if !-s $out;
    sleep $seconds;
    kill INT => $pid;
    waitpid $pid, 0;
    # A waking is the end of a wait: a call that took its time.
    my ($calls, $wakings, $first, $last) = (0, 0);
    for (split /\n/, slurp($out)) {
        my ($at, $took) = /^\d+ +([\d.]+) .*?(?:<([\d.]+)>)?$/ or next;
        $calls++;
        $wakings++ if ($took // 0) > 0.005;
        $first //= $at;
        $last = $at;
    }
    cmp_ok $wakings, '>=', 1, 'an idle child wakes now and then';
    cmp_ok $wakings, '<=', 2 * ($last - $first + 1), 'and at most twice a second' or diag slurp($out);
}
done_testing;
