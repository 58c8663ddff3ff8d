/* SPDX-License-Identifier: MIT */
/*
 * janitor: keeps this worker's lease, promotes jobs that are due, and empties workers that died.
 *
 * Every worker is a janitor; the scripts make sure that no two hand out one job twice. After a connection was lost, or a renewal
 * refused or late, it reaps nothing for one lease: when Redis was away or took no writes, every lease looks ended though its worker still
 * holds good results. Claims that are in nobody's name are found too (io/strays.h).
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
	/* Keys that are of another type, with a space between: what they are for does not happen. */
	void (*wrong_keys)(void *arg, struct span keys);
	/* A worker is gone and so many of its claims were put back. */
	void (*took_over)(void *arg, struct span worker, size_t claims);
	/* Jobs wait for a slot in that lane. */
	void (*lane_waits)(void *arg, struct span lane);
	/* Redis does not know this worker any more. */
	void (*dead)(void *arg);
	/* Redis answered with an error; it is asked again soon. */
	void (*failed)(void *arg, const char *error);
};

struct janitor *janitor_new(struct event_base *base, struct redis_async *redis,
	const struct options *options, const struct janitor_events *events, void *arg);
void janitor_free(struct janitor *janitor);
/* The worker is registered as this member: renews at once. */
void janitor_open(struct janitor *janitor, const char *member);
void janitor_close(struct janitor *janitor);
/* Redis forgot this worker (W); what it had claimed may be in nobody's name now. */
void janitor_suspect(struct janitor *janitor, const char *worker);
/* A job was put back to be due then (Unix ms): renews early enough to promote it. */
void janitor_expect(struct janitor *janitor, int64_t due_ms);

#endif
