/* The one place that turns a result or an error into a response (RFC 7644 section 3.12), whichever
 * layer it comes from: handlers answer by themselves, and what httpd or another module refuses in
 * a place of ours gets a body of the same form. */
#ifndef PROV_INBOUND_REPLY_H
#define PROV_INBOUND_REPLY_H

#include "inbound/inquiry.h"

/* Sends the parts, one behind the other, and the end. They live as long as the request. Returns
 * what a handler returns. */
int prov_reply_send(request_rec *r, int status, const char *media, const prov_bytes *parts,
                    int count);

/* Sends the body with what `next` gives until that is nothing, at the place `at`, piece by piece:
 * it takes no more memory than one. False of `next`: it fails, and so does the connection. */
int prov_reply_flow(request_rec *r, int status, const char *media, prov_bytes body, size_t at,
                    bool (*next)(void *baton, prov_bytes *out), void *baton);

/* An error that comes when an answer has begun: for the log alone. */
void prov_reply_told(request_rec *r, const prov_err *err);

/* A handler's error as its answer; logged here if it is the server's fault. */
int prov_reply_error(request_rec *r, const prov_err *err);

/* An error as the body of one of several answers in a response; logged as if it were the whole. */
prov_bytes prov_reply_error_body(request_rec *r, const prov_err *err);

/* An error before the handler: the status for the hook to return. httpd stops there, and the error
 * becomes the body. */
int prov_reply_refuse(request_rec *r, const prov_err *err);

/* The service that answers here. 503 if there is none; the reason is told to the log alone. */
prov_err *prov_reply_service(request_rec *r, prov_service **out);

/* Hooks that give the refusals of all other layers our form and our challenges. */
void prov_reply_hooks(apr_pool_t *p);

#endif
