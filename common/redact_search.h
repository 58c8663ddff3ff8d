/* SPDX-License-Identifier: MIT */
/* redact_search: walks a text from one masked stretch to the next, for redact*.c only. */
#ifndef BELLHOP_COMMON_REDACT_SEARCH_H
#define BELLHOP_COMMON_REDACT_SEARCH_H

#include "bellhop/redact.h"

/* In redactor.first: an escape, of whatever pattern begins with one. */
#define REDACT_ESCAPED (UINT64_C(1) << 63)

struct redact_search {
	const struct redactor *redactor;
	const char *text;
	size_t len;
	size_t agreeing; /* bytes that may still agree with a pattern before the search gives up */
	bool gave_up;
};

void redact_search_init(
	struct redact_search *search, const struct redactor *redactor, struct span text);
/* The next stretch at or after `at` that must be masked: its start, and its end in `*end`. The length of the text where
 * there is none. */
size_t redact_search_next(struct redact_search *search, size_t at, size_t *end);

#endif
