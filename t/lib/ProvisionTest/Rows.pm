# Requests in a table, each with what must come back:
#
#   [ 'CR-3 what it says', POST => '/Users', $body, '201', { 'meta/created' => qr/Z$/ }, %more ]
#
# The status may be followed by the scimType. The hash has places in the answer's JSON (names and
# indexes between slashes, # counts a list), each with its value, a pattern, or undef: not there.
# More: send, the request's headers; header, the answer's, checked likewise; keep, a name, by which
# {name} in later paths and bodies is the answer's id. Whatever the row says, an error must be a whole
# SCIM error, an answer has the one media type, and no answer holds what begins with Geheim.
package ProvisionTest::Rows;
use strict;
use warnings;
use parent 'Exporter';
use JSON ();
use ProvisionTest;
use ProvisionTest::TestResource qw(declare_test);
use Test::More;
use URI::Escape qw(uri_escape_utf8);

our @EXPORT = qw(rows_server rows query user group patch_of of kept
    $USER $GROUP $ENTERPRISE $PATCH $SEARCH $ERROR $LIST);

our ($USER, $GROUP) = map { "urn:ietf:params:scim:schemas:core:2.0:$_" } qw(User Group);
our $ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
our ($PATCH, $SEARCH, $ERROR, $LIST) = map { "urn:ietf:params:scim:api:messages:2.0:$_" }
    qw(PatchOp SearchRequest Error ListResponse);

my $json = JSON->new->utf8->canonical->allow_nonref;
my (%kept, $number);

sub user  { my ($name, %more) = @_; return { schemas => [$USER], userName => $name, %more } }
sub group { my ($name, %more) = @_; return { schemas => [$GROUP], displayName => $name, %more } }
sub patch_of { return { schemas => [$PATCH], Operations => [@_] } }
sub kept { return $kept{ $_[0] } }

# A server with the declared type under /scim, asked as root; `more` are lines of its own.
sub rows_server
{
    my ($more) = @_;
    my $server = ProvisionTest->new;
    my $users = $server->secret('users', 'root:' . crypt('root', '$5$salt$') . "\n");
    my $declared = join "\n", declare_test($server);
    $server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant rows.example
$declared
ProvisionPermit admin user root
<Location /scim>
    ProvisionService scim
    AuthType Basic
    AuthName rows
    AuthUserFile $users
    Require valid-user
</Location>
@{[$more // '']}
CONF
    return $server->login('root', 'root');
}

# A path with parameters, in order.
sub query
{
    my ($path, @pairs) = @_;
    my @all;
    while (my ($name, $value) = splice @pairs, 0, 2) {
        push @all, "$name=" . uri_escape_utf8($value);
    }
    return "$path?" . join '&', @all;
}

# What lies at a place of a structure.
sub of
{
    my ($value, $place) = @_;
    for my $step (split m{/}, $place) {
        return ref $value eq 'ARRAY' ? scalar @$value : 'no list' if $step eq '#';
        $value = ref $value eq 'ARRAY' ? ($step =~ /^\d+$/ ? $value->[$step] : undef)
            : ref $value eq 'HASH' ? $value->{$step} : return;
    }
    return $value;
}

sub fits
{
    my ($got, $want) = @_;
    $want = ref $want eq 'Regexp' ? $want : $json->decode(filled($json->encode($want)));
    return !defined $got if !defined $want;
    return 0 if !defined $got;
    return $got =~ $want if ref $want eq 'Regexp';
    return $json->encode($got) eq $json->encode($want) if ref $want || ref $got;
    return $got eq $want;
}

sub filled
{
    my ($text) = @_;
    $text =~ s/\{([\w.]+)\}/$kept{$1} \/\/ "{$1}"/ge if defined $text;
    return $text;
}

sub complaints
{
    my ($res, $method, $status, $has, %more) = @_;
    my ($code, $type) = split ' ', $status;
    my $said = decode($res);
    my @bad;
    push @bad, 'the status is ' . $res->code if $res->code != $code;
    push @bad, 'a secret is told' if $res->as_string =~ /Geheim/;
    my $empty = $method eq 'HEAD' || $res->code == 204 || $res->code == 304;
    push @bad, 'there is a body' if $empty && length $res->content;
    push @bad, 'the media type is ' . ($res->header('Content-Type') // 'missing')
        if !$empty && ($res->header('Content-Type') // '') ne ($more{media} // 'application/scim+json');
    if ($res->code >= 400 && !$empty) {
        push @bad, 'no error of SCIM' if !fits(of($said, 'schemas'), [$ERROR])
            || $json->encode($said->{status} // 0) ne qq("$code") || !length($said->{detail} // '')
            || grep { !/^(?:schemas|status|scimType|detail)$/ } keys %$said;
        push @bad, 'scimType is ' . (of($said, 'scimType') // 'missing')
            if ($type // '') ne (of($said, 'scimType') // '');
    }
    push @bad, map { fits(of($said, $_), $has->{$_}) ? () : "$_ is " . $json->encode(of($said, $_)) }
        sort keys %{ $has // {} };
    my $header = $more{header} // {};
    push @bad, map { fits(scalar $res->header($_), $header->{$_}) ? ()
            : "$_ is " . ($res->header($_) // 'missing') } sort keys %$header;
    $kept{ $more{keep} } = of($said, 'id') if $more{keep};
    $kept{"$more{keep}.tag"} = $res->header('ETag') if $more{keep};
    return @bad;
}

sub rows
{
    my ($server, $base, @rows) = @_;
    for my $row (@rows) {
        my ($what, $method, $path, $body, $status, $has, %more) = @$row;
        my $text = ref $body ? $json->encode($body) : $body;
        my %send = map { $_ => filled($more{send}{$_}) } keys %{ $more{send} // {} };
        my $res = $server->call($method, $base . filled($path), filled($text), %send);
        my @bad = complaints($res, $method, $status, $has, %more);
        ok(!@bad, $what) or diag "$method $path: ", join('; ', @bad), "\n", $text // '', "\n",
            $res->content;
    }
    return;
}

1;
