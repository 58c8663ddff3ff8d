/* SPDX-License-Identifier: MIT */
/* span: bytes that somebody else owns. Not NUL-terminated. */
#ifndef BELLHOP_SPAN_H
#define BELLHOP_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *data;
	size_t len;
};

static inline struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static inline bool span_equals(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool span_is(struct span a, const char *text)
{
	return span_equals(a, span_of(text));
}

#endif
