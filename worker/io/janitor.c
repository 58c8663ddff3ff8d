/* SPDX-License-Identifier: MIT */
/*
 * janitor: keeps this worker's lease, promotes jobs that are due, and empties workers that died.
 *
 * The happy path: each second at most (a third of the lease where that is less, sooner where a job is due) one renew; where it
 * names a dead worker, one reap after the other until all are empty. One call is under way at a time.
 */
#include "io/janitor.h"

#include <stdio.h>
#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "io/clock.h"
#include "io/metrics.h"
#include "io/queue_wait.h"
#include "io/resp.h"
#include "io/script.h"
#include "io/strays.h"

#define RENEW_MS      1000
#define REFUSED_MS    200 /* until a renewal that was refused is asked for again */
#define TIMEOUT_MS    1000
#define PROMOTE_MAX   256
#define REAP_MAX      50
#define VICTIMS_MAX   32
#define MEMBER_BYTES  96
#define RENEWED_NAMES 10 /* where names begin in renew's answer */

static const char *const renew_keys[] = {"workers", "dying", "retry", "delayed", "taken",
	"jobs:decisions", "jobs:chat", "jobs:workflow", "ages:decisions", "ages:chat",
	"ages:workflow", "parked"};

struct victim {
	char member[MEMBER_BYTES]; /* W:epoch; empty: already being emptied */
	char worker[MEMBER_BYTES]; /* W */
};

struct janitor {
	struct redis_async *redis;
	const struct options *options;
	struct janitor_events events;
	void *arg;
	struct event *timer;
	struct script_call call;
	struct strays *strays;
	bool open;
	char member[MEMBER_BYTES];
	int64_t reap_from_ms; /* monotonic */
	int64_t asked_ms;     /* when it was last asked to renew, monotonic */
	int64_t renewed_ms;   /* the same of the last renewal that was done */
	int64_t next_ms;      /* of the timer, monotonic */
	int64_t expected_ms; /* when the next job is due that the renew under way may not have seen, monotonic; 0: none */
	struct victim victims[VICTIMS_MAX];
	size_t victim_count;
};

static void schedule(struct janitor *janitor, int64_t ms)
{
	struct timeval wait = {ms / 1000, (ms % 1000) * 1000};

	janitor->next_ms = clock_now_ms() + ms;
	event_add(janitor->timer, &wait);
}

static int64_t interval_ms(const struct janitor *janitor)
{
	int64_t third = janitor->options->lease_ms / 3;

	return third < RENEW_MS ? (third > 0 ? third : 1) : RENEW_MS;
}

/* The next renew: after the interval, or when a job is due before. */
static void schedule_next(struct janitor *janitor)
{
	int64_t now_ms = clock_now_ms(), at_ms = now_ms + interval_ms(janitor);

	if (janitor->expected_ms != 0 && janitor->expected_ms < at_ms)
		at_ms = janitor->expected_ms;
	schedule(janitor, at_ms > now_ms ? at_ms - now_ms : 1);
}

static void add_key(struct janitor *janitor, const char *tail)
{
	struct buf key;

	buf_init(&key, 1024);
	key_shard(&key, janitor->options->shard, tail);
	resp_word(&janitor->call.command, key.data, key.len);
	buf_release(&key);
}

static void reap_next(struct janitor *janitor);
static void renew(struct janitor *janitor);

/* Whoever else lives has to renew first. */
static void reap_later(struct janitor *janitor)
{
	janitor->reap_from_ms = clock_now_ms() + janitor->options->lease_ms;
}

/* False where there is nothing to read: the connection is gone, or the answer was no list. */
static bool is_list(struct janitor *janitor, const struct redis_value *value)
{
	if (value == NULL || !janitor->open)
		return false;
	if (redis_value_kind(value) == REDIS_KIND_LIST)
		return true;
	if (redis_value_error(value) != NULL) {
		janitor->events.failed(janitor->arg, redis_value_error(value));
	} else {
		janitor->open = false;
		janitor->events.dead(janitor->arg);
	}
	return false;
}

