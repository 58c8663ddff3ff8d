/* SPDX-License-Identifier: MIT */
/*
 * integration_cache: what Redis holds of an integration.
 *
 * The happy path: two HGETALL in one go -> read and compiled (integration.c) -> kept. What can fail: the connection is lost (all who
 * wait hear it); Redis answers with an error; the definition is not valid, which is kept like any other answer, because its version
 * tells when it is worth another look.
 */
#include "io/integration_cache.h"

#include <stdlib.h>

#include <sodium.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "io/resp.h"

#define BUCKETS	       4096
#define KEPT_MAX       4096
#define KEPT_MAX_BYTES (128u * 1024 * 1024)
#define TIMEOUT_MS     1000

struct load {
	struct load *next;
	struct integration_cache *cache;
	char *org, *name;
	struct integration *found; /* made by the first answer */
	struct integration_wait *waits;
};

struct integration_wait {
	struct integration_wait *next;
	integration_fn done; /* NULL: cancelled */
	void *arg;
};

struct integration_cache {
	struct redis_async *redis;
	const char *shard;
	struct definition_rules rules;
	unsigned char hash_key[crypto_shorthash_KEYBYTES];
	struct integration *buckets[BUCKETS];
	struct integration *newest, *oldest;
	size_t kept, bytes;
	struct load *loads;
};

struct integration_cache *integration_cache_new(
	struct redis_async *redis, const struct options *options)
{
	struct integration_cache *cache = xcalloc(1, sizeof(*cache));

	cache->redis = redis;
	cache->shard = options->shard;
	cache->rules = (struct definition_rules){
		.limit_calls = options->limit_calls,
		.limit_window_s = options->limit_window_s,
		.allow_http = &options->allow_http,
	};
	crypto_shorthash_keygen(cache->hash_key);
	return cache;
}

static struct integration **bucket(
	struct integration_cache *cache, const char *org, const char *name)
{
	unsigned char hash[crypto_shorthash_BYTES];
	char both[2 * NAME_MAX_BYTES + 2];
	int len = snprintf(both, sizeof(both), "%s %s", org, name);
	uint32_t index;

	crypto_shorthash(
		hash, (const unsigned char *)both, (unsigned long long)len, cache->hash_key);
	memcpy(&index, hash, sizeof(index));
	return &cache->buckets[index % BUCKETS];
}

static void unlink_age(struct integration_cache *cache, struct integration *integration)
{
	*(integration->newer != NULL ? &integration->newer->older : &cache->newest) =
		integration->older;
	*(integration->older != NULL ? &integration->older->newer : &cache->oldest) =
		integration->newer;
}

