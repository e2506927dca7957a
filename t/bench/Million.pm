# The lines of the bench with a million users and a thousand groups, of which one has a tenth of
# them as its members: whether what a request costs depends on how many there are.
package Million;
use strict;
use warnings;
use parent 'Exporter';
use Bench;
use FindBin;
use POSIX qw(WNOHANG);
use ProvisionTest;
use ProvisionTest::Process qw(spew);
use Time::HiRes qw(time sleep);

our @EXPORT = qw(million_lines);

my $users = $ENV{BENCH_USERS} || 1_000_000;
my $few = 1_000;
my $members = $users / 10;
my $groups = 999; # besides the large one
my $imported = $users / 20;
my $scanned = 3_000_000; # resources per second of a core that a full scan must reach
my $needle = 'displayName co "jensen 7"';
my $together = 1_000; # creates in a bulk request
my $pages = 1_000;

# What an index serves; %1$06d: the user's number, %1$s: his id, %1$d: a small group's.
my @filters = (
    [ 'name', 'userName eq', 'Users', 'userName eq "user%1$06d"' ],
    [ 'external', 'externalId eq', 'Users', 'externalId eq "hr-user%1$06d"' ],
    [ 'mail', 'emails.value eq', 'Users', 'emails.value eq "user%1$06d@example.com"' ],
    [ 'start', 'userName sw', 'Users', 'userName sw "user%1$06d"' ],
    [ 'range', 'userName ge and le', 'Users', 'userName ge "user%1$06d" and userName le "user%1$06d"' ],
    [ 'id', 'id eq', 'Users', 'id eq "%1$s"' ],
    [ 'member', 'members.value eq', 'Groups', 'members.value eq "%1$s"' ],
    [ 'group', 'displayName eq', 'Groups', 'displayName eq "small%1$d"' ],
);

sub million_lines
{
    my $of = $users == 1_000_000 ? 'a million' : $users;
    return (
        [ 'million-get', "GET by id, $of / of $few", 0.83, 1, \&gets ],
        (map { [ "million-$_->[0]", "$_->[1] of $of / static", 0.7, 0.9, filters_by($_) ] } @filters),
        [ 'million-page', 'sorted, last page / first, by cursor', 0.5, 0.9,
            sub { pages('displayName', 'id pr') }, either => 1, by => 'cpu' ],
        [ 'million-order', 'in an index\'s order, last page / first', 0.5, 0.9,
            sub { pages('userName') }, either => 1, by => 'cpu' ],
        [ 'million-sorted', 'a page in an index\'s order / sorted', $users / 5000, $users / 1000, \&sorted ],
        [ 'million-scan', "co filter, resources per s / $scanned", 1, 2.67, \&scans ],
        [ 'million-memory', 'memory, group and list / of a tenth', 1.1, 1, \&streams, most => 1,
            by => 'memory', rounds => 1 ],
        [ 'million-bulk', "bulk of $together creates / single ones", 1, 3, \&bulks ],
        [ 'million-import', 'users imported / bare LMDB append', 0.3, 0.5, \&imports, rounds => 3 ],
    );
}

# --- the servers ---------------------------------------------------------------------------------

# A user now and then, of all: [number, id].
sub sample
{
    my ($path, $of) = @_;
    open my $in, '<', $path or die "$path: $!";
    my $step = $of > 10_000 ? int($of / 10_000) : 1;
    my @found;
    while (my $id = <$in>) {
        chomp $id;
        push @found, [ $. - 1, $id ] if ($. - 1) % $step == 0;
    }
    my $count = @found; # spread, so that neighbours are not asked for in turn
    return map { $found[ $_ * 7919 % $count ] } 0 .. $count - 1;
}

