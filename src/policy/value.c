#include "policy/value.h"
#include "policy/calendar.h"
#include "policy/value_form.h"
#include "base/text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <math.h>
#include <string.h>

#define XS     "http://www.w3.org/2001/XMLSchema#"
#define XQUERY "http://www.w3.org/TR/2002/WD-xquery-operators-20020816#"
#define XACML1 "urn:oasis:names:tc:xacml:1.0:data-type:"
#define XACML2 "urn:oasis:names:tc:xacml:2.0:data-type:"
#define XACML3 "urn:oasis:names:tc:xacml:3.0:data-type:"

#define QUOTED 80 /* bytes of a wrong value that its error shows */

/* What of the union holds the value, and how it compares. */
typedef enum {
    TEXT,
    ADDRESS,
    BOOLEAN,
    INTEGER,
    DOUBLE,
    MOMENT,
    SPAN,
    MONTHS,
    NAME,
    HOST,
    XPATH
} family;

typedef struct row {
    const char *uri, *old_uri; /* the deprecated identifier or NULL */
    const char *name;
    family is;
    prov_xread *read;   /* NULL: the text as it is */
    prov_xprint *print; /* NULL: the text that it was read from */
} row;

static const row rows[PROV_X_TYPES] = {
    [PROV_X_STRING] = { XS "string", NULL, "string", TEXT, NULL, NULL },
    [PROV_X_BOOLEAN] = { XS "boolean", NULL, "boolean", BOOLEAN, prov_xread_boolean,
                         prov_xprint_boolean },
    [PROV_X_INTEGER] = { XS "integer", NULL, "integer", INTEGER, prov_xread_integer,
                         prov_xprint_integer },
    [PROV_X_DOUBLE] = { XS "double", NULL, "double", DOUBLE, prov_xread_double,
                        prov_xprint_double },
    [PROV_X_TIME] = { XS "time", NULL, "time", MOMENT, prov_xread_time, prov_xprint_time },
    [PROV_X_DATE] = { XS "date", NULL, "date", MOMENT, prov_xread_date, prov_xprint_date },
    [PROV_X_DATETIME] = { XS "dateTime", NULL, "dateTime", MOMENT, prov_xread_datetime,
                          prov_xprint_datetime },
    [PROV_X_DAYTIME] = { XS "dayTimeDuration", XQUERY "dayTimeDuration", "dayTimeDuration", SPAN,
                         prov_xread_daytime, prov_xprint_daytime },
    [PROV_X_YEARMONTH] = { XS "yearMonthDuration", XQUERY "yearMonthDuration", "yearMonthDuration",
                           MONTHS, prov_xread_yearmonth, prov_xprint_yearmonth },
    [PROV_X_ANYURI] = { XS "anyURI", NULL, "anyURI", TEXT, prov_xread_uri, NULL },
    [PROV_X_HEX] = { XS "hexBinary", NULL, "hexBinary", TEXT, prov_xread_hex, prov_xprint_hex },
    [PROV_X_BASE64] = { XS "base64Binary", NULL, "base64Binary", TEXT, prov_xread_base64,
                        prov_xprint_base64 },
    [PROV_X_RFC822] = { XACML1 "rfc822Name", NULL, "rfc822Name", ADDRESS, prov_xread_rfc822, NULL },
    [PROV_X_X500] = { XACML1 "x500Name", NULL, "x500Name", NAME, prov_xread_x500, NULL },
    [PROV_X_IP] = { XACML2 "ipAddress", NULL, "ipAddress", HOST, prov_xread_ip, NULL },
    [PROV_X_DNS] = { XACML2 "dnsName", NULL, "dnsName", HOST, prov_xread_dns, NULL },
    [PROV_X_XPATH] = { XACML3 "xpathExpression", NULL, "xpathExpression", XPATH, NULL, NULL },
};

static bool is(prov_bytes text, const char *what)
{
    return what && prov_bytes_equal(text, prov_bytes_of(what));
}

bool prov_xtype_find(prov_bytes uri, prov_xtype *out)
{
    for (int i = 0; i < PROV_X_TYPES; i++)
        if (is(uri, rows[i].uri) || is(uri, rows[i].old_uri)) {
            *out = (prov_xtype)i;
            return true;
        }
    return false;
}

