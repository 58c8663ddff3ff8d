/* SPDX-License-Identifier: MIT */
/*
 * turn: what the jobs of one loop turn want of Redis goes out as one script call.
 *
 * The happy path: items are added -> kick -> at the end of the loop turn one call with all of them -> answers in order. What
 * can fail: the connection is lost (the items wait for turn_open() and are asked again); Redis says 'dead' (all are
 * dropped); Redis answers with an error such as BUSY or OOM (they are asked again after a pause).
 */
#include "io/turn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "io/clock.h"
#include "io/queue_wait.h"
#include "io/redis_trouble.h"
#include "io/resp.h"
#include "io/script.h"
#include "io/turn_words.h"

#define ITEMS_MAX	128
#define CLAIM_MAX	64
#define CLAIM_BYTES	(4 * 1024 * 1024)
#define ITEMS_BYTES	(2 * 1024 * 1024)
#define TURN_TIMEOUT_MS 1000
#define BYTES_PER_MS	10000 /* of a line that is slow: a large call has more time */
#define PAUSE_MS	200
#define FIXED_KEYS	9
#define FIXED_ARGS	21
#define HEAD_ANSWERS	9
#define WAITING_MAX	1000 /* duplicates of one job that runs */

struct turn {
	struct redis_async *redis;
	const struct options *options;
	struct turn_events events;
	void *arg;
	struct event *flush;
	struct script_call call;
	bool open;
	bool claiming;
	bool refused;
	size_t asked_claims;
	char worker[64];
	char member[80];
	struct buf fixed_keys;
	struct buf fixed_args;				/* those that never change */
	struct turn_item *settles, *begins;		/* not asked yet; in reverse */
	struct turn_item *asked_settles, *asked_begins; /* in the order of the call */
	size_t settle_count, begin_count;
	uint64_t next_token;
	int64_t credits[QUEUE_COUNT];
};

static void on_flush(evutil_socket_t fd, short what, void *arg);

struct turn *turn_new(struct event_base *base, struct redis_async *redis,
	const struct options *options, const struct turn_events *events, void *arg)
{
	struct turn *turn = xcalloc(1, sizeof(*turn));
	struct buf *args = &turn->fixed_args;

	turn->redis = redis;
	turn->options = options;
	turn->events = *events;
	turn->arg = arg;
	turn->flush = evtimer_new(base, on_flush, turn);
	turn->next_token = 1;
	script_call_init(&turn->call, redis);
	buf_init(&turn->fixed_keys, 64 * 1024);
	buf_init(args, 4096);
	resp_integer(args, options->result_ttl_s);
	resp_integer(args, options->reply_ttl_s);
	resp_integer(args, options->reply_max);
	resp_integer(args, options->calls_max);
	resp_integer(args, options->dead_max);
	resp_integer(args, options->pending_max);
	resp_integer(args, WAITING_MAX);
	return turn;
}

void turn_free(struct turn *turn)
{
	if (turn == NULL)
		return;
	event_free(turn->flush);
	script_call_release(&turn->call);
	buf_release(&turn->fixed_keys);
	buf_release(&turn->fixed_args);
	free(turn);
}

static void write_fixed_keys(struct turn *turn)
{
	static const char *const tails[] = {
		"begun", "retry", "dead", "jobs:decisions", "jobs:chat", "jobs:workflow", "taken"};
	const char *shard = turn->options->shard;
	struct buf key;

	buf_init(&key, 1024);
	buf_clear(&turn->fixed_keys);
	key_shard(&key, shard, "workers");
	resp_word(&turn->fixed_keys, key.data, key.len);
	buf_clear(&key);
	key_claims(&key, shard, turn->worker);
	resp_word(&turn->fixed_keys, key.data, key.len);
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		buf_clear(&key);
		key_shard(&key, shard, tails[i]);
		resp_word(&turn->fixed_keys, key.data, key.len);
	}
	buf_release(&key);
}

void turn_open(struct turn *turn, const char *worker, const char *member)
{
	snprintf(turn->worker, sizeof(turn->worker), "%s", worker);
	snprintf(turn->member, sizeof(turn->member), "%s", member);
	write_fixed_keys(turn);
	turn->open = true;
	turn_kick(turn);
}

void turn_close(struct turn *turn)
{
	turn->open = false;
}

static void forget(struct turn_item **list)
{
	for (struct turn_item *item = *list; item != NULL; item = item->next) {
		item->list = NULL;
		item->asked = false;
	}
	*list = NULL;
}

void turn_clear(struct turn *turn)
{
	forget(&turn->settles);
	forget(&turn->begins);
	forget(&turn->asked_settles);
	forget(&turn->asked_begins);
	turn->settle_count = turn->begin_count = 0;
	turn->refused = false;
}

static void enqueue(struct turn *turn, struct turn_item *item, turn_fn done, void *arg)
{
	struct turn_item **list = item->begin ? &turn->begins : &turn->settles;

	BUG_ON(item->list != NULL);
	item->done = done;
	item->arg = arg;
	item->asked = false;
	item->next = *list;
	item->list = list;
	*list = item;
	turn_kick(turn);
}

