# Queries over HTTP: .search, the root, order, pages by index and by cursor, projection, /Me.
# Rows: EP-5 EP-7 EP-8 EP-12 SO-1 PG-1 PG-2 PG-3 PG-4 PG-5 PJ-1 PJ-2 PJ-3 PJ-4 SE-1 FI-11 DI-3
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Query;
use JSON ();
use MIME::Base64 qw(encode_base64);

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
my $LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

my $server = ProvisionTest->new;
my $narrow = free_port();
my $users = $server->secret('users', "root:" . crypt('root', '$5$salt$') . "\n");
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant query.example
ProvisionPasswordCost 1
ProvisionDefaultResults 4
ProvisionMaxResults 20
ProvisionPermit admin user root
ProvisionPermit scim:read scim:write group people
ProvisionPermit scim:read group readers
Listen 127.0.0.1:$narrow
<VirtualHost 127.0.0.1:$narrow>
    ProvisionMaxScan 4
    ProvisionMaxSort 100
</VirtualHost>
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName scim
    AuthUserFile $users
    Require valid-user
</Location>
<Location /own>
    ProvisionService scim
    AuthType Provision
    AuthName own
    Require provision-permission scim
</Location>
CONF
$server->login('root', 'root');
asks_of($server);

# --- who is there ---------------------------------------------------------------------------------
my @rows = (
    # userName, title, family name, active, emails (! primary), employee number
    [ 'anna',  'Nurse',  'Berg',  1,     [ 'z@x', '!a@x' ], '10' ],
    [ 'Bert',  'doctor', 'adams', 0,     [ 'b@x', '0@x' ],  '9' ],
    [ 'carla', undef,    'Cole',  1,     [],                undef ],
    [ 'DORA',  'Doctor', undef,   undef, ['!C@x'],          '011' ],
    [ 'emil',  'nurse',  'berg',  0,     ['d@x'],           undef ],
);
my %user;
for my $row (@rows) {
    my ($name, $title, $family, $active, $emails, $number) = @$row;
    $user{$name} = made(User => schemas => [ $USER, defined $number ? $ENTERPRISE : () ],
        userName => $name, nickName => 'staff', $title ? (title => $title) : (),
        $family ? (name => { familyName => $family, givenName => "G$name" }) : (),
        defined $active ? (active => $active ? JSON::true() : JSON::false()) : (),
        emails => [ map { my ($primary, $value) = /^(!?)(.*)/;
            { value => $value, $primary ? (primary => JSON::true()) : () } } @$emails ],
        defined $number ? ($ENTERPRISE => { employeeNumber => $number }) : ());
}
my $crew = made(Group => schemas => [$GROUP], displayName => 'crew',
    members => [ map { { value => $user{$_}{id} } } qw(anna Bert) ]);

