#include "httpd/directives.h"
#include "httpd/sections.h"
#include "httpd/server.h"
#include "inbound/route.h"
#include "model/nearest.h"
#include "model/special.h"

#include <apr_cstr.h>
#include <apr_fnmatch.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define MOST_COMMANDS 96
#define ANYWHERE      (RSRC_CONF | ACCESS_CONF)

/* Named in the language, refused until they exist. */
static const char *const unbuilt_directives[] = { "ProvisionPolicy", "ProvisionCaller",
                                                  "ProvisionJIT" };
static const char *const unbuilt_services[] = {
    "soap", "token", "api", "portal", "metrics", "pdp"
};

/* As httpd reads words, but remembering which stood in quotes. */
static prov_line words_of(const cmd_parms *cmd, const char *args)
{
    apr_array_header_t *words = apr_array_make(cmd->pool, 4, sizeof(prov_word));
    for (;;) {
        while (apr_isspace(*args))
            args++;
        if (!*args)
            break;
        bool quoted = *args == '"' || *args == '\'';
        const char *text = ap_getword_conf(cmd->pool, &args);
        APR_ARRAY_PUSH(words, prov_word) = (prov_word){ text, quoted };
    }
    return (prov_line){ (prov_word *)words->elts, words->nelts, prov_httpd_where(cmd) };
}

static void set_row(const cmd_parms *cmd, const prov_httpd_place *here, const prov_option *row,
                    const prov_line *line)
{
    prov_config *own = prov_httpd_server_of(cmd->server)->own;
    void *object = here->object ? here->object : &own->settings;
    const char *value = line->words[0].text;
    if (line->count > 1 && !(row->flags & PROV_SETTING_WORDS)) {
        prov_httpd_mistake(cmd, "%s takes one value; put a value with spaces in quotes",
                           row->directive);
        return;
    }
    for (int i = 1; i < line->count; i++)
        value = apr_pstrcat(cmd->pool, value, " ", line->words[i].text, NULL);
    prov_httpd_mistaken(
        cmd, prov_option_set(cmd->pool, prov_scope_tables[here->scope].rows, row, object, value));
    prov_config_note_line(own, here->where, row->directive, NULL, line->where);
}

/* As httpd takes paths. */
static void root_file(const cmd_parms *cmd, const prov_special *s, const prov_line *line)
{
    const char *whole = ap_server_root_relative(cmd->pool, line->words[0].text);
    if (strcmp(s->syntax, "FILE") == 0 && whole)
        ((prov_word *)line->words)[0].text = whole;
}

static void set_special(const cmd_parms *cmd, const prov_httpd_place *here, const prov_special *s,
                        const prov_line *line)
{
    prov_config *own = prov_httpd_server_of(cmd->server)->own;
    const char *setting = strcmp(s->directive, "ProvisionSet") == 0 ? line->words[0].text : NULL;
    root_file(cmd, s, line);
    prov_httpd_mistaken(cmd, s->set(cmd->pool, here->object ? here->object : own, line));
    prov_config_note_line(own, here->where, s->directive, setting, line->where);
}

/* The sections that the directive belongs into. */
static void misplaced(const cmd_parms *cmd)
{
    const char *all = "";
    for (int i = 0; i < PROV_SCOPES; i++) {
        const char *section = prov_scope_tables[i].section;
        if (!prov_options_directive(i, cmd->cmd->name) && !prov_special_find(i, cmd->cmd->name))
            continue;
        all = apr_pstrcat(cmd->pool, all, *all ? " or " : "", section ? "inside " : "",
                          section ? section : "outside of every section", NULL);
    }
    prov_httpd_mistake(cmd, "%s cannot stand here; write it %s", cmd->cmd->name, all);
}

static const char *set_directive(cmd_parms *cmd, void *mconfig, const char *args)
{
    const prov_httpd_place *here = mconfig;
    const prov_option *row = prov_options_directive(here->scope, cmd->cmd->name);
    const prov_special *special = prov_special_find(here->scope, cmd->cmd->name);
    bool inside = here->scope == PROV_SCOPE_SERVER && ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    prov_line line = words_of(cmd, args);
    if (inside || (!row && !special))
        misplaced(cmd);
    else if (line.count == 0)
        prov_httpd_mistake(cmd, "%s needs a value; write %s %s", cmd->cmd->name, cmd->cmd->name,
                           special ? special->syntax : "and one value");
    else if (row)
        set_row(cmd, here, row, &line);
    else
        set_special(cmd, here, special, &line);
    return NULL;
}

