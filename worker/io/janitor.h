/* SPDX-License-Identifier: MIT */
/*
 * janitor: keeps this worker's lease, promotes jobs that are due, and empties workers that died.
 *
 * Every worker is a janitor; the scripts make sure that no two hand out one job twice. After a connection was lost it reaps
 * nothing for one lease: when Redis was away, every lease looks ended though its worker still holds good results.
 */
#ifndef WORKER_IO_JANITOR_H
#define WORKER_IO_JANITOR_H

#include <event2/event.h>

#include "bellhop/options.h"
#include "bellhop/span.h"
#include "io/redis_async.h"

struct janitor;

struct janitor_events {
	/* The lease was renewed; `ready` jobs were put where they can be claimed. */
	void (*renewed)(void *arg, size_t ready);
	/* A worker is gone and so many of its claims were put back. */
	void (*took_over)(void *arg, struct span worker, size_t claims);
	/* Jobs wait for a slot in that lane. */
	void (*lane_waits)(void *arg, struct span lane);
	/* Redis does not know this worker any more. */
	void (*dead)(void *arg);
	void (*failed)(void *arg, const char *error);
};

struct janitor *janitor_new(struct event_base *base, struct redis_async *redis,
	const struct options *options, const struct janitor_events *events, void *arg);
void janitor_free(struct janitor *janitor);
/* The worker is registered as this member: renews at once. */
void janitor_open(struct janitor *janitor, const char *member);
void janitor_close(struct janitor *janitor);
/* A job was put back to be due then (Unix ms): renews early enough to promote it. */
void janitor_expect(struct janitor *janitor, int64_t due_ms);

#endif
