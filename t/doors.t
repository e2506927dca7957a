# Who gets in and what he may do: Basic against the userstores, tokens, permissions, what only an
# administrator may touch, domains, the inbound store, clear text, and waiting for targets.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use HTTP::Response ();
use MIME::Base64 qw(encode_base64);

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $LINKS = 'urn:mod-provision:params:scim:schemas:extension:1.0:Links';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

my $server = ProvisionTest->new(modules => [qw(ssl socache_shmcb rewrite)]);
my ($nobody_listens, $plain, $tls) = (free_port(), free_port(), free_port());
# This machine under its own name is not loopback. Asking for the address sends nothing.
my $route = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '192.0.2.1:9');
my $afar = $route ? $route->sockhost : '127.0.0.1';
my $certificate = $server->scratch . '/secrets/server.pem';
my $files = "-keyout $certificate.key -out $certificate";
my $made = `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 $files 2>&1`;
die "no certificate: $made" if $?;
my $conf = <<"CONF";
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant doors.example
ProvisionBlockingTimeout 20s
<ProvisionUserStore CORP>
    ProvisionType local
</ProvisionUserStore>
<ProvisionIdP partner>
    <ProvisionConnector scim2>
        ProvisionSet userEndpoint http://127.0.0.1:$nobody_listens/Users
        ProvisionSet authMode none
        ProvisionRetry first=1h factor=1 max=1h giveup=7d urgentgiveup=28d
    </ProvisionConnector>
</ProvisionIdP>
<ProvisionApplication hr>
    ProvisionInboundStore CORP
</ProvisionApplication>
<ProvisionApplication outward>
    ProvisionOutbound partner scim2 blocking=on rules=off jit=off
</ProvisionApplication>
ProvisionPermit scim:read scim:write group "hr admins"
ProvisionPermit scim:read user watcher
ProvisionPermit scim:read user ghost
ProvisionPermit scim:write token upgraded
Listen $afar:$plain
Listen $afar:$tls
<VirtualHost $afar:$tls>
    SSLEngine on
    SSLCertificateFile $certificate
    SSLCertificateKeyFile $certificate.key
</VirtualHost>
<Location /scim/v2>
    ProvisionService scim
    AuthType Provision
    AuthName "the doors"
    ErrorDocument 401 /site-401.html
    ErrorDocument 403 /site-403.html
    Require provision-permission scim
</Location>
<Location /valid>
    ProvisionService scim
    AuthType Provision
    AuthName valid
    Require valid-user
    RewriteEngine on
    RewriteCond %{QUERY_STRING} =from-within
    RewriteRule ^ /valid/Users?count=0 [PT]
</Location>
<Location /admin>
    ProvisionService scim
    AuthType Provision
    AuthName admin
    Require provision-permission admin
</Location>
CONF
$server->start(conf => $conf);

sub basic { return (Authorization => 'Basic ' . encode_base64("$_[0]:$_[1]", '')) }
sub bearer { return (Authorization => "Bearer $_[0]") }

my ($status, $said) = $server->ctl(qw(admin create root), { stdin => "Root-1\n" });
is $status, 0, 'an administrator is made' or diag $said;
my @root = basic(root => 'Root-1');

sub code_of { return $server->call(@_)->code }

sub refused
{
    my ($res, $code, $what) = @_;
    my $body = decode($res) // {};
    is $res->code, $code, "$what: $code" or diag $res->as_string;
    is $res->header('Content-Type'), 'application/scim+json', "$what: in SCIM's form";
    is $body->{status}, "$code", "$what: the status again";
    my @challenges = $res->header('WWW-Authenticate');
    is scalar @challenges, $code == 401 ? 2 : 0, "$what: challenges";
    return $body->{detail};
}

sub made
{
    my ($type, $body, @as) = @_;
    my $schema = $type eq 'Users' ? $USER : $GROUP;
    my $res = $server->call(POST => "/scim/v2/$type", { schemas => [$schema], %$body },
        @as ? @as : @root);
    is $res->code, 201, "made in $type" or diag $res->content;
    return decode($res);
}

