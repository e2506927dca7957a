/* Files that are there whole or not at all, whatever ends the process or the power. */
#ifndef PROV_BASE_FILE_H
#define PROV_BASE_FILE_H

#include "base/bytes.h"
#include "base/err.h"

/* Replaces a file that has not this content yet: 0640, its folder's owner's, on disk when this
 * returns. */
prov_err *prov_file_replace(apr_pool_t *p, const char *folder, const char *name,
                            prov_bytes content);

/* The whole file, on `p`; 413 if it is longer than `most`. */
prov_err *prov_file_read(apr_pool_t *p, const char *path, size_t most, prov_bytes *out);

/* The names in a folder are on disk when this returns. */
apr_status_t prov_file_sync_folder(const char *folder);

/* Among processes and threads, one at a time. A descriptor, with which the lock goes, also that of
 * one who is killed; or -1, with errno. */
int prov_file_lock_folder(const char *folder);

#endif
