/* SPDX-License-Identifier: MIT */
/*
 * resolver: host names to addresses on the event loop (c-ares), without a thread.
 *
 * A lookup is shared by all who wait for the same name and its answer is kept for a short while (its TTL, at least
 * 1 s and at most 30 s; a failure for 1 s). Each org has at most RESOLVER_ORG_MAX lookups under way; further ones wait
 * their turn, so one org's silent name server holds up nobody else. IP literals and `localhost` (RFC 6761: 127.0.0.1)
 * never leave the process.
 */
#ifndef WORKER_IO_RESOLVER_H
#define WORKER_IO_RESOLVER_H

#include <event2/event.h>

#include "bellhop/error.h"
#include "io/address.h"

#define RESOLVER_ORG_MAX 16

struct resolver;
struct resolver_query;

/* `addresses` is NULL on failure: then `error` is ERROR_DNS_FAILED. Both are the resolver's. Called from the loop, once, never
 * before resolver_start() returned. */
typedef void (*resolver_fn)(
	void *arg, const struct address_list *addresses, const struct error *error);

/* `servers`: name servers as c-ares reads them ("127.0.0.1:5353"), NULL: those of resolv.conf. */
struct resolver *resolver_new(struct event_base *base, const char *servers, struct error *error);
void resolver_free(struct resolver *resolver);

/* What is known at once: a literal, localhost, a kept answer. True: `addresses` is filled, ports set. */
bool resolver_knows(
	struct resolver *resolver, const char *host, uint16_t port, struct address_list *addresses);
/* Looks it up. `timeout_ms` from now. */
struct resolver_query *resolver_start(struct resolver *resolver, const char *org, const char *name,
	uint16_t port, uint32_t timeout_ms, resolver_fn done, void *arg);
/* The callback will not come. The lookup itself goes on for others. */
void resolver_cancel(struct resolver_query *query);

#endif
