# Microsoft Entra ID as it is set up by default: capital operations, booleans as words, references
# as lists, and nothing said about the order in which it does things.
# Rows: MT-3 PA-12 FI-13 FI-14 PJ-3 CR-8 CR-13
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Scim;

my $server = serve(plain => '', entra => 'entra');
my $entra = client($server, plain => (
        'Content-Type' => 'application/scim+json; charset=utf-8',
        Accept => 'application/scim+json',
        'User-Agent' => 'AzureAD Provisioning',
    ));
my $MANAGER = ENTERPRISE . ':manager';
my $LEGACY = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';

# As the service writes a query: spaces are plus signs.
sub found
{
    my ($path, $filter, $total, $what) = @_;
    $filter =~ s/([^\w. \[\]-])/sprintf '%%%02X', ord $1/ge;
    $filter =~ tr/ /+/;
    my $list = $entra->good(200, $what, GET => "$path?filter=$filter");
    is $list->{totalResults}, $total, "$what: $total";
    is_deeply $list->{Resources}, [], "$what: an empty list is there" if !$total;
    return $list->{Resources}[0];
}

sub user_body
{
    my ($name) = @_;
    return qq({"schemas":["${\USER}","${\ENTERPRISE}"],"externalId":"ext-$name",)
        . qq("userName":"$name\@contoso.example","active":true,"displayName":"D $name",)
        . qq("addresses":[],"emails":[{"primary":true,"type":"work","value":"$name\@contoso.example"}],)
        . qq("meta":{"resourceType":"User"},"name":{"formatted":"given family",)
        . qq("familyName":"family","givenName":"given"},"roles":[]});
}

subtest 'the test of the connection' => sub {
    found('/Users', 'userName eq "c5d7ca2f-1c33-4b4e-8f07-7e2d5b0f9b9a"', 0, 'a random name');
    found('/Users', 'id eq "c5d7ca2f-1c33-4b4e-8f07-7e2d5b0f9b9a"', 0, 'a random id');
    found('/Groups', 'displayName eq "c5d7ca2f"', 0, 'a random group');
    $entra->refused(401, undef, 'a wrong token', GET => '/Users', undef,
        Authorization => 'Bearer pvt_nothing');
    $entra->good(200, $_, GET => $_) for '/Schemas', '/ServiceProviderConfig', '/ResourceTypes';
};

my $user;

subtest 'a user comes' => sub {
    found('/Users', 'userName eq "ann@contoso.example"', 0, 'not there yet');
    $user = $entra->good(201, 'made', POST => '/Users', user_body('ann'));
    is_deeply $user->{emails},
        [ { primary => JSON::true, type => 'work', value => 'ann@contoso.example' } ],
        'values are as they were sent';
    is $user->{userName}, 'ann@contoso.example', 'the name too';
    is $user->{meta}{resourceType}, 'User', 'its type is the endpoint\'s';
    ok !exists $user->{roles}, 'nothing of an empty list';
    $entra->refused(409, 'uniqueness', 'made again', POST => '/Users', user_body('ANN'));
    is found('/Users', $_, 1, $_)->{id}, $user->{id}, "$_: her"
        for 'userName eq "ANN@contoso.example"', 'externalId eq "ext-ann"',
            'emails[type eq "work"].value eq "ann@contoso.example"',
            'emails[type eq "work"].value eq "ann@contoso.example" and active eq "True"',
            'externalId eq "ext-ann" and userName eq "ann@contoso.example"';
    found('/Users', 'externalId eq "EXT-ANN"', 0, 'externalId in other case');
    $entra->refused(404, undef, 'somebody else', GET => '/Users/' . NOBODY);
};

