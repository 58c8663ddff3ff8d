/* SPDX-License-Identifier: MIT */
/* resolver_private: what the files of resolver share: resolver.c has the queries, resolver_host.c the hosts that are known. */
#ifndef WORKER_IO_RESOLVER_PRIVATE_H
#define WORKER_IO_RESOLVER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <event2/event_struct.h>

#include "io/dns.h"
#include "io/resolver.h"

#define BUCKETS		1024 /* a power of two */
#define KEPT_MAX	4096
#define KEEP_MIN_S	1
#define KEEP_MAX_S	30
#define KEEP_FAILURE_MS 200 /* less than the pause before another attempt mostly is */

TAILQ_HEAD(query_list, resolver_query);
TAILQ_HEAD(host_list, host);
TAILQ_HEAD(org_list, org);

enum host_state {
	HOST_KNOWN,   /* the answer may be out of date */
	HOST_WAITING, /* for a slot */
	HOST_ASKED,
};

struct host {
	struct host *next; /* of its bucket */
	TAILQ_ENTRY(host) kept_link;
	struct resolver *resolver;
	char *name;
	enum host_state state;
	struct query_list queries; /* that wait for an answer */
	size_t uses;		   /* queries, also those that are about to be called back */
	struct org *org;	   /* whose slot it takes, while asked */
	struct address_list addresses;
	const char *failure;
	int64_t until_us;
};

/* An org that has something under way. */
struct org {
	TAILQ_ENTRY(org) link;
	char *name;
	unsigned asked;
	size_t uses; /* hosts asked and queries */
	struct query_list line;
};

struct resolver_query {
	TAILQ_ENTRY(resolver_query) host_link; /* of its host's, or of the resolver's ready ones */
	TAILQ_ENTRY(resolver_query) line_link;
	struct resolver *resolver;
	struct host *host;
	struct org *org;
	uint16_t port;
	uint32_t timeout_ms;
	bool in_line, ready;
	resolver_fn done;
	void *arg;
	struct event timer;
};

struct resolver {
	struct event_base *base;
	struct dns *dns;
	struct host *buckets[BUCKETS];
	struct host_list kept; /* oldest answer first */
	size_t kept_count;
	struct org_list orgs;
	struct query_list ready;
	struct event *turn;
};

int64_t resolver_now_us(void);

/* Found or made. A new one is known, but long out of date. */
struct host *host_get(struct resolver *resolver, const char *name);
/* Where its pointer is, or would be. */
struct host **host_slot(struct resolver *resolver, const char *name);
/* The list of kept hosts: those that are neither asked nor waiting. */
void host_keep(struct host *host);
void host_unkeep(struct host *host);
/* A kept one that nobody uses. */
void host_free(struct host *host);
/* The oldest answers go where there are too many, and old ones that are out of date. */
void hosts_trim(struct resolver *resolver);
/* Literals and the names of this machine need no name server: then `addresses` is filled, without ports. */
bool host_is_near(const char *name, struct address_list *addresses);

#endif
