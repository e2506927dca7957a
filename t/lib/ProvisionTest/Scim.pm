# A SCIM client as a product is one: its own headers, bodies as it writes them, and what has to be
# true of every answer it gets.
#
#   use ProvisionTest::Scim;
#   my $server = serve(entra => 'entra');             # applications and their ProvisionCompatibility
#   my $entra = client($server, entra => (Accept => 'application/scim+json'));
#   my $user = $entra->good(201, 'made', POST => '/Users', '{ ... }');
#   $entra->refused(404, undef, 'gone', GET => "/Users/$user->{id}");
package ProvisionTest::Scim;
use strict;
use warnings;
use parent 'Exporter';
use JSON ();
use ProvisionTest;
use Test::More ();
use URI::Escape qw(uri_escape_utf8);

our @EXPORT = qw(serve client USER GROUP ENTERPRISE PATCH ERROR LIST NOBODY);

use constant {
    USER => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    ENTERPRISE => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    PATCH => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    ERROR => 'urn:ietf:params:scim:api:messages:2.0:Error',
    LIST => 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
    NOBODY => '00000000-0000-7000-8000-000000000000',
};

# A server with these applications; '' is none of the switches. `of_server` is configuration.
sub serve
{
    my (%applications) = @_;
    my $of_server = delete $applications{of_server} // '';
    my $server = ProvisionTest->new(children => 1, modules => [qw(authz_host)]);
    my $declared = '';
    for my $name (sort keys %applications) {
        my $switches = $applications{$name};
        $declared .= "<ProvisionApplication $name>\n"
            . (length $switches ? "    ProvisionCompatibility $switches\n" : '')
            . "</ProvisionApplication>\n";
    }
    $server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant client.example
$of_server
$declared
<Location /scim/v2>
    ProvisionService scim
    AuthType Provision
    AuthName scim
    Require provision-permission scim
</Location>
CONF
    return $server;
}

# With a token of the application, and headers that every request of it bears.
sub client
{
    my ($server, $application, %headers) = @_;
    my $name = $application . ++$server->{tokens};
    my ($status, $said) = $server->ctl(qw(--json token create), $name, '--permit',
        'scim:read,scim:write', '--application', $application);
    die "no token for $application: $said" if $status;
    $headers{Authorization} = 'Bearer ' . decode($said)->{token};
    return bless { server => $server, base => '/scim/v2', headers => \%headers }, __PACKAGE__;
}

sub call
{
    my ($self, $method, $path, $body, %more) = @_;
    my %headers = (%{ $self->{headers} }, %more);
    # What the media type of a body is, is the body's.
    delete $headers{'Content-Type'} if !defined $body && !exists $more{'Content-Type'};
    return $self->{server}->call($method, $self->{base} . $path, $body, %headers);
}

# --- what has to be true --------------------------------------------------------------------------

# Checks status, media type and, of a single resource, its headers; returns the body.
sub good
{
    my ($self, $status, $what, $method, $path, $body, %more) = @_;
    my $res = $self->call($method, $path, $body, %more);
    my $said = decode($res);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::is($res->code, $status, "$what: $status")
        or Test::More::diag("$method $path\n", $res->as_string);
    return $self->nothing($res, $what) if $status == 204;
    Test::More::is($res->header('Content-Type'), $self->media(%more), "$what: its media type, bare");
    Test::More::ok(ref $said, "$what: JSON");
    $self->heads($res, $said, $status, $what) if ref $said && $said->{meta} && $said->{meta}{version};
    return $said;
}

sub media
{
    my ($self, %more) = @_;
    my $accept = $more{Accept} // $self->{headers}{Accept} // '*/*';
    return $accept =~ m{scim\+json|\*} ? 'application/scim+json' : 'application/json';
}

sub nothing
{
    my ($self, $res, $what) = @_;
    Test::More::is($res->content, '', "$what: no body");
    Test::More::is($res->header('Content-Type'), undef, "$what: no media type");
    return;
}

sub heads
{
    my ($self, $res, $said, $status, $what) = @_;
    my $at = $said->{meta}{location};
    Test::More::is_deeply(
        [ map { $res->header($_) } qw(ETag Content-Location), $status == 201 ? 'Location' : () ],
        [ $said->{meta}{version}, $at, $status == 201 ? $at : () ], "$what: its headers");
}

# The error's sentence is returned.
sub refused
{
    my ($self, $status, $type, $what, $method, $path, $body, %more) = @_;
    my $res = $self->call($method, $path, $body, %more);
    my $said = decode($res) // {};
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::is($res->code, $status, "$what: $status")
        or Test::More::diag("$method $path\n", $res->as_string);
    Test::More::is_deeply([ @$said{qw(schemas status scimType)} ], [ [ERROR], "$status", $type ],
        "$what: in SCIM's form") or Test::More::diag($res->content);
    return $said->{detail};
}

# A list by a query: how many there are; the members that clients rely on. Its resources.
sub listed
{
    my ($self, $total, $what, $path, %query) = @_;
    my $args = join '&', map { "$_=" . uri_escape_utf8($query{$_}) } sort keys %query;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $list = $self->good(200, $what, GET => $path . (length $args ? "?$args" : ''));
    my @resources = @{ $list->{Resources} // [] };
    Test::More::is_deeply([ @$list{qw(schemas totalResults itemsPerPage)} ],
        [ [LIST], $total, scalar @resources ], "$what: how many") or Test::More::diag(explain($list));
    my $text = JSON->new->canonical->encode($list);
    Test::More::like($text, qr/"$_":\d/, "$what: $_ is a number")
        for qw(totalResults itemsPerPage startIndex);
    Test::More::is(scalar(grep { !@{ $_->{schemas} // [] } || !$_->{id} } @resources), 0,
        "$what: each says what it is");
    return @resources;
}

sub explain { return JSON->new->canonical->pretty->encode($_[0]) }

# --- what is there --------------------------------------------------------------------------------

sub get
{
    my ($self, $path) = @_;
    return decode($self->call(GET => $path));
}

# It is as it was, but for these attributes and what every change moves. What it is now.
sub only_changed
{
    my ($self, $what, $path, $before, %now) = @_;
    my $after = $self->get($path);
    my %want = (%$before, %now, meta => $after->{meta});
    delete $want{$_} for grep { !defined $want{$_} } keys %want;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::is_deeply($after, \%want, "$what: and nothing else")
        or Test::More::diag(explain($after));
    return $after;
}

# The ids of a group's members, sorted.
sub members
{
    my ($self, $id) = @_;
    return [ sort map { $_->{value} } @{ $self->get("/Groups/$id")->{members} // [] } ];
}

# A PATCH body of these operations, each as the client writes it.
sub operations
{
    my ($self, @operations) = @_;
    return '{"schemas":["' . PATCH . '"],"Operations":[' . join(',', @operations) . ']}';
}

sub patch
{
    my ($self, $status, $what, $path, @operations) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return $self->good($status, $what, PATCH => $path, $self->operations(@operations));
}

# Users for groups to hold, by the shortest body there is; their ids.
sub people
{
    my ($self, @names) = @_;
    return map {
        my $made = decode($self->call(POST => '/Users',
            '{"schemas":["' . USER . "\"],\"userName\":\"$_\"}"));
        $made->{id} // die "no user $_: $made->{detail}"
    } @names;
}

1;
