/* provisionctl: what an administrator asks and tells the store, beside the running server. */
#include "cli/cli.h"
#include "base/text.h"
#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>

#define FILES_MOST 100000

const prov_command prov_commands[] = {
    { "admin create", "NAME", "make an administrator; the password is read from standard input", 1,
      1, prov_cli_admin_create, NULL, false },
    { "token create", "NAME --permit LIST [--application APP] [--expires 90d] [--value TOKEN]",
      "make a bearer token and print it, this once", 1, 1, prov_cli_token_create, NULL, false },
    { "token list", "", "name the tokens, what they may do and until when", 0, 0,
      prov_cli_token_list, NULL, false },
    { "token revoke", "NAME", "end a token, at once", 1, 1, prov_cli_token_revoke, NULL, false },
    { "links", "[--state STATE] [--target IDP/CONNECTOR] [--limit N]",
      "list where each object stands at each target", 0, 0, prov_cli_links, NULL, false },
    { "links retry", "[ID] [--state STATE] [--target IDP/CONNECTOR]",
      "try again now: the failed ones, or those of a state, or of one object", 0, 1,
      prov_cli_links_retry, NULL, false },
    { "links summary", "[--target IDP/CONNECTOR]", "count the links of each target by state", 0, 0,
      prov_cli_links_summary, NULL, false },
    { "provision",
      "--target IDP/CONNECTOR [--application APP] [--type TYPE] [--filter FILTER] [--dry-run] "
      "[--progress]",
      "let a target have what was there before it came to the application's outbound list", 0, 0,
      prov_cli_provision, NULL, false },
    { "target resume", "IDP/CONNECTOR", "let a paused target be called again", 1, 1,
      prov_cli_target_resume, NULL, false },
    { "stats", "", "count what the store holds", 0, 0, prov_cli_stats, NULL, false },
    { "explain", "[FILTER] [--type TYPE] [--sort-by ATTRIBUTE [--descending]]",
      "tell by which indexes a query would be answered, or that it looks at every resource", 0, 1,
      prov_cli_explain, NULL, false },
    { "indexes", "", "list the indexes, and how far those are that were declared later", 0, 0,
      prov_cli_indexes, NULL, false },
    { "check", "[--repair]",
      "hold every index, membership, edge, grant and link against the resources", 0, 0,
      prov_cli_check, NULL, false },
    { "import",
      "FILE [--format jsonl|csv|ldif] [--map FILE] [--type TYPE] [--application APP] [--rejects "
      "FILE] [--dry-run] [--progress]",
      "make the resources of a file that are not there yet; what cannot be is told by line", 1, 1,
      prov_cli_import, prov_cli_import_prepare, false },
    { "export", "[--type TYPE] [--domain DOMAIN]",
      "print every resource as SCIM JSON, one a line, as import takes it", 0, 0, prov_cli_export,
      NULL, false },
    { "backup", "DIR",
      "copy the store, consistent while the server runs, into a new or empty folder", 1, 1,
      prov_cli_backup, prov_cli_backup_prepare, false },
    { "pdp", "--policy FILE... --request FILE [--json] [--trace] [--now TIME] [--combine ID]",
      "decide a request of XACML 3.0, XML or JSON, by these policies, and print the response", 0,
      FILES_MOST, prov_cli_pdp, NULL, true },
    { "pdp check", "FILE...", "look for what is wrong with policies of XACML 3.0", 1, FILES_MOST,
      prov_cli_pdp_check, NULL, true },
    { NULL, NULL, NULL, 0, 0, NULL, NULL, false }
};

typedef struct cli_option {
    const char *name, *value, *help; /* no value: a flag */
    size_t offset;
} cli_option;

#define NOWHERE SIZE_MAX /* one that is collected, not put in its place */

