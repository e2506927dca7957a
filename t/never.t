# What is returned never is in no answer, whatever is asked, and in no log: random requests about
# resources with secrets of every kind, each answer searched for each of them.
# Rows: AT-5 AT-11 PJ-1 AU-7
#   SEED=n begins with that seed, SEEDS=n asks n times as much.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Process qw(spew);
use JSON ();
use URI::Escape qw(uri_escape_utf8);

my $USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $SAFE = 'urn:example:scim:schemas:never:2.0:Safe';
my $LOCK = 'urn:example:scim:schemas:extension:lock:2.0:Safe';
my $BADGE = 'urn:example:scim:schemas:extension:badge:2.0:User';
my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $json = JSON->new->utf8->canonical;

sub attr { my ($name, $type, @more) = @_; return { name => $name, type => $type, @more } }
my @never = (returned => 'never');
my @secret = (returned => 'never', mutability => 'writeOnly');
my @schemas = (
    { id => $SAFE, name => 'Safe', attributes => [
        attr('label', 'string'), attr('secretText', 'string', @secret),
        attr('secretNever', 'string', @never), attr('secretLink', 'reference', @secret),
        attr('secretWords', 'string', multiValued => JSON::true(), @secret),
        attr('secretBox', 'complex', @secret, subAttributes => [ attr('inner', 'string', @secret) ]),
        attr('box', 'complex', subAttributes => [ attr('plain', 'string'), attr('secretSub', 'string', @secret) ]),
        attr('boxes', 'complex', multiValued => JSON::true(), subAttributes => [ attr('value', 'string'),
            attr('type', 'string'), attr('secretOfMany', 'string', @secret) ]) ] },
    { id => $LOCK, name => 'Lock', attributes => [ attr('secretCode', 'string', @secret), attr('open', 'boolean') ] },
    { id => $BADGE, name => 'Badge', attributes => [ attr('secretBadge', 'string', @secret), attr('colour', 'string') ] },
);

my $server = ProvisionTest->new;
my $scratch = $server->scratch;
my $users = $server->secret('users', 'root:' . crypt('root', '$5$salt$') . "\n");
spew("$scratch/schemas.json", $json->encode(\@schemas));
spew("$scratch/type.json", $json->encode({ name => 'Safe', endpoint => '/Safes', schema => $SAFE,
    schemaExtensions => [ { schema => $LOCK, required => JSON::false() } ] }));
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant never.example
ProvisionPasswordCost 1
ProvisionSchema \@scratch\@/schemas.json
ProvisionResourceType \@scratch\@/type.json
ProvisionPermit admin user root
LogLevel debug
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName scim
    AuthUserFile $users
    Require valid-user
</Location>
CONF
$server->login('root', 'root');

