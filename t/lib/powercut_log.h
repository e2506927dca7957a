/* What the shim logs and the power-cut program reads: one event after the other, each with its
 * payload behind it. Files and folders are named by their inode numbers. */
#ifndef POWERCUT_LOG_H
#define POWERCUT_LOG_H

#include <stdint.h>

typedef enum {
    CUT_MADE = 1, /* a name for a new file or folder; payload: the name */
    CUT_LINKED,   /* another name; payload: the name */
    CUT_REMOVED,  /* payload: the name */
    CUT_RENAMED,  /* into `folder`, from the one at `offset`; payload: old name, NUL, new name */
    CUT_WRITTEN,  /* payload: the data */
    CUT_SIZED,    /* to `offset` bytes */
    CUT_SYNCED    /* a file, or the names in a folder */
} cut_kind;

enum { CUT_AT_ONCE = 1 /* O_DSYNC */, CUT_FOLDER = 2 };

typedef struct cut_event {
    uint32_t kind;
    uint32_t flags;
    uint32_t thread;
    uint32_t length; /* of the payload */
    uint64_t folder; /* of a name */
    uint64_t file;
    uint64_t offset;
} cut_event;

/* How many events there are by now; 0 without the shim. */
typedef uint64_t cut_position(void);

#endif
