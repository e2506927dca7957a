# provisionctl import and export: what is made, what is refused and why, and that an import which is
# killed goes on where it was, with nothing made by halves or twice.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Pair;
use ProvisionTest::Process qw(slurp spew spawn);
use Time::HiRes qw(sleep);

my $user_urn = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $group_urn = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my ($front, $target) = pair(settings => "<ProvisionUserStore CORP>\n    ProvisionType local\n</ProvisionUserStore>");
my $fresh = server('fresh');
my $json = JSON->new->utf8->canonical;

sub server
{
    my ($name) = @_;
    my $server = ProvisionTest->new(name => $name);
    $server->start(conf => settings() . "<ProvisionUserStore CORP>\n    ProvisionType local\n</ProvisionUserStore>\n" . service());
    admit($server, $name);
    return $server;
}

# A file that its reader alone could read: provisionctl opens it before it becomes another user.
sub file
{
    my ($name, @lines) = @_;
    my $path = $front->scratch . "/secrets/$name";
    spew($path, join '', map { ref $_ ? $json->encode($_) . "\n" : "$_\n" } @lines);
    chmod 0600, $path;
    return $path;
}

# (exit status, counts, rows of the rejects file)
sub import_of
{
    my ($server, $path, @more) = @_;
    my ($status, $said) = $server->ctl('--json', 'import', $path, @more);
    my ($first) = split /\n/, $said;
    return ($status, decode($first) // { said => $said },
        map { decode($_) } split /\n/, -e "$path.rejects" ? slurp("$path.rejects") : '');
}

sub counts_are
{
    my ($counts, $expected, $name) = @_;
    my %got = map { $_ => $counts->{$_} } keys %$expected;
    is_deeply \%got, $expected, $name or diag explain $counts;
}

sub login_code
{
    my ($server, $name, $password) = @_;
    require MIME::Base64;
    return $server->call(GET => '/scim/v2/Users/x', undef, Authorization =>
            'Basic ' . MIME::Base64::encode("$name:$password", ''))->code;
}

