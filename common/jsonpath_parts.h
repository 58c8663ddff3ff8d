/* SPDX-License-Identifier: MIT */
/* jsonpath_parts: what a compiled query is made of, for jsonpath*.c only. */
#ifndef BELLHOP_COMMON_JSONPATH_PARTS_H
#define BELLHOP_COMMON_JSONPATH_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum selector_kind {
	SELECT_NAME,
	SELECT_INDEX,
	SELECT_ALL, /* the wildcard */
};

struct selector {
	enum selector_kind kind;
	char *name; /* SELECT_NAME: unescaped, may hold NULs */
	size_t name_len;
	int64_t index; /* SELECT_INDEX: below 0 it counts from the end */
};

/* One selector for each segment, and all of them children. */
struct jsonpath {
	struct selector *selectors;
	size_t count;
	size_t capacity;
	bool singular;
};

#endif
