/* SPDX-License-Identifier: MIT */
/* jsonpath_parser: what the files that read a query share, for jsonpath*.c only. */
#ifndef BELLHOP_COMMON_JSONPATH_PARSER_H
#define BELLHOP_COMMON_JSONPATH_PARSER_H

#include "bellhop/jsonpath.h"
#include "jsonpath_parts.h"

struct jsonpath_parser {
	struct span text;
	const char *at;
	const char *end;
	char *reason;
	struct jsonpath *path;
	unsigned nesting; /* filters, parentheses and calls around `at` */
};

/* Every function that reads leaves `at` behind what it read: 0, or -1 with the reason set. */

/* WHAT at column N. Returns -1. */
int jsonpath_refuse(struct jsonpath_parser *parser, const char *at, const char *what);
/* Filters, parentheses and calls enter, so that no query nests without an end. */
int jsonpath_enter(struct jsonpath_parser *parser, const char *at);
void jsonpath_leave(struct jsonpath_parser *parser);

bool jsonpath_sees(const struct jsonpath_parser *parser, char byte);
bool jsonpath_sees_digit(const struct jsonpath_parser *parser);
bool jsonpath_sees_text(const struct jsonpath_parser *parser, const char *text);
/* Whether there was some. */
bool jsonpath_skip_blank(struct jsonpath_parser *parser);

/* At a quote; the text lies in the arena. */
int jsonpath_read_quoted(struct jsonpath_parser *parser, struct span *text);
/* At a digit or `-`. */
int jsonpath_read_integer(struct jsonpath_parser *parser, int64_t *number);
int jsonpath_read_number(struct jsonpath_parser *parser, struct span *text);

/* At `$` or `@`. Blank space behind the query is left where it is. */
int jsonpath_read_query(struct jsonpath_parser *parser, struct query *query);
/* Behind the `?` of a filter. */
int jsonpath_read_filter(struct jsonpath_parser *parser, const struct expr **filter);
/* A literal, a query or a call. */
int jsonpath_read_operand(struct jsonpath_parser *parser, struct operand *operand);
/* At the name of a function. */
int jsonpath_read_call(struct jsonpath_parser *parser, const struct call **call);
/* Whether the call says true or false by itself; else it gives a value. */
bool jsonpath_call_is_logical(const struct call *call);

#endif
