/* SPDX-License-Identifier: MIT */
/*
 * jsonpath_parts: what a compiled query is made of, for jsonpath*.c only.
 *
 * All of it lies in the arena of its query. What stands in a row (segments, selectors, the terms of `&&` and `||`) is a
 * list, so that a walk over it needs no recursion; only filters, parentheses and calls nest, and those the parser bounds.
 */
#ifndef BELLHOP_COMMON_JSONPATH_PARTS_H
#define BELLHOP_COMMON_JSONPATH_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "bellhop/json_tape.h"
#include "bellhop/span.h"

struct expr;
struct pattern;

enum selector_kind {
	SELECT_NAME,
	SELECT_INDEX,
	SELECT_ALL, /* the wildcard */
	SELECT_SLICE,
	SELECT_FILTER,
};

struct slice {
	int64_t start; /* where it has one */
	int64_t end;
	int64_t step;
	bool has_start;
	bool has_end;
};

struct selector {
	enum selector_kind kind;
	struct selector *next;
	union {
		struct span name; /* unescaped, may hold NULs */
		int64_t index;	  /* below 0 it counts from the end */
		const struct slice *slice;
		const struct expr *filter;
	};
};

struct segment {
	struct segment *next;
	struct selector *selectors;
	bool descendant;
	bool single; /* a child by one name or index */
};

struct query {
	bool relative; /* from `@`, not from `$` */
	bool singular;
	bool spaced; /* with blank space inside of brackets */
	struct segment *segments;
};

enum operand_kind {
	OPERAND_LITERAL,
	OPERAND_QUERY,
	OPERAND_CALL,
};

struct operand {
	enum operand_kind kind;
	enum tape_type type; /* OPERAND_LITERAL */
	struct span text;    /* of a string, unescaped, or of a number as it was written */
	union {
		const struct query *query;
		const struct call *call;
	};
};

enum function {
	FUNCTION_LENGTH,
	FUNCTION_COUNT,
	FUNCTION_VALUE,
	FUNCTION_MATCH,
	FUNCTION_SEARCH,
};

#define CALL_MAX_ARGUMENTS 2

struct call {
	enum function function;
	struct operand arguments[CALL_MAX_ARGUMENTS];
	bool literal_pattern;
	struct pattern *pattern; /* of the literal; NULL where it is none */
	struct call *next;	 /* the calls of a query, of which some hold patterns */
};

enum expr_kind {
	EXPR_OR,
	EXPR_AND,
	EXPR_EXISTS,
	EXPR_CALL,
	EXPR_COMPARE,
};

enum comparison {
	COMPARE_EQUAL,
	COMPARE_NOT_EQUAL,
	COMPARE_LESS,
	COMPARE_LESS_EQUAL,
	COMPARE_GREATER,
	COMPARE_GREATER_EQUAL,
};

struct expr {
	enum expr_kind kind;
	bool negated;
	struct expr *next; /* the next term of the expression that this is a term of */
	union {
		struct expr *terms; /* EXPR_OR, EXPR_AND */
		const struct query *query;
		const struct call *call;
		struct {
			enum comparison comparison;
			const struct operand *left;
			const struct operand *right;
		};
	};
};

struct jsonpath {
	struct arena arena;
	struct query query;
	bool filtered; /* there is a filter in it */
	struct call *calls;
	size_t pattern_bytes; /* of its patterns together */
};

#endif
