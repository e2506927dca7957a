# SCIM over HTTP: endpoints, headers, conditions, lists, projection, and errors of every layer.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use MIME::Base64 qw(encode_base64);

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $LINKS = 'urn:mod-provision:params:scim:schemas:extension:1.0:Links';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

my $server = ProvisionTest->new(modules => [qw(alias authz_host)]);
my $roomy = free_port();
my $users = $server->secret('users', join '', map { "$_:" . crypt($_, '$5$salt$') . "\n" }
        qw(root reader nobody));
my $conf = <<"CONF";
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant scim.example
ProvisionMaxBody 16K
ProvisionMaxResults 3
ProvisionMaxOperations 5
ProvisionMaxFilter 200
ProvisionPermit admin user root
ProvisionPermit scim:read user reader
Redirect 410 /gone
ErrorDocument 404 "/site-404.html"
Listen 127.0.0.1:$roomy
<VirtualHost 127.0.0.1:$roomy>
    ProvisionMaxBody 1M
    ProvisionMaxResults 100
</VirtualHost>
<Location />
    AuthType Basic
    AuthName scim
    AuthUserFile $users
</Location>
<Location /scim/v2>
    ProvisionService scim
    Require valid-user
</Location>
<Location /limited>
    ProvisionService scim
    LimitRequestBody 100
    Require valid-user
</Location>
<Location /closed>
    ProvisionService scim
    Require user somebody-else
</Location>
<Location /barred>
    ProvisionService scim
    Require all denied
</Location>
<Location /open>
    ProvisionService scim
    Require all granted
</Location>
<Location /asking>
    ProvisionService scim
    Require provision-permission scim
</Location>
<Location /either>
    ProvisionService scim
    Require provision-permission admin
    Require user reader
</Location>
<Location /files>
    Require provision-permission admin
</Location>
<Location /health>
    ProvisionService health
    Require local
</Location>
CONF
$server->start(conf => $conf);
$server->login('root', 'root');

sub call { return $server->call(@_) }

