/* SPDX-License-Identifier: MIT */
/* redis: the fake Redis: commands in, answers out. */
#include "redis.h"

#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/resp.h"
#include "loop.h"
#include "mirror.h"
#include "redis_turn.h"
#include "rows.h"

struct word words_take(struct words *words)
{
	BUG_ON(words->left == 0);
	words->left--;
	return *words->at++;
}

const char *words_text(struct words *words)
{
	return words_take(words).text;
}

int64_t words_number(struct words *words)
{
	return strtoll(words_text(words), NULL, 10);
}

/* Cuts a copy of a command into words; free both. */
static struct words cut(const struct buf *command, char **copy, struct word **list)
{
	char *at = *copy = xmemdup(command->data, command->len);
	struct words words;

	words.left = strtoul(at + 1, &at, 10);
	words.at = *list = xcalloc(words.left, sizeof(**list));
	at += 2;
	for (size_t i = 0; i < words.left; i++) {
		words.at[i].len = strtoul(at + 1, &at, 10);
		words.at[i].text = at + 2;
		at += 2 + words.at[i].len;
		*at = '\0';
		at += 2;
	}
	return words;
}

static struct redis_value *do_hgetall(struct words words)
{
	struct redis_value *out = value_list();

	for (struct row *row = rows_first(words_text(&words)); row != NULL; row = rows_after(row)) {
		value_add(out, value_string(row->field));
		value_add(out, value_text(row->value, row->len));
	}
	return out;
}

static struct redis_value *do_hmget(struct words words)
{
	const char *key = words_text(&words);
	struct redis_value *out = value_list();

	while (words.left > 0) {
		struct row *row = rows_find(key, words_text(&words));

		value_add(out, row != NULL ? value_text(row->value, row->len) : value_nil());
	}
	return out;
}

static struct redis_value *do_count(struct words words)
{
	return value_integer((int64_t)rows_count(words_text(&words)));
}

static struct redis_value *do_lpush(struct words words)
{
	const char *key = words_text(&words);
	struct word value = words_take(&words);

	rows_push(key, true, value.text, value.len);
	return value_integer((int64_t)rows_count(key));
}

static struct redis_value *do_hset(struct words words)
{
	const char *key = words_text(&words);
	int64_t added = 0;

	while (words.left > 0) {
		const char *field = words_text(&words);
		struct word value = words_take(&words);

		added += rows_find(key, field) == NULL;
		rows_set(key, field, value.text, value.len);
	}
	return value_integer(added);
}

static struct redis_value *do_hdel(struct words words)
{
	const char *key = words_text(&words);
	struct row *row = rows_find(key, words_text(&words));

	if (row != NULL)
		rows_remove(row);
	return value_integer(row != NULL);
}

static struct redis_value *do_del(struct words words)
{
	const char *key = words_text(&words);
	bool was_there = rows_first(key) != NULL;

	rows_remove_key(key);
	return value_integer(was_there);
}

/* `SCAN 0 MATCH prefix*`: all hashes at once. */
static struct redis_value *do_scan(struct words words)
{
	struct redis_value *out = value_list(), *keys = value_list();
	const char *pattern, *last = "";

	words_take(&words); /* the cursor */
	words_take(&words); /* MATCH */
	pattern = words_text(&words);
	for (struct row *row = rows_all(); row != NULL; row = row->next) {
		if (strncmp(row->key, pattern, strlen(pattern) - 1) != 0 ||
			strcmp(row->key, last) == 0)
			continue;
		last = row->key;
		value_add(keys, value_string(row->key));
	}
	value_add(out, value_string("0"));
	value_add(out, keys);
	return out;
}

static struct redis_value *do_info(struct words words)
{
	(void)words;
	return value_string("redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\n");
}

/* Scripts are known by the first word of their text. */
static struct script {
	const char *name;
	struct redis_value *(*run)(struct words keys, struct words args);
	char sha[41];
	bool loaded;
} scripts[] = {
	{"turn", redis_turn, "", false},
	{"register", redis_register, "", false},
	{"renew", redis_renew, "", false},
	{"reap", redis_reap, "", false},
	{"leave", redis_leave, "", false},
	{"wake", redis_wake, "", false},
};