static const cli_option options[] = {
    { "--store", "DIR", "the store's folder (or PROVISION_STORE)", offsetof(prov_cli, store) },
    { "--state", "STATE", "only links in this state", offsetof(prov_cli, state) },
    { "--target", "IDP/CONNECTOR", "only this target", offsetof(prov_cli, target) },
    { "--application", "APP", "whose token it is, or who makes what is imported (resident)",
      offsetof(prov_cli, application) },
    { "--permit", "LIST", "scim:read, scim:write, admin", offsetof(prov_cli, permit) },
    { "--expires", "TIME", "how long a token lives (90d)", offsetof(prov_cli, expires) },
    { "--value", "TOKEN", "the token, where it is made elsewhere; else a new one",
      offsetof(prov_cli, value) },
    { "--limit", "N", "at most so many rows", offsetof(prov_cli, limit) },
    { "--format", "FORMAT", "jsonl, csv or ldif; else by the file's name",
      offsetof(prov_cli, format) },
    { "--map", "FILE", "lines COLUMN = ATTRIBUTE, such as mail = emails[work].value",
      offsetof(prov_cli, map) },
    { "--rejects", "FILE", "gets a JSON line for each record refused (FILE.rejects)",
      offsetof(prov_cli, rejects) },
    { "--type", "TYPE", "the resource type: all (export), or of records that do not tell (User)",
      offsetof(prov_cli, type) },
    { "--domain", "DOMAIN", "only this userstore's", offsetof(prov_cli, domain) },
    { "--filter", "FILTER", "only resources that match this SCIM filter",
      offsetof(prov_cli, filter) },
    { "--sort-by", "ATTRIBUTE", "the order that is asked for", offsetof(prov_cli, sort_by) },
    { "--descending", NULL, "the other way around", offsetof(prov_cli, descending) },
    { "--dry-run", NULL, "look at every record and change nothing", offsetof(prov_cli, dry_run) },
    { "--repair", NULL, "set right what follows from resources, memberships and links",
      offsetof(prov_cli, repair) },
    { "--progress", NULL, "tell it on standard error, terminal or not",
      offsetof(prov_cli, progress) },
    { "--policy", "FILE", "a policy or policy set; may be given more than once", NOWHERE },
    { "--request", "FILE", "what is asked", offsetof(prov_cli, request) },
    { "--now", "TIME", "the time of the decision, as 2026-11-21T09:30:00Z (the clock's)",
      offsetof(prov_cli, now) },
    { "--combine", "ID", "how several policies are combined (deny-overrides)",
      offsetof(prov_cli, combine) },
    { "--trace", NULL, "say on standard error which target, condition and rule did what",
      offsetof(prov_cli, trace) },
    { "--json", NULL, "one JSON object a line", offsetof(prov_cli, json) },
    { NULL, NULL, NULL, 0 }
};

/* Options named here belong to every command. */
static const char called_as[] = "provisionctl --store DIR COMMAND [ARGUMENT...] [--json]";

static void usage(FILE *out)
{
    fprintf(out, "%s\n\nCommands:\n", called_as);
    for (const prov_command *c = prov_commands; c->name; c++)
        fprintf(out, "  %s %s\n      %s\n", c->name, c->arguments, c->help);
    fprintf(out, "\nOptions:\n");
    for (const cli_option *o = options; o->name; o++)
        fprintf(out, "  %s %s\n      %s\n", o->name, o->value ? o->value : "", o->help);
    fprintf(out, "  --help\n      this text\n"
                 "\nExit status: 0 done, 1 not done, 2 not understood.\n");
}

static int misuse(const char *sentence, const char *what)
{
    fprintf(stderr, "provisionctl: %s%s\nprovisionctl --help lists the commands\n", sentence, what);
    return 2;
}

/* The longest command whose words come first. */
static const prov_command *find_command(const apr_array_header_t *words, int *used)
{
    const prov_command *best = NULL;
    *used = 0;
    for (const prov_command *c = prov_commands; c->name; c++) {
        const char *first = words->nelts > 0 ? APR_ARRAY_IDX(words, 0, const char *) : "";
        const char *second = words->nelts > 1 ? APR_ARRAY_IDX(words, 1, const char *) : "";
        int count = strchr(c->name, ' ') ? 2 : 1;
        const char *said = count == 2 ? apr_pstrcat(words->pool, first, " ", second, NULL) : first;
        if (count > *used && strcmp(said, c->name) == 0) {
            best = c;
            *used = count;
        }
    }
    return best;
}

