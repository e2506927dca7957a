# The filter and PATCH vectors of the data folder, over HTTP, with the extension they declare. Left
# out are those that need timestamps that a server of ours cannot be given;
# unit/scim_vectors runs them.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Process qw(spew);
use JSON ();
use URI::Escape qw(uri_escape_utf8);

my $file = data_dir() . '/scim/vectors.json';
plan skip_all => "no $file; set PROVISION_DATA" if !-e $file;
my $vectors = JSON->new->utf8->decode(do { local (@ARGV, $/) = $file; <> });
my $canonical = JSON->new->canonical->allow_nonref;
my %cannot = map { $_ => 1 } qw(fixedMeta);

my $server = ProvisionTest->new;
my $users = $server->secret('users', "vectors:{SHA}" . sha1_base64('vectors') . "=\n");
spew($server->scratch . '/acme.json', JSON->new->utf8->encode($vectors->{customSchema}));
$server->start(conf => <<"CONF");
ProvisionStore lmdb \@store\@
ProvisionSecretKey file:\@scratch\@/secrets/key
ProvisionTenant vectors.example
ProvisionSchema \@scratch\@/acme.json
ProvisionPermit scim:read scim:write user vectors
<Location /scim/v2>
    ProvisionService scim
    AuthType Basic
    AuthName vectors
    AuthUserFile $users
    Require valid-user
</Location>
CONF
$server->login('vectors', 'vectors');

sub sha1_base64 { require Digest::SHA; return Digest::SHA::sha1_base64(@_) }

sub needs
{
    my ($test) = @_;
    my $needs = $test->{needs} // [];
    return ref $needs ? @$needs : $needs;
}

# --- what the placeholders stand for --------------------------------------------------------------
my %ids;

