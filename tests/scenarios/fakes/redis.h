/* SPDX-License-Identifier: MIT */
/*
 * redis: the fake Redis: what the worker's scripts promise, told a second time in C over plain rows.
 *
 *   redis        commands in, answers out
 *   redis_turn   turn.lua: settles, begins; redis_claim: its claims; redis_workers: register, renew, reap, leave
 *   redis_async  the connections to it, and how they break
 *   mirror       each command also to a real redis-server, which has to answer the same
 *
 * What it leaves out: keys of another type, the bound on a claim's bytes, Redis's own limits of memory, the ages of queues.
 */
#ifndef SCENARIOS_FAKES_REDIS_H
#define SCENARIOS_FAKES_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bellhop/buf.h"
#include "value.h"

#define REDIS_SHARD "bellhop:{main}:"

struct word {
	const char *text; /* ends with a NUL */
	size_t len;
};

/* A command's words, read one after the other; a script's keys and arguments are two of these. */
struct words {
	struct word *at;
	size_t left;
};

/* The next one; there must be one. */
struct word words_take(struct words *words);
const char *words_text(struct words *words);
int64_t words_number(struct words *words);

/* Does one command (as io/resp.h writes it) and answers; the caller frees it. */
struct redis_value *redis_execute(const struct buf *command);
/* The same for a story: words up to a NULL. The answer is dropped. */
void redis_do(const char *command, ...) __attribute__((sentinel));
/* The command's first word, or the script's name. */
const char *redis_command_name(const struct buf *command);
/* The second word of a command: its key. */
void redis_command_key(const struct buf *command, char *key, size_t size);

/* Starts empty. */
void redis_reset(void);
/* As after its restart. */
void redis_forget_scripts(void);
/* How often a call of this id was begun, in any org. */
size_t redis_begun_count(const char *id);

/* The scripts. `keys` and `args` as their .lua files say. */
struct redis_value *redis_turn(struct words keys, struct words args);
struct redis_value *redis_register(struct words keys, struct words args);
struct redis_value *redis_renew(struct words keys, struct words args);
struct redis_value *redis_reap(struct words keys, struct words args);
struct redis_value *redis_leave(struct words keys, struct words args);
struct redis_value *redis_wake(struct words keys, struct words args);

struct redis_claim {
	const char *claims, *retry, *taken, *queues[3];
	const char *worker;
	int64_t room, workflow_room, next_token, credits[3], weights[3];
};
/* Adds (field, payload) for each claim to `out`; credits are changed. */
void redis_claim(struct redis_claim *claim, struct redis_value *out);

#endif
