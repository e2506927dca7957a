# PATCH over HTTP against the model of t/model_patch.t, for groups too: the answer, what GET then says,
# and whether version and lastModified moved; a refusal leaves everything as it was.
# Rows: PA-3 PA-4 PA-5 PA-8 PA-11 ET-6 AT-17 CR-16
#   SEED=n begins with that case, SEEDS=n runs n times as many.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::PatchCases qw(types declared resource operations sent sane any any_case);
use ProvisionTest::PatchModel;
use ProvisionTest::Process qw(spew);
use JSON ();

my $json = JSON->new->utf8->canonical->allow_nonref;
my $GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
my $first = $ENV{SEED} // 1;
my $cases = (quick() ? 20 : 300) * seeds();
my ($user, $thing) = types();

my $server = ProvisionTest->new;
my $scratch = $server->scratch;
my $users = $server->secret('users', 'root:' . crypt('root', '$5$salt$') . "\n");
my $declared = declared();
spew("$scratch/schemas.json", '[' . join(',', @{ $declared->{schemas} }) . ']');
spew("$scratch/type.json", $declared->{types}[0]);
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant model.example
ProvisionPasswordCost 1
ProvisionSchema \@scratch\@/schemas.json
ProvisionResourceType \@scratch\@/type.json
ProvisionPermit admin user root
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName scim
    AuthUserFile $users
    Require valid-user
</Location>
CONF
$server->login('root', 'root');

my ($failed, $number, %outcome) = (0, 0);

