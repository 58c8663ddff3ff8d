/* SPDX-License-Identifier: MIT */
/* mapping: compiled to a flat list: JSON text that is the same for every response, and queries between. */
#include "bellhop/mapping.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/json_out.h"
#include "bellhop/jsonpath.h"

/* What the queries of one mapping may keep and visit together. The visits also grow with the response: a handful of
 * them for each of its values is never too much. */
#define MAX_NODES	1000000
#define MAX_STEPS	UINT64_C(1000000)
#define STEPS_FOR_VALUE 16

struct part {
	char *literal; /* NULL: a query */
	size_t len;
	struct jsonpath *query;
};

struct mapping {
	struct part *parts;
	size_t count;
	size_t capacity;
};

struct compiler {
	struct mapping *mapping;
	const struct json_tape *tape;
	struct problems *problems;
	size_t pattern_bytes; /* of its queries together */
	struct buf literal;   /* since the last query */
	struct buf place;
	struct buf scratch;
};

static void compile_value(struct compiler *compiler, uint32_t value);

static struct part *add_part(struct mapping *mapping)
{
	mapping->parts =
		xgrow(mapping->parts, &mapping->capacity, mapping->count, sizeof(*mapping->parts));
	mapping->parts[mapping->count] = (struct part){0};
	return &mapping->parts[mapping->count++];
}

static void end_literal(struct compiler *compiler)
{
	struct part *part;

	if (compiler->literal.len == 0)
		return;
	part = add_part(compiler->mapping);
	part->len = compiler->literal.len;
	part->literal = xmemdup(compiler->literal.data, compiler->literal.len);
	buf_clear(&compiler->literal);
}

static void compile_query(struct compiler *compiler, struct span text)
{
	char reason[JSONPATH_REASON_BYTES];
	struct jsonpath *query = jsonpath_compile(text, reason);
	bool is_path = text.len > 1 && (text.data[1] == '.' || text.data[1] == '[');

	if (query == NULL) {
		problems_add(compiler->problems, compiler->place.data, "%s%s", reason,
			is_path ? "" : " (a text that begins with `$` is written `$$`)");
		return;
	}
	end_literal(compiler);
	add_part(compiler->mapping)->query = query;
	compiler->pattern_bytes += jsonpath_pattern_bytes(query);
	if (compiler->pattern_bytes > JSONPATH_MAX_PATTERN_BYTES) {
		problems_add(compiler->problems, compiler->place.data,
			"with this query the patterns of the mapping are too large together");
		compiler->pattern_bytes = 0; /* what comes after it may be good */
	}
}

static void compile_string(struct compiler *compiler, uint32_t string)
{
	struct span text = tape_string_span(compiler->tape, string, &compiler->scratch);

	if (text.len > 0 && text.data[0] == '$') {
		if (text.len == 1 || text.data[1] != '$') {
			compile_query(compiler, text);
			return;
		}
		text = (struct span){text.data + 1, text.len - 1};
	}
	json_out_string(&compiler->literal, text);
}

static void compile_array(struct compiler *compiler, uint32_t array)
{
	size_t place_len = compiler->place.len;
	unsigned index = 0;

	buf_add_char(&compiler->literal, '[');
	for (uint32_t at = tape_first(compiler->tape, array); at != TAPE_NONE;
		at = tape_next(compiler->tape, array, at)) {
		if (index > 0)
			buf_add_char(&compiler->literal, ',');
		buf_printf(&compiler->place, ".%u", index++);
		compile_value(compiler, at);
		buf_truncate(&compiler->place, place_len);
	}
	buf_add_char(&compiler->literal, ']');
}

