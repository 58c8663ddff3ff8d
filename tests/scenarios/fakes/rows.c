/* SPDX-License-Identifier: MIT */
/* rows: all that the fake Redis holds. */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"

static struct row *first, *last;

struct row *rows_all(void)
{
	return first;
}

static uint32_t hash_of(const char *key)
{
	uint32_t hash = 0;

	while (*key != '\0')
		hash = hash * 31 + (unsigned char)*key++;
	return hash;
}

static struct row *seek(struct row *row, const char *key, uint32_t hash)
{
	while (row != NULL && (row->key_hash != hash || strcmp(row->key, key) != 0))
		row = row->next;
	return row;
}

struct row *rows_first(const char *key)
{
	return seek(first, key, hash_of(key));
}

struct row *rows_last(const char *key)
{
	struct row *row = last;

	while (row != NULL && strcmp(row->key, key) != 0)
		row = row->previous;
	return row;
}

struct row *rows_after(const struct row *row)
{
	return seek(row->next, row->key, row->key_hash);
}

size_t rows_count(const char *key)
{
	size_t count = 0;

	for (struct row *row = rows_first(key); row != NULL; row = rows_after(row))
		count++;
	return count;
}

struct row *rows_find(const char *key, const char *field)
{
	struct row *row = rows_first(key);

	while (row != NULL && strcmp(row->field, field) != 0)
		row = rows_after(row);
	return row;
}

/* Before `before`, or at the end. */
static struct row *insert(struct row *before, const char *key, const char *field, const char *value,
	size_t len, int64_t score)
{
	struct row *row = xcalloc(1, sizeof(*row));
	const struct row *other = rows_first(key);

	row->key = xstrdup(key);
	row->key_hash = hash_of(key);
	row->field = xstrdup(field);
	row->value = xmemdup(value, len);
	row->len = len;
	row->score = score;
	row->expires_us = other != NULL ? other->expires_us : 0;
	row->next = before;
	row->previous = before != NULL ? before->previous : last;
	*(row->previous != NULL ? &row->previous->next : &first) = row;
	*(before != NULL ? &before->previous : &last) = row;
	return row;
}

void rows_set(const char *key, const char *field, const char *value, size_t len)
{
	struct row *row = rows_find(key, field);

	if (row == NULL) {
		insert(NULL, key, field, value, len, 0);
		return;
	}
	free(row->value);
	row->value = xmemdup(value, len);
	row->len = len;
}

void rows_push(const char *key, bool left, const char *value, size_t len)
{
	insert(left ? first : NULL, key, "", value, len, 0);
}

void rows_score(const char *key, const char *member, int64_t score)
{
	struct row *old = rows_find(key, member), *at;
	int64_t expires_us = 0;

	if (old != NULL) {
		expires_us = old->expires_us;
		rows_remove(old);
	}
	at = rows_first(key);
	while (at != NULL &&
		(at->score < score || (at->score == score && strcmp(at->field, member) < 0)))
		at = rows_after(at);
	insert(at, key, member, "", 0, score);
	if (expires_us != 0)
		rows_expire(key, expires_us);
}

void rows_remove(struct row *row)
{
	*(row->previous != NULL ? &row->previous->next : &first) = row->next;
	*(row->next != NULL ? &row->next->previous : &last) = row->previous;
	free(row->key);
	free(row->field);
	free(row->value);
	free(row);
}

void rows_remove_key(const char *key)
{
	struct row *row;

	while ((row = rows_first(key)) != NULL)
		rows_remove(row);
}

void rows_expire(const char *key, int64_t at_us)
{
	for (struct row *row = rows_first(key); row != NULL; row = rows_after(row))
		row->expires_us = at_us;
}

void rows_drop_expired(int64_t now_us, void (*dropped)(const char *key))
{
	struct row *row = first;

	while (row != NULL) {
		struct row *next = row->next;

		if (row->expires_us != 0 && row->expires_us <= now_us) {
			dropped(row->key);
			rows_remove(row);
		}
		row = next;
	}
}

void rows_clear(void)
{
	while (first != NULL)
		rows_remove(first);
}
