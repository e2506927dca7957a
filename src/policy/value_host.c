#include "policy/value_form.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>

#define PORT_MOST 65535

static bool take(prov_reader *r, char c)
{
    if (r->at == r->end || *r->at != (uint8_t)c)
        return false;
    r->at++;
    return true;
}

/* "[" address "]" of version 6 or a dotted one of version 4, up to one of `ends`. */
static bool read_address(apr_pool_t *p, prov_reader *r, bool *six)
{
    struct in6_addr binary;
    *six = take(r, '[');
    const uint8_t *first = r->at;
    while (r->at < r->end && *r->at && !strchr(*six ? "]" : "/:", *r->at))
        r->at++;
    char *text = apr_pstrmemdup(p, (const char *)first, (size_t)(r->at - first));
    return inet_pton(*six ? AF_INET6 : AF_INET, text, &binary) == 1 && (!*six || take(r, ']'));
}

static bool read_port(prov_reader *r, int64_t *port)
{
    return prov_xdigits(r, port) && *port <= PORT_MOST;
}

/* portnumber, "-" portnumber or portnumber "-" [portnumber], up to the end. */
static bool read_ports(prov_reader *r)
{
    int64_t from = 0, to;
    if (take(r, '-'))
        return read_port(r, &to) && r->at == r->end;
    if (!read_port(r, &from))
        return false;
    if (!take(r, '-') || r->at == r->end)
        return r->at == r->end;
    return read_port(r, &to) && from <= to && r->at == r->end;
}

static void keep(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    prov_xhost *host = apr_palloc(p, sizeof *host);
    char *key = prov_bytes_text(p, text);
    for (char *c = key; *c; c++)
        *c = (char)apr_tolower(*c);
    host->key = (prov_bytes){ (const uint8_t *)key, text.len };
    out->u.host = host;
}

/* XACML core, section A.2: address [ "/" mask ] [ ":" [ portrange ] ]. */
bool prov_xread_ip(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    prov_reader r = prov_read(text);
    bool six, mask_six;
    if (!read_address(p, &r, &six))
        return false;
    if (take(&r, '/') && (!read_address(p, &r, &mask_six) || mask_six != six))
        return false;
    keep(p, text, out);
    return r.at == r.end || (take(&r, ':') && (r.at == r.end || read_ports(&r)));
}

/* RFC 2396 section 3.2.2: letters, digits and inner hyphens; the last label begins with a letter.
 */
static bool is_hostname(prov_bytes name)
{
    uint8_t before = '.', first = 0;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (c == '.' || c == '-') {
            if (before == '.' || (c == '.' && before == '-'))
                return false;
        } else if (!apr_isalnum(c)) {
            return false;
        }
        if (before == '.')
            first = c;
        before = c;
    }
    return apr_isalpha(first) && before != '-';
}

/* hostname [ ":" portrange ]; a wildcard may be its left-most label. */
bool prov_xread_dns(apr_pool_t *p, prov_bytes text, prov_xvalue *out)
{
    prov_reader r = prov_read(text);
    const uint8_t *colon = text.len ? memchr(text.data, ':', text.len) : NULL;
    prov_bytes name = { text.data, colon ? (size_t)(colon - text.data) : text.len };
    if (name.len > 2 && memcmp(name.data, "*.", 2) == 0)
        name = (prov_bytes){ name.data + 2, name.len - 2 };
    if (!is_hostname(name))
        return false;
    keep(p, text, out);
    if (!colon)
        return true;
    r.at = colon + 1;
    return read_ports(&r);
}
