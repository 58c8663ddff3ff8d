/* SPDX-License-Identifier: MIT */
/* document: reads definitions and says, of all that is wrong, where it is. */
#include "cli/document.h"

#include <stdio.h>

#include "bellhop/json_out.h"
#include "cli/input.h"

#define LINES_MAX_BYTES (1024 * 1024)

void document_init(struct document *document)
{
	/* A byte more than allowed shows that a file is too long. */
	buf_init(&document->text, DEFINITION_MAX_BYTES + 1);
	json_tape_init(&document->tape);
	problems_init(&document->problems);
	document->definition = NULL;
}

void document_release(struct document *document)
{
	definition_free(document->definition);
	problems_release(&document->problems);
	json_tape_release(&document->tape);
	buf_release(&document->text);
}

/* The place of a byte as people count: lines and characters from 1. */
static void add_not_json(
	struct problems *problems, const struct buf *text, const struct tape_error *wrong)
{
	size_t line = 1;
	size_t column = 1;
	char place[64];
	for (size_t i = 0; i < wrong->offset && i < text->len; i++) {
		unsigned char byte = (unsigned char)text->data[i];
		if (byte == '\n') {
			line++;
			column = 1;
		} else if ((byte & 0xc0) != 0x80) {
			column++;
		}
	}
	snprintf(place, sizeof(place), "line %zu, column %zu", line, column);
	problems_add(problems, place, "is not JSON: %s", wrong->reason);
}

void document_check(struct document *document, const struct definition_rules *rules)
{
	const struct buf *text = &document->text;
	struct tape_error wrong;
	if (text->overflowed || text->len > DEFINITION_MAX_BYTES) {
		problems_add(&document->problems, "", "is longer than 1 MiB");
		return;
	}
	if (json_tape_read(
		    &document->tape, text->data, text->len, &definition_tape_limits, &wrong) < 0) {
		add_not_json(&document->problems, text, &wrong);
		return;
	}
	document->definition = definition_read(&document->tape, 0, rules, &document->problems);
}

void document_be_strict(struct document *document)
{
	struct problems *problems = &document->problems;
	for (size_t i = 0; i < problems->count; i++) {
		if (!problems->items[i].warning)
			continue;
		problems->items[i].warning = false;
		problems->errors++;
	}
	if (problems->errors == 0)
		return;
	definition_free(document->definition);
	document->definition = NULL;
}

int document_read(struct document *document, const char *path, const struct definition_rules *rules,
	struct error *error)
{
	if (input_read(&document->text, path, error) < 0)
		return -1;
	document_check(document, rules);
	return 0;
}

void add_problems(struct buf *out, const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];
		buf_printf(out, "%s%s%s%s\n", problem->place, *problem->place ? ": " : "",
			problem->warning ? "warning: " : "", problem->text);
	}
	if (problems->not_kept)
		buf_printf(out, "and %zu more\n", problems->not_kept);
}

void note_problems(const struct problems *problems)
{
	struct buf lines;
	buf_init(&lines, LINES_MAX_BYTES);
	add_problems(&lines, problems);
	if (lines.len)
		note("%.*s", (int)lines.len - 1, lines.data);
	buf_release(&lines);
}

static void add_string(struct buf *out, const struct json_tape *tape, uint32_t value)
{
	struct buf scratch;
	buf_init(&scratch, tape->nodes[value].len + 1);
	json_out_string(out, tape_string_span(tape, value, &scratch));
	buf_release(&scratch);
}

static void add_members(
	struct buf *out, const struct json_tape *tape, uint32_t object, const char *without)
{
	bool first = true;
	buf_add_char(out, '{');
	uint32_t name = tape_first(tape, object);
	while (name != TAPE_NONE) {
		uint32_t value = tape_next(tape, object, name);
		if (!without || !tape_string_equals(tape, name, span_of(without))) {
			buf_add_string(out, first ? "" : ",");
			add_string(out, tape, name);
			buf_add_char(out, ':');
			add_compact(out, tape, value);
			first = false;
		}
		name = tape_next(tape, object, value);
	}
	buf_add_char(out, '}');
}

static void add_elements(struct buf *out, const struct json_tape *tape, uint32_t array)
{
	buf_add_char(out, '[');
	uint32_t first = tape_first(tape, array);
	for (uint32_t value = first; value != TAPE_NONE; value = tape_next(tape, array, value)) {
		buf_add_string(out, value == first ? "" : ",");
		add_compact(out, tape, value);
	}
	buf_add_char(out, ']');
}

void add_compact(struct buf *out, const struct json_tape *tape, uint32_t value)
{
	struct span raw = tape_raw(tape, value);
	switch (tape_type(tape, value)) {
	case TAPE_OBJECT:
		add_members(out, tape, value, NULL);
		break;
	case TAPE_ARRAY:
		add_elements(out, tape, value);
		break;
	case TAPE_STRING:
		add_string(out, tape, value);
		break;
	default:
		buf_add(out, raw.data, raw.len);
		break;
	}
}

void add_compact_without(
	struct buf *out, const struct json_tape *tape, uint32_t object, const char *name)
{
	add_members(out, tape, object, name);
}
