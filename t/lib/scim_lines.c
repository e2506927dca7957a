/* Answers questions about src/scim, a line of JSON each, so that models in other languages can be
 * held against it thousands of times. A question has one of these:
 *   schemas, types   JSON texts of what to declare besides the core; the first question
 *   patch            with type and before: what the message makes of the resource
 *   resources        with type: what later filters are asked about
 *   filter           which of them match, and how it prints; what it prints must parse to the same
 */
#include "base/text.h"
#include "scim/filter_node.h"
#include "scim/patch.h"
#include "scim/projection.h"
#include "scim/schema_load.h"
#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESOURCES_MAX 256

typedef struct lines {
    apr_pool_t *always, *p; /* p: of one question */
    prov_registry *registry;
    const prov_resource_type *type; /* of the resources */
    prov_view views[RESOURCES_MAX];
    int count;
    prov_buf out;
} lines;

static void say_error(lines *l, const prov_err *err)
{
    prov_buf_printf(&l->out, "{\"status\":%d,\"scimType\":", err->http);
    prov_json_write_text(&l->out, err->scim_type ? err->scim_type : "");
    prov_buf_text(&l->out, ",\"detail\":");
    prov_json_write_text(&l->out, prov_err_text(l->p, err));
    prov_buf_byte(&l->out, '}');
}

static const char *text_of(const prov_json *j, const char *name)
{
    const prov_json *text = prov_json_get(j, name, NULL);
    return prov_json_is(text) == PROV_JSON_STRING ? (const char *)prov_json_string(text).data : "";
}

/* ---- what is declared ---- */

static prov_err *count_up(void *baton, const char *urn, const char *path, const char *type,
                          uint16_t *number)
{
    *number = ++*(uint16_t *)baton;
    return NULL;
}

typedef prov_err *load_one(prov_registry *r, const char *file, prov_bytes json);

static prov_err *load(lines *l, const prov_json *texts, load_one *one)
{
    prov_err *err = NULL;
    for (size_t i = 0; i < prov_json_length(texts) && !err; i++) {
        prov_bytes text = prov_json_string(prov_json_at(texts, i));
        err = one(l->registry, "a question",
                  prov_bytes_of(apr_pstrmemdup(l->always, (const char *)text.data, text.len)));
    }
    return err;
}

static prov_err *declare(lines *l, const prov_json *q)
{
    uint16_t number = 0;
    l->registry = prov_registry_core(l->always);
    prov_err *err = load(l, prov_json_get(q, "schemas", NULL), prov_schema_load);
    if (!err)
        err = load(l, prov_json_get(q, "types", NULL), prov_resource_type_load);
    if (!err)
        err = prov_registry_bind(l->registry, count_up, &number);
    prov_buf_text(&l->out, err ? "" : "{\"status\":200}");
    return err;
}

/* ---- PATCH ---- */

static void say_password(lines *l, const prov_patch_result *result)
{
    if (!result->has_password)
        return;
    prov_buf_text(&l->out, ",\"password\":");
    prov_json_write_string(&l->out, result->password);
}

/* Whether it would be written, as the framework finds it. */
static bool differ(lines *l, const prov_object *x, const prov_object *y)
{
    prov_head head = { .version = 1 };
    return !prov_bytes_equal(prov_record_write(l->p, &head, x).bytes,
                             prov_record_write(l->p, &head, y).bytes);
}

static prov_err *patch(lines *l, const prov_json *q)
{
    const prov_resource_type *type = prov_registry_type_named(l->registry, text_of(q, "type"));
    const prov_json *message = prov_json_get(q, "patch", NULL);
    prov_object *before;
    prov_body_extra extra;
    prov_patch_result result;
    prov_err *err = prov_value_read(l->p, l->registry, type, prov_json_get(q, "before", NULL),
                                    PROV_BODY_CREATE, &before, &extra);
    if (err)
        return prov_err_push(l->p, err, "the resource before");
    const prov_object *untouched = prov_object_copy(l->p, before);
    err = prov_patch_apply(l->p, l->registry, type, 0, message, before, &result);
    if (!prov_object_equal(before, untouched))
        return prov_err_make(l->p, 500, NULL, "the PATCH changed the tree that it started from");
    if (err)
        return err;
    const prov_object *after = result.object ? result.object : before;
    prov_buf_printf(&l->out, "{\"status\":200,\"changed\":%s,\"after\":",
                    differ(l, before, after) ? "true" : "false");
    prov_object_write(&l->out, type, after);
    say_password(l, &result);
    prov_buf_byte(&l->out, '}');
    return NULL;
}

