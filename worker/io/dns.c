/* SPDX-License-Identifier: MIT */
/*
 * dns: look-ups by c-ares on the event loop.
 *
 * c-ares says which sockets it wants watched and until when it wants to be called; it never blocks. What can fail: no such name, no
 * address, silent or broken name servers; each is a sentence.
 */
#include <ares.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/dns.h"

#define TRY_MS 1500
#define TRIES  2

struct dns_socket {
	LIST_ENTRY(dns_socket) link;
	struct dns *dns;
	ares_socket_t fd;
	struct event *event;
};

struct dns {
	struct event_base *base;
	ares_channel channel;
	struct event *timer;
	LIST_HEAD(dns_sockets, dns_socket) sockets;
	bool closing;
};

struct lookup {
	struct dns *dns;
	dns_fn done;
	void *arg;
};

static void dns_set_timer(struct dns *dns)
{
	struct timeval room, *wait = ares_timeout(dns->channel, NULL, &room);

	if (wait)
		event_add(dns->timer, wait);
	else
		event_del(dns->timer);
}

static void dns_process(struct dns *dns, ares_socket_t reads, ares_socket_t writes)
{
	ares_process_fd(dns->channel, reads, writes);
	dns_set_timer(dns);
}

static void dns_timed_out(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dns_process(arg, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void socket_ready(evutil_socket_t fd, short what, void *arg)
{
	struct dns_socket *sock = arg;

	dns_process(sock->dns, what & EV_READ ? fd : ARES_SOCKET_BAD,
		what & EV_WRITE ? fd : ARES_SOCKET_BAD);
}

static struct dns_socket *socket_find(struct dns *dns, ares_socket_t fd)
{
	struct dns_socket *sock;

	LIST_FOREACH(sock, &dns->sockets, link)
	if (sock->fd == fd)
		return sock;
	sock = xcalloc(1, sizeof(*sock));
	sock->dns = dns;
	sock->fd = fd;
	LIST_INSERT_HEAD(&dns->sockets, sock, link);
	return sock;
}

static void socket_changed(void *arg, ares_socket_t fd, int reads, int writes)
{
	struct dns *dns = arg;
	struct dns_socket *sock = socket_find(dns, fd);

	if (sock->event)
		event_free(sock->event);
	if (!reads && !writes) {
		LIST_REMOVE(sock, link);
		free(sock);
		return;
	}
	sock->event = event_new(dns->base, fd,
		(short)((reads ? EV_READ : 0) | (writes ? EV_WRITE : 0) | EV_PERSIST), socket_ready,
		sock);
	BUG_ON(!sock->event);
	event_add(sock->event, NULL);
}

static int dns_open(struct dns *dns)
{
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = TRY_MS,
		.tries = TRIES,
		.ndomains = 0,
		.sock_state_cb = socket_changed,
		.sock_state_cb_data = dns,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS |
		   ARES_OPT_SOCK_STATE_CB;

/* Newer c-ares keeps answers itself, for longer than the resolver may, and can change its port now and then. */
#ifdef ARES_OPT_QUERY_CACHE
	options.qcache_max_ttl = 0;
	mask |= ARES_OPT_QUERY_CACHE;
#endif
#ifdef ARES_OPT_UDP_MAX_QUERIES
	options.udp_max_queries = 64;
	mask |= ARES_OPT_UDP_MAX_QUERIES;
#endif
	return ares_init_options(&dns->channel, &options, mask);
}

struct dns *dns_new(struct event_base *base, const char *servers, struct error *error)
{
	struct dns *dns = xcalloc(1, sizeof(*dns));
	int status;

	LIST_INIT(&dns->sockets);
	dns->base = base;
	dns->timer = evtimer_new(base, dns_timed_out, dns);
	BUG_ON(!dns->timer);
	status = ares_library_init(ARES_LIB_INIT_ALL);
	BUG_ON(status != ARES_SUCCESS);
	status = dns_open(dns);
	if (status == ARES_SUCCESS && servers) {
		status = ares_set_servers_ports_csv(dns->channel, servers);
		if (status != ARES_SUCCESS)
			ares_destroy(dns->channel);
	}
	if (status == ARES_SUCCESS)
		return dns;
	error_set(error, ERROR_INTERNAL, "the name servers cannot be used: %s",
		ares_strerror(status));
	event_free(dns->timer);
	ares_library_cleanup();
	free(dns);
	return NULL;
}

void dns_free(struct dns *dns)
{
	if (!dns)
		return;
	dns->closing = true;
	ares_destroy(dns->channel);
	event_free(dns->timer);
	while (!LIST_EMPTY(&dns->sockets))
		socket_changed(dns, LIST_FIRST(&dns->sockets)->fd, 0, 0);
	ares_library_cleanup();
	free(dns);
}

static const char *failure_of(int status)
{
	switch (status) {
	case ARES_ENOTFOUND:
		return "there is no such name";
	case ARES_ENODATA:
		return "the name has no address";
	case ARES_EBADNAME:
		return "it is not a name that can be looked up";
	case ARES_ETIMEOUT:
		return "the name servers did not answer";
	/* c-ares does not always tell these apart. */
	case ARES_ECONNREFUSED:
	case ARES_ESERVFAIL:
		return "the name servers failed or could not be reached";
	case ARES_EREFUSED:
		return "the name server refused to answer";
	default:
		return "the name server's answer cannot be read";
	}
}

static size_t count_of(const struct ares_addrinfo *info, int family)
{
	size_t count = 0;

	for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next)
		count += node->ai_family == family;
	return count;
}

static void addresses_add(
	struct dns_answer *answer, const struct ares_addrinfo *info, int family, size_t max)
{
	const struct ares_addrinfo_node *node = info->nodes;

	for (; node && max; node = node->ai_next) {
		if (node->ai_family != family)
			continue;
		memcpy(&answer->addresses.items[answer->addresses.count++], node->ai_addr,
			family == AF_INET ? sizeof(struct sockaddr_in)
					  : sizeof(struct sockaddr_in6));
		max--;
	}
}

static void answer_fill(struct dns_answer *answer, const struct ares_addrinfo *info)
{
	size_t six = count_of(info, AF_INET6), four = count_of(info, AF_INET);
	size_t half = ADDRESS_LIST_MAX / 2;

	if (six + four > ADDRESS_LIST_MAX) {
		six = four < half ? ADDRESS_LIST_MAX - four : six < half ? six : half;
		four = ADDRESS_LIST_MAX - six;
	}
	addresses_add(answer, info, AF_INET6, six);
	addresses_add(answer, info, AF_INET, four);
	answer->ttl_s = INT32_MAX;
	for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next)
		if (node->ai_ttl < answer->ttl_s)
			answer->ttl_s = node->ai_ttl;
	for (const struct ares_addrinfo_cname *name = info->cnames; name; name = name->next)
		if (name->ttl < answer->ttl_s)
			answer->ttl_s = name->ttl;
}

static void lookup_done(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct lookup *lookup = arg;
	struct dns_answer answer = {0};

	(void)timeouts;
	if (status == ARES_SUCCESS)
		answer_fill(&answer, info);
	if (answer.addresses.count == 0)
		answer.failure = failure_of(status == ARES_SUCCESS ? ARES_ENODATA : status);
	if (info)
		ares_freeaddrinfo(info);
	if (!lookup->dns->closing)
		lookup->done(lookup->arg, &answer);
	free(lookup);
}

void dns_lookup(struct dns *dns, const char *name, dns_fn done, void *arg)
{
	/* Not sorted: that would probe every address with a socket, and libcurl races the families anyway. */
	struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct lookup *lookup = xmalloc(sizeof(*lookup));

	*lookup = (struct lookup){dns, done, arg};
	ares_getaddrinfo(dns->channel, name, NULL, &hints, lookup_done, lookup);
	dns_set_timer(dns);
}
