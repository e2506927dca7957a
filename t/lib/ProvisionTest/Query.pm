# What the suites about lists ask, and what they say of an answer.
#
#   use ProvisionTest::Query;
#   asks_of($server);
#   is names(decode(get('/Users', filter => 'title pr'))), 'anna Bert', 'who has a title';
package ProvisionTest::Query;
use strict;
use warnings;
use parent 'Exporter';
use ProvisionTest;
use Test::More ();
use URI::Escape qw(uri_escape_utf8);

our @EXPORT = qw(asks_of call is_error args get search names made);

my $ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
my $SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
my $server;

sub asks_of { return $server = shift }

sub call { return $server->call(@_) }

sub is_error
{
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($res, $status, $type, $what) = @_;
    my $said = decode($res) // {};
    Test::More::is $res->code, $status, "$what: $status" or Test::More::diag $res->as_string;
    Test::More::is_deeply [ @$said{qw(schemas status scimType)} ], [ [$ERROR], "$status", $type ],
        "$what: the error" or Test::More::diag $res->content;
    return $said->{detail};
}

sub args
{
    my (%args) = @_;
    return join '&', map { "$_=" . uri_escape_utf8($args{$_}) } sort keys %args;
}

sub get
{
    my ($path, %args) = @_;
    return call(GET => "/scim/v2$path?" . args(%args));
}

sub search
{
    my ($path, %args) = @_;
    $args{$_} = [ split /,/, $args{$_} ] for grep { defined $args{$_} } qw(attributes excludedAttributes);
    $args{$_} += 0 for grep { defined $args{$_} && $args{$_} =~ /^-?\d+$/ } qw(startIndex count);
    $path =~ s{/$}{};
    return call(POST => "/scim/v2$path/.search", { schemas => [$SEARCH], %args });
}

sub names
{
    my ($list) = @_;
    return join ' ', map { $_->{userName} // $_->{displayName} // '?' } @{ $list->{Resources} };
}

sub made
{
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($type, %resource) = @_;
    my $res = call(POST => "/scim/v2/${type}s", \%resource);
    Test::More::is $res->code, 201, "a $type is made" or Test::More::diag $res->content;
    return decode($res);
}

1;
