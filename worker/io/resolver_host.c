/* SPDX-License-Identifier: MIT */
/* resolver_host: the hosts a resolver knows, by name, kept for as long as their answers last. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "bellhop/alloc.h"
#include "io/resolver_private.h"

int64_t resolver_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct host **host_slot(struct resolver *resolver, const char *name)
{
	uint32_t hash = 2166136261u;
	struct host **slot;

	for (const char *byte = name; *byte; byte++)
		hash = (hash ^ (unsigned char)*byte) * 16777619u;
	slot = &resolver->buckets[(hash ^ hash >> 16) & (BUCKETS - 1)];
	while (*slot && strcmp((*slot)->name, name) != 0)
		slot = &(*slot)->next;
	return slot;
}

struct host *host_get(struct resolver *resolver, const char *name)
{
	struct host **slot = host_slot(resolver, name);
	struct host *host = *slot;

	if (host)
		return host;
	*slot = host = xcalloc(1, sizeof(*host));
	host->resolver = resolver;
	host->name = xstrdup(name);
	TAILQ_INIT(&host->queries);
	TAILQ_INSERT_HEAD(&resolver->kept, host, kept_link);
	resolver->kept_count++;
	return host;
}

void host_unkeep(struct host *host)
{
	TAILQ_REMOVE(&host->resolver->kept, host, kept_link);
	host->resolver->kept_count--;
}

/* Of the kept ones, that nobody uses. */
void host_free(struct host *host)
{
	*host_slot(host->resolver, host->name) = host->next;
	host_unkeep(host);
	free(host->name);
	free(host);
}

void host_keep(struct host *host)
{
	struct resolver *resolver = host->resolver;

	host->state = HOST_KNOWN;
	TAILQ_INSERT_TAIL(&resolver->kept, host, kept_link);
	resolver->kept_count++;
}

/* The oldest answers go, and what is out of date where nobody waits for it. */
void hosts_trim(struct resolver *resolver)
{
	int64_t now = resolver_now_us();
	struct host *host = TAILQ_FIRST(&resolver->kept), *next;

	for (; host; host = next) {
		next = TAILQ_NEXT(host, kept_link);
		if (host->uses)
			continue;
		if (resolver->kept_count <= KEPT_MAX && host->until_us > now)
			return;
		host_free(host);
	}
}

/* `localhost` and all below it are this machine (RFC 6761). */
bool host_is_near(const char *name, struct address_list *addresses)
{
	size_t len = strlen(name);
	union address address;

	if (!address_parse(&address, name, 0) && strcasecmp(name, "localhost") != 0 &&
		(len <= 10 || strcasecmp(name + len - 10, ".localhost") != 0))
		return false;
	if (address.any.sa_family == AF_UNSPEC)
		address_parse(&address, "127.0.0.1", 0);
	addresses->items[0] = address;
	addresses->count = 1;
	return true;
}
