/* SPDX-License-Identifier: MIT */
/*
 * name_lookup: the name of a server of the operator's own to an address, as this machine knows names: hosts file, search list, whatever
 * nsswitch.conf says. getaddrinfo(3) knows all that and blocks for seconds where a name server is silent, so each lookup has a
 * thread. Not for upstreams: those are the resolver's, which judges every address.
 */
#ifndef WORKER_IO_NAME_LOOKUP_H
#define WORKER_IO_NAME_LOOKUP_H

#include <event2/event.h>

struct name_lookup;

/* `address` is numeric, or NULL: then `reason` is why, for a person. Both are the lookup's. Called from the loop, once, never before
 * name_lookup_start() returned. */
typedef void (*name_lookup_fn)(void *arg, const char *address, const char *reason);

struct name_lookup *name_lookup_start(
	struct event_base *base, const char *host, name_lookup_fn done, void *arg);
/* The callback will not come; the thread ends by itself. NULL is none. */
void name_lookup_cancel(struct name_lookup *lookup);

#endif
