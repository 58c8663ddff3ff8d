/* SPDX-License-Identifier: MIT */
/* turn_words: an item's wish as the words of scripts/turn/. */
#include "io/turn_words.h"

#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "io/resp.h"

#define WORDS_MAX_BYTES	 (480 * 1024 * 1024) /* a reply with the longest response that may be */
#define WORDS_KEEP_BYTES (16 * 1024)
#define KEY_MAX_BYTES	 1024

void turn_item_init(struct turn_item *item)
{
	*item = (struct turn_item){0};
	buf_init(&item->key_words, WORDS_MAX_BYTES);
	buf_init(&item->arg_words, WORDS_MAX_BYTES);
}

void turn_item_release(struct turn_item *item)
{
	BUG_ON(item->list != NULL);
	buf_release(&item->key_words);
	buf_release(&item->arg_words);
}

static void start(struct turn_item *item, bool begin)
{
	BUG_ON(item->list != NULL);
	item->begin = begin;
	item->keys = item->args = 0;
	buf_shrink(&item->key_words, WORDS_KEEP_BYTES);
	buf_shrink(&item->arg_words, WORDS_KEEP_BYTES);
}

static void word(struct turn_item *item, const char *data, size_t len)
{
	resp_word(&item->arg_words, data, len);
	item->args++;
}

static void string(struct turn_item *item, const char *text)
{
	word(item, text, strlen(text));
}

static void number(struct turn_item *item, int64_t value)
{
	resp_integer(&item->arg_words, value);
	item->args++;
}

/* A key is written once into a scratch buffer, because its length stands before it. */
static struct buf *scratch(void)
{
	static struct buf key;

	if (key.max == 0)
		buf_init(&key, KEY_MAX_BYTES);
	buf_clear(&key);
	return &key;
}

static void add_key(struct turn_item *item, const struct buf *key)
{
	BUG_ON(key->overflowed);
	resp_word(&item->key_words, key->data, key->len);
	item->keys++;
}

static void result_key(struct turn_item *item, const char *shard, const struct turn_claim *claim)
{
	struct buf *key = scratch();

	key_result(key, shard, claim->org, claim->id);
	add_key(item, key);
}

static void integration_keys(
	struct turn_item *item, const char *shard, const struct turn_basis *basis)
{
	struct buf *key = scratch();

	key_integration(key, shard, basis->org, basis->integration);
	add_key(item, key);
	key = scratch();
	key_secrets(key, shard, basis->org, basis->integration);
	add_key(item, key);
}

static void confirm_keys(
	struct turn_item *item, const char *shard, const char *org, const char *token)
{
	struct buf *key = scratch();

	key_confirm(key, shard, org, token);
	add_key(item, key);
	key = scratch();
	key_org(key, shard, org, "pending");
	add_key(item, key);
}

/* The mark's field in `begun`. */
static void mark_name(struct turn_item *item, const struct turn_claim *claim)
{
	struct buf *name = scratch();

	buf_add_string(name, claim->org);
	buf_add_char(name, ':');
	buf_add_string(name, claim->id);
	word(item, name->data, name->len);
}

static void secrets(struct turn_item *item, const struct turn_basis *basis)
{
	number(item, (int64_t)basis->secrets);
	for (size_t i = 0; i < basis->secrets; i++) {
		string(item, basis->fields[i]);
		word(item, basis->tags[i].data, basis->tags[i].len);
	}
}

void turn_words_begin(struct turn_item *item, const char *shard, const struct turn_begin *begin)
{
	const struct turn_basis *basis = &begin->basis;
	struct buf *key;

	start(item, true);
	result_key(item, shard, &begin->claim);
	key = scratch();
	key_window(key, shard, basis->org, basis->integration, basis->action);
	add_key(item, key);
	integration_keys(item, shard, basis);
	string(item, begin->claim.field);
	mark_name(item, &begin->claim);
	string(item, begin->claim.birth);
	string(item, begin->claim.token);
	string(item, begin->claim.digest);
	string(item, begin->repeatable ? "1" : "0");
	number(item, begin->deadline_ms);
	string(item, basis->version);
	string(item, basis->action);
	number(item, begin->limit_calls);
	number(item, (int64_t)begin->limit_window_s * 1000000);
	string(item, begin->confirm_token != NULL ? begin->confirm_token : "");
	word(item, begin->used.data, begin->used.len);
	secrets(item, basis);
	if (begin->confirm_token != NULL)
		confirm_keys(item, shard, basis->org, begin->confirm_token);
}

