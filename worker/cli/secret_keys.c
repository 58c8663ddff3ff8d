/* SPDX-License-Identifier: MIT */
/* secret_keys: walks the shard's integrations, a few a question, and counts their secrets by key. */
#include "cli/secret_keys.h"

#include <stdio.h>
#include <string.h>

#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "bellhop/name_scan.h"

#define KEY_MAX_BYTES 1024
#define BATCH	      25
#define FIELDS_MAX    8

/*
 * KEYS  secrets of one integration each   ARGV  how many bytes of a text to tell, fields
 *
 * Answers  the start of each secret.
 */
static const char count_source[] =
	"local answer, fields = {}, {}\n"
	"for i = 2, #ARGV do fields[#fields + 1] = ARGV[i] end\n"
	"for _, key in ipairs(KEYS) do\n"
	"  if redis.call('TYPE', key).ok == 'hash' then\n"
	"    for _, text in ipairs(redis.call('HMGET', key, unpack(fields))) do\n"
	"      if text then answer[#answer + 1] = string.sub(text, 1, ARGV[1]) end\n"
	"    end\n"
	"  end\n"
	"end\n"
	"return answer\n";

/* The integrations that the next question is about. */
struct batch {
	struct cli *cli;
	struct secret_keys *keys;
	struct buf names[BATCH]; /* keys of Redis */
	size_t count;
};

enum { WORDS_MAX = 4 + BATCH + FIELDS_MAX };

static void add_secret(struct secret_keys *keys, struct span text)
{
	struct seal_parts parts;

	if (!seal_parse(&parts, text)) {
		keys->other++;
		return;
	}
	for (size_t i = 0; i < keys->count; i++) {
		if (strcmp(keys->keys[i].id, parts.key_id) == 0) {
			keys->keys[i].secrets++;
			return;
		}
	}
	if (keys->count == SECRET_KEYS_MAX) {
		keys->other++;
		return;
	}
	struct secret_key *key = &keys->keys[keys->count++];
	memcpy(key->id, parts.key_id, sizeof(key->id));
	key->secrets = 1;
}

/* Of every auth method. */
static size_t add_fields(struct span *words)
{
	static const enum auth_method methods[] = {
		AUTH_BEARER, AUTH_API_KEY, AUTH_BASIC, AUTH_SERVICE_ACCOUNT};
	size_t total = 0;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		size_t count;
		const char *const *fields = auth_fields(methods[i], &count);
		BUG_ON(total + count > FIELDS_MAX);
		for (size_t n = 0; n < count; n++)
			words[total++] = span_of(fields[n]);
	}
	return total;
}

/* Redis answered with an error: this user may not see them. */
static int refused(struct secret_keys *keys)
{
	keys->known = false;
	return EXIT_DONE;
}

static int ask(struct batch *batch)
{
	struct span words[WORDS_MAX] = {span_of("EVAL"), span_of(count_source)};
	struct error error = {0};
	char number[8], bytes[8];
	size_t count = 3;
	snprintf(number, sizeof(number), "%zu", batch->count);
	/* What seal_parse() needs of it. */
	snprintf(bytes, sizeof(bytes), "%d", SEAL_HEAD_BYTES);
	words[2] = span_of(number);
	for (size_t i = 0; i < batch->count; i++)
		words[count++] = (struct span){batch->names[i].data, batch->names[i].len};
	words[count++] = span_of(bytes);
	count += add_fields(words + count);
	struct redis_answer *answer =
		redis_sync_command(batch->cli->redis, words, count, 0, &error);
	if (!answer)
		return fail("%s", error.text);
	int status = answer->type == REDIS_ERROR ? refused(batch->keys) : EXIT_DONE;
	for (size_t i = 0; i < answer->count; i++)
		if (answer->items[i].type == REDIS_STRING)
			add_secret(batch->keys,
				(struct span){answer->items[i].text, answer->items[i].len});
	redis_answer_free(answer);
	return status;
}

static int flush(struct batch *batch)
{
	int status = batch->count ? ask(batch) : EXIT_DONE;
	batch->count = 0;
	return status;
}

