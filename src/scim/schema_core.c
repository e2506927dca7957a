#include "scim/schema_core.h"

/* RFC 7643 section 8.7 with its corrections: references and binaries are case-exact (erratum
 * 6001), members have a display and addresses a primary, a group's displayName is required. */

static const char *const emails[] = { "work", "home", "other", NULL };
static const char *const phones[] = { "work", "home", "mobile", "fax", "pager", "other", NULL };
static const char *const ims[] = { "aim",   "gtalk", "icq",   "xmpp", "msn",
                                   "skype", "qq",    "yahoo", NULL };
static const char *const photos[] = { "photo", "thumbnail", NULL };
static const char *const addresses[] = { "work", "home", "other", NULL };
static const char *const memberships[] = { "direct", "indirect", NULL };
static const char *const members[] = { "User", "Group", NULL };
static const char *const ref_external[] = { "external", NULL };
static const char *const ref_uri[] = { "uri", NULL };
static const char *const ref_user[] = { "User", NULL };
static const char *const ref_group[] = { "Group", NULL };
static const char *const ref_member[] = { "User", "Group", NULL };

#define STRING     PROV_TYPE_STRING
#define BOOLEAN    PROV_TYPE_BOOLEAN
#define INTEGER    PROV_TYPE_INTEGER
#define DATETIME   PROV_TYPE_DATETIME
#define REFERENCE  PROV_TYPE_REFERENCE
#define BINARY     PROV_TYPE_BINARY
#define COMPLEX    PROV_TYPE_COMPLEX
#define MULTI      PROV_ROW_MULTI
#define REQUIRED   PROV_ROW_REQUIRED
#define EXACT      PROV_ROW_EXACT
#define PRECIS     PROV_ROW_PRECIS
#define READ_ONLY  PROV_ROW_READ_ONLY
#define IMMUTABLE  PROV_ROW_IMMUTABLE
#define WRITE_ONLY PROV_ROW_WRITE_ONLY
#define ALWAYS     PROV_ROW_ALWAYS
#define NEVER      PROV_ROW_NEVER
#define REQUEST    PROV_ROW_REQUEST
#define UNIQUE     PROV_ROW_UNIQUE
#define HEADER     (PROV_IN_HEADER << PROV_ROW_PLACE)
#define MEMBERS    (PROV_IN_MEMBERS << PROV_ROW_PLACE)
#define GROUPS     (PROV_IN_GROUPS << PROV_ROW_PLACE)
#define CREDENTIAL (PROV_IN_CREDENTIAL << PROV_ROW_PLACE)
#define LINKS      (PROV_IN_LINKS << PROV_ROW_PLACE)

static const prov_row common[] = {
    { "id", STRING, REQUIRED | EXACT | READ_ONLY | ALWAYS | UNIQUE | HEADER, NULL, NULL,
      "A unique identifier that the service provider gave to the resource." },
    { "externalId", STRING, EXACT, NULL, NULL,
      "An identifier of the resource as the provisioning client defined it." },
    { "meta", COMPLEX, READ_ONLY | HEADER, NULL, NULL,
      "Metadata that the service provider keeps." },
    { "meta.resourceType", STRING, EXACT | READ_ONLY | HEADER, NULL, NULL,
      "The name of the resource type." },
    { "meta.created", DATETIME, READ_ONLY | HEADER, NULL, NULL,
      "When the resource was made here." },
    { "meta.lastModified", DATETIME, READ_ONLY | HEADER, NULL, NULL, "When it was changed last." },
    { "meta.location", REFERENCE, EXACT | READ_ONLY | HEADER, NULL, ref_uri,
      "The URI of the resource." },
    { "meta.version", STRING, EXACT | READ_ONLY | HEADER, NULL, NULL,
      "The version of the resource, as in its ETag." },
    { "schemas", REFERENCE, MULTI | REQUIRED | ALWAYS | HEADER, NULL, ref_uri,
      "The URNs of the schemas that the resource has values of." },
};

