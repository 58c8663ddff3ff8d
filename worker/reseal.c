/* SPDX-License-Identifier: MIT */
/* reseal: walks the shard's orgs, their integrations and these's secrets, and seals each to the newest key. */
#include "reseal.h"

#include <stdio.h>

#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "bellhop/name.h"
#include "bellhop/name_scan.h"
#include "io/keyring.h"

#define NAME		 "bellhopd: "
#define KEY_MAX_BYTES	 1024
#define SEALED_MAX_BYTES (128 * 1024) /* as the worker takes it */
#define SEALED_MAX_TEXT	 "131072"
#define TRIES		 5

/*
 * KEYS  secrets   ARGV  cursor, longest text
 *
 * Answers  the next cursor, then field and sealed text by turns, each "" where it is too long to be one; or 'type', what the key holds.
 */
static const char page_source[] =
	"local found = redis.call('TYPE', KEYS[1]).ok\n"
	"if found == 'none' then return {'0'} end\n"
	"if found ~= 'hash' then return {'type', found} end\n"
	"local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', '20')\n"
	"local answer = {page[1]}\n"
	"for _, text in ipairs(page[2]) do\n"
	"  answer[#answer + 1] = #text <= tonumber(ARGV[2]) and text or ''\n"
	"end\n"
	"return answer\n";

/*
 * KEYS  secrets   ARGV  field, the text it must have, the new one, longest text
 *
 * Answers  'set'; 'gone'; or 'changed' and the text that it has now, "" where it is too long to be one.
 */
static const char write_source[] =
	"if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return {'gone'} end\n"
	"local text = redis.call('HGET', KEYS[1], ARGV[1])\n"
	"if not text then return {'gone'} end\n"
	"if text ~= ARGV[2] then\n"
	"  return {'changed', #text <= tonumber(ARGV[4]) and text or ''}\n"
	"end\n"
	"redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])\n"
	"return {'set'}\n";

struct resealing {
	const char *shard;
	struct keyring *keyring;
	struct redis_sync *redis;
	struct buf text; /* a secret, sealed anew */
	unsigned long long resealed, already_new, unreadable;
};

/* A secret, or what was to hold some, that stays as it is. A field that is no name is not shown: a terminal might obey it. */
static void unreadable(
	struct resealing *all, const struct seal_binding *place, struct span field, const char *why)
{
	bool shown = name_valid(field.data, field.len);

	all->unreadable++;
	printf("unreadable: %s %s %.*s: %s\n", place->org,
		place->integration != NULL ? place->integration : "-", shown ? (int)field.len : 1,
		shown ? field.data : "-", why);
}

static void say_why(struct resealing *all, const struct seal_binding *place, struct span sealed,
	enum keyring_reseal result)
{
	struct span field = span_of(place->field);
	struct seal_parts parts;
	char why[128];

	if (result == KEYRING_KEY_UNKNOWN && seal_parse(&parts, sealed)) {
		snprintf(why, sizeof(why), "sealed with key %s, which is not in the ring",
			parts.key_id);
		unreadable(all, place, field, why);
	} else if (result == KEYRING_NOT_SEALED) {
		unreadable(all, place, field, "is no sealed text");
	} else {
		unreadable(all, place, field,
			"does not open here: it is damaged, or was sealed for something else");
	}
}

static bool answer_is(const struct redis_answer *answer, size_t item, const char *word)
{
	return item < answer->count && answer->items[item].type == REDIS_STRING &&
	       strcmp(answer->items[item].text, word) == 0;
}

static struct span answer_text(const struct redis_answer *answer, size_t item)
{
	if (item >= answer->count || answer->items[item].type != REDIS_STRING)
		return (struct span){"", 0};
	return (struct span){answer->items[item].text, answer->items[item].len};
}

/* Runs a script on the secrets of one integration. NULL: `error` says what to do. */
static struct redis_answer *run(struct resealing *all, const char *source,
	const struct seal_binding *place, const struct span *arguments, size_t count,
	struct error *error)
{
	struct span words[8] = {span_of("EVAL"), span_of(source), span_of("1")};
	struct redis_answer *answer;
	struct buf key;

	BUG_ON(count + 4 > ARRAY_SIZE(words));
	buf_init(&key, KEY_MAX_BYTES);
	key_secrets(&key, all->shard, place->org, place->integration);
	words[3] = (struct span){key.data, key.len};
	memcpy(words + 4, arguments, count * sizeof(*arguments));
	answer = redis_sync_succeed(
		all->redis, redis_sync_command(all->redis, words, count + 4, 0, error), error);
	buf_release(&key);
	return answer;
}

/* What came of one text: NULL where that is its end, or where `error` says what to do; else the answer that has the text which took its place. */
static struct redis_answer *reseal_text(struct resealing *all, const struct seal_binding *place,
	struct span sealed, struct error *error)
{
	struct redis_answer *answer;
	enum keyring_reseal result;

	buf_clear(&all->text);
	result = keyring_reseal(all->keyring, sealed, place, &all->text);
	if (result == KEYRING_ALREADY_NEW) {
		all->already_new++;
		return NULL;
	}
	if (result != KEYRING_RESEALED) {
		say_why(all, place, sealed, result);
		return NULL;
	}
	const struct span arguments[] = {span_of(place->field), sealed,
		{all->text.data, all->text.len}, span_of(SEALED_MAX_TEXT)};

