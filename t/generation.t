# What a changed configuration owes the targets, and who is in scope: provisioning roles, domains.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Pair;

my ($front, $target) = pair();

sub patch
{
    my ($endpoint, $id, @operations) = @_;
    my $res = $front->call(PATCH => path($endpoint, $id), {
        schemas => ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations => \@operations });
    is $res->code, 200, 'PATCH' or diag $res->content;
}

sub assign   { patch(Groups => $_[0], { op => 'add', path => 'members',
    value => [ { value => $_[1] } ] }) }
sub unassign { patch(Groups => $_[0], { op => 'remove', path => qq{members[value eq "$_[1]"]} }) }

# --- a changed mapping ----------------------------------------------------------------------------
my %id = map { $_ => created($front, Users => user($_, title => "title of $_")) } qw(ann ben);
ok settles($front, $id{$_}, 'synced'), "$_ is synced" for qw(ann ben);
my %remote = map { $_ => link_of($front, $id{$_})->{remoteId} } qw(ann ben);

$front->graceful(conf => front_conf($target, connector => <<'CONF'));
ProvisionMap userName "{UN}@partner.example"
        ProvisionMap nickName title
CONF
for my $name (qw(ann ben)) {
    my $there = arrives($target, Users => qq{userName eq "$name\@partner.example"});
    ok $there, "a changed ProvisionMap renames $name there";
    is $there->{id}, $remote{$name}, 'the same object';
    is $there->{nickName}, "title of $name", 'with the attribute mapped anew';
    ok settles($front, $id{$name}, 'synced'), 'and synced';
}
# A restart with the same configuration owes nothing: the last success stays where it was.
if (!quick()) {
    my $before = link_of($front, $id{ann})->{lastSuccess};
    my $version = arrives($target, Users => 'userName eq "ann@partner.example"')->{meta}{version};
    $front->graceful;
    $id{cas} = created($front, Users => user('cas'));
    ok settles($front, $id{cas}, 'synced'), 'after a restart, changes go on';
    is link_of($front, $id{ann})->{lastSuccess}, $before, 'and what was right is left alone';
    is arrives($target, Users => 'userName eq "ann@partner.example"')->{meta}{version}, $version,
        'there too';
}
# And back again.
$front->graceful(conf => front_conf($target));
ok arrives($target, Users => qq{userName eq "$_"}), "and back: $_" for grep { $id{$_} } qw(ann ben cas);

