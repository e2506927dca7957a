# The rows of RFC 7644 that are about HTTP: endpoints and methods, media types, who is asked, status
# codes, versions, and what the service says about itself.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Rows;
use JSON ();
use MIME::Base64 qw(encode_base64);

my $TRUE = JSON::true();
my $server = ProvisionTest->new;
my $users = $server->secret('users', join '', map { "$_:" . crypt($_, '$5$salt$') . "\n" }
        qw(root reader nobody));
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant rows.example
ProvisionMaxBody 16K
ProvisionMaxOperations 5
ProvisionBulkOperations 2
ProvisionBulkPayload 2K
ProvisionPermit admin user root
ProvisionPermit scim:read user reader
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName rows
    AuthUserFile $users
    Require valid-user
</Location>
<Location /own>
    ProvisionService scim
    AuthType Provision
    AuthName rows
    Require provision-permission scim
</Location>
CONF
$server->login('root', 'root');

my $nowhere = '00000000-0000-7000-8000-000000000000';
my @allowed = (
    # path, what its methods are
    [ '/Users',                  'GET, HEAD, POST, OPTIONS' ],
    [ '/Groups/',                'GET, HEAD, POST, OPTIONS' ],
    [ '/Users/{u}',              'GET, HEAD, PUT, PATCH, DELETE, OPTIONS' ],
    [ '/Users/.search',          'POST, OPTIONS' ],
    [ '/.search',                'POST, OPTIONS' ],
    [ '/Bulk',                   'POST, OPTIONS' ],
    [ '/Me',                     'GET, HEAD, PUT, PATCH, DELETE, OPTIONS' ],
    [ '/ServiceProviderConfig',  'GET, HEAD, OPTIONS' ],
    [ '/ResourceTypes',          'GET, HEAD, OPTIONS' ],
    [ '/ResourceTypes/User',     'GET, HEAD, OPTIONS' ],
    [ '/Schemas',                'GET, HEAD, OPTIONS' ],
    [ "/Schemas/$USER",          'GET, HEAD, OPTIONS' ],
    [ '/',                       'GET, HEAD, OPTIONS' ],
);

sub methods
{
    my @rows;
    for my $case (@allowed) {
        my ($path, $allow) = @$case;
        push @rows, [ "OPTIONS $path names its methods", OPTIONS => $path, undef, '204', {},
            header => { Allow => $allow } ];
        for my $method (qw(POST PUT PATCH DELETE TRACE FOO GET HEAD)) {
            next if $allow =~ /\b$method\b/;
            push @rows, [ "EP-4 ST-405 $method $path is not allowed, in SCIM's words", $method => $path,
                $method =~ /^(?:P|F)/ ? {} : undef, '405', {}, header => { Allow => $allow } ];
        }
    }
    return @rows;
}

