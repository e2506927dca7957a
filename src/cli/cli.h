/* What provisionctl's commands share: how they are called, what they work on, how they print. */
#ifndef PROV_CLI_CLI_H
#define PROV_CLI_CLI_H

#include "cli/print.h"
#include "framework/provision.h"

typedef struct prov_cli {
    apr_pool_t *pool;
    const char *store; /* --store */
    prov_service *service;
    prov_print *print;
    /* options, NULL if not given */
    const char *state, *target, *application, *permit, *expires, *value;
    const char *limit, *format, *map, *rejects, *type, *domain;
    const char *filter;
    const char *sort_by;
    const char *dry_run, *progress, *repair, *descending; /* flags: not NULL if given */
    const char *trace, *json;
    void *prepared; /* what the command's prepare left for its run */
    const char *request, *now, *combine;
    apr_array_header_t *policies; /* of const char *: --policy, as often as it is given */
    /* the words behind the command */
    const char *const *words;
    int count;
} prov_cli;

typedef prov_err *prov_cli_run(prov_cli *c);

typedef struct prov_command {
    const char *name;      /* "token create" */
    const char *arguments; /* "NAME --application APP --permit LIST [--expires TIME]" */
    const char *help;
    int words_least, words_most;
    prov_cli_run *run;
    /* Before the store's owner is become: opens the caller's own files; or NULL. */
    prov_cli_run *prepare;
    bool without_store; /* it needs none */
} prov_command;

extern const prov_command prov_commands[]; /* ended by a NULL name */

prov_cli_run prov_cli_admin_create, prov_cli_token_create, prov_cli_token_list,
    prov_cli_token_revoke, prov_cli_links, prov_cli_links_retry, prov_cli_links_summary,
    prov_cli_provision, prov_cli_target_resume, prov_cli_stats, prov_cli_explain, prov_cli_indexes,
    prov_cli_check, prov_cli_import, prov_cli_import_prepare, prov_cli_export, prov_cli_backup,
    prov_cli_backup_prepare, prov_cli_pdp, prov_cli_pdp_check;

/* Becomes the owner of the store's folder, reads effective.json there and opens the store. */
prov_err *prov_cli_open(prov_cli *c);

/* A refused or failed plan as an error, NULL if it is done. */
prov_err *prov_cli_submit(prov_cli *c, const prov_plan *plan);

#endif
