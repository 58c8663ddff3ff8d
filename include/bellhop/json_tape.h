/* SPDX-License-Identifier: MIT */
/*
 * json_tape: reads a JSON text in place, in one pass (RFC 8259, UTF-8, to the letter).
 *
 * For what passes through: jobs, responses, definitions. A value is a 16-byte node that points into the text;
 * nothing is copied, numbers stay as they were written. Refused, as the contract says: a member named twice (after
 * unescaping), a lone surrogate, a number beyond a double, bytes that are not UTF-8, a byte-order mark, anything
 * after the value. Depth and number of values are bounded while reading, so a hostile text costs what its length
 * costs and no more.
 *
 * A value is named by its index on the tape; the root is 0. A tape borrows its text, which must outlive it and
 * must be shorter than 256 MiB. Names of types begin with TAPE_: jansson has the JSON_ ones.
 */
#ifndef BELLHOP_JSON_TAPE_H
#define BELLHOP_JSON_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

enum tape_type {
	TAPE_NULL,
	TAPE_FALSE,
	TAPE_TRUE,
	TAPE_NUMBER,
	TAPE_STRING,
	TAPE_ARRAY,
	TAPE_OBJECT,
};

#define TAPE_NONE UINT32_MAX

struct tape_node {
	uint32_t at; /* offset in the text: of a string, the byte after its quote */
	uint32_t
		len; /* bytes of the text: of a string, without the quotes; of a container, brackets and all */
	uint32_t next;	     /* index of the node after this value and all inside it */
	uint32_t count : 27; /* elements of an array, members of an object */
	uint32_t type : 3;
	uint32_t escaped : 1;  /* a string with a backslash in it */
	uint32_t integral : 1; /* a number without fraction and exponent */
};

struct json_tape {
	const char *text;
	struct tape_node *nodes;
	uint32_t count;
	uint32_t capacity;
};

struct tape_limits {
	uint32_t depth;	 /* containers inside containers; the outermost counts as 1 */
	uint32_t values; /* nodes: every value and every member name */
};

struct tape_error {
	const char *reason; /* static, without a full stop; never an excerpt of the text */
	size_t offset;	    /* bytes */
	bool too_deep;	    /* nested over the limit; it may be right otherwise */
};

void json_tape_init(struct json_tape *tape);
void json_tape_release(struct json_tape *tape);
/* Reads `text`. The tape may be used before; its memory is reused. On failure -1, `error` says why, and the tape
 * holds nothing. `error` may be NULL. */
int json_tape_read(struct json_tape *tape, const char *text, size_t len,
	const struct tape_limits *limits, struct tape_error *error);

static inline enum tape_type tape_type(const struct json_tape *tape, uint32_t value)
{
	return (enum tape_type)tape->nodes[value].type;
}

/* "null", "boolean", "integer", "number", "string", "array", "object": the words of JSON Schema. 1.0 is a
 * "number" here; see tape_is_integer(). */
const char *tape_type_name(const struct json_tape *tape, uint32_t value);

/* Walking. Inside an array the children are its elements; inside an object they come in pairs, the name (a string)
 * and its value. tape_first() is TAPE_NONE in an empty container; tape_next() is TAPE_NONE after the last. */
uint32_t tape_first(const struct json_tape *tape, uint32_t container);
uint32_t tape_next(const struct json_tape *tape, uint32_t container, uint32_t child);

/* The value of the member of that (unescaped) name; TAPE_NONE where there is none, or where it is no object. */
uint32_t tape_member(const struct json_tape *tape, uint32_t object, const char *name);
uint32_t tape_member_span(const struct json_tape *tape, uint32_t object, struct span name);
/* The element at `index`; TAPE_NONE where there is none, or where it is no array. */
uint32_t tape_element(const struct json_tape *tape, uint32_t array, uint32_t index);

/* The text of the value as it was written, quotes and brackets included. */
struct span tape_raw(const struct json_tape *tape, uint32_t value);

/* A string, unescaped: added to `out`. */
void tape_string(const struct json_tape *tape, uint32_t string, struct buf *out);
/* The same without a copy where nothing is escaped; else by way of `scratch`, which is cleared first. */
struct span tape_string_span(const struct json_tape *tape, uint32_t string, struct buf *scratch);
bool tape_string_equals(const struct json_tape *tape, uint32_t string, struct span text);
/* -1, 0, 1: two strings in the order of their bytes, unescaped (which is that of their characters). */
int tape_string_compare(const struct json_tape *tape, uint32_t a, uint32_t b);

/* Whether the number's value is an integer (JSON Schema: 1.0 and 1e2 are). */
bool tape_is_integer(const struct json_tape *tape, uint32_t number);
/* The number as an integer of 64 bits: 0, or -1 where its value is none or does not fit. */
int tape_int64(const struct json_tape *tape, uint32_t number, int64_t *out);
double tape_double(const struct json_tape *tape, uint32_t number);

#endif
