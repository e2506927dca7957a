# The configuration language: the sample, every mistake that configtest must find with its line and
# what to write instead, and what virtual hosts inherit and override.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Process qw(slurp spew spawn load_module);

my $server = ProvisionTest->new(preload => [], modules => []);
my $on_nfs = ProvisionTest->new(name => 'nfs', preload => ['nfs']);
my $scratch = $server->scratch;
$server->secret('partner.pw', "letmein\n");
mkdir "$scratch/taken" or die;
spew("$scratch/taken/book", 'by somebody else');

my $head = <<'CONF';
ProvisionStore lmdb @store@
CONF
my $partner = <<'CONF';
<ProvisionIdP partner>
    <ProvisionConnector scim2>
        ProvisionSet userEndpoint https://partner.example/scim/v2/Users
        ProvisionSet authMode basic
        ProvisionSet username svc
        ProvisionSet password file:@scratch@/secrets/partner.pw
EXTRA
    </ProvisionConnector>
</ProvisionIdP>
CONF

# The sample of the documentation; %s is where it says what is not built yet.
my $sample = <<'CONF';
# or: postgresql "host=a,b dbname=idm target_session_attrs=read-write"
ProvisionStore       lmdb @store@
ProvisionStoreSize   64G
ProvisionSecretKey   file:@scratch@/secrets/secret.key
ProvisionTenant      example.com

<ProvisionUserStore PRIMARY>
    ProvisionType    local
</ProvisionUserStore>
<ProvisionUserStore CORP>
    ProvisionType    local
</ProvisionUserStore>

# a trusted identity provider; secrets may be file:, exec:, env: or literal
<ProvisionIdP partner>
    ProvisionDescription "Our partner's directory"
    ProvisionHomeRealm   partner.example
    ProvisionAlias       https://partner.example/token
    ProvisionEnabled     on
    ProvisionRole        sales "field staff"
    <ProvisionConnector scim2>
        ProvisionSet     userEndpoint   https://partner.example/scim/v2/Users
        ProvisionSet     groupEndpoint  https://partner.example/scim/v2/Groups
        ProvisionSet     authMode       basic
        ProvisionSet     username       svc
        ProvisionSet     password       file:@scratch@/secrets/partner.pw
        ProvisionMap     userName       "{UN}@partner.example"
        ProvisionMap     title          title        "Employee"
        ProvisionLimit   concurrency=8 rate=50/s
        ProvisionRetry   first=2s factor=2 max=1h giveup=7d urgentgiveup=28d
        ProvisionDeprovision disable
        ProvisionAdopt   claim
    </ProvisionConnector>
</ProvisionIdP>

# the resident service provider: Basic callers, SOAP, the portal, and whatever no other application claims
<ProvisionApplication resident>
    ProvisionOutbound    partner scim2 blocking=off rules=off jit=off
</ProvisionApplication>
<ProvisionApplication hr>
    ProvisionClient        hr-client
    ProvisionInboundStore  CORP
    ProvisionOutbound      partner scim2 blocking=on rules=on jit=on
</ProvisionApplication>

