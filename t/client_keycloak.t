# The SCIM clients that people add to Keycloak: one reads all that the service says of itself and
# refuses to go on if anything is missing; older ones send their own ids, booleans as words and one
# slash too many; all of them write whole resources with PUT unless told otherwise.
# Rows: EP-2 DI-2 DI-4 CR-2 CR-12 AT-20
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Scim;

my $server = serve(plain => '');
my $keycloak = client($server, plain => (
        'Content-Type' => 'application/scim+json',
        Accept => 'application/scim+json',
        'User-Agent' => 'Apache-HttpClient/4.5.14 (Java/17.0.9)',
    ));
my $OWN = 'f3c2a8d4-1b0e-4c9f-9c55-0d2a8e1b7c11';

subtest 'what the service says of itself' => sub {
    my $config = $keycloak->good(200, 'config', GET => '/ServiceProviderConfig');
    ok $config->{$_}, "it says something of $_" for qw(schemas patch bulk filter changePassword sort
        etag authenticationSchemes meta);
    ok defined $config->{bulk}{$_}, "bulk.$_" for qw(supported maxOperations maxPayloadSize);
    my @types = $keycloak->listed(2, 'types', '/ResourceTypes');
    my $list = $keycloak->good(200, 'schemas', GET => '/Schemas');
    my %known = map { $_->{id} => $_ } @{ $list->{Resources} };
    is_deeply $known{$_}{schemas}, ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
        "$_ says that it is a schema" for sort keys %known;
    for my $type (@types) {
        ok $known{ $type->{schema} }, "$type->{id}: its schema is there";
        ok $known{ $_->{schema} }, "$type->{id}: its extension $_->{schema} is there"
            for @{ $type->{schemaExtensions} // [] };
        $keycloak->good(200, "$type->{id}: its endpoint", GET => $type->{endpoint});
    }
};

sub body
{
    my ($name, %more) = @_;
    my $more = join '', map { qq("$_":$more{$_},) } sort keys %more;
    return qq({"schemas":["${\USER}"],$more"userName":"$name","externalId":"$OWN",)
        . qq("name":{"familyName":"K","givenName":"$name"},"displayName":"$name K",)
        . qq("emails":[{"value":"$name\@kc.example","type":"work","primary":true}]});
}

my $user;
subtest 'a user' => sub {
    $user = $keycloak->good(201, 'made, with an id of theirs', POST => '/Users',
        body('kim', id => qq("$OWN"), active => '"true"', meta => '{"location":"Users/x"}'));
    isnt $user->{id}, $OWN, 'ids are ours';
    is_deeply [ @$user{qw(externalId active)} ], [ $OWN, JSON::true ], 'externalId keeps theirs';
    my ($found) = $keycloak->listed(1, 'by it', '/Users', filter => qq(externalId eq "$OWN"));
    is $found->{id}, $user->{id}, 'found';
    my $path = "/Users/$user->{id}";
    is_deeply $keycloak->good(200, 'two slashes', GET => "/$path"), $user, 'are as one';
    my $other = $keycloak->good(201, 'made through two slashes', POST => '//Users', body('lee'));
    unlike $other->{meta}{location}, qr{v2//}, 'its place is written with one';
    $keycloak->good(204, 'deleted through two', DELETE => "//Users/$other->{id}");

    my $put = $keycloak->good(200, 'written whole', PUT => $path,
        body('kim', id => qq("$user->{id}"), active => 'false', title => '"T"'));
    is_deeply [ @$put{qw(id active title)} ], [ $user->{id}, JSON::false, 'T' ], 'it is';
    $put = $keycloak->good(200, 'with their id in it', PUT => $path, body('kim', id => qq("$OWN")));
    is $put->{id}, $user->{id}, 'which does not count';
    ok !exists $put->{$_}, "$_ was not sent, and is no more" for qw(title active);
    for my $case ([ '"false"', JSON::false ], [ '"true"', JSON::true ]) {
        $keycloak->patch(200, "active as $case->[0]", $path,
            qq({"op":"replace","path":"active","value":$case->[0]}));
        is $keycloak->get($path)->{active}, $case->[1], "active as $case->[0]";
    }
    $keycloak->patch(200, 'as a list of one', $path,
        '{"op":"replace","path":"name.familyName","value":"Kay"}',
        '{"op":"add","path":"emails","value":[{"value":"k@home.example","type":"home"}]}');
    my $is = $keycloak->get($path);
    is $is->{name}{familyName}, 'Kay', 'the name';
    is_deeply [ sort map { $_->{value} } @{ $is->{emails} } ], [qw(k@home.example kim@kc.example)],
        'one e-mail more';
};

subtest 'a group' => sub {
    my @people = ($user->{id}, $keycloak->people('kc1', 'kc2'));
    my $members = join ',', map { qq({"value":"$_","\$ref":"Users/$_","type":"User"}) } @people;
    my $group = $keycloak->good(201, 'made with members', POST => '/Groups',
        qq({"schemas":["${\GROUP}"],"externalId":"g-kc","displayName":"kc","members":[$members]}));
    my ($path, $id) = ("/Groups/$group->{id}", $group->{id});
    is_deeply $keycloak->members($id), [ sort @people ], 'them';
    is_deeply [ map { $_->{value} } @{ $keycloak->get("/Users/$user->{id}")->{groups} } ], [$id],
        'who know it';
    my $put = $keycloak->good(200, 'written whole', PUT => $path,
        qq({"schemas":["${\GROUP}"],"id":"$id","displayName":"kc 2",)
            . qq("members":[{"value":"$people[1]","display":"kc1"}]}));
    is_deeply [ map { $_->{value} } @{ $put->{members} } ], [ $people[1] ], 'with one';
    $keycloak->patch(200, 'one more', $path,
        qq({"op":"add","path":"members","value":[{"value":"$people[2]"}]}));
    $keycloak->patch(200, 'one less', $path,
        qq({"op":"remove","path":"members[value eq \\"$people[1]\\"]"}));
    is_deeply $keycloak->members($id), [ $people[2] ], 'the other';
    $keycloak->good(204, 'a member is deleted', DELETE => "/Users/$people[2]");
    is_deeply $keycloak->members($id), [], 'and is in no group';
    $keycloak->good(204, 'gone', DELETE => $path);
    $keycloak->refused(404, undef, 'afterwards', GET => $path);
};

done_testing();