static const prov_row user[] = {
    { "userName", STRING, REQUIRED | PRECIS | UNIQUE, NULL, NULL,
      "The name by which the user logs in, unique in its domain." },
    { "name", COMPLEX, 0, NULL, NULL, "The components of the user's name." },
    { "name.formatted", STRING, 0, NULL, NULL, "The full name, formatted for display." },
    { "name.familyName", STRING, 0, NULL, NULL, "The family name, or last name." },
    { "name.givenName", STRING, 0, NULL, NULL, "The given name, or first name." },
    { "name.middleName", STRING, 0, NULL, NULL, "The middle names." },
    { "name.honorificPrefix", STRING, 0, NULL, NULL, "The title before the name, such as Ms." },
    { "name.honorificSuffix", STRING, 0, NULL, NULL, "What stands after the name, such as III." },
    { "displayName", STRING, 0, NULL, NULL, "The name of the user, for display." },
    { "nickName", STRING, 0, NULL, NULL, "The casual way to address the user." },
    { "profileUrl", REFERENCE, EXACT, NULL, ref_external, "The URL of a page about the user." },
    { "title", STRING, 0, NULL, NULL, "The user's title, such as Vice President." },
    { "userType", STRING, 0, NULL, NULL,
      "The relation of the user to the organization, such as Employee." },
    { "preferredLanguage", STRING, 0, NULL, NULL,
      "The preferred languages, as in the Accept-Language header." },
    { "locale", STRING, 0, NULL, NULL, "The user's default location, as a language tag." },
    { "timezone", STRING, 0, NULL, NULL, "The user's time zone, as in the IANA database." },
    { "active", BOOLEAN, 0, NULL, NULL, "Whether the user may act." },
    { "password", STRING, EXACT | WRITE_ONLY | NEVER | CREDENTIAL, NULL, NULL,
      "The user's password in clear text, only to set or compare." },
    { "emails", COMPLEX, MULTI, NULL, NULL, "E-mail addresses of the user." },
    { "emails.value", STRING, 0, NULL, NULL, "An e-mail address." },
    { "emails.display", STRING, 0, NULL, NULL, "A name of it for people to read." },
    { "emails.type", STRING, 0, emails, NULL, "A label of its use." },
    { "emails.primary", BOOLEAN, 0, NULL, NULL,
      "Whether it is the preferred one; true at most once." },
    { "phoneNumbers", COMPLEX, MULTI, NULL, NULL, "Phone numbers of the user." },
    { "phoneNumbers.value", STRING, 0, NULL, NULL, "A phone number, best as a tel: URI." },
    { "phoneNumbers.display", STRING, 0, NULL, NULL, "A name of it for people to read." },
    { "phoneNumbers.type", STRING, 0, phones, NULL, "A label of its use." },
    { "phoneNumbers.primary", BOOLEAN, 0, NULL, NULL,
      "Whether it is the preferred one; true at most once." },
    { "ims", COMPLEX, MULTI, NULL, NULL, "Instant messaging addresses of the user." },
    { "ims.value", STRING, 0, NULL, NULL, "An instant messaging address." },
    { "ims.display", STRING, 0, NULL, NULL, "A name of it for people to read." },
    { "ims.type", STRING, 0, ims, NULL, "A label of its use." },
    { "ims.primary", BOOLEAN, 0, NULL, NULL,
      "Whether it is the preferred one; true at most once." },
    { "photos", COMPLEX, MULTI, NULL, NULL, "Pictures of the user." },
    { "photos.value", REFERENCE, EXACT, NULL, ref_external, "The URL of a picture." },
    { "photos.display", STRING, 0, NULL, NULL, "A name of it for people to read." },
    { "photos.type", STRING, 0, photos, NULL, "A label of its use." },
    { "photos.primary", BOOLEAN, 0, NULL, NULL,
      "Whether it is the preferred one; true at most once." },
    { "addresses", COMPLEX, MULTI, NULL, NULL, "Physical addresses of the user." },
    { "addresses.formatted", STRING, 0, NULL, NULL, "The full address, formatted for display." },
    { "addresses.streetAddress", STRING, 0, NULL, NULL,
      "Street, house number, and what belongs to them." },
    { "addresses.locality", STRING, 0, NULL, NULL, "The city or locality." },
    { "addresses.region", STRING, 0, NULL, NULL, "The state or region." },
    { "addresses.postalCode", STRING, 0, NULL, NULL, "The postal code." },
    { "addresses.country", STRING, 0, NULL, NULL, "The country, as ISO 3166-1 alpha-2 code." },
    { "addresses.type", STRING, 0, addresses, NULL, "A label of its use." },
    { "addresses.primary", BOOLEAN, 0, NULL, NULL,
      "Whether it is the preferred one; true at most once." },
    { "groups", COMPLEX, MULTI | READ_ONLY | GROUPS, NULL, NULL,
      "The groups the user belongs to, directly or through others." },
    { "groups.value", STRING, READ_ONLY | GROUPS, NULL, NULL, "The id of the group." },
    { "groups.$ref", REFERENCE, EXACT | READ_ONLY | GROUPS, NULL, ref_group,
      "The URI of the group." },
    { "groups.display", STRING, READ_ONLY | GROUPS, NULL, NULL, "The name of the group." },
    { "groups.type", STRING, READ_ONLY | GROUPS, memberships, NULL,
      "Whether the membership is direct." },
    { "entitlements", COMPLEX, MULTI, NULL, NULL, "What the user is entitled to." },
    { "entitlements.value", STRING, 0, NULL, NULL, "An entitlement." },
    { "entitlements.display", STRING, 0, NULL, NULL, "A name of it for people to read." },
    { "entitlements.type", STRING, 0, NULL, NULL, "A label of its use." },
    { "entitlements.primary", BOOLEAN, 0, NULL, NULL,
      "Whether it is the preferred one; true at most once." },
    { "roles", COMPLEX, MULTI, NULL, NULL, "The roles of the user." },
    { "roles.value", STRING, 0, NULL, NULL, "A role." },
    { "roles.display", STRING, 0, NULL, NULL, "A name of it for people to read." },
    { "roles.type", STRING, 0, NULL, NULL, "A label of its use." },
    { "roles.primary", BOOLEAN, 0, NULL, NULL,
      "Whether it is the preferred one; true at most once." },
    { "x509Certificates", COMPLEX, MULTI, NULL, NULL, "Certificates of the user." },
    { "x509Certificates.value", BINARY, EXACT, NULL, NULL, "One DER certificate in base64." },
    { "x509Certificates.display", STRING, 0, NULL, NULL, "A name of it for people to read." },
    { "x509Certificates.type", STRING, 0, NULL, NULL, "A label of its use." },
    { "x509Certificates.primary", BOOLEAN, 0, NULL, NULL,
      "Whether it is the preferred one; true at most once." },
};

