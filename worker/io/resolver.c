/* SPDX-License-Identifier: MIT */
/*
 * resolver: host names to addresses; who waits for which, and what is kept.
 *
 * The happy path: a query joins the host it names. The first one has the host looked up, in one of its org's slots; where those are all
 * taken it waits in the org's line, and so does the host, unless an org with a slot to spare asks for it too. The
 * answer makes the host known, and the turn gives it to all that wait. What can fail: the name (dns.c says
 * how), and the query's own time.
 */
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/resolver_private.h"

static struct org *org_take(struct resolver *resolver, const char *name)
{
	struct org *org;

	TAILQ_FOREACH(org, &resolver->orgs, link)
	if (strcmp(org->name, name) == 0)
		break;
	if (!org) {
		org = xcalloc(1, sizeof(*org));
		org->name = xstrdup(name);
		TAILQ_INIT(&org->line);
		TAILQ_INSERT_TAIL(&resolver->orgs, org, link);
	}
	org->uses++;
	return org;
}

static void org_give(struct resolver *resolver, struct org *org)
{
	if (--org->uses)
		return;
	TAILQ_REMOVE(&resolver->orgs, org, link);
	free(org->name);
	free(org);
}

static void query_leave_line(struct resolver_query *query)
{
	if (query->in_line)
		TAILQ_REMOVE(&query->org->line, query, line_link);
	query->in_line = false;
}

static void query_is_ready(struct resolver_query *query)
{
	query->ready = true;
	TAILQ_INSERT_TAIL(&query->resolver->ready, query, host_link);
	event_active(query->resolver->turn, EV_TIMEOUT, 0);
}

static void host_answered(void *arg, const struct dns_answer *answer)
{
	struct host *host = arg;
	struct resolver *resolver = host->resolver;
	int64_t keep_ms = answer->ttl_s * 1000LL;
	struct resolver_query *query;

	if (keep_ms < KEEP_MIN_S * 1000)
		keep_ms = KEEP_MIN_S * 1000;
	if (keep_ms > KEEP_MAX_S * 1000)
		keep_ms = KEEP_MAX_S * 1000;
	if (answer->failure)
		keep_ms = KEEP_FAILURE_MS;
	host->failure = answer->failure;
	host->addresses = answer->addresses;
	host->until_us = resolver_now_us() + keep_ms * 1000;
	host->org->asked--;
	org_give(resolver, host->org);
	host->org = NULL;
	host_keep(host);
	while ((query = TAILQ_FIRST(&host->queries))) {
		TAILQ_REMOVE(&host->queries, query, host_link);
		query_is_ready(query);
	}
	/* There may be others in line for the slot. */
	event_active(resolver->turn, EV_TIMEOUT, 0);
}

static void host_ask(struct host *host, struct org *org)
{
	struct resolver_query *query;

	TAILQ_FOREACH(query, &host->queries, host_link)
	query_leave_line(query);
	host->state = HOST_ASKED;
	host->org = org;
	org->asked++;
	org->uses++;
	dns_lookup(host->resolver->dns, host->name, host_answered, host);
}

static void resolver_ask_more(struct resolver *resolver)
{
	struct org *org;

	TAILQ_FOREACH(org, &resolver->orgs, link)
	while (org->asked < RESOLVER_ORG_MAX && !TAILQ_EMPTY(&org->line))
		host_ask(TAILQ_FIRST(&org->line)->host, org);
}

/* Out of all lists; its host stays, to be kept or asked on. */
static void query_free(struct resolver_query *query)
{
	struct resolver *resolver = query->resolver;
	struct host *host = query->host;

	query_leave_line(query);
	if (query->ready)
		TAILQ_REMOVE(&resolver->ready, query, host_link);
	else
		TAILQ_REMOVE(&host->queries, query, host_link);
	if (--host->uses == 0 && host->state == HOST_WAITING)
		host_keep(host);
	org_give(resolver, query->org);
	event_del(&query->timer);
	free(query);
}

static void query_finish(struct resolver_query *query, const char *failure)
{
	struct address_list addresses = query->host->addresses;
	resolver_fn done = query->done;
	void *arg = query->arg;
	struct error error = {0};

	for (size_t i = 0; i < addresses.count; i++)
		address_set_port(&addresses.items[i], query->port);
	if (failure)
		error_set(&error, ERROR_DNS_FAILED, "%s: %s", query->host->name, failure);
	query_free(query);
	done(arg, failure ? NULL : &addresses, failure ? &error : NULL);
}

