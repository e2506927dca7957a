# ProvisionCompatibility: each switch of an application changes what its sentence says, and nothing
# else; one that is several others changes what they do. One server, an application for each.
# Rows: PA-1 PA-4 AT-9 CR-8
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Scim;
use ProvisionTest::Process qw(slurp);
use POSIX ();

my %switches = map { $_ => $_ } qw(okta-204 patch-204 empty-operations unquoted-filter replace-makes
    reference-filter unique-groups known-members no-pagination no-schemas first-primary known-attributes
    strict interop-profile entra ms-validator);
my $server = serve(plain => '', %switches, two => 'okta-204 first-primary');
my %client = map { $_ => client($server, $_) } 'plain', 'two', keys %switches;
my $next = 0;

sub person
{
    my ($as, $more) = @_;
    $more = defined $more ? ",$more" : '';
    return $as->call(POST => '/Users',
        qq({"schemas":["${\USER}"],"userName":"c${\ ++$next}"$more}));
}

sub made { return decode(person(@_)) }

sub code
{
    my ($res) = @_;
    my $said = decode($res);
    return $res->code . ($res->code >= 400 && $said->{scimType} ? " $said->{scimType}" : '');
}

sub patched
{
    my ($as, $path, @operations) = @_;
    return $as->call(PATCH => $path, $as->operations(@operations));
}

# The count that a filter finds, or how it is refused.
sub filtered
{
    my ($as, $filter) = @_;
    $filter =~ s/([^\w])/sprintf '%%%02X', ord $1/ge;
    my $res = $as->call(GET => "/Users?filter=$filter");
    return $res->code == 200 ? decode($res)->{totalResults} : code($res);
}

my $boss = made($client{plain})->{id};
my $NAMED = '"externalId":"4711","nickName":"Nick","' . ENTERPRISE . "\":{\"manager\":{\"value\":\"$boss\"}}";
my $named = made($client{plain}, $NAMED)->{id};
my $title = '{"op":"replace","path":"title","value":"T%d"}';

sub without_schemas
{
    my ($as) = @_;
    my @res = map { $as->call(POST => '/Users', qq({$_"userName":"c${\ ++$next}"})) } '', '"schemas":[],';
    return join ', ', map { $_->code == 201 ? "@{ decode($_)->{schemas} }" : code($_) } @res;
}

sub two_primaries
{
    my ($as) = @_;
    my $res = person($as, '"emails":[{"value":"a@x","primary":true},{"value":"b@x","primary":true}]');
    return code($res) if $res->code != 201;
    return join ' ', map { $_->{value} . ($_->{primary} ? '!' : '') } @{ decode($res)->{emails} };
}

sub whole_name
{
    my ($as) = @_;
    my $user = made($as, '"name":{"givenName":"G","familyName":"F"}');
    patched($as, "/Users/$user->{id}", '{"op":"replace","path":"name","value":{"givenName":"H"}}');
    my $name = decode($as->call(GET => "/Users/$user->{id}"))->{name};
    return join ' ', map { "$_=$name->{$_}" } sort keys %$name;
}

sub home_mail
{
    my ($as, $path, $value) = @_;
    my $user = made($as, '"emails":[{"value":"w@x","type":"work"}]');
    my $res = patched($as, "/Users/$user->{id}", qq({"op":"replace","path":"$path","value":$value}));
    return code($res) if $res->code >= 400;
    my $is = decode($as->call(GET => "/Users/$user->{id}"));
    return join ' ', map { "$_->{type}=$_->{value}" } @{ $is->{emails} };
}

sub group_patched
{
    my ($as, $query) = @_;
    my $group = decode($as->call(POST => '/Groups',
            qq({"schemas":["${\GROUP}"],"displayName":"g${\ ++$next}"})));
    return code(patched($as, "/Groups/$group->{id}$query",
            qq({"op":"replace","path":"displayName","value":"G${\ ++$next}"})));
}

sub user_patched
{
    my ($as, $query) = @_;
    my $user = made($as);
    return code(patched($as, "/Users/$user->{id}$query", sprintf $title, ++$next));
}