sub is_error
{
    my ($res, $status, $type, $what) = @_;
    my $said = decode($res) // {};
    is $res->code, $status, "$what: $status" or diag $res->as_string;
    is $res->header('Content-Type'), 'application/scim+json', "$what: its media type";
    is_deeply $said->{schemas}, [$ERROR], "$what: the error's schema";
    is $said->{status}, "$status", "$what: the status again";
    is $said->{scimType}, $type, "$what: scimType";
    ok length($said->{detail} // ''), "$what: a sentence";
    return $said->{detail};
}

my $next = 0;

sub user
{
    my (%more) = @_;
    my $res = call(POST => '/scim/v2/Users', { schemas => [$USER], userName => 'user' . ++$next,
            %more });
    is $res->code, 201, 'a user is made' or diag $res->content;
    return decode($res);
}

sub patch
{
    my ($path, $operations, %headers) = @_;
    return call(PATCH => $path, { schemas => [$PATCH], Operations => $operations }, %headers);
}

subtest 'what the service says about itself' => sub {
    my $config = decode(call(GET => '/scim/v2/ServiceProviderConfig'));
    is_deeply { map { $_ => $config->{$_}{supported} ? 1 : 0 }
            qw(patch bulk filter changePassword sort etag) },
        { patch => 1, bulk => 1, filter => 1, changePassword => 1, sort => 1, etag => 1 },
        'what it can do';
    is $config->{filter}{maxResults}, 3, 'and up to how many';
    is_deeply [ map { $_->{type} } @{ $config->{authenticationSchemes} } ], ['httpbasic'],
        'only the scheme that is configured';
    is call(GET => '/scim/v2/ServiceProviderConfig?filter=x')->code, 200, 'a filter is ignored';

    my $types = decode(call(GET => '/scim/v2/ResourceTypes'));
    is_deeply [ map { $_->{name} } @{ $types->{Resources} } ], [qw(User Group)], 'its types';
    is $types->{totalResults}, 2, 'all of them';
    is decode(call(GET => '/scim/v2/ResourceTypes/User'))->{endpoint}, '/Users', 'one type';
    my $schemas = decode(call(GET => '/scim/v2/Schemas'));
    my %known = map { $_->{id} => $_ } @{ $schemas->{Resources} };
    ok $known{$_}, "the schema $_" for $USER, $GROUP, $ENTERPRISE, $LINKS;
    ok $known{ $_->{schema} }, "$_->{name}'s schema is there" for @{ $types->{Resources} };
    is decode(call(GET => "/scim/v2/Schemas/\U$USER"))->{id}, $USER, 'one schema, in any case';
    for my $one (@{ $types->{Resources} }, @{ $schemas->{Resources} }) {
        is call(GET => $one->{meta}{location})->code, 200, "$one->{id} is where it says";
        ok $one->{schemas}[0], "$one->{id} says what it is";
    }
    is_error(call(GET => '/scim/v2/ResourceTypes/Nothing'), 404, undef, 'an unknown type');
    is_error(call(GET => '/scim/v2/Schemas/urn:nothing'), 404, undef, 'an unknown schema');
    is_error(call(GET => "/scim/v2/$_?filter=id+pr"), 403, undef, "a filter on $_")
        for qw(Schemas ResourceTypes);
};

subtest 'paths and methods' => sub {
    my $user = user();
    my $path = "/scim/v2/Users/$user->{id}";
    is_error(call(GET => "/scim/v2$_"), 404, undef, "nothing at '$_'")
        for '/users', '/Userss', "/Users/$user->{id}/x", '/Users/none', '/Nothing',
        '/Users/00000000-0000-7000-8000-000000000000', "/Groups/$user->{id}";
    is call(GET => "/scim/v2$_")->code, 200, "something at '$_'"
        for '', '/', '/Users/', '//Users', "/Users/$user->{id}/", '/Schemas/';
    is_error(call(GET => '/scim/v2/Me'), 501, undef, '/Me');
    for my $case (
        [ 'DELETE', '/scim/v2/Users',                 'GET, HEAD, POST, OPTIONS' ],
        [ 'FOO',    '/scim/v2/Groups',                'GET, HEAD, POST, OPTIONS' ],
        [ 'POST',   $path,                            'GET, HEAD, PUT, PATCH, DELETE, OPTIONS' ],
        [ 'PUT',    '/scim/v2/ServiceProviderConfig', 'GET, HEAD, OPTIONS' ],
        [ 'POST',   '/scim/v2/Schemas',               'GET, HEAD, OPTIONS' ],
        [ 'PATCH',  '/scim/v2/ResourceTypes/User',    'GET, HEAD, OPTIONS' ],
        )
    {
        my ($method, $at, $allow) = @$case;
        my $res = call($method => $at);
        is_error($res, 405, undef, "$method $at");
        is $res->header('Allow'), $allow, "$method $at: what is allowed";
        $res = call(OPTIONS => $at);
        is $res->code, 204, "OPTIONS $at";
        is $res->header('Allow'), $allow, "OPTIONS $at: the same";
    }
    my ($get, $head) = (call(GET => $path), call(HEAD => $path));
    is $head->code, 200, 'HEAD';
    is $head->content, '', 'HEAD has no body';
    is $head->header($_), $get->header($_), "HEAD has the same $_"
        for qw(ETag Content-Length Content-Type Content-Location);
    is_error(call(GET => "/scim/v2/Users/a%2Fb"), 404, undef, 'an encoded slash');
};

subtest 'a resource from its making to its end' => sub {
    my $res = call(POST => '/scim/v2/Users',
        { schemas => [$USER], userName => 'whole', password => 'Secret-1', nickName => 'W' });
    my $user = decode($res);
    my $path = "/scim/v2/Users/$user->{id}";
    is $res->code, 201, 'made';
    is $res->header('Content-Type'), 'application/scim+json', 'the media type, bare';
    is $res->header($_), $server->url($path), "$_" for qw(Location Content-Location);
    is $user->{meta}{location}, $server->url($path), 'meta.location is the same';
    is $res->header('ETag'), $user->{meta}{version}, 'ETag is meta.version';
    is $user->{meta}{created}, $user->{meta}{lastModified}, 'made when it was changed last';
    is $user->{meta}{resourceType}, 'User', 'its type';
    unlike $res->content, qr/secret-1/i, 'no password';

    my $got = call(GET => $path);
    is $got->code, 200, 'read';
    is $got->content, $res->content, 'as it was made';
    is $got->header('Location'), undef, 'Location only when made';

    $res = call(PUT => $path, { schemas => [$USER], userName => 'whole', title => 'Boss',
            password => 'Secret-2', id => 'ignored' });
    my $put = decode($res);
    is $res->code, 200, 'replaced';
    is_deeply [ @$put{qw(id title nickName)} ], [ $user->{id}, 'Boss', undef ], 'whole';
    isnt $res->header('ETag'), $got->header('ETag'), 'another version';
    unlike $res->content, qr/secret-2/i, 'no password';
    is_error(call(PUT => '/scim/v2/Users/00000000-0000-7000-8000-000000000000',
            { schemas => [$USER], userName => 'x' }), 404, undef, 'PUT makes nothing');

    $res = patch($path, [ { op => 'replace', path => 'title', value => 'Chef' } ]);
    is $res->code, 200, 'patched';
    is decode($res)->{title}, 'Chef', 'and shown';
    my $same = patch($path, [ { op => 'replace', path => 'title', value => 'Chef' } ]);
    is $same->header('ETag'), $res->header('ETag'), 'what changes nothing moves nothing';
    is_error(patch($path, [ ({ op => 'remove', path => 'title' }) x 6 ]), 413, undef,
        'too many operations');

    is_error(call(POST => '/scim/v2/Users', { schemas => [$USER], userName => 'WHOLE' }), 409,
        'uniqueness', 'its name again');
    $res = call(DELETE => $path);
    is $res->code, 204, 'deleted';
    is $res->content, '', 'with nothing to say';
    is_error(call($_->[0] => $path, $_->[1]), 404, undef, "$_->[0] afterwards")
        for [ 'GET' ], [ 'DELETE' ], [ PUT => { schemas => [$USER], userName => 'whole' } ],
        [ PATCH => { schemas => [$PATCH], Operations => [ { op => 'remove', path => 'title' } ] } ];
    is call(POST => '/scim/v2/Users', { schemas => [$USER], userName => 'whole' })->code, 201,
        'its name is free';
};

subtest 'conditions' => sub {
    my $user = user();
    my $path = "/scim/v2/Users/$user->{id}";
    my $tag = $user->{meta}{version};
    my ($opaque) = $tag =~ /(".*")/;
    for my $case ([ $tag, 304 ], [ $opaque, 304 ], [ '*', 304 ], [ qq{"x", $tag}, 304 ],
        [ qq{W/"other"}, 200 ], [ '"01"', 200 ], [ '', 200 ])
    {
        my ($header, $code) = @$case;
        my $res = call(GET => $path, undef, 'If-None-Match' => $header);
        is $res->code, $code, "If-None-Match: $header";
        is $res->header('ETag'), $tag, "If-None-Match: $header: the tag";
        is $res->content, '', "If-None-Match: $header: no body" if $code == 304;
    }
    my @title = ({ op => 'replace', path => 'title', value => 'T' });
    my %write = (
        PUT => { schemas => [$USER], userName => $user->{userName} },
        PATCH => { schemas => [$PATCH], Operations => \@title },
        DELETE => undef,
    );
    for my $method (sort keys %write) {
        is_error(call($method => $path, $write{$method}, 'If-Match' => $_), 412, undef,
            "$method If-Match: $_") for '"other"', 'W/"99999", "7777"';
        is call(GET => $path)->header('ETag'), $tag, "$method changed nothing";
    }
    my $res = patch($path, \@title, 'If-Match' => qq{"other",$tag});
    is $res->code, 200, 'If-Match with the version among others';
    is patch($path, [ { op => 'remove', path => 'title' } ], 'If-Match' => '*')->code, 200,
        'If-Match: *';
    is_error(patch($path, \@title, 'If-Match' => $tag), 412, undef, 'the old version');
    is_error(call(DELETE => '/scim/v2/Users/00000000-0000-7000-8000-000000000000', undef,
            'If-Match' => '*'), 404, undef, 'If-Match on what is not there');
};

subtest 'lists' => sub {
    my @made = map { user(displayName => "list+$_ x", title => 'listed', nickName => "N$_") } 1 .. 5;
    my $all = "filter=title+eq+%22listed%22";
    my $get = sub { return decode(call(GET => "/scim/v2/Users?$_[0]")) };
    my $list = $get->($all);
    is $list->{totalResults}, 5, 'all are counted';
    is $list->{itemsPerPage}, 3, 'no more than the limit on a page';
    my @pages = map { @{ $get->("$all&startIndex=$_&count=2")->{Resources} } } 1, 3, 5;
    is_deeply [ sort map { $_->{id} } @pages ], [ sort map { $_->{id} } @made ],
        'pages are the whole, each once';
    for my $case (
        # query, total, startIndex, how many
        [ 'count=0',               5, 1,  0 ],
        [ 'count=-1',              5, 1,  0 ],
        [ 'startIndex=0&count=1',  5, 1,  1 ],
        [ 'startIndex=-3&count=1', 5, 1,  1 ],
        [ 'startIndex=5',          5, 5,  1 ],
        [ 'startIndex=99',         5, 99, 0 ],
        [ 'count=99',              5, 1,  3 ],
        [ 'sortBy=userName',       5, 1,  3 ],
        [ 'unknown=1',             5, 1,  3 ],
        )
    {
        my ($query, $total, $start, $count) = @$case;
        my $page = $get->("$all&$query");
        is_deeply [ @$page{qw(totalResults startIndex itemsPerPage)},
                scalar @{ $page->{Resources} // [] } ], [ $total, $start, $count, $count ], $query;
    }
    is $get->('filter=displayName%20eq%20%22list%2b2%20x%22')->{totalResults}, 1,
        'percent-encoding is decoded once';
    is $get->('filter=displayName+eq+%22list%2B2+x%22')->{totalResults}, 1, 'plus is a space';
    is_deeply [ sort keys %{ $get->($all) } ],
        [ sort qw(schemas totalResults startIndex itemsPerPage Resources) ], 'nothing else';
    for my $case (
        [ 'filter=',                          'invalidFilter' ],
        [ 'filter',                           'invalidFilter' ],
        [ 'filter=userName+xx+%22a%22',       'invalidFilter' ],
        [ 'filter=' . 'a' x 300,              'invalidFilter' ],
        [ 'filter=%zz',                       'invalidValue' ],
        [ 'filter=%00',                       'invalidValue' ],
        [ 'filter=%ff',                       'invalidValue' ],
        [ 'count=x',                          'invalidValue' ],
        [ 'startIndex=1.5',                   'invalidValue' ],
        [ 'attributes=id&excludedAttributes=id', 'invalidValue' ],
        )
    {
        is_error(call(GET => "/scim/v2/Users?$case->[0]"), 400, $case->[1], $case->[0]);
    }
};

subtest 'a page does not outgrow memory' => sub {
    # Decoding so much would take longer than all the rest.
    my $base = "http://127.0.0.1:$roomy/scim/v2/Users";
    my $long = 'x' x 1_000_000;
    my @made = map {
        decode(call(POST => "$base?attributes=id", qq({"schemas":["$USER"],"userName":"long$_",)
                    . qq("nickName":"long","title":"$long"})))->{id}
    } 1 .. 20;
    my $all = 'filter=nickName+eq+%22long%22&attributes=title';
    my $page = call(GET => "$base?$all")->content;
    my @held = $page =~ /"id":"([^"]+)"/g;
    like $page, qr/"totalResults":20,/, 'all are counted';
    like $page, qr/"itemsPerPage":${\ scalar @held},/, 'and as many promised as are there';
    ok @held > 10 && @held < 20, 'it ends early' or diag scalar @held;
    my @rest = call(GET => "$base?$all&startIndex=" . (@held + 1))->content =~ /"id":"([^"]+)"/g;
    is_deeply [ sort @held, @rest ], [ sort @made ], 'the next goes on where it ended';
    call(DELETE => "$base/$_") for @made;
};

