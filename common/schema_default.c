/* SPDX-License-Identifier: MIT */
/* schema_default: fills in the defaults of members that are absent. */
#include "schema_node.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/json_out.h"

#define SCRATCH_MAX_BYTES (2 * 1024 * 1024)

struct filler {
	const struct json_tape *tape;
	struct buf scratch;
};

static bool lacks(struct filler *filler, const struct schema *schema, uint32_t value);

static bool object_lacks(struct filler *filler, const struct schema *schema, uint32_t object)
{
	size_t missing = schema->default_count;

	for (uint32_t name = tape_first(filler->tape, object); name != TAPE_NONE;) {
		const struct schema_property *property = schema_property(
			schema, tape_string_span(filler->tape, name, &filler->scratch));
		const struct schema *child = schema_of_member(schema, property);
		uint32_t value = tape_next(filler->tape, object, name);

		if (child != NULL && lacks(filler, child, value))
			return true;
		missing -=
			child != NULL && child != schema->additional && child->default_text != NULL;
		name = tape_next(filler->tape, object, value);
	}
	return missing > 0;
}

static bool array_lacks(struct filler *filler, const struct schema *schema, uint32_t array)
{
	if (schema->items == NULL)
		return false;
	for (uint32_t item = tape_first(filler->tape, array); item != TAPE_NONE;
		item = tape_next(filler->tape, array, item))
		if (lacks(filler, schema->items, item))
			return true;
	return false;
}

static bool lacks(struct filler *filler, const struct schema *schema, uint32_t value)
{
	if (!schema->has_defaults)
		return false;
	switch (tape_type(filler->tape, value)) {
	case TAPE_OBJECT:
		return object_lacks(filler, schema, value);
	case TAPE_ARRAY:
		return array_lacks(filler, schema, value);
	default:
		return false;
	}
}

bool schema_lacks_defaults(
	const struct schema *schema, const struct json_tape *tape, uint32_t value)
{
	struct filler filler = {.tape = tape};
	bool found;

	buf_init(&filler.scratch, SCRATCH_MAX_BYTES);
	found = lacks(&filler, schema, value);
	buf_release(&filler.scratch);
	return found;
}

static void fill(
	struct filler *filler, const struct schema *schema, uint32_t value, struct buf *out);

static void separate(struct buf *out, bool *first)
{
	if (!*first)
		buf_add_char(out, ',');
	*first = false;
}

static void fill_absent(const struct schema *schema, const bool *seen, struct buf *out, bool *first)
{
	for (size_t i = 0; i < schema->default_count && !out->overflowed; i++) {
		const struct schema_property *property = &schema->properties[schema->defaults[i]];

		if (seen[i])
			continue;
		separate(out, first);
		json_out_string(out, (struct span){property->name, property->len});
		buf_add_char(out, ':');
		buf_add(out, property->schema->default_text, property->schema->default_len);
	}
}

static void fill_object(
	struct filler *filler, const struct schema *schema, uint32_t object, struct buf *out)
{
	bool *seen = xcalloc(schema->default_count, sizeof(*seen)), first = true;

	buf_add_char(out, '{');
	for (uint32_t name = tape_first(filler->tape, object); name != TAPE_NONE;) {
		const struct schema_property *property = schema_property(
			schema, tape_string_span(filler->tape, name, &filler->scratch));
		const struct schema *child = schema_of_member(schema, property);
		uint32_t value = tape_next(filler->tape, object, name);
		struct span raw = tape_raw(filler->tape, name);

		if (property != NULL && property->schema == child && child->default_text != NULL)
			seen[property->default_slot] = true;
		separate(out, &first);
		buf_add(out, raw.data, raw.len);
		buf_add_char(out, ':');
		fill(filler, child, value, out);
		name = tape_next(filler->tape, object, value);
	}
	fill_absent(schema, seen, out, &first);
	buf_add_char(out, '}');
	free(seen);
}

static void fill_array(
	struct filler *filler, const struct schema *schema, uint32_t array, struct buf *out)
{
	bool first = true;

	buf_add_char(out, '[');
	for (uint32_t item = tape_first(filler->tape, array); item != TAPE_NONE;
		item = tape_next(filler->tape, array, item)) {
		separate(out, &first);
		fill(filler, schema->items, item, out);
	}
	buf_add_char(out, ']');
}

static void fill(
	struct filler *filler, const struct schema *schema, uint32_t value, struct buf *out)
{
	enum tape_type type = tape_type(filler->tape, value);
	/* Once over the maximum nothing is added any more: no need to look further. */
	bool inside = schema != NULL && schema->has_defaults && !out->overflowed;
	struct span raw;

	if (inside && type == TAPE_OBJECT) {
		fill_object(filler, schema, value, out);
	} else if (inside && type == TAPE_ARRAY) {
		fill_array(filler, schema, value, out);
	} else {
		raw = tape_raw(filler->tape, value);
		buf_add(out, raw.data, raw.len);
	}
}

void schema_fill(
	const struct schema *schema, const struct json_tape *tape, uint32_t value, struct buf *out)
{
	struct filler filler = {.tape = tape};

	buf_init(&filler.scratch, SCRATCH_MAX_BYTES);
	fill(&filler, schema, value, out);
	buf_release(&filler.scratch);
}
