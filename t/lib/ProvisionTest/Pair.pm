# Two servers of ours: one provisions to the other, which is an identity provider like any else.
#
#   use ProvisionTest::Pair;
#   my ($front, $target) = pair(connector => 'ProvisionAdopt match');
#   my $id = created($front, Users => { userName => 'alice' });
#   ok arrives($target, 'userName eq "alice"');
#
# Callers bear tokens that may do everything; nothing here costs the time of a password.
package ProvisionTest::Pair;
use strict;
use warnings;
use parent 'Exporter';
use Test::More ();
use URI::Escape qw(uri_escape_utf8);
use ProvisionTest;

our @EXPORT = qw(pair admit front_conf partner settings service created found arrives leaves link_of
    state_of settles links user group path);

our $links = 'urn:mod-provision:params:scim:schemas:extension:1.0:Links';
my %schema = (Users => 'User', Groups => 'Group');

# What every server of a pair says of itself; size: of the store.
sub settings
{
    my (%set) = @_;
    my $size = $set{size} // '256M';
    return <<"CONF";
ProvisionStore lmdb \@store\@
ProvisionStoreSize $size
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionPasswordCost 1
CONF
}

sub service
{
    return <<'CONF';
<Location /scim/v2>
    ProvisionService scim
    AuthType Provision
    AuthName provisioning
    Require provision-permission scim
</Location>
<Location /health>
    ProvisionService health
    AuthType Provision
    AuthName provisioning
    Require provision-permission admin
</Location>
CONF
}

# An identity provider at a server; connector, idp: more lines of theirs.
sub partner
{
    my ($target, %set) = @_;
    my $name = $set{name} // 'partner';
    my $url = $set{url} // $target->url('/scim/v2');
    my $idp = $set{idp} // '';
    my $connector = $set{connector} // '';
    return <<"CONF";
<ProvisionIdP $name>
    $idp
    <ProvisionConnector scim2>
        ProvisionSet userEndpoint $url/Users
        ProvisionSet groupEndpoint $url/Groups
        ProvisionSet authMode bearer
        ProvisionSet accessToken token-of-front
        ProvisionRetry first=50ms factor=2 max=200ms giveup=1h urgentgiveup=1h
        $connector
    </ProvisionConnector>
</ProvisionIdP>
CONF
}

# settings: more of the server's. size: of its store. partners: instead of one. applications: instead of the resident
# one with blocking=off.
sub front_conf
{
    my ($target, %set) = @_;
    my $applications = $set{applications} // <<"CONF";
<ProvisionApplication resident>
    ProvisionOutbound partner scim2 blocking=@{[$set{blocking} // 'off']}
</ProvisionApplication>
CONF
    return settings(%set) . ($set{settings} // '') . "\n" . ($set{partners} // partner($target, %set))
        . $applications . service();
}

# Whoever calls it from now on may do everything.
sub admit
{
    my ($server, $name, @more) = @_;
    my ($status, $said) = $server->ctl(qw(token create), $name, qw(--permit admin --value),
        "token-of-$name", @more);
    die "$server->{name}: token create: $status $said" if $status;
    $server->{headers}{Authorization} //= "Bearer token-of-$name";
    return $server;
}

# A started server and its started target; new: for ProvisionTest->new of both.
sub pair
{
    my (%set) = @_;
    my @of = %{ $set{new} // {} };
    my $target = ProvisionTest->new(name => 'target', @of);
    $target->start(conf => settings() . service());
    admit($target, 'front');
    my $front = ProvisionTest->new(name => 'front', @of);
    $front->start(conf => front_conf($target, %set));
    admit($front, 'tester');
    return ($front, $target);
}

sub user
{
    my ($name, %more) = @_;
    return { schemas => ['urn:ietf:params:scim:schemas:core:2.0:User'], userName => $name, %more };
}

sub group
{
    my ($name, @members) = @_;
    return { schemas => ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName => $name,
        members => [ map { { value => $_ } } @members ] };
}

sub path { return '/scim/v2/' . join '/', @_ }

# The id of what was made; dies if it was not.
sub created
{
    my ($server, $endpoint, $body, %headers) = @_;
    my $res = $server->call(POST => path($endpoint), $body, %headers);
    die "$server->{name}: POST $endpoint: " . $res->code . ' ' . $res->content
        if $res->code != 201;
    return decode($res)->{id};
}

# What a filter finds.
sub found
{
    my ($server, $endpoint, $filter) = @_;
    my $res = $server->call(GET => path($endpoint) . '?filter=' . uri_escape_utf8($filter));
    die "$server->{name}: $filter: " . $res->code . ' ' . $res->content if $res->code != 200;
    return @{ decode($res)->{Resources} // [] };
}

# Waits until the filter finds exactly one object there, and returns it.
sub arrives
{
    my ($server, $endpoint, $filter, $seconds) = @_;
    return wait_for(sub {
        my @all = found($server, $endpoint, $filter);
        return @all == 1 ? $all[0] : undef;
    }, $seconds // 15);
}

# Waits until it finds none.
sub leaves
{
    my ($server, $endpoint, $filter, $seconds) = @_;
    return wait_for(sub { !found($server, $endpoint, $filter) }, $seconds // 15);
}

# The links of a user, as the extension shows them: by target.
sub links
{
    my ($server, $id) = @_;
    my $res = $server->call(GET => path(Users => $id) . "?attributes=$links:links");
    my $all = (decode($res)->{$links} // {})->{links} // [];
    return { map { $_->{target} => $_ } @$all };
}

sub link_of
{
    my ($server, $id, $target) = @_;
    return links($server, $id)->{ $target // 'partner/scim2' };
}

sub state_of
{
    my $link = link_of(@_) or return 'none';
    return $link->{state};
}

# Waits for a state, and says the last seen one if it does not come.
sub settles
{
    my ($server, $id, $state, $target, $seconds) = @_;
    my $seen = '';
    my $there = wait_for(sub { ($seen = state_of($server, $id, $target)) eq $state }, $seconds // 15);
    Test::More::diag("$id is $seen, not $state") if !$there;
    return $there;
}

1;