static void on_reaped(void *arg, const struct redis_value *value)
{
	struct janitor *janitor = arg;
	struct victim *victim;
	size_t moved;

	if (!is_list(janitor, value) || janitor->victim_count == 0) {
		janitor->victim_count = 0;
		return;
	}
	victim = &janitor->victims[janitor->victim_count - 1];
	moved = (size_t)redis_value_integer(redis_value_at(value, 0));
	victim->member[0] = '\0';
	if (redis_value_integer(redis_value_at(value, 1)) == 0)
		janitor->victim_count--;
	if (moved > 0)
		janitor->events.took_over(janitor->arg, span_of(victim->worker), moved);
	/* Its own lease comes first, however much the dead left behind; the renewal names them again. */
	if (clock_now_ms() - janitor->asked_ms >= interval_ms(janitor) ||
		(janitor->expected_ms != 0 && janitor->expected_ms <= clock_now_ms()))
		renew(janitor);
	else
		reap_next(janitor);
}

static void reap_next(struct janitor *janitor)
{
	struct buf *command = &janitor->call.command;
	const struct victim *victim;
	struct buf key;

	if (janitor->victim_count == 0 || !janitor->open || janitor->call.under_way)
		return;
	victim = &janitor->victims[janitor->victim_count - 1];
	script_call_begin(&janitor->call, SCRIPT_REAP, 4, 5);
	add_key(janitor, "workers");
	add_key(janitor, "dying");
	add_key(janitor, "retry");
	buf_init(&key, 1024);
	key_claims(&key, janitor->options->shard, victim->worker);
	resp_word(command, key.data, key.len);
	buf_release(&key);
	resp_string(command, janitor->member);
	resp_string(command, victim->worker);
	resp_string(command, victim->member);
	resp_integer(command, janitor->options->lease_ms);
	resp_integer(command, REAP_MAX);
	if (!script_call_send(&janitor->call, TIMEOUT_MS, on_reaped, janitor))
		janitor->victim_count = 0;
}

static void add_victim(struct janitor *janitor, struct span text, bool is_member)
{
	struct victim *victim = &janitor->victims[janitor->victim_count];
	char *colon;

	if (janitor->victim_count == VICTIMS_MAX || text.len >= MEMBER_BYTES)
		return;
	snprintf(victim->worker, sizeof(victim->worker), "%.*s", (int)text.len, text.data);
	victim->member[0] = '\0';
	if (is_member) {
		memcpy(victim->member, victim->worker, sizeof(victim->member));
		colon = strrchr(victim->worker, ':');
		if (colon == NULL)
			return;
		*colon = '\0';
	}
	janitor->victim_count++;
}

/* Those whose lease ended, and those that are being emptied: for these nobody has to wait. */
static void add_victims(
	struct janitor *janitor, const struct redis_value *value, size_t expired, size_t lanes)
{
	bool reaps = clock_now_ms() >= janitor->reap_from_ms;

	janitor->victim_count = 0;
	for (size_t i = RENEWED_NAMES; i < redis_value_count(value); i++) {
		bool is_member = i < RENEWED_NAMES + expired;

		if (!is_member && i < RENEWED_NAMES + expired + lanes)
			continue;

		if (reaps || !is_member)
			add_victim(janitor, redis_value_text(redis_value_at(value, i)), is_member);
	}
}

static void read_ages(const struct redis_value *value)
{
	int64_t now_us = redis_value_integer(redis_value_at(value, 0));

	for (size_t i = 0; i < QUEUE_COUNT; i++) {
		int64_t age_ms = redis_value_integer(redis_value_at(value, 3 + i));

		if (age_ms < 0)
			age_ms = 0;
		metrics_set(METRICS_OLDEST_DECISIONS + i, age_ms / 1000);
		queue_wait_none_before((enum queue)i, now_us - age_ms * 1000);
	}
}

/* No writes were taken for a while, or no answers given: like every lease, the others' look older than their workers are. */
static void note_renewal(struct janitor *janitor)
{
	if (janitor->asked_ms - janitor->renewed_ms > janitor->options->lease_ms)
		reap_later(janitor);
	janitor->renewed_ms = janitor->asked_ms;
}