static struct redis_value *do_script(struct words words)
{
	unsigned char digest[SHA_DIGEST_LENGTH];
	struct word text;

	words_take(&words); /* LOAD */
	text = words_take(&words);
	SHA1((const unsigned char *)text.text, text.len, digest);
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		size_t len = strlen(scripts[i].name);

		if (strncmp(text.text + 3, scripts[i].name, len) != 0)
			continue;
		for (size_t at = 0; at < sizeof(digest); at++)
			snprintf(scripts[i].sha + 2 * at, 3, "%02x", digest[at]);
		scripts[i].loaded = true;
		return value_string(scripts[i].sha);
	}
	BUG("a script that the fake does not know: %.40s", text.text);
}

static struct redis_value *do_evalsha(struct words words)
{
	const char *sha = words_text(&words);
	size_t key_count = (size_t)words_number(&words);
	struct words keys = {words.at, key_count};
	struct words args = {words.at + key_count, words.left - key_count};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		if (scripts[i].loaded && strcmp(scripts[i].sha, sha) == 0)
			return scripts[i].run(keys, args);
	}
	return value_error("NOSCRIPT No matching script.");
}

static const struct {
	const char *name;
	struct redis_value *(*run)(struct words words);
} commands[] = {
	{"EVALSHA", do_evalsha},
	{"SCRIPT", do_script},
	{"HGETALL", do_hgetall},
	{"HMGET", do_hmget},
	{"LLEN", do_count},
	{"ZCARD", do_count},
	{"INFO", do_info},
	{"SCAN", do_scan},
	{"LPUSH", do_lpush},
	{"HSET", do_hset},
	{"HDEL", do_hdel},
	{"DEL", do_del},
};

static struct redis_value *dispatch(struct words words)
{
	const char *name = words_text(&words);

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(words);
	}
	BUG("a command that the fake does not know: %s", name);
}

struct redis_value *redis_execute(const struct buf *command)
{
	struct redis_value *answer;
	struct word *list;
	char *copy;
	struct words words = cut(command, &copy, &list);

	rows_drop_expired(loop_redis_us(), mirror_drop);
	answer = dispatch(words);
	mirror_check(redis_command_name(command), words.at, words.left, answer);
	free(list);
	free(copy);
	return answer;
}

void redis_do(const char *first, ...)
{
	const char *words[16] = {first};
	struct buf command;
	size_t count = 0;
	va_list args;

	va_start(args, first);
	while (words[count] != NULL)
		words[++count] = va_arg(args, const char *);
	va_end(args);
	buf_init(&command, 64 * 1024);
	resp_head(&command, count);
	for (size_t i = 0; i < count; i++)
		resp_string(&command, words[i]);
	value_free(redis_execute(&command));
	buf_release(&command);
}

const char *redis_command_name(const struct buf *command)
{
	const char *name = strchr(command->data, '\n');

	name = strchr(name + 1, '\n') + 1;
	for (size_t i = 0; strncmp(name, "EVALSHA", 7) == 0 && i < ARRAY_SIZE(scripts); i++) {
		if (scripts[i].loaded && memmem(name, 64, scripts[i].sha, 40) != NULL)
			return scripts[i].name;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strncmp(name, commands[i].name, strlen(commands[i].name)) == 0)
			return commands[i].name;
	}
	return "BLMOVE";
}

void redis_command_key(const struct buf *command, char *key, size_t size)
{
	struct word *list;
	char *copy;
	struct words words = cut(command, &copy, &list);

	words_take(&words);
	snprintf(key, size, "%s", words.left > 0 ? words_text(&words) : "");
	free(list);
	free(copy);
}

void redis_forget_scripts(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		scripts[i].loaded = false;
	mirror_forget_scripts();
}

void redis_reset(void)
{
	rows_clear();
	redis_forget_scripts();
	redis_begun_reset();
	mirror_reset();
}
