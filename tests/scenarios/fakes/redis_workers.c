/* SPDX-License-Identifier: MIT */
/* redis_workers: register.lua, renew.lua, reap.lua, leave.lua: who is there, and who takes over from whom. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "redis.h"
#include "rows.h"

static int64_t now_ms(void)
{
	return loop_redis_us() / 1000;
}

static bool remove_member(const char *key, const char *member)
{
	struct row *row = rows_find(key, member);

	if (row != NULL)
		rows_remove(row);
	return row != NULL;
}

static void add_now(struct redis_value *out)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)loop_redis_us());
	value_add(out, value_string(text));
}

struct redis_value *redis_register(struct words keys, struct words args)
{
	const char *workers = words_text(&keys), *claims = words_text(&keys);
	const char *was = words_text(&args), *is = words_text(&args);
	bool known = was[0] == '\0' || remove_member(workers, was);
	struct redis_value *out;

	while (args.left > 0)
		known |= remove_member(workers, words_text(&args));
	if (!known)
		return value_string("dead");
	rows_score(workers, is, now_ms());
	out = value_list();
	add_now(out);
	for (struct row *row = rows_first(claims); row != NULL; row = rows_after(row))
		value_add(out, value_string(row->field));
	return out;
}

/* What is due goes where it is taken from first; returns how many. */
static int64_t promote(const char *delayed, const char *retry, int64_t most)
{
	int64_t count = 0;
	struct row *row;

	while (count < most && (row = rows_first(delayed)) != NULL && row->score <= now_ms()) {
		rows_push(retry, true, row->field, strlen(row->field));
		rows_remove(row);
		count++;
	}
	return count;
}

static const char *parked_jobs(const char *parked, char *text, size_t size)
{
	long long count = 0;

	for (struct row *row = rows_first(parked); row != NULL; row = rows_after(row))
		count += strtoll(row->value, NULL, 10);
	snprintf(text, size, "%lld", count);
	return text;
}

/* How many jobs are parked, how many leases have ended, how many lanes hold some; whose and which; then who is being emptied. */
static void name_dead(struct redis_value *out, const char *workers, const char *dying,
	const char *parked, int64_t lease_ms)
{
	int64_t count = 0;
	char text[24];

	for (struct row *row = rows_first(workers); row != NULL; row = rows_after(row))
		count += row->score < now_ms() - lease_ms;
	value_add(out, value_string(parked_jobs(parked, text, sizeof(text))));
	value_add(out, value_integer(count));
	value_add(out, value_integer((int64_t)rows_count(parked)));
	value_add(out, value_string("")); /* keys of another type */
	for (struct row *row = rows_first(workers); row != NULL; row = rows_after(row)) {
		if (row->score < now_ms() - lease_ms)
			value_add(out, value_string(row->field));
	}
	for (struct row *row = rows_first(parked); row != NULL; row = rows_after(row))
		value_add(out, value_string(row->field));
	for (struct row *row = rows_first(dying); row != NULL; row = rows_after(row))
		value_add(out, value_string(row->field));
}

static bool is_living(const char *workers, const char *name)
{
	size_t len = strlen(name);

	for (struct row *row = rows_first(workers); row != NULL; row = rows_after(row)) {
		if (strncmp(row->field, name, len) == 0 && row->field[len] == ':')
			return true;
	}
	return false;
}

/* Claims of those who are in no list become a dead worker's. */
static void adopt(const char *workers, const char *dying, struct words seen)
{
	while (seen.left > 0) {
		const char *name = words_text(&seen);

		if (!is_living(workers, name))
			rows_score(dying, name, 0);
	}
}

struct redis_value *redis_renew(struct words keys, struct words args)
{
	const char *workers = words_text(&keys), *dying = words_text(&keys);
	const char *retry = words_text(&keys), *delayed = words_text(&keys);
	const char *me = words_text(&args);
	int64_t lease_ms = words_number(&args), most = words_number(&args);
	struct redis_value *out;
	struct row *later;
	char due[24];

	if (rows_find(workers, me) == NULL)
		return value_string("dead");
	rows_score(workers, me, now_ms());
	out = value_list();
	add_now(out);
	value_add(out, value_integer(promote(delayed, retry, most)));
	later = rows_first(delayed);
	snprintf(due, sizeof(due), "%lld", later != NULL ? (long long)later->score : -1);
	value_add(out, value_string(due));
	for (int queue = 0; queue < 3; queue++)
		value_add(out, value_string("-1")); /* ages are left out */
	adopt(workers, dying, args);
	for (int queue = 0; queue < 7; queue++)
		words_take(&keys); /* taken, queues, ages */
	name_dead(out, workers, dying, words_text(&keys), lease_ms);
	return out;
}

static struct redis_value *moved(int64_t count, int64_t left)
{
	struct redis_value *out = value_list();

	value_add(out, value_integer(count));
	value_add(out, value_integer(left));
	return out;
}

/* The count in `W.COUNT queue …`. */
static int64_t claim_count(const struct row *claim)
{
	const char *end = strchr(claim->field, ' ');

	while (end[-1] != '.')
		end--;
	return strtoll(end, NULL, 10);
}

static struct row *oldest_claim(const char *claims)
{
	struct row *oldest = rows_first(claims);

	for (struct row *row = oldest; row != NULL; row = rows_after(row)) {
		if (claim_count(row) < claim_count(oldest))
			oldest = row;
	}
	return oldest;
}

/* Behind what was put back before. */
static void put_back(const char *retry, const struct row *claim)
{
	struct buf entry;

	buf_init(&entry, 1024 * 1024);
	buf_add_string(&entry, strchr(claim->field, ' ') + 1);
	buf_add_char(&entry, '\n');
	buf_add(&entry, claim->value, claim->len);
	rows_push(retry, true, entry.data, entry.len);
	buf_release(&entry);
}

struct redis_value *redis_reap(struct words keys, struct words args)
{
	const char *workers = words_text(&keys), *dying = words_text(&keys);
	const char *retry = words_text(&keys), *claims = words_text(&keys);
	const char *me = words_text(&args), *worker = words_text(&args);
	const char *member = words_text(&args);
	int64_t lease_ms = words_number(&args), most = words_number(&args), count = 0;
	struct row *row = rows_find(workers, member);

	if (rows_find(workers, me) == NULL)
		return value_string("dead");
	if (member[0] != '\0') {
		if (row == NULL || row->score >= now_ms() - lease_ms)
			return moved(0, 0);
		rows_score(dying, worker, 0);
		rows_remove(row);
	} else if (rows_find(dying, worker) == NULL) {
		return moved(0, 0);
	}
	while (count < most && (row = oldest_claim(claims)) != NULL) {
		put_back(retry, row);
		rows_remove(row);
		count++;
	}
	if (rows_count(claims) == 0)
		remove_member(dying, worker);
	return moved(count, (int64_t)rows_count(claims));
}

struct redis_value *redis_leave(struct words keys, struct words args)
{
	const char *workers = words_text(&keys), *dying = words_text(&keys);
	const char *claims = words_text(&keys);
	const char *me = words_text(&args), *worker = words_text(&args);

	if (remove_member(workers, me) && rows_count(claims) > 0)
		rows_score(dying, worker, 0);
	return value_string("ok");
}
