/* SPDX-License-Identifier: MIT */
/* turn_words: an item's wish as the words of scripts/turn.lua: the one place that knows their order. */
#ifndef WORKER_IO_TURN_WORDS_H
#define WORKER_IO_TURN_WORDS_H

#include "io/turn.h"

void turn_words_begin(struct turn_item *item, const char *shard, const struct turn_begin *begin);
void turn_words_settle(
	struct turn_item *item, const struct options *options, const struct turn_settle *settle);
void turn_words_give(struct turn_item *item, const char *field, const char *envelope);
/* `kind` is "retry" or "unsent"; the latter needs turn_words_mark() after it. */
void turn_words_later(struct turn_item *item, const char *shard, const char *kind,
	const char *field, const char *envelope, int64_t due_ms);
void turn_words_mark(struct turn_item *item, const struct turn_claim *claim);

#endif
