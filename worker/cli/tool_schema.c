/* SPDX-License-Identifier: MIT */
/* tool_schema: makes schemas for models out of a definition that was checked. */
#include "cli/tool_schema.h"

#include "bellhop/json_out.h"
#include "bellhop/jsonpath.h"

static uint32_t member_of_action(
	const struct json_tape *tape, const struct action *action, const char *name)
{
	uint32_t actions = tape_member(tape, 0, "actions");
	return tape_member(tape, tape_member(tape, actions, action->name), name);
}

/* Without a schema every placeholder is required and may be anything. */
static void add_inferred(struct buf *out, const struct action *action)
{
	size_t count;
	const char *const *names = schema_names(action->inputs, &count);
	buf_add_string(out, "{\"type\":\"object\",\"properties\":{");
	for (size_t i = 0; i < count; i++) {
		buf_add_string(out, i ? "," : "");
		json_out_name(out, names[i]);
		buf_add_string(out, "{}");
	}
	buf_add_string(out, "},\"required\":[");
	for (size_t i = 0; i < count; i++) {
		buf_add_string(out, i ? "," : "");
		json_out_string(out, span_of(names[i]));
	}
	buf_add_string(out, "],\"additionalProperties\":false}");
}

void tool_schema_inputs(
	struct buf *out, const struct document *document, const struct action *action)
{
	const struct json_tape *tape = &document->tape;
	uint32_t schema = member_of_action(tape, action, "inputs");
	if (schema == TAPE_NONE || tape_type(tape, schema) != TAPE_OBJECT) {
		add_inferred(out, action);
		return;
	}
	buf_add_string(out, "{\"type\":\"object\"");
	uint32_t name = tape_first(tape, schema);
	while (name != TAPE_NONE) {
		uint32_t value = tape_next(tape, schema, name);
		if (!tape_string_equals(tape, name, span_of("type"))) {
			buf_add_char(out, ',');
			add_compact(out, tape, name);
			buf_add_char(out, ':');
			add_compact(out, tape, value);
		}
		name = tape_next(tape, schema, value);
	}
	if (tape_member(tape, schema, "additionalProperties") == TAPE_NONE)
		buf_add_string(out, ",\"additionalProperties\":false");
	buf_add_char(out, '}');
}

static void add_of(struct buf *out, const struct json_tape *tape, uint32_t mapping);

/* A query that can find one value only gives that or null, any other a list. What they find is the upstream's. */
static void add_of_string(struct buf *out, const struct json_tape *tape, uint32_t string)
{
	char reason[JSONPATH_REASON_BYTES];
	struct buf scratch;
	buf_init(&scratch, DEFINITION_MAX_BYTES);
	struct span text = tape_string_span(tape, string, &scratch);
	bool dollar = text.len > 0 && text.data[0] == '$';
	bool literal = !dollar || (text.len > 1 && text.data[1] == '$');
	if (literal) {
		buf_add_string(out, "{\"const\":");
		json_out_string(out, dollar ? (struct span){text.data + 1, text.len - 1} : text);
		buf_add_char(out, '}');
	} else {
		struct jsonpath *query = jsonpath_compile(text, reason);
		bool list = query && !jsonpath_is_singular(query);
		buf_add_string(out, list ? "{\"type\":\"array\"}" : "{}");
		jsonpath_free(query);
	}
	buf_release(&scratch);
}

static void add_of_array(struct buf *out, const struct json_tape *tape, uint32_t array)
{
	unsigned count = tape->nodes[array].count;
	buf_printf(out, "{\"type\":\"array\",\"minItems\":%u,\"maxItems\":%u", count, count);
	uint32_t first = tape_first(tape, array);
	for (uint32_t value = first; value != TAPE_NONE; value = tape_next(tape, array, value)) {
		buf_add_string(out, value == first ? ",\"prefixItems\":[" : ",");
		add_of(out, tape, value);
	}
	buf_add_string(out, first == TAPE_NONE ? "}" : "]}");
}

static void add_names(struct buf *out, const struct json_tape *tape, uint32_t object)
{
	uint32_t name = tape_first(tape, object);
	bool first = true;
	while (name != TAPE_NONE) {
		buf_add_string(out, first ? "" : ",");
		add_compact(out, tape, name);
		first = false;
		name = tape_next(tape, object, tape_next(tape, object, name));
	}
}

static void add_of_object(struct buf *out, const struct json_tape *tape, uint32_t object)
{
	uint32_t name = tape_first(tape, object);
	bool first = true;
	buf_add_string(out, "{\"type\":\"object\",\"properties\":{");
	while (name != TAPE_NONE) {
		uint32_t value = tape_next(tape, object, name);
		buf_add_string(out, first ? "" : ",");
		add_compact(out, tape, name);
		buf_add_char(out, ':');
		add_of(out, tape, value);
		first = false;
		name = tape_next(tape, object, value);
	}
	buf_add_string(out, "},\"required\":[");
	add_names(out, tape, object);
	buf_add_string(out, "],\"additionalProperties\":false}");
}

static void add_of(struct buf *out, const struct json_tape *tape, uint32_t mapping)
{
	switch (tape_type(tape, mapping)) {
	case TAPE_OBJECT:
		add_of_object(out, tape, mapping);
		break;
	case TAPE_ARRAY:
		add_of_array(out, tape, mapping);
		break;
	case TAPE_STRING:
		add_of_string(out, tape, mapping);
		break;
	default:
		buf_add_string(out, "{\"const\":");
		json_out_value(out, tape, mapping);
		buf_add_char(out, '}');
		break;
	}
}

bool tool_schema_output(
	struct buf *out, const struct document *document, const struct action *action)
{
	const struct json_tape *tape = &document->tape;
	uint32_t mapping = member_of_action(tape, action, "output");
	if (mapping == TAPE_NONE || tape_type(tape, mapping) != TAPE_OBJECT)
		return false;
	add_of_object(out, tape, mapping);
	return true;
}
