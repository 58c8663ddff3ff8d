/* SPDX-License-Identifier: MIT */
/*
 * redis_async: connections to the fake Redis, and how they break.
 *
 * A command is done when it is sent and answered a moment later. A connection that breaks answers all that is outstanding
 * with nothing, says `down`, and comes up again a little later, as worker/io/redis_async.c does.
 */
#include "redis_async.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io_calls.h"
#include "loop.h"
#include "redis.h"
#include "rows.h"

#define ANSWER_US  200
#define CONNECT_US 1000
#define AGAIN_US   100000
#define BLOCK_US   1000000

struct command {
	struct command *next;
	struct redis_async *redis;
	redis_fn done;
	void *arg;
	struct redis_value *answer;
	struct event *answered;
	char blocks_on[128]; /* a list; "" for none */
};

struct redis_async {
	struct redis_async *next; /* of all */
	struct event_base *base;
	struct redis_async_events events;
	void *arg;
	bool up, breaking;
	struct event *connects, *breaks;
	struct command *first;
};

static struct redis_async *connections;
static int64_t away_until_us;

static void on_connect(evutil_socket_t fd, short what, void *arg);

void redis_async_reset(void)
{
	away_until_us = 0;
}

size_t redis_async_count(void)
{
	size_t count = 0;

	for (const struct redis_async *at = connections; at != NULL; at = at->next)
		count++;
	return count;
}

static void command_free(struct command *command)
{
	loop_never(&command->answered);
	value_free(command->answer);
	free(command);
}

static void answer_with_nothing(struct redis_async *redis)
{
	while (redis->first != NULL) {
		struct command *command = redis->first;

		redis->first = command->next;
		command->done(command->arg, NULL);
		command_free(command);
	}
}

static void on_break(evutil_socket_t fd, short what, void *arg)
{
	struct redis_async *redis = arg;

	(void)fd;
	(void)what;
	redis->up = redis->breaking = false;
	answer_with_nothing(redis);
	loop_later(redis->base, AGAIN_US, on_connect, redis, &redis->connects);
	redis->events.down(redis->arg, "it broke", false);
}

static void break_in(struct redis_async *redis, int64_t us)
{
	if (redis->breaking)
		return;
	redis->breaking = true;
	loop_later(redis->base, us, on_break, redis, &redis->breaks);
}

static void on_connect(evutil_socket_t fd, short what, void *arg)
{
	struct redis_async *redis = arg;

	(void)fd;
	(void)what;
	if (loop_now_us() < away_until_us) {
		loop_later(redis->base, AGAIN_US, on_connect, redis, &redis->connects);
		redis->events.down(redis->arg, "it is away", false);
		return;
	}
	redis->up = true;
	redis->events.up(redis->arg);
}

struct redis_async *redis_async_new(struct event_base *base, const struct redis_url *url,
	const struct redis_async_events *events, void *arg)
{
	struct redis_async *redis = xcalloc(1, sizeof(*redis));

	(void)url;
	redis->base = base;
	redis->events = *events;
	redis->arg = arg;
	redis->next = connections;
	connections = redis;
	loop_later(base, CONNECT_US, on_connect, redis, &redis->connects);
	return redis;
}

void redis_async_free(struct redis_async *redis)
{
	struct redis_async **at = &connections;

	if (redis == NULL)
		return;
	redis->up = false;
	answer_with_nothing(redis);
	loop_never(&redis->connects);
	loop_never(&redis->breaks);
	while (*at != redis)
		at = &(*at)->next;
	*at = redis->next;
	free(redis);
}

bool redis_async_is_up(const struct redis_async *redis)
{
	return redis->up;
}

bool redis_async_peer(const struct redis_async *redis, struct sockaddr_storage *peer)
{
	(void)redis;
	(void)peer;
	return false;
}

void redis_async_drop(struct redis_async *redis, const char *reason)
{
	(void)reason;
	redis->up = false;
	break_in(redis, 0);
}

void redis_async_cut_all(int64_t until_us)
{
	away_until_us = until_us;
	for (struct redis_async *redis = connections; redis != NULL; redis = redis->next) {
		if (redis->up)
			break_in(redis, 0);
	}
}

static void on_answered(evutil_socket_t fd, short what, void *arg)
{
	struct command *command = arg, **at = &command->redis->first;

	(void)fd;
	(void)what;
	while (*at != command)
		at = &(*at)->next;
	*at = command->next;
	command->done(command->arg, command->answer);
	command_free(command);
}

static void answer_in(struct command *command, struct redis_value *answer, int64_t us)
{
	command->answer = answer;
	loop_later(command->redis->base, us, on_answered, command, &command->answered);
}

/* `BLMOVE list list`: a look at whether it holds something, now or within a second. */
static void look(struct command *command)
{
	loop_never(&command->answered);
	value_free(command->answer);
	if (rows_count(command->blocks_on) == 0) {
		answer_in(command, value_nil(), BLOCK_US);
		return;
	}
	command->blocks_on[0] = '\0';
	answer_in(command, value_string("something"), ANSWER_US);
}

void redis_async_wake(void)
{
	for (struct redis_async *redis = connections; redis != NULL; redis = redis->next) {
		for (struct command *command = redis->first; command != NULL;
			command = command->next) {
			if (command->blocks_on[0] != '\0' && command->answered != NULL &&
				rows_count(command->blocks_on) > 0)
				look(command);
		}
	}
}

static void do_command(struct command *command, const struct buf *text)
{
	if (strcmp(redis_command_name(text), "BLMOVE") == 0) {
		redis_command_key(text, command->blocks_on, sizeof(command->blocks_on));
		look(command);
		return;
	}
	answer_in(command, redis_execute(text), ANSWER_US);
	redis_async_wake();
}

/* What becomes of a command that something goes wrong with. */
static void suffer(
	struct command *command, const struct buf *text, enum io_fault fault, uint32_t timeout_ms)
{
	struct redis_async *redis = command->redis;

	if (fault == IO_DIES_BEFORE)
		return;
	if (fault == IO_FAILS) {
		answer_in(command, value_error("BUSY Redis is busy running a script."), ANSWER_US);
		return;
	}
	if (fault != IO_LOST_BEFORE)
		do_command(command, text);
	if (fault == IO_LOST_BEFORE || fault == IO_LOST_AFTER || fault == IO_LATE) {
		loop_never(&command->answered);
		break_in(redis, fault == IO_LATE ? timeout_ms * 1000LL : ANSWER_US);
	}
	io_done(fault, redis->base);
}

bool redis_async_send(struct redis_async *redis, const struct buf *text, uint32_t timeout_ms,
	redis_fn done, void *arg)
{
	struct command *command, **at = &redis->first;
	const char *name = redis_command_name(text);
	bool aside = strcmp(name, "LLEN") == 0 || strcmp(name, "ZCARD") == 0 ||
		     strcmp(name, "INFO") == 0 || strcmp(name, "SCRIPT") == 0 ||
		     strcmp(name, "SCAN") == 0;
	enum io_fault fault;

	if (!redis->up || loop_is_dead(redis->base))
		return false;
	command = xcalloc(1, sizeof(*command));
	command->redis = redis;
	command->done = done;
	command->arg = arg;
	while (*at != NULL)
		at = &(*at)->next;
	*at = command;
	if (redis->breaking)
		return true; /* it goes nowhere */
	fault = io_call(aside ? IO_REDIS_ASIDE : IO_REDIS, redis->base, name);
	suffer(command, text, fault, timeout_ms);
	return true;
}
