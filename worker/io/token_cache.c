/* SPDX-License-Identifier: MIT */
/*
 * token_cache: the access tokens of service accounts.
 *
 * The happy path: nothing is found, the first one's wait starts a fetch, the next ones join it; the fetch ends, the token is kept and handed
 * to all; whoever comes later finds it; when little of its time is left, one of them has it renewed while it still serves.
 * What can fail: the fetch (told to all who wait, and for a moment to whoever comes); a wait that ends before the fetch.
 */
#include "io/token_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <sodium.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/name.h"
#include "io/clock.h"
#include "io/random.h"

#define BUCKETS		  1024 /* a power of two */
#define FAILURE_US	  1000000
#define FAILURE_SPREAD_US 1000000
#define FAILURE_MAX_US	  60000000
#define RENEW_MIN_US \
	60000000 /* before its end, or a tenth of its time, whichever is more; at most half of it */
#define SPENT_MAX_US 10000000 /* before its end it is not used any more, or a tenth of its time */

TAILQ_HEAD(wait_list, token_wait);

struct entry {
	struct entry *next; /* of its bucket */
	TAILQ_ENTRY(entry) used;
	struct token_cache *cache;
	struct token_id id;
	char org[NAME_MAX_BYTES + 1];
	char *text; /* in secret memory; NULL: no token */
	size_t len;
	uint64_t serial;
	int64_t asked_ms; /* Redis's clock */
	int64_t renew_at_us, spent_at_us;
	struct token_fetch *fetch;
	int64_t fetch_asked_ms, fetch_asked_us;
	bool telling; /* who waited: the token stays where it is */
	struct token_failure failure;
	int64_t failed_until_us;
	struct wait_list waits;
};

TAILQ_HEAD(entry_list, entry);

struct token_wait {
	TAILQ_ENTRY(token_wait) link; /* of its entry */
	struct entry *entry;
	struct event *timer;
	token_fn done;
	void *arg;
};

struct token_cache {
	struct token_tools tools;
	unsigned char *key; /* locked */
	struct entry *buckets[BUCKETS];
	struct entry_list used; /* longest ago first */
	size_t count;
	uint64_t serial; /* of the newest token */
};

struct token_cache *token_cache_new(const struct token_tools *tools)
{
	struct token_cache *cache = xcalloc(1, sizeof(*cache));

	cache->tools = *tools;
	cache->key = sodium_malloc(crypto_generichash_KEYBYTES);
	BUG_ON(cache->key == NULL);
	randombytes_buf(cache->key, crypto_generichash_KEYBYTES);
	TAILQ_INIT(&cache->used);
	return cache;
}

size_t token_cache_count(const struct token_cache *cache)
{
	return cache->count;
}

static void hash_part(crypto_generichash_state *state, struct span part)
{
	uint64_t length = part.len;

	crypto_generichash_update(state, (const unsigned char *)&length, sizeof(length));
	crypto_generichash_update(state, (const unsigned char *)part.data, part.len);
}

/* None is other than any. */
static void hash_optional(crypto_generichash_state *state, const char *text)
{
	hash_part(state, text != NULL ? span_of(text) : (struct span){"", 0});
}

void token_cache_identify(
	const struct token_cache *cache, struct token_id *id, const struct token_owner *owner)
{
	const struct definition *definition = owner->definition;
	crypto_generichash_state state;

	crypto_generichash_init(&state, cache->key, crypto_generichash_KEYBYTES, sizeof(id->bytes));
	hash_part(&state, span_of(owner->org));
	hash_part(&state, span_of(owner->integration));
	hash_part(&state, span_of(definition->base.origin));
	hash_part(&state, owner->sealed);
	hash_optional(&state, definition->auth_scope);
	hash_optional(&state, definition->auth_audience);
	hash_optional(&state, definition->auth_subject);
	hash_optional(&state, definition->auth_client_in_body ? "body" : NULL);
	crypto_generichash_final(&state, id->bytes, sizeof(id->bytes));
}

static struct entry **entry_slot(struct token_cache *cache, const struct token_id *id)
{
	struct entry **slot;
	uint32_t hash;

	memcpy(&hash, id->bytes, sizeof(hash));
	slot = &cache->buckets[hash & (BUCKETS - 1)];
	while (*slot != NULL && memcmp(&(*slot)->id, id, sizeof(*id)) != 0)
		slot = &(*slot)->next;
	return slot;
}

static void forget_token(struct entry *entry)
{
	secret_memory_give(entry->cache->tools.secrets, entry->text);
	entry->text = NULL;
	entry->len = 0;
}

static void wait_free(struct token_wait *wait)
{
	TAILQ_REMOVE(&wait->entry->waits, wait, link);
	event_free(wait->timer);
	free(wait);
}

