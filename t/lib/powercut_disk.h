/* A disk as a log of writes and syncs leaves it: what must be on it, and what may or may not be.
 *
 * A sync makes all that was written to the file before it certain; for a folder, the names in it. A
 * write on an O_DSYNC descriptor is certain by itself. Everything else is certain only as a whole
 * sector of 512 bytes: an image takes or leaves each 4096-byte block of each write, now and then
 * only some of its sectors; of each folder's changes of names any; and a file's size as it was at
 * any moment since it was certain. */
#ifndef POWERCUT_DISK_H
#define POWERCUT_DISK_H

#include "powercut_log.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct disk disk;

/* Syncs that the disk does not hear: what an image must then be able to lose. */
typedef enum {
    DISK_HEARS_ALL,
    DISK_DEAF_TO_DATA,    /* fdatasync of data.mdb */
    DISK_DEAF_TO_AT_ONCE, /* O_DSYNC */
    DISK_DEAF_TO_FILES,   /* fsync of other files */
    DISK_DEAF_TO_FOLDERS
} disk_deafness;

disk *disk_make(apr_pool_t *p, uint64_t root, disk_deafness deafness);
/* What happens. An event that is `cut` short is under way when the power goes. */
void disk_event(disk *d, const cut_event *e, const uint8_t *payload, bool cut);
/* Writes one of the images that may be left into a folder, which is empty. */
void disk_write_image(disk *d, const char *folder, uint64_t seed);
/* Compares with a folder what was written, synced or not; false and a word if they differ. The file
 * named lock.mdb is not compared: it is shared memory. */
bool disk_is_like(disk *d, const char *folder, char *word, size_t room);

/* A small generator, so that a seed means the same everywhere. */
static inline uint64_t disk_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

#endif