/* NULL: there is no such option, or its value is missing. */
static const cli_option *find_option(const char *word, int count)
{
    for (const cli_option *o = options; o->name; o++)
        if (strcmp(o->name, word) == 0)
            return o->value && count < 2 ? NULL : o;
    return NULL;
}

static void set_option(prov_cli *c, const cli_option *o, const char *value)
{
    if (o->offset == NOWHERE)
        APR_ARRAY_PUSH(c->policies, const char *) = value;
    else
        *(const char **)(void *)((char *)c + o->offset) = value;
}

static bool is_named_in(const char *arguments, const char *option)
{
    size_t len = strlen(option);
    const char *at = strstr(arguments, option);
    while (at && at[len] && !strchr(" ]", at[len]))
        at = strstr(at + len, option);
    return at != NULL;
}

/* The first option given that is not this command's, or NULL. */
static const char *find_stranger(const prov_command *command, const apr_array_header_t *given)
{
    for (int i = 0; i < given->nelts; i++) {
        const char *name = APR_ARRAY_IDX(given, i, const cli_option *)->name;
        if (!is_named_in(called_as, name) && !is_named_in(command->arguments, name))
            return name;
    }
    return NULL;
}

static int run(prov_cli *c, const prov_command *command)
{
    prov_err *err = command->prepare ? command->prepare(c) : NULL;
    if (!err && !command->without_store)
        err = prov_cli_open(c);
    if (!err)
        err = command->run(c);
    if (!prov_print_end(c->print) && !err)
        err = prov_err_make(c->pool, 500, NULL, "the output cannot be written");
    if (!err)
        return 0;
    fprintf(stderr, "provisionctl: %s\n", prov_err_text(c->pool, err));
    return 1;
}

static int main_on(apr_pool_t *p, int argc, const char *const *argv)
{
    prov_cli c = { .pool = p, .store = getenv("PROVISION_STORE") };
    apr_array_header_t *words = apr_array_make(p, 8, sizeof(const char *));
    apr_array_header_t *given = apr_array_make(p, 8, sizeof(const cli_option *));
    const cli_option *option;
    int used;
    c.policies = apr_array_make(p, 4, sizeof(const char *));
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            usage(stdout);
            return 0;
        }
        if (strncmp(argv[i], "--", 2) != 0) {
            APR_ARRAY_PUSH(words, const char *) = argv[i];
            continue;
        }
        if (!(option = find_option(argv[i], argc - i)))
            return misuse("no such option, or its value is missing: ", argv[i]);
        APR_ARRAY_PUSH(given, const cli_option *) = option;
        i += option->value ? 1 : 0;
        set_option(&c, option, argv[i]);
    }
    const prov_command *command = find_command(words, &used);
    if (!command)
        return misuse(words->nelts ? "no such command: " : "no command",
                      words->nelts ? APR_ARRAY_IDX(words, 0, const char *) : "");
    const char *stranger = find_stranger(command, given);
    if (stranger)
        return misuse(apr_pstrcat(p, command->name, " takes no ", NULL), stranger);
    c.words = (const char *const *)words->elts + used;
    c.count = words->nelts - used;
    if (c.count < command->words_least || c.count > command->words_most)
        return misuse("it is called as ",
                      apr_pstrcat(p, command->name, " ", command->arguments, NULL));
    if (!c.store && !command->without_store)
        return misuse("--store DIR says whose", "");
    c.print = prov_print_make(p, c.json != NULL);
    return run(&c, command);
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *p;
    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS)
        return 1;
    apr_pool_create(&p, NULL);
    int status = main_on(p, argc, argv);
    apr_pool_destroy(p);
    apr_terminate();
    return status;
}