static void entry_free(struct entry *entry)
{
	struct token_cache *cache = entry->cache;

	while (!TAILQ_EMPTY(&entry->waits))
		wait_free(TAILQ_FIRST(&entry->waits));
	token_fetch_cancel(entry->fetch);
	forget_token(entry);
	token_failure_release(&entry->failure);
	*entry_slot(cache, &entry->id) = entry->next;
	TAILQ_REMOVE(&cache->used, entry, used);
	cache->count--;
	free(entry);
}

void token_cache_free(struct token_cache *cache)
{
	if (cache == NULL)
		return;
	while (!TAILQ_EMPTY(&cache->used))
		entry_free(TAILQ_FIRST(&cache->used));
	sodium_free(cache->key);
	free(cache);
}

/* What serves nobody any more does not lie about: tokens that are spent, failures that are forgotten. */
static void sweep(struct token_cache *cache)
{
	int64_t now_us = clock_now_us();
	struct entry *entry = TAILQ_FIRST(&cache->used), *next;

	for (; entry != NULL; entry = next) {
		next = TAILQ_NEXT(entry, used);
		if (entry->fetch == NULL && now_us >= entry->failed_until_us &&
			(entry->text == NULL || now_us >= entry->spent_at_us))
			entry_free(entry);
	}
}

/* One that nobody is about, used longest ago. An org that has more than half of all gives up one of its own. */
static bool make_room(struct token_cache *cache, const char *org)
{
	struct entry *entry = NULL, *oldest = NULL, *own = NULL;
	size_t owned = 0;

	if (cache->count < TOKEN_ENTRIES_MAX)
		return true;
	TAILQ_FOREACH_REVERSE(entry, &cache->used, entry_list, used)
	{
		const bool is_own = strcmp(entry->org, org) == 0;

		owned += is_own;
		if (entry->fetch != NULL)
			continue;
		oldest = entry;
		if (is_own)
			own = entry;
	}
	if (own != NULL && owned > TOKEN_ENTRIES_MAX / 2)
		oldest = own;
	if (oldest != NULL)
		entry_free(oldest);
	return oldest != NULL;
}

static struct entry *entry_get(
	struct token_cache *cache, const struct token_id *id, const char *org)
{
	struct entry *entry = *entry_slot(cache, id), **slot;

	if (entry != NULL)
		return entry;
	sweep(cache);
	if (!make_room(cache, org))
		return NULL;
	entry = xcalloc(1, sizeof(*entry));
	entry->cache = cache;
	entry->id = *id;
	snprintf(entry->org, sizeof(entry->org), "%s", org);
	token_failure_init(&entry->failure);
	TAILQ_INIT(&entry->waits);
	slot = entry_slot(cache, id);
	*slot = entry;
	TAILQ_INSERT_TAIL(&cache->used, entry, used);
	cache->count++;
	return entry;
}

static size_t fetches_of(const struct token_cache *cache, const char *org)
{
	const struct entry *entry;
	size_t count = 0;

	TAILQ_FOREACH(entry, &cache->used, used)
	count += entry->fetch != NULL && strcmp(entry->org, org) == 0;
	return count;
}

static void keep_token(struct entry *entry, const struct token_answer *answer)
{
	int64_t lifetime_us = answer->lifetime_s * 1000000, tenth = lifetime_us / 10;
	int64_t end_us = entry->fetch_asked_us + lifetime_us;
	int64_t renew = tenth > RENEW_MIN_US ? tenth : RENEW_MIN_US;

	forget_token(entry);
	entry->text = secret_memory_take(entry->cache->tools.secrets, answer->token.len + 1);
	memcpy(entry->text, answer->token.data, answer->token.len);
	entry->len = answer->token.len;
	entry->serial = ++entry->cache->serial;
	entry->asked_ms = entry->fetch_asked_ms;
	entry->renew_at_us = end_us - (renew < lifetime_us / 2 ? renew : lifetime_us / 2);
	entry->spent_at_us = end_us - (tenth < SPENT_MAX_US ? tenth : SPENT_MAX_US);
	entry->failed_until_us = 0;
}

/* For a second or two, or as long as the endpoint asks for. */
static void keep_failure(struct entry *entry, const struct token_failure *failure)
{
	int64_t pause_us;

	token_failure_clear(&entry->failure);
	entry->failure.error = failure->error;
	entry->failure.retryable = failure->retryable;
	entry->failure.retry_after_ms = failure->retry_after_ms;
	buf_add(&entry->failure.details, failure->details.data, failure->details.len);
	pause_us = failure->retry_after_ms * 1000;
	if (pause_us > FAILURE_MAX_US)
		pause_us = FAILURE_MAX_US;
	if (pause_us < FAILURE_US)
		pause_us = FAILURE_US;
	entry->failed_until_us = clock_now_us() + pause_us + random_below(FAILURE_SPREAD_US);
}

