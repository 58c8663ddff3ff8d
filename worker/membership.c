/* SPDX-License-Identifier: MIT */
/* membership: a worker's name in Redis's list of workers, which is its lease on all it has claimed. */
#include "membership.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "io/clock.h"
#include "io/random.h"
#include "io/resp.h"

#define TIMEOUT_MS 1000

/* A claim whose answer was lost on its way to us: nobody runs it. */
struct given_back {
	struct given_back *next;
	struct membership *membership;
	struct turn_item item;
};

static void draw_name(struct membership *membership)
{
	random_hex(membership->name, 8);
	membership->epoch = membership->known_epoch = 0;
}

void membership_init(struct membership *membership, struct redis_async *redis, struct turn *turn,
	const char *shard, const struct membership_events *events, void *arg)
{
	*membership = (struct membership){
		.redis = redis, .turn = turn, .shard = shard, .events = *events, .arg = arg};
	script_call_init(&membership->call, redis);
	draw_name(membership);
}

static void forget_given_back(struct membership *membership)
{
	while (membership->given_back != NULL) {
		struct given_back *given = membership->given_back;

		membership->given_back = given->next;
		turn_item_release(&given->item);
		free(given);
	}
}

void membership_release(struct membership *membership)
{
	forget_given_back(membership);
	script_call_release(&membership->call);
}

static void on_given(void *arg, struct span answer)
{
	struct given_back *given = arg;
	struct given_back **at = &given->membership->given_back;

	(void)answer; /* ok, or lost: then it is somebody else's */
	while (*at != given)
		at = &(*at)->next;
	*at = given->next;
	turn_item_release(&given->item);
	free(given);
}

/* `token queue deliveries birth carry` as `queue deliveries birth carry`, with one delivery less. False where it is none. */
static bool write_envelope(char *field, struct buf *envelope)
{
	char *parts[5];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		parts[i] = strsep(&field, " ");
		if (parts[i] == NULL)
			return false;
	}
	buf_printf(envelope, "%s %lu %s %s", parts[1], strtoul(parts[2], NULL, 10) - 1, parts[3],
		parts[4]);
	return true;
}

/* It goes back at once, and is not counted as a delivery. */
static void give_back(struct membership *membership, struct span field)
{
	char *text = xmemdup(field.data, field.len), *cut = xmemdup(field.data, field.len);
	struct buf envelope;
	struct given_back *given;

	buf_init(&envelope, field.len + 1);
	if (write_envelope(cut, &envelope)) {
		given = xcalloc(1, sizeof(*given));
		given->membership = membership;
		given->next = membership->given_back;
		membership->given_back = given;
		turn_item_init(&given->item);
		turn_add_back(membership->turn, &given->item, &(struct turn_claim){.field = text},
			&(struct turn_putting_back){.back = TURN_GIVE, .envelope = envelope.data},
			on_given, given);
	}
	buf_release(&envelope);
	free(cut);
	free(text);
}

static bool is_on_its_way_back(const struct membership *membership, struct span field)
{
	for (const struct given_back *given = membership->given_back; given != NULL;
		given = given->next) {
		if (memmem(given->item.arg_words.data, given->item.arg_words.len, field.data,
			    field.len) != NULL)
			return true;
	}
	return false;
}

static void register_now(struct membership *membership);

void membership_dead(struct membership *membership)
{
	membership->registered = false;
	membership->events.forgotten(membership->arg);
	forget_given_back(membership);
	draw_name(membership);
	register_now(membership);
}

static void read_claims(struct membership *membership, const struct redis_value *value)
{
	for (size_t i = 1; i < redis_value_count(value); i++) {
		struct span field = redis_value_text(redis_value_at(value, i));

		if (!membership->events.is_known(membership->arg, field) &&
			!is_on_its_way_back(membership, field))
			give_back(membership, field);
	}
}

static void on_registered(void *arg, const struct redis_value *value)
{
	struct membership *membership = arg;

	if (value == NULL)
		return;
	if (redis_value_kind(value) == REDIS_KIND_LIST) {
		clock_set_redis_us(
			redis_value_integer(redis_value_at(value, 0)), membership->call.asked_us);
		membership->known_epoch = membership->epoch;
		membership->registered = true;
		read_claims(membership, value);
		membership->events.ready(membership->arg);
	} else if (redis_value_error(value) != NULL) {
		redis_async_drop(membership->redis, redis_value_error(value));
	} else {
		membership_dead(membership);
	}
}

static void add_key(struct membership *membership,
	void (*write)(struct buf *, const char *, const char *), const char *tail)
{
	struct buf key;

	buf_init(&key, 1024);
	write(&key, membership->shard, tail);
	resp_word(&membership->call.command, key.data, key.len);
	buf_release(&key);
}

static void add_member(struct membership *membership, unsigned epoch)
{
	char member[sizeof(membership->member)];

	snprintf(member, sizeof(member), "%s:%u", membership->name, epoch);
	resp_string(&membership->call.command, member);
}

static void register_now(struct membership *membership)
{
	struct buf *command = &membership->call.command;
	unsigned first = membership->known_epoch, unanswered;

	/* A first registration that was not answered may still come: its name is not used again. */
	if (first == 0)
		draw_name(membership);
	unanswered = membership->epoch - first;
	membership->epoch++;
	snprintf(membership->member, sizeof(membership->member), "%s:%u", membership->name,
		membership->epoch);
	script_call_begin(&membership->call, SCRIPT_REGISTER, 2, first > 0 ? 2 + unanswered : 2);
	add_key(membership, key_shard, "workers");
	add_key(membership, key_claims, membership->name);
	if (first > 0)
		add_member(membership, first);
	else
		resp_string(command, "");
	resp_string(command, membership->member);
	for (unsigned epoch = first + 1; first > 0 && epoch < membership->epoch; epoch++)
		add_member(membership, epoch);
	(void)script_call_send(&membership->call, TIMEOUT_MS, on_registered,
		membership); /* not up: membership_up() comes again */
}

void membership_up(struct membership *membership)
{
	register_now(membership);
}

void membership_down(struct membership *membership)
{
	membership->registered = false;
}

static void on_left(void *arg, const struct redis_value *value)
{
	struct membership *membership = arg;

	(void)value; /* where it was not done, the lease ends by itself */
	membership->left(membership->left_arg);
}

bool membership_leave(struct membership *membership, void (*left)(void *arg), void *arg)
{
	struct buf *command = &membership->call.command;

	if (!membership->registered)
		return false;
	membership->left = left;
	membership->left_arg = arg;
	script_call_begin(&membership->call, SCRIPT_LEAVE, 3, 2);
	add_key(membership, key_shard, "workers");
	add_key(membership, key_shard, "dying");
	add_key(membership, key_claims, membership->name);
	resp_string(command, membership->member);
	resp_string(command, membership->name);
	return script_call_send(&membership->call, TIMEOUT_MS, on_left, membership);
}
