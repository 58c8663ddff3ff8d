/* SPDX-License-Identifier: MIT */
/*
 * lanes: how many of this worker's slots one org, and one host, may have at once, and who wakes the jobs that wait for one.
 *
 * The happy path: a lane with jobs in its list gets room -> one wake for all such lanes of a loop turn -> the worker claims what was
 * woken. No second wake goes out before that claim was answered, so no job is woken for room that is taken already. What can fail: the connection (asked
 * again once it is back); another worker claims what was woken (it has room, or puts it back in front).
 */
#include "io/lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <sodium.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "io/resp.h"
#include "io/script.h"

#define BUCKETS	      1024
#define LANES_A_CALL  16
#define TIMEOUT_MS    1000
#define MEMBER_BYTES  96
#define KEPT_FOR_CHAT 10 /* one of so many slots */

struct lane {
	struct lane *next; /* in its bucket */
	TAILQ_ENTRY(lane) link;
	unsigned in_flight, workflows;
	bool chat_waits,
		workflow_waits; /* in Redis, as far as is known here; then it is in `waiting` */
	bool asked;		/* in the call under way */
	char name[];
};

TAILQ_HEAD(lane_list, lane);

struct lanes {
	struct redis_async *redis;
	const struct options *options;
	struct lanes_events events;
	void *arg;
	struct event *flush;
	struct script_call call;
	bool open;
	bool claim_is_due; /* what was woken is not claimed yet */
	char member[MEMBER_BYTES];
	unsigned char hash_key[crypto_shorthash_KEYBYTES];
	struct lane *buckets[BUCKETS];
	struct lane_list waiting;
	struct lane *asked[LANES_A_CALL];
	size_t asked_count;
};

void lane_name(char name[LANE_NAME_BYTES], enum lane_kind kind, const char *what, uint16_t port)
{
	if (kind == LANE_ORG)
		snprintf(name, LANE_NAME_BYTES, "o:%s", what);
	else
		snprintf(name, LANE_NAME_BYTES, "h:%s:%u", what, port);
}

static struct lane **find(struct lanes *lanes, const char *name)
{
	unsigned char hash[crypto_shorthash_BYTES];
	struct lane **at;
	uint32_t index;

	crypto_shorthash(hash, (const unsigned char *)name, strlen(name), lanes->hash_key);
	memcpy(&index, hash, sizeof(index));
	at = &lanes->buckets[index % BUCKETS];
	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

static struct lane *find_or_make(struct lanes *lanes, const char *name)
{
	struct lane **at = find(lanes, name);
	size_t len = strlen(name);

	if (*at == NULL) {
		*at = xcalloc(1, sizeof(**at) + len + 1);
		memcpy((*at)->name, name, len + 1);
	}
	return *at;
}

static bool waits(const struct lane *lane)
{
	return lane->chat_waits || lane->workflow_waits;
}

static void set_waits(struct lanes *lanes, struct lane *lane, bool chat, bool workflow)
{
	const bool waited = waits(lane);

	lane->chat_waits = chat;
	lane->workflow_waits = workflow;
	if (!waited && waits(lane))
		TAILQ_INSERT_TAIL(&lanes->waiting, lane, link);
	else if (waited && !waits(lane))
		TAILQ_REMOVE(&lanes->waiting, lane, link);
}

static void forget_if_idle(struct lanes *lanes, struct lane *lane)
{
	struct lane **at;

	if (lane->in_flight > 0 || waits(lane) || lane->asked)
		return;
	at = find(lanes, lane->name);
	*at = lane->next;
	free(lane);
}

static unsigned slots_of(const struct lanes *lanes, const char *name)
{
	return name[0] == 'o' ? lanes->options->org_slots : lanes->options->host_slots;
}

static unsigned room_of(const struct lanes *lanes, const struct lane *lane, bool workflow)
{
	unsigned slots = slots_of(lanes, lane->name), room, most = slots - slots / KEPT_FOR_CHAT;

	room = lane->in_flight < slots ? slots - lane->in_flight : 0;
	if (workflow && lane->workflows + room > most)
		room = lane->workflows < most ? most - lane->workflows : 0;
	return room;
}

static bool could_wake(const struct lanes *lanes, const struct lane *lane)
{
	return (lane->chat_waits && room_of(lanes, lane, false) > 0) ||
	       (lane->workflow_waits && room_of(lanes, lane, true) > 0);
}

static void wake_soon(struct lanes *lanes)
{
	if (lanes->open && !lanes->claim_is_due && !lanes->call.under_way &&
		!TAILQ_EMPTY(&lanes->waiting))
		event_active(lanes->flush, EV_TIMEOUT, 0);
}

struct lane *lanes_enter(struct lanes *lanes, const char *name, bool workflow, bool newcomer)
{
	struct lane *lane = find_or_make(lanes, name);

