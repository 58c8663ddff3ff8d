/* SPDX-License-Identifier: MIT */
/* json_tape: walking what was read: members, elements, strings, numbers. */
#include "bellhop/json_tape.h"

#include <stdlib.h>

#include "bellhop/bug.h"
#include "bellhop/json_number.h"
#include "json_text.h"

void json_tape_init(struct json_tape *tape)
{
	*tape = (struct json_tape){0};
}

void json_tape_release(struct json_tape *tape)
{
	free(tape->nodes);
	json_tape_init(tape);
}

const char *tape_type_name(const struct json_tape *tape, uint32_t value)
{
	static const char *const names[] = {
		[TAPE_NULL] = "null",
		[TAPE_FALSE] = "boolean",
		[TAPE_TRUE] = "boolean",
		[TAPE_NUMBER] = "number",
		[TAPE_STRING] = "string",
		[TAPE_ARRAY] = "array",
		[TAPE_OBJECT] = "object",
	};

	if (tape->nodes[value].integral)
		return "integer";
	return names[tape->nodes[value].type];
}

uint32_t tape_first(const struct json_tape *tape, uint32_t container)
{
	return tape->nodes[container].count > 0 ? container + 1 : TAPE_NONE;
}

uint32_t tape_next(const struct json_tape *tape, uint32_t container, uint32_t child)
{
	uint32_t next = tape->nodes[child].next;

	return next < tape->nodes[container].next ? next : TAPE_NONE;
}

uint32_t tape_member(const struct json_tape *tape, uint32_t object, const char *name)
{
	return tape_member_span(tape, object, span_of(name));
}

uint32_t tape_member_span(const struct json_tape *tape, uint32_t object, struct span name)
{
	uint32_t at = object + 1;

	if (tape_type(tape, object) != TAPE_OBJECT)
		return TAPE_NONE;
	for (uint32_t left = tape->nodes[object].count; left > 0; left--) {
		if (tape_string_equals(tape, at, name))
			return at + 1;
		at = tape->nodes[at + 1].next;
	}
	return TAPE_NONE;
}

uint32_t tape_element(const struct json_tape *tape, uint32_t array, uint32_t index)
{
	uint32_t at = array + 1;

	if (tape_type(tape, array) != TAPE_ARRAY || index >= tape->nodes[array].count)
		return TAPE_NONE;
	while (index-- > 0)
		at = tape->nodes[at].next;
	return at;
}

struct span tape_raw(const struct json_tape *tape, uint32_t value)
{
	const struct tape_node *node = &tape->nodes[value];
	uint32_t quotes = node->type == TAPE_STRING;

	return (struct span){tape->text + node->at - quotes, node->len + 2 * (size_t)quotes};
}

/* The text between the quotes, escapes as they were written. */
static struct span between_quotes(const struct json_tape *tape, uint32_t string)
{
	const struct tape_node *node = &tape->nodes[string];

	return (struct span){tape->text + node->at, node->len};
}

static struct json_text text_of(const struct json_tape *tape, uint32_t string)
{
	struct span raw = between_quotes(tape, string);

	return (struct json_text){.at = raw.data, .end = raw.data + raw.len};
}

void tape_string(const struct json_tape *tape, uint32_t string, struct buf *out)
{
	struct json_text text;
	struct span piece;

	if (!tape->nodes[string].escaped) {
		piece = between_quotes(tape, string);
		buf_add(out, piece.data, piece.len);
		return;
	}
	text = text_of(tape, string);
	while ((piece = json_text_next(&text)).len > 0)
		buf_add(out, piece.data, piece.len);
}

struct span tape_string_span(const struct json_tape *tape, uint32_t string, struct buf *scratch)
{
	if (!tape->nodes[string].escaped)
		return between_quotes(tape, string);
	buf_clear(scratch);
	tape_string(tape, string, scratch);
	return (struct span){scratch->data, scratch->len};
}

bool tape_string_equals(const struct json_tape *tape, uint32_t string, struct span text)
{
	struct json_text pieces;
	struct span piece;

	if (!tape->nodes[string].escaped)
		return span_equals(between_quotes(tape, string), text);
	if (tape->nodes[string].len < text.len)
		return false; /* no escape is shorter than what it stands for */
	pieces = text_of(tape, string);
	while ((piece = json_text_next(&pieces)).len > 0) {
		if (piece.len > text.len || memcmp(piece.data, text.data, piece.len) != 0)
			return false;
		text.data += piece.len;
		text.len -= piece.len;
	}
	return text.len == 0;
}

int tape_string_compare(const struct json_tape *tape, uint32_t a, uint32_t b)
{
	struct json_text left_text = text_of(tape, a), right_text = text_of(tape, b);
	struct span left = {0}, right = {0};

	for (;;) {
		size_t both;
		int order;

		if (left.len == 0)
			left = json_text_next(&left_text);
		if (right.len == 0)
			right = json_text_next(&right_text);
		both = left.len < right.len ? left.len : right.len;
		if (both == 0)
			return (left.len > 0) - (right.len > 0);
		order = memcmp(left.data, right.data, both);
		if (order != 0)
			return order < 0 ? -1 : 1;
		left = (struct span){left.data + both, left.len - both};
		right = (struct span){right.data + both, right.len - both};
	}
}

bool tape_is_integer(const struct json_tape *tape, uint32_t number)
{
	if (tape_type(tape, number) != TAPE_NUMBER)
		return false;
	return tape->nodes[number].integral || json_number_is_integer(tape_raw(tape, number));
}

int tape_int64(const struct json_tape *tape, uint32_t number, int64_t *out)
{
	BUG_ON(tape_type(tape, number) != TAPE_NUMBER);
	return json_number_int64(tape_raw(tape, number), out);
}

double tape_double(const struct json_tape *tape, uint32_t number)
{
	BUG_ON(tape_type(tape, number) != TAPE_NUMBER);
	return json_number_double(tape_raw(tape, number));
}
