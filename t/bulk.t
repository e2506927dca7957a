# POST /Bulk (RFC 7644 section 3.7): BU-1 to BU-9, EP-6, and that each operation stands by itself.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
my $REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
my $RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

my $server = ProvisionTest->new;
my $users = $server->secret('users', join '', map { "$_:" . crypt($_, '$5$salt$') . "\n" }
        qw(root reader));
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant bulk.example
ProvisionMaxOperations 3
ProvisionMaxBody 2K
ProvisionBulkOperations 20
ProvisionBulkPayload 8K
ProvisionPermit scim:read user root
ProvisionPermit scim:write user root
ProvisionPermit scim:read user reader
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName scim
    AuthUserFile $users
    Require valid-user
</Location>
CONF
$server->login('root', 'root');

sub call { return $server->call(@_) }

sub bulk
{
    my ($operations, %more) = @_;
    return call(POST => '/scim/v2/Bulk', { schemas => [$REQUEST], Operations => $operations, %more });
}

# What became of each operation.
sub done
{
    my $res = bulk(@_);
    is $res->code, 200, 'BU-2 a job that was processed is a 200' or diag $res->content;
    my $said = decode($res);
    is_deeply $said->{schemas}, [$RESPONSE], 'BU-1 the schema of the response';
    return @{ $said->{Operations} };
}

sub statuses { return join ' ', map { $_->{status} } @_ }

sub get { return decode(call(GET => $_[0])) }

sub post_user
{
    my ($id, $name, %more) = @_;
    return { method => 'POST', path => '/Users', bulkId => $id,
        data => { schemas => [ $USER, grep { /^urn:/ } keys %more ], userName => $name, %more } };
}

sub post_group
{
    my ($id, $name, @members) = @_;
    return { method => 'POST', path => '/Groups', bulkId => $id,
        data => { schemas => [$GROUP], displayName => $name,
            members => [ map { +{ value => $_ } } @members ] } };
}

sub patch_of
{
    my ($path, @operations) = @_;
    return { method => 'PATCH', path => $path,
        data => { schemas => [$PATCH], Operations => \@operations } };
}

