# Indexes over a filled store: a store of format 1 becomes one of this format, whatever dies over it;
# ProvisionIndex is built in the background, whatever dies over it, and goes when it is not declared;
# what becomes unique names whom it cannot be unique for.
use strict;
use warnings;
use utf8;
use Apache::Test qw(-withtestmore);
use IO::Uncompress::Gunzip qw(gunzip);
use ProvisionTest;
use ProvisionTest::Process qw(slurp spew);
use URI::Escape qw(uri_escape_utf8);

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $DESK = 'urn:example:scim:schemas:extension:desk:1.0:User';
my %desk = (id => $DESK, name => 'Desk', attributes => [
    { name => 'number', type => 'integer', uniqueness => 'server' },
    { name => 'height', type => 'decimal', uniqueness => 'server' },
    { name => 'since', type => 'dateTime', uniqueness => 'server' },
    { name => 'label', type => 'string', uniqueness => 'global' } ]);

sub set_up
{
    my ($name, %set) = @_;
    my $server = ProvisionTest->new(name => $name, children => $set{children} // 1, threads => 8);
    my $faults = $server->scratch . '/faults';
    mkdir $faults or die "$faults: $!";
    $server->own($faults);
    $server->secret('key', $set{key}) if $set{key};
    spew($server->scratch . '/desk.json', JSON->new->encode(\%desk));
    $server->start(conf => conf($server), env => { PROVISION_FAULTS => $faults });
    return ($server, $faults);
}

sub conf
{
    my ($server, $more) = @_;
    return <<"CONF" . ($more // '');
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant example.org
ProvisionPasswordCost 1
ProvisionSchema @{[$server->scratch]}/desk.json
<ProvisionUserStore CORP>
</ProvisionUserStore>
<Location /scim/v2>
    ProvisionService scim
    AuthType Provision
    AuthName x
    Require provision-permission scim
</Location>
CONF
}

# A password would be checked anew by each new process, which is meant to be slow.
sub admit
{
    my ($server) = @_;
    my $token = 'prov_' . 'i' x 43;
    my ($status, $said) = $server->ctl(qw(token create test --permit admin --value), $token);
    die "token create: $said" if $status;
    $server->{headers}{Authorization} = "Bearer $token";
}

# How many, and by which plan.
sub finds
{
    my ($server, $filter) = @_;
    my $res = $server->call(GET => '/scim/v2/Users?count=0&filter=' . uri_escape_utf8($filter),
        undef, 'Provision-Explain' => 1);
    my $total = (decode($res) // {})->{totalResults} // $res->as_string;
    return ($total, $res->header('Provision-Plan') // '');
}

sub finds_is
{
    my ($server, $filter, $total, $plan) = @_;
    my ($got, $by) = finds($server, $filter);
    ok $got eq $total && $by =~ $plan, "$filter: $total by $plan" or diag "$got by $by";
}

subtest 'a store of format 1' => sub {
    my ($server, $faults) = set_up('old',
        key => "00ec1c7d55cff575aa9890775ff09216b6e820cd37fd393f35c5eb097fabe3af\n");
    $server->stop;
    gunzip('t/lib/format1.mdb.gz' => \my $old) or die 'gunzip';
    spew($server->store_dir . '/data.mdb', $old);

    my ($kills, $status, $said) = (0, 137, '');
    while ($status == 137 && $kills < 20) {
        spew("$faults/migrate", '');
        local $ENV{PROVISION_FAULTS} = $faults;
        ($status, $said) = $server->ctl('stats');
        $kills++ if $status == 137;
    }
    is $status, 0, 'is opened' or diag $said;
    ok $kills >= 3, "although $kills processes died over it";
    unlink "$faults/migrate";
    $server->start;
    admit($server);
    ok wait_for(sub { (finds($server, 'meta.created gt "2020-01-01T00:00:00Z"'))[1] =~ /index/ }, 20),
        'what it did not have is built';
    finds_is($server, 'userName eq "USER3"', 1, qr/index userName eq/);
    finds_is($server, 'userName sw "CORP/"', 8, qr/index userName sw/);
    finds_is($server, 'userName sw "CORP/stras"', 1, qr/index userName sw, 1 of/);
    finds_is($server, 'userName sw "CORP/straß"', 1, qr/index userName sw, 1 of/);
    finds_is($server, 'externalId ge "E22"', 9, qr/index externalId ge/);
    finds_is($server, 'emails.value eq "user9@EXAMPLE.org"', 1, qr/index emails.value eq/);
    finds_is($server, "$DESK:number lt -1000", 2, qr/index \Q$DESK\E:number lt, 3 of/);
    finds_is($server, "$DESK:height ge -0.5 and $DESK:height lt 0.5", 4,
        qr/index \Q$DESK\E:height ge lt, 5 of/);
    finds_is($server, "$DESK:since lt \"1962-06-01T00:00:00Z\"", 3, qr/index \Q$DESK\E:since lt/);
    finds_is($server, qq($DESK:label eq "@{['L' x 500]}"), 1, qr/index \Q$DESK\E:label eq/);
    finds_is($server, qq($DESK:label eq "desk 8"), 1, qr/index \Q$DESK\E:label eq/);
    my $res = $server->call(POST => '/scim/v2/Users', { schemas => [$USER], userName => 'New',
            $DESK => { number => -1200 } });
    is $res->code, 409, 'what was unique is';
    $res = $server->call(POST => '/scim/v2/Users', { schemas => [$USER], userName => 'uSer1' });
    is $res->code, 409, 'names too';
    ($status, $said) = $server->ctl('check');
    is $status, 0, 'nothing is missing or wrong' or diag $said;
    $server->stop;
};

sub made
{
    my ($server, %user) = @_;
    my $res = $server->call(POST => '/scim/v2/Users', { schemas => [$USER], %user });
    return $res->code == 201 ? decode($res)->{id} : die $res->as_string;
}

sub changed
{
    my ($server, $id, %set) = @_;
    my $res = $server->call(PATCH => "/scim/v2/Users/$id",
        { schemas => ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
            Operations => [ map { { op => 'replace', path => $_, value => $set{$_} } } keys %set ] });
    return $res->code == 200 || die $res->as_string;
}

sub becomes
{
    my ($server, $filter, $like) = @_;
    return wait_for(sub { (finds($server, $filter))[1] =~ $like }, 30);
}

sub stage_of
{
    my ($server, $attribute) = @_;
    my ($status, $said) = $server->ctl('--json', 'indexes');
    my ($row) = grep { $_->{index} eq $attribute } map { decode($_) } split /\n/, $said;
    return $row && $row->{stage};
}

# Whose attributes those of a name are, in order; of several types none is told.
sub types_of
{
    my ($server, $attribute) = @_;
    my ($status, $said) = $server->ctl('--json', 'indexes');
    return join ' ', sort map { $_->{type} || '-' } grep { $_->{index} eq $attribute } map { decode($_) } split /\n/, $said;
}

sub explains
{
    my ($server, $filter, $want) = @_;
    my ($status, $said) = $server->ctl('--json', 'explain', $filter, '--type', 'User');
    my $row = decode($said) // {};
    is join(' ', map { $_ // '' } @$row{qw(plan index lookedAt there)}), $want, "explain $filter" or diag $said;
}

sub checks
{
    my ($server, $name) = @_;
    my ($status, $said) = $server->ctl('check');
    is $status, 0, $name or diag $said;
}

subtest 'ProvisionIndex' => sub {
    my ($server, $faults) = set_up('asked', children => 2);
    admit($server);
    is types_of($server, 'displayName'), 'Group User', 'an index is told with its type';
    is types_of($server, 'externalId'), '-', 'that of several types without';
    my $users = 700;
    spew($server->scratch . '/users.jsonl', join '', map {
        JSON->new->encode({ schemas => [$USER], userName => "u$_", nickName => "Nick$_",
            title => 't' . $_ % 7 }) . "\n" } 1 .. $users);
    my ($status, $said) = $server->ctl('import', $server->scratch . '/users.jsonl');
    is $status, 0, 'a filled store' or diag $said;
    my $moved = decode($server->call(GET => '/scim/v2/Users?filter=userName+eq+"u1"'))->{Resources}[0]{id};
    finds_is($server, 'nickName eq "nick7"', 1, qr/scan of $users/);

    # The one who builds stands still after its first step, and then all are killed.
    my $indexed = conf($server, "ProvisionIndex nickName title\n");
    spew("$faults/build.stop", '');
    $server->graceful(conf => $indexed);
    ok wait_for(sub { !-e "$faults/build.stop" }, 30), 'building has begun';
    delete $server->{ua};
    finds_is($server, 'nickName eq "nick7"', 1, qr/scan of $users/);
    made($server, userName => 'meanwhile', nickName => 'Nick7');
    changed($server, $moved, nickName => 'Moved');
    is stage_of($server, 'nickName'), 'building', 'stats tells how far it is';
    $server->kill9;
    $server->start(conf => $indexed);
    ok becomes($server, 'nickName eq "nick7"', qr/index nickName eq, 2 of/), 'it goes on, and is used';
    is stage_of($server, 'nickName'), 'ready', 'it is ready';
    finds_is($server, 'nickName eq "nick1"', 0, qr/index nickName eq, 0 of/);
    finds_is($server, 'nickName sw "m"', 1, qr/index nickName sw, 1 of/);
    finds_is($server, 'nickName sw "Nick70" or nickName gt "nick98"', 3,
        qr/index nickName sw or nickName gt/);
    ok becomes($server, 'title eq "t3"', qr/index title eq, 100 of/), 'the other one, too';
    finds_is($server, 'title eq "t3" and nickName le "nick2"', 17,
        qr/index title eq, 100 of/);
    explains($server, 'nickName sw "m" and title pr', 'index nickName sw 1 701');
    explains($server, 'name.familyName pr', 'scan  701 701');
    my ($refused, $why) = $server->ctl('explain', 'nickName is "m"');
    ok $refused == 1 && $why =~ /'is' is not an operator/, 'what is no filter is said' or diag $why;
    checks($server, 'it is whole and right');

    return if quick();
    $server->graceful(conf => conf($server));
    ok becomes($server, 'nickName eq "moved"', qr/scan of/), 'not declared, it is not used';
    changed($server, $moved, nickName => 'Elsewhere');
    $server->graceful(conf => $indexed);
    ok becomes($server, 'nickName eq "elsewhere"', qr/index nickName eq, 1 of/), 'declared again, it is';
    finds_is($server, 'nickName eq "moved"', 0, qr/index nickName eq, 0 of/);
    checks($server, 'what it was before is gone');
    $server->graceful(conf => conf($server));
    ok wait_for(sub { !stage_of($server, 'title') }, 30), 'at last it is forgotten';
    checks($server, 'with its rows');
};

subtest 'unique over what is there' => sub {
    plan skip_all => 'the short form leaves it out' if quick();
    my ($server) = set_up('unique');
    my $file = $server->scratch . '/desk.json';
    delete $desk{attributes}[3]{uniqueness};
    spew($file, JSON->new->encode(\%desk));
    $server->graceful;
    admit($server);
    my @ids = map { made($server, userName => "u$_", $DESK => { label => 'L' . ($_ > 2 ? 2 : $_) }) } 1 .. 3;
    $desk{attributes}[3]{uniqueness} = 'server';
    spew($file, JSON->new->encode(\%desk));
    $server->graceful;
    ok wait_for(sub { (stage_of($server, "$DESK:label") // '') eq 'ready' }, 30), 'it is built';
    like $server->log_text, qr/resource $ids[2] has a value that $ids[1] has, too/, 'the log names one';
    my ($status, $said) = $server->ctl('check');
    like $said, qr/Resource $ids[2] has a value of $DESK:label that another has too/, 'so does check';
    finds_is($server, "$DESK:label eq \"l2\"", 2, qr/scan/);
    my $res = $server->call(POST => '/scim/v2/Users', { schemas => [$USER], userName => 'u4',
            $DESK => { label => 'l2' } });
    is $res->code, 409, 'nobody else can have it';

    $server->call(DELETE => "/scim/v2/Users/$ids[1]");
    ($status, $said) = $server->ctl(qw(check --repair));
    ok $status == 0 && $said =~ /repaired .*to be built anew/, 'once they are unique a repair builds it anew' or diag $said;
    ok becomes($server, "$DESK:label eq \"l2\"", qr/index $DESK:label eq, 1 of/), 'and it is used';
    checks($server, 'it is whole and right');

    $desk{attributes}[3]{caseExact} = JSON::true;
    spew($file, JSON->new->encode(\%desk));
    $server->graceful;
    ok becomes($server, "$DESK:label eq \"L2\"", qr/index $DESK:label eq, 1 of/), 'in other letters it is another now';
    finds_is($server, "$DESK:label eq \"l2\"", 0, qr/index $DESK:label eq, 0 of/);
    checks($server, 'nothing is left of how it was');
};

subtest 'configtest' => sub {
    my $server = ProvisionTest->new(name => 'wrong');
    spew($server->scratch . '/desk.json', JSON->new->encode(\%desk));
    for my $case (
        [ 'nickname2', qr/there is no such attribute/ ],
        [ 'name', qr/it is complex: name one of its sub-attributes/ ],
        [ 'active', qr/two values/ ],
        [ 'members', qr/memberships .* indexed by id already/ ],
        [ 'groups.value', qr/memberships .* indexed by id already/ ],
        [ 'meta.created', qr/times of meta are indexed already/ ],
        [ 'password', qr/never returned, so it cannot be filtered by/ ],
        )
    {
        my ($path, $like) = @$case;
        my ($good, $said) = $server->configtest(conf($server, "ProvisionIndex $path\n"));
        ok !$good && $said =~ $like && $said =~ /\.conf:14: / && $said =~ /ProvisionIndex $path/,
            "$path is refused, with its place" or diag $said;
    }
    my ($good, $said) = $server->configtest(conf($server, "ProvisionIndex nickName name.familyName $DESK:label\n"));
    ok $good, 'others are taken' or diag $said;
};

done_testing;