sub call { return $server->call($_[0], "/scim/v2$_[1]", @_[ 2 .. $#_ ]) }

sub wrong
{
    my ($seed, $what, @more) = @_;
    fail "SEED=$seed: $what" if $failed++ < 8;
    diag $_ for $failed < 8 ? @more : ();
}

# As it can be compared: without what the server says besides what it was told.
sub told
{
    my ($resource, $kept) = @_;
    my %copy = %$resource;
    delete @copy{qw(groups password pin)};
    $copy{members} = [ map { { value => $_ } } sort map { $_->{value} } @{ $copy{members} } ] if $copy{members};
    return $json->encode(sane(\%copy, $kept));
}

# One PATCH of what is at the path; want is as the model gives it, for what is known to be there.
sub check
{
    my ($seed, $path, $before, $want, @operations) = @_;
    my $was = call(GET => $path);
    my $res = call(PATCH => $path, sent(@operations));
    my $now = call(GET => $path);
    my ($old, $said, $new) = map { decode($_) // {} } $was, $res, $now;
    my $case = 'sent ' . $json->encode(sent(@operations)->{Operations}) . ' to ' . $json->encode($before);
    my $status = $want->{status} // 200;
    $outcome{$status}++;
    return wrong($seed, "it answers @{[$res->code]}, not $status", $case, $res->content, @{ $want->{types} // [] })
        if $res->code != $status;
    my $moved = $new->{meta}{version} ne $old->{meta}{version};
    my $later = $new->{meta}{lastModified} gt $old->{meta}{lastModified};
    if ($status != 200) {
        wrong($seed, "it says $said->{scimType}", $case, @{ $want->{types} })
            if !grep { $_ eq $said->{scimType} } @{ $want->{types} };
        wrong($seed, 'it is refused and yet changed something', $case) if $now->content ne $was->content;
        return;
    }
    my $model = told($want->{resource});
    wrong($seed, 'the answer is another', $case, $res->content, $model) if told($said) ne $model;
    wrong($seed, 'what is read then is another', $case, $now->content) if told($new) ne $model;
    wrong($seed, 'the ETag is another', $case) if $now->header('ETag') ne $new->{meta}{version};
    my $changed = told($want->{resource}, 1) ne told($before, 1) || defined $want->{resource}{password}
        || ($want->{resource}{pin} // '') ne ($before->{pin} // '');
    wrong($seed, ($changed ? 'nothing' : 'something') . ' moved', $case, $was->content, $now->content)
        if $moved != !!$changed || $later != !!$changed;
}

# ---- users and things --------------------------------------------------------------------------------

sub run_case
{
    my ($seed) = @_;
    my $type = any($user, $thing);
    my ($before, @operations) = (resource($type), operations($type));
    $before->{userName} = 'u' . ++$number if $type == $user;
    my @urns = map { $_->{id} } $type->{schema}, grep { $before->{ $_->{id} } } @{ $type->{extensions} };
    my $made = call(POST => $type->{endpoint}, { %$before, schemas => \@urns });
    return wrong($seed, 'it is not made', $json->encode($before), $made->content) if $made->code != 201;
    my $want = ProvisionTest::PatchModel->new($type)->patch($before, @operations);
    my $path = "$type->{endpoint}/" . decode($made)->{id};
    check($seed, $path, $before, $want, @operations);
    call(DELETE => $path);
}

# ---- groups: members are a set, and each of them is somebody -------------------------------------------

my @people = map { decode(call(POST => '/Users', { schemas => [ $user->{schema}{id} ],
        userName => "member$_", displayName => "Member $_" }))->{id} } 1 .. 5;

sub some { my %some = map { any(@people) => 1 } 1 .. 1 + rand 3; return sort keys %some }
sub path_of { my ($filter, $sub) = @_; return { attr => 'members', raw => 1, text => "members[$filter]" . ($sub // '') } }

# An operation and what it makes of [ displayName, { id => 1 } ]: new ones, or the scimTypes of a refusal.
# Who is nobody is passed over, unless the list is made anew: then he could leave it empty.
sub group_operation
{
    my ($name, $in, $anew) = @_;
    my @some = some();
    my ($one) = @some;
    my $members = any(any_case('members'), "$GROUP:members");
    my $at = { text => $members };
    my $values = any([ map { { value => $_ } } @some ], [ map { { value => $_, display => 'x', type => 'User' } } @some ]);
    my %with = (%$in, map { $_ => 1 } @some);
    my %without = map { $_ => 1 } grep { my $id = $_; !grep { $_ eq $id } @some } keys %$in;
    my %but_one = map { $_ => 1 } grep { $_ ne $one } keys %$in;
    my %only = map { $_ => 1 } @some;
    my ($low, $high) = map { $_ - 1 } sort { $a <=> $b } 1 + int rand 5, 1 + int rand 5;
    my %but_named = map { $_ => 1 } grep { my $id = $_; !grep { $people[$_] eq $id } $low .. $high } keys %$in;
    my $named = sprintf 'display ge "member %d" and display le "Member %d"', $low + 1, $high + 1;
    my @rows = (
        [ { op => 'add', path => $at, value => $values }, $name, \%with ],
        [ { op => 'add', path => $at, value => { value => $one } }, $name, { %$in, $one => 1 } ],
        [ { op => 'add', value => { members => $values } }, $name, \%with ],
        [ { op => 'remove', path => $at, value => $values }, $name, \%without ],
        [ { op => 'remove', path => path_of(qq{value eq "$one"}) }, $name, \%but_one ],
        [ { op => 'remove', path => path_of(qq{value ne "$one"}) }, $name, { $in->{$one} ? ($one => 1) : () } ],
        [ { op => 'remove', path => path_of($named) }, $name, \%but_named ],
        [ { op => 'remove', path => path_of('type eq "Group"') }, $name, $in ],
        [ { op => 'remove', path => $at }, $name, {} ],
        [ { op => 'replace', path => $at, value => $values }, $name, \%only ],
        [ { op => 'replace', value => { displayName => "g$number", members => $values } }, "g$number", \%only ],
        [ { op => 'replace', path => $at, value => [] }, $name, {} ],
        [ { op => 'replace', value => { id => 'x', displayName => "h$number" } }, "h$number", $in ],
        [ { op => 'replace', path => { text => 'displayName' }, value => $name }, $name, $in ],
        [ { op => 'remove', path => { text => 'displayName' } }, ['mutability'] ],
        [ { op => 'add', path => $at, value => [ { value => 'nobody' }, { value => $one } ] },
            $anew ? ['invalidValue'] : ($name, { %$in, $one => 1 }) ],
        [ { op => 'replace', path => $at, value => [ { value => $one }, { value => 'nobody' } ] }, ['invalidValue'] ],
        [ { op => 'add', path => $at, value => [ { display => 'x' } ] }, ['invalidValue'] ],
        [ { op => 'replace', path => path_of(qq{value eq "$one"}, '.value'), value => $one }, ['mutability'] ],
        [ { op => 'remove', path => path_of(qq{value eq "$one"}, '.display') }, ['mutability'] ],
        [ { op => 'remove' }, ['noTarget'] ],
    );
    return @{ any(@rows) };
}

sub makes_anew
{
    my ($operation) = @_;
    my $path = $operation->{path};
    my $whole = !$path || $path->{text} =~ /members$/i;
    return $whole && ($operation->{op} eq 'replace' && ($path || $operation->{value}{members}) ||
        $operation->{op} eq 'remove' && $path && !$operation->{value});
}

sub run_group
{
    my ($seed) = @_;
    $number++;
    my ($name, %in) = ("group$number", map { $_ => 1 } rand() < 0.8 ? some() : ());
    my $resource = sub { return { displayName => $_[0], members => [ map { { value => $_ } } sort keys %{ $_[1] } ] } };
    my $before = $resource->($name, \%in);
    my $made = call(POST => '/Groups', { %$before, schemas => [$GROUP] });
    my ($in, $anew, $refused, @operations) = (\%in, 0);
    for (1 .. any(1, 1, 2, 3)) {
        my ($operation, @becomes) = group_operation($name, $in, $anew);
        push @operations, $operation;
        $anew ||= makes_anew($operation);
        # Who is nobody is found last, so that of two mistakes either is named.
        $refused = [ @{ $refused // [] }, @{ $becomes[0] } ] if ref $becomes[0];
        ($name, $in) = @becomes if !$refused;
    }
    my $want = $refused ? { status => 400, types => $refused } : { resource => $resource->($name, $in) };
    my $path = '/Groups/' . decode($made)->{id};
    check($seed, $path, $before, $want, @operations);
    call(DELETE => $path);
}

for my $seed ($first .. $first + $cases - 1) {
    srand $seed;
    rand() < 0.4 ? run_group($seed) : run_case($seed);
}
is $failed, 0, "$cases cases are as the model has them";
ok $outcome{200} && $outcome{400}, 'good and bad: ' . join ', ', map { "$outcome{$_} of $_" } sort keys %outcome;
done_testing;
