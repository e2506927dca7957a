# The rows of RFC 7643 and of sections 3.3 to 3.6 of RFC 7644: what is made, read, replaced and
# deleted, and what its attributes are.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Rows;
use ProvisionTest::TestResource;
use JSON ();
use MIME::Base64 qw(encode_base64);

my ($TRUE, $FALSE) = (JSON::true(), JSON::false());
my $server = rows_server(<<'CONF');
<Location /own>
    ProvisionService scim
    AuthType Provision
    AuthName rows
    Require provision-permission scim
</Location>
CONF
my $nowhere = '00000000-0000-7000-8000-000000000000';
my $n = 0;

# One of the declared type.
sub thing { return { schemas => [ $TEST, $TEST_EXTENSION ], identifier => 'thing' . ++$n,
        $TEST_EXTENSION => { extRequired => 'r' }, @_ } }

subtest 'to make' => sub {
    my $form = { 'meta/created' => qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/ };
    rows($server, '/scim',
        [ 'CR-1 CR-3 ST-201 made', POST => '/Users', user('made', externalId => 'E-1', nickName => 'N'), '201',
            { %$form, 'meta/resourceType' => 'User', 'meta/version' => qr{^W/}, nickName => 'N', externalId => 'E-1',
                schemas => [$USER], id => qr/^(?!.*bulkId)\S+$/ },
            header => { Location => qr{^http://[^/]+/scim/Users/[^/]+$}, ETag => qr{^W/"} }, keep => 'm' ]);
    my $where = $server->url('/scim/Users/' . kept('m'));
    my $made = decode($server->call(GET => '/scim/Users/' . kept('m')));
    is $made->{meta}{created}, $made->{meta}{lastModified}, 'CR-3 made when it was changed last';
    rows($server, '/scim',
        [ 'CR-1 CR-14 where it is', GET => '/Users/{m}', undef, '200', { 'meta/location' => $where },
            header => { 'Content-Location' => $where, Location => undef } ],
        [ 'CR-14 of a PUT', PUT => '/Users/{m}', user('made'), '200', {}, header => { 'Content-Location' => $where } ],
        [ 'CR-14 of a PATCH', PATCH => '/Users/{m}', patch_of({ op => 'add', path => 'title', value => 'T' }), '200', {},
            header => { 'Content-Location' => $where } ],
        [ 'CR-2 readOnly attributes are passed over', POST => '/Users', user('ignored', id => 'mine', groups => [ { value => 'x' } ],
                meta => { created => '1999-01-01T00:00:00Z', resourceType => 'Group', version => 'x', location => 'y' }), '201',
            { id => qr/^(?!mine$)/, groups => undef, 'meta/created' => qr/^20/, 'meta/resourceType' => 'User', 'meta/version' => qr{^W/} },
            keep => 'i' ],
        [ 'CR-2 whatever their type', POST => '/Users', user('ignored2', id => 7, groups => 'x', meta => [1]), '201', { id => qr/-/ } ],
        [ 'CR-2 by PUT', PUT => '/Users/{i}', user('ignored', id => 'other', groups => [ { value => 'x' } ], meta => { version => 'z' }),
            '200', { id => '{i}', groups => undef } ],
        [ 'CR-2 of a declared type', POST => '/TestResources', thing(readOnlyAttr => 'mine'), '201', { readOnlyAttr => undef } ],
        [ 'CR-4 ids are of all types', GET => '/Groups/{m}', undef, '404' ],
        [ 'CR-5 externalId twice', POST => '/Users', user('external', externalId => 'E-1'), '201', { externalId => 'E-1' }, keep => 'e' ],
        [ 'CR-5 in another case', POST => '/Users', user('external2', externalId => 'e-1'), '201', { externalId => 'e-1' } ],
        [ 'CR-5 which is another', GET => query('/Users', filter => 'externalId eq "e-1"'), undef, '200', { totalResults => 1 } ],
        (map { my ($what, $name) = @$_; [ "CR-6 AT-12 ST-409 $what is taken", POST => '/Users', user($name), '409 uniqueness' ] }
            [ 'the same', 'made' ], [ 'another case', 'MaDe' ], [ 'full width', "\x{ff4d}\x{ff41}de" ]),
        [ 'CR-6 by PUT', PUT => '/Users/{i}', user('MADE'), '409 uniqueness' ],
        [ 'CR-6 by PATCH', PATCH => '/Users/{i}', patch_of({ op => 'replace', path => 'userName', value => 'MADE' }), '409 uniqueness' ],
        [ 'CR-6 its own is no conflict', PUT => '/Users/{m}', user('MADE'), '200', { userName => 'MADE' } ],
        (map { [ "CR-7 ST-400 $_->[0]", POST => '/Users', $_->[1], "400 $_->[2]" ] }
            [ 'no userName', { schemas => [$USER] }, 'invalidValue' ], [ 'null', user(undef), 'invalidValue' ],
            [ 'an empty one', user(''), 'invalidValue' ], [ 'a number', user(7), 'invalidValue' ],
            [ 'a list', user(['a']), 'invalidValue' ], [ 'an object', user({}), 'invalidValue' ], [ 'true', user($TRUE), 'invalidValue' ],
            [ 'an array', '[]', 'invalidSyntax' ], [ 'a text', '"x"', 'invalidSyntax' ],
            [ 'no JSON', 'userName=x', 'invalidSyntax' ]),
        [ 'CR-7 a group without a name', POST => '/Groups', { schemas => [$GROUP] }, '400 invalidValue' ],
        (map { [ "CR-8 schemas $_->[0]", POST => '/Users', { schemas => $_->[1], userName => "schemas$n" . ++$n }, $_->[2],
                $_->[2] eq '201' ? { schemas => [$USER] } : {} ] }
            [ 'missing', undef, '400 invalidValue' ], [ 'empty', [], '400 invalidValue' ], [ 'a text', $USER, '400 invalidValue' ],
            [ 'of another type', [$GROUP], '400 invalidValue' ], [ 'only an extension', [$ENTERPRISE], '400 invalidValue' ],
            [ 'a number', [ $USER, 7 ], '400 invalidValue' ], [ 'in another case', [ uc $USER ], '201' ],
            [ 'with one that is not known', [ $USER, 'urn:not:known' ], '201' ], [ 'in any order', [ $ENTERPRISE, $USER ], '201' ]),
        [ 'CR-8 none at all', POST => '/Users', { userName => 'bare' }, '400 invalidValue' ],
        [ 'CR-8 PUT needs them, too', PUT => '/Users/{m}', { userName => 'made' }, '400 invalidValue' ],
        [ "CR-8 Entra's old one", POST => '/Groups', { schemas => [ $GROUP,
                'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group' ], displayName => 'entra' }, '201', { schemas => [$GROUP] } ],
        [ 'CR-9 a required extension', POST => '/TestResources', thing($TEST_EXTENSION => undef), '400 invalidValue' ],
        [ 'CR-9 of which something is required', POST => '/TestResources', thing($TEST_EXTENSION => { extString => 'x' }), '400 invalidValue' ],
        [ 'CR-10 AT-13 null and []', POST => '/Users', user('null', title => undef, emails => [], name => undef, roles => undef, active => undef,
                $ENTERPRISE => undef, name => {}), '201',
            { map { $_ => undef } qw(title emails name roles active), $ENTERPRISE } ],
        [ 'CR-10 PUT clears', PUT => '/Users/{e}', user('external', externalId => undef, title => undef, emails => []), '200',
            { externalId => undef, title => undef, emails => undef } ],
        [ 'CR-15 a group', POST => '/Groups', group('fifteen'), '201', { 'meta/resourceType' => 'Group' } ],
        [ 'CR-15 EP-15 a declared type', POST => '/TestResources', thing(), '201', { 'meta/resourceType' => 'TestResource' }, keep => 'thing' ],
        [ 'EP-15 found in its list', GET => '/TestResources', undef, '200', { totalResults => 2 } ],
        [ 'CR-16 an error', POST => '/Users', user(''), '400 invalidValue', { schemas => [$ERROR], status => '400', detail => qr/userName/ } ],
    );
};

subtest 'to replace and to delete' => sub {
    rows($server, '/scim',
        [ 'made', POST => '/TestResources', thing(identifier => 'put', immutableAttr => 'fixed', integerAttr => 1, multiStrings => ['a']), '201', {}, keep => 'p' ],
        [ 'CR-11 ST-200 what is left out goes', PUT => '/TestResources/{p}', thing(identifier => 'put', decimalAttr => 1.5), '200',
            { integerAttr => undef, multiStrings => undef, decimalAttr => 1.5, immutableAttr => 'fixed' } ],
        [ 'CR-11 AT-6 immutable and the same', PUT => '/TestResources/{p}', thing(identifier => 'put', immutableAttr => 'fixed'), '200' ],
        [ 'CR-11 AT-6 immutable and another', PUT => '/TestResources/{p}', thing(identifier => 'put', immutableAttr => 'moved'), '400 mutability' ],
        [ 'CR-11 what is required', PUT => '/TestResources/{p}', thing(identifier => undef), '400 invalidValue' ],
        [ 'AT-6 immutable, given late', PUT => '/TestResources/{thing}', thing(identifier => 'late', immutableAttr => 'now'), '200', { immutableAttr => 'now' } ],
        [ 'CR-12 another id in the body', PUT => '/Users/{m}', user('made', id => $nowhere, title => 'Whole'), '200',
            { id => '{m}', title => 'Whole', userName => 'made', 'meta/resourceType' => 'User' } ],
        [ 'CR-12 as it is now', GET => '/Users/{m}', undef, '200', { title => 'Whole' } ],
        [ 'CR-11 who was not there', PUT => '/Users/{i}', user('renamed'), '200', { userName => 'renamed' } ],
        [ 'CR-11 the old name is free', POST => '/Users', user('ignored'), '201' ],
        [ 'CR-13 ST-204 deleted', DELETE => '/Users/{m}', undef, '204', {}, header => { 'Content-Type' => undef, ETag => undef } ],
        (map { [ "CR-13 ST-404 $_->[0] afterwards", $_->[0] => '/Users/{m}', $_->[1], '404' ] }
            ['GET'], ['DELETE'], [ PUT => user('made') ], [ PATCH => patch_of({ op => 'add', path => 'title', value => 'T' }) ]),
        [ 'CR-13 gone from lists', GET => query('/Users', filter => 'userName eq "made"'), undef, '200', { totalResults => 0, Resources => [] } ],
        [ 'CR-13 CR-4 its name again, another id', POST => '/Users', user('made'), '201', { id => qr/^(?!\Q@{[kept('m')]}\E)/ } ],
    );
};

subtest 'types and forms' => sub {
    my $try = sub { my ($ids, $name, @values) = @_;
        map { [ "$ids $name of " . JSON->new->allow_nonref->encode($_), POST => '/TestResources', thing($name => $_), '201', { $name => $_ } ] } @values };
    my $fail = sub { my ($ids, $name, @values) = @_;
        map { [ "$ids no $name is $_", POST => '/TestResources', JSON->new->encode(thing($name => '@')) =~ s/"\@"/$_/r, '400 invalidValue' ] } @values };
    rows($server, '/scim',
        $try->('AT-4', integerAttr => 0, -1, 9007199254740993, -9223372036854775807, 9223372036854775807),
        $fail->('AT-4', integerAttr => '1.5', '1.0', '1e2', '"1"', '9223372036854775808', 'true', '[1]', '{}'),
        $try->('AT-4', decimalAttr => 0.5, 1e300, -2), $fail->('AT-4', decimalAttr => '"1"', 'true'),
        $try->('AT-4', booleanAttr => $TRUE, $FALSE), $fail->('AT-4', booleanAttr => '"yes"', '1', '0', '[true]'),
        $try->('AT-4', dateTimeAttr => '2011-05-13T04:42:34Z', '2011-05-13T04:42:34.123Z', '2011-05-13T04:42:34+02:00', '2011-05-13T04:42:34-11:30',
            '2011-05-13T04:42:34', '0001-01-01T00:00:00Z', '2012-02-29T23:59:59Z', '2011-05-13T24:00:00Z'),
        $fail->('AT-4', dateTimeAttr => map { qq("$_") } '2011-05-13', '04:42:34Z', '2011-13-13T04:42:34Z', '2011-02-29T00:00:00Z', '2011-05-13 04:42:34Z',
            '2011-05-13T04:42Z', '2011-05-13T04:42:34.Z', '2011-05-13T25:00:00Z', '2011-05-13T04:42:34+15:00', 'now', '', '20110513T044234Z'),
        $fail->('AT-4', dateTimeAttr => '1305261754'),
        $try->('AT-4', binaryAttr => 'aGVsbG8=', 'aGVsbG8', '', 'AQID'), $fail->('AT-4', binaryAttr => '"a"', '"a b c"', '"aGVs*G8="', '7', '"aGVsbG8=="'),
        $try->('AT-4', referenceAttr => 'https://example.com/a?b#c', '../Users/1', 'urn:a:b', 'mailto:a@b'),
        $fail->('AT-4', referenceAttr => '"a b"', '"<x>"', '7', '"http://a/\\nb"'),
        $fail->('AT-4', complexAttr => '"x"', '7', '[{"sub1":"a"},{"sub1":"b"}]'), $fail->('AT-4', multiStrings => '[1]', '[["a"]]', '7'),
        $fail->('AT-4', caseExactString => '7', 'true', '["a"]', '{}'),
        [ 'AT-1 without being said: not case-exact', GET => "/Schemas/$TEST", undef, '200', { 'attributes/0/caseExact' => $FALSE,
                'attributes/0/mutability' => 'readWrite', 'attributes/0/returned' => 'default', 'attributes/1/uniqueness' => 'none',
                'attributes/1/required' => $FALSE, 'attributes/1/multiValued' => $FALSE } ],
        [ 'AT-2 names in any case', POST => '/Users', { SCHEMAS => [$USER], USERNAME => 'case', Name => { GIVENname => 'G' }, EMAILS => [ { VALUE => 'a@b' } ] },
            '201', { userName => 'case', 'name/givenName' => 'G', 'emails/0/value' => 'a@b' }, keep => 'case' ],
        [ 'AT-2 asked for', GET => '/Users/{case}?ATTRIBUTES=USERNAME,NAME.GIVENNAME', undef, '200', { userName => 'case', 'name/givenName' => 'G' } ],
        [ 'AT-2 in a path', PATCH => '/Users/{case}', patch_of({ op => 'add', path => 'EMAILS[VALUE eq "A@B"].TYPE', value => 'work' }), '200', { 'emails/0/type' => 'work' } ],
        [ 'AT-2 in a filter and an order', GET => query('/Users', filter => 'USERNAME Eq "case"', sortBy => 'Name.FAMILYname'), undef, '200', { totalResults => 1 } ],
        [ 'AT-2 $ref', GET => query('/Users', filter => 'groups.$ref pr'), undef, '200', { totalResults => 0 } ],
        [ 'AT-3 URNs in any case', POST => '/Users', { schemas => [$USER], userName => 'urn-case', uc $ENTERPRISE => { department => 'D' } }, '201',
            { "$ENTERPRISE/department" => 'D', schemas => [ $USER, $ENTERPRISE ] }, keep => 'urn' ],
        [ 'AT-3 in a filter', GET => query('/Users', filter => lc($ENTERPRISE) . ':DEPARTMENT eq "d"'), undef, '200', { totalResults => 1 } ],
        [ 'AT-3 asked for', GET => "/Users/{urn}?attributes=\U$ENTERPRISE\E:department", undef, '200', { "$ENTERPRISE/department" => 'D', userName => undef } ],
        [ 'AT-3 a whole one', GET => "/Users/{urn}?attributes=\L$ENTERPRISE", undef, '200', { "$ENTERPRISE/department" => 'D' } ],
        [ 'AT-5 returned', POST => '/TestResources', thing(writeOnlyAttr => 'Geheim-3', requestOnlyAttr => 'asked', alwaysReturnedAttr => 'A'), '201',
            { writeOnlyAttr => undef, requestOnlyAttr => 'asked', alwaysReturnedAttr => 'A' }, keep => 'r' ],
        [ 'AT-5 by default', GET => '/TestResources/{r}', undef, '200', { writeOnlyAttr => undef, requestOnlyAttr => undef, alwaysReturnedAttr => 'A' } ],
        [ 'AT-5 on request', GET => '/TestResources/{r}?attributes=requestOnlyAttr,writeOnlyAttr', undef, '200',
            { writeOnlyAttr => undef, requestOnlyAttr => 'asked', alwaysReturnedAttr => 'A', identifier => undef } ],
        [ 'AT-5 always', GET => '/TestResources/{r}?excludedAttributes=alwaysReturnedAttr,identifier,id', undef, '200',
            { id => '{r}', alwaysReturnedAttr => 'A', identifier => undef } ],
        [ 'AT-5 in a list', GET => '/TestResources?attributes=writeOnlyAttr', undef, '200', { 'Resources/0/writeOnlyAttr' => undef } ],
        [ 'AT-7 unique', POST => '/TestResources', thing(uniqueString => "stra\x{df}e"), '201' ],
        [ 'AT-7 AT-10 in another case', POST => '/TestResources', thing(uniqueString => 'STRASSE'), '409 uniqueness' ],
        [ 'AT-7 AT-10 ligature and full width', POST => '/TestResources', thing(uniqueString => "\x{fb01}\x{ff41}"), '201' ],
        [ 'AT-7 AT-10 folded', POST => '/TestResources', thing(uniqueString => 'FIA'), '409 uniqueness' ],
        [ 'AT-7 composed', POST => '/TestResources', thing(uniqueString => "r\x{e9}sum\x{e9}"), '201' ],
        [ 'AT-7 decomposed', POST => '/TestResources', thing(uniqueString => "re\x{301}sume\x{301}"), '409 uniqueness' ],
        [ 'AT-7 an integer', POST => '/TestResources', thing(uniqueInteger => 9007199254740993), '201' ],
        [ 'AT-7 its neighbour', POST => '/TestResources', thing(uniqueInteger => 9007199254740992), '201' ],
        [ 'AT-7 the same', POST => '/TestResources', thing(uniqueInteger => 9007199254740993), '409 uniqueness' ],
        [ 'AT-7 an instant', POST => '/TestResources', thing(uniqueInstants => ['2020-01-01T00:00:00Z']), '201' ],
        [ 'AT-7 the same elsewhere', POST => '/TestResources', thing(uniqueInstants => ['2020-01-01T02:00:00.000+02:00']), '409 uniqueness' ],
        [ 'AT-7 a fraction later', POST => '/TestResources', thing(uniqueInstants => ['2020-01-01T00:00:00.001Z']), '201' ],
        [ 'AT-8 another value than is suggested', POST => '/TestResources', thing(caseInsensitiveString => 'blue'), '201', { caseInsensitiveString => 'blue' } ],
        [ 'AT-8 where none is', POST => '/Users', user('eight', roles => [ { value => 'r', type => 'any' } ], emails => [ { value => 'a@b', type => 'car' } ]), '201',
            { 'roles/0/type' => 'any', 'emails/0/type' => 'car' } ],
        [ 'AT-9 two primaries', POST => '/Users', user('nine', emails => [ map { { value => "$_\@b", primary => $TRUE } } 1, 2 ]), '400 invalidValue' ],
        [ 'AT-9 one and one that is not', POST => '/Users', user('nine', emails => [ { value => '1@b', primary => $FALSE }, { value => '2@b', primary => $TRUE } ]), '201',
            { 'emails/1/primary' => $TRUE }, keep => 'nine' ],
        [ 'AT-9 by PUT', PUT => '/Users/{nine}', user('nine', emails => [ map { { value => "$_\@b", primary => $TRUE } } 1, 2 ]), '400 invalidValue' ],
        [ 'AT-9 the same twice', POST => '/Users', user('nine2', emails => [ map { { value => $_, type => 'work' } } 'a@b', 'A@B' ]), '201', { 'emails/#' => 1 } ],
        [ 'AT-9 another type', POST => '/Users', user('nine3', emails => [ map { { value => 'a@b', type => $_ } } 'work', 'home' ]), '201', { 'emails/#' => 2 } ],
        [ 'AT-10 case is kept', POST => '/TestResources', thing(caseExactString => 'AbC', caseInsensitiveString => 'AbC'), '201',
            { caseExactString => 'AbC', caseInsensitiveString => 'AbC' }, keep => 'ten' ],
        (map { [ "AT-10 $_->[0]", GET => query('/TestResources', filter => $_->[0]), undef, '200', { totalResults => $_->[1] } ] }
            [ 'caseExactString eq "AbC"', 1 ], [ 'caseExactString eq "abc"', 0 ], [ 'caseInsensitiveString eq "aBc"', 1 ], [ 'caseExactString co "b"', 1 ], [ 'caseExactString co "B"', 0 ]),
        [ 'AT-16 its container lists the schema', GET => '/TestResources/{ten}', undef, '200', { schemas => [ $TEST, $TEST_EXTENSION ], "$TEST_EXTENSION/extRequired" => 'r' } ],
        [ 'AT-16 without values the URN is not listed', POST => '/Users', { schemas => [ $USER, $ENTERPRISE ], userName => 'sixteen', $ENTERPRISE => {} }, '201',
            { schemas => [$USER], $ENTERPRISE => undef } ],
        [ 'AT-16 no object', POST => '/Users', user('x16', $ENTERPRISE => 'x'), '400 invalidValue' ],
        [ 'AT-16 outside of it', POST => '/Users', user('seventeen', department => 'D'), '201', { department => undef, $ENTERPRISE => undef } ],
    );
};

subtest 'users and groups' => sub {
    my %enterprise = map { $_ => "my $_" } qw(employeeNumber costCenter organization division department);
    rows($server, '/scim',
        [ 'a boss', POST => '/Users', user('boss', displayName => 'Chief'), '201', {}, keep => 'boss' ],
        [ 'AT-15 the enterprise extension', POST => '/Users', user('worker', $ENTERPRISE => { %enterprise, manager => { value => '{boss}', displayName => 'mine',
                '$ref' => '../Users/{boss}' } }), '201',
            { (map { ("$ENTERPRISE/$_" => $enterprise{$_}) } keys %enterprise), "$ENTERPRISE/manager/value" => '{boss}',
                "$ENTERPRISE/manager/\$ref" => qr{/Users/}, schemas => [ $USER, $ENTERPRISE ] }, keep => 'w' ],
        [ 'AT-15 a bare manager', PATCH => '/Users/{w}', patch_of({ op => 'replace', path => "$ENTERPRISE:manager", value => '{boss}' }), '200',
            { "$ENTERPRISE/manager/value" => '{boss}' } ],
        [ 'AT-17 AT-18 a group', POST => '/Groups', group('inner', members => [ { value => '{w}' } ]), '201', { 'members/0/type' => 'User', 'members/0/$ref' => qr{/Users/} }, keep => 'inner' ],
        [ 'AT-18 in another', POST => '/Groups', group('outer', members => [ { value => '{inner}', type => 'Group' }, { value => '{boss}', display => 'x' } ]), '201',
            { 'members/#' => 2 }, keep => 'outer' ],
        [ 'AT-17 AT-18 the groups of a user', GET => '/Users/{w}', undef, '200', { 'groups/#' => 2 } ],
        [ 'AT-17 of another', GET => '/Users/{boss}', undef, '200', { groups => [ { value => '{outer}', type => 'direct', display => 'outer',
                        '$ref' => $server->url('/scim/Groups/{outer}') } ] } ],
        [ 'AT-18 a circle', PATCH => '/Groups/{inner}', patch_of({ op => 'add', path => 'members', value => [ { value => '{outer}' } ] }), '200', { 'members/#' => 2 } ],
        [ 'AT-18 which ends', GET => '/Users/{w}', undef, '200', { 'groups/#' => 2 } ],
        [ 'AT-18 of oneself', PATCH => '/Groups/{inner}', patch_of({ op => 'add', path => 'members', value => [ { value => '{inner}' } ] }), '200', { 'members/#' => 3 } ],
        [ 'AT-18 still', GET => query('/Users', filter => 'groups.value eq "') . '{outer}%22', undef, '200', { totalResults => 2 } ],
        [ 'AT-17 groups of a user cannot be written', PATCH => '/Users/{w}', patch_of({ op => 'remove', path => 'groups' }), '400 mutability' ],
        [ 'AT-17 a member twice', POST => '/Groups', group('twice', members => [ { value => '{w}' }, { value => '{w}', type => 'User' } ]), '201', { 'members/#' => 1 } ],
        [ 'AT-17 nobody', POST => '/Groups', group('nobody', members => [ { value => $nowhere } ]), '400 invalidValue' ],
        [ 'AT-17 no value', POST => '/Groups', group('novalue', members => [ { display => 'x' } ]), '400 invalidValue' ],
        [ 'AT-17 who is deleted is in no group', DELETE => '/Users/{w}', undef, '204' ],
        [ 'AT-17 no dangling member', GET => '/Groups/{inner}', undef, '200', { 'members/#' => 2 } ],
        [ 'AT-20 the order of names does not matter', POST => '/Users', qq({"title":"T","userName":"twenty","$ENTERPRISE":{"division":"D"},"schemas":["$ENTERPRISE","$USER"]}), '201',
            { title => 'T', "$ENTERPRISE/division" => 'D', schemas => [ $USER, $ENTERPRISE ] } ],
    );
    my $w = kept('outer');
    rows($server, '/scim',
        (map { [ "AT-2 AT-19 $_->[1] $_->[2]", GET => "/$_->[0]?filter=" . $_->[1] =~ s/\$/%24/r . ($_->[2] =~ s/ /%20/gr =~ s/"/%22/gr), undef, '200', { totalResults => $_->[3] } ] }
            [ 'Groups', 'members.$ref', ' ew "/Users/{boss}"', 1 ], [ 'Groups', 'members.$ref', ' ew "/Users/{outer}"', 0 ], [ 'Users', 'groups.$ref', ' pr', 1 ],
            [ 'Users', 'groups', '[$ref co "/scim/Groups/" and display eq "outer"]', 1 ], [ 'Users', "$ENTERPRISE:manager.\$ref", ' pr', 0 ]));
    my $group = decode($server->call(GET => "/scim/Groups/$w"));
    for my $member (@{ $group->{members} }) {
        my $found = decode($server->call(GET => $member->{'$ref'}));
        is $found->{id}, $member->{value}, "AT-19 the \$ref of a $member->{type} leads to it";
        is $found->{meta}{location}, $member->{'$ref'}, 'AT-19 which is its location';
    }
    for my $path ("/scim/Groups/$w", "/scim/v2/Groups/$w") {
        my $one = decode($server->call(GET => $path));
        is decode($server->call(GET => $one->{meta}{location}))->{id}, $w, "AT-19 the location leads there: $path";
    }
};

subtest 'forms that texts ask of users' => sub {
    my $der = encode_base64(pack('C*', 0x30, 3, 2, 1, 1), '');
    my %fine = (locale => [ 'en-US', 'de', 'en_US', 'zh-Hant-TW' ], preferredLanguage => [ 'en-US', 'da, en-gb;q=0.8, en;q=0.7', 'de' ],
        timezone => [ 'America/Los_Angeles', 'Europe/Vienna', 'UTC' ]);
    my @rows;
    for my $name (sort keys %fine) {
        push @rows, [ "AT-14 $name $_", POST => '/Users', user('form' . ++$n, $name => $_), '201', { $name => $_ } ] for @{ $fine{$name} };
    }
    rows($server, '/scim', @rows,
        [ 'AT-14 a country', POST => '/Users', user('land', addresses => [ { country => 'AT', type => 'work' } ]), '201', { 'addresses/0/country' => 'AT' } ],
        [ 'AT-14 a photo', POST => '/Users', user('photo', photos => [ { value => 'https://example.com/p.jpg' } ]), '201', { 'photos/0/value' => 'https://example.com/p.jpg' } ],
        [ 'AT-14 no photo', POST => '/Users', user('photo2', photos => [ { value => 'no url at all' } ]), '400 invalidValue' ],
        [ 'AT-14 a certificate', POST => '/Users', user('cert', x509Certificates => [ { value => $der } ]), '201', { 'x509Certificates/0/value' => $der } ],
        [ 'AT-14 no certificate', POST => '/Users', user('cert2', x509Certificates => [ { value => '-----BEGIN' } ]), '400 invalidValue' ],
    );
};

subtest 'names and passwords' => sub {
    my $login = sub { my ($name, $password) = @_; utf8::encode(my $pair = "$name:$password");
        return (send => { Authorization => 'Basic ' . encode_base64($pair, '') }) };
    rows($server, '/scim',
        [ 'a door', POST => '/Users', user("\x{ff21}nn\x{e9}", password => "Geheim\x{a0}\x{e9}"), '201', { password => undef, userName => "\x{ff21}nn\x{e9}" }, keep => 'anne' ],
        [ 'an administrator', POST => '/Groups', group('provision-admins', members => [ { value => '{anne}' } ]), '201' ],
        (map { [ "AT-12 CR-6 $_->[0] is the same name", POST => '/Users', user($_->[1]), '409 uniqueness' ] }
            [ 'half width', "ann\x{e9}" ], [ 'upper case', "ANN\x{c9}" ], [ 'decomposed', "anne\x{301}" ], [ 'all at once', "\x{ff21}\x{ff2e}\x{ff2e}\x{ff25}\x{301}" ]),
        (map { [ "AT-12 $_->[0] finds it", GET => query('/Users', filter => "userName eq \"$_->[1]\""), undef, '200', { totalResults => 1 } ] }
            [ 'half width', "ann\x{e9}" ], [ 'upper case', "ANN\x{c9}" ], [ 'decomposed', "anne\x{301}" ]),
        (map { [ "AT-12 $_->[0] is no name", POST => '/Users', user($_->[1]), '400 invalidValue' ] }
            [ 'a space', 'a b' ], [ 'a control', "a\tb" ], [ 'a joiner', "a\x{200d}b" ], [ 'a soft hyphen', "a\x{ad}b" ], [ 'a line', "a\x{2028}b" ], [ 'a private one', "a\x{e000}" ]),
        [ 'AT-12 by PATCH', PATCH => '/Users/{anne}', patch_of({ op => 'replace', path => 'userName', value => "a\x{200d}b" }), '400 invalidValue' ],
        [ 'AT-12 by PUT', PUT => '/Users/{anne}', user('a b'), '400 invalidValue' ],
        (map { [ "AT-11 AT-12 $_->[0] is no password", POST => '/Users', user('pw' . ++$n, password => $_->[1]), '400 invalidValue' ] }
            [ 'empty', '' ], [ 'a number', 7 ], [ 'a list', ['Geheim'] ], [ 'a control', "Geheim\x01" ], [ 'an object', { value => 'Geheim' } ]),
        [ 'AT-11 never by PUT', PUT => '/Users/{anne}', user("ann\x{e9}", password => 'Geheim-5'), '200', { password => undef } ],
        [ 'AT-11 never by PATCH', PATCH => '/Users/{anne}', patch_of({ op => 'replace', path => 'password', value => 'Geheim-6' }), '200', { password => undef } ],
        [ 'AT-11 nor a wrong one', PATCH => '/Users/{anne}', patch_of({ op => 'replace', path => 'password', value => ['Geheim-6'] }), '400 invalidValue' ],
        [ 'AT-11 nor without a path', PATCH => '/Users/{anne}', patch_of({ op => 'add', value => { password => "Geheim\x{a0}\x{e9}" } }), '200', { password => undef } ],
        [ 'AT-11 nor asked for', GET => '/Users/{anne}?attributes=password', undef, '200', { password => undef } ],
        [ 'AT-11 nor searched', POST => '/Users/.search', { schemas => [$SEARCH], attributes => ['password'] }, '200', { 'Resources/0/password' => undef } ],
        [ 'AT-11 no order by it', GET => '/Users?sortBy=password', undef, '400 invalidValue' ],
        (map { [ "AT-11 nor is $_ answered", POST => '/Users/.search', { schemas => [$SEARCH], filter => "password $_" }, '400 invalidFilter' ] }
            'sw "Geheim"', 'co "G"', 'gt "A"', 'pr', 'eq "Geheim-6"'),
        [ 'AT-11 no value filter', PATCH => '/Users/{anne}', patch_of({ op => 'remove', path => 'password[value eq "Geheim"]' }), '400 invalidPath' ],
        [ 'AT-11 broken JSON is not repeated', POST => '/Users', '{"password":"Geheim-7",,}', '400 invalidSyntax' ],
    );
    rows($server, '/own',
        (map { [ "AT-12 login: $_->[0]", GET => '/Me', undef, $_->[3], {}, $login->(@$_[ 1, 2 ]) ] }
            [ 'as it was set', "ann\x{e9}", "Geheim\x{a0}\x{e9}", 200 ], [ 'a usual space', "ann\x{e9}", "Geheim \x{e9}", 200 ],
            [ 'decomposed', "anne\x{301}", "Geheim e\x{301}", 200 ], [ 'full width and upper case', "\x{ff21}NN\x{c9}", "Geheim\x{3000}\x{e9}", 200 ],
            [ 'another case of the password', "ann\x{e9}", "geheim \x{e9}", 401 ], [ 'full width is another password', "ann\x{e9}", "\x{ff27}eheim \x{e9}", 401 ],
            [ 'without its accent', "ann\x{e9}", 'Geheim e', 401 ]),
    );
    unlike $server->log_text, qr/Geheim/, 'AT-11 nor in the log';
};
done_testing;
