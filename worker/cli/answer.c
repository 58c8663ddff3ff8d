/* SPDX-License-Identifier: MIT */
/* answer: reads answers of Redis; what is not there is empty. */
#include "cli/answer.h"

#include <string.h>

const char *answer_text(const struct redis_answer *answer, size_t item)
{
	const char *text = item < answer->count ? answer->items[item].text : NULL;
	return text ? text : "";
}

const char *answer_number(const struct redis_answer *answer, size_t item)
{
	const char *text = answer_text(answer, item);
	return *text && text[strspn(text, "0123456789")] == '\0' ? text : "null";
}

bool answer_is(const struct redis_answer *answer, const char *word)
{
	return strcmp(answer_text(answer, 0), word) == 0;
}