/* ---- filters ---- */

static prov_err *take_resources(lines *l, const prov_json *q)
{
    const prov_json *list = prov_json_get(q, "resources", NULL);
    prov_err *err = NULL;
    l->type = prov_registry_type_named(l->registry, text_of(q, "type"));
    l->count = 0;
    for (size_t i = 0; i < prov_json_length(list) && i < RESOURCES_MAX && !err; i++) {
        prov_object *o;
        prov_body_extra extra;
        err = prov_value_read(l->p, l->registry, l->type, prov_json_at(list, i), PROV_BODY_CREATE,
                              &o, &extra);
        if (err)
            break;
        prov_head head = { .type = l->type->number, .version = 1 };
        l->views[l->count++] = (prov_view){ .registry = l->registry,
                                            .type = l->type,
                                            .id = prov_id_make(),
                                            .record = prov_record_write(l->always, &head, o),
                                            .prefix = PROV_BYTES(""),
                                            .base = "https://id.example/scim/v2" };
    }
    prov_buf_text(&l->out, err ? "" : "{\"status\":200}");
    return err;
}

static prov_err *filter(lines *l, const prov_json *q)
{
    prov_filter *f;
    const char *separator = "";
    prov_err *err = prov_filter_parse(l->p, l->registry, l->type, text_of(q, "filter"), NULL, &f);
    if (err)
        return err;
    prov_buf_text(&l->out, "{\"status\":200,\"print\":");
    prov_json_write_text(&l->out, prov_filter_print(l->p, f));
    prov_buf_text(&l->out, ",\"matches\":[");
    for (int i = 0; i < l->count; i++) {
        l->views[i].scratch = l->p;
        if (!prov_filter_match(f, &l->views[i]))
            continue;
        prov_buf_printf(&l->out, "%s%d", separator, i);
        separator = ",";
    }
    prov_buf_text(&l->out, "]}");
    return NULL;
}

/* ---- a line ---- */

static const struct {
    const char *member;
    prov_err *(*answer)(lines *l, const prov_json *q);
} questions[] = {
    { "schemas", declare },
    { "patch", patch },
    { "resources", take_resources },
    { "filter", filter },
};

static void answer(lines *l, char *line, size_t len)
{
    const prov_json *q;
    bool known = false;
    prov_buf_init(&l->out, l->p, 4096);
    prov_err *err = prov_json_parse(l->p, (prov_bytes){ (const uint8_t *)line, len }, &q);
    for (size_t i = 0; i < sizeof questions / sizeof *questions && !err && !known; i++) {
        prov_json_get(q, questions[i].member, &known);
        if (known)
            err = questions[i].answer(l, q);
    }
    if (!err && !known)
        err = prov_err_make(l->p, 500, NULL, "no question");
    if (err) {
        l->out.len = 0;
        say_error(l, err);
    }
    prov_bytes said = prov_buf_bytes(&l->out);
    fwrite(said.data, 1, said.len, stdout);
    putchar('\n');
    fflush(stdout);
}

int main(void)
{
    static lines l;
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    apr_initialize();
    apr_pool_create(&l.always, NULL);
    apr_pool_create(&l.p, l.always);
    while ((len = getline(&line, &room, stdin)) > 0) {
        answer(&l, line, (size_t)(line[len - 1] == '\n' ? len - 1 : len));
        apr_pool_clear(l.p);
    }
    free(line);
    apr_terminate();
    return 0;
}