static void query_timed_out(evutil_socket_t fd, short what, void *arg)
{
	struct resolver_query *query = arg;

	(void)fd;
	(void)what;
	query_finish(query,
		query->ready ? query->host->failure : "the name servers did not answer in time");
}

static void resolver_turn(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *resolver = arg;
	struct resolver_query *query;
	size_t count = 0;

	(void)fd;
	(void)what;
	resolver_ask_more(resolver);
	/* Those that callbacks make ready have another turn. */
	TAILQ_FOREACH(query, &resolver->ready, host_link)
	count++;
	for (; count && (query = TAILQ_FIRST(&resolver->ready)); count--)
		query_finish(query, query->host->failure);
	hosts_trim(resolver);
}

/* With all that wait for it, without a word. */
static void host_drop(struct host *host)
{
	if (host->state == HOST_ASKED)
		org_give(host->resolver, host->org);
	if (host->state != HOST_KNOWN)
		host_keep(host);
	while (!TAILQ_EMPTY(&host->queries))
		query_free(TAILQ_FIRST(&host->queries));
	host_free(host);
}

struct resolver *resolver_new(struct event_base *base, const char *servers, struct error *error)
{
	struct dns *dns = dns_new(base, servers, error);
	struct resolver *resolver;

	if (!dns)
		return NULL;
	resolver = xcalloc(1, sizeof(*resolver));
	resolver->base = base;
	resolver->dns = dns;
	TAILQ_INIT(&resolver->kept);
	TAILQ_INIT(&resolver->orgs);
	TAILQ_INIT(&resolver->ready);
	resolver->turn = event_new(base, -1, 0, resolver_turn, resolver);
	BUG_ON(!resolver->turn);
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	dns_free(resolver->dns);
	event_free(resolver->turn);
	while (!TAILQ_EMPTY(&resolver->ready))
		query_free(TAILQ_FIRST(&resolver->ready));
	for (size_t i = 0; i < BUCKETS; i++)
		while (resolver->buckets[i])
			host_drop(resolver->buckets[i]);
	free(resolver);
}

bool resolver_knows(
	struct resolver *resolver, const char *host, uint16_t port, struct address_list *addresses)
{
	if (!host_is_near(host, addresses)) {
		const struct host *known = *host_slot(resolver, host);

		if (!known || known->failure || known->until_us <= resolver_now_us())
			return false;
		*addresses = known->addresses;
	}
	for (size_t i = 0; i < addresses->count; i++)
		address_set_port(&addresses->items[i], port);
	return true;
}

static struct resolver_query *query_new(
	struct resolver *resolver, const char *org, const char *name, uint32_t timeout_ms)
{
	struct resolver_query *query = xcalloc(1, sizeof(*query));
	struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};

	query->resolver = resolver;
	query->org = org_take(resolver, org);
	query->host = host_get(resolver, name);
	query->host->uses++;
	evtimer_assign(&query->timer, resolver->base, query_timed_out, query);
	event_add(&query->timer, &timeout);
	return query;
}

struct resolver_query *resolver_start(struct resolver *resolver, const char *org, const char *name,
	uint16_t port, uint32_t timeout_ms, resolver_fn done, void *arg)
{
	struct resolver_query *query = query_new(resolver, org, name, timeout_ms);
	struct host *host = query->host;

	query->port = port;
	query->done = done;
	query->arg = arg;
	if (host->state == HOST_KNOWN && host_is_near(name, &host->addresses))
		host->until_us = resolver_now_us() + KEEP_MAX_S * 1000000LL;
	if (host->state == HOST_KNOWN && host->until_us > resolver_now_us()) {
		query_is_ready(query);
		return query;
	}
	TAILQ_INSERT_TAIL(&host->queries, query, host_link);
	if (host->state == HOST_KNOWN)
		host_unkeep(host);
	if (host->state == HOST_ASKED)
		return query;
	if (query->org->asked < RESOLVER_ORG_MAX) {
		host_ask(host, query->org);
		return query;
	}
	host->state = HOST_WAITING;
	query->in_line = true;
	TAILQ_INSERT_TAIL(&query->org->line, query, line_link);
	return query;
}

void resolver_cancel(struct resolver_query *query)
{
	query_free(query);
}
