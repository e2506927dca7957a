# The power fails. A program changes a store from several threads, makes keys and replaces
# effective.json, while a shim logs each write, sync and change of names. From the log disks are made
# as a power cut at any moment may leave them: what was synced is there, of everything else any part.
# Each must open and hold all that was acknowledged, and nothing by half. And the test must see it
# if any kind of sync were missing.
#   SEED=n t/power.t      another run; a failed one is kept and says how to look at it again
#   SEEDS=n               n runs; QUICK=1: fewer images
use strict;
use warnings;
use Cwd ();
use File::Path ();
use Test::More;
use lib 't/lib';
use ProvisionTest::Process qw(sanitizer_runtimes);

my $build = Cwd::abs_path($ENV{PROVISION_BUILD} // 'build/test');
my $shim = Cwd::abs_path('build/preload/powercut.so');
my $program = "$build/powercut";
my $scratch = "/dev/shm/power.$$";
my $images = $ENV{PROVISION_QUICK} ? 40 : 300;
my $steps = $ENV{PROVISION_QUICK} ? 60 : 150;
my $lossy = 60; # images of a disk that loses something: each kind of loss is seen in many of them

# Syncs that do not count, and all that must then be lost in some image.
my @deaf = (
    [ data      => qr/store|writer/ ],
    [ 'at-once' => qr/steps of/ ],
    [ files     => qr/key \d is not whole/, qr/effective\.json is neither/ ],
    [ folders   => qr/key \d is lost/, qr/effective\.json/, qr/the first plan is lost|no key/ ],
);

$SIG{TERM} = $SIG{INT} = sub { exit 1 };
END { File::Path::remove_tree($scratch) if -d $scratch }

my $from = $ENV{SEED} // 1 + $$ % 100_000;
for my $seed ($from .. $from + ($ENV{SEEDS} || 1) - 1) {
    note "seed $seed";
    my $passing = Test::More->builder->is_passing;
    my $at = record($seed, 'durable', {});
    my $seen = cut($at, $seed, $images);
    is $seen->{violated}, 0, "all $images images hold what was acknowledged";
    ok $seen->{whole}, 'the log tells all that was written';
    diag $_ for grep { defined } @{ $seen->{said} }[ 0 .. 9 ];
    loses($at, $seed, @$_) for @deaf;

    my $hasty = record($seed, 'nosync', { POWERCUT_NOSYNC => 1 });
    $seen = cut($hasty, $seed, $lossy);
    cmp_ok $seen->{violated}, '>', 0, 'with MDB_NOSYNC images lose what was acknowledged';
    keep($at, $seed) if $passing && !Test::More->builder->is_passing;
    File::Path::remove_tree($scratch);
}
done_testing;

sub record
{
    my ($seed, $name, $env) = @_;
    my $at = "$scratch/$name";
    File::Path::make_path("$at/live", "$at/image");
    my @preload = ($build =~ m{/asan$} ? sanitizer_runtimes() : (), $shim);
    local @ENV{ 'POWERCUT_ROOT', 'POWERCUT_LOG', keys %$env } =
        ("$at/live", "$at/log", values %$env);
    # Only the program is to be watched, not the shell or perl that starts it.
    my @said = output('env', 'LD_PRELOAD=' . join(':', @preload), $program, 'run', "$at/live",
        "$at/stories", $seed, $steps);
    is $?, 0, "$name: a run with seed $seed" or diag @said;
    my ($events) = map { /^events (\d+)/ ? $1 : () } @said;
    cmp_ok $events // 0, '>', 10 * $steps, "$name: it was watched";
    return $at;
}

sub cut
{
    my ($at, $seed, $count, @deaf) = @_;
    # What a broken file makes LMDB say is no news.
    open my $errors, '>&', \*STDERR or die $!;
    open STDERR, '>', '/dev/null' or die $! if $count == $lossy;
    my @said = output(look($at, $seed, $count, @deaf));
    open STDERR, '>&', $errors or die $!;
    my ($made, $violated) = map { /^images (\d+) violated (\d+)/ ? ($1, $2) : () } @said;
    is $made, $count, join(' ', "$count images", @deaf) or diag @said;
    return {
        violated => $violated,
        whole    => scalar(grep { /^whole/ } @said),
        said     => [ grep { /^#/ } @said ],
    };
}

sub look
{
    my ($at, $seed, $count, @deaf) = @_;
    return ($program, 'check', "$at/log", "$at/stories", "$at/live", "$at/image", $seed, 0, $count,
        @deaf);
}

sub loses
{
    my ($at, $seed, $word, @losses) = @_;
    my $seen = cut($at, $seed, $lossy, $word);
    for my $loss (@losses) {
        ok((grep { /$loss/ } @{ $seen->{said} }), "where syncs of $word do not count: $loss");
    }
}

sub keep
{
    my ($at, $seed) = @_;
    my $kept = "$build/log/power.$seed";
    File::Path::remove_tree($kept);
    File::Path::make_path("$build/log");
    output('cp', '-r', $at, $kept);
    diag 'kept: ', join ' ', look($kept, $seed, $images);
}

sub output
{
    my @command = @_;
    open my $from, '-|', @command or die "$command[0]: $!\n";
    chomp(my @lines = <$from>);
    close $from;
    return @lines;
}