sub lines_of
{
    my ($server, @more) = @_;
    my ($status, $said) = $server->ctl('export', @more);
    die "export: $said" if $status;
    return map { decode($_) // die "no JSON: $_" } split /\n/, $said;
}

# What of a resource an import keeps.
sub kept
{
    return [ map { my %r = %$_; delete @r{qw(meta groups)};
            $r{members} = [ sort { $a->{value} cmp $b->{value} } @{ $r{members} } ] if $r{members};
            $json->encode(\%r) } @_ ];
}

# --- a file with all sorts of records -------------------------------------------------------------
my $hash = crypt('opensesame', '$6$saltsalt$');
my $id = '0190a000-0000-7000-8000-000000000001';
my @good = (
    { schemas => [$group_urn], displayName => 'outer', members => [ { value => 'inner' } ] },
    { schemas => [$group_urn], displayName => 'inner', members => [ { value => 'ann' }, { value => $id } ] },
    { schemas => [$user_urn], userName => 'ann', password => "{CRYPT}$hash" },
    { schemas => [$user_urn], userName => 'bob', id => $id, password => 'letmein, please' },
    { schemas => [$user_urn], userName => 'CORP/carol', name => { familyName => "O\x{308}z" } },
);
my @bad = (
    [ '{"userName":', 'invalidSyntax', qr/./ ],
    [ '[]', 'invalidSyntax', qr/JSON object/ ],
    [ { schemas => [$user_urn] }, 'invalidValue', qr/userName/ ],
    [ { schemas => [$user_urn], userName => 'x', active => 'perhaps' }, 'invalidValue', qr/active/ ],
    [ { schemas => [$user_urn], userName => 'y', password => '{SSHA}abcdefgh' }, 'invalidValue', qr/crypt/ ],
    [ { schemas => [$user_urn], userName => 'z', password => '{CRYPT}nonsense' }, 'invalidValue', qr/crypt/ ],
    [ { schemas => [$group_urn], displayName => 'lost', members => [ { value => 'nobody' } ] },
        'invalidValue', qr/nobody|member/ ],
);
my $mixed = file('mixed.jsonl', @good, '', map { $_->[0] } @bad);

my ($status, $counts, @rejects) = import_of($front, $mixed, '--dry-run');
is $status, 1, 'a dry run tells that there are bad records';
counts_are($counts, { made => 6, refused => 6 }, 'and which would be made');
is scalar(found($front, Users => 'userName eq "ann"')), 0, 'but makes none';

($status, $counts, @rejects) = import_of($front, $mixed);
is $status, 1, 'an import with refused records is not done';
counts_are($counts, { made => 5, there => 0, refused => 7 }, 'but the good ones are there');
for my $i (0 .. $#bad) {
    my ($row) = grep { $_->{line} == @good + 2 + $i } @rejects;
    is $row->{scimType}, $bad[$i][1], "line @{[@good + 2 + $i]} is refused";
    like $row->{reason}, $bad[$i][2], 'with its reason';
}
unlike slurp("$mixed.rejects"), qr/abcdefgh|letmein/, 'which tells no password';
is login_code($front, 'ann', 'opensesame'), 403, 'a user with an imported hash logs in';
is login_code($front, 'ann', 'opensesamf'), 401, 'with the right password only';
is login_code($front, 'bob', 'letmein, please'), 403, 'so does one whose password was clear';
is decode($front->call(GET => "/scim/v2/Users/$id"))->{userName}, 'bob', 'an id that is a UUID is kept';
my ($inner) = found($front, Groups => 'displayName eq "inner"');
my ($outer) = found($front, Groups => 'displayName eq "outer"');
is scalar(@{ $inner->{members} }), 2, 'a group has its members, by name and by id';
is $outer->{members}[0]{value}, $inner->{id}, 'also a group that comes behind it';
ok arrives($target, Users => 'userName eq "bob"'), 'the running server carries them to the target';

($status, $counts, @rejects) = import_of($front, $mixed);
counts_are($counts, { made => 0, there => 5, refused => 7 }, 'again: all are there');
my $other = file('other.jsonl', { schemas => [$user_urn], userName => 'ANN', title => 'Queen' });
($status, $counts, @rejects) = import_of($front, $other);
is_deeply [ map { [ @$_{qw(line status scimType)} ] } @rejects ], [ [ 1, 409, 'uniqueness' ] ],
    'one that is there and differs is refused';
my $mine = $front->scratch . '/secrets/mine';
($status) = $front->ctl('import', $other, '--rejects', $mine);
like slurp($mine), qr/differs/, '--rejects names another file';

my $circle = file('circle.jsonl', map { my ($name, @members) = @$_; { schemas => [$group_urn], displayName => $name,
            members => [ map { { value => $_ } } @members ] } } [ 'above', 'left' ], [ 'left', 'right', 'ann' ],
    [ 'right', 'Third' ], [ 'third', 'left', 'bob' ], [ 'alone', 'alone' ], [ 'vain', 'left', 'nobody' ],
    [ 'with vain', 'vain', 'right' ]);
($status, $counts, @rejects) = import_of($front, $circle);
counts_are($counts, { made => 5, refused => 2 }, 'groups in a circle are made');
is_deeply [ sort map { $_->{line} } @rejects ], [ 6, 7 ], 'but not who needs one that is nowhere';
my %group = map { my ($group) = found($front, Groups => qq{displayName eq "$_"}); ($_ => $group) }
    qw(above left right third alone);
my %named = map { $group{$_}{id} => $_ } keys %group;
$named{$id} = 'bob';
my %members = map { my $group = $group{$_};
    ($_ => join ' ', sort map { $named{ $_->{value} } // 'ann' } @{ $group->{members} }) } keys %group;
is_deeply \%members, { above => 'left', left => 'ann right', right => 'third', third => 'bob left', alone => 'alone' },
    'each with its members';
ok wait_for(sub { my ($there) = found($target, Groups => 'displayName eq "third"');
    $there && @{ $there->{members} // [] } == 2 }, 15), 'also at the target';
($status, $counts) = import_of($front, $circle);
counts_are($counts, { made => 0, there => 5, refused => 2 }, 'again: they are there');
for my $group (values %group) {
    is $front->call(DELETE => "/scim/v2/Groups/$group->{id}")->code, 204, "$group->{displayName} goes";
}

my $twins = file('twins.jsonl', map { { schemas => [$user_urn], userName => "twin$_", id =>
            '0190a000-0000-7000-8000-000000000002' } } 1 .. 40);
($status, $counts, @rejects) = import_of($front, $twins);
counts_are($counts, { made => 1, refused => 39 }, 'one id is given once, whoever comes first');
is $rejects[0]{status}, 409, 'to the others it is a conflict';
my ($twin) = found($front, Users => 'userName sw "twin"');
is $front->call(DELETE => "/scim/v2/Users/$twin->{id}")->code, 204, 'and it goes';

# --- export ---------------------------------------------------------------------------------------
my @all = lines_of($front);
is_deeply [ sort map { $_->{userName} // $_->{displayName} } @all ],
    [ sort qw(ann bob CORP/carol inner outer) ], 'export prints every resource';
is_deeply [ map { $_->{userName} } lines_of($front, qw(--domain CORP)) ], ['CORP/carol'], 'of a domain';
is_deeply [ sort map { $_->{displayName} } lines_of($front, qw(--type Group)) ], [qw(inner outer)], 'of a type';
is +($front->ctl(qw(export --type Robot)))[0], 1, 'of no type';
is +($front->ctl(qw(export --domain NOWHERE)))[0], 1, 'of no domain';
my $exported = file('exported.jsonl', @all);
($status, $counts) = import_of($fresh, $exported);
is $status, 0, 'what was exported can be imported' or diag slurp("$exported.rejects");
is_deeply kept(lines_of($fresh)), kept(@all), 'and is the same, ids and members too';

# --- CSV and LDIF ---------------------------------------------------------------------------------
my $csv = file('people.csv', 'userName,name.givenName,emails[work].value,emails[home].value,active',
    'dora,Dora,dora@example.com,d@home.example,true', '"e""ve","Eve, the ' . "\n" . 'first",eve@example.com,,false',
    'frank,Frank', '"gus,G,g,g,true');
($status, $counts, @rejects) = import_of($fresh, $csv);
counts_are($counts, { made => 2, refused => 2 }, 'CSV');
is_deeply [ sort map { $_->{line} } @rejects ], [ 5, 6 ], 'what has other fields than the heading is refused';
my ($dora) = found($fresh, Users => 'userName eq "dora"');
is_deeply [ map { [ @$_{qw(type value)} ] } @{ $dora->{emails} } ],
    [ [ 'work', 'dora@example.com' ], [ 'home', 'd@home.example' ] ], 'several values of an attribute';
my ($eve) = found($fresh, Users => 'name.givenName co "first"');
is $eve->{userName}, 'e"ve', 'quotes';
is $eve->{name}{givenName}, "Eve, the \nfirst", 'commas and lines within them';
ok !$eve->{active}, 'a boolean';

# As Windows writes them: a mark first, two bytes at the end of each line, also of one within quotes.
my $windows = file('windows.csv', "\xEF\xBB\xBFuserName,name.familyName\r", "hans,\"Meier\r", "Huber\"\r", "\r", "ida,\r");
($status, $counts, @rejects) = import_of($fresh, $windows);
counts_are($counts, { made => 2, refused => 0 }, 'CSV with a byte order mark and CR LF') or diag explain \@rejects;
is +(found($fresh, Users => 'userName eq "hans"'))[0]{name}{familyName}, "Meier\r\nHuber", 'which stays within quotes';
ok !(found($fresh, Users => 'userName eq "ida"'))[0]{name}, 'an empty field is no value';

my $staff = file('staff.txt', 'LOGIN,Dept,shoe', 'gina,Sales,39');
my $map = file('staff.map', '# whose', 'login = userName', "dept = $enterprise:department");
($status, $counts) = import_of($fresh, $staff, '--format', 'csv', '--map', $map);
counts_are($counts, { made => 1, refused => 0 }, 'CSV with a map');
is +(found($fresh, Users => 'userName eq "gina"'))[0]{$enterprise}{department}, 'Sales', 'to an extension';
for my $case (
    [ qr/shoe cannot be mapped/, $staff, '--format', 'csv', '--map', file('bad.map', 'shoe = size') ],
    [ qr/column LOGIN is no attribute.*--map FILE/, $staff, '--format', 'csv' ],
    [ qr/staff\.txt does not tell.*--format takes/, $staff ],
    [ qr/--format takes/, $staff, '--format', 'xls' ],
    [ qr/cannot be read/, "$staff.not" ],
    [ qr/no <ProvisionApplication dance>/, $staff, '--format', 'csv', '--application', 'dance' ],
    ) {
    my ($like, @args) = @$case;
    my ($bad, $said) = $fresh->ctl('import', @args);
    ok $bad == 1 && $said =~ $like, "refused: $like" or diag $said;
}

my $ldif = file('tree.ldif', 'version: 1', '', 'dn: dc=example', 'objectClass: dcObject', 'dc: example', '',
    'dn: uid=hugo,dc=example', 'objectClass: inetOrgPerson', 'uid: hugo', 'cn: Hugo', ' nian', 'sn:: w5x6',
    'mail: hugo@example.com', 'mail: h@example.com', 'ou: Sales', 'userPassword: {CRYPT}' . $hash, '',
    'dn: cn=team,dc=example', 'objectClass: groupOfNames', 'cn: team', 'member: uid=hugo,dc=example', '',
    'dn: uid=ilse,dc=example', 'objectClass: person', 'uid: ilse', 'cn:< file:///etc/passwd', '',
    'dn: uid=hugo,dc=example', 'changetype: delete', '', 'dn: uid=jo,dc=example', 'changetype: add',
    'objectClass: person', 'uid: jo', '', '# the end', 'nothing');
($status, $counts, @rejects) = import_of($fresh, $ldif);
counts_are($counts, { made => 3, leftOut => 2, refused => 3 }, 'LDIF');
is_deeply [ sort { $a <=> $b } map { $_->{line} } @rejects ], [ 23, 28, 36 ], 'with the lines of what is refused';
my ($hugo) = found($fresh, Users => 'userName eq "hugo"');
is $hugo->{displayName}, 'Hugonian', 'a folded line';
is $hugo->{name}{familyName}, "\x{dc}z", 'base64';
is scalar(@{ $hugo->{emails} }), 2, 'several values';
is $hugo->{$enterprise}{department}, 'Sales', 'an extension';
is login_code($fresh, 'hugo', 'opensesame'), 403, 'his password';
is +(found($fresh, Groups => 'displayName eq "team"'))[0]{members}[0]{value}, $hugo->{id}, 'a group by DN';

my $ad = file('ad.ldif', "\xEF\xBB\xBFversion: 1\r", "# an entry of\r", "  two lines\r", "dn:: dWlkPWthcmwsZGM9ZXhhbXBsZQ==\r",
    "objectclass: top\r", "objectClass: Person\r", "uid: karl\r", "cn;lang-de: Karl\r", "sn:: xYHE\r", " hXRo\r",
    "description: a\r", "  b: c\r", "\r", "\r", "dn: uid=karl\r", "changetype: modify\r", "replace: sn\r", "sn: x\r", "-\r");
($status, $counts, @rejects) = import_of($fresh, $ad);
counts_are($counts, { made => 1, refused => 1 }, 'LDIF as others write it') or diag explain \@rejects;
like $rejects[0]{reason}, qr/changes what/, 'a change record is refused, with the reason';
my ($karl) = found($fresh, Users => 'userName eq "karl"');
is $karl->{name}{familyName}, "\x{141}\x{105}th", 'folded base64';
is $karl->{displayName}, 'Karl', 'with an option of the attribute';

# --- killed, and gone on --------------------------------------------------------------------------
my $many = quick() ? 8000 : 30000;
my $big = file('big.jsonl', (map { { schemas => [$user_urn], userName => "u$_", externalId => "x$_",
            emails => [ { value => "u$_\@example.com", type => 'work' } ] } } 1 .. $many),
    { schemas => [$group_urn], displayName => 'everyone', members => [ map { { value => "u$_" } } 1 .. 500 ] });
my $slow = build_dir() =~ /asan/ ? '' : build_dir() . '/../preload/slowsync.so';
my $killed = 0;
for my $round (1 .. 4) {
    # On a slow disk, so that there is time to be killed in.
    my $pid = spawn({ LD_PRELOAD => $slow }, [ build_dir() . '/provisionctl', '--store',
        $fresh->store_dir, 'import', $big ], $fresh->scratch . '/logs/import');
    my $before = all_users($fresh);
    wait_for(sub { all_users($fresh) > $before + $many / 20 || waitpid($pid, POSIX::WNOHANG()) }, 30);
    $killed += kill KILL => $pid;
    waitpid $pid, 0;
}
my $there = users($fresh);
ok $killed && $there < $many, "killed $killed times, with $there of $many users there";
($status, $counts) = import_of($fresh, $big);
is $status, 0, 'the same command goes on';
cmp_ok $counts->{there}, '>', 0, 'past what is there';
is $counts->{there} + $counts->{made}, $many + 1, 'to the end';
is users($fresh), $many, 'each user is there once';
is scalar(@{ (found($fresh, Groups => 'displayName eq "everyone"'))[0]{members} }), 500, 'the group is whole';
($status, my $said) = $fresh->ctl('check');
like $said, qr/ 0 faults/, 'the store has no faults';

# Those of the tests before, too; counters tell.
sub all_users { return decode($_[0]->call(GET => '/scim/v2/Users?count=0'))->{totalResults} }

sub users
{
    my ($server) = @_;
    return decode($server->call(GET => '/scim/v2/Users?filter=' . 'userName%20sw%20%22u%22&count=0'))->{totalResults};
}

($status, $said) = $fresh->ctl('import', $big, '--progress');
like $said, qr{\d+ records, \d+/s, \d+ %, \d+:\d\d left}, 'progress is told';
# --- a group more than once ------------------------------------------------------------------------
my $again = { schemas => [$group_urn], displayName => 'Again' };
($status, $counts) = import_of($front, file('again.jsonl', ($again) x 20));
counts_are($counts, { made => 1, there => 19, refused => 0 },
    'groups of one name and no id are one');

done_testing;
