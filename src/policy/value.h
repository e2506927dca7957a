/* The 17 data types of XACML 3.0 (core, section 10.2.7) as typed values.
 *
 * A value is small and copied freely; what it points to lives on the pool it was made on. Integers
 * are 64 bits and exact: a literal beyond that is refused, an overflow is an error, never a wrong
 * answer. A value that was read keeps its text in `lexical`, so that what came in goes out as it
 * was; a computed value has none and is printed in canonical form. */
#ifndef PROV_POLICY_VALUE_H
#define PROV_POLICY_VALUE_H

#include "base/xml.h"
#include <apr_time.h>

typedef enum {
    PROV_X_STRING,
    PROV_X_BOOLEAN,
    PROV_X_INTEGER,
    PROV_X_DOUBLE,
    PROV_X_TIME,
    PROV_X_DATE,
    PROV_X_DATETIME,
    PROV_X_DAYTIME,   /* xs:dayTimeDuration */
    PROV_X_YEARMONTH, /* xs:yearMonthDuration */
    PROV_X_ANYURI,
    PROV_X_HEX,
    PROV_X_BASE64,
    PROV_X_RFC822,
    PROV_X_X500,
    PROV_X_IP,
    PROV_X_DNS,
    PROV_X_XPATH,
    PROV_X_TYPES /* how many there are */
} prov_xtype;

/* time, date and dateTime: `seconds` since 1970-01-01T00:00:00 as the clock on the wall shows them
 * (a time lies on that day, a date at its midnight), proleptic Gregorian. */
typedef struct prov_xmoment {
    int64_t seconds;
    int32_t nanos;
    int16_t zone; /* minutes east of UTC, if zoned */
    bool zoned;
} prov_xmoment;

typedef struct prov_xspan { /* dayTimeDuration; both parts bear the sign */
    int64_t seconds;
    int32_t nanos;
} prov_xspan;

typedef struct prov_xname prov_xname; /* x500Name: RDNs in canonical form; value_name.c */
typedef struct prov_xhost prov_xhost; /* ipAddress and dnsName with mask and port range */

/* An xpathExpression with what it needs from where it was written. */
typedef struct prov_xexpression {
    const char *text;
    const char *category; /* XPathCategory */
    const prov_xml_prefix *prefixes;
    size_t prefix_count;
} prov_xexpression;

typedef struct prov_xvalue {
    prov_xtype type;
    prov_bytes lexical;   /* as it was read, NULL data if computed */
    const void *prepared; /* what a function made of this literal at load, or NULL: a regex */
    union {
        prov_bytes text; /* string, anyURI, rfc822Name; hex- and base64Binary as decoded bytes */
        bool boolean;
        int64_t integer;
        double number;
        prov_xmoment moment;
        prov_xspan span;
        int64_t months; /* yearMonthDuration */
        const prov_xname *name;
        const prov_xhost *host;
        const prov_xexpression *xpath;
    } u;
} prov_xvalue;

typedef struct prov_xbag { /* not ordered, may hold a value twice */
    prov_xtype type;
    uint32_t count;
    const prov_xvalue *values;
} prov_xbag;

/* The identifier, the deprecated ones of the durations included; false if there is no such type. */
bool prov_xtype_find(prov_bytes uri, prov_xtype *out);
/* "integer", "dayTimeDuration": the JSON profile's short names; case matters. */
bool prov_xtype_find_short(prov_bytes name, prov_xtype *out);
const char *prov_xtype_uri(prov_xtype type);
const char *prov_xtype_name(prov_xtype type); /* the short name */

/* Reads the lexical form (white space around it is dropped where the type collapses it). Returns
 * NULL, or the reason as a sentence on the pool ("\"12x\" is no integer"). The value refers to
 * `text` where it can: the text lives as long as the value. xpathExpression takes the text as it
 * is, with no category and no prefixes: the reader of the element fills them in. */
const char *prov_xvalue_parse(apr_pool_t *p, prov_xtype type, prov_bytes text, prov_xvalue *out);

/* `lexical` if there is one, else the canonical form. */
prov_bytes prov_xvalue_text(apr_pool_t *p, const prov_xvalue *v);
/* The canonical form, for the string-from-X functions. */
prov_bytes prov_xvalue_canonical(apr_pool_t *p, const prov_xvalue *v);

/* The TYPE-equal function of the type. `zone` are the minutes that a moment without a zone is
 * taken to be east of UTC. Different types are never equal. xpathExpressions: same text. */
bool prov_xvalue_equal(const prov_xvalue *a, const prov_xvalue *b, int zone);
/* -1, 0, 1 for string, integer, double, time, date, dateTime; NaN compares as 2. */
int prov_xvalue_compare(const prov_xvalue *a, const prov_xvalue *b, int zone);

/* Values equal under prov_xvalue_equal have the same hash, whatever their zone. */
uint64_t prov_xvalue_hash(const prov_xvalue *v, int zone);

/* Makers without text. */
prov_xvalue prov_xvalue_string(prov_bytes text);
prov_xvalue prov_xvalue_uri(prov_bytes text);
prov_xvalue prov_xvalue_boolean(bool v);
prov_xvalue prov_xvalue_integer(int64_t v);
prov_xvalue prov_xvalue_double(double v);
/* The instant as time, date or dateTime in the zone given. */
prov_xvalue prov_xvalue_instant(prov_xtype type, apr_time_t t, int zone);

#endif
