/* SPDX-License-Identifier: MIT */
/* waiter: tells an idle worker that a queue holds something. */
#include "io/waiter.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "io/clock.h"
#include "io/queue_wait.h"
#include "io/redis_async.h"
#include "io/resp.h"

#define WAIT_S		"1"
#define WAIT_TIMEOUT_MS 2500 /* until the connection is thrown away */

struct line {
	struct waiter *waiter;
	struct redis_async *redis;
	struct buf command;
	enum queue queue; /* QUEUE_COUNT: of what was put back */
	bool parked;
	bool was_empty; /* when it was parked: what serves it was pushed since */
};

struct waiter {
	struct line lines[QUEUE_COUNT + 1]; /* the queues, and what was put back */
	size_t count;
	bool wanted;
	struct waiter_events events;
	void *arg;
};

static void park(struct line *line, bool was_empty);

/* A list of another type is noticed where it is taken from; a wait that Redis broke off is none of anybody's trouble. */
static bool is_trouble(const char *error)
{
	return strncmp(error, "WRONGTYPE", 9) != 0 && strncmp(error, "UNBLOCKED", 9) != 0;
}

static void on_answer(void *arg, const struct redis_value *value)
{
	struct line *line = arg;
	struct waiter *waiter = line->waiter;

	line->parked = false;
	/* Until about now it held nothing. */
	if (value != NULL && line->was_empty && line->queue < QUEUE_COUNT &&
		redis_value_kind(value) != REDIS_KIND_ERROR)
		queue_wait_none_before(line->queue, clock_redis_us());
	if (value != NULL && redis_value_error(value) != NULL &&
		is_trouble(redis_value_error(value)))
		waiter->events.failed(waiter->arg, redis_value_error(value));
	if (value == NULL || !waiter->wanted || redis_value_kind(value) == REDIS_KIND_ERROR)
		return;
	if (redis_value_kind(value) == REDIS_KIND_NIL) {
		park(line, true);
		return;
	}
	waiter->wanted = false;
	waiter->events.wake(waiter->arg);
}

static void park(struct line *line, bool was_empty)
{
	if (line->parked)
		return;
	line->was_empty = was_empty;
	line->parked =
		redis_async_send(line->redis, &line->command, WAIT_TIMEOUT_MS, on_answer, line);
}

static void on_up(void *arg)
{
	struct line *line = arg;

	/* Who knows what came while the connection was away. */
	if (line->waiter->wanted)
		park(line, false);
}

static void on_down(void *arg, const char *reason, bool refused)
{
	(void)arg;
	(void)reason; /* the main connection says it */
	(void)refused;
}

static void add_line(struct waiter *waiter, struct event_base *base, const struct redis_url *url,
	const char *shard, const char *tail, enum queue queue)
{
	struct line *line = &waiter->lines[waiter->count++];
	struct buf key;

	buf_init(&key, 1024);
	key_shard(&key, shard, tail);
	buf_init(&line->command, 4096);
	resp_head(&line->command, 6);
	resp_string(&line->command, "BLMOVE");
	resp_word(&line->command, key.data, key.len);
	resp_word(&line->command, key.data, key.len);
	resp_string(&line->command, "RIGHT");
	resp_string(&line->command, "RIGHT");
	resp_string(&line->command, WAIT_S);
	buf_release(&key);
	line->waiter = waiter;
	line->queue = queue;
	line->redis =
		redis_async_new(base, url, &(struct redis_async_events){on_up, on_down}, line);
}

struct waiter *waiter_new(struct event_base *base, const struct redis_url *url,
	const struct options *options, const struct waiter_events *events, void *arg)
{
	static const char *const tails[QUEUE_COUNT] = {
		"jobs:decisions", "jobs:chat", "jobs:workflow"};
	struct waiter *waiter = xcalloc(1, sizeof(*waiter));

	waiter->events = *events;
	waiter->arg = arg;
	for (int i = 0; i < QUEUE_COUNT; i++) {
		if (options->weights[i] > 0)
			add_line(waiter, base, url, options->shard, tails[i], (enum queue)i);
	}
	add_line(waiter, base, url, options->shard, "retry", QUEUE_COUNT);
	return waiter;
}

void waiter_free(struct waiter *waiter)
{
	if (waiter == NULL)
		return;
	waiter->wanted = false;
	for (size_t i = 0; i < waiter->count; i++) {
		redis_async_free(waiter->lines[i].redis);
		buf_release(&waiter->lines[i].command);
	}
	free(waiter);
}

void waiter_want(struct waiter *waiter)
{
	waiter->wanted = true;
	for (size_t i = 0; i < waiter->count; i++)
		park(&waiter->lines[i], true);
}

void waiter_rest(struct waiter *waiter)
{
	waiter->wanted = false;
}
