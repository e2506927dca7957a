# Google Workspace's auto-provisioning: plain JSON, sometimes a body that does not say what it is,
# one PATCH for each thing, and deletion days after suspension.
# Rows: MT-1 MT-2 MT-3
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Scim;

my $server = serve(plain => '');
my $google = client($server, plain => (
        'Content-Type' => 'application/json; charset=UTF-8',
        Accept => 'application/json',
        'User-Agent' => 'Google-Auto-Provisioning',
    ));

sub body
{
    my ($name, $active) = @_;
    return qq({"schemas":["${\USER}","${\ENTERPRISE}"],"userName":"$name","active":$active,)
        . qq("externalId":"10$name","displayName":"G $name","name":{"givenName":"G",)
        . qq("familyName":"$name","formatted":"G $name"},)
        . qq("emails":[{"primary":true,"type":"work","value":"$name"}],)
        . qq("phoneNumbers":[{"type":"work","value":"+15550100"}],)
        . qq("${\ENTERPRISE}":{"department":"D","organization":"O"}});
}

# A body of which nothing says what it is: by hand, since clients in Perl always say something.
sub by_hand
{
    my ($method, $path, $body) = @_;
    my $answer = $server->raw("$method /scim/v2$path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            . "Authorization: $google->{headers}{Authorization}\r\n"
            . "User-Agent: Google-Auto-Provisioning\r\nContent-Length: ${\length $body}\r\n\r\n$body");
    my ($head, $text) = split /\r\n\r\n/, $answer, 2;
    my ($status) = $head =~ m{^HTTP/1.1 (\d+)};
    return ($status, $head, decode($text));
}

my $user;
subtest 'a user comes' => sub {
    $google->listed(0, 'nobody', '/Users', filter => 'userName eq "g@ws.example"', startIndex => 1,
        count => 1);
    $user = $google->good(201, 'made', POST => '/Users', body('g@ws.example', 'true'));
    $google->refused(409, 'uniqueness', 'made again', POST => '/Users', body('g@ws.example', 'true'));
    my ($found) = $google->listed(1, 'found', '/Users', filter => 'userName eq "G@ws.example"');
    is_deeply $found, $user, 'as made';
    my ($status, $head, $made) = by_hand(POST => '/Users', body('h@ws.example', 'true'));
    is $status, 201, 'made by a body that says nothing of itself';
    like $head, qr{^Content-Type: application/scim\+json\r?$}mi, 'the answer says what it is';
    $google->good(204, 'deleted', DELETE => "/Users/$made->{id}");
};

subtest 'a user changes' => sub {
    my $path = "/Users/$user->{id}";
    my $put = $google->good(200, 'written whole', PUT => $path, body('g@ws.example', 'true'));
    is $put->{meta}{version}, $user->{meta}{version}, 'which changed nothing';
    my $is = $google->get($path);
    $google->patch(200, 'a phone', $path,
        '{"op":"replace","path":"phoneNumbers[type eq \"work\"].value","value":"+15550199"}');
    $is = $google->only_changed('a phone', $path, $is,
        phoneNumbers => [ { type => 'work', value => '+15550199' } ]);
    my ($status, $head, $patched) = by_hand(PATCH => $path,
        $google->operations('{"op":"replace","path":"title","value":"T"}'));
    is $status, 200, 'patched by a body that says nothing of itself';
    $is = $google->only_changed('patched', $path, $is, title => 'T');
    $google->patch(200, 'suspended', $path, '{"op":"replace","path":"active","value":false}');
    $google->only_changed('suspended', $path, $is, active => JSON::false);
};

subtest 'a group' => sub {
    my $group = $google->good(201, 'made', POST => '/Groups',
        qq({"schemas":["${\GROUP}"],"displayName":"ws","externalId":"ws1","members":[]}));
    my $path = "/Groups/$group->{id}";
    $google->patch(200, 'a member', $path,
        qq({"op":"add","path":"members","value":[{"value":"$user->{id}","type":"User"}]}));
    is_deeply $google->members($group->{id}), [ $user->{id} ], 'in';
    $google->patch(200, 'no member', $path,
        qq({"op":"remove","path":"members[value eq \\"$user->{id}\\"]"}));
    is_deeply $google->members($group->{id}), [], 'out';
    $google->good(204, 'deleted', DELETE => $path);
};

subtest 'a user goes' => sub {
    my $path = "/Users/$user->{id}";
    $google->good(204, 'deleted', DELETE => $path);
    $google->refused(404, undef, 'afterwards', GET => $path);
    $google->refused(415, undef, 'what is neither', POST => '/Users', body('x', 'true'),
        'Content-Type' => 'text/xml');
};

done_testing();
