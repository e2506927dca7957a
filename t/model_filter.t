# Filters against a model in Perl: 10,000 random trees over attributes of every type. What a filter
# prints parses to the same tree (scim_lines looks), and it finds what the model finds.
# Rows: FI-1 FI-2 FI-3 FI-4 FI-5 FI-6 FI-9 FI-12
#   SEEDS=n t/model_filter.t   n times as many
#   SEED=n                     begins with that one; a filter that fails names its own
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::PatchCases qw(types declared resource any sound filter filter_text any_case);
use ProvisionTest::PatchModel;
use IPC::Open2 qw(open2);
use JSON ();

my $json = JSON->new->utf8->canonical->allow_nonref;
my $first = $ENV{SEED} // 1;
my $count = $ENV{SEED} && !$ENV{SEEDS} ? 1 : (quick() ? 1000 : 10_000) * seeds();
my (undef, $type) = types();
my @schemas = ($type->{schema}, @{ $type->{extensions} });

my $pid = open2(my $from, my $to, build_dir() . '/scim_lines');
is ask(declared())->{status}, 200, 'a type with every kind of attribute';

sub ask
{
    my ($question) = @_;
    print {$to} $json->encode($question), "\n";
    return $json->decode(scalar <$from> // die "scim_lines died\n");
}

srand 1;
my @resources = map { resource($type) } 1 .. 16;
my $taken = ask({ type => $type->{name}, resources => [ map {
    my $r = $_;
    +{ %$r, schemas => [ map { $_->{id} } grep { $_ == $type->{schema} || $r->{ $_->{id} } } @schemas ] }
} @resources ] });
is $taken->{status}, 200, 'resources of it' or diag $taken->{detail};

# ---- a random filter: [ 'not' | 'and' | 'or', ... ], [ 'is', schema, attribute, sub, op, value ],
# ---- [ 'has', schema, attribute, filter within ] ---------------------------------------------------

sub leaf
{
    my $schema = rand() < 0.7 ? $type->{schema} : any(@{ $type->{extensions} });
    my $attr = any(grep { ($_->{returned} // '') ne 'never' } @{ $schema->{attributes} });
    if ($attr->{multiValued} && rand() < 0.4) {
        my $filter;
        do { $filter = filter($attr, 0) } until eval { ProvisionTest::PatchModel::check_filter($attr, $filter); 1 };
        return [ 'has', $schema, $attr, $filter ];
    }
    my $sub = $attr->{type} eq 'complex' ? any(@{ $attr->{subAttributes} }) : undef;
    return [ 'is', $schema, $attr, undef, 'pr' ] if $sub && rand() < 0.1;
    my $of = $sub // $attr;
    return [ 'is', $schema, $attr, $sub, 'pr' ] if rand() < 0.15;
    my @ops = $of->{type} =~ /^(?:string|reference)$/ ? qw(eq eq ne co sw ew gt ge lt le)
        : $of->{type} =~ /^(?:boolean|binary)$/ ? qw(eq ne) : qw(eq ne gt ge lt le);
    return [ 'is', $schema, $attr, $sub, any(@ops), sound($of) ];
}

sub tree
{
    my ($depth) = @_;
    return leaf() if $depth > 3 || rand() < 0.45;
    my $kind = any(qw(and and or or not));
    return [ $kind, map { tree($depth + 1) } 1 .. ($kind eq 'not' ? 1 : 2) ];
}

sub text
{
    my ($node, $within) = @_;
    my ($kind, @of) = @$node;
    return any_case('not') . any('', ' ') . '(' . text($of[0], '') . ')' if $kind eq 'not';
    if ($kind eq 'and' || $kind eq 'or') {
        my $said = join ' ' . any_case($kind) . ' ', map { text($_, $kind) } @of;
        return $kind eq 'or' && $within eq 'and' || rand() < 0.2 ? "($said)" : $said;
    }
    my ($schema, $attr, $sub, $op, $value) = @of;
    my $path = $schema == $type->{schema} && rand() < 0.9 ? '' : any_case($schema->{id}) . ':';
    $path .= any_case($attr->{name});
    return "${path}[" . filter_text($sub) . ']' if $kind eq 'has';
    $path .= '.' . any_case($sub->{name}) if $sub;
    return $op eq 'pr' ? "$path pr" : "$path " . any_case($op) . ' ' . $json->encode($value);
}

# ---- what it finds -----------------------------------------------------------------------------------

sub finds
{
    my ($node, $resource) = @_;
    my ($kind, @of) = @$node;
    return !finds($of[0], $resource) if $kind eq 'not';
    return finds($of[0], $resource) && finds($of[1], $resource) if $kind eq 'and';
    return finds($of[0], $resource) || finds($of[1], $resource) if $kind eq 'or';
    my ($schema, $attr, $sub, $op, $value) = @of;
    my $holder = $schema == $type->{schema} ? $resource : $resource->{ $schema->{id} } // {};
    my $have = $holder->{ $attr->{name} };
    my @values = !defined $have ? () : $attr->{multiValued} ? @$have : $have;
    return scalar grep { ProvisionTest::PatchModel::matches($attr, $sub, $_) } @values if $kind eq 'has';
    return scalar @values if $op eq 'pr' && !$sub && $attr->{type} eq 'complex';
    my $name = $sub ? $sub->{name} : 'value';
    return $op eq 'ne' && !$attr->{multiValued} if !@values; # of many values, any that differs
    my $of = $attr->{type} eq 'complex' ? $attr : { %$attr, multiValued => 1 };
    return scalar grep { ProvisionTest::PatchModel::matches($of, [ $op, $name, $value ], $_) } @values;
}

my ($failed, $found) = (0, 0);
for my $seed ($first .. $first + $count - 1) {
    srand $seed;
    my $tree = tree(0);
    my $text = text($tree, '');
    my $got = ask({ filter => $text });
    my @want = grep { finds($tree, $resources[$_]) } 0 .. $#resources;
    $found++ if @want && @want < @resources;
    next if $got->{status} == 200 && "@{ $got->{matches} }" eq "@want";
    last if ++$failed > 10;
    fail "SEED=$seed: $text";
    diag "the model finds @want";
    diag 'the library ' . ($got->{status} == 200 ? "finds @{ $got->{matches} } by $got->{print}" : "says $got->{detail}");
    my ($one) = $got->{status} == 200 ? grep { my $n = $_; (grep { $_ == $n } @want) != (grep { $_ == $n } @{ $got->{matches} }) } 0 .. $#resources : ();
    diag 'such as ' . $json->encode($resources[$one]) if defined $one;
}
ok !$failed, "$count filters from SEED=$first find what the model finds";
ok $count == 1 || $found > $count / 5, "$found of them some and not all";
close $to;
waitpid $pid, 0;
is $?, 0, 'and nothing crashed';
done_testing;
