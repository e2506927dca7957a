# The module exports its record and what mod_provision.h offers to third parties; nothing else.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use lib 't/lib';

my $header = 'src/outbound/connector/mod_provision.h';
my @modules = grep { -e } map { "$_/mod_provision.so" } 'build', $ENV{PROVISION_BUILD} // 'build/test';
ok @modules, 'there is a module';

open my $in, '<', $header or die "$header: $!";
my $text = join '', grep { !/^\s*#/ } <$in>;
my %offered = map { $_ => 1 } $text =~ /\bPROV_DECLARE\s*\([^)]*\)\s*(\w+)/g;

for my $module (@modules) {
    my @lines = `nm -D --defined-only $module`;
    is $?, 0, "nm reads $module";
    my %exported = map { /^\S* \w (\w+)/ ? ($1 => 1) : () } @lines;
    # The sanitizers' own bookkeeping is not ours to hide.
    delete @exported{ grep { /^__(?:asan|odr_asan|ubsan)/ } keys %exported };
    ok delete $exported{provision_module}, "$module: the module record is exported";
    is join(' ', sort keys %exported), join(' ', sort keys %offered),
        "$module: nothing else but what the header offers";
}
done_testing;
