/* SPDX-License-Identifier: MIT */
/* loop: libevent's functions on a clock that only the story moves. */
#include "loop.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/clock.h"
#include "io_calls.h"

#define START_US       (3600 * 1000000LL)
#define REDIS_START_US (1795000000 * 1000000LL)
#define LATE_US	       3000000

struct event {
	struct event *next; /* of all */
	struct event_base *base;
	event_callback_fn run;
	void *arg;
	int signal; /* 0: a timer */
	bool persists, pending;
	bool ours;	      /* a fake's */
	struct event **owner; /* a fake's: cleared when it ran */
	int64_t due_us, every_us;
	uint64_t order;
};

struct event_base {
	struct event_base *next;
	int64_t frozen_until_us;
	bool dead, stopped;
	int64_t ahead_us; /* its clock_set_redis_us() */
};

static struct event *events;
static struct event_base *bases, *running;
static int64_t now_us = START_US;
static uint64_t orders;

int64_t loop_now_us(void)
{
	return now_us;
}

int64_t loop_redis_us(void)
{
	return now_us - START_US + REDIS_START_US;
}

void loop_reset(void)
{
	BUG_ON(bases != NULL || events != NULL);
	now_us = START_US;
	orders = 0;
	running = NULL;
}

size_t loop_event_count(void)
{
	size_t count = 0;

	for (const struct event *event = events; event != NULL; event = event->next)
		count += !event->ours;
	return count;
}

struct event_base *loop_running(void)
{
	return running;
}

void loop_freeze(struct event_base *base, int64_t until_us)
{
	base->frozen_until_us = until_us;
}

bool loop_is_frozen(const struct event_base *base)
{
	return base->frozen_until_us > now_us;
}

void loop_kill(struct event_base *base)
{
	base->dead = true;
}

bool loop_is_dead(const struct event_base *base)
{
	return base->dead;
}

bool loop_has_stopped(const struct event_base *base)
{
	return base->stopped;
}

/* When it can run. */
static int64_t due_us(const struct event *event)
{
	int64_t frozen = event->base->frozen_until_us;

	return event->due_us > frozen ? event->due_us : frozen;
}

static bool is_before(const struct event *a, const struct event *b)
{
	return due_us(a) < due_us(b) || (due_us(a) == due_us(b) && a->order < b->order);
}

static struct event *next_event(void)
{
	struct event *first = NULL;

	for (struct event *event = events; event != NULL; event = event->next) {
		if (!event->pending || event->base->dead || event->base->stopped)
			continue;
		if (first == NULL || is_before(event, first))
			first = event;
	}
	return first;
}

static void run_as(struct event_base *base, struct event *event, short what)
{
	struct event_base *before = running;
	event_callback_fn run = event->run;
	void *arg = event->arg;

	if (event->ours) {
		*event->owner = NULL;
		event_free(event);
	}
	running = base;
	run(-1, what, arg);
	running = before;
}

bool loop_step(int64_t until_us)
{
	struct event *event = next_event();

	if (event == NULL || due_us(event) > until_us) {
		now_us = until_us > now_us ? until_us : now_us;
		return false;
	}
	if (due_us(event) > now_us)
		now_us = due_us(event);
	event->pending = false;
	if (event->persists) {
		event->due_us = now_us + event->every_us;
		event->pending = true;
	}
	run_as(event->base, event, EV_TIMEOUT);
	return true;
}

void loop_signal(struct event_base *base, int number)
{
	for (struct event *event = events; event != NULL; event = event->next) {
		if (event->base == base && event->signal == number) {
			run_as(base, event, EV_SIGNAL);
			return;
		}
	}
	BUG("nobody listens to signal %d", number);
}

void loop_later(
	struct event_base *base, int64_t us, event_callback_fn run, void *arg, struct event **owner)
{
	struct event *event = event_new(base, -1, 0, run, arg);

	event->ours = true;
	event->owner = owner;
	event->due_us = now_us + us;
	event->order = orders++;
	event->pending = true;
	*owner = event;
}

void loop_never(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

/* What the worker's modules call. */

struct event_base *event_base_new(void)
{
	struct event_base *base = xcalloc(1, sizeof(*base));

	base->next = bases;
	bases = base;
	return base;
}

void event_base_free(struct event_base *base)
{
	struct event_base **at = &bases;

	while (*at != base)
		at = &(*at)->next;
	*at = base->next;
	for (const struct event *event = events; event != NULL; event = event->next)
		BUG_ON(event->base == base); /* left behind */
	free(base);
}

int event_base_dispatch(struct event_base *base)
{
	(void)base;
	BUG("a story turns the loop");
}

int event_base_loopbreak(struct event_base *base)
{
	base->stopped = true;
	return 0;
}

struct event *event_new(
	struct event_base *base, evutil_socket_t fd, short what, event_callback_fn run, void *arg)
{
	struct event *event = xcalloc(1, sizeof(*event));

	event->base = base;
	event->run = run;
	event->arg = arg;
	event->signal = what & EV_SIGNAL ? (int)fd : 0;
	event->persists = (what & EV_PERSIST) != 0 && event->signal == 0;
	event->next = events;
	events = event;
	return event;
}

void event_free(struct event *event)
{
	struct event **at = &events;

	while (*at != event)
		at = &(*at)->next;
	*at = event->next;
	free(event);
}

int event_add(struct event *event, const struct timeval *wait)
{
	if (event->signal != 0 || event->base->dead)
		return 0;
	event->every_us = wait->tv_sec * 1000000LL + wait->tv_usec;
	event->due_us = now_us + event->every_us;
	event->order = orders++;
	event->pending = true;
	if (io_call(IO_TIMER, event->base, "a timer") == IO_LATE)
		event->due_us += LATE_US;
	return 0;
}

int event_del(struct event *event)
{
	event->pending = false;
	return 0;
}

int event_pending(const struct event *event, short what, struct timeval *when)
{
	(void)what;
	(void)when;
	return event->pending ? EV_TIMEOUT : 0;
}

void event_active(struct event *event, int what, short calls)
{
	(void)what;
	(void)calls;
	event->due_us = now_us;
	event->order = orders++;
	event->pending = !event->base->dead;
}

/* io/clock.h, each process with what Redis told it. */

int64_t clock_now_us(void)
{
	return now_us;
}

int64_t clock_now_ms(void)
{
	return now_us / 1000;
}

void clock_set_redis_us(int64_t redis_us, int64_t asked_us)
{
	BUG_ON(running == NULL);
	running->ahead_us = redis_us - asked_us;
}

int64_t clock_redis_us(void)
{
	int64_t ahead_us = running != NULL ? running->ahead_us : 0;

	return now_us + (ahead_us != 0 ? ahead_us : REDIS_START_US - START_US);
}

int64_t clock_redis_ms(void)
{
	return clock_redis_us() / 1000;
}
