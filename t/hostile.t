# What nobody means well: each request gets a clear answer in SCIM form or is served, changes nothing
# that it should not, and takes little memory. Two hosts: `own` has the default limits, `wide` the
# widest, so that what stands behind the limits is met as well.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Process qw(slurp spew);

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
my $BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
my $ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
my $MIB = 1024 * 1024;

# A request may take this much of memory above what it is long itself, a few times over.
my $room = 96 * $MIB;
my $times = 24;

alarm(quick() ? 60 : 220); # against a request that never ends

my $server = ProvisionTest->new(children => 1, threads => 8, modules => ['reqtimeout']);
my $users = $server->secret('users', 'root:' . crypt('root', '$5$salt$') . "\n");
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant hostile.example
ProvisionPermit scim:read scim:write user root
RequestReadTimeout header=2 body=1,MinRate=1000000
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName scim
    AuthUserFile $users
    Require valid-user
</Location>
<VirtualHost *:\@port\@>
ServerName own
</VirtualHost>
<VirtualHost *:\@port\@>
ServerName wide
ProvisionMaxBody 64M
ProvisionMaxFilter 1M
ProvisionMaxFilterDepth 256
ProvisionMaxFilterTerms 10000
ProvisionMaxOperations 100000
ProvisionBulkOperations 100000
ProvisionBulkPayload 64M
</VirtualHost>
CONF
$server->login('root', 'root');
my ($child) = $server->children;

# The most that the child ever held, in bytes; from now on if asked so.
sub most
{
    my ($anew) = @_;
    spew("/proc/$child/clear_refs", '5') if $anew;
    my ($kib) = slurp("/proc/$child/status") =~ /^VmHWM:\s+(\d+)/m;
    return $kib * 1024;
}

my $measured = eval { most(1) };
diag "what requests take is not measured: $@" if !$measured;