subtest 'a user changes' => sub {
    my $path = "/Users/$user->{id}";
    my $is = $entra->get($path);
    my $change = sub {
        my ($what, $operations, %now) = @_;
        $entra->patch(200, $what, $path, @$operations);
        $is = $entra->only_changed($what, $path, $is, %now);
    };
    $change->('several single values', [
            '{"op":"Replace","path":"emails[type eq \"work\"].value","value":"ann2@contoso.example"}',
            '{"op":"Replace","path":"name.familyName","value":"Other"}',
            '{"op":"Add","path":"title","value":"Chief"}' ],
        emails => [ { primary => JSON::true, type => 'work', value => 'ann2@contoso.example' } ],
        name => { formatted => 'given family', familyName => 'Other', givenName => 'given' },
        title => 'Chief');
    $change->('Add where there is a value', [ '{"op":"Add","path":"title","value":"Boss"}' ],
        title => 'Boss');
    $change->('Replace where there is none',
        [ '{"op":"Replace","path":"nickName","value":"Annie"}' ], nickName => 'Annie');
    $change->('a single value in a list', [ '{"op":"Replace","path":"nickName","value":[{"value":"Nan"}]}',
            '{"op":"Replace","path":"emails[type eq \"work\"].value","value":[{"$ref":null,"value":"ann3@contoso.example"}]}' ],
        nickName => 'Nan',
        emails => [ { primary => JSON::true, type => 'work', value => 'ann3@contoso.example' } ]);
    $change->('and back', [ '{"op":"Replace","path":"emails[type eq \"work\"].value","value":"ann2@contoso.example"}' ],
        emails => [ { primary => JSON::true, type => 'work', value => 'ann2@contoso.example' } ]);
    $change->('a phone of a kind that is not there',
        [ '{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+1 555"}' ],
        phoneNumbers => [ { type => 'mobile', value => '+1 555' } ]);
    $change->('one address by its parts', [
            '{"op":"Add","path":"addresses[type eq \"work\"].streetAddress","value":"1 Way"}',
            '{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Town"}',
            '{"op":"Add","path":"addresses[type eq \"work\"].country","value":"US"}' ],
        addresses => [ { type => 'work', streetAddress => '1 Way', locality => 'Town',
                country => 'US' } ]);
    $change->('a second e-mail beside the first',
        [ '{"op":"Add","path":"emails[type eq \"other\"].value","value":"a@other.example"}' ],
        emails => [ { primary => JSON::true, type => 'work', value => 'ann2@contoso.example' },
            { type => 'other', value => 'a@other.example' } ]);
    $change->('an attribute of the extension',
        [ '{"op":"Add","path":"' . ENTERPRISE . ':department","value":"Sales"}' ],
        ENTERPRISE, { department => 'Sales' }, schemas => [ USER, ENTERPRISE ]);
    $change->('and away again', [ '{"op":"Remove","path":"' . ENTERPRISE . ':department"}' ],
        ENTERPRISE, undef, schemas => [USER]);
    $change->('a remove that names the value',
        [ '{"op":"Remove","path":"title","value":[{"value":"Boss"}]}' ], title => undef);
    $change->('a new name', [ '{"op":"Replace","path":"userName","value":"ann2@contoso.example"}' ],
        userName => 'ann2@contoso.example');
    $entra->refused(400, 'noTarget', 'Replace of a kind that is not there', PATCH => $path,
        $entra->operations('{"op":"Replace","path":"emails[type eq \"home\"].value","value":"x"}'));
    $entra->only_changed('what was refused', $path, $is);
};

subtest 'a manager' => sub {
    my ($boss, $chief) = $entra->people('boss', 'chief');
    my $path = "/Users/$user->{id}";
    for my $case (
        [ 'a bare id',          qq("$boss"),                                              $boss ],
        [ 'a list of one',      qq([{"value":"$chief"}]),                                 $chief ],
        [ 'a reference of null', qq([{"\$ref":null,"value":"$boss"}]),                    $boss ],
        [ 'an object',          qq({"value":"$chief"}),                                   $chief ],
        [ 'its address',        qq([{"\$ref":"https://x.example/Users/$boss","value":"$boss"}]), $boss ],
        )
    {
        my ($what, $value, $id) = @$case;
        $entra->patch(200, $what, $path, qq({"op":"Add","path":"$MANAGER","value":$value}));
        is $entra->get($path)->{ +ENTERPRISE }{manager}{value}, $id, "$what: who it is";
    }
    $entra->patch(200, 'no manager', $path, qq({"op":"Remove","path":"$MANAGER"}));
    my $after = $entra->get($path);
    is_deeply [ @$after{ ENTERPRISE, 'schemas' } ], [ undef, [USER] ], 'nothing of it stays';
};

