# What an administrator declares: a resource type of his own with a required extension, an attribute
# of every kind and property (AT-1 to AT-10, AT-13, AT-16, CR-7 to CR-11, DI-2, DI-4, EP-15, PA-7),
# more extensions of User, and the mistakes that configtest finds in the files.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Process qw(spew);
use ProvisionTest::TestResource;
use Cwd qw(getcwd);
use JSON ();
use URI::Escape qw(uri_escape_utf8);

my ($urn, $ext) = ($TEST, $TEST_EXTENSION);
my $user_urn = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $desk = 'urn:example:scim:schemas:extension:desk:1.0:User';
my $json = JSON->new->utf8->canonical->allow_nonref;
my ($true, $false) = (JSON::true, JSON::false);

my %desk_schema = (id => $desk, attributes => [ test_attr('floor', 'integer'),
    test_attr('plate', 'string', uniqueness => 'server') ]);
my %user_type = (name => 'User', schemaExtensions => [ { schema => $desk, required => $true } ]);

my $server = ProvisionTest->new;
my $scratch = $server->scratch;
my $users = $server->secret('users', "caller:{SHA}" . sha1_base64('caller') . "=\n");
my %files = (desk => \%desk_schema, user => \%user_type);
spew("$scratch/$_.json", $json->encode($files{$_})) for keys %files;

sub sha1_base64 { require Digest::SHA; return Digest::SHA::sha1_base64(@_) }

sub conf
{
    my (@declared) = @_;
    return join("\n", 'ProvisionStore lmdb @store@', @declared, <<"CONF");
<ProvisionUserStore PRIMARY>
</ProvisionUserStore>
<ProvisionUserStore CORP>
</ProvisionUserStore>
<ProvisionIdP partner>
    <ProvisionConnector scim2>
        ProvisionSet userEndpoint http://127.0.0.1:1/Users
        ProvisionSet groupEndpoint http://127.0.0.1:1/Groups
        ProvisionSet authMode none
    </ProvisionConnector>
</ProvisionIdP>
<ProvisionApplication resident>
    ProvisionOutbound partner scim2
</ProvisionApplication>
ProvisionPermit scim:read scim:write user caller
<Location /scim>
    ProvisionService scim
    AuthType Basic
    AuthName schemas
    AuthUserFile $users
    Require valid-user
</Location>
CONF
}

my @all = (declare_test($server), 'ProvisionSchema @scratch@/desk.json');
$server->start(conf => conf(@all));
$server->login('caller', 'caller');

my $number = 0;

sub body
{
    my (%more) = @_;
    return { schemas => [ $urn, $ext ], identifier => 'id-' . ++$number,
        $ext => { extRequired => 'there' }, %more };
}

sub send_as { my ($method, $path, $body) = @_; return $server->call($method, "/scim$path", $body) }
sub get { return decode($server->call(GET => "/scim$_[0]")) }

# The status, then the scimType of an error.
sub answers
{
    my ($res, $want, $what) = @_;
    my $said = decode($res) // {};
    my $got = join ' ', $res->code, $res->code >= 400 ? $said->{scimType} // () : ();
    is $got, $want, $what or diag $res->content;
    return $said;
}

sub create
{
    my (%more) = @_;
    my $res = send_as(POST => '/TestResources', body(%more));
    is $res->code, 201, 'made' or diag $res->content;
    return decode($res);
}

sub patch
{
    my ($of, @operations) = @_;
    return send_as(PATCH => "/TestResources/$of->{id}", {
        schemas => [ 'urn:ietf:params:scim:api:messages:2.0:PatchOp' ],
        Operations => \@operations });
}

