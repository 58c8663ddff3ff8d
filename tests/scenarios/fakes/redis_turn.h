/* SPDX-License-Identifier: MIT */
/* redis_turn: what the two halves of the fake turn.lua share: begins (redis_turn.c) and settles (redis_settle.c). */
#ifndef SCENARIOS_FAKES_REDIS_TURN_H
#define SCENARIOS_FAKES_REDIS_TURN_H

#include "redis.h"

struct fake_turn {
	const char *claims, *begun, *retry, *dead;
	int64_t result_ttl_s, reply_ttl_s, reply_max, dead_max, pending_max, waiting_max;
	int64_t replies_dropped, dead_dropped;
	struct redis_value *out; /* one text for each item */
};

/* What is written in `begun` before the first byte may leave. */
struct mark {
	char birth[128], token[128], digest[64], version[32];
	bool waits; /* a duplicate waits for the reply */
	int earlier; /* 1: a former delivery had begun too, its end not known; 2: former attempts ended */
	int64_t at_us;
};

/* One job as an item names it. */
struct asker {
	const char *result, *field, *name, *birth, *token, *digest;
};

/* Who has the id. */
enum who {
	WHO_FREE,
	WHO_MINE,
	WHO_OURS,
	WHO_UNSENT,
	WHO_ENDED,
	WHO_WAITING,
	WHO_DUPLICATE,
	WHO_CONFLICT
};

const char *who_name(enum who who);
enum who turn_identify(const struct fake_turn *turn, const struct asker *asker, struct mark *mark);
void turn_write_mark(const struct fake_turn *turn, const char *name, const struct mark *mark);
bool turn_read_mark(const struct fake_turn *turn, const char *name, struct mark *mark);

/* What a worker knew of an integration. */
struct basis {
	const char *integration, *secrets; /* keys */
	const char *version, *action;
	size_t count;
	const char *fields[2], *tags[2];
};

/* Reads the secrets' count, fields and tags. */
void turn_read_secrets(struct words *args, struct basis *basis);
bool turn_has_changed(const struct basis *basis);

/* Whether a confirmation may not be used, and then why. `mine`: what this decision itself left behind, or NULL. */
bool turn_token_refused(
	const char *confirm, const char *version, const char *mine, char *why, size_t size);
void turn_use_token(const char *confirm, const char *pending, const char *token, const char *used);

/* A new run: nothing was begun. */
void redis_begun_reset(void);

void turn_settle(struct fake_turn *turn, struct words *keys, struct words *args);

#endif
