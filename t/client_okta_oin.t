# Okta provisioning an application of its network (updates by PATCH without a path) and one made by
# its wizard (updates by GET, then PUT of all that came back). It deactivates and never deletes users.
# Rows: PA-13 PA-5 CR-2 CR-12 PG-3
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
my @page = (startIndex => 1, count => 100);

sub body
{
    my ($name) = @_;
    return qq({"schemas":["${\USER}"],"userName":"$name","name":{"givenName":"Test",)
        . qq("familyName":"User"},"emails":[{"primary":true,"value":"$name","type":"work"}],)
        . qq("displayName":"Test User","locale":"en-US","externalId":"00u$name","groups":[],)
        . '"password":"1mz050nq","active":true}';
}

subtest 'the test of the connection' => sub {
    $okta->listed(0, 'two users', '/Users', startIndex => 1, count => 2);
    $okta->listed(0, 'groups', '/Groups', @page);
};

sub new_user
{
    my ($name) = @_;
    $okta->listed(0, "$name is not there", '/Users', filter => qq(userName eq "$name"), @page);
    my $user = $okta->good(201, "$name is made", POST => '/Users', body($name));
    ok !exists $user->{$_}, "$_ is not told" for qw(password groups);
    is_deeply [ @$user{qw(active locale externalId)} ], [ JSON::true, 'en-US', "00u$name" ], 'as sent';
    return $user;
}

my $user = new_user('test.user@okta.local');

subtest 'deactivated and reactivated by PATCH' => sub {
    my $path = "/Users/$user->{id}";
    my $is = $okta->get($path);
    for my $active ('false', 'true', 'false') {
        $okta->patch(200, "active is $active", $path, qq({"op":"replace","value":{"active":$active}}));
        $is = $okta->only_changed("active is $active", $path, $is,
            active => $active eq 'true' ? JSON::true : JSON::false);
    }
    my ($found) = $okta->listed(1, 'still found', '/Users',
        filter => 'userName eq "test.user@okta.local"', @page);
    ok !$found->{active}, 'as inactive';
    $okta->patch(200, 'a new password', $path, '{"op":"replace","value":{"password":"7elgbaz3"}}');
    $okta->patch(200, 'reactivated', $path, '{"op":"replace","value":{"active":true}}');
};

subtest 'updated by GET and PUT' => sub {
    my $path = "/Users/$user->{id}";
    my $whole = $okta->good(200, 'read', GET => $path);
    my $group = $okta->good(201, 'a group', POST => '/Groups',
        qq({"schemas":["${\GROUP}"],"displayName":"PUT","members":[{"value":"$user->{id}"}]}));
    $whole = $okta->good(200, 'read with its group', GET => $path);
    is $whole->{groups}[0]{value}, $group->{id}, 'it is in one';
    my %sent = (%$whole, name => { givenName => 'Another', familyName => 'User' },
        groups => [], title => 'Engineer');
    $sent{meta} = { %{ $whole->{meta} }, resourceType => 'Something', lastModified => 'x' };
    my $put = $okta->good(200, 'all that came back', PUT => $path, \%sent);
    is_deeply [ $put->{name}{givenName}, @$put{qw(title id userName)} ],
        [ 'Another', 'Engineer', @$whole{qw(id userName)} ], 'changed';
    is $put->{meta}{resourceType}, 'User', 'meta is ours';
    is $put->{groups}[0]{value}, $group->{id}, 'groups are, too';
    is_deeply $okta->members($group->{id}), [ $user->{id} ], 'it is still a member';
    $put = $okta->good(200, 'inactive', PUT => $path, { %$put, active => JSON::false });
    ok !$put->{active}, 'it is';
    $okta->good(200, 'active', PUT => $path, { %$put, active => JSON::true });
    my ($login) = $okta->listed(1, 'still there', '/Users', @page);
    is $login->{id}, $user->{id}, 'one and the same';
    $okta->refused(404, undef, 'PUT of nobody', PUT => '/Users/' . NOBODY, $put);
    $okta->good(204, 'the group goes', DELETE => "/Groups/$group->{id}");
};

subtest 'a group is pushed' => sub {
    my @people = ($user->{id}, map { new_user("$_\@okta.local")->{id} } qw(b c));
    $okta->listed(0, 'not there', '/Groups', filter => 'displayName eq "Test SCIMv2"', @page);
    my $group = $okta->good(201, 'made', POST => '/Groups',
        qq({"schemas":["${\GROUP}"],"displayName":"Test SCIMv2","members":[]}));
    my $path = "/Groups/$group->{id}";
    my $id = $group->{id};

    $okta->patch(200, 'renamed', $path,
        qq({"op":"replace","value":{"id":"$id","displayName":"Test SCIMv2 renamed"}}));
    my $is = $okta->good(200, 'read', GET => $path);
    is_deeply [ @$is{qw(id displayName)} ], [ $id, 'Test SCIMv2 renamed' ], 'its name, not its id';

    my @shown = map { qq({"value":"$_","display":"$_\@okta.local"}) } @people;
    $okta->patch(200, 'members added', $path,
        qq({"op":"add","path":"members","value":[$shown[0],$shown[1]]}));
    is_deeply $okta->members($id), [ sort @people[0, 1] ], 'two';
    $okta->patch(200, 'one goes, one comes', $path,
        qq({"op":"remove","path":"members[value eq \\"$people[0]\\"]"}),
        qq({"op":"add","path":"members","value":[$shown[2]]}));
    is_deeply $okta->members($id), [ sort @people[1, 2] ], 'two others';
    $okta->patch(200, 'who went goes again', $path,
        qq({"op":"remove","path":"members[value eq \\"$people[0]\\"]"}));
    $okta->patch(200, 'all anew', $path,
        qq({"op":"replace","path":"members","value":[$shown[0],$shown[1]]}));
    is_deeply $okta->members($id), [ sort @people[0, 1] ], 'just those';
    $is = $okta->good(200, 'renamed by PUT', PUT => $path,
        qq({"schemas":["${\GROUP}"],"id":"$id","displayName":"By PUT","members":[$shown[2]]}));
    is_deeply $okta->members($id), [ $people[2] ], 'and its members with it';
    my ($found) = $okta->listed(1, 'found', '/Groups', filter => 'displayName eq "By PUT"', @page);
    is $found->{id}, $id, 'by name';
    $okta->patch(200, 'emptied', $path, '{"op":"replace","path":"members","value":[]}');
    is_deeply $okta->members($id), [], 'nobody left';
    $okta->good(204, 'gone', DELETE => $path);
    $okta->refused(404, undef, 'afterwards', GET => $path);
    is_deeply [ map { $okta->get("/Users/$_")->{id} } @people ], \@people, 'the users are there';
};

subtest 'an import: every page, in an order that stays' => sub {
    $okta->people(map { "import$_\@okta.local" } 1 .. 4);
    my $ids = sub {
        return map { my $from = $_;
            map { $_->{id} } $okta->listed(7, "from $from", '/Users', startIndex => $from, count => 3)
        } 1, 4, 7;
    };
    my @first = $ids->();
    is scalar keys %{ { map { $_ => 1 } @first } }, 7, 'each once';
    $okta->patch(200, 'one changes', "/Users/$first[5]", '{"op":"replace","value":{"title":"T"}}');
    is_deeply [ $ids->() ], \@first, 'the same order again';
};

done_testing();