sub patch
{
    my ($path, $operations, @as) = @_;
    return $server->call(PATCH => $path, { schemas => [$PATCH], Operations => $operations }, @as);
}

sub token
{
    my ($name, @options) = @_;
    my ($status, $said) = $server->ctl('token', 'create', $name, @options, '--json');
    is $status, 0, "the token $name" or diag $said;
    my $token = decode($said);
    return ref $token eq 'ARRAY' ? $token->[0]{token} : $token->{token};
}

subtest 'a request that comes from another within httpd' => sub {
    my $within = '/valid/Users?from-within';
    my %token = map { $_ => token("within-$_", '--permit', $_) } qw(admin scim:write);
    is code_of(GET => $within, undef, @root), 200, 'is its caller\'s';
    is code_of(GET => $within, undef, bearer($token{admin})), 200, 'by token, too';
    is code_of(GET => $within, undef, bearer($token{'scim:write'})), 403, 'and may no more';
    is code_of(GET => $within, undef, bearer(token('ghost', '--permit', 'scim:write'))), 403,
        'nor does a token become the user of its name';
    is code_of(GET => $within), 401, 'and nobody stays nobody';
};

subtest 'Basic' => sub {
    my $alice = made(Users => { userName => 'alice', password => 'Alice:1' });
    my $path = "/scim/v2/Users/$alice->{id}";
    my $get = sub { return $server->call(GET => '/valid/ServiceProviderConfig', undef, @_) };
    is $get->(basic(alice => 'Alice:1'))->code, 200, 'the right password, with a colon';
    is $get->(basic(ALICE => 'Alice:1'))->code, 200, "a name's case does not count";
    my %bad = (
        'the wrong password' => [ basic(alice => 'Alice:2') ],
        'an empty password' => [ basic(alice => '') ],
        'nobody' => [ basic(nobody => 'x') ],
        'no colon' => [ Authorization => 'Basic ' . encode_base64('alice', '') ],
        'no base64' => [ Authorization => 'Basic !!!' ],
        'not UTF-8' => [ basic("\xff" => 'x') ],
        'nothing' => [],
        'another scheme' => [ Authorization => 'Digest username="alice"' ],
        'only the scheme' => [ Authorization => 'Basic' ],
    );
    refused($get->(@{ $bad{$_} }), 401, $_) for sort keys %bad;
    is_deeply [ $get->()->header('WWW-Authenticate') ],
        [ 'Basic realm="valid", charset="UTF-8"', 'Bearer realm="valid"' ], 'what may be sent';

    patch($path, [ { op => 'replace', path => 'active', value => JSON::false() } ], @root);
    refused($get->(basic(alice => 'Alice:1')), 401, 'not active');
    patch($path, [ { op => 'replace', path => 'active', value => JSON::true() } ], @root);
    is $get->(basic(alice => 'Alice:1'))->code, 200, 'active again';
    patch($path, [ { op => 'replace', path => 'password', value => 'Alice-2' } ], @root);
    refused($get->(basic(alice => 'Alice:1')), 401, 'the old password');
    is $get->(basic(alice => 'Alice-2'))->code, 200, 'the new password';
    made(Users => { userName => 'CORP/alice', password => 'Corp-1' });
    is $get->(basic('CORP/alice' => 'Corp-1'))->code, 200, 'of another domain';
    refused($get->(basic(alice => 'Corp-1')), 401, 'a bare name is of PRIMARY');
    is $server->call(DELETE => $path, undef, @root)->code, 204, 'deleted';
    refused($get->(basic(alice => 'Alice-2')), 401, 'deleted');
};

