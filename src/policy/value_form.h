/* The forms that a type's values have in text: what value.c's table is made of. A reader is given
 * the text without the white space around it and returns false if it is none of the type. */
#ifndef PROV_POLICY_VALUE_FORM_H
#define PROV_POLICY_VALUE_FORM_H

#include "policy/value.h"

typedef bool prov_xread(apr_pool_t *p, prov_bytes text, prov_xvalue *out);
/* The canonical form. */
typedef prov_bytes prov_xprint(apr_pool_t *p, const prov_xvalue *v);

prov_xread prov_xread_boolean, prov_xread_integer, prov_xread_double; /* value_number.c */
prov_xprint prov_xprint_boolean, prov_xprint_integer, prov_xprint_double;

prov_xread prov_xread_time, prov_xread_date, prov_xread_datetime; /* value_time.c */
prov_xprint prov_xprint_time, prov_xprint_date, prov_xprint_datetime;

prov_xread prov_xread_daytime, prov_xread_yearmonth; /* value_span.c */
prov_xprint prov_xprint_daytime, prov_xprint_yearmonth;

prov_xread prov_xread_uri, prov_xread_hex, prov_xread_base64; /* value_text.c */
prov_xprint prov_xprint_hex, prov_xprint_base64;

prov_xread prov_xread_rfc822, prov_xread_x500; /* value_name.c */
prov_xread prov_xread_ip, prov_xread_dns;      /* value_host.c */

/* Names and hosts in a form that is equal byte for byte where the values are. */
struct prov_xname {
    prov_bytes key; /* each RDN after a PROV_XNAME_RDN */
};
#define PROV_XNAME_RDN '\1' /* bytes below 4 are escaped in what is between */

struct prov_xhost {
    prov_bytes key;
};

/* Where the domain of an rfc822Name begins: behind its last @. */
size_t prov_xdomain(prov_bytes address);

/* Seconds on the common time line, a moment without a zone being `zone` minutes east of UTC. */
int64_t prov_xinstant(const prov_xmoment *m, int zone);

/* Is it an integer by its form, but not one of 64 bits? */
bool prov_xinteger_beyond(prov_bytes text);

/* Reads decimal digits; false if there are none or too many for 64 bits. */
bool prov_xdigits(prov_reader *r, int64_t *out);
/* The digits behind a decimal point as nanoseconds; false if none, or finer than that. */
bool prov_xfraction(prov_reader *r, int32_t *nanos);
/* "." and the digits, without trailing zeros; nothing for 0. */
void prov_xprint_fraction(prov_buf *b, int32_t nanos);

#endif
