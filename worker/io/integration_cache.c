/* SPDX-License-Identifier: MIT */
/*
 * integration_cache: what Redis holds of an integration.
 *
 * The happy path: two HGETALL in one go -> the definition's text is put together from its parts -> read and compiled -> kept. What can
 * fail: the connection is lost (all who wait hear it); Redis answers with an error; the definition is not valid, which is kept like
 * any other answer, because its version tells when it is worth another look.
 */
#include "io/integration_cache.h"

#include <stdlib.h>

#include <sodium.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "bellhop/key.h"
#include "io/resp.h"

#define BUCKETS	       4096
#define KEPT_MAX       4096
#define KEPT_MAX_BYTES (128u * 1024 * 1024)
#define TEXT_MAX_BYTES (DEFINITION_MAX_BYTES + 64 * 1024)
#define SEALED_MAX     (128 * 1024)
#define COMPILED_RATIO 6 /* a compiled definition's memory, as a multiple of its text */
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

static void integration_free(struct integration *integration)
{
	free(integration->org);
	free(integration->name);
	free(integration->version);
	free(integration->invalid);
	definition_free(integration->definition);
	for (size_t i = 0; i < integration->disabled_count; i++)
		free(integration->disabled[i]);
	free(integration->disabled);
	for (size_t i = 0; i < INTEGRATION_SECRETS_MAX; i++)
		free(integration->sealed[i]);
	free(integration);
}

void integration_release(struct integration *integration)
{
	if (integration != NULL && --integration->refs == 0)
		integration_free(integration);
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
			at->refs++;
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
	integration->refs++;
	cache->kept++;
	cache->bytes += integration->bytes;
	while (cache->kept > KEPT_MAX || cache->bytes > KEPT_MAX_BYTES)
		integration_cache_forget(cache, cache->oldest);
}

static void invalid(struct integration *integration, const char *why)
{
	if (integration->invalid == NULL)
		integration->invalid = xstrdup(why);
}

/* Puts `{"name":…,"actions":{…}}` together from the hash's fields. */
static void add_actions(struct buf *text, const struct redis_value *fields)
{
	bool first = true;

	buf_truncate(text, text->len - 1); /* the closing brace */
	buf_add_string(text, ",\"actions\":{");
	for (size_t i = 0; i + 1 < redis_value_count(fields); i += 2) {
		struct span field = redis_value_text(redis_value_at(fields, i));
		struct span value = redis_value_text(redis_value_at(fields, i + 1));

		if (field.len < 7 || memcmp(field.data, "action:", 7) != 0)
			continue;
		if (!first)
			buf_add_char(text, ',');
		first = false;
		json_out_string(text, (struct span){field.data + 7, field.len - 7});
		buf_add_char(text, ':');
		buf_add(text, value.data, value.len);
	}
	buf_add_string(text, "}}");
}

static void read_definition(
	struct integration_cache *cache, struct integration *integration, struct buf *text)
{
	struct problems problems;
	struct json_tape tape;
	struct tape_error error;
	struct buf why;

	problems_init(&problems);
	json_tape_init(&tape);
	buf_init(&why, 1024);
	if (json_tape_read(&tape, text->data, text->len, &definition_tape_limits, &error) < 0)
		buf_printf(&why, "it is not JSON: %s", error.reason);
	else
		integration->definition = definition_read(&tape, 0, &cache->rules, &problems);
	if (integration->definition == NULL && why.len == 0)
		problems_sentence(&problems, &why);
	if (integration->definition != NULL &&
		strcmp(integration->definition->name, integration->name) != 0) {
		definition_free(integration->definition);
		integration->definition = NULL;
		buf_add_string(&why, "it has another name than it is stored under");
	}
	if (integration->definition == NULL)
		invalid(integration, why.data);
	buf_release(&why);
	json_tape_release(&tape);
	problems_release(&problems);
}

static void read_field(
	struct integration *integration, struct buf *text, struct span field, struct span value)
{
	static const char prefix[] = "disabled:";

