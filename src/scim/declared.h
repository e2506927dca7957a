/* Reading what an administrator declares: members of a JSON document, each with a sentence if it is
 * not as it must be. The first mistake is kept; what follows does nothing. */
#ifndef PROV_SCIM_DECLARED_H
#define PROV_SCIM_DECLARED_H

#include "base/json.h"

#define PROV_DECLARED_NAME 64   /* longest name of an attribute or a type */
#define PROV_DECLARED_URN  200  /* with a path behind it, it is a key of the store */
#define PROV_DECLARED_TEXT 4096 /* longest description */
#define PROV_DECLARED_LIST 1000 /* most values suggested */

typedef struct prov_declared {
    apr_pool_t *p; /* texts are copied to it */
    const char *file;
    const char *of; /* what is being read: `the attribute "x"`, or "" */
    prov_err *err;
} prov_declared;

/* A document is one resource, a list of them, or the ListResponse of an endpoint; `one` gets each.
 */
typedef void prov_declared_one(void *baton, const prov_json *j);
void prov_declared_each(prov_declared *d, prov_bytes json, prov_declared_one *one, void *baton);

void prov_declared_refuse(prov_declared *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Members that are missing or null leave what is preset. */
const char *prov_declared_text(prov_declared *d, const prov_json *j, const char *name,
                               const char *preset);
bool prov_declared_flag(prov_declared *d, const prov_json *j, const char *name, bool preset);
int prov_declared_word(prov_declared *d, const prov_json *j, const char *name,
                       const char *const *words, int preset);
/* NULL-terminated; NULL for none. */
const char *const *prov_declared_texts(prov_declared *d, const prov_json *j, const char *name);
/* NULL: there is none, or an empty one. */
const prov_json *prov_declared_list(prov_declared *d, const prov_json *j, const char *name);
/* An object that has no other members: a misspelled one would be passed over in silence. */
bool prov_declared_object(prov_declared *d, const prov_json *j, const char *const *names);

#endif
