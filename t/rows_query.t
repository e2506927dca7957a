# The rows of section 3.4 of RFC 7644: filters, order, pages, projections, .search.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Rows;
use ProvisionTest::TestResource;
use JSON ();

my ($TRUE, $FALSE) = (JSON::true(), JSON::false());
my $server = rows_server('ProvisionMaxFilter 2000');

# --- what is there ----------------------------------------------------------------------------------
my @people = (
    user('anna', displayName => 'Anna Berg', title => 'Nurse', active => $TRUE, externalId => 'E-1',
        name => { familyName => "B\x{e9}rg", givenName => 'Anna' }, userType => 'Employee', preferredLanguage => 'de',
        emails => [ { value => 'anna@example.com', type => 'work', primary => $TRUE }, { value => 'a@home.org', type => 'home' } ],
        ims => [ { value => 'anna@im', type => 'xmpp' } ], x509Certificates => [ { value => 'AQIDBA==' } ],
        $ENTERPRISE => { department => 'Ward 7', employeeNumber => '0042', manager => { value => 'm-1' } }),
    user('ben', displayName => 'Ben', title => 'nurse', active => $FALSE, externalId => 'e-1',
        name => { familyName => 'Adler', givenName => 'Ben' }, userType => 'Intern',
        emails => [ { value => 'ben@example.org', type => 'work' } ], roles => [ { value => 'lead', primary => $TRUE }, { value => 'x' } ]),
    user('cleo', displayName => 'say "hi" \\ (now) [x]', nickName => "\x{ff23}LEO \x{2126}", title => '',
        name => { familyName => 'zorn' }, profileUrl => 'https://Example.com/~Cleo'),
    user('dora', userType => 'Contractor', emails => [ { value => 'x', type => 'home' }, { value => 'y', type => 'work' } ]),
);
my @things = map { { schemas => [ $TEST, $TEST_EXTENSION ], $TEST_EXTENSION => { extRequired => 'r' }, %$_ } } (
    { identifier => 't1', integerAttr => 9007199254740993, dateTimeAttr => '2020-01-01T12:00:00Z', decimalAttr => 1.5, booleanAttr => $TRUE,
        binaryAttr => 'AQIDBA==', multiStrings => [ 'Red', 'blue' ], complexAttr => { sub1 => 's', sub2 => 0, sub3 => $FALSE }, caseExactString => 'Bb' },
    { identifier => 't2', integerAttr => -3, dateTimeAttr => '2020-01-01T13:30:00.5+02:00', decimalAttr => -2, booleanAttr => $FALSE, caseExactString => 'aa' },
    { identifier => 't3', integerAttr => 9007199254740992, dateTimeAttr => '2019-12-31T23:59:59.999Z', caseExactString => 'Aa' },
    { identifier => 't4' },
);
for (@people) {
    my $res = $server->call(POST => '/scim/Users', $_);
    is $res->code, 201, "$_->{userName} is there" or diag $res->content;
    $_->{id} = decode($res)->{id};
}
for (@things) {
    my $res = $server->call(POST => '/scim/TestResources', $_);
    is $res->code, 201, "$_->{identifier} is there" or diag $res->content;
}
my $crew = decode($server->call(POST => '/scim/Groups', group('Crew', members => [ { value => $people[0]{id} } ])));