static int add_integration(struct batch *batch, const char *org, const char *name)
{
	struct buf *key = &batch->names[batch->count++];
	buf_clear(key);
	key_secrets(key, batch->cli->options.shard, org, name);
	return batch->count == BATCH ? flush(batch) : EXIT_DONE;
}

/* What the end of a walk means. A key of another type holds no names. */
static int walked(struct secret_keys *keys, const struct name_scan *scan, const struct error *error)
{
	if (scan->end == NAME_SCAN_LOST)
		return fail("%s", error->text);
	return scan->end == NAME_SCAN_REFUSED ? refused(keys) : EXIT_DONE;
}

static int add_org(struct batch *batch, const char *org)
{
	struct name_scan names;
	struct error error = {0};
	const char *name;
	int status = EXIT_DONE;
	name_scan_init(&names, batch->cli->redis);
	key_org(&names.key, batch->cli->options.shard, org, "integrations");
	while (status == EXIT_DONE && batch->keys->known &&
		(name = name_scan_next(&names, &error)) != NULL)
		status = add_integration(batch, org, name);
	if (status == EXIT_DONE)
		status = walked(batch->keys, &names, &error);
	name_scan_release(&names);
	return status;
}

static int add_orgs(struct batch *batch)
{
	struct name_scan orgs;
	struct error error = {0};
	const char *org;
	int status = EXIT_DONE;
	name_scan_init(&orgs, batch->cli->redis);
	key_shard(&orgs.key, batch->cli->options.shard, "orgs");
	while (status == EXIT_DONE && batch->keys->known &&
		(org = name_scan_next(&orgs, &error)) != NULL)
		status = add_org(batch, org);
	if (status == EXIT_DONE)
		status = walked(batch->keys, &orgs, &error);
	name_scan_release(&orgs);
	return status;
}

/* What is wrong with the file is no reason to tell nothing of all else. */
static void find_current(const struct cli *cli, struct secret_keys *keys)
{
	struct error error = {0};
	if (!cli->options.seal_with)
		return;
	if (public_key_load(&keys->current_key, cli->options.seal_with, &error) == 0)
		keys->current = keys->current_key.id;
	else
		note("warning: %s", error.text);
}

int secret_keys_count(struct cli *cli, struct secret_keys *keys)
{
	struct batch batch = {.cli = cli, .keys = keys};
	*keys = (struct secret_keys){.known = true};
	find_current(cli, keys);
	for (size_t i = 0; i < BATCH; i++)
		buf_init(&batch.names[i], KEY_MAX_BYTES);
	int status = add_orgs(&batch);
	if (status == EXIT_DONE && keys->known)
		status = flush(&batch);
	for (size_t i = 0; i < BATCH; i++)
		buf_release(&batch.names[i]);
	return status;
}

static bool is_current(const struct secret_keys *keys, const struct secret_key *key)
{
	return keys->current && strcmp(keys->current, key->id) == 0;
}

void secret_keys_lines(const struct secret_keys *keys, struct buf *out)
{
	buf_add_string(out, "\nsecrets sealed with key\n");
	if (!keys->known)
		buf_add_string(out, "not to be seen by this user of Redis\n");
	for (size_t i = 0; keys->known && i < keys->count; i++) {
		const struct secret_key *key = &keys->keys[i];
		buf_printf(out, "%s  %8lld%s\n", key->id, (long long)key->secrets,
			keys->current && !is_current(keys, key) ? "  not the one to seal with"
								: "");
	}
	if (keys->known && keys->other)
		buf_printf(out, "other texts       %8lld\n", (long long)keys->other);
	if (keys->known && !keys->count && !keys->other)
		buf_add_string(out, "none\n");
}

void secret_keys_json(const struct secret_keys *keys, struct buf *out)
{
	if (!keys->known) {
		buf_add_string(out, "null");
		return;
	}
	buf_add_string(out, "{\"keys\":[");
	for (size_t i = 0; i < keys->count; i++) {
		const struct secret_key *key = &keys->keys[i];
		buf_printf(out, "%s{\"key_id\":\"%s\",\"secrets\":%lld,\"seal_with\":%s}",
			i ? "," : "", key->id, (long long)key->secrets,
			!keys->current		? "null"
			: is_current(keys, key) ? "true"
						: "false");
	}
	buf_printf(out, "],\"other\":%lld}", (long long)keys->other);
}
