/* SPDX-License-Identifier: MIT */
/* mirror: every command also to a real redis-server with the real scripts, which has to answer the same. */
#include "mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stage.h"
#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/redis_sync.h"
#include "loop.h"
#include "redis.h"
#include "rows.h"

#define SCRIPTS	    8
#define CLOCK	    "call('TIME')"
#define STORY_CLOCK "call('MGET','s','u')"
#define AGES_FIRST  3 /* in renew's answer */

static struct redis_sync *redis;

/* The sha that a worker asks for, and that of the same text on the story's clock. */
static struct {
	char asked[41], ours[41];
} scripts[SCRIPTS];
static size_t script_count;

static struct redis_answer *ask(const struct span *words, size_t count)
{
	struct error error = {0};
	struct redis_answer *answer = redis_sync_command(redis, words, count, 0, &error);

	if (answer == NULL)
		BUG("the real Redis: %s", error.text);
	return answer;
}

static struct redis_answer *ask_words(const char *const *words)
{
	struct span list[8];
	size_t count = 0;

	for (; words[count] != NULL; count++)
		list[count] = span_of(words[count]);
	return ask(list, count);
}

void mirror_open(const char *path)
{
	struct redis_url url = {0};
	struct error error = {0};
	char text[256];

	snprintf(text, sizeof(text), "unix://%s", path);
	if (redis_url_parse(&url, text, NULL, &error) < 0 ||
		(redis = redis_sync_open(&url, &error)) == NULL)
		BUG("%s", error.text);
	redis_url_release(&url);
	/* So that a hash has its fields in the order in which they came, as rows have. */
	redis_answer_free(
		ask_words(REDIS_WORDS("CONFIG", "SET", "hash-max-listpack-value", "1000000")));
}

void mirror_close(void)
{
	redis_sync_close(redis);
	redis = NULL;
}

void mirror_reset(void)
{
	if (redis == NULL)
		return;
	redis_answer_free(ask_words(REDIS_WORDS("FLUSHALL")));
}

void mirror_forget_scripts(void)
{
	script_count = 0;
	if (redis != NULL)
		redis_answer_free(ask_words(REDIS_WORDS("SCRIPT", "FLUSH")));
}

void mirror_drop(const char *key)
{
	if (redis != NULL)
		redis_answer_free(ask_words(REDIS_WORDS("DEL", key)));
}

static void set_clock(void)
{
	char s[24], u[24];

	snprintf(s, sizeof(s), "%lld", (long long)(loop_redis_us() / 1000000));
	snprintf(u, sizeof(u), "%lld", (long long)(loop_redis_us() % 1000000));
	redis_answer_free(ask_words(REDIS_WORDS("MSET", "s", s, "u", u)));
}

/* Loads the script with the story's clock in it; what the worker asks for is its own. */
static void load(const struct word *text, const char *sha)
{
	const char *at = text->text, *clock;
	struct redis_answer *answer;
	struct buf ours;

	buf_init(&ours, 1024 * 1024);
	while ((clock = strstr(at, CLOCK)) != NULL) {
		buf_add(&ours, at, (size_t)(clock - at));
		buf_add_string(&ours, STORY_CLOCK);
		at = clock + strlen(CLOCK);
	}
	buf_add_string(&ours, at);
	answer = ask_words(REDIS_WORDS("SCRIPT", "LOAD", ours.data));
	BUG_ON(script_count == SCRIPTS || answer->type != REDIS_STRING);
	snprintf(scripts[script_count].asked, 41, "%s", sha);
	snprintf(scripts[script_count++].ours, 41, "%s", answer->text);
	redis_answer_free(answer);
	buf_release(&ours);
}