ProvisionPermit scim:read scim:write group "hr admins"
ProvisionPolicy /etc/provision/policies/*.xml

<Location /scim/v2>
    ProvisionService    scim
    AuthType            Provision
    AuthName            provisioning
    Require             provision-permission scim
    ProvisionCaller     "%{env:OIDC_CLAIM_client_id}"
</Location>
<Location /app>
    ProvisionJIT        partner
</Location>
CONF

sub line_of
{
    my ($conf, $pattern) = @_;
    my ($before) = $conf =~ /^(.*?)^[^\n]*$pattern/ms or die "no line with $pattern";
    return 1 + ($before =~ tr/\n//);
}

sub sample_is_right
{
    my $right = $sample =~ s/=on rules=on jit=on/=on rules=off jit=off/r;
    $right =~ s/^ *Provision(?:Policy|Caller).*\n//mg;
    $right =~ s{^<Location /app>.*?^</Location>\n}{}ms;
    my ($good, $said) = $server->configtest($right);
    ok $good, 'the sample, without what is not built, is right' or diag $said;
    like $said, qr/Syntax OK/, 'and httpd says so';
}

sub sample_names_the_unbuilt
{
    my ($good, $said) = $server->configtest($sample);
    ok !$good, 'the sample as printed is refused';
    for my $what (qw(rules=on jit=on ProvisionPolicy ProvisionCaller ProvisionJIT)) {
        my $line = line_of($sample, quotemeta $what);
        like $said, qr/tested\.conf:$line: .*\Q$what\E is not built yet/, "line $line: $what";
    }
    my @named = $said =~ /tested\.conf:(\d+):/g;
    is scalar(@named), 4, 'no other line is named' or diag $said;
}

# Name, configuration, a pattern for the mistaken line (the message must bear its number), message.
my @mistakes = (
    [ 'an unknown connector', "$head<ProvisionIdP x>\n<ProvisionConnector scim3>\n"
            . "</ProvisionConnector>\n</ProvisionIdP>\n", 'scim3',
        qr/There is no connector "scim3"; write <ProvisionConnector scim2>/ ],
    [ 'an unknown setting', $head . extra('ProvisionSet userEndpiont https://x.example/'),
        'userEndpiont', qr/no setting "userEndpiont"; write userEndpoint/ ],
    [ 'an unknown setting that resembles none', $head . extra('ProvisionSet colour red'), 'colour',
        qr/no setting "colour"; it has .*userEndpoint/ ],
    [ 'a setting of the wrong shape', $head . extra('ProvisionSet groupEndpoint partner'),
        'groupEndpoint', qr/groupEndpoint cannot be this; write an absolute URL/ ],
    [ 'a missing required setting', "$head<ProvisionIdP x>\n<ProvisionConnector scim2>\n"
            . "</ProvisionConnector>\n</ProvisionIdP>\n", '<ProvisionConnector',
        qr/lacks its setting userEndpoint; write ProvisionSet userEndpoint/ ],
    [ 'an unknown identity provider', $head . extra('') . application('ProvisionOutbound partmer scim2'),
        'partmer', qr/no identity provider "partmer"; write partner/ ],
    [ 'an identity provider that resembles none', $head . application('ProvisionOutbound x scim2'),
        'Outbound x', qr/no identity provider "x"; declare it with <ProvisionIdP x>/ ],
    [ 'a connector its identity provider lacks',
        $head . extra('') . application('ProvisionOutbound partner soap'), 'partner soap',
        qr/partner has no connector "soap"; declare it with <ProvisionConnector soap>/ ],
    [ 'an unreadable secret', $head . extra('ProvisionSet password file:@scratch@/none'),
        'file:\@scratch\@/none', qr{ProvisionSet password: .*/none cannot be read: No such file} ],
    [ 'an unknown userstore', $head . application('ProvisionInboundStore CROP'), 'CROP',
        qr/userstore "CROP", which does not exist; declare it with <ProvisionUserStore CROP>/ ],
    [ 'a misspelled userstore', $head . application('ProvisionInboundStore PRIMRY'), 'PRIMRY',
        qr/userstore "PRIMRY", which does not exist; write PRIMARY/ ],
    [ 'two inbound stores', $head . application('ProvisionInboundStore PRIMARY,CORP'), 'PRIMARY,',
        qr/more than one userstore is not built yet; write one name/ ],
    [ 'rules=on', $head . extra('') . application('ProvisionOutbound partner scim2 rules=on'),
        'rules=on', qr/rules=on is not built yet; write rules=off/ ],
    [ 'jit=on', $head . extra('') . application('ProvisionOutbound partner scim2 jit=on'), 'jit=on',
        qr/jit=on is not built yet; write jit=off/ ],
    [ 'onfailure=reject',
        $head . extra('') . application('ProvisionOutbound partner scim2 onfailure=reject'),
        'onfailure', qr/onfailure=reject is not built yet; leave it out/ ],
    [ 'another key', $head . extra('') . application('ProvisionOutbound partner scim2 block=on'),
        'block=on', qr/does not know "block=on"; write blocking=, rules=/ ],
    [ 'ProvisionPolicy', "${head}ProvisionPolicy /x\n", 'Policy', qr/Policy is not built yet/ ],
    (map { [ "the service $_", "$head<Location /x>\nProvisionService $_\n</Location>\n",
        'ProvisionService', qr/ProvisionService $_ is not built yet/ ] }
            qw(soap token api portal metrics pdp)),
    [ 'an unknown service', "$head<Location /x>\nProvisionService scmi\n</Location>\n", 'scmi',
        qr/no service "scmi"; write ProvisionService scim/ ],
    [ 'a service outside of a location', "${head}ProvisionService scim\n", 'Service',
        qr/cannot stand here; write it inside <Location> with a path/ ],
    [ 'a service in a pattern', qq{$head<LocationMatch "^/x">\nProvisionService scim\n}
            . "</LocationMatch>\n", 'Service', qr/cannot stand here; write it inside <Location>/ ],
    (map { [ "a service in <Location $_>", qq{$head<Location $_>\nProvisionService scim\n}
            . "</Location>\n", 'Service', qr/cannot stand here; write it inside <Location>/ ] }
        '~ "/x"', '/x/*/v2'),
    [ 'a service without a store', "<Location /x>\nProvisionService scim\n</Location>\n", 'Service',
        qr/needs a store; write ProvisionStore lmdb/ ],
    [ 'a relative store', "ProvisionStore lmdb data\n", 'Store',
        qr/needs an absolute path behind it/ ],
    [ 'another kind of store', "ProvisionStore lmbd /x\n", 'Store', qr/does not know "lmbd"/ ],
    [ 'postgresql', qq{ProvisionStore postgresql "host=a dbname=b"\n}, 'Store',
        qr/postgresql is not built yet/ ],
    [ 'a key that is no file', "${head}ProvisionSecretKey abc\n", 'SecretKey',
        qr/names a file.*write ProvisionSecretKey file:/ ],
    [ 'a key in no folder', "${head}ProvisionSecretKey file:\@scratch\@/none/key\n", 'SecretKey',
        qr{there is no folder \S+/none/; make it} ],
    [ 'two stores on one path', "$head<VirtualHost 127.0.0.1:2>\nProvisionStore lmdb \@store\@/\n"
            . "</VirtualHost>\n", 'store\@/', qr/is already the store at \S+:1; name another/ ],
    [ 'two stores on one path that is not there yet', "ProvisionStore lmdb \@store\@-a\n"
            . "ProvisionSecretKey file:\@scratch\@/secrets/key\n<VirtualHost 127.0.0.1:2>\n"
            . "ProvisionStore lmdb \@store\@-b/..//./store-a\n</VirtualHost>\n", 'store-a',
        qr/is already the store at/ ],
    [ 'a store among other things', "ProvisionStore lmdb \@scratch\@/taken\n", 'Store',
        qr/holds other things \(book\); name a folder of the store's own/, 'root' ],
    [ 'a store in a file', "ProvisionStore lmdb \@scratch\@/secrets/partner.pw/x\n", 'Store',
        qr{/partner\.pw is no folder} ],
    [ 'a folder that bars', "ProvisionStore lmdb \@scratch\@/barred/in/store\n", 'Store',
        qr{\S+/barred bars www-data from entering; allow it \(chmod o\+x \S+/barred\)}, 'root' ],
    [ 'a wrong number', "${head}ProvisionMaxResults many\n", 'MaxResults',
        qr/cannot be "many"; write a whole number from 1 to 10000/ ],
    [ 'a wrong choice', $head . extra('ProvisionAdopt all'), 'Adopt',
        qr/cannot be "all"; write never, claim or match/ ],
    [ 'too many words', "${head}ProvisionTenant a b\n", 'Tenant', qr/takes one value/ ],
    [ 'no word', "${head}ProvisionTenant\n", 'Tenant', qr/needs a value/ ],
    [ 'a directive in the wrong place', "${head}ProvisionAdopt claim\n", 'Adopt',
        qr/cannot stand here; write it inside <ProvisionConnector TYPE>/ ],
    [ 'a setting of the server in a section', $head . application('ProvisionPool 3'), 'Pool',
        qr/cannot stand here; write it outside of every section/ ],
    [ 'a setting of the server in a location', "$head<Location /x>\nProvisionPool 3\n</Location>\n",
        'Pool', qr/cannot stand here; write it outside of every section/ ],
    [ 'a connector outside', "$head<ProvisionConnector scim2>\n</ProvisionConnector>\n",
        'Connector', qr/cannot stand here; write it inside <ProvisionIdP NAME>/ ],
    [ 'the same section twice', $head . application('') . application(''), 'X',
        qr/is already declared at \S+:2; keep one/, undef, 5 ],
    [ 'a section without a name', "$head<ProvisionIdP>\n</ProvisionIdP>\n", '<ProvisionIdP',
        qr/needs one name; write <ProvisionIdP NAME>/ ],
    [ 'a name with a slash', "$head<ProvisionIdP a/b>\n</ProvisionIdP>\n", 'a/b',
        qr/cannot be named "a\/b"; write letters/ ],
    [ 'a client of two applications', $head . application('ProvisionClient c')
            . application('ProvisionClient c', 'other'), 'X',
        qr/client c already belongs to the application hr/, undef, 6 ],
    [ 'an unknown permission', "${head}ProvisionPermit scim:raed group g\n", 'Permit',
        qr/no permission "scim:raed"; write one of scim:read scim:write admin/ ],
    [ 'a permit for nobody', "${head}ProvisionPermit scim:read admin hr admins\n", 'Permit',
        qr/"hr" is not who; write group, user or token/ ],
    [ 'a wrong rate', "${head}ProvisionRate 50\n", 'ProvisionRate 50',
        qr{cannot be "50"; write requests per second, minute or hour, such as 50/s, or off} ],
    [ 'a wrong burst', "${head}ProvisionRate 50/s burst=0\n", 'burst',
        qr/burst cannot be "0"; write a whole number from 1/ ],
    [ 'a wrong limit', $head . extra('ProvisionLimit concurrency=0 rate=5'), 'Limit',
        qr{concurrency cannot be "0"; .*; and rate cannot be "5"; write calls per second} ],
    [ 'a wrong retry', $head . extra('ProvisionRetry first=2h max=1h'), 'Retry',
        qr/first wait is longer than the longest/ ],
    [ 'a target attribute mapped twice', $head . extra("ProvisionMap title x\nProvisionMap title y"),
        'title y', qr/title is already mapped at \S+:8; keep one/ ],
    [ 'a mapping with an open brace', $head . extra('ProvisionMap title "{UN"'), '"\{UN"', qr/\S/ ],
    [ 'a mapping from nowhere', $head . extra('ProvisionMap title nosuch'), 'nosuch', qr/nosuch/ ],
    [ 'what only a store of its own may have', "$head<VirtualHost 127.0.0.1:2>\nProvisionPool 3\n"
            . "</VirtualHost>\n", 'Pool', qr/shares the main server's; write it outside/ ],
    [ 'a permit in a host that shares', "$head<VirtualHost 127.0.0.1:2>\n"
            . "ProvisionPermit admin user x\n</VirtualHost>\n", 'Permit',
        qr/ProvisionPermit belongs to a store, and this virtual host shares/ ],
);

sub extra
{
    my ($lines) = @_;
    return $partner =~ s/EXTRA/$lines/r;
}

sub application
{
    my ($lines, $name) = @_;
    $name //= 'hr';
    return "<ProvisionApplication $name>\n$lines\n</ProvisionApplication>\n";
}

sub each_mistake
{
    mkdir "$scratch/barred" or die;
    chmod 0700, "$scratch/barred";
    for my $row (@mistakes) {
        my ($name, $conf, $pattern, $message, $as_root, $number) = @$row;
      SKIP: {
            skip "$name: only root serves as another user", 2 if $as_root && $>;
            my ($good, $said) = $server->configtest($conf);
            my $line = $number // line_of($conf, $pattern);
            ok !$good, "$name is refused";
            like $said, qr/tested\.conf:$line: .*$message/, "$name: line and advice" or diag $said;
        }
    }
}

sub all_at_once
{
    my $conf = join '', $head, extra("ProvisionSet colour red\nProvisionAdopt all"),
        "ProvisionPool many\n", application("ProvisionOutbound nobody scim2\nProvisionInboundStore X");
    my ($good, $said) = $server->configtest($conf);
    my @lines = $said =~ /tested\.conf:(\d+): /g;
    is_deeply [ sort { $a <=> $b } @lines ],
        [ map { line_of($conf, $_) } 'colour', 'Adopt', 'Pool', 'nobody', 'Store X' ],
        'every mistake is named, not only the first' or diag $said;
    like $said, qr/5 mistakes in the configuration/, 'and they are counted';
}

sub on_a_network
{
    my ($good, $said) = $on_nfs->configtest($head);
    ok !$good, 'a store on NFS is refused';
    like $said, qr/tested\.conf:1: ProvisionStore: \S+ lies on NFS; name a folder on a local disk/,
        'by name';
}

sub without_threads
{
    my $conf = "$scratch/prefork.conf";
    my $frame = $server->frame =~ s/^LoadModule mpm_event.*\n/load_module('mpm_prefork')/mer;
    $frame =~ s/^.*Thread.*\n//mg;
    $server->write_conf('prefork', $head);
    spew($conf, $frame . "Include $scratch/prefork-tested.conf\n");
    my $pid = spawn($server->environment, $server->command($conf, '-t'), "$scratch/logs/prefork");
    waitpid $pid, 0;
    my $said = slurp("$scratch/logs/prefork");
    isnt $?, 0, 'a server without threads is refused';
    like $said, qr/tested\.conf:1: .*with threads, and prefork has none; load mpm_event/, 'by name';
}

sub no_credentials
{
    my $conf = $head . $partner =~ s/EXTRA//r =~ s/authMode basic/authMode none/r
        =~ s/^.*Set (?:username|password) .*\n//mgr;
    my ($good, $said) = $server->configtest($conf);
    ok $good, 'a target without credentials is allowed' or diag $said;
    my $line = line_of($conf, '<ProvisionConnector');
    like $said, qr/tested\.conf:$line: .*authMode/, 'with a warning';
}

# What the parent writes down is what was resolved.
sub effective
{
    my ($name) = @_;
    return decode(slurp("$scratch/$name/effective.json"));
}

sub virtual_hosts
{
    my $two = extra('') =~ s/partner/second/gr =~ s{secrets/second}{secrets/partner}r;
    $server->start(conf => <<"CONF");
${head}ProvisionTenant base.example
ProvisionPool 3
ProvisionMaxResults 50
@{[extra('ProvisionLimit concurrency=2')]}@{[application('ProvisionOutbound partner scim2')]}
ProvisionPermit scim:read group readers
<VirtualHost 127.0.0.1:2>
ProvisionMaxResults 10
</VirtualHost>
<VirtualHost 127.0.0.1:3>
ProvisionStore lmdb \@scratch\@/own
ProvisionPool 5
$two@{[application("ProvisionOutbound second scim2\nProvisionClient c")]}
ProvisionPermit admin group readers
</VirtualHost>
CONF
    my ($base, $own) = map { effective($_) } 'store', 'own';
    is_deeply [ map { $_->{settings}{tenant} } $base, $own ], [ ('base.example') x 2 ],
        'a host inherits a setting';
    is_deeply [ map { $_->{settings}{pool} } $base, $own ], [ 3, 5 ], 'and overrides another';
    is_deeply [ map { [ map { $_->{name} } @{ $_->{identityProviders} } ] } $base, $own ],
        [ ['partner'], [ 'partner', 'second' ] ], 'and adds an identity provider';
    is_deeply [ map { my $c = $_; map { $_->{outbound}[0]{idp} } grep { $_->{name} eq 'hr' }
                @{ $c->{applications} } } $base, $own ], [ 'partner', 'second' ],
        'and replaces an application of the same name';
    is_deeply [ map { $_->{permits} } $base, $own ],
        [ [ { permissions => 'scim:read', group => 'readers' } ],
          [ { permissions => 'admin', group => 'readers' } ] ], 'and a permit';
    is $base->{identityProviders}[0]{connectors}[0]{digest},
        $own->{identityProviders}[0]{connectors}[0]{digest}, 'what is inherited has one digest';
    isnt $base->{digest}, $own->{digest}, 'the whole has not';
    like $base->{identityProviders}[0]{connectors}[0]{settings}{password}, qr{^file:/.*partner\.pw$},
        'a secret is a reference';
    unlike slurp("$scratch/store/effective.json"), qr/letmein/, 'and never the secret';
    is sprintf('%o', (stat "$scratch/store/effective.json")[2] & 07777), '640', 'its mode';
    is((stat "$scratch/store/effective.json")[4], (stat "$scratch/store")[4], 'its owner');
    is sprintf('%o', (stat "$scratch/store.key")[2] & 07777), '600', 'the key beside the store';
    is((stat _)[4], $>, 'is the parent\'s alone');
    $server->stop;
}

sub literal_secrets
{
    my $conf = $head . extra('ProvisionSet password verysecret');
    $server->start(conf => $conf);
    ok !exists effective('store')->{identityProviders}[0]{connectors}[0]{settings}{password},
        'a literal secret is left out of what is written';
    $server->stop;
}

# What a command tells is asked once at a start, and at a configuration check.
sub asked_secrets
{
    my $asked = "$scratch/asked";
    spew("$scratch/ask", "#!/bin/sh\necho asked >>$asked\necho letmein\n");
    chmod 0755, "$scratch/ask";
    my $conf = $head . extra("ProvisionSet password exec:$scratch/ask");
    my ($good, $said) = $server->configtest($conf);
    ok $good, 'a secret that a command tells' or diag $said;
    is slurp($asked), "asked\n", 'is asked for by configtest';
    unlink $asked;
    $server->start(conf => $conf);
    is slurp($asked), "asked\n", 'and once at a start';
    $server->stop;
}

# The key opens every sealed secret.
sub open_key
{
    my $key = "$scratch/secrets/open.key";
    spew($key, '5' x 64 . "\n");
    chmod 0640, $key;
    my $conf = "${head}ProvisionSecretKey file:$key\n";
    my ($good, $said) = $server->configtest($conf);
    ok !$good && $said =~ /others than its owner may open \Q$key\E \(mode 0640\); chmod 600 \Q$key\E/,
        'a key that others can read is refused' or diag $said;
    chmod 0600, $key;
    ($good, $said) = $server->configtest($conf);
    ok $good, 'and right once they cannot' or diag $said;
}

asked_secrets();
open_key();
sample_is_right();
sample_names_the_unbuilt();
each_mistake();
all_at_once();
on_a_network();
without_threads();
no_credentials();
virtual_hosts();
literal_secrets();
done_testing;