sub filled
{
    my ($name, $count, $conf) = @_;
    my $server = server($name, $conf);
    my $ids = $server->scratch . '/ids';
    my $began = time;
    output_of('sh', '-c', 'exec "$0" "$1" users "$2" user >"$3"', "$programs/load",
        $server->store_dir, $count, $ids);
    printf "  %d users were loaded in %.0f s\n", $count, time - $began if $count > $few;
    return { server => $server, ids => $ids, sample => [ sample($ids, $count) ] };
}

sub million
{
    return once(million => sub {
        my $made = filled('million', $users, '');
        my ($server, $ids) = @$made{qw(server ids)};
        ($made->{large}) = load_groups($server, 1, $members, 'large', $ids);
        ($made->{tenth}) = load_groups($server, 1, $members / 10, 'tenth', $ids);
        load_groups($server, $groups, 10, 'small', $ids);
        return $made;
    });
}

sub thousand { return once(thousand => sub { return filled('thousand', $few, '') }) }

# --- reading -------------------------------------------------------------------------------------

sub paths_of { return map { "/scim/v2/Users/$_->[1]" } @{ $_[0]{sample} } }

sub gets
{
    my ($many, $some) = (million(), thousand());
    my $paths = file_of($some->{server}, 'paths', paths_of($some));
    return against($many->{server}, $bearer, [ paths_of($many) ],
        sub { wrk($some->{server}, $clients, $seconds, $bearer, 'paths', $paths) });
}

sub asking
{
    my ($endpoint, $filter, $more) = @_;
    my $text = $filter =~ s/([^A-Za-z0-9.])/sprintf '%%%02X', ord $1/ger;
    return "/scim/v2/$endpoint?filter=$text" . ($more // '');
}

sub filters_by
{
    my (undef, undef, $endpoint, $format) = @{ $_[0] };
    return sub {
        my $many = million();
        my $grouped = $endpoint eq 'Groups'; # those of the large group only; the first are in others, too
        my @asked = grep { !$grouped || ($_->[0] >= $members / 10 && $_->[0] < $members) } @{ $many->{sample} };
        my @what = map { $format =~ /\$s/ ? $_->[1] : $format =~ /\$d/ ? $_->[0] % $groups : $_->[0] } @asked;
        my @paths = map { asking($endpoint, sprintf($format, $_),
            $grouped ? '&excludedAttributes=members' : '') } @what;
        my $found = page($many->{server}, $paths[0]);
        die "$paths[0] finds $found->{totalResults}\n" if $found->{totalResults} != 1;
        return against_static($many->{server}, $bearer, @paths);
    };
}

# --- pages ---------------------------------------------------------------------------------------

sub page
{
    my ($server, $path) = @_;
    my $page = decode($server->call(GET => $path, undef, Authorization => $bearer));
    die "$path: " . ($page->{detail} // 'no page') . "\n" if !$page->{Resources};
    return $page;
}

# Without httpd, whose part is small beside that of a million.
sub pages
{
    my @by = @_;
    my $store = million()->{server}->store_dir;
    return map { my $which = $_; sub { program("$programs/page", $store, 2 * $seconds, $which, @by) } }
        qw(last first);
}

sub sorted
{
    my $store = million()->{server}->store_dir;
    return map { my @how = @$_; sub { program("$programs/page", $store, 2 * $seconds, 'first', 'userName', @how) } }
        [], ['id pr'];
}

sub scans
{
    my $store = million()->{server}->store_dir;
    return (sub {
        my $m = program("$programs/scan", $store, 2 * $seconds, $needle);
        return { rate => $users * 1e6 / $m->{cpu}, cpu => $m->{cpu} / $users, errors => 0 };
    }, sub { return { rate => $scanned, errors => 0 } });
}

# --- memory --------------------------------------------------------------------------------------

# The most that was seen while it ran, in a process of its own.
sub peak_while
{
    my ($server, $run) = @_;
    my $peak = anonymous_of($server);
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        $run->();
        POSIX::_exit(0);
    }
    until (waitpid($pid, WNOHANG) == $pid) {
        my $now = anonymous_of($server);
        $peak = $now if $now > $peak;
        sleep 0.01;
    }
    die "streaming failed\n" if $?;
    return { memory => $peak, errors => 0 };
}

sub walk
{
    my ($server, $most) = @_;
    my $next = '';
    for (1 .. $most) {
        my $page = $server->call(GET => "/scim/v2/Users?count=100&cursor=$next", undef,
            Authorization => $bearer);
        die $page->content if $page->code != 200;
        ($next) = $page->content =~ /"nextCursor":"([^"]+)"/ or last; # to read it all takes longer
    }
}

