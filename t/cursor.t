# Pages by cursor (RFC 9865): whole, sealed, bound, expiring, and right while others write.
# Rows: PG-3 PG-4 SE-1
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Query;
use JSON ();
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(time);

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

my $server = ProvisionTest->new;
my $hasty = free_port();
my $users = $server->secret('users', join '', map { "$_:" . crypt($_, '$5$salt$') . "\n" }
        qw(root reader));
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant cursor.example
ProvisionDefaultResults 4
ProvisionMaxResults 20
ProvisionPermit admin user root
ProvisionPermit scim:read user reader
Listen 127.0.0.1:$hasty
<VirtualHost 127.0.0.1:$hasty>
    ProvisionCursorTimeout 1s
</VirtualHost>
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName scim
    AuthUserFile $users
    Require valid-user
</Location>
CONF
$server->login('root', 'root');
asks_of($server);

my @rows = (
    # userName, title, active, the one email
    [ 'anna',  'Nurse',  1,     'a@x' ],
    [ 'Bert',  'doctor', 0,     'b@x' ],
    [ 'carla', undef,    1,     undef ],
    [ 'DORA',  'Doctor', undef, 'C@x' ],
    [ 'emil',  'nurse',  0,     'd@x' ],
);
for my $row (@rows) {
    my ($name, $title, $active, $email) = @$row;
    made(User => schemas => [$USER], userName => $name, nickName => 'staff',
        $title ? (title => $title) : (), $email ? (emails => [ { value => $email } ]) : (),
        defined $active ? (active => $active ? JSON::true() : JSON::false()) : ());
}
made(Group => schemas => [$GROUP], displayName => 'crew');

# Page by page: the ids, how many pages; each checked.
sub walk
{
    my ($way, $path, %ask) = @_;
    my (@ids, %seen);
    my ($pages, $cursor, $total) = (0, '');
    while (defined $cursor) {
        my $res = $way->($path, %ask, cursor => $cursor);
        if ($res->code != 200 || ++$pages > 500) {
            fail "a page: " . $res->as_string;
            last;
        }
        my $list = decode($res);
        my $last = $cursor = $list->{nextCursor};
        $total //= $list->{totalResults};
        push @ids, map { $_->{id} } @{ $list->{Resources} };
        fail 'a cursor of reserved characters' if defined $last && $last !~ /^[\w.~-]+$/;
        fail 'a cursor that came before' if defined $last && $seen{$last}++;
        fail 'another total' if $list->{totalResults} != $total;
        fail 'startIndex or more' if grep { !/^(?:schemas|totalResults|itemsPerPage|nextCursor|Resources)$/ } keys %$list;
    }
    return { ids => \@ids, pages => $pages, total => $total };
}