subtest 'permissions' => sub {
    my $nobody = '00000000-0000-7000-8000-000000000000';
    my %id = map { $_ => made(Users => { userName => $_, password => "pw-$_" })->{id} }
        qw(plain writer nested watcher victim);
    my $sub = made(Groups => { displayName => 'night shift', members => [ { value => $id{nested} } ] });
    my $hr = made(Groups => { displayName => 'hr admins',
            members => [ { value => $id{writer} }, { value => $sub->{id} } ] });
    my @new = (POST => '/scim/v2/Users');
    my $body = sub { return { schemas => [$USER], userName => $_[0] } };
    refused($server->call(GET => "/scim/v2/Users/$_", undef, basic(plain => 'pw-plain')), 403,
        'no permission, there or not') for $id{victim}, $nobody;
    refused($server->call(GET => "/valid/Users/$_", undef, basic(plain => 'pw-plain')), 403,
        'no permission, behind valid-user') for $id{victim}, $nobody;
    is code_of(GET => "/scim/v2/$_", undef, basic(plain => 'pw-plain')), 200, "$_ needs none"
        for qw(ServiceProviderConfig Schemas ResourceTypes);
    is code_of(GET => '/scim/v2/Users', undef, basic(watcher => 'pw-watcher')), 200, 'by name';
    refused($server->call(@new, $body->('w'), basic(watcher => 'pw-watcher')), 403,
        'who may read does not write');
    is code_of(GET => '/scim/v2/Users', undef, basic(writer => 'pw-writer')), 200, 'by group';
    is code_of(@new, $body->('by-writer'), basic(writer => 'pw-writer')), 201, 'and writes';
    is code_of(@new, $body->('by-nested'), basic(nested => 'pw-nested')), 201, 'by a nested group';
    refused($server->call(GET => '/admin/Users', undef, basic(writer => 'pw-writer')), 403,
        'admin is more');
    is code_of(GET => '/admin/Users', undef, @root), 200, 'an administrator may';
    is_deeply [ map { $_->{type} } @{ decode($server->call(GET => '/scim/v2/ServiceProviderConfig',
                undef, @root))->{authenticationSchemes} } ], [qw(oauthbearertoken httpbasic)],
        'both schemes are announced';

    my @writer = basic(writer => 'pw-writer');
    my $admins = decode($server->call(GET => '/scim/v2/Groups?filter=displayName+eq+%22provision-admins%22',
            undef, @root))->{Resources}[0];
    ok $admins->{id}, 'the group of administrators';
    my @join = ([ { op => 'add', path => 'members', value => [ { value => $id{plain} } ] } ], @writer);
    my @rename = ([ { op => 'replace', path => 'displayName', value => 'mine' } ], @writer);
    for my $group ($admins, $hr, $sub) {
        my $path = "/scim/v2/Groups/$group->{id}";
        my $name = $group->{displayName};
        refused(patch($path, @join), 403, "joining $name");
        refused(patch($path, @rename), 403, "renaming $name");
        refused($server->call(DELETE => $path, undef, @writer), 403, "deleting $name");
    }
    my $harmless = made(Groups => { displayName => 'harmless' }, @writer);
    refused(patch("/scim/v2/Groups/$harmless->{id}",
            [ { op => 'replace', path => 'displayName', value => 'hr admins' } ], @writer), 403,
        'a name that gives permissions');
    is patch("/scim/v2/Groups/$harmless->{id}", @join)->code, 200, 'joining another group';
    refused($server->call(POST => '/scim/v2/Groups', { schemas => [$GROUP], displayName => 'HR admins',
                externalId => 'x' }, @writer), 403, 'making one that gives permissions');
    my $password = [ { op => 'replace', path => 'password', value => 'mine' } ];
    for my $name (qw(writer nested watcher)) {
        refused(patch("/scim/v2/Users/$id{$name}", $password, @writer), 403, "changing $name");
        refused($server->call(DELETE => "/scim/v2/Users/$id{$name}", undef, @writer), 403,
            "deleting $name");
    }
    refused($server->call(POST => '/scim/v2/Users', $body->('ghost'), @writer), 403,
        'making a user whose name gives permissions');
    is patch("/scim/v2/Users/$id{victim}", $password, @writer)->code, 200, 'changing another';
    is patch("/scim/v2/Users/$id{writer}", [ { op => 'add', path => 'title', value => 'T' } ], @root)
        ->code, 200, 'an administrator changes whom he likes';
};