/* All who wait, those too that come meanwhile. */
static void tell(struct entry *entry, const struct token_failure *failure)
{
	struct token_wait *wait;
	const struct token token = {{entry->text, entry->len}, entry->serial};

	entry->telling = true;
	while ((wait = TAILQ_FIRST(&entry->waits)) != NULL) {
		token_fn done = wait->done;
		void *arg = wait->arg;

		wait_free(wait);
		done(arg, failure == NULL ? &token : NULL, failure);
	}
	entry->telling = false;
}

static void on_fetched(
	void *arg, const struct token_answer *answer, const struct token_failure *failure)
{
	struct entry *entry = arg;

	if (answer != NULL)
		keep_token(entry, answer);
	else
		keep_failure(entry, failure);
	/* Until all are told it counts as under way: it is not thrown out, and no other is started. */
	tell(entry, failure);
	entry->fetch = NULL;
}

static void start_fetch(struct entry *entry, const struct token_request *request)
{
	entry->fetch_asked_ms = clock_redis_ms();
	entry->fetch_asked_us = clock_now_us();
	entry->fetch = token_fetch_start(&entry->cache->tools, request, on_fetched, entry);
}

bool token_cache_find(struct token_cache *cache, const struct token_id *id, int64_t newer_than_ms,
	struct token *token, bool *renew)
{
	struct entry *entry = *entry_slot(cache, id);
	int64_t now_us;

	if (entry == NULL || entry->text == NULL)
		return false;
	now_us = clock_now_us();
	if (now_us >= entry->spent_at_us ||
		(newer_than_ms > 0 && entry->asked_ms <= newer_than_ms)) {
		if (!entry->telling)
			forget_token(entry);
		return false;
	}
	TAILQ_REMOVE(&cache->used, entry, used);
	TAILQ_INSERT_TAIL(&cache->used, entry, used);
	*token = (struct token){{entry->text, entry->len}, entry->serial};
	*renew = now_us >= entry->renew_at_us && entry->fetch == NULL &&
		 now_us >= entry->failed_until_us;
	return true;
}

const struct token_failure *token_cache_failure(
	struct token_cache *cache, const struct token_id *id)
{
	struct entry *entry = *entry_slot(cache, id);

	if (entry == NULL || entry->fetch != NULL || clock_now_us() >= entry->failed_until_us)
		return NULL;
	return &entry->failure;
}

void token_cache_renew(
	struct token_cache *cache, const struct token_id *id, const struct token_request *request)
{
	struct entry *entry = *entry_slot(cache, id);

	if (entry != NULL && entry->fetch == NULL && fetches_of(cache, entry->org) < TOKEN_ORG_MAX)
		start_fetch(entry, request);
}

static void on_wait_over(evutil_socket_t fd, short what, void *arg)
{
	struct token_wait *wait = arg;
	token_fn done = wait->done;
	void *done_arg = wait->arg;
	struct token_failure failure;

	(void)fd;
	(void)what;
	wait_free(wait);
	token_failure_init(&failure);
	failure.retryable = true;
	failure.out_of_time = true;
	error_set(&failure.error, ERROR_AUTH_FAILED,
		"The credential's token endpoint did not answer in the time that was left: try "
		"again later, or give the action more time.");
	done(done_arg, NULL, &failure);
	token_failure_release(&failure);
}

static struct token_wait *join(struct entry *entry, uint32_t timeout_ms, token_fn done, void *arg)
{
	struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	struct token_wait *wait = xcalloc(1, sizeof(*wait));

	wait->entry = entry;
	wait->done = done;
	wait->arg = arg;
	wait->timer = evtimer_new(entry->cache->tools.base, on_wait_over, wait);
	BUG_ON(wait->timer == NULL);
	event_add(wait->timer, &timeout);
	TAILQ_INSERT_TAIL(&entry->waits, wait, link);
	return wait;
}

struct token_wait *token_cache_wait(struct token_cache *cache, const struct token_id *id,
	const struct token_request *request, uint32_t timeout_ms, token_fn done, void *arg)
{
	struct entry *entry = *entry_slot(cache, id);

	if (entry == NULL || entry->fetch == NULL) {
		if (fetches_of(cache, request->org) >= TOKEN_ORG_MAX)
			return NULL;
		entry = entry_get(cache, id, request->org);
		if (entry == NULL)
			return NULL;
		start_fetch(entry, request);
	}
	return join(entry, timeout_ms, done, arg);
}

void token_cache_cancel(struct token_wait *wait)
{
	wait_free(wait);
}

void token_cache_drop(struct token_cache *cache, const struct token_id *id, uint64_t serial)
{
	struct entry *entry = *entry_slot(cache, id);

	if (entry != NULL && entry->text != NULL && entry->serial == serial && !entry->telling)
		forget_token(entry);
}
