# provisionctl pdp and pdp check: what is asked, what is answered, where the trace goes.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use JSON ();
use Test::More;

my $ctl = abs_path(($ENV{PROVISION_BUILD} // 'build/test') . '/provisionctl');
my $folder = tempdir(CLEANUP => 1);

my $xacml = 'urn:oasis:names:tc:xacml';
my $string = 'DataType="http://www.w3.org/2001/XMLSchema#string"';
my $time = 'DataType="http://www.w3.org/2001/XMLSchema#time"';

sub file
{
    my ($name, $text) = @_;
    open my $out, '>', "$folder/$name" or die "$name: $!\n";
    print {$out} $text;
    close $out or die "$name: $!\n";
    return "$folder/$name";
}

# (status, standard output, standard error)
sub ctl
{
    my @args = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>', "$folder/out" or die;
        open STDERR, '>', "$folder/err" or die;
        delete $ENV{PROVISION_STORE};
        exec $ctl, @args or die;
    }
    waitpid $pid, 0;
    return ($? >> 8, map { local (@ARGV, $/) = "$folder/$_"; scalar <> // '' } qw(out err));
}

# A policy that permits what equals a word in attribute a, with an obligation.
sub policy
{
    my ($id, $word, $effect, $more) = @_;
    return file("$id.xml", <<"END" =~ s/\@NS/$xacml:3.0:core:schema:wd-17/r);
<Policy xmlns="\@NS" PolicyId="$id" Version="1.0"
  RuleCombiningAlgId="$xacml:1.0:rule-combining-algorithm:first-applicable">
 <Target/>
 <Rule RuleId="$id-rule" Effect="$effect">
  <Condition>
   <Apply FunctionId="$xacml:1.0:function:string-is-in">
    <AttributeValue $string>$word</AttributeValue>
    <AttributeDesignator Category="c" AttributeId="a" $string MustBePresent="false"/>
   </Apply>
  </Condition>
 </Rule>@{[ $more // '' ]}
</Policy>
END
}

my $ok = policy('ok', 'yes', 'Permit');
my $no = policy('no', 'yes', 'Deny');
my $wrong = policy('wrong', 'yes', 'Perhaps');
my $json = file('request.json',
    '{"Request":{"Category":[{"CategoryId":"c","Attribute":[{"AttributeId":"a","Value":"yes"}]}]}}');
my $xml = file('request.xml', <<"END");
<Request xmlns="$xacml:3.0:core:schema:wd-17" ReturnPolicyIdList="true" CombinedDecision="false">
 <Attributes Category="c"><Attribute AttributeId="a" IncludeInResult="true">
  <AttributeValue $string>yes</AttributeValue></Attribute></Attributes>
</Request>
END

# --- deciding -------------------------------------------------------------------------------------
my ($status, $out, $err) = ctl('pdp', '--policy', $ok, '--request', $xml);
is $status, 0, 'a decision is done';
like $out, qr{<Decision>Permit</Decision>}, 'and printed as XML';
like $out, qr{<PolicyIdReference Version="1.0">ok</PolicyIdReference>}, 'with the policy';
like $out, qr{<AttributeValue [^>]*>yes</AttributeValue>}, 'and the attribute';
is $err, '', 'nothing else is said';

($status, $out) = ctl('pdp', '--policy', $ok, '--request', $xml, '--json');
is JSON::decode_json($out)->{Response}[0]{Decision}, 'Permit', '--json prints JSON';

($status, $out) = ctl('pdp', '--policy', $ok, '--request', $json);
is JSON::decode_json($out)->{Response}[0]{Decision}, 'Permit', 'JSON is answered in JSON';

# several files, with and without --policy before each
for my $case (
    [ 'Deny', '--policy', $ok, '--policy', $no ],
    [ 'Deny', '--policy', $ok, $no ],
    [ 'Permit', '--policy', $ok, $no, '--combine', 'first-applicable' ],
    [ 'Permit', '--policy', $no, $ok, '--combine', 'deny-unless-permit' ],
    [ 'Permit', '--policy', $no, $ok, '--combine',
        "$xacml:3.0:policy-combining-algorithm:permit-overrides" ],
    ) {
    my ($want, @args) = @$case;
    ($status, $out) = ctl('pdp', @args, '--request', $json);
    is JSON::decode_json($out)->{Response}[0]{Decision}, $want, "@args" =~ s/\Q$folder\E\///gr;
}

# the time can be given
my $clock = file('clock.xml', <<"END");
<Policy xmlns="$xacml:3.0:core:schema:wd-17" PolicyId="clock" Version="1.0"
  RuleCombiningAlgId="$xacml:1.0:rule-combining-algorithm:first-applicable"><Target/>
 <Rule RuleId="r" Effect="Permit"><Condition>
  <Apply FunctionId="$xacml:2.0:function:time-in-range">
   <Apply FunctionId="$xacml:1.0:function:time-one-and-only">
    <AttributeDesignator Category="$xacml:3.0:attribute-category:environment"
     AttributeId="$xacml:1.0:environment:current-time" $time MustBePresent="true"/></Apply>
   <AttributeValue $time>09:00:00Z</AttributeValue><AttributeValue $time>17:00:00Z</AttributeValue>
  </Apply></Condition></Rule>
</Policy>
END
for my $case ([ '10:00:00Z', 'Permit' ], [ '18:00:00Z', 'NotApplicable' ]) {
    my ($at, $want) = @$case;
    ($status, $out) =
        ctl('pdp', '--policy', $clock, '--request', $json, '--now', "2026-11-21T$at");
    is JSON::decode_json($out)->{Response}[0]{Decision}, $want, "at $at";
}

# --- the trace ------------------------------------------------------------------------------------
($status, $out, $err) = ctl('pdp', '--policy', $ok, '--request', $json, '--trace');
is JSON::decode_json($out)->{Response}[0]{Decision}, 'Permit', 'a traced decision is a response';
like $err, qr/^Policy ok$/m, 'the trace has the policy';
like $err, qr/^  Rule ok-rule, line 4$/m, 'and within it the rule';
like $err, qr/line 6: string-is-in of "yes"; "yes": "true"/, 'and each function';
like $err, qr/condition, line 6: true/, 'and the condition';
like $err, qr/^Policy ok: Permit$/m, 'and what came of it';

# --- what is wrong --------------------------------------------------------------------------------
($status, $out, $err) = ctl('pdp', '--policy', $wrong, '--request', $json);
is $status, 1, 'a policy that is wrong is not done';
like $err, qr/wrong\.xml:4: Effect is Permit or Deny, not "Perhaps"/, 'and told with its line';
is JSON::decode_json($out)->{Response}[0]{Decision}, 'Indeterminate', 'the answer is Indeterminate';

for my $case (
    [ qr/--policy FILE and --request FILE/, 'pdp' ],
    [ qr/no-such\.xml/, 'pdp', '--policy', "$folder/no-such.xml", '--request', $json ],
    [ qr/no-such\.json/, 'pdp', '--policy', $ok, '--request', "$folder/no-such.json" ],
    [ qr/--now noon is no time/, 'pdp', '--policy', $ok, '--request', $json, '--now', 'noon' ],
    [ qr/no policy-combining algorithm/, 'pdp', '--policy', $ok, '--request', $json,
        '--combine', 'dice' ],
    ) {
    my ($like, @args) = @$case;
    ($status, $out, $err) = ctl(@args);
    ok $status == 1 && $err =~ $like, "refused: $like" or diag "exit $status: $err";
}

# --- the linter -----------------------------------------------------------------------------------
($status, $out) = ctl('pdp', 'check', $ok, $no);
is $status, 0, 'good policies pass';
($status, $out) = ctl('pdp', 'check', $ok, $wrong, '--json');
is $status, 1, 'a wrong one does not';
my ($row) = map { JSON::decode_json($_) } split /\n/, $out;
is $row->{kind}, 'error', 'it is an error';
like $row->{where}, qr/wrong\.xml:4$/, 'it has a place';
($status, $out, $err) = ctl('pdp', 'check');
is $status, 2, 'files are needed';

done_testing();