static const prov_row group[] = {
    { "displayName", STRING, REQUIRED, NULL, NULL, "The name of the group." },
    { "members", COMPLEX, MULTI | MEMBERS, NULL, NULL, "The members of the group." },
    { "members.value", STRING, IMMUTABLE | MEMBERS, NULL, NULL, "The id of the member." },
    { "members.$ref", REFERENCE, EXACT | IMMUTABLE | MEMBERS, NULL, ref_member,
      "The URI of the member." },
    { "members.type", STRING, IMMUTABLE | MEMBERS, members, NULL,
      "The resource type of the member." },
    { "members.display", STRING, READ_ONLY | MEMBERS, NULL, NULL, "The name of the member." },
};

static const prov_row enterprise[] = {
    { "employeeNumber", STRING, 0, NULL, NULL,
      "The number or code the organization gave to the user." },
    { "costCenter", STRING, 0, NULL, NULL, "The name of a cost center." },
    { "organization", STRING, 0, NULL, NULL, "The name of an organization." },
    { "division", STRING, 0, NULL, NULL, "The name of a division." },
    { "department", STRING, 0, NULL, NULL, "The name of a department." },
    { "manager", COMPLEX, 0, NULL, NULL, "The user's manager." },
    { "manager.value", STRING, 0, NULL, NULL, "The id of the manager." },
    { "manager.$ref", REFERENCE, EXACT, NULL, ref_user, "The URI of the manager." },
    { "manager.displayName", STRING, READ_ONLY, NULL, NULL, "The name of the manager." },
};

static const prov_row links[] = {
    { "links", COMPLEX, MULTI | READ_ONLY | REQUEST | LINKS, NULL, NULL,
      "Where the resource stands at each target." },
    { "links.target", STRING, EXACT | READ_ONLY | LINKS, NULL, NULL,
      "The target, as identity provider/connector." },
    { "links.state", STRING, EXACT | READ_ONLY | LINKS, NULL, NULL,
      "The state of the link, such as synced, waiting or failed." },
    { "links.remoteId", STRING, EXACT | READ_ONLY | LINKS, NULL, NULL,
      "The id of the object at the target." },
    { "links.lastSuccess", DATETIME, READ_ONLY | LINKS, NULL, NULL,
      "When the target last took a change." },
    { "links.lastError", STRING, READ_ONLY | LINKS, NULL, NULL,
      "What the last failed attempt was told." },
    { "links.httpStatus", INTEGER, READ_ONLY | LINKS, NULL, NULL,
      "The status of the last answer." },
    { "links.tries", INTEGER, READ_ONLY | LINKS, NULL, NULL, "Attempts since the last success." },
    { "links.nextTry", DATETIME, READ_ONLY | LINKS, NULL, NULL, "When the next attempt is due." },
    { "links.application", STRING, EXACT | READ_ONLY | LINKS, NULL, NULL,
      "The application whose change came last." },
};

#define ROWS(table) table, sizeof table / sizeof *table

const prov_core_schema prov_core_common = { PROV_URN_COMMON, "Common", "What every resource has.",
                                            ROWS(common) };

const prov_core_schema prov_core_schemas[] = {
    { PROV_URN_USER, "User", "User Account", ROWS(user) },
    { PROV_URN_GROUP, "Group", "Group", ROWS(group) },
    { PROV_URN_ENTERPRISE, "EnterpriseUser", "Enterprise User", ROWS(enterprise) },
    { PROV_URN_LINKS, "Links", "Where a resource stands at each target it is provisioned to",
      ROWS(links) },
};
const int prov_core_schema_count = sizeof prov_core_schemas / sizeof *prov_core_schemas;

static const char *const user_extensions[] = { PROV_URN_ENTERPRISE, PROV_URN_LINKS, NULL };
static const char *const group_extensions[] = { PROV_URN_LINKS, NULL };

const prov_core_type prov_core_types[] = {
    { "User", "/Users", "User Account", PROV_URN_USER, "userName", user_extensions },
    { "Group", "/Groups", "Group", PROV_URN_GROUP, "displayName", group_extensions },
};
const int prov_core_type_count = sizeof prov_core_types / sizeof *prov_core_types;
