#include "cli/import_source.h"
#include "base/text.h"
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- lines ---------------------------------------------------------------------------------- */

/* Without its end; false when there is none. */
static bool next_line(prov_import_source *s, prov_bytes *out)
{
    if (s->at >= s->all.len)
        return false;
    const uint8_t *from = s->all.data + s->at;
    const uint8_t *end = memchr(from, '\n', s->all.len - s->at);
    size_t len = end ? (size_t)(end - from) : s->all.len - s->at;
    s->at += len + (end ? 1 : 0);
    s->line++;
    while (len && from[len - 1] == '\r')
        len--;
    *out = (prov_bytes){ from, len };
    return true;
}

static bool is_blank(prov_bytes line)
{
    size_t i = 0;
    while (i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'))
        i++;
    return i == line.len;
}

static bool next_json(prov_import_source *s, prov_import_record *out)
{
    while (next_line(s, &out->text)) {
        out->line = s->line;
        if (!is_blank(out->text))
            return true;
    }
    return false;
}

/* --- CSV: RFC 4180 ---------------------------------------------------------------------------- */

static bool next_csv(prov_import_source *s, prov_import_record *out)
{
    prov_bytes line;
    bool quoted = false;
    if (!next_json(s, out))
        return false;
    for (line = out->text;; out->text.len = (size_t)(line.data + line.len - out->text.data)) {
        for (size_t i = 0; i < line.len; i++)
            quoted ^= line.data[i] == '"';
        if (!quoted || !next_line(s, &line))
            break;
    }
    return true;
}

/* From the field's first byte to behind its last. */
static prov_err *read_field(apr_pool_t *p, prov_reader *in, prov_bytes *out)
{
    prov_buf b;
    bool quoted = in->at < in->end && *in->at == '"';
    prov_buf_init(&b, p, 32);
    in->at += quoted;
    for (; in->at < in->end; in->at++) {
        if (quoted && *in->at == '"' && (++in->at == in->end || *in->at != '"')) {
            quoted = false;
            break;
        }
        if (!quoted && *in->at == ',')
            break;
        prov_buf_byte(&b, *in->at);
    }
    *out = prov_buf_bytes(&b);
    if (quoted || (in->at < in->end && *in->at != ','))
        return prov_err_make(p, 400, "invalidSyntax", "a quoted field does not end");
    return NULL;
}

static prov_err *split_csv(apr_pool_t *p, prov_bytes text, apr_array_header_t *values)
{
    prov_reader in = prov_read(text);
    for (;;) {
        prov_import_value *v = apr_array_push(values);
        prov_err *err = read_field(p, &in, &v->text);
        if (err || in.at >= in.end)
            return err;
        in.at++;
    }
}

/* --- LDIF: RFC 2849 --------------------------------------------------------------------------- */

static bool next_ldif(prov_import_source *s, prov_import_record *out)
{
    prov_bytes line;
    if (!next_json(s, out))
        return false;
    while (next_line(s, &line) && line.len)
        out->text.len = (size_t)(line.data + line.len - out->text.data);
    return true;
}

/* Lines that begin with a space go on the line before. */
static prov_bytes unfold(apr_pool_t *p, prov_bytes text)
{
    prov_buf b;
    prov_buf_init(&b, p, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\r')
            continue;
        if (text.data[i] == '\n' && i + 1 < text.len && text.data[i + 1] == ' ')
            i++;
        else
            prov_buf_byte(&b, text.data[i]);
    }
    return prov_buf_bytes(&b);
}

static prov_err *read_attribute(apr_pool_t *p, prov_bytes line, apr_array_header_t *values)
{
    const uint8_t *end = line.data + line.len, *colon = memchr(line.data, ':', line.len);
    if (!colon)
        return prov_err_make(p, 400, "invalidSyntax", "a line of LDIF has no colon");
    size_t name = (size_t)(colon - line.data);
    const uint8_t *options = memchr(line.data, ';', name);
    const uint8_t *from = colon + 1;
    bool coded = from < end && *from == ':', referred = from < end && *from == '<';
    from += coded || referred;
    while (from < end && *from == ' ')
        from++;
    prov_import_value *v = apr_array_push(values);
    v->column =
        apr_pstrmemdup(p, (const char *)line.data, options ? (size_t)(options - line.data) : name);
    v->text = (prov_bytes){ from, (size_t)(end - from) };
    if (referred || (coded && !prov_text_unbase64(p, v->text, &v->text)))
        return prov_err_make(p, 400, "invalidSyntax", "%s has a value that cannot be read",
                             v->column);
    if (strcasecmp(v->column, "changetype") == 0 && !prov_bytes_equal(v->text, PROV_BYTES("add")))
        return prov_err_make(p, 400, "invalidValue", "it changes what only can be made here");
    return NULL;
}

static prov_err *split_ldif(apr_pool_t *p, prov_bytes text, apr_array_header_t *values)
{
    prov_import_source lines = { .all = unfold(p, text) };
    prov_bytes line;
    prov_err *err = NULL;
    while (!err && next_line(&lines, &line))
        if (line.len && line.data[0] != '#')
            err = read_attribute(p, line, values);
    return err;
}

/* --- the file --------------------------------------------------------------------------------- */

static const prov_import_format formats[] = { { "jsonl", false, next_json, NULL },
                                              { "csv", true, next_csv, split_csv },
                                              { "ldif", false, next_ldif, split_ldif } };

static prov_err *find_format(apr_pool_t *p, const char *path, const char *name,
                             const prov_import_format **out)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcasecmp(formats[i].name, name ? name : dot ? dot + 1 : "") == 0) {
            *out = &formats[i];
            return NULL;
        }
    if (name)
        return prov_err_make(p, 400, NULL, "--format takes jsonl, csv or ldif, not %s", name);
    return prov_err_make(
        p, 400, NULL,
        "%s does not tell by its ending what it is: --format takes jsonl, csv or ldif", path);
}