sub streams
{
    my $many = million();
    my $server = $many->{server};
    my $both = sub {
        my ($group, $most) = @_;
        my $path = file_of($server, 'group', "/scim/v2/Groups/$group");
        return sub {
            wrk($server, 1, 3 * $seconds, $bearer, 'paths', $path);
            walk($server, $most);
        };
    };
    my $small = $both->($many->{tenth}, $pages / 10);
    peak_while($server, $small);
    my $before = peak_while($server, $small);
    return (sub { peak_while($server, $both->($many->{large}, $pages)) }, sub { $before });
}

# --- writing -------------------------------------------------------------------------------------

sub bulks
{
    my $server = thousand()->{server};
    return (sub {
        my $m = wrk($server, 1, 2 * $seconds, $bearer, 'bulk', fresh_name(), $together);
        $m->{rate} *= $together;
        $m->{cpu} /= $together;
        return $m;
    }, sub { wrk($server, 1, 2 * $seconds, $bearer, 'create', fresh_name()) });
}

sub write_users
{
    my ($path) = @_;
    open my $out, '>', $path or die "$path: $!";
    my $prefix = fresh_name();
    printf {$out} user_format(), ($prefix, $_) x 3, $_, ($prefix, $_) x 2 for 1 .. $imported;
    close $out or die "$path: $!";
}

# About 1 KiB.
sub user_format
{
    return '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"externalId":"hr-%s%06d",'
        . '"userName":"%s%06d","profileUrl":"https://login.example.com/%s%06d","displayName":'
        . '"Barbara Jensen %d","name":{"formatted":"Ms. Barbara J Jensen, III","givenName":"Barbara",'
        . '"familyName":"Jensen","middleName":"Jane","honorificPrefix":"Ms.","honorificSuffix":"III"},'
        . '"nickName":"Babs","title":"Tour Guide","userType":"Employee","preferredLanguage":"en-US",'
        . '"locale":"en-US","timezone":"America/Los_Angeles","active":true,"emails":[{"value":'
        . '"%s%06d@example.com","type":"work","primary":true},{"value":"%s%06d@jensen.org","type":'
        . '"home"}],"phoneNumbers":[{"value":"tel:+1-555-0100","type":"work"}],"addresses":[{'
        . '"streetAddress":"100 Universal City Plaza","locality":"Hollywood","region":"CA",'
        . '"postalCode":"91608","country":"US","type":"work","primary":true}]}' . "\n";
}

# Both write the same lines, each into its own store, which grows from round to round.
sub imports
{
    finish('million');
    my $server = thousand()->{server};
    my $file = $server->scratch . '/users.jsonl';
    my $folder = $server->scratch . '/append';
    mkdir $folder or die "$folder: $!";
    write_users($file);
    my $turns = 0;
    my $next = sub { write_users($file) if $turns && $turns % 2 == 0; $turns++ };
    return (sub {
        $next->();
        my ($began, @before) = (time, times);
        ctl($server, 'import', $file);
        my ($took, @after) = (time - $began, times);
        my $cpu = $after[2] + $after[3] - $before[2] - $before[3];
        return { rate => $imported / $took, cpu => $cpu * 1e6 / $imported, errors => 0 };
    }, sub { $next->(); program("$programs/append", $folder, $file) });
}

1;