static void show(const struct redis_value *value, struct buf *out)
{
	struct span text = redis_value_text(value);

	switch (redis_value_kind(value)) {
	case REDIS_KIND_LIST:
		buf_add_char(out, '[');
		for (size_t i = 0; i < redis_value_count(value); i++) {
			show(redis_value_at(value, i), out);
			buf_add_string(out, ", ");
		}
		buf_add_char(out, ']');
		break;
	case REDIS_KIND_INTEGER:
		buf_printf(out, "%lld", (long long)redis_value_integer(value));
		break;
	case REDIS_KIND_NIL:
		buf_add_string(out, "nothing");
		break;
	default:
		buf_add(out, text.data, text.len);
	}
}

static void show_real(const struct redis_answer *answer, struct buf *out)
{
	switch (answer->type) {
	case REDIS_ARRAY:
		buf_add_char(out, '[');
		for (size_t i = 0; i < answer->count; i++) {
			show_real(&answer->items[i], out);
			buf_add_string(out, ", ");
		}
		buf_add_char(out, ']');
		break;
	case REDIS_INTEGER:
		buf_printf(out, "%lld", (long long)answer->integer);
		break;
	case REDIS_NIL:
		buf_add_string(out, "nothing");
		break;
	default:
		buf_add(out, answer->text, answer->len);
	}
}

/* What the fake leaves out: the ages of queues. */
static void leave_out_ages(struct redis_answer *answer)
{
	for (size_t i = AGES_FIRST; i < AGES_FIRST + 3 && i < answer->count; i++) {
		struct redis_answer *age = &answer->items[i];

		if (age->type == REDIS_STRING) {
			free(age->text);
			age->text = xstrdup("-1");
			age->len = 2;
		}
	}
}

static void compare(const char *name, const struct redis_value *answer, struct redis_answer *real)
{
	struct buf one, other;

	buf_init(&one, 16 * 1024 * 1024);
	buf_init(&other, 16 * 1024 * 1024);
	if (strcmp(name, "renew") == 0 && real->type == REDIS_ARRAY)
		leave_out_ages(real);
	show(answer, &one);
	show_real(real, &other);
	if (strcmp(one.data, other.data) != 0)
		stage_fail("%s: the fake Redis answers %s\n    and the real one %s", name, one.data,
			other.data);
	buf_release(&one);
	buf_release(&other);
}

/* The same words, but for the sha of a script. */
static struct redis_answer *do_the_same(struct word *words, size_t count)
{
	struct span *list = xcalloc(count, sizeof(*list));
	struct redis_answer *answer;

	for (size_t i = 0; i < count; i++)
		list[i] = (struct span){words[i].text, words[i].len};
	for (size_t i = 0; i < script_count && count > 1; i++) {
		if (strcmp(words[0].text, "EVALSHA") == 0 &&
			strcmp(words[1].text, scripts[i].asked) == 0)
			list[1] = span_of(scripts[i].ours);
	}
	set_clock();
	answer = ask(list, count);
	free(list);
	return answer;
}

void mirror_check(
	const char *name, struct word *words, size_t count, const struct redis_value *answer)
{
	struct redis_answer *real;

	if (redis == NULL || strcmp(name, "INFO") == 0 || strcmp(name, "SCAN") == 0)
		return;
	if (strcmp(name, "SCRIPT") == 0) {
		load(&words[2], redis_value_text(answer).data);
		return;
	}
	real = do_the_same(words, count);
	if (real->type != REDIS_ERROR || strncmp(real->text, "NOSCRIPT", 8) != 0 ||
		redis_value_kind(answer) != REDIS_KIND_ERROR)
		compare(name, answer, real);
	redis_answer_free(real);
}

/* One element of what the real Redis holds, beside the row that it should be. */
static bool is_row(const char *type, const struct redis_answer *at, const struct row *row)
{
	if (strcmp(type, "hash") == 0)
		return strcmp(at[0].text, row->field) == 0 && strcmp(at[1].text, row->value) == 0;
	if (strcmp(type, "zset") == 0)
		return strcmp(at[0].text, row->field) == 0 &&
		       (int64_t)strtod(at[1].text, NULL) == row->score;
	if (strcmp(type, "set") == 0)
		return strcmp(at[0].text, row->field) == 0;
	return strcmp(at[0].text, row->value) == 0;
}