subtest 'projection' => sub {
    my $user = user(nickName => 'N', title => 'T', name => { givenName => 'G', familyName => 'F' });
    my $path = "/scim/v2/Users/$user->{id}";
    my $keys = sub { return join ' ', sort keys %{ $_[0] } };
    my $only = 'attributes=nickName,name.givenName';
    my $but = 'excludedAttributes=nickName,meta';
    my @each = (
        [ 'GET', sub { call(GET => "$path?$_[0]") } ],
        [ 'PATCH', sub { patch("$path?$_[0]", [ { op => 'add', path => 'title', value => 'T' } ]) } ],
        [ 'PUT', sub { call(PUT => "$path?$_[0]", $user) } ],
        [ 'list', sub { call(GET => "/scim/v2/Users?filter=id+eq+%22$user->{id}%22&$_[0]") } ],
    );
    for my $case (@each) {
        my ($what, $ask) = @$case;
        my $one = sub { my $o = decode($ask->($_[0])); return $o->{Resources} ? $o->{Resources}[0] : $o };
        my $small = $one->($only);
        is $keys->($small), 'id name nickName schemas', "$what: only what was asked";
        is_deeply $small->{name}, { givenName => 'G' }, "$what: and of that";
        is $keys->($one->($but)), 'id name schemas title userName', "$what: all but";
    }
    my $made = decode(call(POST => '/scim/v2/Users?attributes=userName',
            { schemas => [$USER], userName => 'projected', title => 'T' }));
    is $keys->($made), 'id schemas userName', 'POST: only what was asked';
};