subtest 'endpoints and methods' => sub {
    rows($server, '/scim/v2',
        [ 'EP-1 POST makes a user', POST => '/Users', user('first', title => 'T'), '201',
            { userName => 'first', id => qr/./ }, keep => 'u' ],
        [ 'EP-1 POST makes a group', POST => '/Groups', group('first', members => [ { value => '{u}' } ]),
            '201', { displayName => 'first', 'members/0/value' => qr/./ }, keep => 'g' ],
        [ 'EP-1 GET lists users', GET => '/Users', undef, '200', { totalResults => 1, 'Resources/#' => 1 } ],
        [ 'EP-1 GET lists groups', GET => '/Groups', undef, '200', { totalResults => 1 } ],
        [ 'EP-1 GET one', GET => '/Users/{u}', undef, '200', { userName => 'first' } ],
        [ 'EP-1 GET one group', GET => '/Groups/{g}', undef, '200', { displayName => 'first' } ],
        [ 'EP-1 EP-2 PUT', PUT => '/Users/{u}', user('first', title => 'U'), '200', { title => 'U' } ],
        [ 'EP-1 EP-2 PATCH', PATCH => '/Users/{u}', patch_of({ op => 'replace', path => 'title',
                value => 'V' }), '200', { title => 'V' } ],
        [ 'EP-2 PATCH is announced', GET => '/ServiceProviderConfig', undef, '200',
            { 'patch/supported' => $TRUE } ],
        [ 'EP-3 PUT makes nothing', PUT => "/Users/$nowhere", user('other'), '404' ],
        [ 'EP-3 PUT makes nothing where no id can be', PUT => '/Users/none', user('other'), '404' ],
        [ 'EP-3 nothing was made', GET => '/Users', undef, '200', { totalResults => 1 } ],
        [ 'EP-5 .search under a type', POST => '/Users/.search', { schemas => [$SEARCH] }, '200',
            { totalResults => 1 } ],
        [ 'EP-5 .search under the root', POST => '/.search', { schemas => [$SEARCH] }, '200',
            { totalResults => 2 } ],
        [ 'EP-8 the root lists every type', GET => query('/', filter => 'id pr'), undef, '200',
            { totalResults => 2 } ],
        [ 'EP-9 the attributes of one', GET => '/Users/{u}?attributes=title', undef, '200',
            { title => 'V', userName => undef } ],
        [ 'EP-9 a filter that one passes', GET => query('/Users/{u}', filter => 'title eq "v"'), undef,
            '200', { schemas => [$LIST], totalResults => 1, 'Resources/0/userName' => 'first' } ],
        [ 'EP-9 a filter that it does not', GET => query('/Users/{u}', filter => 'title eq "w"'), undef,
            '200', { schemas => [$LIST], totalResults => 0 } ],
        [ 'EP-9 a filter that is none', GET => query('/Users/{u}', filter => 'title eq "v") or (id pr'),
            undef, '400 invalidFilter' ],
        [ 'EP-9 a filter on nothing', GET => query("/Users/$nowhere", filter => 'id pr'), undef, '404' ],
        [ 'EP-10 the version before the endpoint', GET => '/v2/Users/{u}', undef, '200',
            { 'meta/location' => qr{/scim/v2/v2/Users/} } ],
        [ 'EP-10 in a list', GET => '/v2/Users', undef, '200', { totalResults => 1 } ],
        (map { [ "EP-10 the version $_ is not known", GET => "/$_/Users", undef, '400 invalidVers' ] }
            qw(v1 v3 v2.1 V9 v11)),
        [ 'EP-10 ST-400 nor for a POST', POST => '/v1/Users', user('other'), '400 invalidVers' ],
        [ 'EP-10 a version behind the endpoint is none', GET => '/Users/v2/{u}', undef, '404' ],
        (map { [ "EP-11 ST-404 nothing at $_", GET => $_, undef, '404' ] } '/users', '/Nothing', '/Users/x',
            "/Users/$nowhere", '/Users/{g}', '/Groups/{u}', '/Users/{u}/x', '/Users/a%2Fb', '/v2/Nothing',
            '/Schemas/x/y', '/ServiceProviderConfig/x', '/v', '/version/Users'),
        [ 'EP-11 no POST to an unknown path', POST => '/Nothing', user('other'), '404' ],
        [ 'EP-12 unknown parameters', GET => '/Users?nothing=1&x&=y&z=%20', undef, '200',
            { totalResults => 1 } ],
        [ 'EP-12 nor at one', GET => '/Users/{u}?nothing', undef, '200', { title => 'V' } ],
        [ 'EP-12 nor when making', POST => '/Groups?nothing=1', group('twelve'), '201' ],
        [ 'EP-13 the suffix', GET => '/Users/{u}.scim', undef, '200', { title => 'V' } ],
        [ 'EP-13 the suffix for a PATCH', PATCH => '/Users/{u}.scim', patch_of({ op => 'remove',
                path => 'title' }), '200', { title => undef, id => qr/^[0-9a-f-]+$/ } ],
        [ 'EP-13 another suffix is none', GET => '/Users/{u}.xml', undef, '404' ],
        (map { [ "EP-14 $_ is not honoured", POST => '/Users/{u}', {}, '405', {}, send => { $_ => 'DELETE' } ] }
            qw(X-HTTP-Method-Override X-HTTP-Method X-Method-Override)),
        [ 'EP-14 nor on a GET', GET => '/Users/{u}', undef, '200', {},
            send => { 'X-HTTP-Method-Override' => 'DELETE' } ],
        [ 'EP-16 two slashes need no redirect', GET => '//Users/{u}', undef, '200', { id => qr/./ } ],
        [ 'EP-16 nor one at the end', GET => '/Users/{u}/', undef, '200', { id => qr/./ } ],
        methods(),
        [ 'ST-501 /Me of one who has no resource here', GET => '/Me', undef, '501' ],
    );
    for my $path ('/Users', '/Users/{u}', '/Groups/{g}', '/ServiceProviderConfig', '/Schemas', '/', "/Schemas/$USER",
        '/ResourceTypes/Group', "/Users/$nowhere", '/Nothing', '/Users?filter=x')
    {
        my $at = '/scim/v2' . $path =~ s/\{(\w+)\}/kept($1)/er;
        my ($get, $head) = map { $server->call($_ => $at) } qw(GET HEAD);
        is join('|', $head->code, $head->content, map { $head->header($_) // '' }
                qw(Content-Type Content-Length ETag Content-Location)),
            join('|', $get->code, '', map { $get->header($_) // '' }
                qw(Content-Type Content-Length ETag Content-Location)), "EP-1 HEAD $path is GET without a body";
    }
};

subtest '/Me' => sub {
    rows($server, '/scim/v2',
        [ 'one with a password', POST => '/Users', user('meg', password => 'Geheim-1', title => 'Chef'),
            '201', { password => undef }, keep => 'me' ],
        [ 'in a group', POST => '/Groups', group('provision-admins', members => [ { value => '{me}' } ]), '201' ]);
    my %meg = (send => { Authorization => 'Basic ' . encode_base64('meg:Geheim-1', '') });
    my $where = $server->url('/own/Users/' . kept('me'));
    my %there = (%meg, header => { Location => $where, ETag => qr{^W/"\d+"$} });
    rows($server, '/own',
        [ 'EP-7 oneself', GET => '/Me', undef, '200', { id => kept('me'), 'meta/location' => $where }, %there ],
        [ 'EP-7 projected', GET => '/Me?attributes=title', undef, '200', { userName => undef, title => 'Chef' }, %there ],
        [ 'EP-7 HEAD', HEAD => '/Me', undef, '200', {}, %there ],
        [ 'EP-7 PATCH', PATCH => '/Me', patch_of({ op => 'replace', path => 'title', value => 'Boss' }), '200',
            { title => 'Boss' }, %there ],
        [ 'EP-7 PUT', PUT => '/Me', user('meg', title => 'Whole'), '200', { title => 'Whole' }, %there ],
        [ 'EP-7 POST is not allowed', POST => '/Me', user('x'), '405', {}, %meg ],
        [ 'EP-7 DELETE', DELETE => '/Me', undef, '204', {}, %meg ],
        [ 'EP-7 and that was it', GET => '/Me', undef, '401', {}, %meg ],
    );
};

subtest 'media types' => sub {
    my $text = sub { JSON->new->encode(user(@_)) };
    my $sent = sub { my ($type) = @_; return (send => { 'Content-Type' => $type }) };
    my $wants = sub { my ($type) = @_; return (send => { Accept => $type }) };
    my $n = 0;
    rows($server, '/scim/v2',
        (map { [ "MT-1 MT-3 '$_' is read", POST => '/Users', $text->('media' . $n++), '201', {}, $sent->($_) ] }
            'application/scim+json', 'application/json', 'application/json; charset=utf-8',
            'application/scim+json; charset=UTF-8', 'APPLICATION/JSON', 'application/json;charset="utf-8"', ''),
        (map { [ "MT-1 ST-415 '$_' is not", POST => '/Users', $text->('media'), '415', {}, $sent->($_),
                header => { Accept => qr{application/scim\+json} } ] }
            'text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'application/json; charset=latin1',
            'application/scim', 'application/json-patch+json'),
        [ 'ST-415 nor by PUT', PUT => '/Users/{u}', $text->('first'), '415', {}, $sent->('text/xml') ],
        [ 'ST-415 nor by PATCH', PATCH => '/Users/{u}', '{}', '415', {}, $sent->('application/json-patch+json') ],
        [ 'ST-415 nor by .search', POST => '/Users/.search', '{}', '415', {}, $sent->('text/plain') ],
        [ 'ST-415 nor in Bulk', POST => '/Bulk', '{}', '415', {}, $sent->('text/plain') ],
        (map { [ "MT-1 MT-2 Accept '$_': the default, without parameters", GET => '/Users/{u}', undef, '200', {},
                $wants->($_) ] } '*/*', 'application/scim+json', 'application/*', 'application/scim+json;q=0.1, application/json',
            'text/html, application/scim+json;q=0.9, */*;q=0.1', ''),
        (map { [ "MT-1 Accept '$_'", GET => '/Users/{u}', undef, '200', {}, $wants->($_),
                media => 'application/json' ] } 'application/json', 'application/json, text/plain', 'application/json; charset=utf-8'),
        (map { my $path = $_; [ "ST-406 text/html of $path", GET => $path, undef, '406', {}, $wants->('text/html') ] }
            '/Users', '/Users/{u}', '/ServiceProviderConfig', '/Schemas', '/ResourceTypes', '/'),
        [ 'ST-406 before anything is made', POST => '/Users', user('unacceptable'), '406', {}, $wants->('text/xml') ],
        [ 'ST-406 it was not', GET => query('/Users', filter => 'userName eq "unacceptable"'), undef, '200', { totalResults => 0 } ],
        [ 'MT-1 an error is of the type that is asked for', GET => '/Nothing', undef, '404', {}, $wants->('application/json'), media => 'application/json' ],
        [ 'ST-406 an error needs no consent', GET => '/Nothing', undef, '404', {}, $wants->('text/html') ],
        [ 'MT-4 what is not ASCII comes back', POST => '/Users', user("z\x{fc}rich", displayName => "\x{65e5}\x{672c} \x{1f600}"),
            '201', { displayName => "\x{65e5}\x{672c} \x{1f600}", userName => "z\x{fc}rich" }, keep => 'z' ],
        [ 'MT-4 when read, too', GET => '/Users/{z}', undef, '200', { displayName => "\x{65e5}\x{672c} \x{1f600}" } ],
        [ 'MT-4 an escaped pair', POST => '/Users', qq({"schemas":["$USER"],"userName":"pair","title":"\\ud83d\\ude00"}),
            '201', { title => "\x{1f600}" } ],
        [ 'MT-4 a byte order mark', POST => '/Users', "\xef\xbb\xbf" . $text->('bom'), '400 invalidSyntax' ],
        [ 'MT-4 no UTF-8', POST => '/Users', qq({"schemas":["$USER"],"userName":"a\xff"}), '400 invalidSyntax' ],
        [ 'MT-4 half a pair', POST => '/Users', qq({"schemas":["$USER"],"userName":"a\\ud83d"}), '400 invalidSyntax' ],
        [ 'MT-4 UTF-16', POST => '/Users', "\xff\xfe{\0}\0", '400 invalidSyntax' ],
        [ 'MT-4 NUL', POST => '/Users', qq({"schemas":["$USER"],"userName":"a\\u0000b"}), '400 invalidSyntax' ],
        [ 'MT-5 a key twice', POST => '/Users', qq({"schemas":["$USER"],"userName":"a","userName":"b"}), '400 invalidSyntax' ],
        [ 'MT-5 in another case', POST => '/Users', qq({"schemas":["$USER"],"userName":"a","USERNAME":"b"}), '400 invalidValue' ],
        [ 'MT-5 depth', POST => '/Users', '[' x 5000 . ']' x 5000, '400 invalidSyntax' ],
        [ 'MT-5 ST-413 size', POST => '/Users', $text->('long', title => 'x' x 20_000), '413', { detail => qr/16384/ } ],
        [ 'ST-413 operations', PATCH => '/Users/{u}', patch_of(({ op => 'remove', path => 'title' }) x 6), '413', { detail => qr/5/ } ],
        [ 'ST-413 a bulk of too many', POST => '/Bulk', { schemas => ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
                Operations => [ ({ method => 'DELETE', path => "/Users/$nowhere" }) x 3 ] }, '413', { detail => qr/2/ } ],
        [ 'ST-413 a bulk too long', POST => '/Bulk', '{' x 4000, '413', { detail => qr/2048/ } ],
        (map { [ "MT-4 '$_' is no JSON", POST => '/Users', $_, '400 invalidSyntax' ] }
            '', ' ', '{', '{]', 'null', '"x"', '1', '[]', '{"a":NaN}', "{'a':1}", '{"a":1,}', '{"a":01}', '{} {}', '/**/{}'),
    );
};

subtest 'who is asked' => sub {
    my %as = map { $_ => { send => { Authorization => 'Basic ' . encode_base64("$_:$_", '') } } } qw(reader nobody);
    local $server->{headers} = {};
    rows($server, '/scim/v2',
        (map { [ "AU-1 ST-401 $_->[0] $_->[1] without credentials", $_->[0] => $_->[1], $_->[2], '401', {},
                header => { 'WWW-Authenticate' => qr/^Basic realm="rows"/ } ] }
            [ GET => '/Users' ], [ GET => '/Users/{u}' ], [ GET => "/Users/$nowhere" ], [ POST => '/Users', user('x') ],
            [ PUT => '/Users/{u}', user('x') ], [ DELETE => '/Users/{u}' ], [ GET => '/Nothing' ], [ PATCH => '/Users/{u}', {} ],
            [ POST => '/Bulk', {} ], [ POST => '/.search', {} ]),
        [ 'AU-1 the wrong password', GET => '/Users', undef, '401', {},
            send => { Authorization => 'Basic ' . encode_base64('root:x', '') }, header => { 'WWW-Authenticate' => qr/Basic/ } ],
        [ 'AU-2 who may read reads', GET => '/Users/{u}', undef, '200', {}, %{ $as{reader} } ],
        (map { [ "AU-2 ST-403 $_->[0] $_->[1] is not permitted", $_->[0] => $_->[1], $_->[2], '403', { detail => 'this is not permitted' },
                %{ $as{ $_->[3] } } ] }
            [ POST => '/Users', user('x'), 'reader' ], [ PUT => '/Users/{u}', user('x'), 'reader' ], [ DELETE => '/Users/{u}', undef, 'reader' ],
            [ DELETE => "/Users/$nowhere", undef, 'reader' ], [ PATCH => "/Users/$nowhere", {}, 'reader' ],
            [ POST => '/Bulk', {}, 'reader' ], [ GET => '/Users', undef, 'nobody' ], [ GET => '/Users/{u}', undef, 'nobody' ],
            [ GET => "/Users/$nowhere", undef, 'nobody' ], [ GET => '/Users/no-id', undef, 'nobody' ], [ GET => '/Groups/{g}', undef, 'nobody' ],
            [ POST => '/.search', {}, 'nobody' ], [ GET => '/', undef, 'nobody' ]),
    );
    rows($server, '/own',
        [ 'AU-1 the challenges', GET => '/Users', undef, '401', {}, header => { 'WWW-Authenticate' => qr/Basic.*charset="UTF-8"/ } ],
        [ 'AU-5 how to authenticate is said to everybody', GET => '/ServiceProviderConfig', undef, '200',
            { 'authenticationSchemes/0/type' => 'oauthbearertoken', 'authenticationSchemes/1/type' => 'httpbasic' } ],
        [ 'AU-5 credentials that are sent must be right', GET => '/ServiceProviderConfig', undef, '401', {},
            send => { Authorization => 'Bearer wrong' } ],
        [ 'AU-5 nothing else is', GET => '/Schemas', undef, '401' ],
        [ 'AU-5 by GET only', DELETE => '/ServiceProviderConfig', undef, '401' ],
    );
    $server->login('root', 'root');
    rows($server, '/scim/v2',
        (map { my ($path, $filter) = @$_;
            [ "AU-7 ST-403 $filter belongs into a body", GET => query($path, filter => $filter), undef, '403 sensitive' ] }
            [ '/Users', 'password eq "Geheim-2"' ], [ '/Users', 'userName eq "x" and password eq "Geheim-2"' ],
            [ '/', 'password eq "Geheim-2"' ], [ '/Users', 'PASSWORD sw "Geheim"' ], [ '/Users', "$USER:password pr" ]),
        [ 'AU-7 there it is no filter, either', POST => '/Users/.search', { schemas => [$SEARCH], filter => 'password eq "Geheim-2"' },
            '400 invalidFilter' ],
    );
};

subtest 'versions' => sub {
    my $tag = sub { my ($header, $value) = @_; return (send => { $header => $value }) };
    my $retitle = sub { return patch_of({ op => 'replace', path => 'title', value => $_[0] }) };
    rows($server, '/scim/v2',
        [ 'ET-1 ET-2 a version, the same in header and meta', POST => '/Users', user('tagged', title => 'A'), '201',
            { 'meta/version' => qr{^W/"[^"]+"$} }, header => { ETag => qr{^W/"[^"]+"$} }, keep => 't' ]);
    my $mine = kept('t.tag');
    my ($opaque) = $mine =~ /"(.*)"/;
    my @known = ($mine, qq("$opaque"), '*', qq("x", $mine), qq($mine,"y"), qq(W/"x" , "$opaque"));
    my @others = ('"other"', 'W/"other"', qq("$opaque-x"), '""', 'W/""', qq("x","y"));
    rows($server, '/scim/v2',
        [ 'ET-1 of a GET', GET => '/Users/{t}', undef, '200', { 'meta/version' => $mine }, header => { ETag => $mine } ],
        [ 'ET-1 of a HEAD', HEAD => '/Users/{t}', undef, '200', {}, header => { ETag => $mine } ],
        [ 'ET-1 whatever is shown', GET => '/Users/{t}?attributes=userName', undef, '200', { meta => undef }, header => { ETag => $mine } ],
        (map { my $method = $_; map { [ "ET-3 ST-304 $method If-None-Match: $_", $method => '/Users/{t}', undef, '304', {},
                $tag->('If-None-Match', $_), header => { ETag => $mine } ] } @known } qw(GET HEAD)),
        (map { [ "ET-3 If-None-Match: $_", GET => '/Users/{t}', undef, '200', { title => 'A' }, $tag->('If-None-Match', $_) ] } @others),
        (map { [ "ET-3 If-None-Match: $_ is of no list", GET => '/Users', undef, '200', { totalResults => qr/\d/ },
                $tag->('If-None-Match', $_) ] } '*', $mine),
        [ 'ET-3 nor of what is not there', GET => "/Users/$nowhere", undef, '404', {}, $tag->('If-None-Match', '*') ],
        [ 'ET-3 nor of a POST', POST => '/Users', user('post-none-match'), '201', {}, $tag->('If-None-Match', '*') ],
        (map { my ($method, $body) = @$_; map { [ "ET-4 ST-412 $method If-Match: $_", $method => '/Users/{t}', $body, '412', {},
                $tag->('If-Match', $_) ] } @others }
            [ PUT => user('tagged') ], [ PATCH => $retitle->('Z') ], ['DELETE'], ['GET']),
        (map { [ "ET-4 GET If-Match: $_", GET => '/Users/{t}', undef, '200', { title => 'A' }, $tag->('If-Match', $_) ] } @known),
        [ 'ET-4 ST-412 HEAD', HEAD => '/Users/{t}', undef, '412', {}, $tag->('If-Match', '"other"') ],
        (map { my ($method, $body) = @$_; [ "ET-4 ST-412 $method If-None-Match: *", $method => '/Users/{t}', $body, '412', {},
                $tag->('If-None-Match', '*') ] } [ PUT => user('tagged') ], [ PATCH => $retitle->('Z') ], [ 'DELETE' ]),
        [ 'ET-4 nothing was changed', GET => '/Users/{t}', undef, '200', { title => 'A' }, header => { ETag => $mine } ],
        [ 'ET-6 a PATCH that changes nothing', PATCH => '/Users/{t}', $retitle->('A'), '200', { 'meta/version' => $mine },
            header => { ETag => $mine } ],
        [ 'ET-6 nor does adding what is there', PATCH => '/Users/{t}', patch_of({ op => 'add', value => { title => 'A' } }), '200',
            {}, header => { ETag => $mine } ],
        [ 'ET-4 the version', PATCH => '/Users/{t}', $retitle->('B'), '200', { title => 'B' }, $tag->('If-Match', $mine), keep => 't' ],
        [ 'ET-4 the old one', PATCH => '/Users/{t}', $retitle->('C'), '412', {}, $tag->('If-Match', $mine) ],
        [ 'ET-4 the new one as a strong one, among others', PUT => '/Users/{t}', user('tagged', title => 'D'), '200', { title => 'D' },
            $tag->('If-Match', '"x", {t.tag}'), keep => 't' ],
        [ 'ET-4 any', PUT => '/Users/{t}', user('tagged', title => 'E'), '200', { title => 'E' }, $tag->('If-Match', '*'), keep => 't' ],
        [ 'ET-4 none', PATCH => '/Users/{t}', $retitle->('F'), '200', { title => 'F' }, $tag->('If-None-Match', '"other"'), keep => 't' ],
        (map { [ "ET-4 $_ of what is not there", $_ => "/Users/$nowhere", $_ eq 'DELETE' ? undef : user('x'), '404', {},
                $tag->('If-Match', '*') ] } qw(PUT DELETE)),
        [ 'ET-4 to delete', DELETE => '/Users/{t}', undef, '204', {}, $tag->('If-Match', '{t.tag}') ],
        [ 'ET-5 it is announced', GET => '/ServiceProviderConfig', undef, '200', { 'etag/supported' => $TRUE } ],
    );
};

subtest 'what the service says about itself' => sub {
    my @flags = map { ("$_/supported" => $TRUE) } qw(patch bulk filter changePassword sort etag);
    rows($server, '/scim/v2',
        [ 'DI-1 ServiceProviderConfig', GET => '/ServiceProviderConfig', undef, '200',
            { @flags, schemas => ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
                'bulk/maxOperations' => 2, 'bulk/maxPayloadSize' => 2048, 'filter/maxResults' => qr/^\d+$/,
                'authenticationSchemes/#' => 1, 'authenticationSchemes/0/type' => 'httpbasic',
                'authenticationSchemes/0/name' => qr/./, 'authenticationSchemes/0/description' => qr/./,
                'meta/resourceType' => 'ServiceProviderConfig', 'meta/location' => $server->url('/scim/v2/ServiceProviderConfig') } ],
        [ 'DI-2 schemas', GET => '/Schemas', undef, '200', { schemas => [$LIST], totalResults => qr/^\d$/, startIndex => 1,
                'Resources/0/schemas' => ['urn:ietf:params:scim:schemas:core:2.0:Schema'], 'Resources/0/id' => qr/^urn:/,
                'Resources/0/meta/location' => qr{/Schemas/urn:} } ],
        (map { [ "DI-4 the schema $_", GET => "/Schemas/$_", undef, '200', { id => $_, name => qr/./, 'attributes/0/name' => qr/./ } ] }
            $USER, $GROUP, $ENTERPRISE, map { "urn:ietf:params:scim:schemas:core:2.0:$_" } qw(ServiceProviderConfig ResourceType Schema)),
        [ 'AT-3 in any case', GET => "/Schemas/\U$USER", undef, '200', { id => $USER } ],
        [ 'DI-2 DI-4 types', GET => '/ResourceTypes', undef, '200', { schemas => [$LIST], totalResults => 2,
                'Resources/0/schemas' => ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'] } ],
        [ 'DI-4 a type', GET => '/ResourceTypes/User', undef, '200', { id => 'User', name => 'User', endpoint => '/Users', schema => $USER,
                description => qr/./, 'meta/resourceType' => 'ResourceType', 'meta/location' => $server->url('/scim/v2/ResourceTypes/User'),
                schemaExtensions => [ { schema => $ENTERPRISE, required => JSON::false() } ] } ],
        [ 'DI-4 another', GET => '/ResourceTypes/Group', undef, '200', { endpoint => '/Groups', schema => $GROUP } ],
        (map { [ "DI-3 ST-403 a filter on $_", GET => "$_?filter=id+pr", undef, '403' ] } '/Schemas', '/ResourceTypes'),
        [ 'DI-3 not on the configuration', GET => '/ServiceProviderConfig?filter=id+pr', undef, '200' ],
        (map { [ "DI-3 sorting and paging of $_", GET => "$_?sortBy=id&startIndex=2&count=1&sortOrder=descending", undef, '200',
                { 'Resources/1/id' => qr/./ } ] } '/Schemas', '/ResourceTypes'),
        (map { [ "DI-6 nothing at $_", GET => $_, undef, '404' ] } '/Schemas/urn:none', '/ResourceTypes/None', '/Schemas/User',
            map { "/Schemas/$_" } $PATCH, $SEARCH, $ERROR, $LIST),
    );
    my @schemas = @{ decode($server->call(GET => '/scim/v2/Schemas'))->{Resources} };
    my %ids = map { $_->{id} => 1 } @schemas;
    is_deeply [ grep { /:api:/ } keys %ids ], [], 'DI-5 no message is a schema';
    ok $ids{$_}, "DI-4 $_ is listed" for $USER, $GROUP, $ENTERPRISE;
    for my $type (@{ decode($server->call(GET => '/scim/v2/ResourceTypes'))->{Resources} }) {
        ok $ids{$_}, "DI-4 $type->{name}: $_ is a schema" for $type->{schema}, map { $_->{schema} } @{ $type->{schemaExtensions} };
    }
    is_deeply [ grep { !$_->{schemas}[0] } @schemas ], [], 'DI-2 each says what it is';
};
done_testing;
