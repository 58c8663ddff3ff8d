/* SPDX-License-Identifier: MIT */
/*
 * lanes_wake: jobs that wait in Redis are called for when there is room.
 *
 * The happy path: a lane with jobs in its list gets room -> one wake for all such lanes of a loop turn -> the worker claims what was
 * woken. No second wake goes out before that claim was answered, so no job is woken for room that is taken already. What can fail: the
 * connection (asked again once it is back); another worker claims what was woken (it has room, or puts it back in front).
 */
#include "bellhop/key.h"
#include "io/lanes_private.h"
#include "io/resp.h"

#define TIMEOUT_MS 1000
#define AHEAD_MAX  64 /* woken beyond the room that there is, for slots that become free meanwhile */

static bool could_wake(const struct lanes *lanes, const struct lane *lane)
{
	return (lane->chat_waits && lane_room(lanes, lane, false) > 0) ||
	       (lane->workflow_waits && lane_room(lanes, lane, true) > 0);
}

void lanes_wake_soon(struct lanes *lanes)
{
	if (lanes->open && !lanes->claim_is_due && !lanes->call.under_way &&
		!TAILQ_EMPTY(&lanes->waiting))
		event_active(lanes->flush, EV_TIMEOUT, 0);
}

/* Of the lanes that have jobs and room, those asked longest ago. */
static void choose(struct lanes *lanes)
{
	struct lane *lane = TAILQ_FIRST(&lanes->waiting), *next;

	lanes->asked_count = 0;
	for (; lane != NULL && lanes->asked_count < LANES_A_CALL; lane = next) {
		next = TAILQ_NEXT(lane, link);
		if (!could_wake(lanes, lane))
			continue;
		lane->asked = true;
		lane->ahead = lane->ended < AHEAD_MAX ? lane->ended : AHEAD_MAX;
		lane->ended = 0;
		lanes->asked[lanes->asked_count++] = lane;
	}
	for (size_t i = 0; i < lanes->asked_count; i++) {
		TAILQ_REMOVE(&lanes->waiting, lanes->asked[i], link);
		TAILQ_INSERT_TAIL(&lanes->waiting, lanes->asked[i], link);
	}
}

static void add_key(struct lanes *lanes, const char *tail)
{
	struct buf key;

	buf_init(&key, 1024);
	key_shard(&key, lanes->options->shard, tail);
	resp_word(&lanes->call.command, key.data, key.len);
	buf_release(&key);
}

static void add_list(struct lanes *lanes, const struct lane *lane, bool workflow)
{
	struct buf key;

	buf_init(&key, 1024);
	key_lane(&key, lanes->options->shard, lane->name, workflow);
	resp_word(&lanes->call.command, key.data, key.len);
	buf_release(&key);
}

/* As many as there is room for, and as many as will find room while these are under way. */
static unsigned wanted(const struct lanes *lanes, const struct lane *lane, bool workflow)
{
	unsigned room = lane_room(lanes, lane, workflow);

	return room > 0 ? room + lane->ahead : 0;
}

static void on_woken(void *arg, const struct redis_value *value)
{
	struct lanes *lanes = arg;
	const bool is_list = value != NULL && redis_value_kind(value) == REDIS_KIND_LIST &&
			     redis_value_count(value) == 3 * lanes->asked_count;
	int64_t moved = 0;

	for (size_t i = 0; i < lanes->asked_count; i++) {
		struct lane *lane = lanes->asked[i];

		lane->asked = false;
		if (is_list) {
			moved += redis_value_integer(redis_value_at(value, 3 * i));
			lane_set_waits(lanes, lane,
				redis_value_integer(redis_value_at(value, 3 * i + 1)) > 0,
				redis_value_integer(redis_value_at(value, 3 * i + 2)) > 0);
		}
		lane_forget_if_idle(lanes, lane);
	}
	lanes->asked_count = 0;
	if (value != NULL && redis_value_error(value) != NULL) {
		lanes->events.failed(lanes->arg, redis_value_error(value));
	} else if (moved > 0) {
		lanes->claim_is_due = true;
		lanes->events.woken(lanes->arg);
	} else if (is_list) {
		lanes_wake_soon(lanes);
	}
}

void lanes_on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct lanes *lanes = arg;
	struct buf *command = &lanes->call.command;
	size_t room;

	(void)fd;
	(void)what;
	room = lanes->events.room(lanes->arg);
	if (!lanes->open || lanes->call.under_way || lanes->claim_is_due || room == 0)
		return;
	choose(lanes);
	if (lanes->asked_count == 0)
		return;
	script_call_begin(
		&lanes->call, SCRIPT_WAKE, 3 + 2 * lanes->asked_count, 2 + 3 * lanes->asked_count);
	add_key(lanes, "workers");
	add_key(lanes, "retry");
	add_key(lanes, "parked");
	for (size_t i = 0; i < lanes->asked_count; i++) {
		add_list(lanes, lanes->asked[i], false);
		add_list(lanes, lanes->asked[i], true);
	}
	resp_string(command, lanes->member);
	resp_integer(command, (int64_t)room);
	for (size_t i = 0; i < lanes->asked_count; i++) {
		resp_string(command, lanes->asked[i]->name);
		resp_integer(command, wanted(lanes, lanes->asked[i], false));
		resp_integer(command, wanted(lanes, lanes->asked[i], true));
	}
	(void)script_call_send(
		&lanes->call, TIMEOUT_MS, on_woken, lanes); /* not up: lanes_open() comes again */
}
