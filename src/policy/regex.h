/* Regular expressions of XPath 2.0 (XQuery 1.0 and XPath 2.0 Functions and Operators, section
 * 7.6.1): those of XML Schema part 2, appendix F, with ^ and $, reluctant quantifiers and
 * back-references. Not anchored. Time is proportional to pattern times text, except for patterns
 * with back-references, which only the bound on steps holds. */
#ifndef PROV_POLICY_REGEX_H
#define PROV_POLICY_REGEX_H

#include "base/bytes.h"

typedef struct prov_regex prov_regex;

/* NULL if the pattern is not well-formed or too large; `*why` is then a sentence on the pool. The
 * result may be used by any number of threads. */
const prov_regex *prov_regex_compile(apr_pool_t *p, prov_bytes pattern, const char **why);

typedef enum { PROV_REGEX_NO, PROV_REGEX_YES, PROV_REGEX_EXHAUSTED } prov_regex_result;

/* Does any part of the UTF-8 text match? At most about `steps` steps. */
prov_regex_result prov_regex_match(const prov_regex *re, apr_pool_t *scratch, prov_bytes text,
                                   uint64_t steps);

#endif