bool prov_xtype_find_short(prov_bytes name, prov_xtype *out)
{
    for (int i = 0; i < PROV_X_TYPES; i++)
        if (is(name, rows[i].name)) {
            *out = (prov_xtype)i;
            return true;
        }
    return false;
}

const char *prov_xtype_uri(prov_xtype type)
{
    return rows[type].uri;
}

const char *prov_xtype_name(prov_xtype type)
{
    return rows[type].name;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static prov_bytes trim(prov_bytes text)
{
    while (text.len && is_space(text.data[text.len - 1]))
        text.len--;
    for (; text.len && is_space(*text.data); text.len--)
        text.data++;
    return text;
}

static const char *wrong(apr_pool_t *p, prov_xtype type, prov_bytes text)
{
    bool cut = text.len > QUOTED;
    return apr_psprintf(
        p, "\"%.*s%s\" %s %s", (int)(cut ? QUOTED : text.len), (const char *)text.data,
        cut ? "..." : "",
        type == PROV_X_INTEGER && prov_xinteger_beyond(text) ? "is beyond the 64 bits of" : "is no",
        rows[type].name);
}

const char *prov_xvalue_parse(apr_pool_t *p, prov_xtype type, prov_bytes text, prov_xvalue *out)
{
    if (!text.data)
        text = PROV_BYTES("");
    memset(out, 0, sizeof *out);
    out->type = type;
    out->lexical = rows[type].read ? trim(text) : text;
    if (rows[type].read)
        return rows[type].read(p, out->lexical, out) ? NULL : wrong(p, type, out->lexical);
    if (type == PROV_X_XPATH) {
        prov_xexpression *e = apr_pcalloc(p, sizeof *e);
        e->text = prov_bytes_text(p, text);
        out->u.xpath = e;
    } else {
        out->u.text = text;
    }
    return NULL;
}

prov_bytes prov_xvalue_canonical(apr_pool_t *p, const prov_xvalue *v)
{
    if (rows[v->type].print)
        return rows[v->type].print(p, v);
    if (rows[v->type].is == TEXT || rows[v->type].is == ADDRESS)
        return v->u.text;
    return v->type == PROV_X_XPATH ? prov_bytes_of(v->u.xpath->text) : v->lexical;
}

prov_bytes prov_xvalue_text(apr_pool_t *p, const prov_xvalue *v)
{
    return v->lexical.data ? v->lexical : prov_xvalue_canonical(p, v);
}

/* Local parts as they are, domains without case. */
static bool same_address(prov_bytes a, prov_bytes b)
{
    size_t domain = prov_xdomain(a);
    return a.len == b.len && domain == prov_xdomain(b) && memcmp(a.data, b.data, domain) == 0 &&
           prov_text_case_compare((const char *)a.data + domain, a.len - domain,
                                  (const char *)b.data + domain, b.len - domain) == 0;
}

bool prov_xvalue_equal(const prov_xvalue *a, const prov_xvalue *b, int zone)
{
    if (a->type != b->type)
        return false;
    switch (rows[a->type].is) {
    case TEXT:
        return prov_bytes_equal(a->u.text, b->u.text);
    case ADDRESS:
        return same_address(a->u.text, b->u.text);
    case BOOLEAN:
        return a->u.boolean == b->u.boolean;
    case INTEGER:
        return a->u.integer == b->u.integer;
    case DOUBLE: /* XML Schema part 2, section 3.2.5.1: NaN equals itself */
        return a->u.number == b->u.number || (isnan(a->u.number) && isnan(b->u.number));
    case MOMENT:
        return prov_xvalue_compare(a, b, zone) == 0;
    case SPAN:
        return a->u.span.seconds == b->u.span.seconds && a->u.span.nanos == b->u.span.nanos;
    case MONTHS:
        return a->u.months == b->u.months;
    case NAME:
        return prov_bytes_equal(a->u.name->key, b->u.name->key);
    case HOST:
        return prov_bytes_equal(a->u.host->key, b->u.host->key);
    default:
        return strcmp(a->u.xpath->text, b->u.xpath->text) == 0;
    }
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int prov_xvalue_compare(const prov_xvalue *a, const prov_xvalue *b, int zone)
{
    int by_second;
    switch (rows[a->type].is) {
    case INTEGER:
        return order(a->u.integer, b->u.integer);
    case DOUBLE:
        if (isnan(a->u.number) || isnan(b->u.number))
            return 2;
        return (a->u.number > b->u.number) - (a->u.number < b->u.number);
    case MOMENT:
        by_second = order(prov_xinstant(&a->u.moment, zone), prov_xinstant(&b->u.moment, zone));
        return by_second ? by_second : order(a->u.moment.nanos, b->u.moment.nanos);
    default: /* UTF-8 in the order of its bytes is in the order of code points */
        return order(prov_bytes_compare(a->u.text, b->u.text), 0);
    }
}

static uint64_t hash_bytes(const void *data, size_t len, uint64_t hash)
{
    const uint8_t *at = data;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_numbers(int64_t a, int64_t b, uint64_t hash)
{
    hash = (hash ^ (uint64_t)a) * UINT64_C(0x9e3779b97f4a7c15);
    hash = ((hash ^ hash >> 32) ^ (uint64_t)b) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t hash_double(double number, uint64_t hash)
{
    int64_t bits = 0;
    if (isnan(number)) /* whatever its sign and payload */
        bits = 1;
    else if (number != 0) /* both zeros are equal */
        memcpy(&bits, &number, sizeof bits);
    return hash_numbers(bits, 0, hash);
}

uint64_t prov_xvalue_hash(const prov_xvalue *v, int zone)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) + v->type;
    switch (rows[v->type].is) {
    case TEXT:
        return hash_bytes(v->u.text.data, v->u.text.len, hash);
    case ADDRESS:
        return hash_bytes(v->u.text.data, prov_xdomain(v->u.text), hash);
    case BOOLEAN:
        return hash_numbers(v->u.boolean, 0, hash);
    case INTEGER:
        return hash_numbers(v->u.integer, 0, hash);
    case DOUBLE:
        return hash_double(v->u.number, hash);
    case MOMENT:
        return hash_numbers(prov_xinstant(&v->u.moment, zone), v->u.moment.nanos, hash);
    case SPAN:
        return hash_numbers(v->u.span.seconds, v->u.span.nanos, hash);
    case MONTHS:
        return hash_numbers(v->u.months, 0, hash);
    case NAME:
        return hash_bytes(v->u.name->key.data, v->u.name->key.len, hash);
    case HOST:
        return hash_bytes(v->u.host->key.data, v->u.host->key.len, hash);
    default:
        return hash_bytes(v->u.xpath->text, strlen(v->u.xpath->text), hash);
    }
}

prov_xvalue prov_xvalue_string(prov_bytes text)
{
    return (prov_xvalue){ .type = PROV_X_STRING, .u.text = text };
}

prov_xvalue prov_xvalue_uri(prov_bytes text)
{
    return (prov_xvalue){ .type = PROV_X_ANYURI, .u.text = text };
}

prov_xvalue prov_xvalue_boolean(bool v)
{
    return (prov_xvalue){ .type = PROV_X_BOOLEAN, .u.boolean = v };
}

prov_xvalue prov_xvalue_integer(int64_t v)
{
    return (prov_xvalue){ .type = PROV_X_INTEGER, .u.integer = v };
}

prov_xvalue prov_xvalue_double(double v)
{
    return (prov_xvalue){ .type = PROV_X_DOUBLE, .u.number = v };
}

prov_xvalue prov_xvalue_instant(prov_xtype type, apr_time_t t, int zone)
{
    int64_t micros, of_day;
    int64_t seconds = prov_calendar_divide(t, APR_USEC_PER_SEC, &micros) + zone * INT64_C(60);
    int64_t days = prov_calendar_divide(seconds, PROV_DAY, &of_day);
    prov_xvalue v = { .type = type };
    v.u.moment.zone = (int16_t)zone;
    v.u.moment.zoned = true;
    v.u.moment.seconds = type == PROV_X_TIME   ? of_day
                         : type == PROV_X_DATE ? days * PROV_DAY
                                               : seconds;
    v.u.moment.nanos = type == PROV_X_DATE ? 0 : (int32_t)micros * 1000;
    return v;
}
