/* SPDX-License-Identifier: MIT */
/* jsonpath_run: one run of a query over a tape, for jsonpath*.c only. */
#ifndef BELLHOP_COMMON_JSONPATH_RUN_H
#define BELLHOP_COMMON_JSONPATH_RUN_H

#include "bellhop/buf.h"
#include "bellhop/jsonpath.h"
#include "jsonpath_parts.h"
#include "pattern.h"

/* Passing over this many nodes in search of a name or an index costs as much as visiting one. */
#define JSONPATH_PASSED_PER_STEP 8
/* The same of bytes of a text. */
#define JSONPATH_BYTES_PER_STEP 64
/* And where it has escapes. */
#define JSONPATH_ESCAPED_PER_STEP 4

/* What only filters need. */
struct jsonpath_scratch {
	struct buf texts[2]; /* the two sides of a comparison, unescaped */
	struct pattern_work work;
	/* The last pattern that came out of the document. */
	struct buf pattern_text;
	struct pattern *pattern;
	bool pattern_whole;
	bool pattern_known;
};

struct jsonpath_run {
	const struct json_tape *tape;
	uint64_t steps;
	struct jsonpath_scratch *scratch; /* NULL where the query has no filter */
};

/* 0, or -1 where no work is left. */
static inline int jsonpath_spend(struct jsonpath_run *run, uint64_t steps)
{
	if (steps > run->steps) {
		run->steps = 0;
		return -1;
	}
	run->steps -= steps;
	return 0;
}

/* What becomes of the nodes that are found. */
struct jsonpath_sink {
	struct jsonpath_nodes *nodes; /* keeps them; NULL: they are counted */
	uint64_t count;
	uint64_t enough; /* the search ends with so many */
	uint32_t last;
};

#define JSONPATH_GO_ON	0
#define JSONPATH_ENOUGH 1
#define JSONPATH_FAILED -1 /* a bound was reached */

/* Hands on what the segments find from `node` on. It calls itself for the next segment, each time a level deeper in the
 * document: no deeper than the tape was read. */
int jsonpath_walk(struct jsonpath_run *run, const struct segment *segment, uint32_t node,
	struct jsonpath_sink *sink);

/* The value of the member of that name: TAPE_NONE where there is none. 0, or -1 where a bound was reached. */
int jsonpath_member(struct jsonpath_run *run, uint32_t object, struct span name, uint32_t *value);

/* Where a query in a filter begins. */
static inline uint32_t jsonpath_origin(const struct query *query, uint32_t node)
{
	return query->relative ? node : 0;
}

/* 1: the filter takes the node; 0: it does not; -1: a bound was reached. */
int jsonpath_test(struct jsonpath_run *run, const struct expr *expr, uint32_t node);

/* A value in a filter: on the tape, written in the query, or counted. */
struct jsonpath_value {
	bool nothing;
	enum tape_type type;
	uint32_t node;	  /* TAPE_NONE where it is on no tape */
	struct span text; /* of what is on no tape: a string, or a number as it is written */
	char digits[24];
};

/* Both: 0, or -1 where a bound was reached. */
int jsonpath_operand(struct jsonpath_run *run, const struct operand *operand, uint32_t node,
	struct jsonpath_value *value);
/* `side` is 0 or 1: whose scratch may be used. The text of a string, unescaped. */
int jsonpath_value_text(
	struct jsonpath_run *run, const struct jsonpath_value *value, int side, struct span *text);
/* 1, 0, -1 as jsonpath_test(). */
int jsonpath_compare(struct jsonpath_run *run, enum comparison comparison,
	const struct jsonpath_value *a, const struct jsonpath_value *b);

/* length(), count(), value(): a value. */
int jsonpath_call_value(struct jsonpath_run *run, const struct call *call, uint32_t node,
	struct jsonpath_value *value);
/* match(), search(): 1, 0, -1. */
int jsonpath_call_test(struct jsonpath_run *run, const struct call *call, uint32_t node);

#endif
