# The lines of the bench against what others use: scimmy-routers of npm, which keeps its users in
# memory, and OpenLDAP's slapd with back-mdb; each with the same users, in the same run.
package Peers;
use strict;
use warnings;
use parent 'Exporter';
use Bench;
use FindBin;
use HTTP::Tiny;
use ProvisionTest;
use ProvisionTest::Process qw(spew spawn);

our @EXPORT = qw(peer_lines);

my $users = 10_000;
my @packages = qw(scimmy@1.3.5 scimmy-routers@1.3.2 express@5.2.1);
my $npm = build_dir() . '/npm';
my $wait = 30;
my @slapd = grep { -x } '/usr/sbin/slapd', '/usr/libexec/slapd';

sub peer_lines
{
    return (
        [ 'scimmy-get', "GET by id of $users / scimmy-routers", 1, 5, with_scimmy(\&gets) ],
        [ 'scimmy-filter', 'userName eq / scimmy-routers', 1, 5, with_scimmy(\&filters) ],
        [ 'scimmy-create', 'create, durable / scimmy, in memory', 1, 2, with_scimmy(\&creates) ],
        [ 'slapd-search', 'userName eq / slapd, uid=, LDAP', 0.5, 1, with_slapd(\&searches) ],
        [ 'slapd-add', "create, $clients clients / slapd, add", 1, 2, with_slapd(\&adds) ],
    );
}

# A process of the bench's own that answers on a port.
{
    package Peers::Process;
    sub pid      { return $_[0]{pid} }
    sub children { return () }
    sub port     { return $_[0]{port} }
    sub url      { return "http://127.0.0.1:$_[0]{port}" }
    sub scratch  { return $_[0]{scratch} }

    sub stop
    {
        my ($self) = @_;
        my $pid = delete $self->{pid} or return;
        kill TERM => $pid;
        waitpid $pid, 0;
    }
    # Its status is not ours, who may be ending with one.
    sub DESTROY { local $?; $_[0]->stop }
}

sub started
{
    my ($scratch, @command) = @_;
    my $port = free_port();
    s/\@port\@/$port/ for @command;
    my $pid = spawn({}, [@command], "$scratch/output");
    my $self = bless { pid => $pid, port => $port, scratch => $scratch }, 'Peers::Process';
    wait_for(sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") }, $wait)
        or die "$command[0] does not start; see $scratch/output\n";
    return $self;
}

sub ours
{
    return once(peer => sub {
        my $server = server('peer', '');
        return { server => $server, ids => [ load_users($server, $users, 'user') ] };
    });
}

sub name_filter { return sprintf '/scim/v2/Users?filter=userName%%20eq%%20%%22user%06d%%22', $_[0] }

# --- scimmy --------------------------------------------------------------------------------------

# Why not, or an empty text. Its packages are fetched once.
sub unfit
{
    return "npm is missing\n" if !grep { -x "$_/npm" } split /:/, $ENV{PATH};
    return '' if -d "$npm/node_modules/scimmy-routers";
    mkdir $npm or $!{EEXIST} or die "$npm: $!";
    system("npm install --prefix '$npm' --silent --no-audit --no-fund @packages >'$npm/log' 2>&1");
    return -d "$npm/node_modules/scimmy-routers" ? '' : "npm cannot install its packages\n";
}

sub scimmy
{
    return once(scimmy => sub {
        system('cp', "$FindBin::Bin/scimmy.mjs", $npm) == 0 or die "$npm: $!";
        my $server = started($npm, 'node', "$npm/scimmy.mjs", '@port@', $users);
        my $said = HTTP::Tiny->new->get($server->url . '/ids');
        return { server => $server, ids => [ split /\n/, $said->{content} ] };
    });
}

sub with_scimmy
{
    my ($pair) = @_;
    return sub { return unfit() || $pair->(ours(), scimmy()) };
}

sub reading
{
    my ($ours, $theirs, $paths) = @_;
    my $file = file_of($theirs->{server}, 'paths', $paths->($theirs));
    return against($ours->{server}, $bearer, [ $paths->($ours) ],
        sub { wrk($theirs->{server}, $clients, $seconds, $bearer, 'paths', $file) });
}

sub gets    { return reading(@_, sub { map { "/scim/v2/Users/$_" } @{ $_[0]{ids} } }) }
sub filters { return reading(@_, sub { map { name_filter($_ * 7919 % $users) } 1 .. $users }) }

sub creates
{
    return map {
        my $server = $_->{server};
        sub { wrk($server, $clients, $seconds, $bearer, 'create', fresh_name()) };
    } @_;
}

# --- slapd ---------------------------------------------------------------------------------------

sub entry
{
    my ($number) = @_;
    my $uid = sprintf 'user%06d', $number;
    return <<"LDIF";
dn: uid=$uid,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: $uid
cn: Barbara Jensen
sn: Jensen
givenName: Barbara
displayName: Barbara Jensen $number
title: Nurse
mail: $uid\@example.com
employeeNumber: $number
telephoneNumber: +1 555 $number

LDIF
}

# Its own defaults, durable ones; the index that a search for uid needs.
sub slapd_conf
{
    my ($folder) = @_;
    return <<"CONF";
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "dc=example,dc=com"
rootdn "cn=admin,dc=example,dc=com"
rootpw bench
directory $folder/data
maxsize 4294967296
index objectClass,uid eq
CONF
}

sub slapd
{
    return once(slapd => sub {
        my $folder = ours()->{server}->scratch . '/slapd';
        mkdir $_ or die "$_: $!" for $folder, "$folder/data";
        spew("$folder/slapd.conf", slapd_conf($folder));
        spew("$folder/users.ldif", join '', "dn: dc=example,dc=com\nobjectClass: domain\ndc: example\n\n",
            "dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: people\n\n",
            map { entry($_) } 0 .. $users - 1);
        output_of('sh', '-c', 'exec "$0" "$@" 2>&1', $slapd[0], '-T', 'add', '-q', '-f',
            "$folder/slapd.conf", '-l', "$folder/users.ldif");
        return { server => started($folder, $slapd[0], '-d', '0', '-h', 'ldap://127.0.0.1:@port@',
            '-f', "$folder/slapd.conf") };
    });
}

sub with_slapd
{
    my ($pair) = @_;
    return sub { return @slapd ? $pair->(ours(), slapd()) : "slapd is missing\n" };
}

sub ldap
{
    my ($server, $what) = @_;
    my $before = cpu_of($server);
    my $m = program("$programs/ldap", 'ldap://127.0.0.1:' . $server->port, $seconds, $what, $clients,
        $users, fresh_name());
    $m->{cpu} = (cpu_of($server) - $before) * 1e6 / ($m->{count} || 1);
    return $m;
}

sub searches
{
    my ($ours, $theirs) = @_;
    return against($ours->{server}, $bearer, [ map { name_filter($_ * 7919 % $users) } 1 .. $users ],
        sub { ldap($theirs->{server}, 'search') });
}

sub adds
{
    my ($ours, $theirs) = @_;
    return (sub { wrk($ours->{server}, $clients, $seconds, $bearer, 'create', fresh_name()) },
        sub { ldap($theirs->{server}, 'add') });
}

1;