my (@secrets, %id, %asked, %codes);
my ($n, $leaks) = (0, 0);
srand($ENV{SEED} // 1);

sub any { return $_[ rand @_ ] }

# A secret is a word that nothing else holds; long enough for any rule.
sub secret
{
    push @secrets, sprintf 'hush%06dZq%s', ++$n, any('!', 'x', '-7');
    return $secrets[-1];
}

# Every answer goes through here.
sub ask
{
    my ($what, $method, $path, $body) = @_;
    my $res = $server->call($method, "/scim/v2$path", $body);
    my $text = $res->as_string =~ s/\\u([0-9a-f]{4})/chr hex $1/gier;
    my @found = grep { index($text, $_) >= 0 } @secrets;
    push @found, $text =~ /"((?:password|secret\w+|inner)"\s*:)/gi if ($res->content_type // '') =~ /json/;
    $asked{$what}++;
    $codes{ $res->code }++;
    if (@found && $leaks++ < 5) {
        fail "$what leaks @found";
        diag "$method $path " . (defined $body ? ref $body ? $json->encode($body) : $body : '');
        diag $res->content;
    }
    return $res;
}

sub values_of
{
    my ($kind) = @_;
    return (userName => 'u' . ++$n, password => secret(), $BADGE => { secretBadge => secret(), colour => 'red' })
        if $kind eq 'Users';
    return (label => 'l' . ++$n, secretText => secret(), secretNever => secret(), secretLink => secret(),
        secretWords => [ secret(), secret() ], secretBox => { inner => secret() },
        box => { plain => 'p', secretSub => secret() },
        boxes => [ { value => 'a', type => 'x', secretOfMany => secret() } ],
        $LOCK => { secretCode => secret(), open => JSON::true() });
}

sub schemas_of { return $_[0] eq 'Users' ? [ $USER, $BADGE ] : [ $SAFE, $LOCK ] }

my %names = (
    Users => [ 'userName', 'password', 'PASSWORD', "$USER:password", $BADGE, "$BADGE:secretBadge", 'secretBadge',
        "$BADGE:colour", 'id', 'meta', 'name.givenName', 'groups', '*', '' ],
    Safes => [ 'label', map({ $_, uc $_, "$SAFE:$_" } qw(secretText secretNever secretWords secretBox box boxes)),
        'secretBox.inner', 'box.secretSub', 'boxes.secretOfMany', 'boxes.value', $LOCK, "$LOCK:secretCode",
        "$LOCK:open", 'secretCode', 'id', $SAFE ],
);

sub selection
{
    my ($kind) = @_;
    my $list = join ',', map { any(@{ $names{$kind} }) } 1 .. 1 + rand 4;
    return '' if rand() < 0.2;
    return any('attributes=', 'excludedAttributes=') . uri_escape_utf8($list);
}

sub operation
{
    my ($kind) = @_;
    return any({ op => 'replace', path => 'password', value => secret() }, { op => 'add', value => { password => secret() } },
        { op => 'add', path => $BADGE, value => { secretBadge => secret() } }, { op => 'remove', path => 'password' },
        { op => 'replace', path => 'password', value => { hidden => secret() } },
        { op => 'add', path => "password.$n", value => secret() }) if $kind eq 'Users';
    return any({ op => 'replace', path => 'secretText', value => secret() }, { op => 'add', path => 'secretWords', value => secret() },
        { op => 'replace', value => { secretBox => { inner => secret() }, box => { secretSub => secret() } } },
        { op => 'add', path => 'boxes[value eq "a"].secretOfMany', value => secret() },
        { op => 'add', path => 'boxes', value => [ { value => 'b' . ++$n, secretOfMany => secret() } ] },
        { op => 'replace', path => "$LOCK:secretCode", value => secret() }, { op => 'replace', path => 'secretText', value => [ secret() ] },
        { op => 'replace', path => 'boxes[secretOfMany eq "' . secret() . '"]', value => { value => 'x' } },
        { op => 'replace', path => 'secretBox', value => secret() }, { op => 'remove', path => 'secretWords', value => [ any(@secrets) ] });
}

sub filter_of
{
    my ($kind) = @_;
    my @of = $kind eq 'Users' ? ('password', "$BADGE:secretBadge") : qw(secretText secretNever secretWords secretBox.inner
        box.secretSub boxes.secretOfMany secretLink);
    my $known = any(@secrets);
    return any('', 'meta.created pr', any(@of) . ' pr', any(@of) . " sw \"" . substr($known, 0, 5) . '"',
        any(@of) . ' gt "h"', 'not (' . any(@of) . ' eq "x")', 'boxes[secretOfMany pr]', any(@of) . ' eq 7');
}

sub round
{
    my $kind = any('Users', 'Users', 'Safes', 'Safes', 'Safes');
    my $made = ask(POST => POST => "/$kind?" . selection($kind), { schemas => schemas_of($kind), values_of($kind) });
    my $id = decode($made)->{id} // return;
    push @{ $id{$kind} }, $id;
    my $of = "/$kind/" . any(@{ $id{$kind} });
    ask(GET => GET => "$of?" . selection($kind));
    my $filter = filter_of($kind);
    my $query = join '&', selection($kind), $filter ? 'filter=' . uri_escape_utf8($filter) : (),
        any('', 'sortBy=password', 'sortBy=secretText', 'sortBy=boxes.secretOfMany'), any('count=3', 'count=3&cursor=');
    ask(list => GET => any("/$kind", "/$kind", '/') . "?$query");
    ask(search => POST => any("/$kind/.search", '/.search'), { schemas => ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        attributes => [ map { any(@{ $names{$kind} }) } 1 .. 2 ], count => 5, $filter ? (filter => $filter) : () });
    ask(PATCH => PATCH => "$of?" . selection($kind), { schemas => [$PATCH], Operations => [ map { operation($kind) } 1 .. 1 + rand 2 ] });
    ask(PUT => PUT => "$of?" . selection($kind), { schemas => schemas_of($kind), values_of($kind) });
    # An error that has the secret before it, in it, and behind it.
    my %bad = values_of($kind);
    $bad{ any(grep { /^(?:password|secret)/ } sort keys %bad) } = any({ x => secret() }, [ [ secret() ] ], 7, secret());
    ask('bad body' => POST => "/$kind", { schemas => schemas_of($kind), %bad });
    ask('broken body' => POST => "/$kind", substr $json->encode({ schemas => schemas_of($kind), values_of($kind) }), 0, 60 + rand 200);
    ask(Bulk => POST => '/Bulk', { schemas => ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations => [
        { method => 'POST', path => "/$kind", bulkId => 'q', data => { schemas => schemas_of($kind), values_of($kind) } },
        { method => 'PATCH', path => $of, data => { schemas => [$PATCH], Operations => [ operation($kind) ] } },
        { method => 'POST', path => "/$kind", bulkId => 'r', data => { schemas => schemas_of($kind), %bad } } ] });
}

my $rounds = (quick() ? 8 : 100) * seeds();
round() for 1 .. $rounds;
my $count = 0;
$count += $_ for values %asked;
is $leaks, 0, "none of " . @secrets . " secrets is in $count answers";
is scalar(grep { $_ } @asked{qw(POST GET list search PATCH PUT Bulk), 'bad body', 'broken body'}), 9, 'of every kind';
ok $codes{200} && $codes{201} && $codes{400} && $codes{403}, 'good and bad ones: ' . join ', ', map { "$codes{$_} of $_" } sort keys %codes;

my $log = $server->log_text;
is scalar(grep { index($log, $_) >= 0 } @secrets), 0, 'and none is in the log';

# The order of a list says nothing about what nobody may see.
my @labels;
for my $text (qw(c a b)) {
    push @labels, "order-$text";
    ask(POST => POST => '/Safes', { schemas => [$SAFE], label => $labels[-1], secretText => "order$text" });
}
for my $direction (qw(ascending descending)) {
    my $res = ask(list => GET => "/Safes?filter=label%20sw%20%22order-%22&sortBy=secretText&sortOrder=$direction");
    my $order = join ' ', map { $_->{label} } @{ (decode($res) // {})->{Resources} // [] };
    ok $res->code == 400 || $order eq "@labels", "$direction by a secret is no order" or diag $res->content;
}
done_testing;
