/* SPDX-License-Identifier: MIT */
/*
 * redis_sync: the one blocking Redis client, for the command-line tool and `bellhopd --reseal`. Not for the worker, which never blocks.
 *
 * A command is a list of spans; the answer is a tree that its receiver frees. An error answer of Redis is an answer
 * (REDIS_ERROR), so a caller tells NOPERM from a broken connection.
 */
#ifndef BELLHOP_REDIS_SYNC_H
#define BELLHOP_REDIS_SYNC_H

#include <stddef.h>
#include <stdint.h>

#include "bellhop/error.h"
#include "bellhop/redis_url.h"
#include "bellhop/span.h"

enum redis_type { REDIS_NIL, REDIS_STRING, REDIS_INTEGER, REDIS_ARRAY, REDIS_ERROR };

struct redis_answer {
	enum redis_type type;
	int64_t integer;
	char *text; /* REDIS_STRING, REDIS_ERROR; NUL-terminated */
	size_t len;
	struct redis_answer *items;
	size_t count;
};

struct redis_sync;

/* Connects, authenticates, selects the database. NULL: `error` says what to do. */
struct redis_sync *redis_sync_open(const struct redis_url *url, struct error *error);
void redis_sync_close(struct redis_sync *redis);
/* Sends one command and waits `timeout_ms` at most (0: five seconds). NULL: the connection is of no more use. */
struct redis_answer *redis_sync_command(struct redis_sync *redis, const struct span *words,
	size_t count, uint32_t timeout_ms, struct error *error);
/* The same for words that are NUL-terminated, within five seconds. An error answer fails too, with a line that says what to do. */
struct redis_answer *redis_sync_do(
	struct redis_sync *redis, const char *const *words, struct error *error);
/* The words for it: REDIS_WORDS("GET", key). */
#define REDIS_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
/* Hands `answer` on where it is one; fails where it is NULL or an error answer, with a line that says what to do about it. */
struct redis_answer *redis_sync_succeed(
	const struct redis_sync *redis, struct redis_answer *answer, struct error *error);
void redis_answer_free(struct redis_answer *answer);

#endif