static struct redis_answer *read_key(const char *key, const char *type, size_t *step)
{
	*step = 1;
	if (strcmp(type, "list") == 0)
		return ask_words(REDIS_WORDS("LRANGE", key, "0", "-1"));
	if (strcmp(type, "set") == 0)
		return ask_words(REDIS_WORDS("SMEMBERS", key));
	*step = 2;
	if (strcmp(type, "zset") == 0)
		return ask_words(REDIS_WORDS("ZRANGE", key, "0", "-1", "WITHSCORES"));
	return ask_words(REDIS_WORDS("HGETALL", key));
}

static void compare_elements(const char *key, const char *type)
{
	size_t step, i = 0;
	struct redis_answer *all = read_key(key, type, &step);
	const struct row *row = rows_first(key);

	for (; i < all->count && row != NULL; i += step, row = rows_after(row)) {
		if (!is_row(type, &all->items[i], row))
			stage_fail("%s: the fake Redis holds %s %s (%lld), the real one %s %s", key,
				row->field, row->value, (long long)row->score, all->items[i].text,
				all->items[i + step - 1].text);
	}
	if (i < all->count || row != NULL)
		stage_fail("%s: the fake Redis holds %zu, the real one %zu", key, rows_count(key),
			all->count / step);
	redis_answer_free(all);
}

/* An entry is an id and a list of names and values; a row has the values, one a line. */
static void compare_log(const char *key)
{
	struct redis_answer *all = ask_words(REDIS_WORDS("XRANGE", key, "-", "+"));
	const struct row *row = rows_first(key);
	struct buf values;

	buf_init(&values, 64 * 1024);
	for (size_t i = 0; i < all->count && row != NULL; i++, row = rows_after(row)) {
		const struct redis_answer *fields = &all->items[i].items[1];

		buf_clear(&values);
		for (size_t at = 1; at < fields->count; at += 2)
			buf_printf(&values, "%s\n", fields->items[at].text);
		if (strcmp(values.data, row->value) != 0)
			stage_fail("%s: the fake Redis wrote\n%s\nthe real one\n%s", key,
				row->value, values.data);
	}
	if (all->count != rows_count(key))
		stage_fail("%s: the fake Redis wrote %zu entries, the real one %zu", key,
			rows_count(key), all->count);
	buf_release(&values);
	redis_answer_free(all);
}

static void compare_key(const char *key)
{
	struct redis_answer *type = ask_words(REDIS_WORDS("TYPE", key)), *text;
	const struct row *row = rows_first(key);

	if (strcmp(type->text, "stream") == 0) {
		compare_log(key);
	} else if (strcmp(type->text, "string") == 0) {
		text = ask_words(REDIS_WORDS("GET", key));
		if (row == NULL || strcmp(row->value, text->text) != 0)
			stage_fail("%s: the fake Redis holds %s, the real one %s", key,
				row != NULL ? row->value : "nothing", text->text);
		redis_answer_free(text);
	} else {
		compare_elements(key, type->text);
	}
	redis_answer_free(type);
}

void mirror_compare(void)
{
	struct redis_answer *keys;

	if (redis == NULL)
		return;
	rows_drop_expired(loop_redis_us(), mirror_drop);
	keys = ask_words(REDIS_WORDS("KEYS", REDIS_SHARD "*"));
	for (size_t i = 0; i < keys->count; i++) {
		if (strncmp(keys->items[i].text, REDIS_SHARD "ages:", strlen(REDIS_SHARD) + 5) != 0)
			compare_key(keys->items[i].text);
	}
	redis_answer_free(keys);
	for (const struct row *row = rows_all(); row != NULL; row = row->next) {
		struct redis_answer *there = ask_words(REDIS_WORDS("EXISTS", row->key));

		if (there->integer == 0)
			stage_fail("%s: only the fake Redis holds it", row->key);
		redis_answer_free(there);
	}
}
