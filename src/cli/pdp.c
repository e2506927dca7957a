/* pdp, pdp check: policies of XACML 3.0 without a server. */
#include "base/instant.h"
#include "cli/cli.h"
#include "policy/policy.h"
#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#define FILE_MOST (64 << 20)

static prov_err *read_file(prov_cli *c, const char *path, prov_bytes *out)
{
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, c->pool);
    if (rv != APR_SUCCESS)
        return prov_err_status(c->pool, rv, "%s", path);
    prov_buf b;
    char part[8192];
    apr_size_t len = 0;
    prov_buf_init(&b, c->pool, sizeof part);
    /* not by its size: it may be a pipe */
    while (b.len < FILE_MOST && (rv = apr_file_read_full(file, part, sizeof part, &len), len > 0))
        prov_buf_add(&b, part, len);
    apr_file_close(file);
    *out = prov_buf_bytes(&b);
    return rv == APR_SUCCESS || APR_STATUS_IS_EOF(rv) ? NULL
                                                      : prov_err_status(c->pool, rv, "%s", path);
}

/* The first thing wrong, but all files are looked at. An error of reading ends it. */
static prov_err *add_files(prov_cli *c, prov_pdp *pdp, const char *const *files, int count,
                           prov_err **refused)
{
    for (int i = 0; i < count; i++) {
        prov_bytes text;
        prov_err *err = read_file(c, files[i], &text);
        if (err)
            return err;
        err = prov_pdp_add(pdp, text, files[i], PROV_PDP_AUTO);
        *refused = *refused ? *refused : err;
    }
    return NULL;
}

prov_err *prov_cli_pdp_check(prov_cli *c)
{
    prov_pdp *pdp = prov_pdp_make(c->pool, NULL);
    prov_err *refused = NULL;
    prov_err *err = add_files(c, pdp, c->words, c->count, &refused);
    if (err)
        return err;
    err = prov_pdp_finish(pdp, NULL);
    const apr_array_header_t *list = prov_pdp_problems(pdp);
    for (int i = 0; i < list->nelts; i++) {
        const prov_pdp_problem *problem = &APR_ARRAY_IDX(list, i, const prov_pdp_problem);
        prov_print_text(c->print, "where", problem->where);
        prov_print_text(c->print, "kind", problem->warning ? "warning" : "error");
        prov_print_text(c->print, "problem", problem->sentence);
        prov_print_row(c->print);
    }
    prov_print_say(c->print, "%d files looked at, %d problems", c->count, list->nelts);
    return refused || err ? prov_err_make(c->pool, 400, NULL, "the policies are not right") : NULL;
}

static void print_trace(void *baton, int depth, const char *line)
{
    fprintf(stderr, "%*s%s\n", 2 * depth, "", line);
}

static bool is_json(prov_bytes text)
{
    size_t i = 0;
    while (i < text.len && strchr(" \t\r\n", text.data[i]))
        i++;
    return i < text.len && text.data[i] == '{';
}

static prov_err *make_options(prov_cli *c, prov_pdp_options *out)
{
    apr_time_exp_t local;
    *out = (prov_pdp_options){ .now = apr_time_now(), .trace = c->trace ? print_trace : NULL };
    if (c->now && !prov_instant_parse(prov_bytes_of(c->now), &out->now))
        return prov_err_make(c->pool, 400, NULL, "--now %s is no time", c->now);
    apr_time_exp_lt(&local, out->now);
    out->zone = local.tm_gmtoff / 60;
    return NULL;
}

/* The short name of an algorithm is enough. */
static const char *algorithm_of(prov_cli *c)
{
    if (!c->combine || strchr(c->combine, ':') || strcmp(c->combine, PROV_PDP_ONE_ROOT) == 0)
        return c->combine;
    const char *version = strstr(c->combine, "applicable") ? "1.0" : "3.0";
    return apr_pstrcat(c->pool, "urn:oasis:names:tc:xacml:", version,
                       ":policy-combining-algorithm:", c->combine, NULL);
}

static prov_err *load(prov_cli *c, prov_pdp *pdp, prov_err **refused)
{
    for (int i = 0; i < c->count; i++)
        APR_ARRAY_PUSH(c->policies, const char *) = c->words[i];
    if (c->policies->nelts == 0 || !c->request)
        return prov_err_make(c->pool, 400, NULL, "--policy FILE and --request FILE are needed");
    prov_err *err =
        add_files(c, pdp, (const char *const *)c->policies->elts, c->policies->nelts, refused);
    if (err)
        return err;
    err = prov_pdp_finish(pdp, algorithm_of(c));
    *refused = *refused ? *refused : err;
    return NULL;
}

/* What was refused is told, and answered as the specification has it: Indeterminate. */
prov_err *prov_cli_pdp(prov_cli *c)
{
    prov_pdp *pdp = prov_pdp_make(c->pool, NULL);
    prov_err *refused = NULL;
    prov_pdp_options options;
    prov_bytes text;
    prov_xrequest *request;
    prov_err *err = load(c, pdp, &refused);
    if (err || (err = make_options(c, &options)) || (err = read_file(c, c->request, &text)))
        return err;
    bool json = is_json(text);
    err = (json ? prov_xrequest_read_json : prov_xrequest_read_xml)(
        c->pool, text, c->request, prov_pdp_bounds_of(pdp), &request);
    const prov_xresponse *response = err ? prov_xresponse_refused(c->pool, err)
                                         : prov_pdp_decide(pdp, c->pool, request, &options);
    text = (c->json || json ? prov_xresponse_json : prov_xresponse_xml)(c->pool, response);
    fwrite(text.data, 1, text.len, stdout);
    if (c->json || json)
        fputc('\n', stdout);
    return refused;
}
