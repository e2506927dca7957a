#include "model/options.h"
#include "model/config.h"

#include <apr_cstr.h>
#include <stddef.h>

#define KIB  INT64_C(1024)
#define MIB  (1024 * KIB)
#define GIB  (1024 * MIB)
#define TIB  (1024 * GIB)
#define MSEC INT64_C(1000)
#define SEC  (1000 * MSEC)
#define DAY  (86400 * SEC)

static const char *const bare_names[] = { "primary", "all", NULL };
static const char *const userstore_types[] = { "local", NULL };
static const char *const deprovisions[] = { "disable", "delete", "keep", NULL };
static const char *const adoptions[] = { "never", "claim", "match", NULL };
static const char *const member_modes[] = { "ours", "exact", NULL };
static const char *const propagations[] = { "all", "application", NULL };

/* A limit of a request may differ between virtual hosts that share a store; the rest may not. */
#define OWN   PROV_SETTING_OWN
#define FIXED PROV_OPTION_FIXED
#define AT(m) offsetof(prov_settings, m)

const prov_option prov_settings_options[] = {
    { "ProvisionStore", "store", PROV_OPTION_TEXT, AT(store), NULL, 0, 0, NULL,
      FIXED | PROV_SETTING_WORDS,
      "Where everything is kept: lmdb and a folder on a local disk, which belongs to it alone." },
    { "ProvisionStoreSize", "storeSize", PROV_OPTION_SIZE, AT(store_size), "64G", MIB, 16 * TIB,
      NULL, FIXED, "The most the store may grow to; it takes only the room it uses." },
    { "ProvisionSecretKey", "secretKey", PROV_OPTION_SECRET, AT(secret_key), NULL, 0, 0, NULL,
      FIXED,
      "The file of the key that protects secrets; made if missing. The default is a file beside "
      "the store's folder, named like it with .key behind." },
    { "ProvisionTenant", "tenant", PROV_OPTION_TEXT, AT(tenant), "default", 0, 0, NULL, FIXED,
      "The organisation whose data the store holds." },
    { "ProvisionBareName", "bareName", PROV_OPTION_CHOICE, AT(bare_name_all), "primary", 0, 0,
      bare_names, 0,
      "Where a userName without a domain is looked for: in PRIMARY, or in all userstores." },
    { "ProvisionRequireTLS", "requireTLS", PROV_OPTION_FLAG, AT(require_tls), "on", 0, 0, NULL, OWN,
      "Refuses credentials over clear text, except from this machine itself." },
    { "ProvisionMaxBody", "maxBody", PROV_OPTION_SIZE, AT(max_body), "1M", KIB, GIB, NULL, OWN,
      "The longest request body; longer ones are answered 413." },
    { "ProvisionMaxResource", "maxResource", PROV_OPTION_SIZE, AT(max_resource), "1M", 4 * KIB,
      64 * MIB, NULL, 0, "The largest user or group, without its members." },
    { "ProvisionMaxResults", "maxResults", PROV_OPTION_INT, AT(max_results), "200", 1, 10000, NULL,
      OWN, "The most resources on one page of a list." },
    { "ProvisionDefaultResults", "defaultResults", PROV_OPTION_INT, AT(default_results), "100", 1,
      10000, NULL, OWN, "The resources on a page of a list that is asked for without a count." },
    { "ProvisionMaxSort", "maxSort", PROV_OPTION_INT, AT(max_sort), "100000", 100, 10000000, NULL,
      OWN, "How far into a longer sorted list startIndex may reach; beyond it only cursors lead." },
    { "ProvisionMaxScan", "maxScan", PROV_OPTION_INT, AT(max_scan), "0", 0, 1000000000, NULL, OWN,
      "The most resources that a query may look at when no index serves it; 0 is any number." },
    { "ProvisionCursorTimeout", "cursorTimeout", PROV_OPTION_DURATION, AT(cursor_timeout), "1h",
      SEC, 30 * DAY, NULL, OWN, "How long a list can be continued by cursor after a page." },
    { "ProvisionMaxFilter", "maxFilter", PROV_OPTION_SIZE, AT(max_filter), "8K", 64, MIB, NULL, OWN,
      "The longest filter." },
    { "ProvisionMaxFilterDepth", "maxFilterDepth", PROV_OPTION_INT, AT(max_filter_depth), "64", 1,
      256, NULL, OWN, "How deep the parentheses of a filter may nest." },
    { "ProvisionMaxFilterTerms", "maxFilterTerms", PROV_OPTION_INT, AT(max_filter_terms), "256", 1,
      10000, NULL, OWN, "The most comparisons in a filter." },
    { "ProvisionMaxOperations", "maxOperations", PROV_OPTION_INT, AT(max_operations), "1000", 1,
      100000, NULL, OWN, "The most operations in a PATCH." },
    { "ProvisionPasswordCost", "passwordCost", PROV_OPTION_INT, AT(password_cost), "5", 1, 11, NULL,
      0, "The cost of a new password hash (yescrypt); one more doubles time and memory." },
    { "ProvisionPool", "pool", PROV_OPTION_INT, AT(pool), "8", 1, 256, NULL, FIXED,
      "How many calls to targets a child process makes at a time." },
    { "ProvisionCallLimit", "callLimit", PROV_OPTION_DURATION, AT(call_limit), "5s", 50 * MSEC,
      8 * SEC, NULL, 0, "The time one call to a target may take as a whole." },
    { "ProvisionBlockingTimeout", "blockingTimeout", PROV_OPTION_DURATION, AT(blocking_timeout),
      "4s", 10 * MSEC, 300 * SEC, NULL, 0,
      "How long a caller with blocking=on waits for the targets before being told state=waiting." },
    { "ProvisionBlockingMax", "blockingMax", PROV_OPTION_INT, AT(blocking_max), "0", 0, 100000,
      NULL, 0,
      "How many callers of a child process may wait at a time; 0 is a quarter of "
      "ThreadsPerChild." },
    { "ProvisionAuditKeep", "auditKeep", PROV_OPTION_DURATION, AT(audit_keep), "400d", SEC,
      36500 * DAY, NULL, 0, "How long the journal of changes is kept." },
    { "ProvisionRemovedKeep", "removedKeep", PROV_OPTION_DURATION, AT(removed_keep), "90d", SEC,
      36500 * DAY, NULL, 0, "How long it is kept what became of removed users at the targets." },
    { "ProvisionCommitEach", "commitEach", PROV_OPTION_FLAG, AT(commit_each), "off", 0, 0, NULL,
      FIXED, "Commits each change by itself; slower, and only there to measure what that costs." },
    PROV_OPTION_END
};
#undef AT

