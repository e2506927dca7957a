/* The store's folder: whether it can be one, and making it for the user that the server runs as. */
#ifndef PROV_HTTPD_FOLDER_H
#define PROV_HTTPD_FOLDER_H

#include "base/err.h"

/* Why the server's user cannot keep a store there, with what to do; NULL: it can. Changes nothing.
 */
const char *prov_folder_unfit(apr_pool_t *p, const char *path);

/* Makes it if it is missing, and gives it to the server's user. As root only. */
prov_err *prov_folder_make(apr_pool_t *p, const char *path);

#endif