sub names { return join ' ', map { $_->{userName} // $_->{identifier} // $_->{displayName} } @{ $_[0]{Resources} // [] } }

# Who passes: in an order of its own.
sub found
{
    my ($ids, $at, $filter, $want) = @_;
    my $list = decode($server->call(GET => '/scim' . query($at, filter => $filter)));
    is join(' ', sort split / /, names($list)), $want, "$ids $filter" or diag(JSON->new->encode($list));
    my $same = decode($server->call(POST => "/scim$at/.search", { schemas => [$SEARCH], filter => $filter, attributes => ['userName'] }));
    is $same->{totalResults}, scalar(split / /, $want), "SE-1 the same by .search: $filter";
}

subtest 'filters' => sub {
    my $id = $people[0]{id};
    found('FI-1', '/Users', @$_) for
        [ 'userName eq "anna"', 'anna' ], [ 'userName EQ "ANNA"', 'anna' ], [ 'USERNAME Eq "anna"', 'anna' ], [ 'userName ne "anna"', 'ben cleo dora' ],
        [ 'userName co "n"', 'anna ben' ], [ 'userName sw "AN"', 'anna' ], [ 'userName ew "A"', 'anna dora' ], [ 'title pr', 'anna ben' ],
        [ 'userName gt "ben"', 'cleo dora' ], [ 'userName ge "BEN"', 'ben cleo dora' ], [ 'userName lt "ben"', 'anna' ], [ 'userName le "ben"', 'anna ben' ],
        [ 'userName eq "anna" or userName eq "ben"', 'anna ben' ], [ 'userName eq "anna" OR userName eq "ben"', 'anna ben' ], [ 'title eq "nurse" And active eq true', 'anna' ],
        [ 'not (userName eq "anna")', 'ben cleo dora' ], [ 'NOT(userName eq "anna")', 'ben cleo dora' ], [ 'displayName co ""', 'anna ben cleo' ];
    found('FI-2', '/Users', @$_) for
        [ 'userName eq "ben" or userName eq "anna" and title eq "none"', 'ben' ], [ '(userName eq "ben" or userName eq "anna") and title eq "none"', '' ],
        [ 'userName eq "anna" and title eq "none" or userName eq "ben"', 'ben' ], [ 'not (title pr) and userName sw "c" or userName eq "ben"', 'ben cleo' ],
        [ 'not (title pr or userName eq "cleo")', 'dora' ], [ '((((userName eq "ben"))))', 'ben' ], [ 'not (not (userName eq "ben"))', 'ben' ],
        [ 'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', 'anna' ];
    found('FI-3', '/Users', @$_) for
        [ 'emails.value eq "A@HOME.org"', 'anna' ], [ 'emails eq "a@home.org"', 'anna' ], [ 'emails co "example"', 'anna ben' ], [ 'emails.type eq "work"', 'anna ben dora' ],
        [ 'emails pr', 'anna ben dora' ], [ 'emails.type pr', 'anna ben dora' ], [ 'ims.value pr', 'anna' ], [ 'emails.type ne "work"', 'anna dora' ],
        [ 'groups.display eq "crew"', 'anna' ], [ "id eq \"$id\"", 'anna' ], [ 'name.familyName pr', 'anna ben cleo' ], [ 'name pr', 'anna ben cleo' ], [ 'meta.resourceType eq "User"', 'anna ben cleo dora' ];
    found('FI-4', '/Users', @$_) for
        [ 'emails[type eq "work" and value co "example.com"]', 'anna' ], [ 'emails[type eq "home" and value co "example"]', '' ], [ 'emails[TYPE EQ "WORK"]', 'anna ben dora' ],
        [ 'emails[type eq "home" and (value eq "x" or value eq "z")]', 'dora' ], [ 'emails[not (type eq "work")]', 'anna dora' ], [ 'emails[ type eq "work" ]', 'anna ben dora' ],
        [ 'emails[type eq "work" and value co "example"] or ims[type eq "xmpp" and value co "@im"]', 'anna ben' ], [ 'emails[primary eq true]', 'anna' ], [ 'not (emails[type eq "work"])', 'cleo' ];
    found('FI-5', '/Users', @$_) for [ 'active pr', 'anna ben' ], [ 'title pr', 'anna ben' ], [ 'nickName pr', 'cleo' ], [ 'roles pr', 'ben' ], [ 'roles.primary pr', 'ben' ];
    found('FI-5', '/TestResources', @$_) for [ 'complexAttr.sub2 pr', 't1' ], [ 'complexAttr.sub3 pr', 't1' ], [ 'booleanAttr pr', 't1 t2' ];
    found('FI-6', '/TestResources', @$_) for
        [ 'integerAttr gt 9007199254740992', 't1' ], [ 'integerAttr ge 9007199254740992', 't1 t3' ], [ 'integerAttr lt 0', 't2' ], [ 'integerAttr eq 9007199254740993', 't1' ], [ 'integerAttr gt -3.5', 't1 t2 t3' ],
        [ 'integerAttr le 9007199254740992', 't2 t3' ], [ 'integerAttr eq 9.007199254740992e15', 't3' ], [ 'decimalAttr gt 1', 't1' ], [ 'decimalAttr eq 15e-1', 't1' ],
        [ 'dateTimeAttr eq "2020-01-01T13:00:00+01:00"', 't1' ], [ 'dateTimeAttr lt "2020-01-01T11:59:59Z"', 't2 t3' ], [ 'dateTimeAttr ge "2020-01-01T11:30:00.5Z"', 't1 t2' ], [ 'dateTimeAttr gt "2020-01-01T11:30:00.5Z"', 't1' ],
        [ 'dateTimeAttr eq "2020-01-01T12:00:00.000000Z"', 't1' ], [ 'caseExactString gt "a"', 't2' ], [ 'caseExactString lt "B"', 't3' ], [ 'caseExactString ge "Bb"', 't1 t2' ];
    found('AT-10 AT-12', '/Users', @$_) for
        [ "nickName eq \"cleo \x{3c9}\"", 'cleo' ], [ "nickName sw \"Cleo\"", 'cleo' ], [ "nickName co \"EO \x{3a9}\"", 'cleo' ], [ "name.familyName eq \"BE\x{301}RG\"", 'anna' ], [ "name.familyName sw \"b\x{c9}\"", 'anna' ],
        [ 'profileUrl eq "https://example.com/~cleo"', '' ], [ 'profileUrl co "~Cleo"', 'cleo' ], [ "userName eq \"\x{ff41}nna\"", 'anna' ];
    found('FI-8', '/Users', @$_) for
        [ 'displayName eq "say \"hi\" \\\\ (now) [x]"', 'cleo' ], [ 'displayName co "(now) ["', 'cleo' ], [ 'userName eq "\u0061nn\u0061"', 'anna' ], [ 'active eq true', 'anna' ], [ 'active eq false', 'ben' ],
        [ 'title eq null', 'dora' ], [ 'title ne null', 'anna ben cleo' ], [ 'emails eq null', 'cleo' ];
    found('FI-8', '/TestResources', @$_) for [ 'integerAttr eq -3', 't2' ], [ 'integerAttr eq -3e0', 't2' ], [ 'complexAttr.sub2 eq 0', 't1' ], [ 'multiStrings eq "red"', 't1' ], [ 'binaryAttr eq "AQIDBA"', 't1' ];
    found('FI-9', '/Users', @$_) for
        [ "$USER:userName eq \"anna\"", 'anna' ], [ "$USER:name.familyName eq \"adler\"", 'ben' ], [ "$ENTERPRISE:department sw \"ward\"", 'anna' ], [ "$ENTERPRISE:manager.value eq \"M-1\"", 'anna' ],
        [ "$USER:emails[type eq \"work\"] and $ENTERPRISE:employeeNumber eq \"0042\"", 'anna' ];
    found('FI-10', '/Users', @$_) for [ "schemas eq \"$ENTERPRISE\"", 'anna' ], [ "schemas eq \"\U$USER\"", 'anna ben cleo dora' ], [ "schemas eq \"$GROUP\"", '' ];
    found('FI-11', '', @$_) for [ 'members pr', 'Crew' ], [ 'userName eq "anna" or displayName eq "crew"', 'Crew anna' ], [ 'integerAttr lt 0', 't2' ], [ 'nothing eq "x"', '' ], [ 'meta.resourceType eq "Group"', 'Crew' ],
        [ 'displayName pr', 'Crew anna ben cleo' ];
    found('FI-12', '/Users', @$_) for [ 'active ne true', 'ben cleo dora' ], [ 'emails[primary eq false]', 'anna ben dora' ];
    found('FI-13', '/Users', @$_) for [ 'emails[type eq "work"].value eq "ben@example.org"', 'ben' ], [ 'emails[type eq "home"].value eq "ben@example.org"', '' ];
    found('FI-14', '/Users', @$_) for [ 'active eq "True"', 'anna' ], [ 'active eq "False"', 'ben' ], [ 'roles[primary eq "True"]', 'ben' ], [ 'roles[primary eq "true"].value eq "lead"', 'ben' ];
    found('FI-1 with more spaces than needed', '/Users', @$_) for [ '  userName   eq   "anna"  ', 'anna' ], [ '( userName eq "anna" )', 'anna' ];
};

subtest 'what is no filter' => sub {
    my @wrong = ('', ' ', 'userName', 'userName eq', 'eq "x"', 'userName "x"', 'userName xx "x"', 'userName eq x', "userName eq 'x'", 'userName eq "x', 'userName eq "x" and', 'and', 'not', 'not userName eq "x"',
        'userName eq "x" userName eq "y"', '(userName eq "x"', 'userName eq "x")', '()', 'emails[', 'emails[]', 'emails[type eq "x"', 'emails[type]', 'emails[emails[type eq "x"]]', 'emails[type eq "x"].', 'emails[nothing eq "x"]',
        'name[familyName eq "x"] ]', 'userName pr "x"', 'userName eq "\x"', 'userName eq "\u12"', 'userName eq tru', 'userName eq TRUE', 'active eq 1', 'active eq "x"', 'userName eq 1', 'userName eq true', 'name eq "x"',
        'nothing eq "x"', 'name.nothing eq "x"', 'userName.x eq "y"', 'emails.value.x eq "y"', "$USER eq \"x\"", "urn:none:userName eq \"x\"", "$ENTERPRISE:nothing eq \"x\"", 'userName eq "a" xor userName eq "b"', '[type eq "x"]', 'userName==x',
        'active gt true', 'active co "t"', 'x509Certificates.value gt "AQ=="', 'x509Certificates.value le "AQ=="', 'meta.created gt "no date"', 'meta.created eq "2020-01-01"', 'emails[type eq "work"][value eq "x"]', 'title gt null', 'emails[0]', 'userName eq "a";', '"userName" eq "a"');
    rows($server, '/scim', map { [ "FI-7 ST-400 '$_'", GET => query('/Users', filter => $_), undef, '400 invalidFilter' ] } @wrong);
    rows($server, '/scim',
        (map { [ "FI-6 $_", GET => query('/TestResources', filter => $_), undef, '400 invalidFilter' ] } 'booleanAttr gt true', 'booleanAttr le false', 'booleanAttr sw "t"', 'binaryAttr gt "AQ=="', 'binaryAttr lt "AQ=="', 'integerAttr co 1', 'integerAttr eq "1"', 'dateTimeAttr gt 5'),
        [ 'FI-7 no value', GET => '/Users?filter', undef, '400 invalidFilter' ],
        [ 'FI-7 in a body', POST => '/Users/.search', { schemas => [$SEARCH], filter => 'x' }, '400 invalidFilter' ],
        [ 'FI-7 at the root', GET => query('/', filter => 'a b c'), undef, '400 invalidFilter' ],
        [ 'FI-15 brackets', GET => query('/Users', filter => '(' x 900 . 'userName pr' . ')' x 900), undef, '400 invalidFilter' ],
        [ 'FI-15 length', GET => query('/Users', filter => 'userName eq "' . 'x' x 2000 . '"'), undef, '400 invalidFilter' ],
        [ 'FI-15 terms', POST => '/Users/.search', { schemas => [$SEARCH], filter => join ' or ', ('id pr') x 180 }, '200' ],
        [ 'FI-16 percent and plus', GET => '/Users?filter=userName+eq+%22%61nna%22', undef, '200', { totalResults => 1 } ],
        [ 'FI-16 once', GET => '/Users?filter=userName+eq+%22%2561nna%22', undef, '200', { totalResults => 0 } ],
        [ 'FI-16 a plus that is meant', GET => '/Users?filter=userName+eq+%22a%2Bb%22', undef, '200', { totalResults => 0 } ],
        [ 'FI-16 no percent', GET => '/Users?filter=userName+eq+%22%zz%22', undef, '400 invalidValue' ],
        [ 'FI-16 no UTF-8', GET => '/Users?filter=userName+eq+%22%ff%22', undef, '400 invalidValue' ],
    );
};

subtest 'order' => sub {
    my $order = sub { my ($at, $by, $want, @more) = @_;
        my $list = decode($server->call(GET => '/scim' . query($at, sortBy => $by, @more)));
        is names($list), $want, "SO-1 by $by @more" or diag(JSON->new->encode($list)) };
    $order->('/Users', @$_) for [ 'userName', 'anna ben cleo dora' ], [ 'USERNAME', 'dora cleo ben anna', sortOrder => 'descending' ], [ 'name.familyName', 'ben anna cleo dora' ],
        [ 'name.familyName', 'dora cleo anna ben', sortOrder => 'DESCENDING' ], [ "$USER:name.familyName", 'ben anna cleo dora' ], [ 'emails', 'anna ben dora cleo' ], [ 'emails.value', 'anna ben dora cleo', sortOrder => 'ascending' ],
        [ 'emails.type', 'dora anna ben cleo' ], [ "$ENTERPRISE:department", 'anna ben cleo dora' ], [ "$ENTERPRISE:department", 'ben cleo dora anna', sortOrder => 'descending' ], [ 'meta.created', 'anna ben cleo dora' ],
        [ 'meta.lastModified', 'dora cleo ben anna', sortOrder => 'descending' ], [ 'id', 'anna ben cleo dora' ];
    $order->('/TestResources', @$_) for [ 'integerAttr', 't2 t3 t1 t4' ], [ 'integerAttr', 't4 t1 t3 t2', sortOrder => 'descending' ], [ 'dateTimeAttr', 't3 t2 t1 t4' ], [ 'caseExactString', 't3 t1 t2 t4' ],
        [ 'booleanAttr', 't2 t1 t3 t4' ], [ 'decimalAttr', 't2 t1 t3 t4' ];
    rows($server, '/scim',
        (map { [ "SO-1 $_->[0]=$_->[1]", GET => query('/Users', sortBy => 'userName', @$_), undef, '400 invalidValue' ] } [ sortOrder => 'up' ], [ sortOrder => '' ]),
        (map { [ "SO-1 by $_", GET => query('/Users', sortBy => $_), undef, '400 invalidValue' ] } 'nothing', 'name', 'userName.x', 'password', ''),
        [ 'SO-1 in a body', POST => '/Users/.search', { schemas => [$SEARCH], sortBy => 'userName', sortOrder => 'descending', count => 1 }, '200', { 'Resources/0/userName' => 'dora' } ],
        [ 'SO-1 over types', GET => '/?sortBy=displayName', undef, '200', { 'Resources/0/displayName' => 'Anna Berg', totalResults => 9 } ],
    );
};

subtest 'pages' => sub {
    my $page = sub { my ($total, $start, $count) = @_;
        return { schemas => [$LIST], totalResults => $total, startIndex => $start, itemsPerPage => $count, 'Resources/#' => $count } };
    rows($server, '/scim',
        (map { [ "PG-1 $_->[0]", GET => "/Users?$_->[0]", undef, '200', $page->(4, @$_[ 1, 2 ]) ] }
            [ 'startIndex=1', 1, 4 ], [ 'startIndex=0', 1, 4 ], [ 'startIndex=-7', 1, 4 ], [ 'startIndex=2', 2, 3 ], [ 'startIndex=2&count=2', 2, 2 ], [ 'count=1', 1, 1 ], [ 'count=1000000', 1, 4 ],
            [ 'count=99999999999999999999', 1, 4 ], [ 'startIndex=-99999999999999999999', 1, 4 ], [ 'STARTINDEX=3', 3, 2 ]),
        (map { [ "PG-1 $_", GET => "/Users?$_", undef, '200', { totalResults => 4, itemsPerPage => 0, startIndex => 1 } ] } 'count=0', 'count=-1', 'count=-99999999999999999999'),
        (map { [ "PG-5 $_", GET => "/Users?$_", undef, '200', { totalResults => 4, itemsPerPage => 0, Resources => [] } ] } 'startIndex=5', 'startIndex=1000000', 'startIndex=99999999999999999999'),
        (map { [ "PG-5 $_", GET => "/Users?$_", undef, '400 invalidValue' ] } 'startIndex=x', 'startIndex=1.5', 'startIndex=', 'count=x', 'count=1e2', 'count=', 'startIndex=1x', 'count=+'),
        [ 'PG-2 nothing found', GET => query('/Users', filter => 'userName eq "none"'), undef, '200', { schemas => [$LIST], totalResults => 0, startIndex => 1, itemsPerPage => 0 } ],
        [ 'PG-1 in a body', POST => '/Users/.search', { schemas => [$SEARCH], startIndex => -1, count => 2 }, '200', $page->(4, 1, 2) ],
        [ 'PG-1 of the root', GET => '/?startIndex=5&count=2', undef, '200', $page->(9, 5, 2) ],
    );
    for my $query ('?count=2', '?count=0', query('/', filter => 'id pr') =~ s{^/}{}r) {
        my $res = $server->call(GET => "/scim/Users$query");
        is_deeply [ grep { !/^(?:schemas|totalResults|startIndex|itemsPerPage|Resources)$/ } keys %{ decode($res) } ], [], "PG-4 no other members: $query";
        like $res->content, qr/"totalResults":\d+,.*"startIndex":\d+,.*"itemsPerPage":\d+/, "PG-2 as integers: $query" if $query !~ /cursor/;
    }
    my $twice = sub { return join ' ', map { names(decode($server->call(GET => "/scim/Users?count=1&startIndex=$_"))) } 1 .. 4 };
    my $once = $twice->();
    is $twice->(), $once, 'PG-3 pages come in one order';
    is join(' ', sort split / /, $once), 'anna ben cleo dora', 'PG-3 and are the whole';
};

subtest 'projection' => sub {
    my $keys = sub { return join ' ', sort keys %{ $_[0] // {} } };
    my %made;
    my $body = sub { return user('proj', title => 'T', nickName => 'N', name => { givenName => 'G', familyName => 'F' }, emails => [ { value => 'a@b', type => 'work' } ],
            $ENTERPRISE => { department => 'D', division => 'V' }, password => 'Geheim-1') };
    my $path = sub { return "/scim/Users/$made{id}" };
    my %way = (
        POST => sub { $server->call(DELETE => $path->()) if $made{id}; my $r = $server->call(POST => "/scim/Users?$_[0]", $body->()); $made{id} = decode($r)->{id}; decode($r) },
        PUT => sub { decode($server->call(PUT => $path->() . "?$_[0]", $body->())) },
        PATCH => sub { my $r = $server->call(PATCH => $path->() . "?$_[0]", patch_of({ op => 'replace', path => 'title', value => 'T' })); is $r->code, 200, 'PJ-4 a PATCH has a body'; decode($r) },
        GET => sub { decode($server->call(GET => $path->() . "?$_[0]")) },
        list => sub { decode($server->call(GET => '/scim' . query('/Users', filter => 'userName eq "proj"') . "&$_[0]"))->{Resources}[0] },
        '.search' => sub { my ($name, $list) = split /=/, $_[0], 2;
            decode($server->call(POST => '/scim/Users/.search', { schemas => [$SEARCH], filter => 'userName eq "proj"', $name => [ split /,/, $list =~ s/%20/ /gr ] }))->{Resources}[0] },
    );
    my $all = "emails groups id meta name nickName schemas title urn userName";
    for my $how ('POST', 'PUT', 'PATCH', 'GET', 'list', '.search') {
        for my $case (
            [ 'attributes=title', 'id schemas title' ], [ 'attributes=TITLE,nothing', 'id schemas title' ], [ 'attributes=name.givenName', 'id name schemas' ], [ "attributes=$USER:title", 'id schemas title' ],
            [ "attributes=$ENTERPRISE", "id schemas $ENTERPRISE" ], [ "attributes=$ENTERPRISE:department", "id schemas $ENTERPRISE" ], [ 'attributes=password', 'id schemas' ], [ 'attributes=nothing', 'id schemas' ], [ 'attributes=id', 'id schemas' ],
            [ 'attributes=emails.value', 'emails id schemas' ], [ 'attributes=meta.version', 'id meta schemas' ], [ 'attributes=schemas', 'id schemas' ],
            [ 'excludedAttributes=id,schemas,meta,emails,name', "id nickName schemas title $ENTERPRISE userName" ], [ "excludedAttributes=$ENTERPRISE,meta,nickName,title", 'emails id name schemas userName' ],
            [ "excludedAttributes=nothing,$USER:meta,meta,name,emails,nickName", "id schemas title $ENTERPRISE userName" ])
        {
            my ($args, $want) = @$case;
            my $one = $way{$how}->($args);
            is $keys->($one), join(' ', sort split / /, $want), "PJ-1 PJ-2 $how $args";
            is $keys->($one->{name}), 'givenName', "PJ-1 $how: of a sub-attribute" if $args eq 'attributes=name.givenName';
            is $keys->($one->{$ENTERPRISE}), 'department', "PJ-1 $how: of an extension" if $args =~ /:department/;
            is $keys->($one->{emails}[0]), 'value', "PJ-1 $how: of a list" if $args =~ /emails.value/;
            is $keys->($one->{meta}), 'version', "PJ-1 $how: of meta" if $args =~ /meta.version/;
        }
        my $one = $way{$how}->('excludedAttributes=name.familyName,emails.type');
        is $keys->($one->{name}) . '|' . $keys->($one->{emails}[0]), 'givenName|value', "PJ-1 $how: all but a sub-attribute";
    }
    rows($server, '/scim',
        (map { [ "PJ-1 both at $_", GET => "$_?attributes=id&excludedAttributes=meta", undef, '400 invalidValue' ] } '/Users', "/Users/$made{id}", '/'),
        [ 'PJ-1 both in a body', POST => '/.search', { schemas => [$SEARCH], attributes => ['id'], excludedAttributes => ['meta'] }, '400 invalidValue' ],
        [ 'PJ-1 both, to make', POST => '/Users?attributes=id&excludedAttributes=meta', user('both'), '400 invalidValue' ],
        [ 'PJ-1 which was not made', GET => query('/Users', filter => 'userName eq "both"'), undef, '200', { totalResults => 0 } ],
        [ 'PJ-1 an empty list asks for nothing in particular', GET => "/Users/$made{id}?attributes=", undef, '200', { title => 'T' } ],
        [ 'PJ-1 with spaces', GET => "/Users/$made{id}?attributes=title,%20nickName", undef, '200', { title => 'T', nickName => 'N', userName => undef } ],
        [ 'PJ-3 a group without members', GET => "/Groups/$crew->{id}?excludedAttributes=members", undef, '200', { members => undef, displayName => 'Crew' } ],
        [ 'PJ-3 in a list', GET => '/Groups?excludedAttributes=members', undef, '200', { 'Resources/0/members' => undef, 'Resources/0/displayName' => 'Crew' } ],
        [ 'PJ-1 what members are', GET => "/Groups/$crew->{id}?attributes=members.value", undef, '200', { members => [ { value => $people[0]{id} } ] } ],
    );
};

subtest '.search' => sub {
    rows($server, '/scim',
        [ 'SE-1 all of it', POST => '/Users/.search', { schemas => [$SEARCH], attributes => [ 'userName', 'name.givenName' ], filter => 'userName pr', sortBy => 'userName', sortOrder => 'descending', startIndex => 2, count => 2 }, '200',
            { schemas => [$LIST], totalResults => 5, startIndex => 2, itemsPerPage => 2, 'Resources/0/userName' => 'dora', 'Resources/1/userName' => 'cleo', 'Resources/0/meta' => undef } ],
        [ 'SE-1 nothing but its schema', POST => '/Groups/.search', { schemas => [$SEARCH] }, '200', { totalResults => 1 } ],
        [ 'SE-1 in another case', POST => '/Groups/.search', { schemas => [ uc $SEARCH ] }, '200', { totalResults => 1 } ],
        [ 'SE-1 null', POST => '/Groups/.search', { schemas => [$SEARCH], filter => undef, count => undef, attributes => undef }, '200', { totalResults => 1 } ],
        [ 'SE-1 members in another case', POST => '/Users/.search', { Schemas => [$SEARCH], Filter => 'userName eq "anna"', Count => 1 }, '200', { totalResults => 1 } ],
        (map { [ "SE-1 schemas $_->[0]", POST => '/Users/.search', $_->[1], '400 invalidSyntax' ] } [ 'missing', {} ], [ 'empty', { schemas => [] } ], [ 'of a list', { schemas => [$LIST] } ], [ 'a text', { schemas => $SEARCH } ], [ 'in no object', [] ]),
        (map { my $name = $_->[0]; [ "SE-1 $name " . JSON->new->allow_nonref->encode($_->[1]), POST => '/Users/.search', { schemas => [$SEARCH], $name => $_->[1] }, '400 invalidValue' ] }
            [ count => '1' ], [ count => 1.5 ], [ startIndex => [] ], [ attributes => 'id' ], [ attributes => [1] ], [ excludedAttributes => {} ], [ filter => 7 ], [ sortBy => [] ], [ sortOrder => 1 ]),
    );
};
done_testing;