# SO-1
subtest 'order' => sub {
    my $named = 'anna Bert carla DORA emil';
    my $back = join ' ', reverse split / /, $named;
    for my $case (
        # sortBy, ascending, descending; equal ones stay in the order of ids
        [ 'userName',                   $named,                       $back ],
        [ 'USERNAME',                   $named,                       $back ],
        [ "$USER:userName",             $named,                       $back ],
        [ 'title',          'Bert DORA anna emil carla', 'carla anna emil Bert DORA' ],
        [ 'name.familyName', 'Bert anna emil carla DORA', 'DORA carla anna emil Bert' ],
        [ 'active',         'Bert emil anna carla DORA', 'DORA anna carla Bert emil' ],
        [ 'emails',         'anna Bert DORA emil carla', 'carla emil DORA Bert anna' ],
        [ 'emails.value',   'anna Bert DORA emil carla', 'carla emil DORA Bert anna' ],
        [ "$ENTERPRISE:employeeNumber", 'DORA anna Bert carla emil', 'carla emil Bert anna DORA' ],
        [ 'id',             $named,                       $back ],
        [ 'meta.created',   $named,                       $back ],
        [ 'nickName',       $named,                       $named ],
        [ 'photos.value',   $named,                       $named ],
        [ 'groups.display', 'anna Bert carla DORA emil', 'carla DORA emil anna Bert' ],
        )
    {
        my ($by, $up, $down) = @$case;
        for my $way (\&get, \&search) {
            my %ask = (filter => 'nickName eq "staff"', sortBy => $by, count => 9);
            is names(decode($way->('/Users', %ask))), $up, "$by";
            is names(decode($way->('/Users', %ask, sortOrder => 'descending'))), $down,
                "$by, descending";
            my @pages = map { names(decode($way->('/Users', %ask, startIndex => $_, count => 2))) }
                1, 3, 5, 7;
            is join(' ', grep { length } @pages), $up, "$by, by pages";
        }
    }
    is names(decode(get('/Users', sortBy => 'title', sortOrder => 'DESCENDING', count => 2))),
        'carla anna', 'sortOrder in any case, without a filter';
    is names(decode(get('/', sortBy => 'displayName', count => 1))), 'crew', 'over all types';
    is names(decode(get('/', sortBy => 'userName', count => 9))), "$named crew",
        'what a type lacks is missing';
    for my $case (
        [ 'nothing' ], [ 'name' ], [ 'password' ], [ '' ], [ 'emails[type eq "work"]' ],
        [ 'userName', 'up' ], [ 'userName', '' ], [ 'members' ],
        )
    {
        my ($by, $order) = @$case;
        is_error(get('/Users', sortBy => $by, defined $order ? (sortOrder => $order) : ()), 400,
            'invalidValue', "sortBy '$by' " . ($order // ''));
    }
};

# PG-1 PG-2 PG-4 PG-5
subtest 'pages by index' => sub {
    my $all = 'nickName eq "staff"';
    for my $case (
        # startIndex, count, where it begins, how many, which
        [ undef, undef, 1, 4, 'anna Bert carla DORA' ],
        [ 1,     2,     1, 2, 'anna Bert' ],
        [ 5,     2,     5, 1, 'emil' ],
        [ 0,     1,     1, 1, 'anna' ],
        [ -7,    1,     1, 1, 'anna' ],
        [ 6,     2,     6, 0, '' ],
        [ 99999, 2,     99999, 0, '' ],
        [ 1,     0,     1, 0, '' ],
        [ 1,     -1,    1, 0, '' ],
        [ 1,     500,   1, 5, 'anna Bert carla DORA emil' ],
        )
    {
        my ($start, $count, $begins, $held, $which) = @$case;
        my %ask = (filter => $all, defined $start ? (startIndex => $start) : (),
            defined $count ? (count => $count) : ());
        for my $way (\&get, \&search) {
            for my $sort ({}, { sortBy => 'userName' }) {
                my $res = $way->('/Users', %ask, %$sort);
                my $list = decode($res);
                my $what = args(%ask, %$sort);
                is $res->code, 200, $what;
                is_deeply [ sort keys %$list ],
                    [ sort qw(schemas totalResults startIndex itemsPerPage Resources) ],
                    "$what: nothing else";
                is_deeply [ @$list{qw(schemas totalResults startIndex itemsPerPage)} ],
                    [ [$LIST], 5, $begins, $held ], "$what: counted";
                is names($list), $which, "$what: held";
                like $res->content, qr/"totalResults":5,"startIndex":$begins,"itemsPerPage":$held,/,
                    "$what: numbers";
            }
        }
    }
    is_error(get('/Users', startIndex => $_), 400, 'invalidValue', "startIndex $_")
        for 'one', '1.5', '';
    is_error(get('/Users', count => $_), 400, 'invalidValue', "count $_") for 'many', '1e1', '';
};

# EP-5 SE-1
subtest '.search' => sub {
    for my $case (
        # path, body, what is found
        [ '/Users',  { filter => 'userName eq "anna"' },                 'anna' ],
        [ '/Users',  { filter => 'userName eq "nobody"' },               '' ],
        [ '/Groups', {},                                                 'crew' ],
        [ '',        { filter => 'displayName eq "crew"' },              'crew' ],
        [ '',        { filter => 'userName sw "b"' },                    'Bert' ],
        [ '/Users',  { filter => undef, count => 1, sortBy => undef },   'anna' ],
        [ '/Users',  { Filter => 'userName eq "emil"', unknown => 1 },   'emil' ],
        )
    {
        my ($path, $body, $found) = @$case;
        my $res = call(POST => "/scim/v2$path/.search", { schemas => [$SEARCH], %$body });
        is $res->code, 200, "$path/.search" or diag $res->content;
        is $res->header('Content-Type'), 'application/scim+json', 'its media type';
        is names(decode($res)), $found, "$path/.search finds '$found'";
    }
    my $page = decode(search('/Users', filter => 'userName eq "anna"',
            attributes => 'title,name.familyName'));
    is_deeply $page->{Resources}, [ { schemas => $page->{Resources}[0]{schemas},
            id => $user{anna}{id}, title => 'Nurse', name => { familyName => 'Berg' } } ],
        'attributes';
    ok !exists decode(search('/Users', filter => 'userName eq "anna"',
            excludedAttributes => 'title'))->{Resources}[0]{title}, 'excludedAttributes';
    for my $case (
        [ 'invalidSyntax', '', 'empty' ],
        [ 'invalidSyntax', '{', 'cut off' ],
        [ 'invalidSyntax', '[]', 'an array' ],
        [ 'invalidSyntax', {}, 'no schemas' ],
        [ 'invalidSyntax', { schemas => [] }, 'none of them' ],
        [ 'invalidSyntax', { schemas => $SEARCH }, 'no array' ],
        [ 'invalidSyntax', { schemas => [$USER] }, 'another' ],
        [ 'invalidFilter', { schemas => [$SEARCH], filter => '' }, 'an empty filter' ],
        [ 'invalidFilter', { schemas => [$SEARCH], filter => 'a b c' }, 'no filter' ],
        [ 'invalidValue', { schemas => [$SEARCH], filter => [] }, 'a filter that is no text' ],
        [ 'invalidValue', { schemas => [$SEARCH], count => '1x' }, 'count' ],
        [ 'invalidValue', { schemas => [$SEARCH], count => 1.5 }, 'a fraction' ],
        [ 'invalidValue', { schemas => [$SEARCH], startIndex => {} }, 'startIndex' ],
        [ 'invalidValue', { schemas => [$SEARCH], attributes => 'id' }, 'attributes' ],
        [ 'invalidValue', { schemas => [$SEARCH], attributes => [1] }, 'a number for a name' ],
        [ 'invalidValue', { schemas => [$SEARCH], sortBy => 1 }, 'sortBy' ],
        [ 'invalidValue', { schemas => [$SEARCH], attributes => ['id'],
                excludedAttributes => ['id'] }, 'both' ],
        [ 'invalidCursor', { schemas => [$SEARCH], cursor => 'x' }, 'cursor' ],
        )
    {
        my ($type, $body, $what) = @$case;
        is_error(call(POST => "/scim/v2$_/.search", $body), 400, $type, "$_: $what")
            for '', '/Users';
    }
    is_error(search('/Users', filter => 'a' x 10_000), 400, 'invalidFilter', 'a long filter');
    is_error(search('/Users', filter => '(' x 4000), 400, 'invalidFilter', 'a deep one');
    is_error(search('/Users', filter => 'a' x 2_000_000), 413, undef, 'a very long one');
    is_error(search('/Users', sortBy => 'a' x 100_000), 400, 'invalidValue', 'a long name to sort by');
    is_error(search('/Users', cursor => 'A' x 900_000), 400, 'invalidCursor', 'a long cursor');
    is search('/Users', attributes => join ',', ('x' x 50) x 10_000)->code, 200, 'many attributes';
    for my $path ('', '/Users', '/Groups') {
        for my $method (qw(GET PUT DELETE PATCH)) {
            my $res = call($method => "/scim/v2$path/.search");
            is_error($res, 405, undef, "$method $path/.search");
            is $res->header('Allow'), 'POST, OPTIONS', 'but POST';
        }
        my $res = call(OPTIONS => "/scim/v2$path/.search");
        is_deeply [ $res->code, $res->header('Allow') ], [ 204, 'POST, OPTIONS' ], 'OPTIONS';
    }
    is_error(call(POST => "/scim/v2$_/.search", { schemas => [$SEARCH] }), 404, undef, "$_/.search")
        for '/Schemas', '/ResourceTypes', '/Nothing', "/Users/$user{anna}{id}";
    is_error(call(POST => '/scim/v2/Users/.search', '{}', 'Content-Type' => 'text/plain'), 415,
        undef, 'a media type');
    is_error(get("/$_", filter => 'id pr'), 403, undef, "a filter on $_")
        for qw(Schemas ResourceTypes);
};

# EP-8 FI-11 PJ-1
subtest 'the root' => sub {
    my @every = (sort(map { $_->{id} } values %user), $crew->{id});
    for my $path ('', '/') {
        my $list = decode(get($path, count => 9));
        is $list->{totalResults}, 6, "'$path': all types";
        is_deeply [ map { $_->{id} } @{ $list->{Resources} } ], \@every, 'one after the other';
    }
    my $list = decode(get('/', filter => 'meta.resourceType eq "Group" or userName eq "anna"',
            attributes => 'userName,displayName,members.value'));
    is_deeply $list->{Resources}, [
        { schemas => $user{anna}{schemas}, id => $user{anna}{id}, userName => 'anna' },
        { schemas => [$GROUP], id => $crew->{id}, displayName => 'crew',
            members => $list->{Resources}[1]{members} },
    ], 'each with what was asked of its type';
    is_deeply [ map { [ keys %$_ ] } @{ $list->{Resources}[1]{members} } ],
        [ (['value']) x 2 ], 'and of that, what was asked';
    for my $case ([ 'nothing eq "x"', 0 ], [ 'userName pr', 5 ], [ 'displayName pr', 1 ]) {
        is decode(get('/', filter => $case->[0], count => 0))->{totalResults}, $case->[1],
            $case->[0];
    }
    my $res = call(POST => '/scim/v2/', { schemas => [$USER], userName => 'x' });
    is_error($res, 405, undef, 'nothing is made there');
    is $res->header('Allow'), 'GET, HEAD, OPTIONS', 'what is allowed';
    is call(HEAD => '/scim/v2/')->code, 200, 'HEAD';
};

# PJ-1 PJ-2 PJ-3 PJ-4
subtest 'projection on every operation' => sub {
    my $body = { schemas => [$USER], userName => 'shown', title => 'T', nickName => 'N' };
    my $path = '';
    my $made = sub { my ($args) = @_;
        my $res = call(POST => "/scim/v2/Users?$args", $body);
        my $one = decode($res);
        $path = "/scim/v2/Users/$one->{id}";
        return ($res, $one) };
    my %way = (
        POST => $made,
        GET => sub { my $r = call(GET => "$path?$_[0]"); ($r, decode($r)) },
        PUT => sub { my $r = call(PUT => "$path?$_[0]", $body); ($r, decode($r)) },
        PATCH => sub { my $r = call(PATCH => "$path?$_[0]", { schemas => [$PATCH],
                Operations => [ { op => 'replace', path => 'title', value => 'T' } ] });
            ($r, decode($r)) },
        list => sub { my $r = call(GET => "/scim/v2/Users?$_[0]&" . args(filter => 'userName eq "shown"'));
            ($r, decode($r)->{Resources}[0]) },
        cursor => sub { my $r = call(GET => "/scim/v2/Users?$_[0]&cursor&" . args(filter => 'userName eq "shown"'));
            ($r, decode($r)->{Resources}[0]) },
    );
    for my $name (qw(POST GET PUT PATCH list cursor)) {
        for my $case (
            [ 'attributes=title',                     'id schemas title' ],
            [ "attributes=$USER:TITLE,nothing",       'id schemas title' ],
            [ 'attributes=password',                  'id schemas' ],
            [ 'excludedAttributes=title,id,schemas,meta', 'id nickName schemas userName' ],
            )
        {
            my ($args, $keys) = @$case;
            my ($res, $one) = $way{$name}->($args);
            is $res->code, $name eq 'POST' ? 201 : 200, "$name $args";
            is join(' ', sort keys %$one), $keys, "$name $args: what is shown";
            call(DELETE => $path) if $name eq 'POST' && $args ne 'excludedAttributes=title,id,schemas,meta';
        }
    }
    my ($res) = $way{GET}->('attributes=id&excludedAttributes=title');
    is_error($res, 400, 'invalidValue', 'both');
    call(DELETE => $path);
    my $group = decode(get('/Groups', excludedAttributes => 'members'))->{Resources}[0];
    ok !exists $group->{members}, 'a group without its members';
};

subtest 'what is said about it' => sub {
    my $config = decode(get('/ServiceProviderConfig'));
    is_deeply $config->{pagination}, { cursor => JSON::true(), index => JSON::true(),
        defaultPaginationMethod => 'index', defaultPageSize => 4, maxPageSize => 20,
        cursorTimeout => 3600 }, 'pagination';
    is_deeply $config->{sort}, { supported => JSON::true() }, 'sort';
};

subtest 'what costs too much' => sub {
    my $at = sub { my ($path, %ask) = @_; call(GET => "http://127.0.0.1:$narrow/scim/v2$path?" . args(%ask)) };
    is_error($at->('/Users', %$_), 400, 'tooMany', args(%$_))
        for { filter => 'title eq "Nurse"' }, { filter => 'title eq "Nurse"', cursor => '' },
        { sortBy => 'title' }, { filter => 'userName eq "a" or title eq "b"' };
    is_error($at->('/', filter => 'title eq "Nurse"'), 400, 'tooMany', 'over all types');
    is $at->('/Users', %$_)->code, 200, args(%$_) for {}, { filter => 'userName eq "anna"' },
        { filter => 'userName eq "anna"', sortBy => 'title' }, { startIndex => 40 }, { sortBy => 'userName' };
    is $at->('/Groups', filter => 'displayName co "c"')->code, 200, 'where there are few';
    is get('/Users', filter => 'title eq "Nurse"')->code, 200, 'elsewhere it may cost that';
};

subtest 'how it was found' => sub {
    my $plan = sub { my ($path, $filter, %headers) = @_;
        return call(GET => "/scim/v2$path?" . args(defined $filter ? (filter => $filter) : (), count => 1),
            undef, %headers)->header('Provision-Plan') };
    for my $case (
        [ '/Users',  undef,                                  'User: index id, 1 of 5' ],
        [ '/Users',  'title eq "Nurse"',                     'User: scan of 5' ],
        [ '/Users',  'userName eq "anna" and title pr',      'User: index userName eq, 1 of 5' ],
        [ '/Users',  'title pr and (userName eq "anna" or emails.value eq "d@x")',
            'User: index userName eq or emails.value eq, 2 of 5' ],
        [ '/Users',  'userName sw "AN" and title pr',        'User: index userName sw, 1 of 5' ],
        [ '/Users',  'emails.value sw "c@" or emails.value eq "d@x"',
            'User: index emails.value sw or emails.value eq, 2 of 5' ],
        [ '/Users',  'not (userName sw "an")',               'User: scan of 5' ],
        [ '/Users',  'userName eq "anna" or title pr',       'User: scan of 5' ],
        [ '/Groups', qq(members.value eq "$user{anna}{id}"), 'Group: index members.value eq, 1 of 1' ],
        [ '/',       'displayName eq "crew"',
            'User: index displayName eq, 0 of 5; Group: index displayName eq, 1 of 1' ],
        )
    {
        my ($path, $filter, $want) = @$case;
        is $plan->($path, $filter, 'Provision-Explain' => 1), $want, $want;
    }
    is $plan->('/Users'), undef, 'only if asked';
};

# EP-7
subtest '/Me' => sub {
    my $me = made(User => schemas => [$USER], userName => 'maria', password => 'Secret-of-1',
        title => 'M');
    made(Group => schemas => [$GROUP], displayName => 'people', members => [ { value => $me->{id} } ]);
    my $you = made(User => schemas => [$USER], userName => 'rita', password => 'Secret-of-2');
    made(Group => schemas => [$GROUP], displayName => 'readers', members => [ { value => $you->{id} } ]);
    my $none = made(User => schemas => [$USER], userName => 'nina', password => 'Secret-of-3');
    my $as = sub { my ($who, @call) = @_;
        my %of = (boss => 'Secret-of-4', maria => 'Secret-of-1', rita => 'Secret-of-2', nina => 'Secret-of-3');
        my ($method, $path, $body, %more) = @call;
        return call($method => "/own$path", $body,
            Authorization => 'Basic ' . encode_base64("$who:$of{$who}", ''), %more) };
    my $where = $server->url("/own/Users/$me->{id}");

    my $res = $as->('maria', GET => '/Me');
    is $res->code, 200, 'GET' or diag $res->content;
    is decode($res)->{id}, $me->{id}, 'oneself';
    is $res->header($_), $where, "$_ is where it is" for qw(Location Content-Location);
    is $res->header('ETag'), decode($res)->{meta}{version}, 'its version';
    is $as->('maria', GET => '/Me', undef, 'If-None-Match' => $res->header('ETag'))->code, 304,
        'conditions';
    is join(' ', sort keys %{ decode($as->('maria', GET => '/Me?attributes=title')) }),
        'id schemas title', 'projection';
    is $as->('maria', HEAD => '/Me')->code, 200, 'HEAD';

    $res = $as->('maria', PATCH => '/Me', { schemas => [$PATCH],
            Operations => [ { op => 'replace', path => 'title', value => 'N' } ] });
    is_error($res, 403, undef, 'PATCH by one who holds a permission through a group');
    $res = $as->('rita', GET => '/Me');
    is decode($res)->{id}, $you->{id}, 'another is another';
    is_error($as->('rita', PATCH => '/Me', { schemas => [$PATCH], Operations => [] }), 403, undef,
        'who only may read');
    is_error($as->('nina', GET => '/Me'), 403, undef, 'who may nothing');
    for my $method (qw(PUT PATCH DELETE)) {
        $res = $as->('maria', $method => '/Me', $method eq 'DELETE' ? undef : { schemas => [$USER] },
            'If-Match' => '"none"');
        ok $res->code =~ /^4/ && !$res->header('Location'), "$method that fails leads nowhere";
    }
    $res = $as->('maria', POST => '/Me', { schemas => [$USER] });
    is_error($res, 405, undef, 'POST');
    is $res->header('Allow'), 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS', 'what is allowed';
    is_error(get('/Me'), 501, undef, "another module's user");

    my ($status, $said) = $server->ctl('admin', 'create', 'boss', { stdin => "Secret-of-4\n" });
    is $status, 0, 'an administrator' or diag $said;
    $res = $as->('boss', PATCH => '/Me', { schemas => [$PATCH],
            Operations => [ { op => 'replace', path => 'title', value => 'Boss' } ] });
    my $boss = decode($res);
    is_deeply [ $res->code, $boss->{title} ], [ 200, 'Boss' ], 'PATCH' or diag $res->content;
    is $res->header('Location'), $boss->{meta}{location}, 'Location';
    is_error($as->('boss', PATCH => '/Me', { schemas => [$PATCH],
            Operations => [ { op => 'remove', path => 'title' } ] }, 'If-Match' => '"old"'), 412, undef, 'a condition');
    $res = $as->('boss', PUT => '/Me', { schemas => [$USER], userName => 'boss', nickName => 'B' });
    is_deeply [ $res->code, @{ decode($res) }{qw(nickName title)} ], [ 200, 'B', undef ], 'PUT';
    is $res->header('Location'), $boss->{meta}{location}, 'Location';
    $res = $as->('boss', DELETE => '/Me');
    is_deeply [ $res->code, $res->content ], [ 204, '' ], 'DELETE' or diag $res->content;
    is_error($as->('boss', GET => '/Me'), 401, undef, 'and that was it');

    ($status, my $token) = $server->ctl('token', 'create', 'robot', '--permit', 'admin');
    ($token) = $token =~ /([\w-]{20,})/;
    my %robot = (Authorization => "Bearer $token");
    is call(GET => '/own/Users', undef, %robot)->code, 200, 'a token';
    is_error(call(GET => '/own/Me', undef, %robot), 501, undef, 'is nobody');
    is_error(call(GET => '/own/Me', undef, Authorization => undef), 401, undef, 'without any');
    $res = $as->('rita', POST => '/Users/.search', { schemas => [$SEARCH], count => 1 });
    is $res->code, 200, 'to search is to read';
    is $as->('rita', GET => '/Users', undef, 'Provision-Explain' => 1)->header('Provision-Plan'),
        undef, 'how it is found is for administrators';
    is_error($as->('rita', POST => '/Users', { schemas => [$USER] }), 403, undef, 'to make is not');
};
done_testing;
