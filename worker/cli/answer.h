/* SPDX-License-Identifier: MIT */
/* answer: the items of an answer of Redis that is an array. Texts belong to the answer, as long as it is there. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include <stdbool.h>

#include "bellhop/redis_sync.h"

/* An item as text; "" where there is none. */
const char *answer_text(const struct redis_answer *answer, size_t item);
/* An item as a JSON number; "null" where it is none. */
const char *answer_number(const struct redis_answer *answer, size_t item);
/* Whether the first item is that word. */
bool answer_is(const struct redis_answer *answer, const char *word);

#endif
