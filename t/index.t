# Indexes over a filled store: a store of format 1 becomes one of this format, whatever dies over it.
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
    my $server = ProvisionTest->new(name => $name, children => 1, threads => 8);
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

done_testing;