# In every string of a structure: ${u1.id}, ${u1.id|upper}, ${m1}, and the fixtures' own ids.
sub filled
{
    my ($value, %more) = @_;
    my %known = (%ids, %more);
    return [ map { filled($_, %more) } @$value ] if ref $value eq 'ARRAY';
    return { map { $_ => filled($value->{$_}, %more) } keys %$value } if ref $value eq 'HASH';
    return $value if ref $value || !defined $value || $value !~ /\$\{|-AbCd/;
    $value =~ s/\$\{(\w+)(?:\.id)?\|upper\}/\U$known{$1}/g;
    $value =~ s/\$\{(\w+)(?:\.id)?\}/$known{$1}/g;
    $value =~ s/\b([a-z]\d)-AbCd/$known{$1}/g;
    return $value;
}

sub created
{
    my ($type, $resource) = @_;
    my %body = %$resource;
    delete @body{qw(id meta)};
    return $server->call(POST => "/scim/v2/${type}s", filled(\%body));
}

for my $name (qw(u1 u2 u3 u4 g1 g2)) {
    my $fixture = $vectors->{fixtures}{$name};
    my $res = created($fixture->{meta}{resourceType}, $fixture);
    is $res->code, 201, "fixture $name" or diag $res->content;
    $ids{$name} = decode($res)->{id};
}
my %name_of = reverse %ids;

# --- filters --------------------------------------------------------------------------------------
sub error_fits
{
    my ($want, $res, $type_required) = @_;
    my $said = decode($res) // {};
    my %types = map { ($_ // '') => 1 }
        ref $want->{scimType} eq 'ARRAY' ? @{ $want->{scimType} } : $want->{scimType};
    return $res->code == $want->{status}
        && ($said->{status} // '') eq $want->{status}
        && (!defined $want->{scimType} || $types{ $said->{scimType} // '' }
            || (!$type_required && !defined $said->{scimType}));
}

sub filter_fits
{
    my ($want, $res, $test) = @_;
    return error_fits($want->{error}, $res, $test->{scimTypeRequired}) if $want->{error};
    my $list = decode($res) // {};
    my @found = sort map { $name_of{ $_->{id} } // $_->{id} } @{ $list->{Resources} // [] };
    return $res->code == 200 && "@found" eq join(' ', sort @{ $want->{match} })
        && $list->{totalResults} == @found;
}

for my $test (@{ $vectors->{filter} }) {
    next if grep { $cannot{$_} } needs($test);
    my $filter = filled($test->{filter});
    my $res = $server->call(GET => "/scim/v2$test->{endpoint}?filter=" . uri_escape_utf8($filter));
    ok(scalar(grep { filter_fits($_, $res, $test) } $test->{expect}, @{ $test->{accept} // [] }),
        "$test->{id} $test->{basis}") or diag "$filter\n" . $res->content;
}

# --- PATCH ----------------------------------------------------------------------------------------
$ids{$_} = decode(created(User => { schemas => [ 'urn:ietf:params:scim:schemas:core:2.0:User' ],
    userName => "member-$_" }))->{id} for qw(m1 m2 m3);
$ids{taken} = 'minimal';

# As meta.conventions says: what is the server's own, order and unassigned values do not count.
sub plain
{
    my ($value, $above) = @_;
    if (ref $value eq 'ARRAY') {
        my @all = map { plain($_, $above) } @$value;
        return [ sort { $canonical->encode($a) cmp $canonical->encode($b) } @all ];
    }
    return $value if ref $value ne 'HASH';
    my %left = map { $_ => plain($value->{$_}, $_) } keys %$value;
    delete $left{'$ref'};
    delete @left{qw(type display)} if $above eq 'members';
    delete @left{qw(id meta groups)} if $above eq '';
    delete $left{primary} if !$left{primary};
    delete @left{ grep { is_unassigned($left{$_}) } keys %left };
    return \%left;
}

sub is_unassigned
{
    my ($value) = @_;
    return !defined $value || (ref $value eq 'ARRAY' && !@$value)
        || (ref $value eq 'HASH' && !%$value);
}

sub without_kept
{
    my ($resource, $may_keep) = @_;
    my %kept = map { $_ => 1 } grep { !$resource->{$_} } @{ $may_keep // [] };
    return { %$resource, schemas => [ grep { !$kept{$_} } @{ $resource->{schemas} } ] };
}

sub same
{
    my ($want, $got, $may_keep) = @_;
    return $canonical->encode(without_kept(plain($want, ''), $may_keep)) eq
        $canonical->encode(without_kept(plain($got, ''), $may_keep));
}

sub unmoved
{
    my ($before, $after) = @_;
    return $before->header('ETag') eq $after->header('ETag')
        && decode($before)->{meta}{lastModified} eq decode($after)->{meta}{lastModified};
}

sub patch_fits
{
    my ($want, $res, $after, $before, $test, $self) = @_;
    my %code = map { $_ => 1 } ref $want->{status} ? @{ $want->{status} } : $want->{status};
    return if !$code{ $res->code };
    return error_fits($want, $res, $test->{scimTypeRequired}) && $after->content eq $before->content
        if $res->code >= 400;
    return if $want->{unchanged} && !unmoved($before, $after);
    return if $res->code == 200 && $res->content ne $after->content;
    return same(filled($want->{after}, self => $self), decode($after), $want->{schemasMayKeep});
}

for my $test (@{ $vectors->{patch} }) {
    next if grep { $cannot{$_} } needs($test);
    my $res = created($test->{resourceType}, $test->{before});
    is $res->code, 201, "$test->{id} can begin" or diag($res->content), next;
    my $self = decode($res)->{id};
    my $path = "/scim/v2/$test->{resourceType}s/$self";
    my $before = $server->call(GET => $path);
    $res = $server->call(PATCH => $path, filled($test->{request}, self => $self));
    my $after = $server->call(GET => $path);
    ok(scalar(grep { patch_fits($_, $res, $after, $before, $test, $self) } $test->{expect},
            @{ $test->{accept} // [] }), "$test->{id} $test->{basis}")
        or diag join "\n", $canonical->encode($test), $res->code . ' ' . $res->content,
        $after->content;
    is $server->call(DELETE => $path)->code, 204, "$test->{id} is cleared away";
}
done_testing;
