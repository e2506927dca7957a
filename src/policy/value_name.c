#include "policy/value_form.h"
#include "base/text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <stdlib.h>
#include <string.h>

/* rfc822Name: the Mailbox of RFC 5321 section 4.1.2, in UTF-8 (RFC 6531). */

static bool is_atom(uint8_t c)
{
    return c >= 0x80 || apr_isalnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_dotted(prov_bytes text)
{
    bool within = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.' ? !within : !is_atom(text.data[i]))
            return false;
        within = text.data[i] != '.';
    }
    return within;
}

static bool is_quoted(prov_bytes text)
{
    if (text.len < 2 || text.data[0] != '"' || text.data[text.len - 1] != '"')
        return false;
    for (size_t i = 1; i < text.len - 1; i++) {
        if (text.data[i] == '\\' && ++i == text.len - 1)
            return false;
        else if (text.data[i] < ' ' || (text.data[i] == '"' && text.data[i - 1] != '\\'))
            return false;
    }
    return true;
}

static bool is_literal(prov_bytes text)
{
    if (text.len < 3 || text.data[0] != '[' || text.data[text.len - 1] != ']')
        return false;
    for (size_t i = 1; i < text.len - 1; i++)
        if (!apr_isalnum(text.data[i]) && !strchr(":.-", text.data[i]))
            return false;
    return true;
}

size_t prov_xdomain(prov_bytes address)
{
    size_t i = address.len;
    while (i && address.data[i - 1] != '@')
        i--;
    return i;
}

bool prov_xread_rfc822(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    size_t at = prov_xdomain(text);
    if (at == 0 || memchr(text.data, 0, text.len))
        return false;
    prov_bytes local = { text.data, at - 1 }, domain = { text.data + at, text.len - at };
    out->u.text = text;
    return (is_dotted(local) || is_quoted(local)) && (is_dotted(domain) || is_literal(domain));
}

/* x500Name: RFC 2253 text, which RFC 4514 follows, compared as RFC 3280 section 4.1.2.4 says:
 * without case, runs of space as one, the pairs of an RDN in any order. */

typedef struct reader {
    apr_pool_t *p;
    const uint8_t *at, *end;
} reader;

static const struct {
    const char *name, *oid;
} types[] = {
    { "cn", "2.5.4.3" },
    { "commonname", "2.5.4.3" },
    { "sn", "2.5.4.4" },
    { "surname", "2.5.4.4" },
    { "serialnumber", "2.5.4.5" },
    { "c", "2.5.4.6" },
    { "countryname", "2.5.4.6" },
    { "l", "2.5.4.7" },
    { "localityname", "2.5.4.7" },
    { "st", "2.5.4.8" },
    { "s", "2.5.4.8" },
    { "stateorprovincename", "2.5.4.8" },
    { "street", "2.5.4.9" },
    { "streetaddress", "2.5.4.9" },
    { "o", "2.5.4.10" },
    { "organizationname", "2.5.4.10" },
    { "ou", "2.5.4.11" },
    { "organizationalunitname", "2.5.4.11" },
    { "title", "2.5.4.12" },
    { "t", "2.5.4.12" },
    { "givenname", "2.5.4.42" },
    { "initials", "2.5.4.43" },
    { "dnq", "2.5.4.46" },
    { "dnqualifier", "2.5.4.46" },
    { "uid", "0.9.2342.19200300.100.1.1" },
    { "userid", "0.9.2342.19200300.100.1.1" },
    { "mail", "0.9.2342.19200300.100.1.3" },
    { "dc", "0.9.2342.19200300.100.1.25" },
    { "domaincomponent", "0.9.2342.19200300.100.1.25" },
    { "e", "1.2.840.113549.1.9.1" },
    { "email", "1.2.840.113549.1.9.1" },
    { "emailaddress", "1.2.840.113549.1.9.1" },
};

static bool at_any(const reader *r, const char *any)
{
    return r->at < r->end && *r->at && strchr(any, *r->at);
}

static void skip_space(reader *r)
{
    while (at_any(r, " \t\r\n"))
        r->at++;
}

static bool is_oid(const char *text)
{
    bool digit = false;
    for (; *text; text++) {
        if (*text == '.' ? !digit : !apr_isdigit(*text))
            return false;
        digit = *text != '.';
    }
    return digit;
}

/* The type as a number, or the keyword in lower case where it is not known. */
static const char *read_type(reader *r)
{
    const uint8_t *first = r->at;
    while (r->at < r->end && (apr_isalnum(*r->at) || *r->at == '.' || *r->at == '-'))
        r->at++;
    char *type = apr_pstrmemdup(r->p, (const char *)first, (size_t)(r->at - first));
    for (char *c = type; *c; c++)
        *c = (char)apr_tolower(*c);
    if (strncmp(type, "oid.", 4) == 0)
        type += 4;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i].name) == 0)
            return types[i].oid;
    return is_oid(type) || (apr_isalpha(*type) && !strchr(type, '.')) ? type : NULL;
}

