/* SPDX-License-Identifier: MIT */
/*
 * rows: all that the fake Redis holds, as one list of (key, field, value, score).
 *
 * A string is one row; a list its rows in their order, the left end first; a hash a row a field; a set or sorted set a row
 * a member, in the order of score and member. Slow and plain.
 */
#ifndef SCENARIOS_FAKES_ROWS_H
#define SCENARIOS_FAKES_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct row {
	struct row *next, *previous;
	uint32_t key_hash;	   /* so that most others are passed by at a glance */
	char *key, *field, *value; /* field "" where there is none; each ends with a NUL */
	size_t len;		   /* of the value */
	int64_t score;
	int64_t expires_us; /* 0: never */
};

/* The first row of a key, and the next one of the same; NULL: none. */
struct row *rows_first(const char *key);
struct row *rows_last(const char *key);
struct row *rows_after(const struct row *row);
/* All of them. */
struct row *rows_all(void);
size_t rows_count(const char *key);
struct row *rows_find(const char *key, const char *field);

/* A string, or a field of a hash. */
void rows_set(const char *key, const char *field, const char *value, size_t len);
void rows_push(const char *key, bool left, const char *value, size_t len);
void rows_score(const char *key, const char *member, int64_t score);
void rows_remove(struct row *row);
void rows_remove_key(const char *key);
/* Of a key that is there. */
void rows_expire(const char *key, int64_t at_us);
/* Drops what has expired; `dropped` hears each key. */
void rows_drop_expired(int64_t now_us, void (*dropped)(const char *key));
void rows_clear(void);

#endif
