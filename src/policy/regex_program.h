/* What a regular expression is compiled to: steps with relative jumps, so that a quantifier copies
 * what it repeats. */
#ifndef PROV_POLICY_REGEX_PROGRAM_H
#define PROV_POLICY_REGEX_PROGRAM_H

#include "policy/regex_class.h"

typedef enum {
    PROV_RX_CHAR,     /* the code point `arg` */
    PROV_RX_ANY,      /* any character but a line feed */
    PROV_RX_CLASS,    /* a character of classes[arg] */
    PROV_RX_FORK,     /* the next step, or the one `arg` further */
    PROV_RX_JUMP,     /* the step `arg` further */
    PROV_RX_BEGIN,    /* ^ */
    PROV_RX_END,      /* $ */
    PROV_RX_SAVE,     /* slots[arg] = here */
    PROV_RX_PROGRESS, /* goes on only if slots[arg] is not here: no loop over nothing */
    PROV_RX_SAME,     /* what group `arg` matched */
    PROV_RX_MATCH
} prov_rxop;

typedef struct prov_rxstep {
    prov_rxop op;
    int32_t arg;
} prov_rxstep;

struct prov_regex {
    const prov_rxstep *code;
    uint32_t len;
    const prov_rxclass *const *classes;
    uint32_t slots;  /* group n has slots 2n-2 and 2n-1; the rest watch loops */
    bool references; /* has PROV_RX_SAME */
};

#endif