	if (room_of(lanes, lane, workflow) == 0 ||
		(newcomer && (workflow ? lane->workflow_waits : lane->chat_waits)))
		return NULL;
	lane->in_flight++;
	lane->workflows += workflow;
	return lane;
}

void lanes_leave(struct lanes *lanes, struct lane *lane, bool workflow)
{
	BUG_ON(lane->in_flight == 0);
	lane->in_flight--;
	lane->workflows -= workflow;
	if (waits(lane))
		wake_soon(lanes);
	forget_if_idle(lanes, lane);
}

void lanes_parked(struct lanes *lanes, const char *name, bool workflow)
{
	struct lane *lane = find_or_make(lanes, name);

	set_waits(lanes, lane, lane->chat_waits || !workflow, lane->workflow_waits || workflow);
	wake_soon(lanes); /* the last job of the lane may have ended meanwhile */
}

void lanes_heard_of(struct lanes *lanes, struct span name)
{
	char text[LANE_NAME_BYTES];
	struct lane *lane;

	if (name.len >= sizeof(text))
		return;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	lane = find_or_make(lanes, text);
	if (!waits(lane))
		set_waits(lanes, lane, true, true);
	wake_soon(lanes);
}

void lanes_claimed(struct lanes *lanes)
{
	lanes->claim_is_due = false;
	wake_soon(lanes);
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
			set_waits(lanes, lane,
				redis_value_integer(redis_value_at(value, 3 * i + 1)) > 0,
				redis_value_integer(redis_value_at(value, 3 * i + 2)) > 0);
		}
		forget_if_idle(lanes, lane);
	}
	lanes->asked_count = 0;
	if (value != NULL && redis_value_error(value) != NULL) {
		lanes->events.failed(lanes->arg, redis_value_error(value));
	} else if (moved > 0) {
		lanes->claim_is_due = true;
		lanes->events.woken(lanes->arg);
	} else if (is_list) {
		wake_soon(lanes);
	}
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
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
		resp_integer(command, room_of(lanes, lanes->asked[i], false));
		resp_integer(command, room_of(lanes, lanes->asked[i], true));
	}
	(void)script_call_send(
		&lanes->call, TIMEOUT_MS, on_woken, lanes); /* not up: lanes_open() comes again */
}

struct lanes *lanes_new(struct event_base *base, struct redis_async *redis,
	const struct options *options, const struct lanes_events *events, void *arg)
{
	struct lanes *lanes = xcalloc(1, sizeof(*lanes));

	lanes->redis = redis;
	lanes->options = options;
	lanes->events = *events;
	lanes->arg = arg;
	lanes->flush = evtimer_new(base, on_flush, lanes);
	TAILQ_INIT(&lanes->waiting);
	crypto_shorthash_keygen(lanes->hash_key);
	script_call_init(&lanes->call, redis);
	return lanes;
}

void lanes_free(struct lanes *lanes)
{
	if (lanes == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (lanes->buckets[i] != NULL) {
			struct lane *lane = lanes->buckets[i];

			lanes->buckets[i] = lane->next;
			free(lane);
		}
	}
	event_free(lanes->flush);
	script_call_release(&lanes->call);
	free(lanes);
}

void lanes_open(struct lanes *lanes, const char *member)
{
	snprintf(lanes->member, sizeof(lanes->member), "%s", member);
	lanes->open = true;
	lanes->claim_is_due = false;
	wake_soon(lanes);
}

void lanes_close(struct lanes *lanes)
{
	lanes->open = false;
}