# Made, made again in capitals, renamed to that, renamed from small letters to capitals.
sub group_names
{
    my ($as) = @_;
    my $name = 'names' . ++$next;
    my $make = sub {
        return $as->call(POST => '/Groups', qq({"schemas":["${\GROUP}"],"displayName":"$_[0]"}));
    };
    my $rename = sub {
        return code(patched($as, "/Groups/$_[0]?attributes=id",
            qq({"op":"replace","path":"displayName","value":"$_[1]"})));
    };
    my ($first, $other) = map { decode($make->($_))->{id} } $name, "other $name";
    return join ', ', code($make->(uc $name)), $rename->($other, $name), $rename->($first, uc $name);
}

my $HOME = 'emails[type eq \"home\"]';
my @features = (
    # what, how to ask, without, with, who has it
    [ 'PATCH of a group', sub { group_patched($_[0], '') }, 200, 204,
        qw(okta-204 patch-204 entra ms-validator two) ],
    [ 'PATCH of a group that asks', sub { group_patched($_[0], '?attributes=displayName') }, 200 ],
    [ 'PATCH of a user', sub { user_patched($_[0], '') }, 200, 204, qw(patch-204 ms-validator) ],
    [ 'PATCH of a user that asks', sub { user_patched($_[0], '?excludedAttributes=meta') }, 200 ],
    [ 'no operations', sub { code(patched($_[0], "/Users/$boss")) =~ s/204/200/r },
        '400 invalidSyntax', 200, qw(empty-operations ms-validator) ],
    [ 'a name without quotes', sub { filtered($_[0], 'nickName eq nick') }, '400 invalidFilter', 1,
        qw(unquoted-filter ms-validator) ],
    [ 'a number for a text', sub { filtered($_[0], 'externalId eq 4711 and nickName eq "Nick"') },
        '400 invalidFilter', 1, qw(unquoted-filter ms-validator) ],
    [ 'a value that is missing', sub { filtered($_[0], 'nickName eq ') }, '400 invalidFilter' ],
    [ 'replace of the part of a value that is not there',
        sub { home_mail($_[0], "$HOME.value", '"h@x"') }, '400 noTarget', 'work=w@x home=h@x',
        qw(replace-makes entra) ],
    [ 'replace of a value that is not there', sub { home_mail($_[0], $HOME, '{"value":"h@x"}') },
        '400 noTarget', 'work=w@x home=h@x', qw(replace-makes entra) ],
    [ 'a filter that describes nothing', sub { home_mail($_[0], 'emails[type ne \"work\"].value', '"x"') },
        '400 noTarget' ],
    [ 'a manager in a filter',
        sub { filtered($_[0], 'id eq "' . $named . '" and ' . ENTERPRISE . ":manager eq \"$boss\"") },
        '400 invalidFilter', 1, qw(reference-filter entra) ],
    [ 'names of groups', \&group_names, '201, 200, 200', '409 uniqueness, 409 uniqueness, 200',
        qw(unique-groups entra ms-validator) ],
    [ 'two primary values', \&two_primaries, '400 invalidValue', 'a@x! b@x', qw(first-primary two) ],
    [ 'no schemas', \&without_schemas, '400 invalidValue, 400 invalidValue', USER . ', ' . USER, 'no-schemas' ],
    [ 'schemas of another type', sub {
            code($_[0]->call(POST => '/Users', qq({"schemas":["${\GROUP}"],"userName":"c${\ ++$next}"}))) },
        '400 invalidValue', '' ],
    [ 'an unknown attribute', sub { code(person($_[0], '"colour":"red"')) }, 201,
        '400 invalidSyntax', qw(known-attributes strict interop-profile) ],
    [ 'an unknown sub-attribute', sub { code(person($_[0], '"name":{"colour":"red"}')) }, 201,
        '400 invalidSyntax', qw(known-attributes strict interop-profile) ],
    [ 'an unknown sub-attribute in PATCH', sub {
            code(patched($_[0], '/Users/' . made($_[0])->{id} . '?attributes=id',
                '{"op":"add","path":"name","value":{"colour":"red"}}')) },
        '400 invalidValue', '400 invalidSyntax', qw(known-attributes strict interop-profile) ],
    [ 'an unknown extension', sub { code(person($_[0], '"urn:example:x":{"a":1}')) }, 201,
        '400 invalidSyntax', qw(known-attributes strict interop-profile) ],
    [ 'an unknown attribute of an extension',
        sub { code(person($_[0], '"' . ENTERPRISE . '":{"colour":"red"}')) }, 201,
        '400 invalidSyntax', qw(known-attributes strict interop-profile) ],
    [ 'what only the server writes', sub { code(person($_[0], '"id":"x","meta":{"version":"1"},"groups":[]')) },
        201 ],
    [ 'a boolean as a word', sub { code(person($_[0], '"active":"True"')) }, 201,
        '400 invalidValue', 'strict' ],
    [ 'a boolean as a word in PATCH', sub {
            code(patched($_[0], '/Users/' . made($_[0])->{id} . '?attributes=id',
                '{"op":"replace","path":"active","value":"False"}')) }, 200, '400 invalidValue', 'strict' ],
    [ 'a word for a boolean in a filter', sub { filtered($_[0], "id eq \"$boss\" and not (active eq \"True\")") },
        1, '400 invalidFilter', 'strict' ],
    [ 'a word for a boolean in a path', sub {
            code(patched($_[0], '/Users/' . made($_[0], '"roles":[{"value":"r","primary":true}]')->{id}
                    . '?attributes=id', '{"op":"remove","path":"roles[primary eq \"True\"]"}')) },
        200, '400 invalidFilter', 'strict' ],
    [ 'a name without quotes in a path', sub {
            code(patched($_[0], '/Users/' . made($_[0], '"emails":[{"value":"a","type":"work"}]')->{id}
                    . '?attributes=id', '{"op":"remove","path":"emails[type eq work]"}')) },
        '400 invalidFilter', 200, qw(unquoted-filter ms-validator) ],
    [ 'a manager as a word', sub { code(person($_[0], '"' . ENTERPRISE . "\":{\"manager\":\"$boss\"}")) },
        201, '400 invalidValue', 'strict' ],
    [ 'a manager as a list', sub {
            code(person($_[0], '"' . ENTERPRISE . "\":{\"manager\":[{\"value\":\"$boss\"}]}")) },
        201, '400 invalidValue', 'strict' ],
    [ 'a manager as a word in PATCH', sub {
            code(patched($_[0], '/Users/' . made($_[0])->{id} . '?attributes=id',
                '{"op":"add","path":"' . ENTERPRISE . ":manager\",\"value\":\"$boss\"}")) },
        200, '400 invalidValue', 'strict' ],
    [ 'one e-mail without a list', sub { code(person($_[0], '"emails":{"value":"a@x"}')) }, 201,
        '400 invalidValue', 'strict' ],
    [ 'an unknown schema', sub {
            my $res = $_[0]->call(POST => '/Users',
                qq({"schemas":["${\USER}","urn:example:x"],"userName":"c${\ ++$next}"}));
            code($res) }, 201, '400 invalidValue', 'strict' ],
    [ 'a member who is not there', sub {
            my $group = decode($_[0]->call(POST => '/Groups',
                qq({"schemas":["${\GROUP}"],"displayName":"c${\ ++$next}"})));
            my $res = patched($_[0], "/Groups/$group->{id}?attributes=id",
                '{"op":"add","path":"members","value":[{"value":"' . NOBODY . '"}]}');
            join ', ', code($res), $res->header('Provision-Passed-Over') // () },
        '200, 1', '400 invalidValue', qw(known-members strict) ],
    [ 'an operation in capitals', sub {
            code(patched($_[0], '/Users/' . made($_[0])->{id} . '?attributes=id',
                '{"op":"Replace","path":"title","value":"T"}')) }, 200, '400 invalidSyntax', 'strict' ],
    [ 'an operation without a path', sub {
            code(patched($_[0], '/Users/' . made($_[0])->{id} . '?attributes=id',
                '{"op":"replace","value":{"title":"T"}}')) }, 200, '400 invalidPath', 'interop-profile' ],
    [ 'replace of a complex attribute', \&whole_name, 'familyName=F givenName=H', 'givenName=H',
        'interop-profile' ],
    [ 'what the service says', sub {
            decode($_[0]->call(GET => '/ServiceProviderConfig'))->{interopProfileConformant} // 'nothing' },
        'nothing', JSON::true, 'interop-profile' ],
    [ 'what it says of pages', sub {
            exists decode($_[0]->call(GET => '/ServiceProviderConfig'))->{pagination} ? 'something' : 'nothing' },
        'something', 'nothing', 'no-pagination' ],
);

for my $feature (@features) {
    my ($what, $ask, $without, $with, @who) = @$feature;
    my %has = map { $_ => 1 } @who;
    my @asked = grep { !quick() || $has{$_} || $_ eq 'plain' } sort keys %client;
    subtest $what => sub {
        is $ask->($client{$_}), $has{$_} ? $with : $without, "$_: " . ($has{$_} ? 'with' : 'without')
            for @asked;
    };
}

subtest 'who does not say who he is' => sub {
    my $said = $client{'interop-profile'}->good(200, 'reads the config', GET =>
            '/ServiceProviderConfig', undef, Authorization => undef);
    ok !exists $said->{interopProfileConformant}, 'and is promised nothing';
};

subtest 'a 204 says where and which version' => sub {
    my $as = $client{'patch-204'};
    my $user = made($as);
    my $res = patched($as, "/Users/$user->{id}", sprintf $title, ++$next);
    is $res->code, 204, 'nothing';
    is $res->content, '', 'really';
    is $res->header('Content-Location'), $user->{meta}{location}, 'but where';
    is $res->header('ETag'), $as->get("/Users/$user->{id}")->{meta}{version}, 'and which version';
};

subtest 'of many at once one gets the name' => sub {
    my $as = $client{'unique-groups'};
    my $rounds = quick() ? 3 : 20;
    for my $round (1 .. $rounds) {
        my @children = map {
            beside(sub {
                my $res = $as->call(POST => '/Groups',
                    qq({"schemas":["${\GROUP}"],"displayName":"race $round"}));
                POSIX::_exit($res->code == 201 ? 1 : $res->code == 409 ? 0 : 2);
            });
        } 1 .. 6;
        my %ended;
        for my $pid (@children) {
            waitpid $pid, 0;
            $ended{ $? >> 8 }++;
        }
        is_deeply \%ended, { 1 => 1, 0 => 5 }, "round $round: one";
    }
    my $list = $as->get('/Groups?filter=displayName%20sw%20%22race%22');
    is $list->{totalResults}, $rounds, 'so many are there';
};

subtest 'in bulk, too' => sub {
    my $body = qq({"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[)
        . qq({"method":"POST","path":"/Users","bulkId":"b","data":{"schemas":["${\USER}"],)
        . '"userName":"%s","colour":"red"}}]}';
    for my $case ([ plain => '201' ], [ strict => '400' ]) {
        my ($who, $status) = @$case;
        my $said = $client{$who}->good(200, $who, POST => '/Bulk', sprintf $body, "bulk-$who");
        is $said->{Operations}[0]{status}, $status, "$who: $status";
    }
    my $groups = join ',', map {
        qq({"method":"POST","path":"/Groups","bulkId":"$_","data":{"schemas":["${\GROUP}"],)
            . '"displayName":"%s"}}'
    } 1 .. 3;
    for my $case ([ plain => '201 201 201' ], [ 'unique-groups' => '201 409 409' ]) {
        my ($who, $status) = @$case;
        my $said = $client{$who}->good(200, "$who: names of groups", POST => '/Bulk',
            $body =~ s/\{"method".*(?=\])/$groups/r =~ s/%s/bulk of $who/gr);
        is join(' ', map { $_->{status} } @{ $said->{Operations} }), $status, "$who: $status";
    }
};

subtest 'what is there is written down' => sub {
    my $effective = decode(slurp($server->store_dir . '/effective.json'));
    my %of = map { $_->{name} => $_->{compatibility} } @{ $effective->{applications} };
    is_deeply $of{two}, [qw(okta-204 first-primary)], 'as it was written';
    is $of{resident}, undef, 'nothing for who has none';
};

subtest 'configtest' => sub {
    my $line = sub { "ProvisionStore lmdb \@store\@\n<ProvisionApplication a>\n$_[0]\n</ProvisionApplication>\n" };
    for my $case (
        [ 'ProvisionCompatibility entrra',      qr/no switch "entrra"; write ProvisionCompatibility entra/ ],
        [ 'ProvisionCompatibility qqqqqq',      qr/no switch "qqqqqq"; there are entra, .*interop-profile/ ],
        [ 'ProvisionCompatibility',             qr/write ProvisionCompatibility SWITCH/ ],
        )
    {
        my ($good, $said) = $server->configtest($line->($case->[0]));
        ok !$good && $said =~ $case->[1], $case->[0] or diag $said;
    }
    my ($good, $said) = $server->configtest("ProvisionStore lmdb \@store\@\nProvisionCompatibility entra\n");
    ok !$good && $said =~ /inside <ProvisionApplication NAME>/, 'outside of an application' or diag $said;
};

done_testing();
