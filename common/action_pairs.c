/* SPDX-License-Identifier: MIT */
/* action_pairs: what is sent as pairs, as an object says it: a query or a form. */
#include "action_read.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/json_number.h"
#include "percent.h"

/* Text that is written by an admin, so at most as long as a definition, three bytes for one. */
#define TEXT_MAX_BYTES (3 * DEFINITION_MAX_BYTES)

struct pair_template *pairs_add(struct pair_templates *pairs)
{
	pairs->items = xgrow(pairs->items, &pairs->capacity, pairs->count, sizeof(*pairs->items));
	pairs->items[pairs->count] = (struct pair_template){0};
	return &pairs->items[pairs->count++];
}

void pairs_release(struct pair_templates *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].name);
		template_release(&pairs->items[i].value);
	}
	free(pairs->items);
	*pairs = (struct pair_templates){0};
}

void pair_note(struct action_reader *reader, const struct pair_template *pair)
{
	action_note(reader, &pair->value,
		template_sole(&pair->value) != NULL ? PLACE_PAIR_WHOLE : PLACE_PAIR);
}

static void add_encoded(struct template *template, struct span text)
{
	struct buf encoded;

	buf_init(&encoded, TEXT_MAX_BYTES);
	percent_encode(&encoded, text);
	template_add_literal(template, (struct span){encoded.data, encoded.len});
	buf_release(&encoded);
}

/* A string's template, each literal encoded. */
static void read_string(struct action_reader *reader, uint32_t value, struct template *out)
{
	struct reader *at = reader->reader;
	struct template text;

	template_compile(&text, tape_string_span(at->tape, value, &at->scratch), at->place.data,
		at->problems);
	for (size_t i = 0; i < text.count; i++) {
		struct template_part *part = &text.parts[i];

		if (part->literal != NULL)
			add_encoded(out, (struct span){part->literal, part->len});
		else
			template_take_placeholder(out, &part->placeholder);
	}
	template_release(&text);
}

static void read_value(struct action_reader *reader, uint32_t value, struct template *out)
{
	struct reader *at = reader->reader;
	struct buf number;

	switch (tape_type(at->tape, value)) {
	case TAPE_STRING:
		read_string(reader, value, out);
		return;
	case TAPE_TRUE:
	case TAPE_FALSE:
		template_add_literal(out, tape_raw(at->tape, value));
		return;
	case TAPE_NUMBER:
		buf_init(&number, TEXT_MAX_BYTES);
		json_number_out(tape_raw(at->tape, value), true, &number);
		add_encoded(out, (struct span){number.data, number.len});
		buf_release(&number);
		return;
	default:
		reader_problem(at, "must be a string, a number or a boolean, not %s",
			reader_type(at->tape, value));
	}
}

static char *encoded_name(struct reader *reader, struct span name)
{
	struct buf encoded;

	if (memmem(name.data, name.len, "{{", 2) != NULL)
		reader_warn(reader, "is a name, and names are never templates");
	buf_init(&encoded, TEXT_MAX_BYTES);
	percent_encode(&encoded, name);
	buf_add_char(&encoded, '=');
	return buf_detach(&encoded);
}

void action_read_pairs(struct action_reader *reader, uint32_t object, struct pair_templates *pairs)
{
	struct reader *at = reader->reader;
	const struct json_tape *tape = at->tape;

	for (uint32_t name = tape_first(tape, object); name != TAPE_NONE;) {
		struct pair_template *pair = pairs_add(pairs);
		struct span text = tape_string_span(tape, name, &at->scratch);
		size_t mark = reader_enter(at, text);

		pair->name = encoded_name(at, text);
		name = tape_next(tape, object, name);
		read_value(reader, name, &pair->value);
		pair_note(reader, pair);
		reader_leave(at, mark);
		name = tape_next(tape, object, name);
	}
}