static void compile_object(struct compiler *compiler, uint32_t object)
{
	size_t place_len = compiler->place.len;
	bool first = true;

	buf_add_char(&compiler->literal, '{');
	for (uint32_t at = tape_first(compiler->tape, object); at != TAPE_NONE;
		at = tape_next(compiler->tape, object, at)) {
		struct span name = tape_string_span(compiler->tape, at, &compiler->scratch);

		if (!first)
			buf_add_char(&compiler->literal, ',');
		first = false;
		json_out_string(&compiler->literal, name);
		buf_add_char(&compiler->literal, ':');
		buf_add_char(&compiler->place, '.');
		buf_add(&compiler->place, name.data, name.len);
		at = tape_next(compiler->tape, object, at);
		compile_value(compiler, at);
		buf_truncate(&compiler->place, place_len);
	}
	buf_add_char(&compiler->literal, '}');
}

static void compile_value(struct compiler *compiler, uint32_t value)
{
	switch (tape_type(compiler->tape, value)) {
	case TAPE_STRING:
		compile_string(compiler, value);
		break;
	case TAPE_ARRAY:
		compile_array(compiler, value);
		break;
	case TAPE_OBJECT:
		compile_object(compiler, value);
		break;
	default:
		json_out_value(&compiler->literal, compiler->tape, value);
	}
}

struct mapping *mapping_compile(
	const struct json_tape *tape, uint32_t value, const char *place, struct problems *problems)
{
	struct compiler compiler = {
		.mapping = xcalloc(1, sizeof(*compiler.mapping)),
		.tape = tape,
		.problems = problems,
	};

	buf_init(&compiler.literal, SIZE_MAX);
	buf_init(&compiler.place, SIZE_MAX);
	buf_init(&compiler.scratch, SIZE_MAX);
	buf_add_string(&compiler.place, place);
	compile_value(&compiler, value);
	end_literal(&compiler);
	buf_release(&compiler.literal);
	buf_release(&compiler.place);
	buf_release(&compiler.scratch);
	return compiler.mapping;
}

void mapping_free(struct mapping *mapping)
{
	if (mapping == NULL)
		return;
	for (size_t i = 0; i < mapping->count; i++) {
		free(mapping->parts[i].literal);
		jsonpath_free(mapping->parts[i].query);
	}
	free(mapping->parts);
	free(mapping);
}

static void add_list(
	const struct jsonpath_nodes *nodes, const struct json_tape *response, struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < nodes->count && !out->overflowed; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_out_value(out, response, nodes->items[i]);
	}
	buf_add_char(out, ']');
}

static int add_found(const struct jsonpath *query, const struct json_tape *response,
	struct jsonpath_nodes *nodes, struct buf *out)
{
	if (jsonpath_find(query, response, nodes) != 0)
		return -1;
	if (!jsonpath_is_singular(query))
		add_list(nodes, response, out);
	else if (nodes->count == 0)
		buf_add_string(out, "null");
	else
		json_out_value(out, response, nodes->items[0]);
	return 0;
}

static int apply(const struct mapping *mapping, const struct json_tape *response,
	struct jsonpath_nodes *nodes, struct buf *out, struct error *error)
{
	for (size_t i = 0; i < mapping->count; i++) {
		const struct part *part = &mapping->parts[i];

		if (part->literal != NULL)
			buf_add(out, part->literal, part->len);
		else if (add_found(part->query, response, nodes, out) != 0)
			return error_set(error, ERROR_MAPPING_FAILED,
				"The output mapping has more work with this response than its "
				"bound allows: let its queries be narrower.");
		if (out->overflowed)
			return error_set(error, ERROR_MAPPING_FAILED,
				"The mapped output is over %zu bytes: map less of it.", out->max);
	}
	return 0;
}

int mapping_apply(const struct mapping *mapping, const struct json_tape *response, struct buf *out,
	struct error *error)
{
	uint64_t for_size = (uint64_t)response->count * STEPS_FOR_VALUE;
	struct jsonpath_nodes nodes;
	size_t start = out->len;
	int result;

	jsonpath_nodes_init(&nodes, MAX_NODES, for_size > MAX_STEPS ? for_size : MAX_STEPS);
	result = apply(mapping, response, &nodes, out, error);
	jsonpath_nodes_release(&nodes);
	if (result != 0)
		buf_truncate(out, start);
	return result;
}
