/* SPDX-License-Identifier: MIT */
/*
 * json_out_value: writes values from a tape: compact, for people, for digests.
 *
 * What was read is nearly what is written: between one node and the next the text holds nothing but white space, commas,
 * colons and brackets. So a value is written by going once along its nodes, without recursion, and runs of bytes that
 * stay as they are go out in one piece: all of a text that was compact already.
 */
#include "bellhop/json_out.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/json_number.h"
#include "json_text.h"

/* Integers of fewer digits are handed on as written. */
#define PLAIN_INTEGER_BYTES 19

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static void string_out(struct buf *out, const struct json_tape *tape, uint32_t string)
{
	struct span piece = tape_raw(tape, string);
	struct json_text text = {.at = piece.data + 1, .end = piece.data + piece.len - 1};

	if (!tape->nodes[string].escaped) {
		buf_add(out, piece.data, piece.len);
		return;
	}
	buf_add_char(out, '"');
	while ((piece = json_text_next(&text)).len > 0) {
		if (piece.data == text.escape)
			json_out_escaped(out, piece);
		else
			buf_add(out, piece.data, piece.len);
	}
	buf_add_char(out, '"');
}

/* Whether a value is written as it stands in the text. */
static bool stays(const struct tape_node *node)
{
	if (node->type == TAPE_STRING)
		return !node->escaped;
	return node->type != TAPE_NUMBER || (node->integral && node->len < PLAIN_INTEGER_BYTES);
}

/* The text from `run` on that is due to be written as it stands. */
struct run {
	struct buf *out;
	const char *start;
};

static void flush(struct run *run, const char *end, const char *next)
{
	buf_add(run->out, run->start, (size_t)(end - run->start));
	run->start = next;
}

/* Between two nodes: white space goes, the rest stays. */
static void pass_gap(struct run *run, const char *at, const char *end)
{
	while (at < end) {
		const char *space = at;

		while (at < end && is_space(*at))
			at++;
		if (at > space)
			flush(run, space, at);
		else
			at++;
	}
}

void json_out_value(struct buf *out, const struct json_tape *tape, uint32_t value)
{
	struct span whole = tape_raw(tape, value);
	struct run run = {out, whole.data};
	const char *at = whole.data, *end = whole.data + whole.len;

	for (uint32_t index = value; index < tape->nodes[value].next; index++) {
		const struct tape_node *node = &tape->nodes[index];
		struct span raw = tape_raw(tape, index);

		pass_gap(&run, at, raw.data);
		at = raw.data + raw.len;
		if (node->type == TAPE_ARRAY || node->type == TAPE_OBJECT) {
			at = raw.data + 1;
		} else if (!stays(node)) {
			flush(&run, raw.data, at);
			if (node->type == TAPE_STRING)
				string_out(out, tape, index);
			else
				json_number_out(raw, false, out);
		}
	}
	pass_gap(&run, at, end);
	flush(&run, end, end);
}

static void new_line(struct buf *out, unsigned depth)
{
	buf_add_char(out, '\n');
	while (depth-- > 0)
		buf_add(out, "  ", 2);
}

/* What stands between two nodes, spread over lines; the depth after it. */
static unsigned spread_gap(struct buf *out, const char *at, const char *end, unsigned depth)
{
	for (; at < end; at++) {
		switch (*at) {
		case ',':
			buf_add_char(out, ',');
			new_line(out, depth);
			break;
		case ':':
			buf_add(out, ": ", 2);
			break;
		case ']':
		case '}':
			new_line(out, --depth);
			buf_add_char(out, *at);
			break;
		default: /* white space */
			break;
		}
	}
	return depth;
}

void json_out_pretty(struct buf *out, const struct json_tape *tape, uint32_t value)
{
	struct span whole = tape_raw(tape, value);
	const char *at = whole.data;
	unsigned depth = 0;

	for (uint32_t index = value; index < tape->nodes[value].next; index++) {
		const struct tape_node *node = &tape->nodes[index];
		struct span raw = tape_raw(tape, index);

		depth = spread_gap(out, at, raw.data, depth);
		at = raw.data + raw.len;
		if (node->type == TAPE_STRING) {
			string_out(out, tape, index);
		} else if (node->type != TAPE_ARRAY && node->type != TAPE_OBJECT) {
			buf_add(out, raw.data, raw.len);
		} else if (node->count == 0) {
			buf_add_string(out, node->type == TAPE_ARRAY ? "[]" : "{}");
		} else {
			buf_add_char(out, raw.data[0]);
			new_line(out, ++depth);
			at = raw.data + 1;
		}
	}
	(void)spread_gap(out, at, whole.data + whole.len, depth); /* ends outside of all */
}

/* Indices of names that wait to be sorted and written, those of outer objects first. */
struct names {
	uint32_t *items;
	size_t count;
	size_t capacity;
};

static int by_name(const void *a, const void *b, void *tape)
{
	return tape_string_compare(tape, *(const uint32_t *)a, *(const uint32_t *)b);
}

static void canonical(
	struct buf *out, const struct json_tape *tape, uint32_t value, struct names *names);

static void canonical_array(
	struct buf *out, const struct json_tape *tape, uint32_t array, struct names *names)
{
	buf_add_char(out, '[');
	for (uint32_t at = tape_first(tape, array); at != TAPE_NONE;) {
		canonical(out, tape, at, names);
		at = tape_next(tape, array, at);
		if (at != TAPE_NONE)
			buf_add_char(out, ',');
	}
	buf_add_char(out, ']');
}

static void canonical_object(
	struct buf *out, const struct json_tape *tape, uint32_t object, struct names *names)
{
	size_t first = names->count;

	for (uint32_t at = tape_first(tape, object); at != TAPE_NONE;
		at = tape_next(tape, object, at + 1)) {
		names->items =
			xgrow(names->items, &names->capacity, names->count, sizeof(*names->items));
		names->items[names->count++] = at;
	}
	size_t end = names->count;

	if (end > first)
		qsort_r(names->items + first, end - first, sizeof(*names->items), by_name,
			(void *)tape);
	buf_add_char(out, '{');
	for (size_t i = first; i < end; i++) {
		uint32_t name = names->items[i];

		if (i > first)
			buf_add_char(out, ',');
		string_out(out, tape, name);
		buf_add_char(out, ':');
		canonical(out, tape, name + 1, names);
	}
	buf_add_char(out, '}');
	names->count = first;
}

/* Goes as deep as the tape was allowed to. */
static void canonical(
	struct buf *out, const struct json_tape *tape, uint32_t value, struct names *names)
{
	struct span raw = tape_raw(tape, value);

	switch (tape_type(tape, value)) {
	case TAPE_ARRAY:
		canonical_array(out, tape, value, names);
		break;
	case TAPE_OBJECT:
		canonical_object(out, tape, value, names);
		break;
	case TAPE_STRING:
		string_out(out, tape, value);
		break;
	case TAPE_NUMBER:
		json_number_canonical(raw, out);
		break;
	case TAPE_NULL:
	case TAPE_FALSE:
	case TAPE_TRUE:
		buf_add(out, raw.data, raw.len);
		break;
	}
}

void json_out_canonical(struct buf *out, const struct json_tape *tape, uint32_t value)
{
	struct names names = {0};

	canonical(out, tape, value, &names);
	free(names.items);
}