subtest 'pages by cursor' => sub {
    for my $case (
        [ '/Users', {} ],
        [ '/Users', { sortBy => 'title' } ],
        [ '/Users', { sortBy => 'title', sortOrder => 'descending' } ],
        [ '/Users', { filter => 'nickName eq "staff"', sortBy => 'emails' } ],
        [ '/Users', { filter => 'active eq true' } ],
        [ '/',      {} ],
        [ '/',      { sortBy => 'displayName' } ],
        [ '/Groups', {} ],
        )
    {
        my ($path, $ask) = @$case;
        my $whole = decode(get($path, %$ask, count => 20));
        my @ids = map { $_->{id} } @{ $whole->{Resources} };
        for my $count (1, 2, 3, 20) {
            my $by = walk(\&get, $path, %$ask, count => $count);
            my $what = "$path " . args(%$ask, count => $count);
            is_deeply $by->{ids}, \@ids, "$what: as in one page";
            is $by->{total}, $whole->{totalResults}, "$what: the total";
            is $by->{pages}, int((@ids + $count - 1) / $count), "$what: no page too many";
        }
        is_deeply walk(\&search, $path, %$ask, count => 2)->{ids}, \@ids, "$path/.search";
    }
    my $first = decode(get('/Users', cursor => ''));
    is scalar @{ $first->{Resources} }, 4, 'the default page';
    is scalar @{ decode(get('/Users', cursor => $first->{nextCursor}))->{Resources} }, 1, 'the rest';
    is scalar @{ decode(get('/Users', cursor => '', count => 999))->{Resources} }, 5,
        'no more than there may be';
    my $bare = decode(call(GET => '/scim/v2/Users?cursor&count=2'));
    ok $bare->{nextCursor}, 'cursor without a value';
    is names(decode(get('/Users', cursor => $bare->{nextCursor}))), 'carla DORA',
        'the count of the first page holds';
    is names(decode(get('/Users', cursor => $bare->{nextCursor}, startIndex => 1, count => 2))),
        'carla DORA', 'startIndex means nothing beside it';
    is names(decode(get('/Users', cursor => $bare->{nextCursor}, attributes => 'userName'))),
        'carla DORA', 'other attributes may be shown';
    is names(decode(search('/Users', cursor => $bare->{nextCursor}, count => 2))), 'carla DORA',
        'a cursor of GET serves .search';
    for my $count (0, -1) {
        my $none = decode(get('/Users', cursor => '', count => $count));
        is_deeply [ @$none{qw(totalResults nextCursor Resources)} ], [ 5, undef, [] ],
            "count $count only counts";
    }
    ok !exists decode(get('/Users', count => 2))->{nextCursor}, 'no cursor unless asked for';
};

subtest 'cursors are bound, sealed, and expire' => sub {
    my %ask = (filter => 'nickName eq "staff"', sortBy => 'title', count => 2);
    my $cursor = decode(get('/Users', %ask, cursor => ''))->{nextCursor};
    my %reader = (Authorization => 'Basic ' . encode_base64('reader:reader', ''));
    my $at = sub { my ($path, %more) = @_; "/scim/v2$path?" . args(%ask, cursor => $cursor, %more) };
    is call(GET => $at->('/Users'))->code, 200, 'as it was given';
    my %same;
    for my $case (
        [ 'another caller',  call(GET => $at->('/Users'), undef, %reader) ],
        [ 'another filter',  get('/Users', %ask, cursor => $cursor, filter => 'userName pr') ],
        [ 'no filter',       get('/Users', cursor => $cursor, sortBy => 'title', count => 2) ],
        [ 'another order',   get('/Users', %ask, cursor => $cursor, sortOrder => 'descending') ],
        [ 'by something else', get('/Users', %ask, cursor => $cursor, sortBy => 'userName') ],
        [ 'another type',    get('/Groups', cursor => decode(get('/Users', cursor => '', count => 2))
                                ->{nextCursor}, count => 2) ],
        [ 'all types',       get('/', %ask, cursor => $cursor) ],
        [ 'cut',             get('/Users', %ask, cursor => substr $cursor, 0, -2) ],
        [ 'longer',          get('/Users', %ask, cursor => $cursor . 'AA') ],
        [ 'forged',          get('/Users', %ask, cursor => 'A' x length $cursor) ],
        [ 'changed',         get('/Users', %ask, cursor => $cursor ^ ("\0" x 9 . "\1")) ],
        [ 'nothing of ours', get('/Users', %ask, cursor => '../../etc/passwd') ],
        [ 'very long',       get('/Users', %ask, cursor => 'A' x 4000) ],
        )
    {
        my ($what, $res) = @$case;
        $same{ is_error($res, 400, 'invalidCursor', $what) } = 1;
    }
    is scalar keys %same, 1, 'the same words for all';
    is_error(get('/Users', %ask, cursor => $cursor, count => 3), 400, 'invalidCount',
        'another count');
    is_error(get('/Users', %ask, cursor => $_, count => 'x'), 400, 'invalidCount', 'no number')
        for '', $cursor;
    is get('/Users', %ask, cursor => $cursor, count => 2)->code, 200, 'it is good more than once';

    my $quick = "http://127.0.0.1:$hasty/scim/v2/Users?" . args(%ask);
    my $short = decode(call(GET => "$quick&cursor"))->{nextCursor};
    my $until = time + 1;
    is call(GET => "$quick&cursor=$short")->code, 200, 'in time';
    select undef, undef, undef, $until - time + 0.1;
    is_error(call(GET => "$quick&cursor=$short"), 400, 'expiredCursor', 'too late');

    $server->stop;
    $server->start;
    is names(decode(get('/Users', %ask, cursor => $cursor))), 'anna emil', 'after a restart';
};

