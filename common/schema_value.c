/* SPDX-License-Identifier: MIT */
/* schema_value: values inside a schema: `enum`, `const` and `default`. */
#include "schema_value.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/json_out.h"
#include "bellhop/utf8.h"

#define CANONICAL_MAX_BYTES (2 * 1024 * 1024)
#define LIST_MAX_BYTES	    300
#define LIST_VALUE_BYTES    80

/* A default filled up is deeper than the text it came from by what its schemas add. */
static const struct tape_limits default_limits = {
	.depth = 128, .values = SCHEMA_DEFAULTS_MAX_BYTES};

static int compare_texts(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->data, b->data, a->len);
}

static unsigned type_bits(const struct json_tape *tape, uint32_t value)
{
	unsigned types = schema_type_of(tape, value);

	return types & SCHEMA_NUMBER ? types | SCHEMA_INTEGER : types;
}

static struct span canonical(const struct json_tape *tape, uint32_t value)
{
	struct buf text;
	size_t len;

	buf_init(&text, CANONICAL_MAX_BYTES);
	json_out_canonical(&text, tape, value);
	len = text.len;
	return (struct span){buf_detach(&text), len};
}

/* Adds a value as it was written to a list for a person; "…" once where the list is full. */
static void list_value(struct buf *list, const struct json_tape *tape, uint32_t value, bool *full)
{
	struct span raw = tape_raw(tape, value);
	size_t len = utf8_cut(raw.data, raw.len, LIST_VALUE_BYTES);

	if (*full)
		return;
	if (list->len > 0)
		buf_add_string(list, ", ");
	*full = list->len + len > LIST_MAX_BYTES;
	if (!*full)
		buf_add(list, raw.data, len);
	if (*full || len < raw.len)
		buf_add_string(list, "…");
}

void schema_const_read(struct reader *reader, uint32_t value, struct schema_values *values)
{
	struct buf list;
	bool full = false;

	buf_init(&list, LIST_MAX_BYTES + 16);
	list_value(&list, reader->tape, value, &full);
	values->items = xcalloc(1, sizeof(*values->items));
	values->items[0] = canonical(reader->tape, value);
	values->count = 1;
	values->types = type_bits(reader->tape, value);
	values->list = buf_detach(&list);
}

void schema_enum_read(struct reader *reader, uint32_t value, struct schema_values *values)
{
	const struct json_tape *tape = reader->tape;
	struct buf list;
	bool full = false;

	if (tape->nodes[value].count == 0) {
		reader_problem(reader, "allows no value");
		return;
	}
	buf_init(&list, LIST_MAX_BYTES + 16);
	values->items = xcalloc(tape->nodes[value].count, sizeof(*values->items));
	for (uint32_t item = tape_first(tape, value); item != TAPE_NONE;
		item = tape_next(tape, value, item)) {
		list_value(&list, tape, item, &full);
		values->items[values->count++] = canonical(tape, item);
		values->types |= type_bits(tape, item);
	}
	values->list = buf_detach(&list);
	qsort(values->items, values->count, sizeof(*values->items), compare_texts);
}

bool schema_values_have(const struct schema_values *values, const struct json_tape *tape,
	uint32_t value, struct buf *scratch)
{
	enum tape_type type = tape_type(tape, value);
	struct span text = tape_raw(tape, value);

	if (!(values->types & schema_type_of(tape, value)))
		return false;
	/* A string without escapes and the three literals are written in one way only. */
	if (type == TAPE_NUMBER || type == TAPE_ARRAY || type == TAPE_OBJECT ||
		(type == TAPE_STRING && tape->nodes[value].escaped)) {
		buf_clear(scratch);
		json_out_canonical(scratch, tape, value);
		text = (struct span){scratch->data, scratch->len};
	}
	return bsearch(&text, values->items, values->count, sizeof(*values->items),
		       compare_texts) != NULL;
}

/* Reads the filled default again and holds it against its own schema. One that does not fit is an annotation, as all are
 * in JSON Schema, but no value that could be sent. */
static bool default_holds(struct reader *reader, const struct schema *schema,
	const struct buf *text, struct pattern_work *work)
{
	struct json_tape tape;
	struct tape_error error;
	struct problems problems;
	bool holds = false;

	json_tape_init(&tape);
	problems_init(&problems);
	if (json_tape_read(&tape, text->data, text->len, &default_limits, &error) != 0) {
		reader_problem(reader, "is too much: %s", error.reason);
	} else if (schema_check_within(schema, &tape, 0, work, &problems) != 0) {
		const struct problem *first = &problems.items[0];

		reader_warn(reader, "does not fit its own schema, so it is not filled in: %s%s%s",
			first->place, first->place[0] == '\0' ? "" : ": ", first->text);
	} else {
		holds = true;
	}
	problems_release(&problems);
	json_tape_release(&tape);
	return holds;
}

void schema_default_read(struct reader *reader, struct schema *schema, uint32_t value,
	size_t max_bytes, struct pattern_work *work)
{
	struct buf text;

	buf_init(&text, max_bytes);
	schema_fill(schema, reader->tape, value, &text);
	if (text.overflowed) {
		reader_problem(reader, "is too much: the defaults of all inputs, filled up, may "
				       "take 256 KiB together");
	} else if (default_holds(reader, schema, &text, work)) {
		schema->default_len = text.len;
		schema->default_text = buf_detach(&text);
	}
	buf_release(&text);
}
