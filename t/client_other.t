# Clients of which less is known, or of which one habit matters: OneLogin's template, PingOne's two
# primary values, Slack's capitals, GitHub's way to suspend, and clients that read with .search.
# Rows: AT-9 FI-1 PA-13 SE-1
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Scim;

my $server = serve(plain => '');

subtest 'OneLogin' => sub {
    my $onelogin = client($server, plain => ('Content-Type' => 'application/json',
            Accept => 'application/json, application/scim+json'));
    $onelogin->listed(0, 'nobody', '/Users', filter => 'userName eq "ol@x.example"');
    my $user = $onelogin->good(201, 'made by its template', POST => '/Users',
        qq({"schemas":["${\USER}","${\ENTERPRISE}"],"userName":"ol\@x.example",)
            . '"name":{"givenName":"O","familyName":"L","formatted":"O L"},"displayName":"O L",'
            . '"emails":[{"value":"ol@x.example","type":"work","primary":true}],'
            . '"title":"","preferredLanguage":null,"phoneNumbers":[{"value":"","type":"work"}],'
            . qq("active":true,"groups":[],"${\ENTERPRISE}":{"department":"","manager":null}}));
    my $path = "/Users/$user->{id}";
    is $user->{displayName}, 'O L', 'it is there';
    $onelogin->patch(200, 'suspended', $path, '{"op":"replace","path":"active","value":false}');
    ok !$onelogin->get($path)->{active}, 'it is';
    my $put = $onelogin->good(200, 'by PUT', PUT => $path,
        qq({"schemas":["${\USER}"],"id":"$user->{id}","userName":"ol\@x.example","active":true}));
    ok $put->{active}, 'active again';
    $onelogin->good(204, 'deleted', DELETE => $path);
};

subtest 'PingOne' => sub {
    my $ping = client($server, plain => ('Content-Type' => 'application/scim+json'));
    my $body = qq({"schemas":["${\USER}"],"userName":"ping","emails":[)
        . '{"type":"work","value":"w@x.example","primary":true},'
        . '{"type":"home","value":"h@x.example","primary":true}]}';
    $ping->refused(400, 'invalidValue', 'two primary values', POST => '/Users', $body);
    $ping->listed(0, 'nothing was made', '/Users', filter => 'userName eq "ping"');
    my $user = $ping->good(201, 'one', POST => '/Users',
        $body =~ s/h\@x.example","primary":true/h\@x.example"/r);
    $ping->patch(200, 'the other becomes it', "/Users/$user->{id}",
        '{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}');
    my %primary = map { $_->{type} => $_->{primary} ? 1 : 0 }
        @{ $ping->get("/Users/$user->{id}")->{emails} };
    is_deeply \%primary, { work => 0, home => 1 }, 'the first no more';
};

subtest 'Slack' => sub {
    my $slack = client($server, plain => ('Content-Type' => 'application/json'));
    my ($id) = $slack->people('slack');
    for my $filter ('userName Eq "slack"', 'USERNAME EQ "slack"', 'username eq "SLACK"') {
        my ($found) = $slack->listed(1, $filter, '/Users', filter => $filter);
        is $found->{id}, $id, "$filter: found";
    }
};

subtest 'GitHub' => sub {
    my $github = client($server, plain => ('Content-Type' => 'application/scim+json'));
    my ($id) = $github->people('octocat');
    $github->patch(200, 'suspended', "/Users/$id", '{"op":"replace","value":{"active":false}}');
    is $github->get("/Users/$id")->{active}, JSON::false, 'it is';
    $github->patch(200, 'and back', "/Users/$id", '{"op":"Replace","value":{"active":"True"}}');
    is $github->get("/Users/$id")->{active}, JSON::true, 'it is';
};

subtest 'who reads with .search' => sub {
    my $client = client($server, plain => ('Content-Type' => 'application/scim+json'));
    my ($id) = $client->people('sought');
    my $found = $client->good(200, 'found', POST => '/Users/.search',
        '{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],'
            . '"attributes":["userName"],"filter":"userName eq \"sought\"","startIndex":1,"count":10}');
    is_deeply $found->{Resources},
        [ { schemas => [USER], id => $id, userName => 'sought' } ], 'as it asked';
};

done_testing();