void turn_add_begin(struct turn *turn, struct turn_item *item, const struct turn_begin *begin,
	turn_fn done, void *arg)
{
	turn_words_begin(item, turn->options->shard, begin);
	enqueue(turn, item, done, arg);
}

void turn_add_settle(struct turn *turn, struct turn_item *item, const struct turn_settle *settle,
	turn_fn done, void *arg)
{
	turn_words_settle(item, turn->options, settle);
	enqueue(turn, item, done, arg);
}

void turn_add_back(struct turn *turn, struct turn_item *item, const struct turn_claim *claim,
	const struct turn_putting_back *how, turn_fn done, void *arg)
{
	turn_words_back(item, turn->options->shard, claim, how);
	enqueue(turn, item, done, arg);
}

bool turn_cancel(struct turn_item *item)
{
	if (item->list == NULL)
		return true;
	if (item->asked)
		return false;
	for (struct turn_item **at = item->list; *at != NULL; at = &(*at)->next) {
		if (*at == item) {
			*at = item->next;
			item->list = NULL;
			return true;
		}
	}
	BUG("an item that is not in its list");
}

void turn_kick(struct turn *turn)
{
	if (turn->open && !turn->call.under_way && !event_pending(turn->flush, EV_TIMEOUT, NULL))
		event_active(turn->flush, EV_TIMEOUT, 0);
}

bool turn_is_refused(const struct turn *turn)
{
	return turn->refused;
}

bool turn_is_claiming(const struct turn *turn)
{
	return turn->claiming;
}

/* Moves the oldest items of a list (which is in reverse) behind those asked before, up to ITEMS_MAX, and none behind ITEMS_BYTES; returns
 * how many are to be asked. */
static size_t move_to_asked(struct turn_item **from, struct turn_item **asked)
{
	struct turn_item *oldest = NULL;
	size_t count = 0, bytes = 0;

	while (*asked != NULL) {
		bytes += (*asked)->arg_words.len;
		asked = &(*asked)->next;
		count++;
	}
	while (*from != NULL) {
		struct turn_item *item = *from;

		*from = item->next;
		item->next = oldest;
		oldest = item;
	}
	while (oldest != NULL && count < ITEMS_MAX && bytes < ITEMS_BYTES) {
		struct turn_item *item = oldest;

		bytes += item->arg_words.len;
		oldest = item->next;
		item->next = NULL;
		item->asked = true;
		*asked = item;
		asked = &item->next;
		count++;
	}
	while (oldest != NULL) {
		struct turn_item *item = oldest;

		oldest = item->next;
		item->next = *from;
		*from = item;
	}
	return count;
}

static void count_words(const struct turn_item *items, size_t *keys, size_t *args)
{
	for (; items != NULL; items = items->next) {
		*keys += items->keys;
		*args += items->args;
	}
}

static void add_words(struct buf *command, const struct turn_item *items, bool keys)
{
	for (; items != NULL; items = items->next) {
		const struct buf *words = keys ? &items->key_words : &items->arg_words;

		buf_add(command, words->data, words->len);
	}
}

static void write_call(struct turn *turn, size_t claims)
{
	struct buf *command = &turn->call.command;
	size_t keys = FIXED_KEYS, args = FIXED_ARGS;

	count_words(turn->asked_settles, &keys, &args);
	count_words(turn->asked_begins, &keys, &args);
	script_call_begin(&turn->call, SCRIPT_TURN, keys, args);
	buf_add(command, turn->fixed_keys.data, turn->fixed_keys.len);
	add_words(command, turn->asked_settles, true);
	add_words(command, turn->asked_begins, true);
	resp_string(command, turn->member);
	resp_string(command, turn->worker);
	buf_add(command, turn->fixed_args.data, turn->fixed_args.len);
	resp_integer(command, (int64_t)turn->settle_count);
	resp_integer(command, (int64_t)turn->begin_count);
	resp_integer(command, (int64_t)claims);
	resp_integer(command, CLAIM_BYTES);
	resp_integer(command, (int64_t)turn->next_token);
	for (int i = 0; i < QUEUE_COUNT; i++)
		resp_integer(command, turn->credits[i]);
	for (int i = 0; i < QUEUE_COUNT; i++)
		resp_integer(command, turn->options->weights[i]);
	resp_integer(command, (int64_t)turn->events.workflow_room(turn->arg));
	add_words(command, turn->asked_settles, false);
	add_words(command, turn->asked_begins, false);
}