#define AT(m) offsetof(prov_userstore_config, m)
const prov_option prov_userstore_options[] = {
    { "ProvisionType", "type", PROV_OPTION_CHOICE, AT(type), "local", 0, 0, userstore_types, FIXED,
      "What holds the userstore's users: local is the store itself." },
    PROV_OPTION_END
};
#undef AT

#define AT(m) offsetof(prov_idp, m)
const prov_option prov_idp_options[] = {
    { "ProvisionDescription", "description", PROV_OPTION_TEXT, AT(description), NULL, 0, 0, NULL, 0,
      "What the identity provider is, for people." },
    { "ProvisionHomeRealm", "homeRealm", PROV_OPTION_TEXT, AT(home_realm), NULL, 0, 0, NULL, 0,
      "The realm whose users are at home there." },
    { "ProvisionAlias", "alias", PROV_OPTION_TEXT, AT(alias), NULL, 0, 0, NULL, 0,
      "What the identity provider calls this server." },
    { "ProvisionEnabled", "enabled", PROV_OPTION_FLAG, AT(enabled), "on", 0, 0, NULL, 0,
      "Off: nothing is sent there until it is on again; what is due then waits." },
    PROV_OPTION_END
};
#undef AT

#define AT(m) offsetof(prov_connector_config, m)
const prov_option prov_connector_config_options[] = {
    { "ProvisionEnabled", "enabled", PROV_OPTION_FLAG, AT(enabled), "on", 0, 0, NULL, 0,
      "Off: nothing is sent to this target until it is on again; what is due then waits." },
    { "ProvisionDeprovision", "deprovision", PROV_OPTION_CHOICE, AT(deprovision), "disable", 0, 0,
      deprovisions, 0, "What happens at the target to who is removed here or out of scope." },
    { "ProvisionAdopt", "adopt", PROV_OPTION_CHOICE, AT(adopt), "claim", 0, 0, adoptions, 0,
      "Which object that is already there may become ours: none, one that bears our externalId, "
      "or also one of the same name that bears no other externalId." },
    { "ProvisionMembers", "members", PROV_OPTION_CHOICE, AT(members_exact), "ours", 0, 0,
      member_modes, 0,
      "Which members are removed from a group at the target: those we added, or all others." },
    PROV_OPTION_END
};
#undef AT

#define AT(m) offsetof(prov_application, m)
const prov_option prov_application_options[] = {
    { "ProvisionInboundStore", "inboundStore", PROV_OPTION_TEXT, AT(inbound_store), NULL, 0, 0,
      NULL, 0,
      "The userstore whose users are all the application sees and makes; without it a name's "
      "domain decides." },
    { "ProvisionPropagate", "propagate", PROV_OPTION_CHOICE, AT(propagate), "all", 0, 0,
      propagations, 0,
      "Which targets a change reaches: all that the user is linked to, or only those the "
      "application lists." },
    PROV_OPTION_END
};
#undef AT

const prov_scope_table prov_scope_tables[PROV_SCOPES] = {
    [PROV_SCOPE_SERVER] = { "settings", NULL, prov_settings_options },
    [PROV_SCOPE_USERSTORE] = { "userstore", "<ProvisionUserStore NAME>", prov_userstore_options },
    [PROV_SCOPE_IDP] = { "idp", "<ProvisionIdP NAME>", prov_idp_options },
    [PROV_SCOPE_CONNECTOR] = { "connector", "<ProvisionConnector TYPE>",
                               prov_connector_config_options },
    [PROV_SCOPE_APPLICATION] = { "application", "<ProvisionApplication NAME>",
                                 prov_application_options },
};

const prov_option *prov_options_directive(prov_scope scope, const char *directive)
{
    for (const prov_option *row = prov_scope_tables[scope].rows; row->name; row++)
        if (apr_cstr_casecmp(row->directive, directive) == 0)
            return row;
    return NULL;
}