/* Mapped, so that records need no copies; what was opened stays readable when rights are given up.
 */
static prov_err *map_file(apr_pool_t *p, const char *path, prov_bytes *out)
{
    struct stat st = { .st_size = 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = fd < 0 || fstat(fd, &st) != 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
    void *at = NULL;
    if (!error && st.st_size) {
        at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        error = at == MAP_FAILED ? errno : 0;
    }
    if (fd >= 0)
        close(fd);
    *out = (prov_bytes){ at, (size_t)st.st_size };
    return error ? prov_err_status(p, error, "%s cannot be read", path) : NULL;
}

static prov_err *read_heading(apr_pool_t *p, prov_import_source *s)
{
    prov_import_record first;
    apr_array_header_t *values;
    prov_err *err;
    if (!s->format->next(s, &first))
        return prov_err_make(p, 400, NULL, "%s: the first line names the columns", s->path);
    if ((err = prov_import_split(s, p, first.text, &values)))
        return err;
    s->columns = apr_array_make(p, values->nelts, sizeof(const char *));
    for (int i = 0; i < values->nelts; i++)
        APR_ARRAY_PUSH(s->columns, const char *) =
            prov_bytes_text(p, APR_ARRAY_IDX(values, i, prov_import_value).text);
    return NULL;
}

prov_err *prov_import_open(apr_pool_t *p, const char *path, const char *format,
                           prov_import_source **out)
{
    prov_import_source *s = apr_pcalloc(p, sizeof *s);
    s->path = path;
    *out = s;
    prov_err *err = map_file(p, path, &s->all);
    if (!err)
        err = find_format(p, path, format, &s->format);
    if (!err && s->all.len >= 3 && memcmp(s->all.data, "\xEF\xBB\xBF", 3) == 0)
        s->at = 3;
    if (!err && s->format->heading)
        err = read_heading(p, s);
    return err;
}

bool prov_import_next(prov_import_source *s, prov_import_record *out)
{
    return s->format->next(s, out);
}

prov_err *prov_import_split(const prov_import_source *s, apr_pool_t *p, prov_bytes text,
                            apr_array_header_t **out)
{
    *out = apr_array_make(p, 16, sizeof(prov_import_value));
    prov_err *err = s->format->split(p, text, *out);
    if (err || !s->columns)
        return err;
    if ((*out)->nelts != s->columns->nelts)
        return prov_err_make(p, 400, "invalidSyntax", "it has %d fields, the heading %d",
                             (*out)->nelts, s->columns->nelts);
    for (int i = 0; i < (*out)->nelts; i++)
        APR_ARRAY_IDX(*out, i, prov_import_value).column =
            APR_ARRAY_IDX(s->columns, i, const char *);
    return NULL;
}
