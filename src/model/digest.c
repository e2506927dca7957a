#include "model/digest.h"
#include "base/crypt.h"

#include <apr_strings.h>
#include <string.h>

/* With its length before it, so that no two lists of words look alike. */
static void add_text(prov_buf *b, const char *text)
{
    prov_bytes t = prov_bytes_of(text);
    prov_put_varint(b, text ? t.len + 1 : 0);
    prov_buf_add(b, t.data, t.len);
}

static void add_texts(prov_buf *b, const apr_array_header_t *list)
{
    prov_put_varint(b, list ? (uint64_t)list->nelts : 0);
    for (int i = 0; list && i < list->nelts; i++)
        add_text(b, APR_ARRAY_IDX(list, i, const char *));
}

static void add_rows(prov_buf *b, apr_pool_t *p, const prov_option *rows, const void *values)
{
    for (const prov_option *row = rows; row && row->name; row++) {
        if (row->type == PROV_OPTION_SECRET)
            continue;
        add_text(b, row->name);
        add_text(b, prov_option_print(p, row, values));
    }
}

static void add_maps(prov_buf *b, const apr_array_header_t *maps)
{
    for (int i = 0; i < maps->nelts; i++) {
        const prov_map *m = &APR_ARRAY_IDX(maps, i, prov_map);
        add_text(b, m->to);
        add_text(b, m->template);
        add_text(b, m->path);
        add_text(b, m->otherwise);
    }
}

static void digest_target(apr_pool_t *p, const prov_idp *idp, prov_connector_config *t)
{
    prov_buf b;
    prov_buf_init(&b, p, 512);
    add_text(&b, idp->enabled ? "on" : "off");
    add_texts(&b, idp->roles);
    add_text(&b, t->type);
    add_rows(&b, p, prov_connector_config_options, t);
    add_texts(&b, t->protect);
    add_maps(&b, t->maps);
    add_rows(&b, p, t->options, t->values);
    prov_sha256(prov_buf_bytes(&b), t->digest);
}

void prov_digest_targets(apr_pool_t *p, prov_config *c)
{
    apr_pool_t *scratch;
    apr_pool_create(&scratch, p);
    for (int i = 0; i < c->idps->nelts; i++) {
        const prov_idp *idp = APR_ARRAY_IDX(c->idps, i, prov_idp *);
        for (int j = 0; j < idp->connectors->nelts; j++)
            digest_target(scratch, idp, APR_ARRAY_IDX(idp->connectors, j, prov_connector_config *));
    }
    apr_pool_destroy(scratch);
}

/* Targets in any order: the digests are added like numbers. */
static void mix(uint8_t sum[PROV_DIGEST_LEN], const uint8_t digest[PROV_DIGEST_LEN])
{
    unsigned carry = 0;
    for (int i = PROV_DIGEST_LEN - 1; i >= 0; i--) {
        carry += (unsigned)sum[i] + digest[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void mix_target(uint8_t sum[PROV_DIGEST_LEN], const prov_idp *idp,
                       const prov_connector_config *t)
{
    uint8_t name[PROV_DIGEST_LEN], both[3 * PROV_DIGEST_LEN], one[PROV_DIGEST_LEN];
    prov_sha256(prov_bytes_of(idp->name), name);
    memcpy(both, name, sizeof name);
    prov_sha256(prov_bytes_of(t->type), name);
    memcpy(both + sizeof name, name, sizeof name);
    memcpy(both + 2 * sizeof name, t->digest, sizeof t->digest);
    prov_sha256((prov_bytes){ both, sizeof both }, one);
    mix(sum, one);
}

void prov_config_digest(const prov_config *c, uint8_t out[32])
{
    memset(out, 0, PROV_DIGEST_LEN);
    for (int i = 0; i < c->idps->nelts; i++) {
        const prov_idp *idp = APR_ARRAY_IDX(c->idps, i, prov_idp *);
        for (int j = 0; j < idp->connectors->nelts; j++)
            mix_target(out, idp, APR_ARRAY_IDX(idp->connectors, j, prov_connector_config *));
    }
}
