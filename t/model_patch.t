# PATCH against a model of RFC 7644 section 3.5.2 that is written in Perl and shares nothing with the
# C code: 2,000 random cases, each a resource and some operations.
# Rows: PA-1 PA-2 PA-3 PA-5 PA-6 PA-7 PA-8 PA-9 PA-10 PA-12 PA-13 PA-14 PA-15
#   SEEDS=n t/model_patch.t   n times as many
#   SEED=n t/model_patch.t    that case alone, with SEEDS=m from there; one that fails names its own
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::PatchCases qw(types declared resource operations sent sane any);
use ProvisionTest::PatchModel;
use IPC::Open2 qw(open2);
use JSON ();

my $json = JSON->new->utf8->canonical->allow_nonref;
my $first = $ENV{SEED} // 1;
my $cases = $ENV{SEED} && !$ENV{SEEDS} ? 1 : (quick() ? 500 : 2000) * seeds();
my @types = types();

my $pid = open2(my $from, my $to, build_dir() . '/scim_lines');
my $said = ask(declared());
is $said->{status}, 200, 'a type with every kind of attribute' or BAIL_OUT $said->{detail};

sub ask
{
    my ($question) = @_;
    print {$to} $json->encode($question), "\n";
    return $json->decode(scalar <$from> // die "scim_lines died\n");
}

sub schemas
{
    my ($type, $resource) = @_;
    return [ map { $_->{id} } $type->{schema}, grep { $resource->{ $_->{id} } } @{ $type->{extensions} } ];
}

# What is wrong with what the library did, or nothing.
sub disagreement
{
    my ($type, $before, @operations) = @_;
    my $want = ProvisionTest::PatchModel->new($type)->patch($before, @operations);
    my $got = ask({ type => $type->{name}, patch => sent(@operations),
        before => { %$before, schemas => schemas($type, $before) } });
    my $says = 'the library says ' . $json->encode($got);
    if ($want->{status}) {
        my $types = join ' or ', @{ $want->{types} };
        return "operation $want->{operation} is refused with $types; $says"
            if $got->{status} != $want->{status} || !grep { $_ eq $got->{scimType} } @{ $want->{types} };
        return;
    }
    my $after = $want->{resource};
    my $password = delete $after->{password};
    my $model = $json->encode(sane($after));
    my $expected = "the result is $model";
    return "$expected; $says" if $got->{status} != 200 || $json->encode(sane($got->{after})) ne $model;
    return "the password is " . ($password // '') . "; $says"
        if ($password // '') ne ($got->{password} // '');
    my @urns = map { join ' ', sort @$_ } $got->{after}{schemas}, schemas($type, $after);
    return "the schemas are $urns[1]; $says" if $urns[0] ne $urns[1];
    my $changed = $json->encode(sane($after, 1)) ne $json->encode(sane($before, 1)) ? 1 : 0;
    return 'it ' . ($changed ? 'changed' : 'is as before') . "; $says" if $changed != ($got->{changed} ? 1 : 0);
    return;
}

# The smallest case that still fails: without operations, then without attributes.
sub shrink
{
    my ($type, $before, @operations) = @_;
    my $fails = sub { return eval { defined disagreement($type, @_) } };
    for (my $i = 0; $i < @operations; ) {
        my @fewer = @operations[ grep { $_ != $i } 0 .. $#operations ];
        @fewer && $fails->($before, @fewer) ? (@operations = @fewer) : $i++;
    }
    for my $name (sort keys %$before) {
        my %less = %$before;
        delete $less{$name};
        my $stands = ask({ type => $type->{name}, patch => {}, before => { %less, schemas => schemas($type, \%less) } });
        next if $stands->{detail} =~ /^the resource before/;
        $before = \%less if $fails->(\%less, @operations);
    }
    return ($before, @operations);
}

# Found once; each stays, whatever the seeds come to mean.
my %needed = ('urn:example:scim:schemas:model:needed:2.0:Thing' => { given => 'x' });
my @kept = (
    [ 'User', { userName => 'a' }, { op => 'add', path => { attr => 'password' }, value => [] } ],
    [ 'User', { userName => 'a' }, { op => 'replace', value => { password => [] } } ],
    [ 'Thing', { label => 'a', %needed, items => [ { value => 'red', serial => 'x' } ] },
        { op => 'add', path => { attr => 'items' }, value => { value => 'Red', serial => 'y' } } ],
    [ 'Thing', { label => 'a', %needed, items => [ { value => 'red', serial => 'x' } ] },
        { op => 'add', path => { attr => 'items' }, value => { value => 'Red', serial => 'x', count => 2 } } ],
    [ 'User', { userName => 'a' }, { op => 'add', path => { urn => $types[0]{extensions}[0]{id} },
        value => { schemas => [ $types[0]{extensions}[0]{id} ], department => 'x' } } ],
);
for my $case (@kept) {
    my ($name, @case) = @$case;
    my ($type) = grep { $_->{name} eq $name } @types;
    is disagreement($type, @case), undef, 'once found: ' . $json->encode(\@case);
}

my ($failed, %outcome) = (0);
for my $seed ($first .. $first + $cases - 1) {
    srand $seed;
    my $type = any(@types);
    my ($before, @operations) = (resource($type), operations($type));
    sent(@operations);
    my $wrong = disagreement($type, $before, @operations);
    my $want = ProvisionTest::PatchModel->new($type)->patch($before, @operations);
    $outcome{ $want->{status} ? join '/', $want->{status}, @{ $want->{types} } : 200 }++;
    next if !defined $wrong;
    last if ++$failed > 10;
    ($before, @operations) = shrink($type, $before, @operations);
    fail "SEED=$seed: a $type->{name}";
    diag 'before: ' . $json->encode($before);
    diag 'sent:   ' . $json->encode(sent(@operations)->{Operations});
    diag 'but:    ' . disagreement($type, $before, @operations);
}
ok !$failed, "$cases cases from SEED=$first are as the model has them";
note join ', ', map { "$outcome{$_} of $_" } sort keys %outcome;
close $to;
waitpid $pid, 0;
is $?, 0, 'and nothing crashed';
done_testing;