subtest 'tokens' => sub {
    my $reader = token('reader', '--permit', 'scim:read');
    is code_of(GET => '/scim/v2/Users', undef, bearer($reader)), 200, 'reads';
    is code_of(GET => '/scim/v2/Users', undef, Authorization => "bearer  $reader"), 200,
        "a scheme's case does not count";
    refused($server->call(POST => '/scim/v2/Users', { schemas => [$USER], userName => 'r' },
            bearer($reader)), 403, 'does not write');
    my $upgraded = token('upgraded', '--permit', 'scim:read');
    is code_of(POST => '/scim/v2/Users', { schemas => [$USER], userName => 'upgraded' },
        bearer($upgraded)), 201, 'a Permit line for its name';
    my $all = token('all', '--permit', 'admin');
    is code_of(GET => '/admin/Users', undef, bearer($all)), 200, 'admin';
    refused($server->call(GET => '/scim/v2/Users', undef, bearer($_)), 401, "'$_'")
        for 'nonsense', '', "${reader}x", 'reader';
    like(($server->call(GET => '/scim/v2/Users', undef, bearer('x'))->header('WWW-Authenticate'))[1],
        qr/error="invalid_token"/, 'a client is told that it is the token');
    my ($status, $said) = $server->ctl(qw(token revoke reader));
    is $status, 0, 'revoked' or diag $said;
    refused($server->call(GET => '/scim/v2/Users', undef, bearer($reader)), 401, 'at once');
    my $short = token('short', '--permit', 'scim:read', '--expires', '100ms');
    ok wait_for(sub { code_of(GET => '/scim/v2/Users', undef, bearer($short)) == 401 }), 'AU-4 expires';
    like $short, qr/^pvt_[\w-]{40,}$/, 'AU-4 nobody guesses one';
    isnt $short, $all, 'AU-4 each is another';
    unlike $server->log_text, qr/\Q$_/, 'no token in the log' for $reader, $upgraded, $all;
};

subtest 'domains and the inbound store' => sub {
    my @hr = bearer(token('hr', '--application', 'hr', '--permit', 'scim:read,scim:write'));
    my $carol = made(Users => { userName => 'carol' });
    my $corp = made(Users => { userName => 'carol' }, @hr);
    is $corp->{userName}, 'CORP/carol', 'what hr makes lies in its store';
    is made(Users => { userName => 'PRIMARY/dave' }, @hr)->{userName}, 'CORP/dave',
        'whatever the name says';
    my $path = "/scim/v2/Users/$carol->{id}";
    is_deeply [ map { $_->code } $server->call(GET => $path, undef, @hr),
            $server->call(PUT => $path, { schemas => [$USER], userName => 'carol' }, @hr),
            patch($path, [ { op => 'add', path => 'title', value => 'T' } ], @hr),
            $server->call(DELETE => $path, undef, @hr) ], [ (404) x 4 ], 'others are not there';
    my $list = sub {
        my ($filter, @as) = @_;
        my $got = decode($server->call(GET => "/scim/v2/Users?filter=userName+$filter", undef, @as));
        return join ' ', sort map { $_->{userName} } @{ $got->{Resources} };
    };
    is $list->('eq+%22carol%22', @root), 'carol', 'a bare name is of PRIMARY';
    is $list->('eq+%22CORP/carol%22', @root), 'CORP/carol', 'a prefix asks its domain';
    unlike $list->('pr', @hr), qr/(?:^| )(?!CORP)/, 'hr sees its own';
    my $crew = made(Groups => { displayName => 'crew', members => [ { value => $corp->{id} } ] }, @hr);
    my $group = "/scim/v2/Groups/$crew->{id}";
    is patch($group, [ { op => 'add', path => 'members', value => [ { value => $carol->{id} } ] } ],
        @root)->code, 200, 'members come from any domain';
    my $members = sub {
        my $got = decode($server->call(GET => $group, undef, @_));
        return join ' ', sort map { $_->{value} } @{ $got->{members} // [] };
    };
    is $members->(@hr), $corp->{id}, 'hr is not told of others, not even by an id';
    is $server->call(PUT => $group, { schemas => [$GROUP], displayName => 'crew' }, @hr)->code, 200,
        'and does not remove them:';
    is $members->(@root), $carol->{id}, 'who is not seen stays';
    $path = "/scim/v2/Users/$corp->{id}";
    my $res = patch($path, [ { op => 'replace', path => 'userName', value => 'PRIMARY/carol' } ], @root);
    refused($res, 400, 'moving to another domain');
    is decode($res)->{scimType}, 'mutability', 'and why';
    $res = patch($path, [ { op => 'replace', path => 'userName', value => 'CORP/caroline' } ], @root);
    is decode($res)->{userName}, 'CORP/caroline', 'a rename stays';
    is $server->call(PUT => $path, { schemas => [$USER], userName => 'caro' }, @hr)->code, 200,
        'hr renames with a bare name';
    is decode($server->call(GET => $path, undef, @root))->{userName}, 'CORP/caro', 'in its store';
};

sub from_afar
{
    my ($port, $encrypted, @as) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => "$afar:$port") or die "port $port: $!";
    require IO::Socket::SSL;
    IO::Socket::SSL->start_SSL($socket, SSL_verify_mode => 0)
        or die 'TLS: ' . IO::Socket::SSL::errstr()
        if $encrypted;
    my %headers = (Host => '127.0.0.1', Connection => 'close', @as);
    print {$socket} "GET /scim/v2/Users HTTP/1.1\r\n",
        map({ "$_: $headers{$_}\r\n" } sort keys %headers), "\r\n";
    local $/;
    return HTTP::Response->parse(scalar <$socket>);
}

