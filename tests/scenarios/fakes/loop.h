/* SPDX-License-Identifier: MIT */
/*
 * loop: libevent's functions on a clock that only the story moves, and that clock.
 *
 * Each worker has its own event_base, which stands for its process: frozen, it does nothing for a while; killed, nothing of it
 * runs any more. All bases share one time. What is due first runs first, and of two at once the one that was asked for first.
 */
#ifndef SCENARIOS_FAKES_LOOP_H
#define SCENARIOS_FAKES_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>

/* Monotonic; begins at an hour, so that there is a time before. */
int64_t loop_now_us(void);
/* Unix time as Redis has it. */
int64_t loop_redis_us(void);

/* Runs the next event that is due until then; false where there is none: then it is that time. */
bool loop_step(int64_t until_us);
/* A new beginning: all bases and events must be gone. */
void loop_reset(void);
/* Events that were made and not freed. */
size_t loop_event_count(void);

/* The process whose code runs, NULL outside of all. */
struct event_base *loop_running(void);
void loop_freeze(struct event_base *base, int64_t until_us);
bool loop_is_frozen(const struct event_base *base);
void loop_kill(struct event_base *base);
bool loop_is_dead(const struct event_base *base);
/* It called event_base_loopbreak(). */
bool loop_has_stopped(const struct event_base *base);
void loop_signal(struct event_base *base, int number);

/* Calls back once, then frees itself. For the fakes: neither counted among the worker's events nor stopped by anything but death. */
void loop_later(struct event_base *base, int64_t us, event_callback_fn run, void *arg,
	struct event **event);
/* Stops one of the above; NULL is none. */
void loop_never(struct event **event);

#endif