sub found
{
    my ($endpoint, $filter) = @_;
    my $list = get("$endpoint?filter=" . uri_escape_utf8($filter));
    return join ' ', sort map { $_->{identifier} // $_->{userName} } @{ $list->{Resources} // [] };
}

# --- discovery ------------------------------------------------------------------------------------
sub discovery
{
    my ($type) = grep { $_->{name} eq 'TestResource' } @{ get('/ResourceTypes')->{Resources} };
    is $type->{endpoint}, '/TestResources', 'DI-4 the type is listed';
    is_deeply $type->{schemaExtensions}, [ { schema => $ext, required => $true } ], 'its extension';
    is get('/ResourceTypes/TestResource')->{schema}, $urn, 'and found by its name';
    my %known = map { $_->{id} => $_ } @{ get('/Schemas')->{Resources} };
    ok $known{$_}, "$_ is listed" for $urn, $ext, $desk;
    my %attr = map { $_->{name} => $_ } @{ get('/Schemas/' . uc $urn)->{attributes} };
    is_deeply [ @{ $attr{identifier} }{qw(required uniqueness caseExact mutability returned)} ],
        [ $true, 'server', $false, 'readWrite', 'default' ], 'AT-1 what is not said is the default';
    ok $attr{binaryAttr}{caseExact} && $attr{referenceAttr}{caseExact},
        'AT-4 references and binaries are case-exact';
    is_deeply $attr{caseInsensitiveString}{canonicalValues}, [ 'red', 'green' ], 'suggestions';
    is scalar @{ $attr{complexAttr}{subAttributes} }, 3, 'sub-attributes';
    my ($user) = grep { $_->{name} eq 'User' } @{ get('/ResourceTypes')->{Resources} };
    ok scalar(grep { $_->{schema} eq $desk && !$_->{required} } @{ $user->{schemaExtensions} }),
        'a schema whose URN ends with User extends User';
}

# --- every property -------------------------------------------------------------------------------
my %values = (
    caseExactString => 'Aa', caseInsensitiveString => 'Blue', integerAttr => 9007199254740993,
    decimalAttr => 1.5, booleanAttr => $false, dateTimeAttr => '2026-01-31T10:00:00+02:00',
    binaryAttr => 'aGVsbG8=', referenceAttr => 'https://example.com/a', immutableAttr => 'fixed',
    alwaysReturnedAttr => 'always', multiStrings => [ 'x', 'y' ],
    complexAttr => { sub1 => 's', sub2 => 2, sub3 => $true },
    multiComplex => [ { value => 'v', type => 't', primary => $true } ],
    userName => 'CORP/u', map { $_ => [ { value => "in $_" } ] } qw(emails members groups),
);

sub round_trip
{
    my $made = create(%values, readOnlyAttr => 'mine', writeOnlyAttr => 'secret',
        requestOnlyAttr => 'asked', unknownAttr => 'gone', externalId => 'E-1');
    my $res = $server->call(GET => "/scim/TestResources/$made->{id}");
    my $got = decode($res);
    is $json->encode($got->{$_}), $json->encode($values{$_}), "AT-4 $_ comes back as it was"
        for sort keys %values;
    is_deeply $got->{$ext}, { extRequired => 'there' }, 'AT-16 the extension has its container';
    is_deeply [ sort @{ $got->{schemas} } ], [ sort $urn, $ext ], 'and its URN in schemas';
    is $got->{meta}{resourceType}, 'TestResource', 'CR-15 the type';
    is $got->{meta}{location}, $server->url("/scim/TestResources/$made->{id}"), 'the location';
    is $res->header('ETag'), $got->{meta}{version}, 'the version';
    ok !exists $got->{$_}, "$_ is not shown" for qw(readOnlyAttr writeOnlyAttr unknownAttr
        requestOnlyAttr);
    is $made->{requestOnlyAttr}, 'asked', 'AT-5 returned request: the write that named it shows it';
    ok !exists $made->{writeOnlyAttr}, 'AT-5 returned never: it does not';
    is get("/TestResources/$made->{id}?attributes=requestOnlyAttr,writeOnlyAttr")->{requestOnlyAttr},
        'asked', 'and who asks for it';
    is_deeply [ sort keys %{ get("/TestResources/$made->{id}?attributes=booleanAttr,writeOnlyAttr") } ],
        [ sort qw(schemas id alwaysReturnedAttr booleanAttr) ], 'AT-5 always and never';
    ok exists get("/TestResources/$made->{id}?excludedAttributes=alwaysReturnedAttr")
        ->{alwaysReturnedAttr}, 'always, even if excluded';
    return $made;
}

sub filters
{
    my ($made) = @_;
    my $name = $made->{identifier};
    my %want = (
        'caseExactString eq "Aa"' => 1, 'caseExactString eq "aa"' => 0,
        'CASEINSENSITIVESTRING eq "bLUE"' => 1, 'integerAttr eq 9007199254740993' => 1,
        'integerAttr eq 9007199254740992' => 0, 'decimalAttr gt 1.4' => 1,
        'booleanAttr eq false' => 1, 'dateTimeAttr eq "2026-01-31T08:00:00Z"' => 1,
        'binaryAttr eq "aGVsbG8="' => 1, 'referenceAttr sw "https://example.com/"' => 1,
        'multiStrings eq "Y"' => 1, 'complexAttr.sub2 ge 2' => 1,
        'multiComplex[type eq "T" and primary eq true]' => 1, 'multiComplex.value eq "w"' => 0,
        'displayName pr' => 0, 'userName eq "corp/U"' => 1, 'emails.value eq "in emails"' => 1,
        'members.value eq "in members"' => 1, 'groups.value eq "in groups"' => 1, "$ext:extRequired eq \"THERE\"" => 1, 'externalId eq "E-1"' => 1,
        'readOnlyAttr pr' => 0, "$urn:identifier eq \"$name\"" => 1,
    );
    is found('/TestResources', "identifier eq \"$name\" and $_"), $want{$_} ? $name : '', $_
        for sort keys %want;
    answers($server->call(GET => '/scim/TestResources?filter=' . uri_escape_utf8($_)),
        '400 invalidFilter', $_) for 'nothing eq 1', 'booleanAttr gt true';
    answers($server->call(GET => '/scim/TestResources?filter=' . uri_escape_utf8('writeOnlyAttr eq "secret"')),
        '403 sensitive', 'what is never returned');
    is get('/TestResources?count=0')->{totalResults}, 1, 'they are counted';
    my $second = create(integerAttr => -5);
    my %sorted = map { my $order = $_; $order => join ' ', map { $_->{identifier} }
            @{ get("/TestResources?sortBy=integerAttr&sortOrder=$order")->{Resources} } }
        qw(ascending descending);
    is $sorted{ascending}, "$second->{identifier} $name", 'they are sorted by type';
    is $sorted{descending}, "$name $second->{identifier}", 'both ways';
    my $list = decode(send_as(POST => '/TestResources/.search', { filter => 'integerAttr lt 0',
                schemas => [ 'urn:ietf:params:scim:api:messages:2.0:SearchRequest' ] }));
    is $list->{Resources}[0]{id}, $second->{id}, 'and searched';
}

sub refusals
{
    my @wrong = (
        [ { identifier => undef }, 'CR-7 a required attribute' ],
        [ { identifier => '' }, 'an empty required one' ],
        [ { $ext => undef }, 'CR-9 the required extension' ],
        [ { $ext => { extString => 'only' } }, 'a required attribute of it' ],
        [ { schemas => [$ext] }, 'CR-8 the base schema' ],
        [ { integerAttr => 1.5 }, 'a fraction' ], [ { integerAttr => '1' }, 'a string' ],
        [ { booleanAttr => 'maybe' }, 'no boolean' ], [ { dateTimeAttr => '2026-01-31' }, 'a date' ],
        [ { binaryAttr => 'a' }, 'no base64' ], [ { decimalAttr => 'x' }, 'no number' ],
        [ { complexAttr => 'x' }, 'no object' ], [ { multiStrings => [ {} ] }, 'an object in a list' ],
        [ { multiComplex => [ { value => 'a', primary => $true }, { value => 'b', primary => $true } ] },
            'AT-9 two primaries' ],
    );
    answers(send_as(POST => '/TestResources', body(%{ $_->[0] })), '400 invalidValue', $_->[1])
        for @wrong;
    my $made = create(multiComplex => [ ({ value => 'V', type => 't' }, { value => 'v', type => 'T' }) ],
        multiStrings => [], complexAttr => undef);
    is scalar @{ $made->{multiComplex} }, 1, 'AT-9 a repeated (type, value) is dropped';
    ok !exists $made->{multiStrings} && !exists $made->{complexAttr}, 'AT-13 unassigned';
}

# --- writing --------------------------------------------------------------------------------------
sub put_it
{
    my $made = create(%values, writeOnlyAttr => 'secret');
    my $path = "/TestResources/$made->{id}";
    my %same = (identifier => $made->{identifier}, immutableAttr => 'fixed');
    answers(send_as(PUT => $path, body(%same, immutableAttr => 'other')), '400 mutability',
        'CR-11 an immutable attribute stays');
    answers(send_as(PUT => $path, body(%same, $ext => undef)), '400 invalidValue',
        'and the extension is required');
    my $now = answers(send_as(PUT => $path, body(%same, requestOnlyAttr => 'r')), 200, 'PUT');
    is $now->{requestOnlyAttr}, 'r', 'shows what it named';
    ok !exists $now->{multiStrings}, 'what it leaves out goes';
    $now = answers(send_as(PUT => $path, { %{ body(%same) }, immutableAttr => undef }), 200, 'again');
    is $now->{immutableAttr}, 'fixed', 'an immutable one that is left out stays';
    answers(send_as(DELETE => $path), 204, 'DELETE');
    answers(send_as(GET => $path), 404, 'and it is gone');
}

sub patch_it
{
    my $made = create(%values);
    my @steps = (
        [ { op => 'add', path => 'multiStrings', value => 'z' }, 200 ],
        [ { op => 'replace', path => 'complexAttr.sub2', value => 3 }, 200 ],
        [ { op => 'replace', path => 'multiComplex[type eq "t"].value', value => 'w' }, 200 ],
        [ { op => 'add', path => "$ext:extInteger", value => 7 }, 200 ],
        [ { op => 'add', value => { decimalAttr => 2.25, members => [ { value => 'm' } ] } }, 200 ],
        [ { op => 'remove', path => 'booleanAttr' }, 200 ],
        [ { op => 'replace', path => 'readOnlyAttr', value => 'x' }, '400 mutability' ],
        [ { op => 'replace', path => 'immutableAttr', value => 'x' }, '400 mutability' ],
        [ { op => 'remove', path => 'identifier' }, '400 mutability' ],
        [ { op => 'remove', path => "$ext:extRequired" }, '400 mutability' ],
        [ { op => 'replace', path => 'integerAttr', value => 'x' }, '400 invalidValue' ],
        [ { op => 'replace', path => 'nothing', value => 'x' }, '400 invalidPath' ],
    );
    answers(patch($made, $_->[0]), $_->[1], $json->encode($_->[0])) for @steps;
    my $now = get("/TestResources/$made->{id}");
    is $json->encode([ @$now{qw(multiStrings decimalAttr)}, $now->{members}[1]{value}, $now->{complexAttr}{sub2},
            $now->{multiComplex}[0]{value}, $now->{$ext}{extInteger} ]),
        '[["x","y","z"],2.25,"m",3,"w",7]', 'all of it';
    ok !exists $now->{booleanAttr}, 'PA-15 removed';
    my $said = answers(patch($made, { op => 'add', path => 'requestOnlyAttr', value => 'p' }), 200,
        'what is returned on request');
    is $said->{requestOnlyAttr}, 'p', 'is, as the PATCH named it';
    $said = answers(patch($made, { op => 'add', value => { $urn => { requestOnlyAttr => 'q' },
                multiStrings => 'n' } }), 200, 'in a value too');
    is $said->{requestOnlyAttr}, 'q', 'behind a URN';
    $said = answers(patch($made, { op => 'add', path => 'multiStrings', value => 'o' }), 200, 'else');
    ok !exists $said->{requestOnlyAttr}, 'it is not';
}

# --- uniqueness -----------------------------------------------------------------------------------
sub uniqueness
{
    my @same = (
        [ identifier => 'Same', 'sAME' ], [ uniqueString => "Stra\x{df}e", 'STRASSE' ],
        [ uniqueInteger => 12, 12 ], [ uniqueDecimal => 0.5, 5e-1 ],
        [ uniqueInstants => [ '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z' ],
            ['2026-01-01T01:00:00+01:00'] ],
        [ uniqueBinary => 'aGVsbG8=', 'aGVsbG8' ],
    );
    for (@same) {
        my ($name, $mine, $yours) = @$_;
        my $first = create($name => $mine);
        my $said = answers(send_as(POST => '/TestResources', body($name => $yours)),
            '409 uniqueness', "AT-7 $name is unique");
        like $said->{detail}, qr/\Q$name\E: another resource/, 'and the answer names it';
        my $second = create();
        answers(patch($second, { op => 'add', path => $name, value => $yours }), '409 uniqueness',
            'PATCH');
        answers(patch($first, { op => 'replace', path => $name, value => $yours }), 200,
            'its own value is no conflict');
        answers(send_as(DELETE => "/TestResources/$first->{id}"), 204, 'once it is gone');
        answers(patch($second, { op => 'add', path => $name, value => $yours }), 200, 'it is free');
    }
    my $named = create(displayName => 'Named');
    is found('/TestResources', 'displayName eq "named"'), $named->{identifier}, 'and it is found';
    create(uniqueString => ''), create(uniqueString => '');
    my @codes = sort map { $_->code } map { send_as(POST => '/Users', { schemas => [ $user_urn, $desk ],
                userName => $_, $desk => { plate => 'S-1' } }) } 'one', 'CORP/two';
    is "@codes", '201 409', 'AT-7 an attribute of an extension, across userstores';
}

# --- the rest of the house ------------------------------------------------------------------------
sub others
{
    my $made = create();
    answers(send_as(POST => '/Groups', { schemas => [ 'urn:ietf:params:scim:schemas:core:2.0:Group' ],
            displayName => 'G', members => [ { value => $made->{id} } ] }), '400 invalidValue',
        'a resource of such a type is no member of a group');
    my ($status, $said) = $server->ctl('links', $made->{id});
    unlike $said, qr{partner/scim2}, 'and has no links' or diag $said;
    ($status, $said) = $server->ctl('check');
    is $status, 0, 'provisionctl knows the declared attributes, and every index is right' or diag $said;
    answers($server->call(OPTIONS => '/scim/TestResources'), 204, 'OPTIONS');
    answers(send_as(PUT => '/TestResources', {}), 405, 'the methods are those of a resource type');
    answers(send_as(GET => "/Users/$made->{id}"), 404, 'an id belongs to its endpoint');
    answers(send_as(GET => '/testresources'), 404, 'as it is written');
}

# Values of what is not declared any more are kept, and shown again when it is.
sub undeclared
{
    my $made = answers(send_as(POST => '/Users', { schemas => [ $user_urn, $desk ],
            userName => 'kept', $desk => { floor => 3 } }), 201, 'a user with the extension');
    my $test = create(%values);
    $server->graceful(conf => conf());
    my $path = "/scim/Users/$made->{id}";
    wait_for(sub { !exists decode($server->call(GET => $path))->{$desk} }, 10);
    ok !exists decode($server->call(GET => $path))->{$desk}, 'without the schema it is not shown';
    answers(send_as(GET => "/TestResources/$test->{id}"), 404, 'a type that is gone has no endpoint');
    answers(send_as(PUT => "/Users/$made->{id}", { schemas => [$user_urn], userName => 'kept',
                title => 'T' }), 200, 'a change meanwhile');
    $server->graceful(conf => conf(@all, 'ProvisionResourceType @scratch@/user.json'));
    wait_for(sub { exists decode($server->call(GET => $path))->{$desk} }, 10);
    is decode($server->call(GET => $path))->{$desk}{floor}, 3, 'with it, it is there again';
    is get("/TestResources/$test->{id}")->{decimalAttr}, 1.5, 'and so is the other';
    answers(send_as(POST => '/Users', { schemas => [$user_urn], userName => 'bare' }),
        '400 invalidValue', 'an extension of User may be required');
    my ($status) = $server->ctl('admin', 'create', 'root', { stdin => "pass-word-1\n" });
    is $status, 0, 'but an administrator is made without it';
}

# --- mistakes -------------------------------------------------------------------------------------
sub mistakes
{
    my %room = (id => 'urn:example:params:scim:schemas:core:1.0:Room', attributes => [ test_attr('a', 'string') ]);
    my %rooms = (name => 'Room', endpoint => '/Rooms', schema => $room{id});
    my @wrong = (
        [ Schema => undef, qr{ProvisionSchema: .*/wrong\.json cannot be read: No such file} ],
        [ Schema => '{"id":', qr{wrong\.json: .*(?:character|byte|position|ends)}i ],
        [ Schema => \%room, qr{no resource type has the schema \Q$room{id}\E; name it in} ],
        [ Schema => { %room, attributes => [ test_attr('a', 'text') ] },
            qr{the attribute a: type cannot be "text"; write one of string, boolean} ],
        [ Schema => { %room, id => $user_urn }, qr{there is a schema \Q$user_urn\E already} ],
        [ ResourceType => \%rooms, qr{Room: there is no schema "\Q$room{id}\E"; declare it with} ],
        [ ResourceType => { %rooms, endpoint => '/Users' }, qr{the endpoint /Users is taken} ],
        [ ResourceType => { %rooms, schema => $user_urn }, qr{built in; a type of its own needs} ],
    );
    for (@wrong) {
        my ($directive, $content, $want) = @$_;
        unlink "$scratch/wrong.json";
        spew("$scratch/wrong.json", ref $content ? $json->encode($content) : $content)
            if defined $content;
        my ($good, $said) = $server->configtest(conf('', "Provision$directive \@scratch\@/wrong.json"));
        ok !$good, 'refused';
        like $said, qr/tested\.conf:3: .*$want/, "$want";
    }
    my ($good, $said) = $server->configtest(conf(@all, 'ProvisionSchema schema.json'));
    like $said, qr/schema\.json is already declared at .*tested\.conf:3/, 'a file declared twice';
    my $examples = getcwd() . '/conf/schemas';
    ($good, $said) = $server->configtest(conf(@all)
            . "<VirtualHost *:80>\nProvisionSchema schema.json\n</VirtualHost>\n");
    like $said, qr/tested\.conf:\d+: ProvisionSchema belongs to a store/, 'a host that shares a store';
    ($good, $said) = $server->configtest(conf(map { "Provision$_.json" } "Schema $examples/badge",
            "Schema $examples/room", "ResourceType $examples/room-type"));
    ok $good, 'the examples of conf/schemas are right' or diag $said;
}

discovery();
my $made = round_trip();
filters($made);
refusals();
put_it();
patch_it();
uniqueness();
others();
undeclared();
mistakes();
done_testing;
