/* SPDX-License-Identifier: MIT */
/*
 * waiter: tells an idle worker that a queue holds something, without polling and without taking anything.
 *
 * `BLMOVE list list RIGHT RIGHT` is a blocking peek: Redis answers when the list is not empty and puts the element back where it was, so
 * no job is in limbo if the answer is lost. Each list has a connection of its own, for it blocks. Each wait is a second
 * at most; a connection that does not come back in time is thrown away.
 */
#ifndef WORKER_IO_WAITER_H
#define WORKER_IO_WAITER_H

#include <event2/event.h>

#include "bellhop/options.h"
#include "bellhop/redis_url.h"

struct waiter;

struct waiter_events {
	/* A list holds something. */
	void (*wake)(void *arg);
	/* Redis refused a wait: an error for the log. Who wanted it has to ask again. */
	void (*failed)(void *arg, const char *error);
};

struct waiter *waiter_new(struct event_base *base, const struct redis_url *url,
	const struct options *options, const struct waiter_events *events, void *arg);
void waiter_free(struct waiter *waiter);
/* Tells once, when any of the lists holds something, now or later. */
void waiter_want(struct waiter *waiter);
/* The call is no longer wanted. A wait that is parked runs out by itself. */
void waiter_rest(struct waiter *waiter);

#endif