subtest 'clear text' => sub {
    plan skip_all => 'this machine has no address but loopback' if $afar =~ /^127\./;
    my $token = token('afar', '--permit', 'scim:read');
    for my $as ([@root], [ bearer($token) ], []) {
        like refused(from_afar($plain, 0, @$as), 403, 'AU-3 from afar, in clear text'), qr/https/,
            'what to do instead';
        is from_afar($tls, 1, @$as)->code, @$as ? 200 : 401, 'AU-3 from afar, over TLS';
    }
    $server->graceful(conf => "ProvisionRequireTLS off\n$conf");
    ok wait_for(sub { from_afar($plain, 0, @root)->code == 200 }), 'unless that is allowed';
};

subtest 'blocking, and links' => sub {
    my @out = bearer(token('out', '--application', 'outward', '--permit', 'scim:read,scim:write'));
    my $res = $server->call(POST => '/scim/v2/Users', { schemas => [$USER], userName => 'outward' }, @out);
    is $res->code, 201, 'made, though the target is not there';
    is $res->header('Provision-Status'), 'partner/scim2;state=waiting', 'which is said';
    my $path = "/scim/v2/Users/" . decode($res)->{id};
    my $title = [ { op => 'add', path => 'title', value => 'T' } ];
    like patch($path, $title, @out)->header('Provision-Status') // '', qr{^partner/scim2;state=\w+$},
        'after a PATCH too';
    is patch($path, $title, @root)->header('Provision-Status'), undef, 'who does not wait is told nothing';
    my $links = decode($server->call(GET => "$path?attributes=$LINKS", undef, @root))->{$LINKS}{links};
    is scalar @{ $links // [] }, 1, 'an administrator sees one link';
    is $links->[0]{target}, 'partner/scim2', 'to the target';
    is $links->[0]{application}, 'outward', 'by whom it was touched last';
    unlike $server->call(GET => $path, undef, @root)->content, qr/\Q$LINKS/, 'not unasked';
    unlike $server->call(GET => "$path?attributes=$LINKS", undef, @out)->content, qr/partner/,
        'and nobody else';
    unlike $server->call(GET => "/scim/v2/Users?filter=$LINKS:links.target+pr", undef, @out)->content,
        qr/outward/, 'not by a filter either';
};

subtest 'Require lines that say nothing' => sub {
    for my $case ([ 'scim:rea', qr/no permission "scim:rea"; write scim, scim:read/ ],
        [ '', qr/needs a permission/ ])
    {
        my $wrong = $conf =~ s/provision-permission scim\b/provision-permission $case->[0]/r;
        my ($good, $said) = $server->configtest($wrong);
        ok !$good, "'$case->[0]' is refused";
        like $said, $case->[1], 'with what to write';
    }
};
done_testing;