subtest 'links are shown on request, and to administrators' => sub {
    my $user = user();
    my $path = "/scim/v2/Users/$user->{id}";
    unlike call(GET => $path)->content, qr/\Q$LINKS/, 'not by default';
    for my $name (qw(root reader)) {
        my %as = (Authorization => 'Basic ' . encode_base64("$name:$name", ''));
        my $res = call(GET => "$path?attributes=$LINKS", undef, %as);
        is $res->code, 200, "$name may ask" or diag $res->content;
        unlike $res->content, qr/"links"/, "$name: there are none";
    }
};

subtest 'media types' => sub {
    my $user = user();
    my $path = "/scim/v2/Users/$user->{id}";
    my $text = qq({"schemas":["$USER"],"userName":"$user->{userName}"});
    for my $case (
        [ '*/*',                                  'application/scim+json' ],
        [ 'application/*',                        'application/scim+json' ],
        [ 'application/scim+json',                'application/scim+json' ],
        [ 'text/html, application/json;q=0.5',    'application/json' ],
        [ 'application/scim+json;q=0, */*',       'application/json' ],
        [ 'text/html',                            undef ],
        [ 'application/json;q=0',                 undef ],
        )
    {
        my ($accept, $type) = @$case;
        my $res = call(GET => $path, undef, Accept => $accept);
        is $res->header('Content-Type'), $type, "Accept: $accept" if $type;
        is_error($res, 406, undef, "Accept: $accept") if !$type;
    }
    is call(PUT => $path, $text, 'Content-Type' => $_)->code, 200, "Content-Type: $_"
        for 'application/json', 'Application/SCIM+JSON', 'application/json; charset=utf-8',
        'application/scim+json;charset="UTF-8"';
    is_error(call(PUT => $path, $text, 'Content-Type' => $_), 415, undef, "Content-Type: $_")
        for 'text/plain', 'application/xml', 'application/jsonx', 'application/json; charset=latin1';
    is_error(call(PUT => $path, $text, 'Content-Encoding' => 'gzip'), 415, undef, 'a coded body');
    my $login = encode_base64('root:root', '');
    my $raw = $server->raw("PUT $path HTTP/1.1\r\nHost: x\r\nAuthorization: Basic $login\r\n"
            . 'Content-Length: ' . length($text) . "\r\nConnection: close\r\n\r\n$text");
    like $raw, qr{^HTTP/1.1 200 }, 'no Content-Type';
};

