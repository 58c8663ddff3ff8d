/* SPDX-License-Identifier: MIT */
/*
 * lanes: how many of this worker's slots one org, and one host, may have at once, and who wakes the jobs that wait for one.
 *
 * A job that finds its lane full waits here for a moment: where the lane's jobs end quickly it has a slot before Redis would have
 * answered. Where they do not it goes back to Redis with all that wait beside it, into the lane's own list, and holds nothing. Each end of a
 * job of that lane then makes room, and room calls for the next of the list (scripts/wake.lua), the oldest first, those of chat before
 * workflows. Nobody polls; a lane whose worker died is named by the next renewal of any other (scripts/renew.lua).
 *
 * A tenth of a lane is kept for chat and decisions: a flood of workflow steps does not keep a person waiting.
 */
#ifndef WORKER_IO_LANES_H
#define WORKER_IO_LANES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <event2/event.h>

#include "bellhop/options.h"
#include "bellhop/span.h"
#include "io/redis_async.h"

#define LANE_NAME_BYTES 272

struct lanes;
struct lane;

enum lane_kind { LANE_ORG, LANE_HOST, LANE_KINDS };

/* A job's place in a lane. The job's own memory, the lanes' contents: all zeros where it has none. */
struct lane_place {
	TAILQ_ENTRY(lane_place) link; /* while it waits */
	struct lane *lane;
	bool has_slot;
	bool workflow, newcomer;
	int64_t since_ms; /* monotonic: when it began to wait */
	void *arg;
};

enum lane_answer {
	LANE_ENTERED, /* it has a slot */
	LANE_WAITS,   /* `answered` will say what came of it */
	LANE_IS_FULL, /* to the lane's list */
};

struct lanes_events {
	/* How many jobs the worker may take at all. */
	size_t (*room)(void *arg);
	/* Jobs were put where they can be claimed. */
	void (*woken)(void *arg);
	void (*failed)(void *arg, const char *error);
	/* A place that waited has a slot, or it waited long enough: to the lane's list. `arg` is the place's. */
	void (*answered)(void *arg, bool has_slot);
};

struct lanes *lanes_new(struct event_base *base, struct redis_async *redis,
	const struct options *options, const struct lanes_events *events, void *arg);
void lanes_free(struct lanes *lanes);
/* The worker is registered as this member, or no more. */
void lanes_open(struct lanes *lanes, const char *member);
void lanes_close(struct lanes *lanes);

/* `o:acme`, `h:api.acme.com:443`: what the lane is called in Redis. */
void lane_name(char name[LANE_NAME_BYTES], enum lane_kind kind, const char *what, uint16_t port);

/* A slot of that lane for a job. One that is no newcomer has waited before, in Redis. `arg` is for `answered`, which comes from the loop. */
enum lane_answer lanes_enter(struct lanes *lanes, struct lane_place *place, const char *name,
	bool workflow, bool newcomer, void *arg);
/* Gives the slot back, or waits no more; nothing where there is neither. */
void lanes_leave(struct lanes *lanes, struct lane_place *place);
/* A job waits in that lane's list. */
void lanes_parked(struct lanes *lanes, const char *name, bool workflow);
/* Jobs of whatever queue may wait in that lane's list. */
void lanes_heard_of(struct lanes *lanes, struct span name);
/* A claim was answered: what was woken is here, or with another worker. */
void lanes_claimed(struct lanes *lanes);

#endif
