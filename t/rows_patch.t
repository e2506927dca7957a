# The rows of section 3.5.2 of RFC 7644: PATCH.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Rows;
use ProvisionTest::TestResource;
use JSON ();

my ($TRUE, $FALSE) = (JSON::true(), JSON::false());
my $server = rows_server();

my %whole = (title => 'T', nickName => 'N', active => $TRUE, name => { givenName => 'G', familyName => 'F' },
    emails => [ { value => 'w@x', type => 'work', primary => $TRUE }, { value => 'h@x', type => 'home' } ],
    $ENTERPRISE => { department => 'D', division => 'V', manager => { value => 'm' } });
my $n = 0;
my $mails = sub { return [ map { my ($v, $t, $p) = @$_; { value => $v, $t ? (type => $t) : (), $p ? (primary => $TRUE) : () } } @_ ] };

# A user of its own for each: [ ids, operations, status, what then is ]. What is refused changes nothing.
sub patches
{
    for my $case (@_) {
        my ($ids, $operations, $status, $has, %more) = @$case;
        my $made = $server->call(POST => '/scim/Users', user('p' . ++$n, %whole));
        my $id = decode($made)->{id};
        my $text = ref $operations eq 'ARRAY' ? patch_of(@$operations) : $operations;
        my $what = "$ids " . (ref $operations ? JSON->new->canonical->allow_nonref->encode(ref $operations eq 'ARRAY' ? $operations : [$operations]) : $operations);
        rows($server, '/scim', [ $what, PATCH => "/Users/$id", $text, $status, $status eq '200' ? $has : {}, %more ]);
        my $now = $server->call(GET => "/scim/Users/$id");
        if ($status ne '200') {
            is $now->content, $made->content, 'PA-3 nothing changed';
        } elsif (($more{same} // 0)) {
            is $now->content, $made->content, 'ET-6 PA-5 not even its version';
        }
    }
}

sub op { my ($op, $path, @value) = @_; return { op => $op, defined $path ? (path => $path) : (), @value ? (value => $value[0]) : () } }

subtest 'the message' => sub {
    my $good = [ op(replace => 'title', 'X') ];
    patches(
        (map { [ 'PA-1', $_, '400 invalidSyntax' ] } '', '[]', '"x"', 'null', {}, { schemas => [$PATCH] }, { Operations => $good }, { schemas => [], Operations => $good },
            { schemas => [$USER], Operations => $good }, { schemas => $PATCH, Operations => $good }, { schemas => [$PATCH], Operations => [] }, { schemas => [$PATCH], Operations => undef },
            { schemas => [$PATCH], Operations => $good->[0] }, { schemas => [$PATCH], Operations => ['x'] }, { schemas => [$PATCH], Operations => [ [] ] },
            { schemas => [$PATCH], Operations => [ { path => 'title', value => 'x' } ] }, { schemas => [$PATCH], Operations => [ { op => 'move', path => 'title', value => 'x' } ] },
            { schemas => [$PATCH], Operations => [ { op => 7, path => 'title', value => 'x' } ] }, { schemas => [$PATCH], Operations => [ { op => undef, path => 'title' } ] },
            { schemas => [$PATCH], Operations => [ { op => '', path => 'title' } ] }, { schemas => [$PATCH], Operations => [ { op => ['add'], path => 'title' } ] },
            "{\"schemas\":[\"$PATCH\"],\"Operations\":[{\"op\":\"add\",\"op\":\"remove\",\"path\":\"title\"}]}"),
        [ 'PA-1 names in any case', { SCHEMAS => [ uc $PATCH ], operations => [ { OP => 'replace', PATH => 'title', VALUE => 'X' } ] }, '200', { title => 'X' } ],
        (map { [ 'PA-1 no value', [ op($_, 'title') ], '400 invalidValue' ] } qw(add replace)),
        [ 'PA-4 ST-200 the resource', $good, '200', { schemas => [ $USER, $ENTERPRISE ], title => 'X', nickName => 'N', 'meta/version' => qr/2/ }, header => { ETag => qr/2/ } ],
        [ 'PA-3 one after the other', [ op(replace => 'title', 'X'), op(remove => 'nickName'), op(add => 'nickName', 'M'), op(replace => 'title', 'Y') ], '200', { title => 'Y', nickName => 'M' } ],
        [ 'PA-3 on what the one before made', [ op(add => 'phoneNumbers', [ { value => '1', type => 'work' } ]), op(replace => 'phoneNumbers[type eq "work"].value', '2') ], '200', { 'phoneNumbers/0/value' => '2' } ],
        [ 'PA-3 all or none', [ op(replace => 'title', 'X'), op(replace => 'nothing', 'Y') ], '400 invalidPath' ],
        [ 'PA-3 all or none', [ op(replace => 'title', 'X'), op(replace => 'userName', '') ], '400 invalidValue' ],
        [ 'PA-3 all or none', [ op(replace => 'emails', []), op(replace => 'emails[type eq "work"].value', 'x') ], '400 noTarget' ],
        [ 'PA-3 a name that is taken', [ op(replace => 'title', 'X'), op(replace => 'userName', 'p1') ], '409 uniqueness' ],
    );
};

subtest 'paths' => sub {
    patches(
        (map { my $path = $_; map { [ 'PA-2', [ op($_, $path, $_ eq 'remove' ? () : 'x') ], '400 invalidPath' ] } qw(add replace remove) }
            '', ' ', '/title', 'nothing', 'title.x', 'name.nothing', 'emails.nothing', 'emails[0]', 'emails[0].value', 'emails[type eq "work"', 'emails[type eq "work"]value', 'emails[type eq "work"].', 'emails[type eq "work"].nothing',
            'title[value eq "x"]', 'name[familyName eq "F"]', "$USER:nothing", 'urn:none:title', "$ENTERPRISE:nothing", 'emails[type eq "work"].value.x', 'title ', 'emails[type eq "work"][value eq "x"]', 'a b', 'userName eq "x"'),
        (map { my $path = $_; map { [ 'PA-2', [ op($_, $path, $_ eq 'remove' ? () : 'x') ], '400 invalidFilter' ] } qw(add replace remove) }
            'emails[]', 'emails[type xx "work"]', 'emails[type]', 'emails[type eq work].value', 'emails[nothing eq "x"].value', 'emails[type eq "work" and].value', 'emails[primary gt true].value', 'emails[type eq 1].value'),
        [ 'PA-2', [ op(replace => 7, 'x') ], '400 invalidPath' ], [ 'PA-2', [ op(replace => ['title'], 'x') ], '400 invalidPath' ],
        [ 'PA-2 AT-2', [ op(replace => 'TITLE', 'X') ], '200', { title => 'X' } ], [ 'PA-2', [ op(replace => 'name.familyName', 'X') ], '200', { name => { givenName => 'G', familyName => 'X' } } ],
        [ 'PA-2', [ op(replace => "$USER:name.familyName", 'X') ], '200', { 'name/familyName' => 'X' } ], [ 'PA-2', [ op(replace => "\U$ENTERPRISE\E:DEPARTMENT", 'X') ], '200', { "$ENTERPRISE/department" => 'X' } ],
        [ 'PA-2', [ op(replace => 'emails[TYPE EQ "WORK"].VALUE', 'X') ], '200', { 'emails/0/value' => 'X' } ], [ 'PA-2', [ op(replace => 'emails[type eq "home" and value sw "h"].value', 'X') ], '200', { 'emails/1/value' => 'X' } ],
        [ 'PA-2', [ op(replace => 'emails[value eq "a]b" or not (type eq "work")].value', 'X') ], '200', { 'emails/1/value' => 'X' } ],
        [ 'PA-2', [ op(replace => "$ENTERPRISE:manager.value", 'X') ], '200', { "$ENTERPRISE/manager/value" => 'X' } ],
    );
};

subtest 'add' => sub {
    patches(
        [ 'PA-5 single', [ op(add => 'title', 'X') ], '200', { title => 'X' } ], [ 'PA-5 new', [ op(add => 'displayName', 'X') ], '200', { displayName => 'X' } ],
        [ 'PA-5 no path', [ op(add => undef, { title => 'X', displayName => 'Y', emails => [ { value => 'n@x' } ], name => { middleName => 'M' } }) ], '200',
            { title => 'X', displayName => 'Y', 'emails/#' => 3, name => { givenName => 'G', familyName => 'F', middleName => 'M' } } ],
        [ 'PA-5 complex merges', [ op(add => 'name', { familyName => 'X' }) ], '200', { name => { givenName => 'G', familyName => 'X' } } ],
        [ 'PA-5 appends', [ op(add => 'emails', [ { value => 'n@x' } ]) ], '200', { emails => $mails->([ 'w@x', 'work', 1 ], [ 'h@x', 'home' ], ['n@x']) } ],
        [ 'PA-5 one without a list', [ op(add => 'emails', { value => 'n@x', type => 'other' }) ], '200', { 'emails/#' => 3, 'emails/2/type' => 'other' } ],
        (map { [ 'PA-5 what is there', [$_], '200', {}, same => 1 ] } op(add => 'title', 'T'), op(add => undef, { title => 'T', nickName => 'N' }), op(add => 'emails', [ { value => 'w@x', type => 'work', primary => $TRUE } ]),
            op(add => 'emails', [ { value => 'h@x', type => 'home' } ]), op(add => 'name', { givenName => 'G' }), op(add => 'name.givenName', 'G'), op(add => "$ENTERPRISE:department", 'D'), op(add => 'emails[type eq "work"].value', 'w@x'),
            op(add => 'active', $TRUE), op(add => 'emails', []), op(add => undef, {}), op(replace => 'title', 'T'), op(replace => 'emails', $whole{emails})),
        [ 'PA-5 selected', [ op(add => 'emails[type eq "home"].display', 'X') ], '200', { 'emails/1/display' => 'X', 'emails/0/display' => undef } ],
        [ 'PA-5 all of them', [ op(add => 'emails.display', 'X') ], '200', { 'emails/0/display' => 'X', 'emails/1/display' => 'X' } ],
        [ 'PA-5 types', [ op(add => 'title', 7) ], '400 invalidValue' ], [ 'PA-5', [ op(add => 'active', 'x') ], '400 invalidValue' ], [ 'PA-5', [ op(add => 'name', 'x') ], '400 invalidValue' ], [ 'PA-5', [ op(add => 'emails', [7]) ], '400 invalidValue' ],
        [ 'PA-5', [ op(add => 'title', ['a', 'b']) ], '400 invalidValue' ], [ 'PA-5', [ op(add => undef, 'x') ], '400 invalidValue' ], [ 'PA-5', [ op(add => undef, [ { title => 'x' } ]) ], '400 invalidValue' ],
        [ 'PA-5', [ op(add => undef, { nothing => 'x' }) ], '400 invalidPath' ],
        [ 'PA-6 the old one is deposed', [ op(add => 'emails', [ { value => 'n@x', primary => $TRUE } ]) ], '200', { emails => $mails->([ 'w@x', 'work' ], [ 'h@x', 'home' ], [ 'n@x', undef, 1 ]) } ],
        [ 'PA-6 by a path', [ op(replace => 'emails[type eq "home"].primary', $TRUE) ], '200', { 'emails/1/primary' => $TRUE, 'emails/0/primary' => undef } ],
        [ 'PA-6 by a whole value', [ op(replace => 'emails[type eq "home"]', { value => 'h@x', type => 'home', primary => $TRUE }) ], '200', { 'emails/1/primary' => $TRUE, 'emails/0/primary' => undef } ],
        [ 'PA-6 without a path', [ op(add => undef, { emails => [ { value => 'n@x', primary => $TRUE } ] }) ], '200', { 'emails/2/primary' => $TRUE, 'emails/0/primary' => undef } ],
        [ 'PA-6 two at once', [ op(add => 'emails', [ map { { value => $_, primary => $TRUE } } 1, 2 ]) ], '400 invalidValue' ],
        [ 'PA-6 all of them', [ op(replace => 'emails.primary', $TRUE) ], '400 invalidValue' ],
        [ 'PA-10 an extension', [ op(remove => "$ENTERPRISE"), op(add => "$ENTERPRISE:division", 'X') ], '200', { schemas => [ $USER, $ENTERPRISE ], "$ENTERPRISE" => { division => 'X' } } ],
        [ 'PA-10 which goes with its last', [ map { op(remove => "$ENTERPRISE:$_") } qw(department division manager) ], '200', { schemas => [$USER], $ENTERPRISE => undef } ],
    );
};

subtest 'remove' => sub {
    patches(
        [ 'PA-8 no path', [ op('remove') ], '400 noTarget' ], [ 'PA-8', [ op(remove => 'title') ], '200', { title => undef } ], [ 'PA-8', [ op(remove => 'name') ], '200', { name => undef } ],
        [ 'PA-8', [ op(remove => 'name.givenName') ], '200', { name => { familyName => 'F' } } ], [ 'PA-8 the last', [ op(remove => 'name.givenName'), op(remove => 'name.familyName') ], '200', { name => undef } ],
        [ 'PA-8', [ op(remove => 'emails') ], '200', { emails => undef } ], [ 'PA-8', [ op(remove => 'emails[type eq "work"]') ], '200', { emails => $mails->([ 'h@x', 'home' ]) } ],
        [ 'PA-8 the last', [ op(remove => 'emails[value pr]') ], '200', { emails => undef } ], [ 'PA-8', [ op(remove => 'emails[type eq "work"].type') ], '200', { 'emails/0' => { value => 'w@x', primary => $TRUE } } ],
        [ 'PA-8', [ op(remove => 'emails.type') ], '200', { 'emails/0/type' => undef, 'emails/1/type' => undef } ], [ 'PA-8', [ op(remove => "$ENTERPRISE:manager") ], '200', { "$ENTERPRISE/manager" => undef } ],
        [ 'PA-8 required', [ op(remove => 'userName') ], '400 mutability' ], [ 'PA-8 required', [ op(replace => 'userName', undef) ], '400 mutability' ],
        (map { [ 'PA-7 PA-8 readOnly', [ op(remove => $_) ], '400 mutability' ] } 'id', 'meta', 'meta.version', 'groups', 'schemas', 'groups[value eq "x"]', "$ENTERPRISE:manager.displayName"),
        (map { [ 'PA-7 readOnly', [ op(replace => $_, 'x') ], '400 mutability' ] } 'id', 'meta', 'meta.created', 'groups', 'groups.value', "$ENTERPRISE:manager.displayName"),
        [ 'PA-8 what is not there', [ op(remove => 'displayName') ], '200', {}, same => 1 ], [ 'PA-8', [ op(remove => 'name.middleName') ], '200', {}, same => 1 ], [ 'PA-8', [ op(remove => 'phoneNumbers') ], '200', {}, same => 1 ],
        [ 'PA-11', [ op(remove => 'emails[type eq "none"]') ], '400 noTarget' ], [ 'PA-11', [ op(remove => 'emails[type eq "none"].value') ], '400 noTarget' ], [ 'PA-11', [ op(remove => 'phoneNumbers[type eq "work"]') ], '400 noTarget' ],
        [ 'PA-15', [ op(remove => 'active') ], '200', { active => undef } ],
    );
};

subtest 'replace' => sub {
    patches(
        [ 'PA-9', [ op(replace => 'title', 'X') ], '200', { title => 'X' } ], [ 'PA-9 new', [ op(replace => 'displayName', 'X') ], '200', { displayName => 'X' } ],
        [ 'PA-9 complex', [ op(replace => 'name', { familyName => 'X' }) ], '200', { name => { givenName => 'G', familyName => 'X' } } ], [ 'PA-9', [ op(replace => 'name', undef) ], '200', { name => undef } ],
        [ 'PA-9 multi', [ op(replace => 'emails', [ { value => 'n@x' } ]) ], '200', { emails => $mails->(['n@x']) } ], [ 'PA-9', [ op(replace => 'emails', []) ], '200', { emails => undef } ], [ 'PA-9', [ op(replace => 'emails', undef) ], '200', { emails => undef } ],
        [ 'PA-9 no path', [ op(replace => undef, { title => 'X', emails => [ { value => 'n@x' } ], name => { givenName => 'X' } }) ], '200', { title => 'X', 'emails/#' => 1, name => { givenName => 'X', familyName => 'F' } } ],
        [ 'PA-9 selected whole', [ op(replace => 'emails[type eq "home"]', { value => 'n@x', type => 'other' }) ], '200', { emails => $mails->([ 'w@x', 'work', 1 ], [ 'n@x', 'other' ]) } ],
        [ 'PA-9 part', [ op(replace => 'emails[type eq "home"].value', 'n@x') ], '200', { emails => $mails->([ 'w@x', 'work', 1 ], [ 'n@x', 'home' ]) } ],
        [ 'PA-9 each', [ op(replace => 'emails[value pr].display', 'X') ], '200', { 'emails/0/display' => 'X', 'emails/1/display' => 'X' } ],
        [ 'PA-9', [ op(replace => 'emails[type eq "none"].value', 'x') ], '400 noTarget' ], [ 'PA-9', [ op(replace => 'emails[type eq "none"]', { value => 'x' }) ], '400 noTarget' ],
        [ 'PA-9', [ op(replace => 'phoneNumbers[type eq "work"].value', 'x') ], '400 noTarget' ], [ 'PA-9 empty and required', [ op(replace => 'userName', '') ], '400 invalidValue' ],
        [ 'PA-9', [ op(replace => "$ENTERPRISE:manager", { value => 'X' }) ], '200', { "$ENTERPRISE/manager" => { value => 'X' } } ], [ 'PA-9', [ op(replace => 'active', $FALSE) ], '200', { active => $FALSE } ],
        [ 'PA-9 a name', [ op(replace => 'userName', 'renamed') ], '200', { userName => 'renamed' } ],
        [ 'PA-9 PA-6', [ op(replace => 'emails', [ map { { value => $_, primary => $TRUE } } 1, 2 ]) ], '400 invalidValue' ],
        (map { [ 'PA-14', [ op($_, $ENTERPRISE, { department => 'X' }) ], '200', { "$ENTERPRISE/department" => 'X', "$ENTERPRISE/division" => 'V' } ] } qw(add replace)),
        [ 'PA-14', [ op(remove => $ENTERPRISE) ], '200', { $ENTERPRISE => undef, schemas => [$USER] } ],
        [ 'PA-14 the core one', [ op(replace => $USER, { title => 'X' }) ], '200', { title => 'X' } ],
    );
};

subtest 'what clients send' => sub {
    patches(
        (map { [ 'PA-12', [ op($_, 'title', 'X') ], '200', { title => 'X' } ] } qw(Add Replace ADD)), [ 'PA-12', [ op(Remove => 'title') ], '200', { title => undef } ],
        (map { [ 'PA-12', [ op(Replace => 'active', $_) ], '200', { active => $FALSE } ] } 'False', 'false', 'FALSE'), [ 'PA-12', [ op(Add => 'emails[type eq "other"].value', 'n@x') ], '200', { 'emails/2' => { value => 'n@x', type => 'other' } } ],
        [ 'PA-12', [ op(Add => 'emails[type eq "other" and primary eq true].value', 'n@x') ], '200', { 'emails/2' => { value => 'n@x', type => 'other', primary => $TRUE }, 'emails/0/primary' => undef } ],
        [ 'PA-12', [ op(Add => 'roles[primary eq "True"].value', 'r') ], '200', { roles => [ { value => 'r', primary => $TRUE } ] } ],
        [ 'PA-12 dotted', [ op(replace => undef, { 'name.givenName' => 'X', "$ENTERPRISE:department" => 'Y', 'emails[type eq "work"].value' => 'Z' }) ], '200', { 'name/givenName' => 'X', "$ENTERPRISE/department" => 'Y', 'emails/0/value' => 'Z' } ],
        [ 'PA-12 nested', [ op(add => undef, { $ENTERPRISE => { department => 'Y' } }) ], '200', { "$ENTERPRISE/department" => 'Y', "$ENTERPRISE/division" => 'V' } ],
        [ 'PA-12 manager', [ op(Add => "$ENTERPRISE:manager", 'X') ], '200', { "$ENTERPRISE/manager/value" => 'X' } ], [ 'PA-12', [ op(Replace => "$ENTERPRISE:manager", [ { '$ref' => undef, value => 'X' } ]) ], '200', { "$ENTERPRISE/manager" => { value => 'X' } } ],
        [ 'PA-13', [ op(replace => undef, { active => $FALSE }) ], '200', { active => $FALSE, title => 'T' } ],
        [ 'PA-13 what cannot be written', [ op(replace => undef, { id => 'x', meta => {}, groups => [], schemas => [$USER], title => 'X' }) ], '200', { title => 'X', schemas => [ $USER, $ENTERPRISE ] } ],
    );
};

subtest 'groups' => sub {
    my $members = sub { return { 'members/#' => scalar @_, map { ("members/$_/value" => $_[$_]) } 0 .. $#_ } };
    my $patch = sub { my ($ids, $status, $has, @operations) = @_; return [ $ids . ' ' . JSON->new->canonical->encode(\@operations), PATCH => '/Groups/{g}', patch_of(@operations), $status, $has ] };
    my $is = sub { return ('200', @_ ? { 'members/#' => scalar @_ } : { members => undef }) };
    rows($server, '/scim', (map { [ "a user $_", POST => '/Users', user("member$_"), '201', {}, keep => "m$_" ] } 1 .. 4), [ 'a group', POST => '/Groups', group('g', members => [ { value => '{m1}' } ]), '201', {}, keep => 'g' ]);
    my ($m1, $m2, $m3, $m4) = map { kept("m$_") } 1 .. 4;
    my $v = sub { return [ map { { value => $_ } } @_ ] };
    rows($server, '/scim',
        $patch->('PA-5', $is->(1, 2), op(add => 'members', $v->($m2))), $patch->('PA-5 ET-6', $is->(1, 2), op(add => 'members', $v->($m2))), $patch->('PA-5 one', $is->(1 .. 3), op(add => 'members', { value => $m3 })),
        $patch->('PA-13', $is->(1 .. 4), op(add => 'members', [ { value => $m4, display => 'me' } ])), $patch->('PA-12', $is->(1 .. 3), op(Remove => 'members', $v->($m2))),
        $patch->('PA-12 PA-13', $is->(1, 2), op(remove => "members[value eq \"$m3\"]")), $patch->('PA-11 nobody', $is->(1, 2), op(remove => "members[value eq \"$m3\"]")), $patch->('PA-11', $is->(1, 2), op(remove => 'members', $v->($m3))),
        $patch->('PA-11 who cannot be', $is->(1, 2), op(remove => 'members[value eq "x"]')), $patch->('PA-9 a member is there or not', '400 mutability', {}, op(replace => "members[value eq \"$m1\"].value", $m2)),
        $patch->('PA-7', '400 mutability', {}, op(replace => 'members.value', $m2)), $patch->('PA-9', $is->(1, 2), op(replace => 'members', $v->($m2, $m3))), $patch->('PA-3', $is->(1), op(remove => 'members'), op(add => 'members', $v->($m1))),
        $patch->('PA-3 one and what cannot be', '400 mutability', {}, op(add => 'members', $v->($m2)), op(replace => 'members.value', $m2)), [ 'PA-3 not even the one', GET => '/Groups/{g}', undef, '200', { 'members/#' => 1 } ],
        $patch->('AT-17 who is not there is no member', $is->(1), op(add => 'members', $v->('00000000-0000-7000-8000-000000000000', 'fake-member-id'))),
        $patch->('AT-17 nor replaces any', '400 invalidValue', {}, op(replace => 'members', $v->($m1, 'fake-member-id'))),
        $patch->('AT-17 one who is there', $is->(1, 2), op(add => 'members', $v->($m2, 'fake-member-id'))),
        $patch->('PA-13 a rename', '200', { displayName => 'g2' }, op(replace => undef, { id => kept('g'), displayName => 'g2' })), $patch->('PA-13', '200', { 'members/#' => 2, displayName => 'g3' }, op(replace => undef, { displayName => 'g3', members => $v->($m1, $m2) })),
        $patch->('PA-8 required', '400 mutability', {}, op(remove => 'displayName')), $patch->('PA-8', $is->(), op(remove => 'members')), $patch->('PA-8 again', $is->(), op(remove => 'members')), $patch->('PA-9', $is->(), op(replace => 'members', [])),
        $patch->('PA-12 the type of members', $is->(), op(remove => 'members[type eq "Group"]')),
    );
};

subtest 'what is declared' => sub {
    my $thing = sub { return { schemas => [ $TEST, $TEST_EXTENSION ], identifier => 'i' . ++$n, $TEST_EXTENSION => { extRequired => 'r', extString => 's' }, @_ } };
    my $patch = sub { my ($what, $name, $status, $has, @operations) = @_; return [ $what, PATCH => "/TestResources/{$name}", patch_of(@operations), $status, $has ] };
    rows($server, '/scim',
        [ 'with', POST => '/TestResources', $thing->(immutableAttr => 'fixed', multiStrings => [ 'a', 'B' ], integerAttr => 1, requestOnlyAttr => 'q'), '201', {}, keep => 'with' ], [ 'without', POST => '/TestResources', $thing->(), '201', {}, keep => 'without' ],
        $patch->('PA-7 immutable without a value', 'without', '200', { immutableAttr => 'new' }, op(add => 'immutableAttr', 'new')), $patch->('PA-7 immutable with one', 'with', '400 mutability', {}, op(replace => 'immutableAttr', 'new')),
        $patch->('PA-7 added', 'with', '400 mutability', {}, op(add => 'immutableAttr', 'new')), $patch->('PA-7 the same', 'with', '200', { immutableAttr => 'fixed' }, op(add => 'immutableAttr', 'fixed')), $patch->('PA-7 removed', 'with', '400 mutability', {}, op(remove => 'immutableAttr')),
        $patch->('PA-7 readOnly', 'with', '400 mutability', {}, op(add => 'readOnlyAttr', 'x')), $patch->('AT-5 AT-6 writeOnly', 'with', '200', { writeOnlyAttr => undef }, op(add => 'writeOnlyAttr', 'Geheim-1')),
        $patch->('AT-5 request', 'with', '200', { requestOnlyAttr => 'p' }, op(replace => 'requestOnlyAttr', 'p')), $patch->('PA-8 required by an extension', 'with', '400 mutability', {}, op(remove => "$TEST_EXTENSION:extRequired")),
        $patch->('PA-8 a required extension', 'with', '400 mutability', {}, op(remove => $TEST_EXTENSION)), $patch->('PA-5 simple values', 'with', '200', { multiStrings => [ 'a', 'B', 'c' ] }, op(add => 'multiStrings', [ 'b', 'c' ])),
        $patch->('PA-8 simple values', 'with', '200', { multiStrings => [ 'a', 'c' ] }, op(remove => 'multiStrings[value eq "b"]')), $patch->('PA-9 simple values', 'with', '200', { multiStrings => [ 'a', 'd' ] }, op(replace => 'multiStrings[value eq "c"]', 'd')),
        $patch->('PA-9 integers', 'with', '200', { integerAttr => 9007199254740993 }, op(replace => 'integerAttr', 9007199254740993)), $patch->('PA-9 no integer', 'with', '400 invalidValue', {}, op(replace => 'integerAttr', 1.5)),
        $patch->('AT-7 what is taken', 'with', '409 uniqueness', {}, op(replace => 'identifier', 'i' . $n)), $patch->('PA-14 a bare extension', 'with', '200', { "$TEST_EXTENSION/extString" => 't', "$TEST_EXTENSION/extRequired" => 'r' }, op(replace => $TEST_EXTENSION, { extString => 't' })),
        [ 'PJ-4 asked for', PATCH => '/TestResources/{with}?attributes=integerAttr', patch_of(op(replace => 'integerAttr', 5)), '200', { integerAttr => 5, identifier => undef } ],
    );
};
done_testing;
