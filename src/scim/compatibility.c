#include "scim/compatibility.h"

#include <stddef.h>
#include <strings.h>

const prov_switch prov_switches[] = {
    { "entra",
      PROV_COMPAT_GROUP_204 | PROV_COMPAT_REPLACE_MAKES | PROV_COMPAT_REFERENCE |
          PROV_COMPAT_GROUP_NAMES,
      "Microsoft Entra ID: okta-204, replace-makes, reference-filter and unique-groups." },
    { "ms-validator",
      PROV_COMPAT_GROUP_204 | PROV_COMPAT_OTHER_204 | PROV_COMPAT_NO_OPERATIONS |
          PROV_COMPAT_UNQUOTED | PROV_COMPAT_GROUP_NAMES,
      "Microsoft's collection of test requests: patch-204, empty-operations, unquoted-filter and "
      "unique-groups." },
    { "okta-204", PROV_COMPAT_GROUP_204,
      "A PATCH of a group that asks for no attributes answers 204, without the group." },
    { "patch-204", PROV_COMPAT_GROUP_204 | PROV_COMPAT_OTHER_204,
      "A PATCH that asks for no attributes answers 204, without the resource." },
    { "empty-operations", PROV_COMPAT_NO_OPERATIONS,
      "A PATCH with an empty list of Operations changes nothing, and is no error." },
    { "unquoted-filter", PROV_COMPAT_UNQUOTED,
      "A value in a filter may stand without quotes: userName eq alice." },
    { "replace-makes", PROV_COMPAT_REPLACE_MAKES,
      "A replace whose path selects no value makes the one it describes, as add does." },
    { "reference-filter", PROV_COMPAT_REFERENCE,
      "A filter may name a single complex attribute and means its value: manager eq \"...\"." },
    { "unique-groups", PROV_COMPAT_GROUP_NAMES,
      "A group cannot be made with or renamed to the name of another: 409 uniqueness." },
    { "known-members", PROV_COMPAT_KNOWN_MEMBERS,
      "A PATCH that adds a member who is not there is 400 invalidValue, and adds nobody." },
    { "no-pagination", PROV_COMPAT_NO_PAGINATION,
      "The ServiceProviderConfig says nothing of pagination, which is newer than RFC 7643." },
    { "no-schemas", PROV_COMPAT_NO_SCHEMAS,
      "The body of a POST or PUT may name no schemas; it then has its endpoint's." },
    { "first-primary", PROV_COMPAT_FIRST_PRIMARY,
      "Of several primary values of an attribute only the first stays primary." },
    { "known-attributes", PROV_COMPAT_KNOWN,
      "An unknown attribute in the body of a POST or PUT, or in a value of a PATCH, is 400 "
      "invalidSyntax." },
    { "strict", PROV_COMPAT_KNOWN | PROV_COMPAT_KNOWN_MEMBERS | PROV_COMPAT_EXACT,
      "Nothing is forgiven: known-attributes and known-members; no booleans or objects as strings, "
      "one value as a "
      "list or a list as one value, capital operations, or unknown URNs among the schemas." },
    { "interop-profile", PROV_COMPAT_INTEROP,
      "draft-zollner-scim-interop-profile: known-attributes; every operation of a PATCH has a "
      "path; "
      "a replace of a complex attribute replaces it whole. The ServiceProviderConfig says so." },
    { NULL, 0, NULL },
};

const prov_switch *prov_switch_named(const char *name)
{
    for (const prov_switch *s = prov_switches; s->name; s++)
        if (strcasecmp(s->name, name) == 0)
            return s;
    return NULL;
}
