# Programs of t/node, which use the public libraries that t/node/install put into build/npm.
package ProvisionTest::Node;
use strict;
use warnings;
use parent 'Exporter';
use Test::More ();
use Cwd ();
use ProvisionTest::Process qw(slurp);

our @EXPORT_OK = qw(modules node);

# Where the libraries are; without them the suite is skipped, and says why.
sub modules
{
    my $folder = 'build/npm';
    my $found = grep { -x "$_/node" } split /:/, $ENV{PATH};
    my $why = !$found ? 'there is no node' : -e "$folder/installed" ? undef
        : -e "$folder/why" ? slurp("$folder/why")
        : 'the public libraries are not installed: `make test` without QUICK does it';
    Test::More::plan(skip_all => $why =~ s/\s+/ /gr) if defined $why;
    return Cwd::abs_path($folder);
}

# Runs one and says its tests as ours.
sub node
{
    my ($program, @arguments) = @_;
    open my $said, '-|', 'node', "t/node/$program", @arguments or die "node: $!";
    my ($plan, $n) = (undef, 0);
    while (my $line = <$said>) {
        chomp $line;
        if ($line =~ /^(not )?ok \d+ - (.*)/) {
            $n++;
            Test::More::ok(!$1, $2);
        } elsif ($line =~ /^1\.\.(\d+)$/) {
            $plan = $1;
        } elsif ($line =~ /^# (.*)/) {
            Test::More::diag($1);
        }
    }
    close $said;
    Test::More::is($?, 0, "$program ended well");
    Test::More::is($n, $plan // 'no plan', 'and came to its end');
}

1;
