/* The tree of a JSON text, and how it is made. */
#ifndef PROV_BASE_JSON_SCAN_H
#define PROV_BASE_JSON_SCAN_H

#include "base/json.h"

struct prov_json {
    prov_bytes name; /* of a member; like all texts here with a NUL behind it */
    prov_json_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double number;
        prov_bytes text;
        struct {
            const prov_json *items; /* in the order of the text */
            size_t count;
        };
    };
};

/* 400 invalidSyntax unless the text is one JSON value of at most `depth` levels. */
prov_err *prov_json_scan(apr_pool_t *p, prov_bytes text, int depth, prov_json *out);

#endif
