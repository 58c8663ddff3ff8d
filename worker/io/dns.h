/* SPDX-License-Identifier: MIT */
/*
 * dns: one look-up after another by c-ares on the event loop; the resolver's way to the name servers, and nobody else's.
 *
 * /etc/hosts is asked first, then the name servers of resolv.conf, for the name just as it is: its `search` list is not used, since an integration
 * names a host and no part of one. A truncated answer is asked for again over TCP. A look-up ends within about 5 s
 * for each name server.
 */
#ifndef WORKER_IO_DNS_H
#define WORKER_IO_DNS_H

#include <stdint.h>
#include <event2/event.h>

#include "bellhop/error.h"
#include "io/address.h"

struct dns;

struct dns_answer {
	struct address_list
		addresses;   /* ports are 0; where there are more than fit, some of each family */
	int64_t ttl_s;	     /* the smallest */
	const char *failure; /* static: why there are none, or NULL */
};

/* May be called before dns_lookup() returns. The answer is dns's. */
typedef void (*dns_fn)(void *arg, const struct dns_answer *answer);

struct dns *dns_new(struct event_base *base, const char *servers, struct error *error);
/* Look-ups under way end without a word. */
void dns_free(struct dns *dns);
void dns_lookup(struct dns *dns, const char *name, dns_fn done, void *arg);

#endif
