# Microsoft Entra ID with the flag aadOptscim062020 behind the tenant's URL: lower case, true
# booleans, members by filter, and many values in one operation without a path. Then what the
# public validator of SCIM endpoints sends: every attribute by an operation of its own.
# Rows: PA-5 PA-12 FI-14 EP-12
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Scim;

my $server = serve(plain => '');
my $entra = client($server, plain => (
        'Content-Type' => 'application/scim+json; charset=utf-8',
        'User-Agent' => 'AzureAD Provisioning',
    ));

subtest 'a user' => sub {
    my $name = 'filter=userName+eq+%22kim%40contoso.example%22';
    my $flag = 'aadOptscim062020';
    is $entra->good(200, 'the flag is not ours', GET => "/Users?$flag&$name")->{totalResults}, 0,
        'nobody';
    my $user = $entra->good(201, 'made', POST => "/Users?$flag",
        qq({"schemas":["${\USER}","${\ENTERPRISE}"],"externalId":"kim","userName":"kim\@contoso.example",)
            . '"active":true,"emails":[{"primary":true,"type":"work","value":"kim@contoso.example"}],'
            . '"name":{"givenName":"Kim","familyName":"K"},'
            . qq("${\ENTERPRISE}":{"department":"Sales","employeeNumber":"7"}}));
    my $path = "/Users/$user->{id}";
    my ($boss) = $entra->people('boss');

    $entra->patch(200, 'many values, no path', $path,
        '{"op":"replace","value":{"displayName":"K. K.","name.givenName":"Kimberly",'
            . '"name.familyName":"Kay","active":true,'
            . qq("${\ENTERPRISE}:employeeNumber":"8","${\ENTERPRISE}:costCenter":"C"}}));
    $user = $entra->only_changed('many values', $path, $user, displayName => 'K. K.',
        name => { givenName => 'Kimberly', familyName => 'Kay' },
        ENTERPRISE, { department => 'Sales', employeeNumber => '8', costCenter => 'C' });
    $entra->patch(200, 'added without a path', $path,
        qq({"op":"add","value":{"title":"Boss","${\ENTERPRISE}:manager":"$boss"}}));
    $user = $entra->only_changed('added', $path, $user, title => 'Boss', ENTERPRISE,
        { %{ $user->{ +ENTERPRISE } }, manager => { value => $boss } });
    $entra->patch(200, 'selected, and a phone', $path,
        '{"op":"replace","path":"emails[type eq \"work\"].value","value":"kay@contoso.example"}',
        '{"op":"add","path":"phoneNumbers[type eq \"work\"].value","value":"+1 5"}');
    $user = $entra->only_changed('selected', $path, $user,
        emails => [ { primary => JSON::true, type => 'work', value => 'kay@contoso.example' } ],
        phoneNumbers => [ { type => 'work', value => '+1 5' } ]);
    $entra->patch(200, 'removed', $path, '{"op":"remove","path":"phoneNumbers[type eq \"work\"]"}',
        '{"op":"remove","path":"title"}', qq({"op":"remove","path":"${\ENTERPRISE}:manager"}));
    my %enterprise = %{ $user->{ +ENTERPRISE } };
    delete $enterprise{manager};
    $user = $entra->only_changed('removed', $path, $user, phoneNumbers => undef, title => undef,
        ENTERPRISE, \%enterprise);
    $entra->patch(200, 'disabled', $path, '{"op":"replace","path":"active","value":false}');
    $entra->only_changed('disabled', $path, $user, active => JSON::false);
    is $entra->good(200, 'still found', GET => "/Users?$flag&$name")->{totalResults}, 1, 'once';
    $entra->good(204, 'deleted', DELETE => $path);
};

subtest 'a group' => sub {
    my @people = $entra->people('o1', 'o2', 'o3');
    my $group = $entra->good(201, 'made', POST => '/Groups',
        qq({"schemas":["${\GROUP}"],"externalId":"og","displayName":"Opt"}));
    my $path = "/Groups/$group->{id}";
    $entra->patch(200, 'members', $path,
        map { qq({"op":"add","path":"members","value":[{"value":"$_"}]}) } @people);
    is_deeply $entra->members($group->{id}), [ sort @people ], 'all of them';
    my $first = shift @people;
    $entra->patch(200, 'one less', $path, qq({"op":"remove","path":"members[value eq \\"$first\\"]"}));
    is_deeply $entra->members($group->{id}), [ sort @people ], 'only that one';
    $entra->patch(200, 'who is not there', $path,
        qq({"op":"remove","path":"members[value eq \\"$first\\"]"}));
    is_deeply $entra->members($group->{id}), [ sort @people ], 'the others stay';
    $entra->patch(200, 'renamed without a path', $path,
        '{"op":"replace","value":{"displayName":"Opt 2","externalId":"og2"}}');
    my $is = $entra->get($path);
    is_deeply [ @$is{qw(displayName externalId)} ], [ 'Opt 2', 'og2' ], 'both';
    is_deeply $entra->members($group->{id}), [ sort @people ], 'and its members';
};

# --- the validator --------------------------------------------------------------------------------

