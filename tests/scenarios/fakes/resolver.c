/* SPDX-License-Identifier: MIT */
/* resolver: names resolve to what a story says, after a while. */
#include "io/resolver.h"

#include <stdio.h>
#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io_calls.h"
#include "loop.h"
#include "upstream.h"

struct resolver {
	struct event_base *base;
};

struct resolver_query {
	struct event_base *base;
	uint16_t port;
	bool fails;
	resolver_fn done;
	void *arg;
	struct event *answer;
};

static char resolves_to[64];
static int64_t takes_us;
static size_t open_count;

void upstream_resolves_to(const char *address, int64_t takes)
{
	snprintf(resolves_to, sizeof(resolves_to), "%s", address != NULL ? address : "");
	takes_us = takes;
}

size_t upstream_lookups_open(void)
{
	return open_count;
}

struct resolver *resolver_new(struct event_base *base, const char *servers, struct error *error)
{
	struct resolver *resolver = xcalloc(1, sizeof(*resolver));

	(void)servers;
	(void)error;
	resolver->base = base;
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	free(resolver);
}

/* Nothing is kept, so that every story waits. */
bool resolver_knows(
	struct resolver *resolver, const char *host, uint16_t port, struct address_list *addresses)
{
	(void)resolver;
	(void)host;
	(void)port;
	(void)addresses;
	return false;
}

void resolver_cancel(struct resolver_query *query)
{
	loop_never(&query->answer);
	open_count--;
	free(query);
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct resolver_query *query = arg;
	struct address_list addresses = {.count = 1};
	struct error error = {0};
	resolver_fn done = query->done;
	void *done_arg = query->arg;
	bool found = !query->fails && address_parse(&addresses.items[0], resolves_to, query->port);

	(void)fd;
	(void)what;
	resolver_cancel(query);
	if (!found)
		error_set(&error, ERROR_DNS_FAILED, "The upstream's name has no address.");
	done(done_arg, found ? &addresses : NULL, &error);
}

struct resolver_query *resolver_start(struct resolver *resolver, const char *org, const char *host,
	uint16_t port, uint32_t timeout_ms, resolver_fn done, void *arg)
{
	struct resolver_query *query = xcalloc(1, sizeof(*query));
	int64_t timeout_us = timeout_ms * 1000LL;
	enum io_fault fault;

	(void)org;
	(void)host;
	open_count++;
	query->base = resolver->base;
	query->port = port;
	query->done = done;
	query->arg = arg;
	if (loop_is_dead(resolver->base))
		return query;
	fault = io_call(IO_DNS, resolver->base, "a look-up");
	if (fault == IO_DIES_BEFORE)
		return query;
	query->fails = fault == IO_FAILS || fault == IO_LATE || takes_us > timeout_us;
	loop_later(resolver->base,
		fault == IO_LATE || takes_us > timeout_us ? timeout_us : takes_us, on_answer, query,
		&query->answer);
	io_done(fault, resolver->base);
	return query;
}