# A writer: makes, changes and removes until it is told to stop; others were there before.
sub writer
{
    my ($stop) = @_;
    return beside(sub {
        my ($n, $ok) = (0, 1);
        while (!-e $stop) {
            $n++;
            my $made = decode(call(POST => '/scim/v2/Users', { schemas => [$USER],
                    userName => "new$$-$n", displayName => 'new', title => 'throughout' })) // {};
            my $name = 'there' . $n % 60;
            my $put = call(PATCH => '/scim/v2/Users/' . $ENV{"ID_$name"}, { schemas => [$PATCH],
                    Operations => [ { op => 'replace', path => 'nickName', value => "n$n" } ] });
            $ok &&= $put->code == 200;
            call(DELETE => "/scim/v2/Users/$made->{id}") if $n % 3 && $made->{id};
        }
        return $ok && $n > 3;
    });
}

# PG-3
subtest 'pages while others write' => sub {
    my %there;
    for my $n (0 .. 59) {
        my $one = decode(call(POST => '/scim/v2/Users', { schemas => [$USER], userName => "there$n",
                title => 'throughout', displayName => 'same' }));
        $there{ $one->{id} } = 1;
        $ENV{"ID_there$n"} = $one->{id};
    }
    my $stop = $server->scratch . '/stop';
    my @writers = map { writer($stop) } 1, 2;
    my ($wrong, $walks) = (0, 0);
    my @asks = ({}, { sortBy => 'userName' }, { sortBy => 'displayName', sortOrder => 'descending' },
        { sortBy => 'meta.created' }, { filter => 'title eq "throughout"' },
        { filter => 'title eq "throughout"', sortBy => 'id', sortOrder => 'descending' });
    for my $round (1 .. quick() ? 1 : 3) {
        for my $ask (@asks) {
            for my $count (3, 17) {
                my $by = walk($walks % 2 ? \&get : \&search, '/Users', %$ask, count => $count,
                    attributes => 'id');
                my %times;
                $times{$_}++ for @{ $by->{ids} };
                $wrong += grep { ($times{$_} // 0) != 1 } keys %there;
                $wrong += grep { $times{$_} > 1 } keys %times;
                $walks++;
            }
        }
        # What is new lies behind what there was, and so does what is removed of it: by index, too.
        for my $ask (quick() ? () : {}, { filter => 'title eq "throughout"' }, { filter => 'userName sw "there"' }) {
            my (%times, $most);
            for (my $start = 1; !$most || $start <= $most; $start += 13) {
                my $list = decode(get('/Users', %$ask, startIndex => $start, count => 13, attributes => 'id'));
                $most //= $list->{totalResults};
                $times{ $_->{id} }++ for @{ $list->{Resources} };
                $wrong += $list->{totalResults} != 60 if ($ask->{filter} // '') =~ /there/;
            }
            $wrong += grep { ($times{$_} // 0) != 1 } keys %there;
            $walks++;
        }
    }
    open my $flag, '>', $stop or die "$stop: $!";
    for my $pid (@writers) {
        waitpid $pid, 0;
        is $?, 0, 'a writer wrote';
    }
    is $wrong, 0, "in $walks walks nobody is missed or repeated";
};
done_testing;