	answer = run(all, write_source, place, arguments, ARRAY_SIZE(arguments), error);
	if (answer == NULL || answer_is(answer, 0, "changed"))
		return answer;
	all->resealed += answer_is(answer, 0, "set");
	redis_answer_free(answer);
	return NULL;
}

static int reseal_secret(struct resealing *all, const struct seal_binding *integration,
	struct span field, struct span sealed, struct error *error)
{
	struct redis_answer *newer = NULL;
	struct seal_binding place = *integration;

	place.field = field.data;
	if (!name_valid(field.data, field.len)) {
		unreadable(all, &place, field, "its field has no name that a secret can have");
		return 0;
	}
	for (int i = 0; i < TRIES; i++) {
		struct redis_answer *older = newer;

		newer = reseal_text(all, &place, sealed, error);
		redis_answer_free(older);
		if (newer == NULL)
			return error->code != ERROR_NONE ? -1 : 0;
		sealed = answer_text(newer, 1);
	}
	redis_answer_free(newer);
	unreadable(all, &place, field, "it changes all the time");
	return 0;
}

static int reseal_page(struct resealing *all, const struct seal_binding *integration,
	const struct redis_answer *page, struct error *error)
{
	for (size_t i = 1; i + 1 < page->count; i += 2) {
		if (reseal_secret(all, integration, answer_text(page, i), answer_text(page, i + 1),
			    error) < 0)
			return -1;
	}
	return 0;
}

static int reseal_integration(
	struct resealing *all, const struct seal_binding *integration, struct error *error)
{
	struct redis_answer *page = NULL;
	int result = 0;

	do {
		struct redis_answer *before = page;
		const struct span arguments[] = {
			before != NULL ? answer_text(before, 0) : span_of("0"),
			span_of(SEALED_MAX_TEXT)};

		page = run(all, page_source, integration, arguments, ARRAY_SIZE(arguments), error);
		redis_answer_free(before);
		if (page == NULL)
			return -1;
		if (answer_is(page, 0, "type")) {
			unreadable(all, integration, span_of(""), "its secrets are not in a hash");
			break;
		}
		result = reseal_page(all, integration, page, error);
	} while (result == 0 && !answer_is(page, 0, "0"));
	redis_answer_free(page);
	return result;
}

static int reseal_org(struct resealing *all, const char *org, struct error *error)
{
	struct seal_binding place = {.org = org};
	struct name_scan integrations;
	int result = 0;

	name_scan_init(&integrations, all->redis);
	key_org(&integrations.key, all->shard, org, "integrations");
	while (result == 0 && (place.integration = name_scan_next(&integrations, error)) != NULL)
		result = reseal_integration(all, &place, error);
	if (integrations.end == NAME_SCAN_WRONG_TYPE)
		unreadable(all, &place, span_of(""), "its integrations are not in a set");
	else if (result == 0 && integrations.end != NAME_SCAN_DONE)
		result = -1;
	name_scan_release(&integrations);
	return result;
}

static int reseal_shard(struct resealing *all, struct error *error)
{
	struct name_scan orgs;
	const char *org;
	int result = 0;

	name_scan_init(&orgs, all->redis);
	key_shard(&orgs.key, all->shard, "orgs");
	while (result == 0 && (org = name_scan_next(&orgs, error)) != NULL)
		result = reseal_org(all, org, error);
	if (orgs.end == NAME_SCAN_WRONG_TYPE)
		result = error_set(error, ERROR_INTERNAL,
			"the key %s holds something else than a set: something else wrote it",
			orgs.key.data);
	else if (result == 0 && orgs.end != NAME_SCAN_DONE)
		result = -1;
	name_scan_release(&orgs);
	return result;
}

static void print_sum(const struct resealing *all)
{
	printf("looked at %llu: %llu resealed with key %s, %llu had it already, %llu unreadable\n",
		all->resealed + all->already_new + all->unreadable, all->resealed,
		keyring_newest_id(all->keyring), all->already_new, all->unreadable);
}

static int walk(struct resealing *all, const struct redis_url *url)
{
	struct error error = {0};
	bool done;

	all->redis = redis_sync_open(url, &error);
	done = all->redis != NULL && reseal_shard(all, &error) == 0;
	if (all->redis != NULL)
		print_sum(all);
	if (!done)
		fprintf(stderr, NAME "%s\n", error.text);
	redis_sync_close(all->redis);
	return done && all->unreadable == 0 ? 0 : 1;
}

int reseal_all(const struct options *options)
{
	struct resealing all = {.shard = options->shard};
	struct error error = {0};
	struct redis_url url;
	int code;

	if (options->key_file == NULL)
		die("--reseal needs the key ring: name it with --key-file (BELLHOP_KEY_FILE)");
	all.keyring = keyring_load(options->key_file, &error);
	if (all.keyring == NULL ||
		redis_url_parse(&url, options->redis_url, options->redis_password_file, &error) < 0)
		die("%s", error.text);
	buf_init(&all.text, 2 * SEALED_MAX_BYTES);
	/* What was found is said at once: it may be ended at any point. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	code = walk(&all, &url);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, NAME "the result cannot be written\n");
		code = 1;
	}
	buf_release(&all.text);
	redis_url_release(&url);
	keyring_free(all.keyring);
	return code;
}
