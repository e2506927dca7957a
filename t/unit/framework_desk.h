/* A schema of one's own, with numbers and times, for tests of what an index answers. */
#ifndef FRAMEWORK_DESK_H
#define FRAMEWORK_DESK_H

#include "framework_given.h"

#define DESK "urn:x:extension:desk:1.0:User"

/* Names end with NULL. */
static void declare_desk_with(const char *const indexed[])
{
    APR_ARRAY_PUSH(config->declared, prov_declaration) =
        (prov_declaration){ .file = "desk.json",
                            .json = PROV_BYTES("{\"id\":\"" DESK "\",\"attributes\":["
                                               "{\"name\":\"number\",\"type\":\"integer\"},"
                                               "{\"name\":\"height\",\"type\":\"decimal\"},"
                                               "{\"name\":\"since\",\"type\":\"dateTime\"},"
                                               "{\"name\":\"label\",\"type\":\"string\","
                                               "\"uniqueness\":\"server\"}]}") };
    for (int i = 0; indexed[i]; i++)
        APR_ARRAY_PUSH(config->indexes, prov_index_line) = (prov_index_line){ .path = indexed[i] };
}

#endif
