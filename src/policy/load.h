/* What the loader's files share: where it is, what it has found wrong, how it reads an element. */
#ifndef PROV_POLICY_LOAD_H
#define PROV_POLICY_LOAD_H

#include "policy/compiled.h"

#define PROV_X_NAMESPACE "urn:oasis:names:tc:xacml:3.0:core:schema:wd-17"

typedef struct prov_xloader {
    prov_pdp *pdp;
    apr_pool_t *pool;    /* the compiled form's */
    apr_pool_t *scratch; /* this text's */
    const char *source;
    prov_err *err;             /* the first thing wrong */
    prov_xcode code;           /* what it is when evaluated nevertheless (core, section 7.19.3) */
    unsigned depth;            /* of expressions, through variables */
    apr_hash_t *definitions;   /* VariableDefinitions of the policy, by identifier */
    apr_hash_t *variables;     /* of prov_xvariable *, those loaded or begun */
    apr_array_header_t *found; /* of const prov_xpolicy *: those in this text, the outermost last */
} prov_xloader;

/* Notes what is wrong with an element; loading goes on, to find the rest. */
void prov_xwrong(prov_xloader *l, const prov_xml_node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Likewise, for arguments that do not fit and expressions that mean nothing. */
void prov_xmistyped(prov_xloader *l, const prov_xml_node *n, const char *what, const char *why);
void prov_xwarn(prov_xloader *l, const prov_xml_node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A Policy or PolicySet. load.c */
prov_xpolicy *prov_xload_policy(prov_xloader *l, const prov_xml_node *n);

/* Does the element have the attributes and children that the schema gives it? What is not so is
 * noted. load_shape.c */
bool prov_xshape_check(prov_xloader *l, const prov_xml_node *n);
bool prov_xelement(const prov_xml_node *n, const char *name);

/* An attribute as a symbol; NULL if it is not there. */
const char *prov_xsymbol_of(prov_xloader *l, const prov_xml_node *n, const char *attribute);
bool prov_xboolean_of(prov_xloader *l, const prov_xml_node *n, const char *attribute);
size_t prov_xcount_of(const prov_xml_node *n, const char *name); /* children of that name */

/* load_expr.c: NULL if something was wrong. */
const prov_xexpr *prov_xload_expression(prov_xloader *l, const prov_xml_node *n);
/* The same for the single expression inside an element. */
const prov_xexpr *prov_xload_inner(prov_xloader *l, const prov_xml_node *n);

/* A variable by the name it is referred to, loaded when first met. */
const prov_xvariable *prov_xload_variable(prov_xloader *l, const prov_xml_node *n, const char *id);

/* load_value.c: an AttributeValue, a designator, a selector */
prov_xvalue *prov_xload_value(prov_xloader *l, const prov_xml_node *n);
const prov_xexpr *prov_xload_designator(prov_xloader *l, const prov_xml_node *n);
const prov_xexpr *prov_xload_selector(prov_xloader *l, const prov_xml_node *n);

/* load_target.c */
void prov_xload_target(prov_xloader *l, const prov_xml_node *n, prov_xtarget *out);
/* The ObligationExpressions and AdviceExpressions among an element's children. */
void prov_xload_duties(prov_xloader *l, const prov_xml_node *parent, prov_xduties *out);

#endif
