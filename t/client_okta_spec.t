# Okta's test of a SCIM server, the one that comes before an integration may be submitted: what it
# asks, in its order, with what it demands of every answer.
# Rows: AU-1 CR-6 CR-16 PG-1 PG-2 PG-5
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Scim;

my $server = serve(plain => '');
my $okta = client($server, plain => (
        'Content-Type' => 'application/scim+json; charset=utf-8',
        Accept => 'application/scim+json',
        'Accept-Charset' => 'utf-8',
        'User-Agent' => 'Okta SCIM Client 1.0.0',
    ));
my $name = 'Runscope300Xyz@atko.example';

sub body
{
    return qq({"schemas":["${\USER}"],"userName":"$_[0]","name":{"givenName":"Runscope",)
        . qq("familyName":"300"},"emails":[{"primary":true,"value":"$_[0]","type":"work"}],)
        . '"displayName":"Runscope 300","active":true}';
}

subtest 'there has to be a user' => sub {
    $okta->people('first@atko.example');
    my ($user) = $okta->listed(1, 'one', '/Users', count => 1, startIndex => 1);
    like $user->{$_} // '', qr/./, "it has $_" for qw(id userName);
    is decode($okta->call(GET => '/Users?count=1&startIndex=1'))->{startIndex}, 1, 'startIndex';
    my $got = $okta->good(200, 'by its id', GET => "/Users/$user->{id}");
    is_deeply $got, $user, 'as the list shows it';
};

subtest 'nobody' => sub {
    my $said = $okta->refused(404, undef, 'an id that is no id', GET => '/Users/010101001010101011001010101011');
    like $said, qr/\w/, 'a sentence';
    $okta->listed(0, 'a name that nobody has', '/Users', filter => 'userName eq "abcdefgh@atko.example"');
};

subtest 'a user is made' => sub {
    $okta->listed(0, 'not there yet', '/Users', filter => qq(userName eq "$name"));
    my $user = $okta->good(201, 'made', POST => '/Users', body($name));
    is_deeply [ @$user{qw(userName active)} ], [ $name, JSON::true ], 'as sent';
    is_deeply $user->{name}, { givenName => 'Runscope', familyName => '300' }, 'the name';
    is_deeply $okta->good(200, 'read', GET => "/Users/$user->{id}"), $user, 'the same';
    $okta->refused(409, 'uniqueness', 'made again', POST => '/Users', body($name));
    $okta->refused(409, 'uniqueness', 'made again in capitals', POST => '/Users', body(uc $name));
    my ($found) = $okta->listed(1, 'found', '/Users', filter => qq(userName eq "$name"));
    is_deeply $found, $user, 'her';
    is_deeply $okta->listed(1, 'in capitals', '/Users', filter => 'userName eq "' . uc($name) . '"'),
        $user, 'her, too';
};

subtest 'groups' => sub {
    $okta->listed(0, 'none yet', '/Groups');
    my $group = $okta->good(201, 'made', POST => '/Groups',
        qq({"schemas":["${\GROUP}"],"displayName":"Okta group"}));
    is_deeply $okta->listed(1, 'one', '/Groups', startIndex => 1, count => 100), $group, 'it';
    $okta->refused(404, undef, 'one that is not there', GET => '/Groups/' . NOBODY);
};

subtest 'who does not say who he is' => sub {
    for my $token ('', 'Bearer', 'Bearer abc', 'Basic YTpi', 'SSWS x') {
        my $res = $okta->call(GET => '/Users', undef, Authorization => $token);
        my $said = decode($res) // {};
        is $res->code, 401, "'$token'";
        is_deeply [ @$said{qw(schemas status)} ], [ [ERROR], '401' ], "'$token': in SCIM's form";
        like $res->header('WWW-Authenticate'), qr/Basic|Bearer/, "'$token': how to";
    }
};

subtest 'pages' => sub {
    my @made = $okta->people(map { "page$_\@atko.example" } 1 .. 5);
    my @seen;
    for (my $start = 1; $start <= 7; $start += 2) {
        push @seen, $okta->listed(7, "from $start", '/Users', startIndex => $start, count => 2);
    }
    is scalar @seen, 7, 'all of them';
    my %ids = map { $_->{id} => 1 } @seen;
    is scalar keys %ids, 7, 'each once';
    is scalar(grep { $ids{$_} } @made), 5, 'those too';
    is_deeply [ $okta->listed(7, 'past the end', '/Users', startIndex => 8, count => 2) ], [], 'none';
    is_deeply [ $okta->listed(7, 'none asked', '/Users', startIndex => 1, count => 0) ], [], 'none';
};

done_testing();
