/* /Me (RFC 7644 section 3.11): the caller's own resource, answered there and then; Location says
 * where it is for everybody. */
#include "inbound/scim.h"

#include <apr_strings.h>

/* A token, or a user whom another module let in, has no resource here. */
static prov_err *as_me(prov_scim *s, prov_scim_answer *answer)
{
    apr_pool_t *p = s->r->pool;
    if (!s->caller.user)
        return prov_err_make(p, HTTP_NOT_IMPLEMENTED, NULL,
                             "/Me is there for users who log in with their own password");
    s->type = prov_registry_type_named(s->service->registry, "User");
    s->name = prov_id_text(p, s->caller.user);
    apr_table_setn(s->r->headers_out, "Location",
                   apr_pstrcat(p, s->base, s->type->endpoint, "/", s->name, NULL));
    prov_err *err = answer(s);
    if (err)
        apr_table_unset(s->r->headers_out, "Location");
    return err;
}

prov_err *prov_scim_me_get(prov_scim *s)
{
    return as_me(s, prov_scim_get);
}

prov_err *prov_scim_me_replace(prov_scim *s)
{
    return as_me(s, prov_scim_replace);
}

prov_err *prov_scim_me_patch(prov_scim *s)
{
    return as_me(s, prov_scim_patch);
}

prov_err *prov_scim_me_delete(prov_scim *s)
{
    return as_me(s, prov_scim_delete);
}