	if (span_is(field, "version")) {
		free(integration->version);
		integration->version = xmemdup(value.data, value.len);
	} else if (span_is(field, "enabled")) {
		integration->enabled = !span_is(value, "0");
	} else if (span_is(field, "definition")) {
		buf_add(text, value.data, value.len);
		integration->exists = true;
	} else if (field.len >= sizeof(prefix) &&
		   memcmp(field.data, prefix, sizeof(prefix) - 1) == 0 &&
		   integration->disabled_count < DEFINITION_MAX_ACTIONS) {
		size_t capacity = integration->disabled_count;

		integration->disabled = xgrow(integration->disabled, &capacity,
			integration->disabled_count, sizeof(char *));
		integration->disabled[integration->disabled_count++] =
			xmemdup(field.data + sizeof(prefix) - 1, field.len - (sizeof(prefix) - 1));
	}
}

static struct integration *make(struct load *load, const struct redis_value *fields)
{
	struct integration *integration = xcalloc(1, sizeof(*integration));
	struct buf text;

	integration->org = xstrdup(load->org);
	integration->name = xstrdup(load->name);
	integration->version = xstrdup("");
	integration->enabled = true;
	integration->refs = 1;
	buf_init(&text, TEXT_MAX_BYTES);
	for (size_t i = 0; i + 1 < redis_value_count(fields); i += 2)
		read_field(integration, &text, redis_value_text(redis_value_at(fields, i)),
			redis_value_text(redis_value_at(fields, i + 1)));
	if (integration->exists) {
		if (text.len > 0 && text.data[text.len - 1] == '}')
			add_actions(&text, fields);
		if (text.overflowed)
			invalid(integration, "it is over 1 MiB");
		else
			read_definition(load->cache, integration, &text);
	}
	integration->bytes = sizeof(*integration) + text.len * COMPILED_RATIO;
	buf_release(&text);
	return integration;
}

static void read_secrets(struct integration *integration, const struct redis_value *fields)
{
	const char *const *names;
	size_t count;

	if (integration->definition == NULL)
		return;
	names = auth_fields(integration->definition->auth, &count);
	BUG_ON(count > INTEGRATION_SECRETS_MAX);
	integration->secrets = count;
	for (size_t n = 0; n < count; n++) {
		integration->fields[n] = names[n];
		for (size_t i = 0; i + 1 < redis_value_count(fields); i += 2) {
			struct span value = redis_value_text(redis_value_at(fields, i + 1));

			if (!span_is(redis_value_text(redis_value_at(fields, i)), names[n]) ||
				value.len > SEALED_MAX)
				continue;
			integration->sealed[n] = xmemdup(value.data, value.len);
			integration->bytes += value.len;
		}
	}
}

static void finish(struct load *load, const char *error)
{
	struct load **at = &load->cache->loads;

	while (*at != load)
		at = &(*at)->next;
	*at = load->next;
	if (load->found != NULL && load->found->exists)
		keep(load->cache, load->found);
	while (load->waits != NULL) {
		struct integration_wait *wait = load->waits;

		load->waits = wait->next;
		if (wait->done != NULL) {
			if (load->found != NULL)
				load->found->refs++;
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

	if (value == NULL)
		return;
	if (redis_value_error(value) == NULL) {
		load->found = make(load, value);
	} else if (is_wrong_type(value)) {
		load->found = make(load, value);
		load->found->exists = true;
		invalid(load->found, "what is stored under its name is not a hash");
	}
}

static void on_secrets(void *arg, const struct redis_value *value)
{
	struct load *load = arg;
	const char *error = value != NULL ? redis_value_error(value) : NULL;

	if (load->found != NULL && value != NULL)
		read_secrets(load->found, value);
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

bool integration_is_on(const struct integration *integration, const char *action)
{
	for (size_t i = 0; i < integration->disabled_count; i++) {
		if (strcmp(integration->disabled[i], action) == 0)
			return false;
	}
	return integration->enabled;
}