static const char *refuse_directive(cmd_parms *cmd, void *mconfig, const char *args)
{
    prov_httpd_mistake(cmd, "%s is not built yet; leave the line out", cmd->cmd->name);
    return NULL;
}

/* --- ProvisionService ----------------------------------------------------------------------- */
/* With a path of its own: what a pattern matches would not begin with one base. */
static bool in_location(const cmd_parms *cmd)
{
    const ap_directive_t *parent = cmd->directive->parent;
    return parent && apr_cstr_casecmp(parent->directive, "<Location") == 0 &&
           parent->args[strspn(parent->args, " \t\"'")] != '~' && cmd->path &&
           cmd->path[0] == '/' && !apr_fnmatch_test(cmd->path);
}

static const prov_route_service *find_service(const char *name, prov_nearest *near)
{
    for (const prov_route_service *s = prov_services; s->name; s++) {
        prov_nearest_offer(near, s->name);
        if (strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

static void unknown_service(const cmd_parms *cmd, const char *name, const prov_nearest *near)
{
    const char *all = "";
    for (const prov_route_service *s = prov_services; s->name; s++)
        all = apr_pstrcat(cmd->pool, all, *all ? " or " : "", s->name, NULL);
    for (size_t i = 0; i < sizeof unbuilt_services / sizeof *unbuilt_services; i++)
        if (strcmp(unbuilt_services[i], name) == 0) {
            prov_httpd_mistake(cmd, "ProvisionService %s is not built yet; leave the section out",
                               name);
            return;
        }
    prov_httpd_mistake(cmd, "There is no service \"%s\"; write ProvisionService %s", name,
                       near->best ? near->best : all);
}

static const char *set_service(cmd_parms *cmd, void *mconfig, const char *args)
{
    prov_httpd_place *here = mconfig;
    prov_httpd_server *server = prov_httpd_server_of(cmd->server);
    const char *name = ap_getword_conf(cmd->pool, &args);
    prov_nearest near = prov_nearest_to(name);
    const prov_route_service *s = find_service(name, &near);
    if (!in_location(cmd)) {
        prov_httpd_mistake(cmd, "ProvisionService cannot stand here; write it inside <Location> "
                                "with a path, such as <Location /scim/v2>");
    } else if (!s || *args) {
        unknown_service(cmd, *args ? apr_pstrcat(cmd->pool, name, " ", args, NULL) : name, &near);
    } else {
        size_t len = strlen(cmd->path);
        while (len > 0 && cmd->path[len - 1] == '/')
            len--;
        here->seen.service = s->name;
        here->seen.base = apr_pstrmemdup(cmd->pool, cmd->path, len);
        if (!server->served)
            server->served = prov_httpd_where(cmd);
    }
    return NULL;
}

/* --- the table ------------------------------------------------------------------------------ */
command_rec prov_httpd_commands[MOST_COMMANDS];

static void add_command(const char *name, const char *(*set)(cmd_parms *, void *, const char *),
                        const char *help)
{
    command_rec *at = prov_httpd_commands;
    while (at->name && strcmp(at->name, name) != 0)
        at++;
    if (at - prov_httpd_commands < MOST_COMMANDS - 1)
        *at = (command_rec)AP_INIT_RAW_ARGS(name, set, NULL, ANYWHERE, help);
}

/* httpd wants the table when the module is loaded, before it calls anything of ours. */
__attribute__((constructor)) static void make_commands(void)
{
    for (int i = 0; i < PROV_SCOPES; i++) {
        for (const prov_option *row = prov_scope_tables[i].rows; row->name; row++)
            add_command(row->directive, set_directive, row->help);
    }
    for (const prov_special *s = prov_specials; s->directive; s++)
        add_command(s->directive, set_directive, s->help);
    for (size_t i = 0; i < sizeof unbuilt_directives / sizeof *unbuilt_directives; i++)
        add_command(unbuilt_directives[i], refuse_directive, "Not built yet.");
    for (const prov_httpd_section *s = prov_httpd_sections; s->opening; s++)
        add_command(s->opening, s->open, s->help);
    add_command("ProvisionService", set_service, "The service that answers in this <Location>.");
}
