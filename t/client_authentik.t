# authentik's SCIM provider: it reads what the service says of itself and goes by it, writes users
# with PUT, groups with a PATCH of everything and no path, and members in chunks.
# Rows: DI-1 BU-6 CR-11 CR-12 PA-12
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Scim;

my $server = serve(plain => '');
my $authentik = client($server, plain => (
        'Content-Type' => 'application/scim+json',
        Accept => 'application/scim+json',
        'User-Agent' => 'goauthentik.io@2025.4.0',
    ));

my $config = $authentik->good(200, 'what the service says', GET => '/ServiceProviderConfig');
is_deeply [ map { $config->{$_}{supported} } qw(patch filter bulk) ], [ (JSON::true) x 3 ],
    'PATCH, filters and bulk';
cmp_ok $config->{bulk}{maxOperations}, '>', 0, 'the size of its chunks';

sub body
{
    my ($name, %more) = @_;
    my $id = $more{id} ? qq("id":"$more{id}",) : '';
    my $display = $more{display} // $name;
    return qq({$id"schemas":["${\USER}"],"externalId":"uid-$name","userName":"$name",)
        . qq("name":{"formatted":"$display","givenName":"$display","familyName":" "},)
        . qq("displayName":"$display","profileUrl":null,"title":null,"locale":"en_US",)
        . '"photos":[{"value":"https://authentik.example/avatar.png","type":"photo"}],'
        . qq("active":true,"emails":[{"value":"$name\@ak.example","type":"other","primary":true}],)
        . '"addresses":[],"groups":[],"entitlements":[],"roles":[],"x509Certificates":[]}';
}

sub by_name
{
    my ($path, $filter, $total, $what) = @_;
    return $authentik->listed($total, $what, $path, filter => $filter);
}

my $user;
subtest 'users' => sub {
    $user = $authentik->good(201, 'made', POST => '/Users', body('akadmin'));
    is_deeply [ @$user{qw(externalId locale)} ], [ 'uid-akadmin', 'en_US' ], 'as sent';
    $authentik->refused(409, 'uniqueness', 'made again', POST => '/Users', body('akadmin'));
    my ($found) = by_name('/Users', 'userName eq "akadmin"', 1, 'looked for then');
    is $found->{id}, $user->{id}, 'and found';
    my $put = $authentik->good(200, 'written', PUT => "/Users/$user->{id}",
        body('akadmin', id => $user->{id}, display => 'Other'));
    is_deeply [ @$put{qw(id displayName)} ], [ $user->{id}, 'Other' ], 'it is';
    ok !exists $put->{title}, 'null is nothing';
    is $put->{meta}{created}, $user->{meta}{created}, 'made when it was made';

    my $gone = $authentik->good(201, 'another', POST => '/Users', body('gone'));
    $authentik->good(204, 'somebody else deletes it', DELETE => "/Users/$gone->{id}");
    $authentik->refused(404, undef, 'written', PUT => "/Users/$gone->{id}",
        body('gone', id => $gone->{id}));
    my $anew = $authentik->good(201, 'made anew', POST => '/Users', body('gone', id => $gone->{id}));
    isnt $anew->{id}, $gone->{id}, 'with an id of ours';
    $authentik->good(204, 'deleted', DELETE => "/Users/$anew->{id}");
    $authentik->refused(404, undef, 'deleted again', DELETE => "/Users/$anew->{id}");
};

subtest 'a group' => sub {
    my @people = ($user->{id}, $authentik->people('ak1', 'ak2', 'ak3'));
    my $body = qq("schemas":["${\GROUP}"],"externalId":"gid-1");
    my $group = $authentik->good(201, 'made', POST => '/Groups', qq({$body,"displayName":"ak group"}));
    my ($path, $id) = ("/Groups/$group->{id}", $group->{id});
    by_name('/Groups', 'displayName eq "ak group"', 1, 'found by name');

    my $add = join ',', map { qq({"value":"$_"}) } @people;
    $authentik->patch(200, 'members', $path, qq({"op":"add","path":"members","value":[$add]}));
    is_deeply $authentik->members($id), [ sort @people ], 'all';
    for my $case ([ '', 'without a path' ], [ '"path":null,', 'with one that is null' ]) {
        my ($at, $name) = @$case;
        $authentik->patch(200, "everything at once, $name", $path,
            qq({"op":"replace",$at"value":{$body,"id":"$id","displayName":"$name"}}));
        is $authentik->get($path)->{displayName}, $name, "$name: renamed";
        is_deeply $authentik->members($id), [ sort @people ], "$name: its members stay";
    }

    # Who is a member and should not be, one operation for each; the user that it knows of stays.
    my $is = $authentik->good(200, 'read', GET => $path);
    my @remove = grep { $_ ne $user->{id} } map { $_->{value} } @{ $is->{members} };
    $authentik->patch(200, 'members go', $path,
        map { qq({"op":"remove","path":"members","value":[{"value":"$_"}]}) } @remove);
    is_deeply $authentik->members($id), [ $user->{id} ], 'one stays';
    $authentik->patch(200, 'nobody in particular goes', $path,
        '{"op":"remove","path":"members","value":[]}');
    is_deeply $authentik->members($id), [ $user->{id} ], 'one stays';
    my $put = $authentik->good(200, 'written whole, where PATCH is switched off', PUT => $path,
        qq({$body,"id":"$id","displayName":"put","members":[{"value":"$people[1]"}]}));
    is_deeply $authentik->members($id), [ $people[1] ], 'with its members';
    $authentik->good(204, 'gone', DELETE => $path);
};

subtest 'as for AWS: attribute by attribute' => sub {
    my $path = "/Users/$user->{id}";
    $authentik->patch(200, 'each by its path', $path,
        '{"op":"replace","path":"userName","value":"akadmin2"}',
        '{"op":"replace","path":"displayName","value":"By path"}',
        '{"op":"replace","path":"active","value":false}',
        '{"op":"replace","path":"emails","value":[{"value":"b@ak.example","primary":true}]}');
    my $is = $authentik->get($path);
    is_deeply [ @$is{qw(userName displayName active)} ], [ 'akadmin2', 'By path', JSON::false ], 'so';
    is_deeply $is->{emails}, [ { value => 'b@ak.example', primary => JSON::true } ], 'one e-mail';
};

done_testing();
