/* SPDX-License-Identifier: MIT */
/* turn_words: an item's wish as the words of scripts/turn/: the one place that knows their order. */
#ifndef WORKER_IO_TURN_WORDS_H
#define WORKER_IO_TURN_WORDS_H

#include "io/turn.h"

void turn_words_begin(struct turn_item *item, const char *shard, const struct turn_begin *begin);
void turn_words_settle(
	struct turn_item *item, const struct options *options, const struct turn_settle *settle);
void turn_words_back(struct turn_item *item, const char *shard, const struct turn_claim *claim,
	const struct turn_putting_back *how);

#endif