static void on_answer(void *arg, const struct redis_value *value);

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct turn *turn = arg;
	uint32_t timeout_ms;
	size_t claims;

	(void)fd;
	(void)what;
	if (!turn->open || turn->call.under_way)
		return;
	/* What could not come to its end is taken by nobody. */
	claims = turn->refused ? 0 : turn->events.room(turn->arg);
	if (claims > CLAIM_MAX)
		claims = CLAIM_MAX;
	turn->settle_count = move_to_asked(&turn->settles, &turn->asked_settles);
	turn->begin_count = move_to_asked(&turn->begins, &turn->asked_begins);
	if (claims == 0 && turn->settle_count == 0 && turn->begin_count == 0)
		return;
	write_call(turn, claims);
	turn->asked_claims = claims;
	/* A lost answer may have used these up, so they are never given out again. */
	turn->next_token += claims;
	timeout_ms = TURN_TIMEOUT_MS + (uint32_t)(turn->call.command.len / BYTES_PER_MS);
	/* Where the connection is not up, all of it is asked again by turn_open(). */
	turn->claiming = script_call_send(&turn->call, timeout_ms, on_answer, turn) && claims > 0;
}

/* `error TEXT` where the text says that this user may not do it: no fault of the item's, and nothing of it was done. */
static const char *refusal_of(struct span text)
{
	const struct redis_trouble *trouble;
	char error[160];

	if (text.len < 7 || memcmp(text.data, "error ", 6) != 0)
		return NULL;
	snprintf(error, sizeof(error), "%.*s", (int)(text.len - 6), text.data + 6);
	trouble = redis_trouble_of(error);
	return trouble != NULL && trouble->setting ? text.data + 6 : NULL;
}

/* Those that were refused stay in the list: `refusal` is why. */
static void answer_all(
	struct turn_item **asked, const struct redis_value *value, size_t *at, const char **refusal)
{
	while (*asked != NULL) {
		struct turn_item *item = *asked;
		struct span text = redis_value_text(redis_value_at(value, (*at)++));

		if (refusal_of(text) != NULL) {
			*refusal = refusal_of(text);
			asked = &item->next;
			continue;
		}
		*asked = item->next;
		item->list = NULL;
		item->asked = false;
		item->done(item->arg, text);
	}
}

static void take_claims(struct turn *turn, const struct redis_value *value, size_t at)
{
	size_t taken = (redis_value_count(value) - at) / 2, bytes = 0;
	bool more;

	queue_wait_claimed_at(redis_value_integer(redis_value_at(value, 0)));
	for (size_t i = 0; i < taken; i++) {
		struct span payload = redis_value_text(redis_value_at(value, at + 2 * i + 1));

		bytes += payload.len;
		turn->events.claimed(
			turn->arg, redis_value_text(redis_value_at(value, at + 2 * i)), payload);
	}
	turn->claiming = false;
	if (turn->asked_claims == 0)
		return;
	more = taken == turn->asked_claims || bytes >= CLAIM_BYTES;
	if (!more)
		queue_wait_emptied();
	turn->events.claims_over(turn->arg, taken, more);
}

static void read_losses(struct turn *turn, const struct redis_value *value)
{
	const struct turn_losses losses = {
		.replies = redis_value_integer(redis_value_at(value, 4)),
		.dead_letters = redis_value_integer(redis_value_at(value, 5)),
		.audit_trimmed = redis_value_integer(redis_value_at(value, 6)),
		.audit_lost = redis_value_integer(redis_value_at(value, 7)),
		.not_lists = redis_value_text(redis_value_at(value, 8)),
	};

	if (losses.replies > 0 || losses.dead_letters > 0 || losses.audit_trimmed > 0 ||
		losses.audit_lost > 0 || losses.not_lists.len > 0)
		turn->events.lost(turn->arg, &losses);
}

static void pause_flush(struct turn *turn)
{
	struct timeval pause = {0, PAUSE_MS * 1000};

	event_del(turn->flush);
	event_add(turn->flush, &pause);
}

static void read_answer(struct turn *turn, const struct redis_value *value)
{
	size_t at = HEAD_ANSWERS;
	const char *refusal = NULL;
	bool was_refused = turn->refused;

	BUG_ON(redis_value_count(value) < HEAD_ANSWERS + turn->settle_count + turn->begin_count);
	clock_set_redis_us(redis_value_integer(redis_value_at(value, 0)), turn->call.asked_us);
	for (int i = 0; i < QUEUE_COUNT; i++)
		turn->credits[i] = redis_value_integer(redis_value_at(value, 1 + (size_t)i));
	answer_all(&turn->asked_settles, value, &at, &refusal);
	answer_all(&turn->asked_begins, value, &at, &refusal);
	turn->refused = refusal != NULL;
	read_losses(turn, value);
	take_claims(turn, value, at);
	if (refusal != NULL) {
		turn->events.failed(turn->arg, refusal);
		pause_flush(turn);
	} else if (was_refused || turn->settles != NULL || turn->begins != NULL) {
		turn_kick(turn);
	}
}

static void on_answer(void *arg, const struct redis_value *value)
{
	struct turn *turn = arg;

	if (value != NULL && turn->open && redis_value_kind(value) == REDIS_KIND_LIST) {
		read_answer(turn, value);
		return;
	}
	turn->claiming = false;
	if (value == NULL || !turn->open)
		return;
	if (redis_value_error(value) != NULL) {
		turn->events.failed(turn->arg, redis_value_error(value));
		pause_flush(turn);
	} else {
		turn->open = false;
		turn_clear(turn);
		turn->events.dead(turn->arg);
	}
}