# One request, by hand; the answer as a response.
sub by_hand
{
    my ($head, $body) = @_;
    my $login = encode_base64('root:root', '');
    my $raw = $server->raw("$head\r\nHost: x\r\nAuthorization: Basic $login\r\n"
            . "Connection: close\r\n$body");
    require HTTP::Response;
    return HTTP::Response->parse($raw =~ s{^HTTP/1.1 100 Continue\r\n\r\n}{}r);
}

subtest 'bodies' => sub {
    for my $case (
        [ '',                         'invalidSyntax', 'empty' ],
        [ '{',                        'invalidSyntax', 'cut off' ],
        [ '[]',                       'invalidSyntax', 'no object' ],
        [ '{"a":1,"a":2}',            'invalidSyntax', 'a name twice' ],
        [ "{\"userName\":\"\xff\"}",  'invalidSyntax', 'not UTF-8' ],
        [ '[' x 100 . ']' x 100,      'invalidSyntax', 'too deep' ],
        [ qq({"schemas":["$USER"]}),  'invalidValue',  'no userName' ],
        )
    {
        is_error(call(POST => '/scim/v2/Users', $case->[0]), 400, $case->[1], $case->[2]);
    }
    my $long = qq({"schemas":["$USER"],"userName":"long","title":") . 'x' x 17_000 . '"}';
    like is_error(call(POST => '/scim/v2/Users', $long), 413, undef, 'a long body'), qr/16384/,
        'the limit is named';
    my $chunk = sprintf "%x\r\n%s\r\n0\r\n\r\n", length $long, $long;
    my $chunked = "Transfer-Encoding: chunked\r\n\r\n";
    is_error(by_hand('POST /scim/v2/Users HTTP/1.1', $chunked . $chunk), 413, undef,
        'a long body in chunks');
    my $short = qq({"schemas":["$USER"],"userName":"chunked"});
    is by_hand('POST /scim/v2/Users HTTP/1.1', $chunked
            . join('', map { "1\r\n$_\r\n" } split //, $short) . "0\r\n\r\n")->code, 201,
        'a body in many chunks';
    is_error(by_hand('POST /scim/v2/Users HTTP/1.1', "${chunked}zz\r\n"), 400, undef,
        'a broken chunk');
    is_error(call(POST => '/limited/Users', { schemas => [$USER], userName => 'x' x 200 }), 413,
        undef, "httpd's own limit");
    my $user = user();
    is call(DELETE => "/scim/v2/Users/$user->{id}", '{}')->code, 204, 'a body that nobody reads';
    is call(GET => '/scim/v2/Users?count=0')->code, 200, 'and the next request is none of it';
};

subtest "other layers' errors" => sub {
    my $none = sub { my ($path, @more) = @_; call(GET => $path, undef, Authorization => undef, @more) };
    $server->{headers} = {};
    my $res = $none->('/scim/v2/Users');
    is_error($res, 401, undef, 'no credentials');
    like $res->header('WWW-Authenticate'), qr/^Basic realm="scim"/, "httpd's own challenge";
    $res = call(HEAD => '/scim/v2/Users');
    is_deeply [ $res->code, $res->header('Content-Type'), $res->content ],
        [ 401, 'application/scim+json', '' ], 'HEAD without credentials';
    is_error($none->('/open/Users'), 401, undef, 'an open door is no permission');
    is $none->('/open/ServiceProviderConfig')->code, 200, 'but says what the service is';
    is_error($none->('/barred/Users'), 403, undef, 'all denied');
    $server->login('nobody', 'nobody');
    is_error(call(GET => '/closed/Users'), 401, undef, 'the wrong user');
    is_error(call(GET => '/scim/v2/Users'), 403, undef, 'no permission to read');
    is call(GET => '/scim/v2/Schemas')->code, 200, 'schemas need none';
    $server->login('reader', 'reader');
    is call(GET => '/scim/v2/Users')->code, 200, 'who may read reads';
    is_error(call(POST => '/scim/v2/Users', { schemas => [$USER], userName => 'x' }), 403, undef,
        'and does not write');
    is call(GET => '/asking/Users')->code, 200, 'asked by Require, too';
    is_error(call(POST => '/asking/Users', {}), 403, undef, 'refused by Require');
    is call(GET => '/asking/Users')->header('WWW-Authenticate'), undef, 'without a challenge';
    is call(GET => '/either/Users')->code, 200, 'one of two Require lines is enough';
    is_error(call(POST => '/either/Users', {}), 403, undef, 'but no permission');
    is_error(call(GET => '/files/x'), 403, undef, 'a place that is no service');
    $server->login('nobody', 'nobody');
    is call(GET => '/asking/ResourceTypes')->code, 200, 'Require lets see what the service is';
    is_error(call(GET => '/either/Users'), 403, undef, 'neither of two Require lines');
    $server->login('root', 'root');
    is call(GET => '/gone')->header('Content-Type'), 'text/html; charset=iso-8859-1',
        'elsewhere httpd speaks for itself';
};

subtest 'health' => sub {
    my $res = call(GET => '/health');
    is $res->code, 200, 'well';
    is_deeply decode($res), { status => 'ok', targets => [],
        store => { map { $_ => JSON::true() } qw(open writable keyRight) } }, 'and says so';
    is_error(call(POST => '/health', {}), 405, undef, 'nothing to post');

    $server->stop;
    $server->secret('key', 'f' x 64 . "\n");
    $server->start;
    my $why = is_error(call(GET => '/scim/v2/Users'), 503, undef, 'the wrong key');
    my $store = $server->store_dir;
    unlike $why, qr/\Q$store/, 'no path is told';
    $res = call(GET => '/health');
    my $health = decode($res);
    is_deeply [ $res->code, $health->{status}, $health->{store}{open} ? 1 : 0 ], [ 503, 'down', 0 ],
        'down';
    is_deeply [ $health->{store}{keyRight}, $health->{store}{writable} ],
        [ JSON::false(), JSON::false() ], 'the key was tried';
    like $health->{store}{reason}, qr/key/, 'and why';
    like $server->log_text, qr/PROV0101: GET .*key/, 'the log has the reason';

    $server->stop;
    chmod 0, "$store/data.mdb" or die;
    $server->start;
    $health = decode(call(GET => '/health'));
    is_deeply [ $health->{store}{open}, $health->{store}{keyRight} ], [ JSON::false(), undef ],
        'a key that could not be tried is neither right nor wrong';
};
done_testing;
