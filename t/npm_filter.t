# Our filter parser and that of npm's scim2-parse-filter read the same into 10,000 random filters and
# find the same with them; where they are meant to differ stands in a table of t/node/filter.mjs.
# Rows: FI-1 FI-2 FI-3 FI-4 FI-7 FI-8 FI-9
#   SEED=n begins with that seed, SEEDS=n runs so many.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Node qw(modules node);

my $modules = modules();
my $first = $ENV{SEED} // 1;
for my $seed ($first .. $first + seeds() - 1) {
    node('filter.mjs', $modules, build_dir() . '/scim_lines', $seed, quick() ? 2000 : 10_000);
}
done_testing;
