# provisionctl provision: a target that comes to an application's outbound list gets what was there
# before, also when the command is killed on its way; administrators' accounts stay at home.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Pair;
use ProvisionTest::Process qw(slurp spew spawn);

my $many = quick() ? 250 : 1000;
my $step = 200; # resources in one transaction
my $domain = "<ProvisionUserStore CORP>\n    ProvisionType local\n</ProvisionUserStore>";

sub applications
{
    my ($outbound) = @_;
    return "<ProvisionApplication resident>\n$outbound</ProvisionApplication>\n"
        . "<ProvisionApplication hr>\n    ProvisionClient hr-client\n    ProvisionInboundStore CORP\n"
        . "$outbound</ProvisionApplication>\n";
}

my @conf = (settings => $domain);
my ($front, $target) = pair(@conf, applications => applications(''));
my $to = '    ProvisionOutbound partner scim2 blocking=off rules=off jit=off' . "\n";

sub provision
{
    my (@args) = @_;
    my ($status, $said) = $front->ctl('--json', qw(provision --target partner/scim2), @args);
    return $status ? { said => $said } : decode($said);
}

sub counts_are
{
    my ($got, $expected, $name) = @_;
    is_deeply [ @$got{qw(granted there leftOut)} ], $expected, $name or diag explain $got;
}

sub summary
{
    my ($status, $said) = $front->ctl(qw(--json links summary));
    return { map { my $row = decode($_); ($row->{state} => $row->{links}) } split /\n/, $said };
}

# --- what was there before ------------------------------------------------------------------------
my %id = map { $_ => created($front, Users => user($_)) } qw(ann ben cas);
$id{team} = created($front, Groups => group('team', @id{qw(ann ben)}));
$front->ctl(qw(admin create root-of-it), { stdin => "s3cret\n" });
my $people = $front->scratch . '/secrets/people.csv';
spew($people, join "\n", "userName", map { "u$_" } 1 .. $many);
my ($status, $said) = $front->ctl(qw(import --application hr), $people);
is $status, 0, "$many users of another domain" or diag $said;
my $nothing = provision();
like $nothing->{said}, qr{partner/scim2 is not on the outbound list of any application},
    'a target that nobody has on his list';

$front->graceful(conf => front_conf($target, @conf, applications => applications($to)));
is_deeply summary(), {}, 'the target came to the lists, and nobody goes there';

for my $case (
    [ qr/--target IDP\/CONNECTOR says/, 'provision' ],
    [ qr/one of resident, hr/, qw(provision --target partner/scim2) ],
    [ qr/other\/scim2 is not on the outbound list of any/, qw(provision --target other/scim2) ],
    [ qr/not on the outbound list of application dance/,
        qw(provision --target partner/scim2 --application dance) ],
    [ qr/no resource type Robot/, qw(provision --target partner/scim2 --application hr --type Robot) ],
    [ qr/--filter/, qw(provision --target partner/scim2 --application hr --filter), 'userName is' ],
    ) {
    my ($like, @args) = @$case;
    my ($bad, $text) = $front->ctl(@args);
    ok $bad == 1 && $text =~ $like, "refused: $like" or diag $text;
}

# --- one, some, all ---------------------------------------------------------------------------------
my @resident = qw(--application resident);
my @own = (@resident, '--filter', 'not (userName sw "CORP/")');
counts_are(provision(@own, '--dry-run'), [ 4, 0, 2 ], 'a dry run counts');
is_deeply summary(), {}, 'and does nothing';
counts_are(provision(@resident, '--filter', 'userName eq "ann"'), [ 1, 0, 0 ], 'one, by a filter');
isnt state_of($front, $id{ann}), 'none', 'who goes there';
is state_of($front, $id{ben}), 'none', 'and nobody else';
counts_are(provision(@resident, qw(--type Group)), [ 1, 0, 1 ], 'the groups, but for the administrators');
counts_are(provision(@own), [ 2, 2, 2 ], 'the rest, and none twice');
counts_are(provision(@own), [ 0, 4, 2 ], 'again: nothing is left to do');

# --- killed, and gone on ----------------------------------------------------------------------------
my $faults = $front->scratch . '/faults';
mkdir $faults or die;
chmod 0777, $faults; # provisionctl is the store's owner by then
spew("$faults/backfill", '');
my $pid = spawn({ PROVISION_FAULTS => $faults }, [ build_dir() . '/provisionctl', '--store',
    $front->store_dir, qw(provision --target partner/scim2 --application hr) ],
    $front->scratch . '/logs/provision');
waitpid $pid, 0;
is $? & 127, 9, 'killed behind its first step';
counts_are(provision(qw(--application hr)), [ $many - $step, $step, 0 ], 'the same command goes on from there');
ok wait_for(sub { (summary()->{synced} // 0) == $many + 4 }, 30), 'all are synced' or diag explain summary();
is decode($target->call(GET => '/scim/v2/Users?count=0'))->{totalResults}, $many + 3, 'each is there once';
ok settles($front, $id{$_}, 'synced'), "$_ is synced" for qw(ann ben cas);
my %there = map { $_ => (found($target, Users => qq{userName eq "$_"}))[0]{id} } qw(ann ben cas);
ok wait_for(sub {
    my ($team) = found($target, Groups => 'displayName eq "team"');
    return join(' ', sort map { $_->{value} } @{ $team->{members} // [] })
        eq join ' ', sort @there{qw(ann ben)};
}, 15), 'the group has its members there';
is scalar(found($target, Users => 'userName eq "root-of-it"')), 0, 'an administrator stays at home';
is scalar(found($target, Groups => 'displayName eq "provision-admins"')), 0, 'and so does his group';

# --- another application's grant ----------------------------------------------------------------------
my ($corp) = found($front, Users => 'userName eq "CORP/u1"');
counts_are(provision(@resident, '--filter', 'userName eq "CORP/u1"'), [ 1, 0, 0 ],
    'a second application grants for itself');
is $front->call(DELETE => path(Users => $corp->{id}))->code, 204, 'who leaves';
ok leaves($target, Users => 'userName eq "u1" and active eq true'), 'leaves there too';

($status, $said) = $front->ctl(qw(provision --target partner/scim2 --application hr --progress));
like $said, qr{\d+ records, \d+/s, 100 %, 0:00 left, 0 granted}, 'progress is told';
($status, $said) = $front->ctl('check');
like $said, qr/ 0 faults/, 'the store has no faults';
done_testing;