subtest 'roles' => sub {
    my $path = "/Users/$user->{id}";
    my @roles = map { { primary => JSON::false, type => 'WindowsAzureActiveDirectoryRole',
                display => $_, value => $_ } } qw(Reader Writer);
    $entra->patch(200, 'all of them', $path, '{"op":"Add","path":"roles","value":['
            . join(',', map { qq({"primary":false,"type":"$_->{type}","display":"$_->{display}",)
                        . qq("value":"$_->{value}"}) } @roles) . ']}');
    my $has = sub { return [ sort map { $_->{value} } @{ $entra->get($path)->{roles} // [] } ] };
    is_deeply $has->(), [qw(Reader Writer)], 'both';
    $entra->patch(200, 'one of them less', $path,
        '{"op":"Remove","path":"roles","value":[{"value":"Reader"}]}');
    is_deeply $has->(), ['Writer'], 'the other stays';
    $entra->patch(200, 'as one', $path,
        '{"op":"Add","path":"roles[primary eq \"True\"].value","value":"Owner"}');
    is_deeply $has->(), [qw(Owner Writer)], 'the primary one is made';
    $entra->patch(200, 'as one, again', $path,
        '{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Auditor"}');
    is_deeply $has->(), [qw(Auditor Writer)], 'and replaced';
};

subtest 'a group' => sub {
    my @people = $entra->people('m1', 'm2', 'm3');
    my $body = qq({"schemas":["${\GROUP}","$LEGACY"],"externalId":"g-1","displayName":"Sales",)
        . '"members":[],"meta":{"resourceType":"Group"}}';
    my $group = $entra->good(201, 'made', POST => '/Groups', $body);
    my $path = "/Groups/$group->{id}";
    is_deeply $group->{schemas}, [GROUP], 'what nobody knows is not repeated';
    is found('/Groups', 'displayName eq "sales"', 1, 'by name')->{id}, $group->{id}, 'it';
    found('/Groups', 'externalId eq "g-1"', 1, 'by externalId');
    my $one = $entra->good(200, 'without members', GET => "$path?excludedAttributes=members");
    is $one->{displayName}, 'Sales', 'its name';

    my $add = join ',', map { qq({"\$ref":null,"value":"$_"}) } @people;
    $entra->patch(200, 'Add members', $path, qq({"op":"Add","path":"members","value":[$add]}));
    is_deeply $entra->members($group->{id}), [ sort @people ], 'all of them';
    $entra->patch(200, 'Add who is there', $path,
        qq({"op":"Add","path":"members","value":[{"value":"$people[0]"}]}));
    my $first = shift @people;
    $entra->patch(200, 'Remove members', $path,
        qq({"op":"Remove","path":"members","value":[{"\$ref":null,"value":"$first"}]}));
    is_deeply $entra->members($group->{id}), [ sort @people ], 'only the one named';
    $entra->patch(200, 'Remove who is not there', $path,
        qq({"op":"Remove","path":"members","value":[{"value":"$first"}]}));
    is_deeply $entra->members($group->{id}), [ sort @people ], 'the others stay';
    $entra->patch(200, 'a new name', $path,
        '{"op":"Replace","path":"displayName","value":"Field sales"}');
    is $entra->get($path)->{displayName}, 'Field sales', 'it has it';
    is_deeply $entra->members($group->{id}), [ sort @people ], 'and its members';
    ok !exists $entra->good(200, 'again', GET => "$path?excludedAttributes=members")->{members},
        'none asked, none told';
    $entra->good(204, 'gone', DELETE => $path);
    $entra->refused(404, undef, 'afterwards', GET => $path);
    is_deeply [ map { $entra->get("/Users/$_")->{id} } @people ], \@people, 'its members are not';
};

subtest 'a user goes' => sub {
    my $path = "/Users/$user->{id}";
    my $is = $entra->get($path);
    $entra->patch(200, 'disabled', $path, '{"op":"Replace","path":"active","value":"False"}');
    $is = $entra->only_changed('disabled', $path, $is, active => JSON::false);
    is found('/Users', 'userName eq "ann2@contoso.example"', 1, 'still found')->{id}, $user->{id}, 'her';
    found('/Users', 'active eq "False"', 1, 'by that');
    $entra->patch(200, 'enabled', $path, '{"op":"Add","path":"active","value":"True"}');
    $entra->only_changed('enabled', $path, $is, active => JSON::true);
    $entra->good(204, 'deleted', DELETE => $path);
    $entra->refused(404, undef, 'read afterwards', GET => $path);
    $entra->refused(404, undef, 'deleted again', DELETE => $path);
    found('/Users', 'externalId eq "ext-ann"', 0, 'found no more');
    $entra->good(201, 'rehired', POST => '/Users', user_body('ann'));
};

subtest 'with its switch: what its documentation would rather have' => sub {
    my %headers = %{ $entra->{headers} };
    my $switched = client($server, entra => %headers);
    my ($boss, $member) = $switched->people('sw-boss', 'sw-member');
    my $made = $switched->good(201, 'a user', POST => '/Users', user_body('switched'));
    my $path = "/Users/$made->{id}";
    $switched->patch(200, 'Replace of kinds that are not there', $path,
        '{"op":"Replace","path":"phoneNumbers[type eq \"mobile\"].value","value":"+1 5"}',
        '{"op":"Replace","path":"addresses[type eq \"work\"].country","value":"DE"}',
        '{"op":"Replace","path":"addresses[type eq \"work\"].locality","value":"Town"}',
        qq({"op":"Replace","path":"$MANAGER","value":"$boss"}));
    my $is = $switched->get($path);
    is_deeply [ @$is{qw(phoneNumbers addresses)} ], [ [ { type => 'mobile', value => '+1 5' } ],
            [ { type => 'work', country => 'DE', locality => 'Town' } ] ], 'made them';
    $switched->listed($_->[0], "who has the manager $_->[1]", '/Users',
        filter => qq(id eq "$made->{id}" and $MANAGER eq "$_->[1]"), attributes => 'id')
        for [ 1, $boss ], [ 0, $member ];
    my $body = qq({"schemas":["${\GROUP}","$LEGACY"],"displayName":"Switched"});
    my $group = $switched->good(201, 'a group', POST => '/Groups', $body);
    $switched->refused(409, 'uniqueness', 'the same again', POST => '/Groups', $body);
    $switched->patch(204, 'a member', "/Groups/$group->{id}",
        qq({"op":"Add","path":"members","value":[{"\$ref":null,"value":"$member"}]}));
    is_deeply $switched->members($group->{id}), [$member], 'is in';
    $switched->patch(204, 'no member', "/Groups/$group->{id}",
        qq({"op":"Remove","path":"members","value":[{"\$ref":null,"value":"$member"}]}));
    is_deeply $switched->members($group->{id}), [], 'is out';
};

done_testing();