sub is_scim_error
{
    my ($res, $status, $type, $what) = @_;
    is $res->code, $status, "$what: $status" or diag substr $res->content, 0, 400;
    is $res->header('Content-Type'), 'application/scim+json', "$what: the media type";
    my $said = decode($res) // {};
    is_deeply [ @{$said}{qw(schemas status scimType)} ], [ [$ERROR], "$status", $type ], "$what: in SCIM form"
        or diag $res->content;
    ok length($said->{detail} // '') && length $said->{detail} < 1000, "$what: a short sentence";
    return;
}

# Sends it and looks at what it took. Status 2xx: it is served.
sub try
{
    my ($what, $host, $method, $path, $body, $status, $type) = @_;
    my $before = $measured && most(1);
    my $res = $server->call($method => "/scim/v2$path", $body, Host => $host);
    my $took = $measured ? most() - $before : 0;
    $status >= 400 ? is_scim_error($res, $status, $type, $what)
        : is $res->code, $status, "$what: served" or diag substr $res->content, 0, 400;
    my $long = length($body // '');
    ok $took < $room + $times * $long, sprintf '%s: takes %.0f MiB for %.1f', $what, $took / $MIB,
        $long / $MIB;
    return $res;
}

# What takes long to send or to serve.
sub rarely { return quick() ? undef : try(@_) }

sub user { my ($name, $more) = @_; return qq({"schemas":["$USER"],"userName":"$name"$more}) }
sub patch { return qq({"schemas":["$PATCH"],"Operations":[) . join(',', @_) . ']}' }
sub bulk { return qq({"schemas":["$BULK"],"Operations":[) . join(',', @_) . ']}' }
sub search { my ($filter) = @_; return JSON::encode_json({ schemas => [$SEARCH], filter => $filter }) }

sub made
{
    my ($path, $body) = @_;
    my $res = $server->call(POST => "/scim/v2$path", $body, Host => 'wide');
    is $res->code, 201, 'made' or diag substr $res->content, 0, 400;
    return "$path/" . decode($res)->{id};
}

sub total { return decode($server->call(GET => '/scim/v2/Users?count=0'))->{totalResults} }

subtest 'filters' => sub {
    my $mib = $MIB - 200;
    my @filters = (
        [ 'brackets without end', '(' x $mib ],
        [ 'not without end', 'not (' x ($mib / 5) ],
        [ 'a long string', 'userName eq "' . 'x' x $mib . '"' ],
        [ 'a long name', 'x' x $mib . ' pr' ],
        [ 'a long number', 'userName eq ' . '9' x $mib ],
        [ 'many terms', join ' or ', ('userName eq "x"') x ($mib / 19) ],
        [ 'brackets 10000 deep', '(' x 10_000 . 'userName pr' . ')' x 10_000 ],
        [ 'value paths within each other', 'emails[' x 10_000 . 'value pr' . ']' x 10_000 ],
        [ 'blanks', ' ' x $mib ],
        [ 'backslashes', 'userName eq "' . '\\' x ($mib / 2) ],
    );
    for my $f (@filters) {
        try("$f->[0], by default", 'own', POST => '/Users/.search', search($f->[1]), 400, 'invalidFilter')
            if length search($f->[1]) < $MIB && !(quick() && $f->[0] =~ /^(?:blanks|backslashes|not)/);
        my $long = $f->[0] =~ /^a long string/;
        rarely("$f->[0], at most", 'wide', POST => '/Users/.search', search($f->[1]), $long ? 200 : 400,
            $long ? undef : 'invalidFilter');
    }
    rarely('10000 terms', 'wide', POST => '/Users/.search', search(join ' or ', ('userName co "x"') x 10_000),
        200);
    rarely('10001 terms', 'wide', POST => '/Users/.search', search(join ' or ', ('userName co "x"') x 10_001),
        400, 'invalidFilter');
    try('a filter of another encoding', 'own', GET => '/Users?filter=userName%20eq%20%22%ff%22', undef,
        400, 'invalidValue');
    try('NUL in a filter', 'own', GET => '/Users?filter=userName%20eq%20%22%00%22', undef, 400,
        'invalidValue');
    try('half a character in a filter', 'own', POST => '/Users/.search',
        qq({"schemas":["$SEARCH"],"filter":"userName eq \\"\\\\ud800\\""}), 400, 'invalidFilter');
    for my $parameter (qw(startIndex count)) {
        try("$parameter of 400 digits", 'own', GET => "/Users?$parameter=" . '9' x 400, undef, 200);
        try("$parameter of other digits", 'own', GET => "/Users?$parameter=1e400", undef, 400,
            'invalidValue');
    }
    rarely('attributes without end', 'own', POST => '/Users/.search', JSON::encode_json({
        schemas => [$SEARCH], attributes => [ ('x' x 8) x 90_000 ] }), 200);
    rarely('a cursor of 1 MiB', 'own', POST => '/Users/.search', JSON::encode_json({ schemas => [$SEARCH],
        cursor => 'x' x $mib }), 400, 'invalidCursor');
};

subtest 'JSON' => sub {
    my $before = total();
    my @bodies = (
        [ 'arrays 10000 deep', user('a', ',"x":' . '[' x 10_000 . ']' x 10_000) ],
        [ 'objects 10000 deep', user('a', ',"x":' . '{"y":' x 10_000 . '1' . '}' x 10_000) ],
        [ 'arrays without end', '[' x ($MIB - 1) ],
        [ 'a key twice', user('a', ',"userName":"b"') ],
        [ 'a key twice below', user('a', ',"name":{"givenName":"x","givenName":"y"}') ],
        [ 'a key twice, once escaped', user('a', ',"user\\u004eame":"b"') ],
        [ 'a byte that is no UTF-8', user("\xff", '') ],
        [ 'an overlong character', user("\xc0\xaf", '') ],
        [ 'a surrogate in UTF-8', user("\xed\xa0\x80", '') ],
        [ 'a character beyond Unicode', user("\xf4\x90\x80\x80", '') ],
        [ 'a byte order mark', "\xef\xbb\xbf" . user('a', '') ],
        [ 'UTF-16', "\xff\xfe" . join('', map { "$_\0" } split //, user('a', '')) ],
        [ 'NUL', user("a\0b", '') ],
        [ 'NUL, escaped', user('a\u0000b', '') ],
        [ 'NUL behind it', user('a', '') . "\0" ],
        [ 'half of a pair', user('a\ud800', '') ],
        [ 'the other half', user('a\udc00', '') ],
        [ 'two halves in the wrong order', user('\udc00\ud800', '') ],
        [ '1e400', user('a', ',"x":1e400') ],
        [ '-1e400', user('a', ',"x":-1e400') ],
        [ '1e and 100000 digits', user('a', ',"x":1e' . '9' x 100_000) ],
        [ '400 digits', user('a', ',"x":' . '9' x 400) ],
        [ 'a million digits', user('a', ',"x":' . '9' x 1_000_000) ],
        [ 'NaN', user('a', ',"x":NaN') ],
        [ 'a number of zeros', user('a', ',"x":' . '0' x 100_000) ],
        [ 'two values', user('a', '') . user('b', '') ],
        [ 'a comment', user('a', ' /* x */') ],
        [ 'a string without an end', '"' . 'x' x ($MIB - 1) ],
    );
    try($_->[0], 'own', POST => '/Users', $_->[1], 400, 'invalidSyntax') for @bodies;
    try('a whole number that is too large for its attribute', 'own', POST => '/Users',
        user('a', ',"active":' . '9' x 100), 400, 'invalidValue');
    is total(), $before, 'nothing was made';
    return if quick();
    for my $served (
        [ 'a tiny number', ',"x":1e-400' ],
        [ '100 digits', ',"x":' . '9' x 100 ],
        [ '65000 unknown attributes', join '', map { qq(,"x$_":[]) } 1 .. 65_000 ],
        [ 'a long unknown name', ',"' . 'x' x 1_000_000 . '":1' ],
        [ '500000 empty arrays', ',"x":[' . join(',', ('0') x 500_000) . ']' ],
        [ 'a noncharacter', ',"title":"\uffff\ufdd0"' ],
        )
    {
        my $name = $served->[0] =~ tr/ /-/r;
        try($served->[0], 'own', POST => '/Users', user($name, $served->[1]), 201);
    }
};

subtest 'values' => sub {
    my $mails = sub { join ',', map { qq({"value":"$_\@x"}) } 1 .. $_[0] };
    rarely('50000 values', 'own', POST => '/Users', user('v', ',"emails":[' . $mails->(50_000) . ']'), 400,
        'invalidValue');
    rarely('100000 values', 'wide', POST => '/Users', user('v', ',"emails":[' . $mails->(100_000) . ']'),
        400, 'invalidValue');
    my $members = join ',', ('{"value":"nobody"}') x 50_000;
    rarely('50000 members that are not there', 'own', POST => '/Groups',
        qq({"schemas":["$GROUP"],"displayName":"g","members":[$members]}), 400, 'invalidValue');
    try('a value of 900 KB', 'own', POST => '/Users', user('t', ',"title":"' . 'x' x 900_000 . '"'), 201);
    rarely('a userName of 900 KB', 'own', POST => '/Users', user('x' x 900_000, ''), 201);
    rarely('another that ends otherwise', 'own', POST => '/Users', user('x' x 900_000 . 'y', ''), 201);
    rarely('the same again', 'own', POST => '/Users', user('X' x 900_000, ''), 409, 'uniqueness');
    rarely('a resource that is too large', 'wide', POST => '/Users', user('t2', ',"title":"' . 'x' x (2 * $MIB) . '"'),
        413);
    try('a body that is too long', 'own', POST => '/Users', user('t3', ',"title":"' . 'x' x (2 * $MIB) . '"'),
        413);
};

subtest 'PATCH' => sub {
    my $many = quick() ? 500 : 4000;
    my $type = "\xc3\x84" x 40; # folding makes a copy of it
    my $user = made('/Users', user('patched', ',"emails":[' . join(',', map {
        qq({"value":"$_\@x","type":"$type$_"}) } 1 .. $many) . ']'));
    my $remove = '{"op":"remove","path":"title"}';
    rarely('100001 operations', 'wide', PATCH => $user, patch(($remove) x 100_001), 413);
    rarely('100000 operations', 'wide', PATCH => $user, patch(($remove) x 100_000), 200);
    try('1001 operations', 'own', PATCH => $user, patch(($remove) x 1001), 413);
    my $of = sub { qq({"op":"replace","path":"emails[$_[0]].display","value":"x"}) };
    rarely('a selection among many values, very often', 'own', PATCH => $user,
        patch(map { $of->(qq(value eq \\"$_\@x\\" and type co \\"\xc3\xa4\\")) } 1 .. 1000),
        $many * 1000 * 2 > 8 * $MIB ? 413 : 200);
    try('a selection of all', 'own', PATCH => $user, patch(map { $of->('value pr') } 1 .. 20), 200);
    rarely('a selection of all, very often', 'own', PATCH => $user,
        patch(map { $of->('value pr') } 1 .. 1000), 413);
    try('a long value for all', 'own', PATCH => $user,
        patch('{"op":"replace","path":"emails.display","value":"' . 'x' x 900_000 . '"}'), 413);
    try('a long value for all, very often', 'own', PATCH => $user,
        patch(('{"op":"replace","path":"emails.display","value":"' . 'x' x 900 . '"}') x 900), 413);
    rarely('the same value very often', 'own', PATCH => $user,
        patch((qq({"op":"add","path":"emails","value":{"value":"1\@x","type":"${type}1"}})) x 900), 200);
    try('a path of 1 MiB', 'own', PATCH => $user,
        patch('{"op":"remove","path":"' . 'x' x 1_000_000 . '"}'), 400, 'invalidPath');
    for my $deep ('(' x 10_000 . 'value pr' . ')' x 10_000, '(' x 500_000, 'not (' x 100_000,
        'value pr' . ' or value pr' x 40_000)
    {
        try('a deep filter in a path: ' . substr($deep, 0, 9), 'own', PATCH => $user,
            patch(qq({"op":"remove","path":"emails[$deep]"})), 400, 'invalidFilter');
    }
    is scalar @{ decode($server->call(GET => "/scim/v2$user"))->{emails} }, $many, 'all that is there';
    is $server->call(DELETE => "/scim/v2$user")->code, 204, 'and it can be deleted';
};

subtest 'members' => sub {
    return ok 1, 'takes too long' if quick();
    my $many = 5000;
    my $path = $server->secret('members.jsonl', join '', map { user("m$_", '') . "\n" } 1 .. $many);
    my ($status, $said) = $server->ctl('import', $path);
    is $status, 0, 'users' or diag $said;
    my @ids;
    for (my $at = 1; @ids < $many; $at += 200) {
        my $page = decode($server->call(GET =>
                "/scim/v2/Users?filter=userName+sw+%22m%22&attributes=id&count=200&startIndex=$at"));
        push @ids, map { qq({"value":"$_->{id}"}) } @{ $page->{Resources} };
    }
    my $group = made('/Groups', qq({"schemas":["$GROUP"],"displayName":"many","members":[)
            . join(',', @ids[ 0 .. 1899 ]) . ']}');
    try('a selection among many members, very often', 'own', PATCH => $group,
        patch(map { qq({"op":"remove","path":"members[display eq \\"$_\\" or type eq \\"x\\"]"}) } 1 .. 1000),
        413);
    rarely('the same members over and over', 'wide', PATCH => $group,
        patch((qq({"op":"add","path":"members","value":[) . join(',', @ids[ 0 .. 999 ]) . ']}') x 100),
        200);
};

subtest 'bulk' => sub {
    my $user = made('/Users', user('bulked', ',"emails":[' . join(',', map { qq({"value":"$_\@x"}) }
            1 .. 2000) . ']'));
    my $delete = '{"method":"DELETE","path":"/Users/x"}';
    rarely('100001 operations', 'wide', POST => '/Bulk', bulk(($delete) x 100_001), 413);
    my $each = quick() ? 1000 : 100_000;
    my $res = try("$each operations", 'wide', POST => '/Bulk', bulk(($delete) x $each), 200);
    is scalar(grep { $_->{status} eq '404' } @{ decode($res)->{Operations} }), $each, 'each is answered';
    rarely('1001 operations', 'own', POST => '/Bulk', bulk(($delete) x 1001), 413);
    my $inner = patch(map { qq({"op":"replace","path":"emails[value eq \\"$_\@x\\"].display","value":"x"}) }
            1 .. 10);
    $each = quick() ? 20 : 1000;
    $res = try("$each operations of ten selections each", 'own', POST => '/Bulk',
        bulk((qq({"method":"PATCH","path":"$user","data":$inner})) x $each), 200);
    is scalar(grep { $_->{status} eq '200' } @{ decode($res)->{Operations} }), $each, 'each is carried out';
    my $refs = join ',', map { '"bulkId:a"' } 1 .. (quick() ? 1000 : 50_000);
    $res = try('many references', 'own', POST => '/Bulk', bulk(
        '{"method":"POST","path":"/Users","bulkId":"a","data":' . user('refs', '') . '}',
        '{"method":"POST","path":"/Users","bulkId":"b","data":' . user('refs2', qq(,"x":[$refs])) . '}'),
        200);
    is join(' ', map { $_->{status} } @{ decode($res)->{Operations} }), '201 201', 'both are made';
    my $circle = join ',', map { my $next = $_ % 900 + 1;
        qq({"method":"POST","path":"/Groups","bulkId":"g$_","data":{"schemas":["$GROUP"],"displayName":"c$_",)
            . qq("members":[{"value":"bulkId:g$next"}]}}) } 1 .. (quick() ? 90 : 900);
    try('a long circle', 'own', POST => '/Bulk', bulk($circle), 200);
};

sub raw
{
    my ($head, $body) = @_;
    my $login = $server->{headers}{Authorization};
    my $said = $server->raw("$head\r\nAuthorization: $login\r\n$body", 30) // '';
    require HTTP::Response;
    return HTTP::Response->parse($said =~ s{^HTTP/1.1 100 Continue\r\n\r\n}{}r);
}

subtest 'HTTP' => sub {
    my $post = "POST /scim/v2/Users HTTP/1.1\r\nHost: own";
    for my $case (
        [ 'a length that is no number', "Content-Length: x\r\n\r\n{}" ],
        [ 'a negative length', "Content-Length: -5\r\n\r\n{}" ],
        [ 'a length beyond all numbers', "Content-Length: 99999999999999999999999\r\n\r\n{}" ],
        [ 'two lengths', "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} " ],
        [ 'a chunk whose length is no number', "Transfer-Encoding: chunked\r\n\r\nxyz\r\n" ],
        [ 'a chunk beyond all numbers', "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 413 ],
        [ 'a header that is too long', 'X: ' . 'x' x 9000 . "\r\n\r\n" ],
        [ 'too many headers', join('', map { "X$_: x\r\n" } 1 .. 200) . "\r\n" ],
        [ 'a header that is none', "nonsense\r\n\r\n" ],
        )
    {
        is_scim_error(raw($post, $case->[1]), $case->[2] // 400, undef, $case->[0]);
    }
    is_scim_error(raw($post, "Content-Length: 2000000000000\r\n\r\n"), 413, undef, 'a huge length');
    is_scim_error(raw($post, "Transfer-Encoding: gzip\r\n\r\n"), 400, undef, 'another encoding');
    my $chunk = sprintf "%x\r\n%s\r\n", 65_536, 'x' x 65_536;
    my $before = $measured && most(1);
    is_scim_error(raw($post, "Transfer-Encoding: chunked\r\n\r\n" . $chunk x (quick() ? 40 : 400)), 413, undef,
        'chunks without end');
    ok !$measured || most() - $before < $room, 'and most of them are not kept';
    is raw($post, "Connection: close\r\nContent-Length: 2\r\n\r\n" . user('a', ''))->code, 400,
        'a body that is longer than was said';
    is_scim_error(raw("GET /scim/v2/Users?filter=" . 'x' x 9000 . " HTTP/1.1\r\nHost: own", "\r\n"), 414,
        undef, 'a long request line');
    is_scim_error(raw($_, "Host: own\r\n\r\n"), 400, undef, "a request line: $_")
        for 'POST /scim/v2/Users HTTP/x', 'POST  /scim/v2/Users HTTP/1.1', "P\xffST /scim/v2/Users HTTP/1.1",
        'POST /scim/v2/Users HTTP/1.1 x';
};

# RequestReadTimeout of mod_reqtimeout, in one second here.
subtest 'slow clients' => sub {
    my $post = "POST /scim/v2/Users HTTP/1.1\r\nHost: own";
    is_scim_error(raw($post, "Content-Length: 100\r\n\r\n{"), 408, undef, 'a body that does not come');
    return if quick();
    is_scim_error(raw($post, "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"), 408, undef,
        'a chunk that does not come');
};

is_deeply [ $server->children ], [$child], 'the same process has served it all';
my ($status, $said) = $server->ctl('check');
is $status, 0, 'the store is whole' or diag $said;
done_testing;
