# provisionctl: every command, what it prints for people and as JSON, and how it says no.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Pair;
use ProvisionTest::Process qw(slurp spawn spew);

my ($front, $target) = pair();
my $store = $front->store_dir;
my $out = $front->scratch . '/logs/said';

# Without the options that ProvisionTest adds: (status, words).
sub ctl
{
    my ($env, @args) = @_;
    my $pid = spawn($env, [ build_dir() . '/provisionctl', @args ], $out);
    waitpid $pid, 0;
    return ($? >> 8, slurp($out));
}

sub said_is
{
    my ($status, $like, $got, $said, $name) = @_;
    $like //= qr//;
    ok $got == $status && $said =~ $like, $name or diag "exit $got: $said";
}

# Rows of --json.
sub rows
{
    my ($server, @args) = @_;
    my ($status, $said) = $server->ctl('--json', @args);
    die "@args: $status $said" if $status;
    return map { decode($_) // die "no JSON: $_" } split /\n/, $said;
}

# --- being called ---------------------------------------------------------------------------------
my @commands = ('admin create', 'token create', 'token list', 'token revoke', 'links',
    'links retry', 'links summary', 'target resume', 'stats', 'check', 'import', 'export', 'backup');
for my $way ([ '--help' ], [ '-h' ], [ qw(links --help) ]) {
    my ($status, $said) = ctl({}, @$way);
    is $status, 0, "@$way is done";
    like $said, qr/^\s*\Q$_\E\b/m, "@$way: $_" for @commands;
}

for my $case (
    [ 2, qr/no command.*--help/s ],
    [ 2, qr/no such command: dance/, 'dance' ],
    [ 2, qr/no such command: token/, qw(token dance) ],
    [ 2, qr/--store/, 'stats' ],
    [ 2, qr/no such option.*--colour/, '--store', $store, qw(stats --colour red) ],
    [ 2, qr/value is missing.*--target/, '--store', $store, qw(links --target) ],
    [ 2, qr/: check takes no --dry-run\n.*--help/s, '--store', $store, qw(check --repair --dry-run) ],
    [ 2, qr/: links retry takes no --dry-run$/m, '--store', $store, qw(--dry-run links retry --state failed) ],
    [ 2, qr/: import takes no --domain$/m, '--store', $store, qw(import x.jsonl --domain CORP) ],
    [ 2, qr/called as admin create NAME/, '--store', $store, qw(admin create) ],
    [ 2, qr/called as token revoke NAME/, '--store', $store, qw(token revoke a b) ],
    [ 2, qr/called as target resume IDP/, '--store', $store, qw(target resume) ],
    [ 2, qr/called as stats/, '--store', $store, qw(stats now) ],
    [ 2, qr/called as import FILE/, '--store', $store, qw(import --dry-run) ],
    [ 2, qr/called as backup DIR/, '--store', $store, 'backup' ],
    [ 1, qr/\Q$store\E-not.*No such file/, '--store', "$store-not", 'stats' ],
    [ 1, qr/effective\.json.*server writes it/, '--store', $front->scratch . '/htdocs', 'stats' ],
    ) {
    my ($status, $like, @args) = @$case;
    said_is($status, $like, ctl({}, @args), 'called as: ' . join ' ', map { s{.*/}{}r } @args);
}
said_is(0, qr/^what +count\n/, ctl({ PROVISION_STORE => $store }, 'stats'),
    'the store is named by the environment too');

# Every option is refused by every command that does not list it, before the store is looked at.
my ($command_help, $option_help) = (ctl({}, '--help'))[1] =~ /^Commands:\n(.*?)^Options:\n(.*?)^Exit/ms;
my @options = grep { !/^--(?:store|json|help)$/ } $option_help =~ /^  (--[\w-]+)/mg;
my (%taken, $turn);
for my $line ($command_help =~ /^  (\S.*)$/mg) {
    my ($command, $arguments) = $line =~ /^([a-z]+(?: [a-z]+)?)(?: (.*)|)$/;
    my %listed = map { $_ => 1 } $arguments =~ /(--[\w-]+)/g;
    my @some = grep { !quick() || $turn++ % 5 == 0 } @options;
    my @wrong = grep { is_refused($command, $_) == !!$listed{$_} } @some;
    is "@wrong", '', "$command takes the options that it lists, and no other";
    @taken{ keys %listed } = ();
}
cmp_ok scalar(@options), '>=', 20, 'options are listed';
is_deeply [ grep { !exists $taken{$_} } @options ], [], 'each of some command';

sub is_refused
{
    my ($command, $option) = @_;
    my @value = $option_help =~ /^  $option \S/m ? 'x' : ();
    my ($status, $said) = ctl({}, '--store', "$store-not", split(/ /, $command), $option, @value);
    return $status == 2 && $said =~ /^provisionctl: $command takes no $option$/m ? 1 : 0;
}

my $broken = $front->scratch . '/broken';
mkdir $broken or die;
spew("$broken/effective.json", '{"settings":');
said_is(1, qr/effective\.json/, ctl({}, '--store', $broken, 'stats'), 'a broken effective.json');

# --- administrators -------------------------------------------------------------------------------
sub basic
{
    my ($name, $password) = @_;
    require MIME::Base64;
    return (Authorization => 'Basic ' . MIME::Base64::encode("$name:$password", ''));
}

said_is(0, qr/root-of-it may do everything/,
    $front->ctl(qw(admin create root-of-it), { stdin => "s3cret\n" }), 'admin create');
is $front->call(GET => path('Users'), undef, basic('root-of-it', 's3cret'))->code, 200,
    'who may read';
is $front->call(GET => '/health', undef, basic('root-of-it', 's3cret'))->code, 200,
    'and administer';
is $front->call(GET => path('Users'), undef, basic('root-of-it', 's3cre'))->code, 401,
    'with the right password';
my ($admin) = found($front, Users => 'userName eq "root-of-it"');
is state_of($front, $admin->{id}), 'none', 'an administrator has no links';
said_is(1, qr/no password/, $front->ctl(qw(admin create another), { stdin => '' }),
    'no password');
said_is(1, qr/at most 1024 bytes/,
    $front->ctl(qw(admin create another), { stdin => 'x' x 1025 . "\n" }), 'too much of it');
is scalar(found($front, Users => 'userName eq "another"')), 0, 'then nobody is made';
said_is(1, qr/root-of-it/, $front->ctl(qw(admin create root-of-it), { stdin => "other\n" }),
    'a name that is taken');
is $front->call(GET => '/health', undef, basic('root-of-it', 's3cret'))->code, 200,
    'which changed nothing';

# One that ends before the membership is made is completed by the same command.
my $faults = $front->scratch . '/faults';
mkdir $faults or die;
chmod 0777, $faults; # provisionctl is the store's owner by then
spew("$faults/admin", '');
spew("$faults/password", "h4lf\n");
my $half = spawn({ PROVISION_FAULTS => $faults }, [ build_dir() . '/provisionctl', '--store', $store,
    qw(admin create half) ], $out, "$faults/password");
waitpid $half, 0;
is $? & 127, 9, 'killed before the membership';
is $front->call(GET => '/health', undef, basic('half', 'h4lf'))->code, 403, 'nobody is an administrator by half';
said_is(1, qr/half/, $front->ctl(qw(admin create half), { stdin => "other\n" }), 'another password does not complete it');
said_is(0, qr/half may do everything/, $front->ctl(qw(admin create half), { stdin => "h4lf\n" }), 'the same does');
is $front->call(GET => '/health', undef, basic('half', 'h4lf'))->code, 200, 'then he administers';
said_is(0, qr/half may do everything/, $front->ctl(qw(admin create half), { stdin => "h4lf\n" }), 'and again');
is_deeply [ rows($front, qw(admin create second), { stdin => "s3cret\n" }) ], [],
    'as JSON there is nothing to say';

# --- tokens ---------------------------------------------------------------------------------------
my ($reader) = rows($front, qw(token create reader --permit scim:read --expires 2h));
like $reader->{token}, qr/^pvt_[\w-]{43}$/, 'a token of 256 bits';
like $reader->{expires}, qr/^\d{4}-\d\d-\d\dT.*Z$/, 'that ends';
my @bearer = (Authorization => "Bearer $reader->{token}");
is $front->call(GET => path('Users'), undef, @bearer)->code, 200, 'it reads';
is $front->call(POST => path('Users'), user('x'), @bearer)->code, 403, 'and writes not';
unlike slurp("$store/$_"), qr/\Q$reader->{token}\E/, "$_ does not hold it" for store_files();

sub store_files
{
    opendir my $dir, $store or die;
    my @all = grep { -f "$store/$_" } readdir $dir;
    die 'no files' if !@all;
    return @all;
}

my ($row) = grep { $_->{name} eq 'reader' } rows($front, qw(token list));
is_deeply [ @$row{qw(application permissions)} ], [ 'resident', 'scim:read' ], 'token list';
ok !exists $row->{token}, 'which does not tell it again';
my ($status, $said) = $front->ctl(qw(token list));
like $said, qr/^name +application +permissions +created +expires\n(?:tester .*\n)?reader /, 'as a table';

for my $case (
    [ qr/--permit says/, 't1' ],
    [ qr/scim:dance is no permission/, 't1', '--permit', 'scim:read,scim:dance' ],
    [ qr/no <ProvisionApplication nowhere>/, qw(t1 --permit admin --application nowhere) ],
    [ qr/--expires takes/, qw(t1 --permit admin --expires soon) ],
    [ qr/--expires takes/, qw(t1 --permit admin --expires 0s) ],
    [ qr/there is a token named reader/, qw(reader --permit admin) ],
    ) {
    my ($like, @args) = @$case;
    said_is(1, $like, $front->ctl(qw(token create), @args), "token create @args");
}
is scalar(grep { $_->{name} eq 't1' } rows($front, qw(token list))), 0, 'made none of them';

said_is(0, undef, $front->ctl(qw(token revoke reader)), 'token revoke');
is $front->call(GET => path('Users'), undef, @bearer)->code, 401, 'ends it at once';
said_is(1, qr/reader/, $front->ctl(qw(token revoke reader)), 'once');

my ($brief) = rows($front, qw(token create brief --permit scim:read --expires 1s));
@bearer = (Authorization => "Bearer $brief->{token}");
is $front->call(GET => path('Users'), undef, @bearer)->code, 200, 'a token of a second';
ok wait_for(sub { $front->call(GET => path('Users'), undef, @bearer)->code == 401 }, 10),
    'expires';

# --- links ----------------------------------------------------------------------------------------
my $alice = created($front, Users => user('alice'));
ok settles($front, $alice, 'synced'), 'one link is synced';
created($target, Users => user('bob')); # a stranger of that name
my $bob = created($front, Users => user('bob'));
ok settles($front, $bob, 'failed'), 'one is failed';

my %links = map { $_->{id} => $_ } rows($front, 'links');
is_deeply [ sort keys %links ], [ sort $alice, $bob ], 'links lists both';
is $links{$alice}{state}, 'synced', 'with state';
is $links{$alice}{remoteId}, (found($target, Users => 'userName eq "alice"'))[0]{id}, 'remote id';
is $links{$bob}{target}, 'partner/scim2', 'target';
ok length $links{$bob}{lastError}, 'and the reason';
is_deeply [ map { $_->{id} } rows($front, qw(links --state failed)) ], [$bob], '--state';
is_deeply [ map { $_->{id} } rows($front, qw(links --target partner/scim2 --state synced)) ],
    [$alice], '--target';
is scalar(rows($front, qw(links --limit 1))), 1, '--limit';
said_is(1, qr/dancing is no state.*synced/, $front->ctl(qw(links --state dancing)), 'no state');
said_is(1, qr/no target nobody\/scim2/, $front->ctl(qw(links --target nobody/scim2)), 'no target');
said_is(1, qr/--limit takes/, $front->ctl(qw(links --limit 0)), 'no limit');
is_deeply { map { $_->{state} => $_->{links} } rows($front, qw(links summary)) },
    { synced => 1, failed => 1 }, 'links summary';
($status, $said) = $front->ctl(qw(links summary));
like $said, qr/^target +state +links\npartner\/scim2 /, 'as a table';

is_deeply [ rows($front, qw(links retry)) ], [ { retried => 1 } ], 'links retry takes the failed';
ok settles($front, $bob, 'failed'), 'which fails again';
my ($stranger) = found($target, Users => 'userName eq "bob"');
is $target->call(DELETE => path(Users => $stranger->{id}))->code, 204, 'the stranger goes';
is_deeply [ rows($front, qw(links retry), $bob) ], [ { retried => 1 } ], 'links retry ID';
ok settles($front, $bob, 'synced'), 'and now it can be';
said_is(1, qr/somebody is no id/, $front->ctl(qw(links retry somebody)), 'links retry of no id');
is_deeply [ rows($front, qw(links retry --state failed)) ], [ { retried => 0 } ],
    'nothing to retry';

# --- a paused target ------------------------------------------------------------------------------
$target->ctl(qw(token revoke front));
my $carol = created($front, Users => user('carol'));
my $paused;
ok wait_for(sub { ($paused = decode($front->call(GET => '/health'))->{targets}[0])->{paused} }, 15),
    'a target that knows us no more is paused';
like $paused->{pausedUntil}, qr/^\d{4}-.*Z$/, 'until it is probed';
like $paused->{reason}, qr/\S/, 'for a reason';
isnt state_of($front, $carol), 'failed', 'its links keep';
admit($target, 'front');
said_is(0, undef, $front->ctl(qw(target resume partner/scim2)), 'target resume');
ok settles($front, $carol, 'synced'), 'lets it go on';
said_is(1, qr/no target partner\/spml/, $front->ctl(qw(target resume partner/spml)),
    'which target?');

# --- the store ------------------------------------------------------------------------------------
my %stats = map { $_->{what} => $_->{count} } rows($front, 'stats');
is $stats{resources}, 7, 'stats: three users, three administrators, their group'
    or diag explain \%stats;
is $stats{links}, 3, 'links';
is $stats{memberships}, 3, 'memberships';
cmp_ok $stats{journal}, '>=', 6, 'journal';
cmp_ok $stats{bytesUsed}, '<', $stats{bytesMost}, 'room';
said_is(0, qr/^\d+ rows looked at, 0 faults$/, $front->ctl('check'), 'check finds nothing');
is_deeply [ rows($front, 'check') ], [], 'as JSON: no rows';
said_is(0, qr/^\d+ rows looked at, 0 faults, 0 repaired$/, $front->ctl(qw(check --repair)),
    'and a repair has nothing to do');

# --- without a server -----------------------------------------------------------------------------
$front->stop;
my $key = $front->scratch . '/secrets/key';
rename $key, "$key.right" or die;
said_is(1, qr/\Q$key\E/, $front->ctl('stats'), 'no key');
spew($key, unpack('H*', 'k' x 32) . "\n");
said_is(1, qr/key/, $front->ctl('stats'), 'another key');
rename "$key.right", $key or die;
said_is(0, qr/^what/, $front->ctl('stats'), 'the right one');

# Where there is a root, a command becomes who the store belongs to.
SKIP: {
    skip 'not root: there is no owner to become', 3 if $>;
    my @locks = glob "$store/*lock*";
    unlink @locks;
    said_is(0, qr/^what/, $front->ctl('stats'), 'stats without a server');
    my $owner = getpwnam 'www-data';
    is_deeply [ map { (stat)[4] } glob "$store/*" ], [ map { $owner } glob "$store/*" ],
        'what it made belongs to the server';
    my $nobody = fork // die;
    if (!$nobody) {
        require POSIX;
        POSIX::setgid(65534);
        POSIX::setuid(65534);
        open STDERR, '>', '/dev/null';
        open STDOUT, '>', '/dev/null';
        exec build_dir() . '/provisionctl', '--store', $store, 'stats' or POSIX::_exit(99);
    }
    waitpid $nobody, 0;
    is $? >> 8, 1, 'another user is refused';
}
done_testing;