# --- another place --------------------------------------------------------------------------------
if (!quick()) {
    my $moved = ProvisionTest->new(name => 'moved');
    $moved->start(conf => settings() . service());
    admit($moved, 'front');
    $front->graceful(conf => front_conf($moved));
    ok arrives($moved, Users => qq{userName eq "$_"}), "a target that moved gets $_" for qw(ann ben);
    ok settles($front, $id{ann}, 'synced'), 'and has her';
    isnt link_of($front, $id{ann})->{remoteId}, $remote{ann}, 'under an id of its own';
    $front->graceful(conf => front_conf($target));
    ok wait_for(sub { (link_of($front, $id{ann})->{remoteId} // '') eq $remote{ann} }, 15),
        'moved back, the old object is found again' or diag explain link_of($front, $id{ann});
    is scalar(found($target, Users => 'userName sw "ann"')), 1, 'and not made twice';
}

# --- a target that is no more declared ------------------------------------------------------------
my ($status, $said);
$front->graceful(conf => settings() . service());
is state_of($front, $id{ben}), 'synced', 'what was right when its target went is not in question';
patch(Users => $id{ann}, { op => 'replace', path => 'title', value => 'meanwhile' });
($status, $said) = $front->ctl(qw(links summary --json));
is_deeply [ map { [ @$_{qw(target state)} ] } map { decode($_) } split /\n/, $said ], [ [qw(partner/scim2 orphaned)] ],
    'links summary counts all of it as orphaned' or diag $said;
ok settles($front, $id{ann}, 'orphaned'), 'what changes since then is orphaned';
($status, $said) = $front->ctl(qw(links --json --state orphaned));
is_deeply [ map { decode($_)->{id} } split /\n/, $said ], [ $id{ann} ], 'provisionctl says so too';
isnt((found($target, Users => 'userName eq "ann"'))[0]{title}, 'meanwhile', 'nothing is sent');
$front->graceful(conf => front_conf($target));
ok arrives($target, Users => 'userName eq "ann" and title eq "meanwhile"'),
    'declared again, it catches up';
ok settles($front, $id{ann}, 'synced'), 'and is synced';
is link_of($front, $id{ann})->{remoteId}, $remote{ann}, 'with the same object';

# A target switched off keeps what is due.
if (!quick()) {
    $front->graceful(conf => front_conf($target, idp => 'ProvisionEnabled off'));
    patch(Users => $id{ann}, { op => 'replace', path => 'title', value => 'later' });
    $id{dan} = created($front, Users => user('dan'));
    like state_of($front, $id{dan}), qr/^(?:pending|waiting)$/, 'switched off: it waits';
    $front->graceful(conf => front_conf($target));
    ok arrives($target, Users => 'userName eq "dan"'), 'and comes';
    ok arrives($target, Users => 'userName eq "ann" and title eq "later"'), 'with all that was due';
}

# --- provisioning roles ---------------------------------------------------------------------------
$front->graceful(conf => front_conf($target, idp => 'ProvisionRole sales "field staff"'));
my $at = sub { my ($name, $active) = @_;
    return arrives($target, Users => qq{userName eq "$name" and active eq $active}) };
ok $at->(ann => 'false'), 'who is in none of the new roles is disabled there';
$id{eve} = created($front, Users => user('eve'));
ok settles($front, $id{eve}, 'out of scope'), 'who is made in none is out of scope';
is scalar(found($target, Users => 'userName eq "eve"')), 0, 'and does not go there';
is link_of($front, $id{eve})->{lastSuccess}, undef, 'which is no success';

my %role = map { $_ => created($front, Groups => group($_)) } 'sales', 'field staff', 'interns',
    'others';
assign($role{sales}, $id{eve});
ok $at->(eve => 'true'), 'assigned to a role by PATCH of the group: there';
assign($role{sales}, $id{ann});
ok $at->(ann => 'true'), 'who was there comes back';
is((found($target, Users => 'userName eq "ann"'))[0]{id}, $remote{ann}, 'as the same object');
assign($role{others}, $id{ben});
ok settles($front, $id{ben}, 'disabled'), 'another group is no role';
ok $at->(ben => 'false'), 'so he stays out';

assign($role{'field staff'}, $id{eve});
unassign($role{sales}, $id{eve});
$id{fay} = created($front, Users => user('fay'));
$front->call(PUT => path(Groups => $role{sales}), group('sales', $id{ann}, $id{fay}));
ok $at->(fay => 'true'), 'assigned by PUT of the group';
ok settles($front, $id{eve}, 'synced'), 'who is in two roles and leaves one';
ok $at->(eve => 'true'), 'stays';
unassign($role{'field staff'}, $id{eve});
ok $at->(eve => 'false'), 'and goes with the second';

# Nested: interns are sales.
assign($role{interns}, $id{ben});
assign($role{sales}, $role{interns});
ok $at->(ben => 'true'), 'a member of a group in the role is in the role';
unassign($role{sales}, $role{interns});
ok $at->(ben => 'false'), 'until that group leaves it';
assign($role{sales}, $role{interns});
ok $at->(ben => 'true'), 'and again';
is $front->call(DELETE => path(Groups => $role{interns}))->code, 204, 'the group goes';
ok $at->(ben => 'false'), 'and so does he';

# A role by its name.
my $other = created($front, Groups => group('team', $id{ben}));
patch(Groups => $other, { op => 'replace', path => 'displayName', value => 'field staff 2' });
patch(Groups => $role{'field staff'}, { op => 'replace', path => 'displayName', value => 'was' });
patch(Groups => $other, { op => 'replace', path => 'displayName', value => 'field staff' });
ok $at->(ben => 'true'), 'a group that takes the name of a role makes its members part of it';
patch(Groups => $other, { op => 'replace', path => 'displayName', value => 'team' });
ok $at->(ben => 'false'), 'and takes it from them with the name';
is $front->call(DELETE => path(Groups => $role{sales}))->code, 204, 'a role goes';
ok $at->(ann => 'false'), 'and its members with it';

# --- domains --------------------------------------------------------------------------------------
my $applications = <<'CONF';
<ProvisionUserStore CORP>
    ProvisionType local
</ProvisionUserStore>
<ProvisionApplication resident>
    ProvisionOutbound partner scim2
</ProvisionApplication>
<ProvisionApplication hr>
    ProvisionInboundStore CORP
    ProvisionOutbound partner scim2
</ProvisionApplication>
CONF
my $domained = sub { front_conf($target, applications => $applications, @_) };
$front->graceful(conf => $domained->());
admit($front, 'hr', qw(--application hr));
my @hr = (Authorization => 'Bearer token-of-hr');
$id{gus} = created($front, Users => user('CORP/gus'));
is decode($front->call(GET => path(Users => $id{gus})))->{userName}, 'CORP/gus',
    'a user of another domain bears its name here';
ok arrives($target, Users => 'userName eq "gus"'), 'and at the target the bare one';
is scalar(found($front, Users => 'userName eq "gus"')), 0, 'bare is PRIMARY';
is scalar(found($front, Users => 'userName eq "CORP/gus"')), 1, 'with the prefix its own';
is scalar(found($front, Users => 'userName eq "corp/GUS"')), 1, 'whatever the case';
is $front->call(POST => path('Users'), user('CORP/gus'))->code, 409, 'unique in its domain';
$id{gus2} = created($front, Users => user('gus'));
ok settles($front, $id{gus2}, 'waiting') , 'the same name in PRIMARY waits for it at the target';

is $front->call(GET => path(Users => $id{ann}), undef, @hr)->code, 404,
    'an application with a store sees no other';
is $front->call(GET => path(Users => $id{gus}), undef, @hr)->code, 200, 'but its own';
$id{hal} = created($front, Users => user('hal'), @hr);
is decode($front->call(GET => path(Users => $id{hal})))->{userName}, 'CORP/hal',
    'and makes its users there';
my $res = $front->call(PUT => path(Users => $id{hal}), user('hal'));
is $res->code, 400, 'no user changes his domain';
is decode($res)->{scimType}, 'mutability', 'and it says so';
is $front->call(PUT => path(Users => $id{hal}), user('CORP/hally'))->code, 200,
    'another name is a rename';
ok arrives($target, Users => 'userName eq "hally"'), 'that the target follows';

$front->graceful(conf => $domained->(connector => 'ProvisionSet userStoreDomain OURS'));
ok arrives($target, Users => 'userName eq "OURS/hally"'), 'userStoreDomain stands before names';
ok arrives($target, Users => 'userName eq "OURS/ann"'), 'of every domain';

my ($sound, $words) = $front->ctl('check');
is $sound, 0, 'and the store is sound' or diag $words;
done_testing;
