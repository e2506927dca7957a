/* The module's record and its hooks. */
#include "httpd/check.h"
#include "httpd/claim.h"
#include "httpd/directives.h"
#include "httpd/life.h"
#include "httpd/sections.h"
#include "httpd/server.h"
#include "inbound/auth.h"
#include "inbound/reply.h"

#include <ap_provider.h>
#include <http_request.h>
#include <mpm_common.h>

static void register_connectors(apr_pool_t *p)
{
    for (const prov_connector *const *c = prov_connector_all(); *c; c++)
        ap_register_provider(p, PROV_CONNECTOR_GROUP, (*c)->name, "1", *c);
}

static void register_hooks(apr_pool_t *p)
{
    /* A ProxyPass or RewriteRule for all of a server leaves our locations to us. */
    static const char *const before[] = { "mod_proxy.c", "mod_alias.c", "mod_rewrite.c", NULL };

    register_connectors(p);
    ap_hook_check_config(prov_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(prov_life_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(prov_life_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(prov_life_child_stopping, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(prov_claim_translate, NULL, before, APR_HOOK_FIRST);
    ap_hook_map_to_storage(prov_claim_map_to_storage, NULL, before, APR_HOOK_FIRST);
    ap_hook_handler(prov_claim_handler, NULL, before, APR_HOOK_FIRST);
    ap_hook_check_authn(prov_auth_check, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, "provision-permission",
                              AUTHZ_PROVIDER_VERSION, &prov_auth_permission,
                              AP_AUTH_INTERNAL_PER_CONF);
    prov_reply_hooks(p);
}

#pragma GCC visibility push(default)
AP_DECLARE_MODULE(provision) = { STANDARD20_MODULE_STUFF, prov_httpd_place_make,
                                 prov_httpd_place_merge,  prov_httpd_server_make,
                                 prov_httpd_server_merge, prov_httpd_commands,
                                 register_hooks,          AP_MODULE_FLAG_ALWAYS_MERGE };
#pragma GCC visibility pop