my %simple = map { $_ => "a $_" } qw(displayName nickName title userType preferredLanguage
    externalId name.formatted name.familyName name.givenName name.middleName
    name.honorificPrefix name.honorificSuffix);
$simple{"${\ENTERPRISE}:$_"} = "a $_" for qw(employeeNumber costCenter organization division
    department);
$simple{profileUrl} = 'aProfileUrl';
$simple{locale} = 'en-US';
$simple{timezone} = 'America/New_York';
my @kinds = qw(work home other);
my @of_address = qw(formatted streetAddress locality region postalCode country);
my %of_kind = (
    emails => [qw(value display)], phoneNumbers => [qw(value display)], ims => [qw(value display)],
    photos => [qw(value display)], addresses => \@of_address,
);

sub one
{
    my ($op, $path, $value) = @_;
    $path =~ s/"/\\"/g;
    return qq({"op":"$op","path":"$path"}) if !defined $value;
    return qq({"op":"$op","path":"$path","value":"$value"});
}

sub value_of
{
    my ($attribute, $sub, $kind) = @_;
    return 'DE' if $sub eq 'country';
    return "https://x.example/$kind" if "$attribute.$sub" eq 'photos.value';
    return "$kind $sub";
}

# What lies at a path of the validator's.
sub at
{
    my ($of, $path) = @_;
    return $of->{ +ENTERPRISE }{$1} if $path =~ /^urn:.*:(\w+)$/;
    return $of->{$1}{$2} if $path =~ /^(\w+)\.(\w+)$/;
    return $of->{$path} if $path !~ /\[/;
    my ($attribute, $sub, $want, $inner) = $path =~ /^(\w+)\[(\w+) eq "(\w+)"\]\.(\w+)$/;
    my ($found) = grep { ($_->{$sub} ? "$_->{$sub}" =~ s/^1$/True/r : '') eq $want }
        @{ $of->{$attribute} // [] };
    return $found->{$inner};
}

subtest 'the validator: every attribute for itself' => sub {
    my %all = %simple;
    for my $attribute (sort keys %of_kind) {
        for my $kind (@kinds) {
            $all{"${attribute}[type eq \"$kind\"].$_"} = value_of($attribute, $_, $kind)
                for @{ $of_kind{$attribute} };
        }
    }
    $all{"roles[primary eq \"True\"].$_"} = "main $_" for qw(value display type);
    cmp_ok scalar keys %all, '>', 50, 'many operations';
    my $user = $entra->good(201, 'made', POST => '/Users',
        qq({"schemas":["${\USER}"],"userName":"verbose"}));
    my $path = "/Users/$user->{id}";
    $entra->patch(200, 'added', $path, map { one('Add', $_, $all{$_}) } sort keys %all);
    my $is = $entra->get($path);
    is at($is, $_), $all{$_}, $_ for sort keys %all;

    $entra->patch(200, 'replaced', $path,
        map { one('Replace', $_, /country/ ? 'FR' : "$all{$_}2") } grep { !/type$/ } sort keys %all);
    my $then = $entra->get($path);
    is at($then, $_), /type$/ ? $all{$_} : /country/ ? 'FR' : "$all{$_}2", "$_ anew"
        for sort keys %all;

    $entra->patch(200, 'removed', $path, map { one('Remove', $_) } sort keys %simple);
    my %left = %{ $entra->get($path) };
    ok !exists $left{$_}, "$_ is gone" for 'name', ENTERPRISE, grep { !/\W/ } keys %simple;
    is_deeply $left{$_}, $then->{$_}, "$_ stays" for sort(keys %of_kind), 'roles';
};

subtest 'the validator: its odd paths' => sub {
    my $user = $entra->good(201, 'made', POST => '/Users',
        qq({"schemas":["${\USER}"],"userName":"odd","roles":[{"value":"r","primary":"True"}]}));
    my $path = "/Users/$user->{id}";
    $entra->patch(200, 'a kind that has no canonical name', $path,
        one(Add => 'emails[type eq "untyped"].value', 'u@x.example'));
    is_deeply $entra->get($path)->{emails}, [ { type => 'untyped', value => 'u@x.example' } ], 'made';
    for my $true ('true', '"True"', '"true"') {
        $entra->patch(200, "primary eq $true", $path,
            one(Replace => "roles[primary eq $true].display", "by $true" =~ s/"//gr));
        is $entra->get($path)->{roles}[0]{display}, "by $true" =~ s/"//gr, 'found';
    }
    my ($member, $other) = $entra->people('om', 'on');
    my $group = $entra->good(201, 'a group', POST => '/Groups',
        qq({"schemas":["${\GROUP}"],"displayName":"Odd","members":[{"value":"$other"}]}));
    $entra->patch(200, 'a member by the value of a kind', "/Groups/$group->{id}",
        one(Add => 'members[type eq "User"].value', $member));
    is_deeply $entra->members($group->{id}), [ sort $member, $other ], 'added';
    $entra->refused(400, 'mutability', 'a member turned into another',
        PATCH => "/Groups/$group->{id}",
        $entra->operations(one(Replace => 'members[type eq "User"].value', $member)));
    is_deeply $entra->members($group->{id}), [ sort $member, $other ], 'both are still there';
};

done_testing();