/* The backslash being read: two hexadecimal digits or the character itself. */
static bool read_escape(reader *r, prov_buf *out)
{
    if (r->at == r->end)
        return false;
    if (r->end - r->at >= 2 && apr_isxdigit(r->at[0]) && apr_isxdigit(r->at[1])) {
        char pair[3] = { (char)r->at[0], (char)r->at[1], '\0' };
        prov_buf_byte(out, (uint8_t)strtoul(pair, NULL, 16));
        r->at += 2;
        return true;
    }
    if (!at_any(r, ",=+<>#;\\\" "))
        return false;
    prov_buf_byte(out, *r->at++);
    return true;
}

static bool read_quoted(reader *r, prov_buf *out)
{
    for (r->at++; r->at < r->end && *r->at != '"';) {
        if (*r->at != '\\')
            prov_buf_byte(out, *r->at++);
        else if (r->at++, !read_escape(r, out))
            return false;
    }
    if (r->at == r->end)
        return false;
    r->at++;
    return true;
}

static bool read_plain(reader *r, prov_buf *out)
{
    while (r->at < r->end && !at_any(r, ",;+")) {
        if (at_any(r, "\"<>"))
            return false;
        if (*r->at != '\\')
            prov_buf_byte(out, *r->at++);
        else if (r->at++, !read_escape(r, out))
            return false;
    }
    return true;
}

/* "#" and the BER encoding in hexadecimal. */
static bool read_encoded(reader *r, prov_buf *out)
{
    const uint8_t *first = r->at;
    prov_buf_byte(out, *r->at++);
    while (r->at < r->end && apr_isxdigit(*r->at))
        prov_buf_byte(out, (uint8_t)apr_tolower(*r->at++));
    return (r->at - first) > 1 && (r->at - first) % 2 == 1;
}

/* Folded, runs of space as one and none at the ends, bytes that the key uses escaped. */
static void add_normal(reader *r, prov_buf *key, prov_bytes value)
{
    prov_bytes folded = prov_text_fold(r->p, value);
    bool space = false, any = false;
    for (size_t i = 0; i < folded.len; i++) {
        uint8_t c = folded.data[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            space = any;
            continue;
        }
        if (space)
            prov_buf_byte(key, ' ');
        if (c < 4)
            prov_buf_byte(key, 3);
        prov_buf_byte(key, c < 4 ? (uint8_t)(c + '0') : c);
        space = false;
        any = true;
    }
}

static bool read_pair(reader *r, prov_bytes *out)
{
    prov_buf key, value;
    prov_buf_init(&key, r->p, 32);
    prov_buf_init(&value, r->p, 32);
    skip_space(r);
    const char *type = read_type(r);
    skip_space(r);
    if (!type || !at_any(r, "="))
        return false;
    r->at++;
    skip_space(r);
    bool good = at_any(r, "\"")  ? read_quoted(r, &value)
                : at_any(r, "#") ? read_encoded(r, &value)
                                 : read_plain(r, &value);
    skip_space(r);
    prov_buf_text(&key, type);
    prov_buf_byte(&key, 2);
    add_normal(r, &key, prov_buf_bytes(&value));
    *out = prov_buf_bytes(&key);
    return good;
}

static int by_bytes(const void *a, const void *b)
{
    return prov_bytes_compare(*(const prov_bytes *)a, *(const prov_bytes *)b);
}

static bool read_rdn(reader *r, prov_buf *key)
{
    apr_array_header_t *pairs = apr_array_make(r->p, 1, sizeof(prov_bytes));
    do {
        r->at += pairs->nelts > 0;
        if (!read_pair(r, &APR_ARRAY_PUSH(pairs, prov_bytes)))
            return false;
    } while (at_any(r, "+"));
    qsort(pairs->elts, (size_t)pairs->nelts, sizeof(prov_bytes), by_bytes);
    prov_buf_byte(key, PROV_XNAME_RDN);
    for (int i = 0; i < pairs->nelts; i++) {
        prov_bytes pair = APR_ARRAY_IDX(pairs, i, prov_bytes);
        prov_buf_add(key, pair.data, pair.len);
        prov_buf_byte(key, 2);
    }
    return true;
}

bool prov_xread_x500(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    reader r = { p, text.data, text.data + text.len };
    prov_xname *name = apr_pcalloc(p, sizeof *name);
    prov_buf key;
    prov_buf_init(&key, p, text.len + 16);
    for (bool more = text.len > 0; more; r.at += more) {
        if (!read_rdn(&r, &key))
            return false;
        more = at_any(&r, ",;");
    }
    name->key = prov_buf_bytes(&key);
    out->u.name = name;
    return r.at == r.end;
}