sub members { return join ' ', sort map { $_->{value} } @{ get($_[0])->{members} // [] } }
sub id_of { return $_[0]{location} =~ m{([^/]+)$} ? $1 : 'none' }
sub total { return decode(call(GET => "/scim/v2/Users?count=0&filter=$_[0]"))->{totalResults} }

sub is_failed
{
    my ($one, $status, $type, $what) = @_;
    is $one->{status}, "$status", "$what: $status";
    is_deeply $one->{response}{schemas}, [$ERROR], "$what: BU-2 an error is its response";
    is $one->{response}{status}, "$status", "$what: its status again";
    is $one->{response}{scimType}, $type, "$what: its scimType";
    ok length($one->{response}{detail} // ''), "$what: a sentence";
    return;
}

subtest 'EP-6, BU-1, BU-2: every method, and what is said of each' => sub {
    my ($made) = done([ post_user('m1', 'methods') ]);
    my $path = $made->{location} =~ s{.*(?=/Users/)}{}r;
    like $made->{location}, qr{^http://127\.0\.0\.1:\d+/scim/v2/Users/[0-9a-f-]{36}$}, 'where it is';
    is_deeply { %$made, location => 0 }, { status => '201', method => 'POST', bulkId => 'm1',
        version => 'W/"1"', location => 0 }, 'all that is said of a new one';
    my @now = done([
        { method => 'PUT', path => $path, bulkId => 'echo',
            data => { schemas => [$USER], userName => 'methods', title => 'One' } },
        patch_of($path, { op => 'replace', path => 'title', value => 'Two' }),
        { %{ patch_of($path, { op => 'replace', path => 'title', value => 'Three' }) },
            method => 'patch' },
    ]);
    is statuses(@now), '200 200 200', 'changed';
    is $now[0]{bulkId}, 'echo', 'a bulkId is echoed';
    is_deeply [ map { $_->{version} } @now ], [ 'W/"2"', 'W/"3"', 'W/"4"' ], 'the versions';
    is $_->{location}, $made->{location}, 'the place' for @now;
    my $user = get($made->{location});
    is $user->{title}, 'Three', 'BU-7 the data of a PATCH is a whole PatchOp';
    is $user->{meta}{version}, 'W/"4"', 'the version is the resource\'s';
    my ($gone) = done([ { method => 'DELETE', path => $path } ]);
    is_deeply $gone, { status => '204', method => 'DELETE', location => $made->{location} },
        'all that is said of a deleted one';
    is call(GET => $made->{location})->code, 404, 'it is gone';
    my ($full) = done([ { method => 'DELETE', path => $made->{location} } ]);
    is_failed($full, 404, undef, 'a path may be the whole URL');
    is $full->{location}, $made->{location}, 'where it would be';
};

subtest 'BU-1: what is no bulk request' => sub {
    my $get = call(GET => '/scim/v2/Bulk');
    is $get->code, 405, 'GET is refused';
    is $get->header('Allow'), 'POST, OPTIONS', 'only POST';
    for my $case ([ {}, 'invalidSyntax' ], [ [], 'invalidSyntax' ],
        [ { Operations => [] }, 'invalidSyntax' ], [ { schemas => [$REQUEST] }, 'invalidSyntax' ],
        [ { schemas => [$REQUEST], Operations => {} }, 'invalidSyntax' ],
        [ { schemas => [$REQUEST], Operations => [], failOnErrors => 'x' }, 'invalidValue' ],
        [ { schemas => [$REQUEST], Operations => [], failOnErrors => -1 }, 'invalidValue' ]) {
        my $res = call(POST => '/scim/v2/Bulk', $case->[0]);
        is $res->code, 400, 'refused';
        is decode($res)->{scimType}, $case->[1], 'with the right type';
    }
    is_deeply [ done([]) ], [], 'nothing to do is no mistake';
    $server->login('reader', 'reader');
    is bulk([])->code, 403, 'it takes scim:write';
    $server->login('root', 'root');
};

subtest 'BU-1, BU-2: wrong operations' => sub {
    my $good = { schemas => [$USER], userName => 'never' };
    my @cases = (
        [ 'x', 400, 'invalidSyntax' ],
        [ { path => '/Users', bulkId => 'w', data => $good }, 400, 'invalidValue' ],
        [ { method => 'GET', path => '/Users' }, 400, 'invalidValue' ],
        [ { method => 1, path => '/Users' }, 400, 'invalidSyntax' ],
        [ { method => 'POST', bulkId => 'w', data => $good }, 404, undef ],
        [ { method => 'POST', path => '/Bulk', bulkId => 'w', data => $good }, 404, undef ],
        [ { method => 'POST', path => '/Users', data => $good }, 400, 'invalidValue' ],
        [ { method => 'POST', path => '/Users', bulkId => 'w' }, 400, 'invalidSyntax' ],
        [ { method => 'POST', path => '/Users/x', bulkId => 'w', data => $good }, 405, undef ],
        [ { method => 'PUT', path => '/Users', data => $good }, 405, undef ],
        [ { method => 'DELETE', path => '/Users/x' }, 404, undef ],
        [ { method => 'DELETE', path => '/Users/x/y' }, 404, undef ],
        [ { method => 'POST', path => '/Users', bulkId => 'w', data => { schemas => [$USER] } },
            400, 'invalidValue' ],
        [ patch_of('/Users/00000000-0000-0000-0000-000000000000',
                map { { op => 'remove', path => 'title' } } 1 .. 4), 413, undef ],
    );
    for my $case (@cases) {
        my ($one) = done([ $case->[0] ]);
        is_failed($one, @$case[ 1, 2 ], 'a wrong operation');
        my $path = ref $case->[0] && ($case->[0]{method} // '') ne 'POST' ? $case->[0]{path} : undef;
        is $one->{location}, $path && $server->url("/scim/v2$path"), 'only a failed POST is nowhere';
    }
    is total('userName+eq+"never"'), 0, 'nothing came of it';
};

subtest 'BU-3: after errors' => sub {
    my @bad = map { post_user("b$_", '') } 1 .. 3;
    is statuses(done([ $bad[0], post_user('g1', 'after1'), @bad[ 1, 2 ] ])), '400 201 400 400',
        'it goes on';
    my @now = done([ post_user('g2', 'after2'), @bad[ 0, 1 ], post_user('g3', 'after3') ],
        failOnErrors => 2);
    is statuses(@now), '201 400 400', 'it stops after as many; only what was processed is told';
    is total('userName+sw+"after"'), 2, 'what was done stays, what follows is not done';
    is statuses(done([ @bad[ 0, 1 ] ], failOnErrors => 0)), '400 400', '0 is no limit';
};

subtest 'BU-4: references, backward and forward' => sub {
    my @now = done([
        post_user('boss', 'boss'),
        post_user('ann', 'ann', $ENTERPRISE => { manager => { value => 'bulkId:boss' } }),
        patch_of('/Users/bulkId:ann', { op => 'add', path => 'title', value => 'Nurse' }),
        post_group('team', 'team', 'bulkId:ann', 'bulkId:late'),
        post_user('late', 'late'),
        post_group('outer', 'outer', 'bulkId:team'),
        patch_of('/Groups/bulkId:outer', { op => 'add', path => 'members',
                value => [ { value => 'bulkId:boss', '$ref' => '../Users/bulkId:boss' } ] }),
        patch_of('/Groups/bulkId:team',
            { op => 'remove', path => 'members[value eq "bulkId:late"]' }),
    ]);
    is statuses(@now), '201 201 200 201 201 201 200 200', 'all done, told in the order asked'
        or diag explain \@now;
    my ($boss, $ann, $team) = map { id_of($_) } @now[ 0, 1, 3 ];
    my $user = get($now[1]{location});
    is $user->{$ENTERPRISE}{manager}{value}, $boss, 'in an extension';
    is $user->{title}, 'Nurse', 'in the path';
    is members($now[3]{location}), $ann, 'in a forward reference, and in the path of a PATCH';
    is members($now[5]{location}), join(' ', sort $team, $boss), 'in the value of a PATCH';
    is statuses(done([ { method => 'DELETE', path => '/Users/bulkId:x' }, post_user('x', 'x') ])),
        '204 201', 'a forward reference in a path';
    is total('userName+eq+"x"'), 0, 'deleted after it was made';
};

subtest 'BU-4: circles' => sub {
    my @now = done([ post_group('a', 'circle a', 'bulkId:b'), post_group('b', 'circle b', 'bulkId:a'),
            post_user('s', 'self', $ENTERPRISE => { department => 'D',
                    manager => { value => 'bulkId:s' } }) ]);
    is statuses(@now), '201 201 201', 'all made' or diag explain \@now;
    is members($now[0]{location}), id_of($now[1]), 'one way';
    is members($now[1]{location}), id_of($now[0]), 'and the other';
    my $self = get($now[2]{location});
    is $self->{$ENTERPRISE}{manager}{value}, id_of($now[2]), 'one that needs itself';
    is $self->{$ENTERPRISE}{department}, 'D', 'and all else of its extension';
    is $_->{version}, get($_->{location})->{meta}{version}, 'the version is the final one' for @now;

    my @half = done([ post_user('p', 'half', $ENTERPRISE => { manager => { value => 'bulkId:q' } }),
            post_user('q', '', $ENTERPRISE => { manager => { value => 'bulkId:p' } }) ]);
    is statuses(@half), '400 400', 'a circle that cannot be closed';
    is total('userName+eq+"half"'), 0, 'leaves nothing behind';
    @half = done([ post_user('p', 'half', $ENTERPRISE => { manager => { value => 'bulkId:q' } }),
            post_user('q', '', $ENTERPRISE => { manager => { value => 'bulkId:p' } }) ],
        failOnErrors => 1);
    is total('userName+eq+"half"'), 0, 'nor does one that is stopped in the middle';
};

subtest 'BU-5: references that lead nowhere' => sub {
    my @now = done([
        post_group('g', 'nowhere', 'bulkId:none'),
        { method => 'DELETE', path => '/Users/bulkId:none' },
        post_user('d', 'first'),
        post_user('d', 'second'),
        post_user('f', ''),
        post_group('h', 'nowhere', 'bulkId:f'),
        { method => 'DELETE', path => '/Users/bulkId:f' },
        post_group('i', 'somewhere', 'bulkId:d'),
    ]);
    is_failed($now[$_], 400, 'invalidValue', "operation $_") for 0, 1, 3, 4, 5, 6;
    is $now[6]{location}, $server->url('/scim/v2/Users/bulkId:f'), 'where, as it was said';
    is statuses(@now[ 2, 7 ]), '201 201', 'the others are done';
    is members($now[7]{location}), id_of($now[2]), 'the first of a bulkId has it';
    is total('userName+eq+"second"'), 0, 'the second is not made';
    is decode(call(GET => '/scim/v2/Groups?count=0&filter=displayName+eq+"nowhere"'))->{totalResults},
        0, 'nor is what refers to nothing';
};

subtest 'BU-6: limits' => sub {
    my $config = get('/scim/v2/ServiceProviderConfig');
    is $config->{bulk}{supported}, JSON::true, 'supported';
    is $config->{bulk}{maxOperations}, 20, 'up to so many';
    is $config->{bulk}{maxPayloadSize}, 8192, 'and so long';
    my $res = bulk([ map { post_user("l$_", "limit$_") } 1 .. 21 ]);
    is $res->code, 413, 'too many';
    like decode($res)->{detail}, qr/\b20\b/, 'the limit is told';
    is total('userName+sw+"limit"'), 0, 'nothing is done';
    $res = call(POST => '/scim/v2/Bulk', '{' x 9000);
    is $res->code, 413, 'too long, whatever it says';
    like decode($res)->{detail}, qr/\b8192\b/, 'the limit is told';
    my @now = done([ post_user('long', 'longer', title => 'x' x 4000) ]);
    is statuses(@now), '201', 'ProvisionMaxBody is of other requests';
    is statuses(done([ map { post_user("l$_", "limit$_") } 1 .. 20 ])), join(' ', (201) x 20),
        'just as many as allowed';
};

subtest 'BU-8: versions' => sub {
    my ($made) = done([ post_user('v', 'version') ]);
    my $path = '/Users/' . id_of($made);
    my $title = patch_of($path, { op => 'replace', path => 'title', value => 'T' });
    my @now = done([ { %$title, version => 'W/"9"' }, { %$title, version => 'W/"1"' },
            { method => 'PUT', path => $path, version => 'W/"1"',
                data => { schemas => [$USER], userName => 'version' } },
            { method => 'DELETE', path => $path, version => 'W/"1"' },
            { method => 'DELETE', path => $path, version => 'W/"2"' } ]);
    is statuses(@now), '412 200 412 412 204', 'a version is a condition';
    is_failed($now[0], 412, undef, 'another version');
    is $now[0]{location}, $made->{location}, 'where it is';
};

subtest 'BU-9: the same final state in whatever order' => sub {
    my ($old, $group) = done([ post_user('o', 'wanted'), post_group('g', 'order') ]);
    my ($user, $path) = ('/Users/' . id_of($old), '/Groups/' . id_of($group));
    my @now = done([
        patch_of($path, { op => 'add', path => 'members', value => [ { value => 'bulkId:new' } ] }),
        { method => 'DELETE', path => $user },
        post_user('new', 'wanted'),
        patch_of($path, { op => 'replace', path => 'displayName', value => 'later' }),
    ]);
    is statuses(@now), '200 204 201 200', 'a name is free before it is taken'
        or diag explain \@now;
    is members($group->{location}), id_of($now[2]), 'the new one is in';
    @now = done([
        patch_of($path, { op => 'add', path => 'members', value => [ { value => 'bulkId:n2' } ] }),
        { method => 'PUT', path => $path,
            data => { schemas => [$GROUP], displayName => 'last' } },
        post_user('n2', 'n2'),
    ]);
    is statuses(@now), '200 200 201', 'done';
    is members($group->{location}), '', 'what comes later for the same resource comes later';
};

subtest 'creations that share a commit stand each by itself, and in their order' => sub {
    my @now = done([
        post_user('s1', 'shared1'),
        post_user('s2', 'Shared1'),
        { method => 'POST', path => '/Users', bulkId => 's3', data => { schemas => [$USER] } },
        post_user('s4', 'hashed', password => 'a long enough secret', title => 'first'),
        post_user('s5', 'hashed', title => 'second'),
        post_group('s6', 'shared', 'bulkId:s1'),
        post_user('s7', 'shared7'),
    ]);
    is statuses(@now), '201 409 400 201 409 201 201', 'one name is one user, the first'
        or diag explain \@now;
    is_deeply [ map { $_->{bulkId} } @now ], [ map { "s$_" } 1 .. 7 ], 'told in their order';
    is get($now[3]{location})->{title}, 'first', 'whose password takes its time';
    is members($now[5]{location}), id_of($now[0]), 'what needs one of them finds it';
    @now = done([ map { post_user($_, $_) } qw(stop1 shared7 stop3 stop4) ], failOnErrors => 1);
    is statuses(@now), '201 409', 'none is made behind the error that ends it';
};

done_testing;
