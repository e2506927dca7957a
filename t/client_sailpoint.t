# SailPoint aggregates all accounts and groups page by page, wants the members of a list in one
# order and every item to say its schemas, and then changes entitlements one by one.
# Rows: PG-1 PG-2 PG-3 PG-4 PA-11
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Scim;

my $server = serve(plain => '');
my $sailpoint = client($server, plain => (
        'Content-Type' => 'application/scim+json',
        Accept => 'application/scim+json, application/json',
        'User-Agent' => 'SailPoint-Connector',
    ));

sub in_order
{
    my ($what, $path) = @_;
    my $text = $sailpoint->call(GET => $path)->content;
    my @at = map { index $text, qq("$_":) } 'totalResults', 'Resources';
    cmp_ok $at[0], '<', $at[1], "$what: the total comes before the resources" or diag $text;
    cmp_ok $at[0], '>', 0, "$what: both are there";
}

subtest 'what the service says of itself' => sub {
    my @types = $sailpoint->listed(2, 'types', '/ResourceTypes');
    my $schemas = $sailpoint->good(200, 'schemas', GET => '/Schemas');
    for my $schema (@{ $schemas->{Resources} }) {
        ok ref $schema->{attributes} eq 'ARRAY' && @{ $schema->{attributes} }, "$schema->{id}";
        ok !(grep { !defined $_->{multiValued} || !$_->{type} } @{ $schema->{attributes} }),
            "$schema->{id}: each attribute says what it is";
    }
    in_order($_, $_) for '/Schemas', '/ResourceTypes';
};

subtest 'aggregation' => sub {
    in_order('no accounts', '/Users?startIndex=1&count=5');
    my @made = $sailpoint->people(map { "sp$_" } 1 .. 12);
    in_order('accounts', '/Users?startIndex=1&count=5');
    my @seen = map { $sailpoint->listed(12, "from $_", '/Users', startIndex => $_, count => 5) }
        1, 6, 11;
    is_deeply [ sort map { $_->{id} } @seen ], [ sort @made ], 'all of them, each once';
    my @sorted = $sailpoint->listed(12, 'sorted', '/Users', sortBy => 'userName', startIndex => 1,
        count => 4);
    is_deeply [ map { $_->{userName} } @sorted ], [qw(sp1 sp10 sp11 sp12)], 'in that order';
    my ($one) = $sailpoint->listed(1, 'one by name', '/Users', filter => 'userName eq "sp7"',
        startIndex => 1, count => 1);
    is $one->{userName}, 'sp7', 'that one';
    my @since = $sailpoint->listed(12, 'what changed since', '/Users', count => 1,
        filter => qq(meta.lastModified ge "$seen[0]{meta}{created}"));
    is scalar @since, 1, 'a page of it';
};

subtest 'an account and its entitlements' => sub {
    my $user = $sailpoint->good(201, 'made', POST => '/Users',
        qq({"schemas":["${\USER}","${\ENTERPRISE}"],"userName":"account","active":true,)
            . '"name":{"givenName":"A","familyName":"C"},"emails":[{"value":"a@sp.example",'
            . '"type":"work","primary":true}],"entitlements":[{"value":"read","type":"app"}],'
            . qq("roles":[],"${\ENTERPRISE}":{"manager":{"value":"${\NOBODY}"}}}));
    my $path = "/Users/$user->{id}";
    my $is = $sailpoint->get($path);
    my $has = sub { return [ sort map { $_->{value} } @{ $sailpoint->get($path)->{$_[0]} // [] } ] };
    $sailpoint->patch(200, 'two more', $path,
        '{"op":"add","path":"entitlements","value":[{"value":"write","type":"app"}]}',
        '{"op":"add","path":"entitlements","value":[{"value":"own","type":"app"}]}');
    is_deeply $has->('entitlements'), [qw(own read write)], 'three';
    $sailpoint->patch(200, 'one less', $path,
        '{"op":"remove","path":"entitlements[value eq \"write\"]"}');
    is_deeply $has->('entitlements'), [qw(own read)], 'two';
    $sailpoint->refused(400, 'noTarget', 'what is not there', PATCH => $path,
        $sailpoint->operations('{"op":"remove","path":"entitlements[value eq \"none\"]"}'));
    $sailpoint->patch(200, 'as before', $path,
        '{"op":"replace","path":"entitlements","value":[{"value":"read","type":"app"}]}');
    $sailpoint->only_changed('as before', $path, $is);
    $sailpoint->patch(200, 'disabled', $path, '{"op":"replace","path":"active","value":false}');
    $is = $sailpoint->only_changed('disabled', $path, $is, active => JSON::false);
    my $put = $sailpoint->good(200, 'written whole', PUT => $path,
        { %$is, active => JSON::true, title => 'T' });
    is_deeply [ @$put{qw(active title id)} ], [ JSON::true, 'T', $user->{id} ], 'it is';
    $sailpoint->patch(200, 'a new password', $path,
        '{"op":"replace","path":"password","value":"Pass-word-1"}');
    $sailpoint->good(204, 'deleted', DELETE => $path);
};

subtest 'groups as entitlements' => sub {
    my @people = $sailpoint->people('gm1', 'gm2');
    my @groups = map { $sailpoint->good(201, "$_ is made", POST => '/Groups',
            qq({"schemas":["${\GROUP}"],"displayName":"$_"})) } qw(one two three);
    in_order('groups', '/Groups?startIndex=1&count=2');
    my @seen = map { $sailpoint->listed(3, "from $_", '/Groups', startIndex => $_, count => 2) } 1, 3;
    is_deeply [ sort map { $_->{id} } @seen ], [ sort map { $_->{id} } @groups ], 'all of them';
    my ($id, $path) = ($groups[0]{id}, "/Groups/$groups[0]{id}");
    $sailpoint->patch(200, 'one gets it', $path,
        qq({"op":"add","path":"members","value":[{"value":"$people[0]"}]})) ;
    $sailpoint->patch(200, 'another, too', $path,
        qq({"op":"add","path":"members","value":{"value":"$people[1]"}}));
    is_deeply $sailpoint->members($id), [ sort @people ], 'both';
    is $sailpoint->get("/Users/$people[1]")->{groups}[0]{value}, $id, 'who show it';
    $sailpoint->patch(200, 'one loses it', $path,
        qq({"op":"remove","path":"members[value eq \\"$people[0]\\"]"}));
    is_deeply $sailpoint->members($id), [ $people[1] ], 'the other has it';
    ok !$sailpoint->get("/Users/$people[0]")->{groups}, 'it shows no more';
};

done_testing();
