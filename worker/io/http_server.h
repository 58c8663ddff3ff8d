/* SPDX-License-Identifier: MIT */
/*
 * http_server: the worker's own little listener for operators: `/livez`, `/readyz` (and what is added to its table).
 *
 * GET and HEAD only. Requests are bounded in size, in time as a whole (2 s), and in number at once: where all places are
 * taken, the longest silent connection loses its own to the next.
 */
#ifndef WORKER_IO_HTTP_SERVER_H
#define WORKER_IO_HTTP_SERVER_H

#include <event2/event.h>

#include "bellhop/buf.h"
#include "bellhop/error.h"

struct http_server;

/* Adds the answer's body and returns the status. */
typedef int (*http_page_fn)(void *arg, struct buf *out);

struct http_page {
	const char *path;
	http_page_fn render;
	const char *type; /* NULL: text/plain */
};

/* `listen` is `address:port` (port 0: the kernel's choice); `pages` ends with a NULL path and must outlive the server. */
struct http_server *http_server_new(struct event_base *base, const char *listen,
	const struct http_page *pages, void *arg, struct error *error);
void http_server_free(struct http_server *server);
/* `127.0.0.1:9464`: where it listens. */
const char *http_server_address(const struct http_server *server);
/* The same as a socket address, for address_policy_never(). */
const struct sockaddr *http_server_sockaddr(const struct http_server *server);

#endif