static void read_names(struct janitor *janitor, const struct redis_value *value)
{
	size_t expired = (size_t)redis_value_integer(redis_value_at(value, 7));
	size_t lanes = (size_t)redis_value_integer(redis_value_at(value, 8));
	struct span wrong = redis_value_text(redis_value_at(value, 9));

	if (wrong.len > 0)
		janitor->events.wrong_keys(janitor->arg, wrong);
	for (size_t i = 0; i < lanes; i++)
		janitor->events.lane_waits(janitor->arg,
			redis_value_text(redis_value_at(value, RENEWED_NAMES + expired + i)));
	add_victims(janitor, value, expired, lanes);
}

static void on_refused(struct janitor *janitor)
{
	reap_later(janitor);
	if (janitor->open)
		schedule(janitor,
			interval_ms(janitor) < REFUSED_MS ? interval_ms(janitor) : REFUSED_MS);
}

static void on_renewed(void *arg, const struct redis_value *value)
{
	struct janitor *janitor = arg;
	int64_t due;

	if (janitor->open)
		schedule_next(janitor);
	if (!is_list(janitor, value)) {
		on_refused(janitor);
		return;
	}
	note_renewal(janitor);
	clock_set_redis_us(redis_value_integer(redis_value_at(value, 0)), janitor->call.asked_us);
	due = redis_value_integer(redis_value_at(value, 2));
	if (due >= 0)
		janitor_expect(janitor, due);
	read_ages(value);
	metrics_set(METRICS_PARKED, redis_value_integer(redis_value_at(value, 6)));
	read_names(janitor, value);
	janitor->events.renewed(
		janitor->arg, (size_t)redis_value_integer(redis_value_at(value, 1)));
	reap_next(janitor);
	strays_look(janitor->strays);
}

static void renew(struct janitor *janitor)
{
	struct buf *command = &janitor->call.command;

	janitor->asked_ms = clock_now_ms();
	janitor->expected_ms = 0;
	script_call_begin(&janitor->call, SCRIPT_RENEW, ARRAY_SIZE(renew_keys),
		3 + strays_count(janitor->strays));
	for (size_t i = 0; i < ARRAY_SIZE(renew_keys); i++)
		add_key(janitor, renew_keys[i]);
	resp_string(command, janitor->member);
	resp_integer(command, janitor->options->lease_ms);
	resp_integer(command, PROMOTE_MAX);
	strays_take(janitor->strays, command);
	(void)script_call_send(&janitor->call, TIMEOUT_MS, on_renewed,
		janitor); /* not up: janitor_open() comes again */
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct janitor *janitor = arg;

	(void)fd;
	(void)what;
	schedule(janitor, interval_ms(janitor));
	if (janitor->open && !janitor->call.under_way)
		renew(janitor);
}

struct janitor *janitor_new(struct event_base *base, struct redis_async *redis,
	const struct options *options, const struct janitor_events *events, void *arg)
{
	struct janitor *janitor = xcalloc(1, sizeof(*janitor));

	janitor->redis = redis;
	janitor->options = options;
	janitor->events = *events;
	janitor->arg = arg;
	janitor->timer = evtimer_new(base, on_timer, janitor);
	janitor->strays = strays_new(redis, options);
	script_call_init(&janitor->call, redis);
	return janitor;
}

void janitor_free(struct janitor *janitor)
{
	if (janitor == NULL)
		return;
	event_free(janitor->timer);
	script_call_release(&janitor->call);
	strays_free(janitor->strays);
	free(janitor);
}

void janitor_open(struct janitor *janitor, const char *member)
{
	snprintf(janitor->member, sizeof(janitor->member), "%s", member);
	janitor->open = true;
	janitor->victim_count = 0;
	janitor->renewed_ms = clock_now_ms();
	reap_later(janitor);
	strays_look_anew(janitor->strays);
	schedule(janitor, 0);
}

void janitor_suspect(struct janitor *janitor, const char *worker)
{
	strays_add(janitor->strays, worker);
}

void janitor_close(struct janitor *janitor)
{
	janitor->open = false;
	event_del(janitor->timer);
}

void janitor_expect(struct janitor *janitor, int64_t due_ms)
{
	int64_t wait = due_ms - clock_redis_ms() + 1,
		at_ms = clock_now_ms() + (wait < 1 ? 1 : wait);

	if (janitor->expected_ms == 0 || at_ms < janitor->expected_ms)
		janitor->expected_ms = at_ms;
	if (janitor->open && at_ms < janitor->next_ms)
		schedule_next(janitor);
}