static void settle_keys(struct turn_item *item, const char *shard, const struct turn_settle *settle)
{
	const char *org = settle->claim.org;
	struct buf *key;

	result_key(item, shard, &settle->claim);
	key = scratch();
	key_waiting(key, shard, org, settle->claim.id);
	add_key(item, key);
	if (settle->flags & TURN_AUDIT) {
		key = scratch();
		key_org(key, shard, org, "calls");
		add_key(item, key);
	}
	if (settle->flags & TURN_REPLY) {
		key = scratch();
		key_replies(key, shard, settle->reply_to);
		add_key(item, key);
	}
	if (settle->flags & TURN_BASIS)
		integration_keys(item, shard, &settle->basis);
	if (settle->flags & (TURN_PENDING | TURN_DECLINE | TURN_UNUSE))
		confirm_keys(item, shard, org, settle->confirm_token);
}

static void optional(struct turn_item *item, int64_t value)
{
	if (value != 0)
		number(item, value);
	else
		word(item, "", 0);
}

static void audit(struct turn_item *item, const struct turn_settle *settle)
{
	string(item, settle->claim.id);
	string(item, settle->audit.integration);
	string(item, settle->audit.action);
	optional(item, settle->audit.version);
	string(item, settle->audit.status);
	string(item, settle->audit.code);
	string(item, settle->audit.sent);
	number(item, settle->audit.attempts);
	optional(item, settle->audit.begun_at_ms);
	optional(item, settle->audit.http_status);
	number(item, settle->audit.ms);
	word(item, settle->audit.by.data, settle->audit.by.len);
}

void turn_words_settle(
	struct turn_item *item, const struct options *options, const struct turn_settle *settle)
{
	start(item, false);
	settle_keys(item, options->shard, settle);
	string(item, "done");
	string(item, settle->claim.field);
	mark_name(item, &settle->claim);
	string(item, settle->claim.birth);
	string(item, settle->claim.token);
	string(item, settle->claim.digest);
	number(item, settle->flags);
	word(item, settle->reply.data, settle->reply.len);
	if (settle->flags & TURN_AUDIT)
		audit(item, settle);
	if (settle->flags & TURN_BASIS) {
		string(item, settle->basis.version);
		string(item, settle->basis.action);
		secrets(item, &settle->basis);
	}
	if (settle->flags & TURN_PENDING) {
		string(item, settle->confirm_token);
		number(item, settle->expires_at_ms);
		number(item, (int64_t)options->confirm_ttl_s * 2);
		word(item, settle->frozen.data, settle->frozen.len);
	}
	if (settle->flags & TURN_DECLINE) {
		string(item, settle->confirm_token);
		string(item, settle->confirm_version);
		word(item, settle->used.data, settle->used.len);
	}
	if (settle->flags & TURN_UNUSE) {
		string(item, settle->confirm_token);
		number(item, settle->expires_at_ms);
		word(item, settle->used.data, settle->used.len);
	}
	if (settle->flags & TURN_DEAD)
		word(item, settle->dead.data, settle->dead.len);
}

static void lane_words(
	struct turn_item *item, const char *shard, const struct turn_putting_back *how)
{
	struct buf *key = scratch();

	key_shard(key, shard, "parked");
	add_key(item, key);
	key = scratch();
	key_lane(key, shard, how->lane, how->workflow);
	add_key(item, key);
	string(item, how->lane);
	string(item, how->first ? "1" : "0");
}

void turn_words_back(struct turn_item *item, const char *shard, const struct turn_claim *claim,
	const struct turn_putting_back *how)
{
	static const char *const kinds[] = {
		[TURN_GIVE] = "give",
		[TURN_DELAY] = "retry",
		[TURN_UNSENT] = "unsent",
		[TURN_PARK] = "park",
		[TURN_AGAIN] = "again",
	};
	struct buf *key;

	start(item, false);
	string(item, kinds[how->back]);
	string(item, claim->field);
	string(item, how->envelope);
	if (how->back == TURN_PARK)
		lane_words(item, shard, how);
	if (how->back == TURN_GIVE || how->back == TURN_PARK)
		return;
	key = scratch();
	key_shard(key, shard, "delayed");
	add_key(item, key);
	number(item, how->due_ms);
	if (how->back == TURN_DELAY)
		return;
	mark_name(item, claim);
	string(item, claim->birth);
}
