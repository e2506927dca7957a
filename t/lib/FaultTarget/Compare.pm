# What a server has, and how a target differs from it.
package FaultTarget::Compare;
use strict;
use warnings;
use parent 'Exporter';
use JSON ();
use ProvisionTest ();
use ProvisionTest::Process qw(wait_for);

our @EXPORT_OK = qw(everything differences settled_links unsettled settles);

my $json = JSON->new->utf8->canonical->allow_nonref;
my %not_carried = map { $_ => 1 } qw(id meta schemas groups members externalId);
my %not_linked = map { $_ => 1 } qw(boss provision-admins); # administrators are not carried
my %at_rest = map { $_ => 1 } qw(synced disabled removed superseded failed), 'out of scope';

# All users or groups of the server, page by page, by id.
sub everything
{
    my ($server, $type) = @_;
    my %all;
    for (my $from = 1; ; $from += 200) {
        my $res = $server->call(GET => "/scim/v2/$type?startIndex=$from&count=200");
        die "$type from $from: " . $res->as_string if $res->code != 200;
        my $page = ProvisionTest::decode($res)->{Resources} // [];
        $all{ $_->{id} } = $_ for @$page;
        return \%all if @$page < 200;
    }
}

sub carried
{
    my ($object) = @_;
    return $json->encode({ map { $_ => $object->{$_} } grep { !$not_carried{$_} } keys %$object });
}

# Sentences, one for each thing that is not there as it is here. strangers: { type => { id => what it
# was made as } }.
sub differences
{
    my ($server, $target, %set) = @_;
    my $there = $target->state;
    my %here = map { $_ => everything($server, $_) } qw(Users Groups);
    my $strangers = $set{strangers} // {};
    my ($by, @found) = by_external_id($there, $strangers);
    for my $type (qw(Users Groups)) {
        for my $id (sort keys %{ $here{$type} }) {
            my $name = $here{$type}{$id}{ $type eq 'Users' ? 'userName' : 'displayName' };
            next if $not_linked{$name};
            my @found_there = @{ $by->{$type}{$id} // [] };
            push @found, "$type/$id is there @{[scalar @found_there]} times" if @found_there != 1;
            push @found, unlike($type, $here{$type}{$id}, $there->{$type}{ $found_there[0] }, $by,
                $strangers) if @found_there == 1;
        }
        push @found, leavers($type, $here{$type}, $there->{$type}, $by->{$type}, $strangers);
    }
    return (@found, twice($there->{Users}), changed($there, $strangers));
}

sub by_external_id
{
    my ($there, $strangers) = @_;
    my (%by, @unknown);
    for my $type (qw(Users Groups)) {
        for my $id (sort keys %{ $there->{$type} }) {
            next if $strangers->{$type}{$id};
            my $ours = $there->{$type}{$id}{externalId};
            push @unknown, "$type/$id there bears no externalId" if !defined $ours;
            push @{ $by{$type}{$ours} }, $id if defined $ours;
        }
    }
    return (\%by, @unknown);
}

sub unlike
{
    my ($type, $here, $there, $by, $strangers) = @_;
    my ($wanted, $got) = (carried($here), carried($there));
    my @found = $wanted eq $got ? () : "$type/$here->{id} is $got, not $wanted";
    my $members = join ' ', sort grep { defined }
        map { ($by->{Users}{ $_->{value} } // $by->{Groups}{ $_->{value} } // [])->[0] }
        @{ $here->{members} // [] };
    my $got_members = join ' ', sort grep { !$strangers->{Users}{$_} }
        map { $_->{value} } @{ $there->{members} // [] };
    push @found, "$type/$here->{id} has the members $got_members, not $members"
        if $members ne $got_members;
    return @found;
}

# Users who left are disabled, groups that are gone are empty.
sub leavers
{
    my ($type, $here, $there, $by) = @_;
    my @found;
    for my $gone (sort grep { !$here->{$_} } keys %{ $by // {} }) {
        my @objects = map { $there->{$_} } @{ $by->{$gone} };
        push @found, "$type/$gone left, and is there @{[scalar @objects]} times" if @objects > 1;
        push @found, map { "$type/$gone left, and is " . $json->encode($_) }
            grep { $type eq 'Users' ? $_->{active} // 1 : @{ $_->{members} // [] } } @objects;
    }
    return @found;
}

sub twice
{
    my ($users) = @_;
    my %count;
    $count{ lc $_->{userName} }++ for values %$users;
    return map { "the userName $_ is there $count{$_} times" } grep { $count{$_} > 1 } sort keys %count;
}

sub changed
{
    my ($there, $strangers) = @_;
    my @found;
    for my $type (sort keys %$strangers) {
        for my $id (sort keys %{ $strangers->{$type} }) {
            my $now = $json->encode($there->{$type}{$id});
            push @found, "the stranger $type/$id became $now"
                if $now ne $json->encode($strangers->{$type}{$id});
        }
    }
    return @found;
}

# --- links ---------------------------------------------------------------------------------------

# { state => count }
sub settled_links
{
    my ($server) = @_;
    my ($status, $out) = $server->ctl(qw(links summary --json));
    die "links summary: $out" if $status;
    my %count;
    $count{ $_->{state} } += $_->{links} for map { $json->decode($_) } split /\n/, $out;
    return \%count;
}

# The states that will not stay as they are, with counts.
sub unsettled
{
    my ($server) = @_;
    my $count = settled_links($server);
    return map { $count->{$_} ? "$count->{$_} $_" : () } grep { !$at_rest{$_} } sort keys %$count;
}

# Waits until nothing is on its way and nothing differs; returns what still does after the seconds.
sub settles
{
    my ($server, $target, $seconds, %set) = @_;
    my @left;
    wait_for(sub {
        @left = unsettled($server) and return 0;
        return !(@left = differences($server, $target, %set));
    }, $seconds);
    return @left;
}

1;
