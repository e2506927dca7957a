# A resource type with an attribute of every kind and property, and a required extension.
package ProvisionTest::TestResource;
use strict;
use warnings;
use parent 'Exporter';
use JSON ();
use ProvisionTest::Process qw(spew);

our @EXPORT = qw($TEST $TEST_EXTENSION test_attr test_schemas test_type declare_test);
our $TEST = 'urn:ietf:params:scim:schemas:test:2.0:TestResource';
our $TEST_EXTENSION = 'urn:ietf:params:scim:schemas:extension:test:2.0:TestResource';

my $true = JSON::true();

sub test_attr
{
    my ($name, $type, %more) = @_;
    return { name => $name, type => $type, %more };
}

sub test_schemas
{
    my @subs = (test_attr('sub1', 'string'), test_attr('sub2', 'integer'), test_attr('sub3', 'boolean'));
    my %base = (
        id => $TEST, name => 'TestResource', description => 'One of every kind',
        attributes => [
            test_attr('identifier', 'string', required => $true, uniqueness => 'server'),
            test_attr('caseExactString', 'string', caseExact => $true),
            test_attr('caseInsensitiveString', 'string', canonicalValues => [ 'red', 'green' ]),
            test_attr('integerAttr', 'integer'), test_attr('decimalAttr', 'decimal'),
            test_attr('booleanAttr', 'boolean'), test_attr('dateTimeAttr', 'dateTime'),
            test_attr('binaryAttr', 'binary'),
            test_attr('referenceAttr', 'reference', referenceTypes => ['uri']),
            test_attr('readOnlyAttr', 'string', mutability => 'readOnly'),
            test_attr('immutableAttr', 'string', mutability => 'immutable'),
            test_attr('writeOnlyAttr', 'string', mutability => 'writeOnly', returned => 'never'),
            test_attr('requestOnlyAttr', 'string', returned => 'request'),
            test_attr('alwaysReturnedAttr', 'string', returned => 'always'),
            test_attr('multiStrings', 'string', multiValued => $true),
            test_attr('complexAttr', 'complex', subAttributes => \@subs),
            test_attr('multiComplex', 'complex', multiValued => $true, subAttributes => [
                test_attr('value', 'string'), test_attr('type', 'string'),
                test_attr('primary', 'boolean') ]),
            test_attr('uniqueString', 'string', uniqueness => 'server'),
            test_attr('uniqueInteger', 'integer', uniqueness => 'global'),
            test_attr('uniqueInstants', 'dateTime', multiValued => $true, uniqueness => 'server'),
            test_attr('uniqueBinary', 'binary', uniqueness => 'server'),
            test_attr('uniqueDecimal', 'decimal', uniqueness => 'server'),
            # names that mean something in a User or a Group
            test_attr('userName', 'string'), test_attr('displayName', 'string', uniqueness => 'server'),
            map { test_attr($_, 'complex', multiValued => $true,
                    subAttributes => [ test_attr('value', 'string') ]) } qw(emails members groups),
        ],
    );
    my %extension = (
        id => $TEST_EXTENSION, name => 'TestExtension',
        attributes => [ test_attr('extString', 'string'),
            test_attr('extRequired', 'string', required => $true), test_attr('extInteger', 'integer') ],
    );
    return [ \%base, \%extension ];
}

sub test_type
{
    return { id => 'TestResource', name => 'TestResource', endpoint => '/TestResources', schema => $TEST,
        schemaExtensions => [ { schema => $TEST_EXTENSION, required => $true } ] };
}

# Writes the files; the directives that declare them.
sub declare_test
{
    my ($server) = @_;
    my $json = JSON->new->utf8->canonical;
    my $scratch = $server->scratch;
    spew("$scratch/schema.json", $json->encode(test_schemas()));
    spew("$scratch/type.json", $json->encode(test_type()));
    # the type before its schemas, and one of them from the root
    return ('ProvisionResourceType @scratch@/type.json', 'ProvisionSchema schema.json');
}

1;