static void link_newest(struct integration_cache *cache, struct integration *integration)
{
	integration->newer = NULL;
	integration->older = cache->newest;
	*(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = integration;
	cache->newest = integration;
}

void integration_cache_forget(struct integration_cache *cache, struct integration *integration)
{
	struct integration **at;

	if (!integration->kept)
		return;
	integration->kept = false;
	for (at = bucket(cache, integration->org, integration->name); *at != integration;
		at = &(*at)->next)
		;
	*at = integration->next;
	unlink_age(cache, integration);
	cache->kept--;
	cache->bytes -= integration->bytes;
	integration_release(integration);
}

struct integration *integration_cache_find(
	struct integration_cache *cache, const char *org, const char *name)
{
	for (struct integration *at = *bucket(cache, org, name); at != NULL; at = at->next) {
		if (strcmp(at->name, name) == 0 && strcmp(at->org, org) == 0) {
			if (cache->newest != at) {
				unlink_age(cache, at);
				link_newest(cache, at);
			}
			integration_hold(at);
			return at;
		}
	}
	return NULL;
}

static void keep(struct integration_cache *cache, struct integration *integration)
{
	struct integration **at = bucket(cache, integration->org, integration->name);
	struct integration *old =
		integration_cache_find(cache, integration->org, integration->name);

	if (old != NULL) {
		integration_cache_forget(cache, old);
		integration_release(old);
	}
	integration->next = *at;
	*at = integration;
	link_newest(cache, integration);
	integration->kept = true;
	integration_hold(integration);
	cache->kept++;
	cache->bytes += integration->bytes;
	while (cache->kept > KEPT_MAX || cache->bytes > KEPT_MAX_BYTES)
		integration_cache_forget(cache, cache->oldest);
}

static void finish(struct load *load, const char *error)
{
	struct load **at = &load->cache->loads;

	while (*at != load)
		at = &(*at)->next;
	*at = load->next;
	if (load->found != NULL && load->found->exists && load->found->versioned)
		keep(load->cache, load->found);
	while (load->waits != NULL) {
		struct integration_wait *wait = load->waits;

		load->waits = wait->next;
		if (wait->done != NULL) {
			if (load->found != NULL)
				integration_hold(load->found);
			wait->done(wait->arg, load->found, error);
		}
		free(wait);
	}
	integration_release(load->found);
	free(load->org);
	free(load->name);
	free(load);
}

static bool is_wrong_type(const struct redis_value *value)
{
	const char *error = redis_value_error(value);

	return error != NULL && strncmp(error, "WRONGTYPE", 9) == 0;
}

static void on_definition(void *arg, const struct redis_value *value)
{
	struct load *load = arg;

	if (value == NULL || (redis_value_error(value) != NULL && !is_wrong_type(value)))
		return;
	load->found = integration_new(load->org, load->name);
	integration_read(load->found, value, &load->cache->rules);
}

static void on_secrets(void *arg, const struct redis_value *value)
{
	struct load *load = arg;
	const char *error = value != NULL ? redis_value_error(value) : NULL;

	if (load->found != NULL && value != NULL)
		integration_read_secrets(load->found, value);
	/* Secrets that are no hash are secrets that are not set. */
	if (value == NULL || (error != NULL && !is_wrong_type(value))) {
		integration_release(load->found);
		load->found = NULL;
	}
	finish(load, error);
}

static bool ask(struct load *load)
{
	struct buf key, command;
	bool sent;

	buf_init(&key, 1024);
	buf_init(&command, 4096);
	key_integration(&key, load->cache->shard, load->org, load->name);
	resp_head(&command, 2);
	resp_string(&command, "HGETALL");
	resp_word(&command, key.data, key.len);
	sent = redis_async_send(load->cache->redis, &command, TIMEOUT_MS, on_definition, load);
	buf_clear(&key);
	buf_clear(&command);
	key_secrets(&key, load->cache->shard, load->org, load->name);
	resp_head(&command, 2);
	resp_string(&command, "HGETALL");
	resp_word(&command, key.data, key.len);
	sent = sent && redis_async_send(load->cache->redis, &command, TIMEOUT_MS, on_secrets, load);
	buf_release(&key);
	buf_release(&command);
	return sent;
}

static struct load *find_load(struct integration_cache *cache, const char *org, const char *name)
{
	struct load *load = cache->loads;

	while (load != NULL && (strcmp(load->name, name) != 0 || strcmp(load->org, org) != 0))
		load = load->next;
	if (load != NULL)
		return load;
	load = xcalloc(1, sizeof(*load));
	load->cache = cache;
	load->org = xstrdup(org);
	load->name = xstrdup(name);
	load->next = cache->loads;
	cache->loads = load;
	if (ask(load))
		return load;
	finish(load, NULL);
	return NULL;
}

struct integration_wait *integration_cache_load(struct integration_cache *cache, const char *org,
	const char *name, integration_fn done, void *arg)
{
	struct load *load = find_load(cache, org, name);
	struct integration_wait *wait;

	if (load == NULL)
		return NULL;
	wait = xcalloc(1, sizeof(*wait));
	wait->done = done;
	wait->arg = arg;
	wait->next = load->waits;
	load->waits = wait;
	return wait;
}

void integration_cache_cancel(struct integration_wait *wait)
{
	wait->done = NULL;
}

void integration_cache_free(struct integration_cache *cache)
{
	if (cache == NULL)
		return;
	BUG_ON(cache->loads != NULL);
	while (cache->oldest != NULL)
		integration_cache_forget(cache, cache->oldest);
	free(cache);
}
