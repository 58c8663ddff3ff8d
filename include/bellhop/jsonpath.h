/* SPDX-License-Identifier: MIT */
/*
 * jsonpath: JSONPath queries (RFC 9535, all of it) over a tape, compiled once.
 *
 * Numbers are compared by their value to the last digit, not as doubles. A query that is wrong, ill-typed or nested too deep
 * is refused when compiled, with its column. What a query may find and do is counted, not timed: the same query over the
 * same tape has the same end on every machine. A match or search whose pattern is no I-Regexp (RFC 9485) is false.
 */
#ifndef BELLHOP_JSONPATH_H
#define BELLHOP_JSONPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/error.h"
#include "bellhop/json_tape.h"
#include "bellhop/span.h"

struct jsonpath;

/* NULL, and `reason` (a caller's array) says what and at which column, counted from 1. */
#define JSONPATH_REASON_BYTES 160
#define JSONPATH_MAX_NESTING  32 /* filters, parentheses and calls inside one another */
struct jsonpath *jsonpath_compile(struct span query, char reason[JSONPATH_REASON_BYTES]);
void jsonpath_free(struct jsonpath *path);

/* Whether the query can only ever give one node (RFC 9535, section 2.3.5.1: singular). */
bool jsonpath_is_singular(const struct jsonpath *path);
/* The memory that its patterns take. */
size_t jsonpath_pattern_bytes(const struct jsonpath *path);
#define JSONPATH_MAX_PATTERN_BYTES (128 * 1024)

/* Nodes found, as indices on the tape, in the order of RFC 9535. */
struct jsonpath_nodes {
	uint32_t *items;
	size_t count;
	size_t capacity;
	size_t max;	/* nodes kept at most */
	uint64_t steps; /* work still allowed: about a node visited or a test made each */
};

void jsonpath_nodes_init(struct jsonpath_nodes *nodes, size_t max, uint64_t steps);
void jsonpath_nodes_release(struct jsonpath_nodes *nodes);
/* 0, or -1 where a bound was reached. `nodes` is cleared first. */
int jsonpath_find(
	const struct jsonpath *path, const struct json_tape *tape, struct jsonpath_nodes *nodes);

#endif
