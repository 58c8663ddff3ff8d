/* SPDX-License-Identifier: MIT */
/* request_pairs: the pairs of a query or a form: each value is one value, whatever it holds. */
#include "request_render.h"

#include "percent.h"

struct pair_writer {
	struct renderer *renderer;
	const struct pair_place *place;
	struct buf *out;
	bool first; /* no pair was written yet */
};

static void begin_pair(struct pair_writer *writer, const struct pair_template *pair)
{
	buf_add_string(writer->out, writer->first ? writer->place->begin : "&");
	buf_add_string(writer->out, pair->name);
	writer->first = false;
}

static void add_elements(
	struct pair_writer *writer, const struct pair_template *pair, uint32_t array)
{
	const struct placeholder *placeholder = template_sole(&pair->value);
	const struct json_tape *tape = writer->renderer->tape;
	size_t index = 0;

	for (uint32_t item = tape_first(tape, array); item != TAPE_NONE && !writer->out->overflowed;
		item = tape_next(tape, array, item)) {
		struct span text;

		if (renderer_text(writer->renderer, item, &text) == SCALAR_TEXT) {
			begin_pair(writer, pair);
			percent_encode(writer->out, text);
		} else {
			renderer_problem_in(
				writer->renderer, placeholder, index, writer->place->not_scalar);
		}
		index++;
	}
}

/* A part of a value. False where it has none and the pair is dropped. */
static bool add_value(struct pair_writer *writer, const struct placeholder *placeholder)
{
	struct renderer *renderer = writer->renderer;
	struct span text;

	switch (renderer_text(renderer, renderer_value(renderer, placeholder), &text)) {
	case SCALAR_TEXT:
		percent_encode(writer->out, text);
		return true;
	case SCALAR_NULL:
		if (placeholder->optional)
			return false;
		renderer_problem(renderer, placeholder, writer->place->missing);
		return true;
	case SCALAR_COMPOUND:
		renderer_problem(renderer, placeholder, writer->place->not_scalar);
		return true;
	}
	return true;
}

static void add_pair(struct pair_writer *writer, const struct pair_template *pair)
{
	const struct placeholder *sole = template_sole(&pair->value);
	uint32_t value = sole == NULL ? TAPE_NONE : renderer_value(writer->renderer, sole);
	bool was_first = writer->first;
	size_t mark = writer->out->len;

	if (value != TAPE_NONE && tape_type(writer->renderer->tape, value) == TAPE_ARRAY) {
		add_elements(writer, pair, value);
		return;
	}
	begin_pair(writer, pair);
	for (size_t i = 0; i < pair->value.count; i++) {
		const struct template_part *part = &pair->value.parts[i];

		if (part->literal != NULL) {
			buf_add(writer->out, part->literal, part->len);
		} else if (!add_value(writer, &part->placeholder)) {
			buf_truncate(writer->out, mark);
			writer->first = was_first;
			return;
		}
	}
}

void render_pairs(struct renderer *renderer, const struct pair_templates *pairs,
	const struct pair_place *place, struct buf *out)
{
	struct pair_writer writer = {renderer, place, out, true};

	for (size_t i = 0; i < pairs->count && !out->overflowed; i++)
		add_pair(&writer, &pairs->items[i]);
}
