/* SPDX-License-Identifier: MIT */
/* schema_compile: reads a JSON Schema, keyword by keyword. */
#include "schema_node.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/json_number.h"
#include "reader.h"
#include "schema_value.h"

struct compiler {
	struct reader reader;
	size_t defaults_left; /* bytes that defaults may still take */
	size_t patterns_left; /* and patterns */
	struct pattern_work work;
	unsigned depth;
};

static struct schema *compile(struct compiler *compiler, uint32_t value);

static void read_type_name(struct reader *reader, uint32_t value, unsigned *types)
{
	static const char *const names[] = {
		"null", "boolean", "integer", "number", "string", "array", "object"};
	int word = reader_word(reader, value, names, ARRAY_SIZE(names));

	if (word < 0)
		return;
	if (*types & 1u << word)
		reader_problem(reader, "names %s twice", names[word]);
	*types |= 1u << word;
}

static void read_type(struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	struct reader *reader = &compiler->reader;
	const struct json_tape *tape = reader->tape;
	unsigned named = 0;
	size_t i = 0;

	(void)out; /* written once all names are known */
	if (tape_type(tape, value) != TAPE_ARRAY) {
		read_type_name(reader, value, &named);
	} else {
		for (uint32_t item = tape_first(tape, value); item != TAPE_NONE;
			item = tape_next(tape, value, item)) {
			size_t mark = reader_enter_index(reader, i++);

			read_type_name(reader, item, &named);
			reader_leave(reader, mark);
		}
		if (i == 0)
			reader_problem(reader, "names no type");
	}
	if (named & SCHEMA_NUMBER)
		named |= SCHEMA_INTEGER;
	schema->types = named != 0 ? named : SCHEMA_ANY;
}

static void read_properties(
	struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	struct reader *reader = &compiler->reader;
	const struct json_tape *tape = reader->tape;

	(void)out; /* more than one field */
	schema->property_capacity = tape->nodes[value].count;
	schema->properties = xcalloc(schema->property_capacity, sizeof(*schema->properties));
	for (uint32_t name = tape_first(tape, value); name != TAPE_NONE;) {
		uint32_t child = tape_next(tape, value, name);
		struct span text = tape_string_span(tape, name, &reader->scratch);
		struct schema_property *property = &schema->properties[schema->property_count++];
		size_t mark = reader_enter(reader, text);

		*property = (struct schema_property){
			.name = xmemdup(text.data, text.len), .len = text.len};
		if (strlen(property->name) != text.len)
			reader_problem(reader, "may not hold U+0000 in its name");
		property->schema = compile(compiler, child);
		reader_leave(reader, mark);
		name = tape_next(tape, value, child);
	}
	schema->declared_count = schema->property_count;
	schema_index_properties(schema);
}

/* One name of `required`: marks the property, or adds one that has no schema. */
static void read_required_name(struct reader *reader, struct schema *schema, uint32_t value)
{
	struct schema_property *property;
	struct span name;

	if (!reader_is(reader, value, TAPE_STRING))
		return;
	name = tape_string_span(reader->tape, value, &reader->scratch);
	property = (struct schema_property *)schema_property(schema, name);
	if (property == NULL) {
		schema->properties = xgrow(schema->properties, &schema->property_capacity,
			schema->property_count, sizeof(*schema->properties));
		property = &schema->properties[schema->property_count++];
		*property = (struct schema_property){
			.name = xmemdup(name.data, name.len), .len = name.len};
		if (schema->closed)
			reader_problem(reader, "names %s, which is not among the properties",
				property->name);
	} else if (property->required) {
		reader_problem(reader, "names %s twice", property->name);
	}
	property->required = true;
}

/* Names that are no property and stand there twice: the others were found one by one. */
static void refuse_twins(struct reader *reader, const struct schema *schema)
{
	for (size_t i = 1; i < schema->sorted_count; i++) {
		const struct schema_property *a = &schema->properties[schema->sorted[i - 1]];
		const struct schema_property *b = &schema->properties[schema->sorted[i]];

		if (span_equals((struct span){a->name, a->len}, (struct span){b->name, b->len}))
			reader_problem(reader, "names %s twice", a->name);
	}
}

static void read_required(
	struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	struct reader *reader = &compiler->reader;
	const struct json_tape *tape = reader->tape;
	size_t i = 0;

	(void)out; /* more than one field */
	for (uint32_t item = tape_first(tape, value); item != TAPE_NONE;
		item = tape_next(tape, value, item)) {
		size_t mark = reader_enter_index(reader, i++);

		read_required_name(reader, schema, item);
		reader_leave(reader, mark);
	}
	schema_index_properties(schema);
	refuse_twins(reader, schema);
}

static void read_additional(
	struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	enum tape_type type = tape_type(compiler->reader.tape, value);

	(void)out; /* more than one field */
	schema->closed = type == TAPE_FALSE;
	if (type == TAPE_OBJECT) {
		schema->additional = compile(compiler, value);
		schema->has_defaults = schema->has_defaults || schema->additional->has_defaults;
	} else if (type != TAPE_FALSE && type != TAPE_TRUE) {
		reader_problem(&compiler->reader, "must be true, false or a schema");
	}
}

static void read_items(struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	(void)out; /* more than one field */
	schema->items = compile(compiler, value);
	schema->has_defaults = schema->has_defaults || schema->items->has_defaults;
}

static void read_number(struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	struct span number = tape_raw(compiler->reader.tape, value), *copy = out;

	(void)schema; /* `out` is in it */
	*copy = (struct span){xmemdup(number.data, number.len), number.len};
}

static void read_multiple_of(
	struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	struct span *number = out;

	read_number(compiler, schema, value, number);
	if (json_number_can_divide(*number))
		return;
	reader_problem(&compiler->reader, "must be greater than 0, with at most 18 digits");
	free((char *)number->data);
	*number = (struct span){0};
}

static void read_length(struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	(void)schema; /* `out` is in it */
	(void)reader_integer(&compiler->reader, value, 0, SCHEMA_NO_MAXIMUM, out); /* says so */
}

static void read_enum(struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	(void)schema; /* `out` is in it */
	schema_enum_read(&compiler->reader, value, out);
}

static void read_const(struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	(void)schema; /* `out` is in it */
	schema_const_read(&compiler->reader, value, out);
}

static void read_default(
	struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	(void)out; /* more than one field */
	schema_default_read(
		&compiler->reader, schema, value, compiler->defaults_left, &compiler->work);
	compiler->defaults_left -= schema->default_len;
}

static void read_pattern(
	struct compiler *compiler, struct schema *schema, uint32_t value, void *out)
{
	struct reader *reader = &compiler->reader;
	struct pattern *pattern;
	struct buf problem;

	(void)out; /* is schema->pattern */
	if (reader_is_full(reader))
		return; /* a pattern can take long to compile */
	buf_init(&problem, PROBLEM_MAX_BYTES);
	pattern =
		pattern_compile(tape_string_span(reader->tape, value, &reader->scratch), &problem);
	if (pattern == NULL) {
		reader_problem(reader, "%s", problem.data);
	} else if (pattern_bytes(pattern) > compiler->patterns_left) {
		reader_problem(reader, "is too much: the patterns of all inputs, compiled, may "
				       "take 128 KiB together");
		pattern_free(pattern);
	} else {
		compiler->patterns_left -= pattern_bytes(pattern);
		schema->pattern = pattern;
	}
	buf_release(&problem);
}

enum value_kind { A_STRING, A_BOOLEAN, A_NUMBER, AN_ARRAY, AN_OBJECT, ANYTHING };

struct keyword {
	const char *name;
	enum value_kind kind;
	/* NULL: an annotation, which nothing is done with */
	void (*read)(struct compiler *compiler, struct schema *schema, uint32_t value, void *out);
	size_t offset; /* of what `out` points to */
};

/* In the order in which they are read: `required` needs the properties, `default` needs all. */
static const struct keyword keywords[] = {
	{"type", ANYTHING, read_type, 0},
	{"properties", AN_OBJECT, read_properties, 0},
	{"additionalProperties", ANYTHING, read_additional, 0},
	{"required", AN_ARRAY, read_required, 0},
	{"items", ANYTHING, read_items, 0},
	{"enum", AN_ARRAY, read_enum, offsetof(struct schema, any_of)},
	{"const", ANYTHING, read_const, offsetof(struct schema, only)},
	{"minimum", A_NUMBER, read_number, offsetof(struct schema, bounds.minimum)},
	{"maximum", A_NUMBER, read_number, offsetof(struct schema, bounds.maximum)},
	{"exclusiveMinimum", A_NUMBER, read_number,
		offsetof(struct schema, bounds.exclusive_minimum)},
	{"exclusiveMaximum", A_NUMBER, read_number,
		offsetof(struct schema, bounds.exclusive_maximum)},
	{"multipleOf", A_NUMBER, read_multiple_of, offsetof(struct schema, bounds.multiple_of)},
	{"minLength", A_NUMBER, read_length, offsetof(struct schema, lengths.min_length)},
	{"maxLength", A_NUMBER, read_length, offsetof(struct schema, lengths.max_length)},
	{"minItems", A_NUMBER, read_length, offsetof(struct schema, lengths.min_items)},
	{"maxItems", A_NUMBER, read_length, offsetof(struct schema, lengths.max_items)},
	{"pattern", A_STRING, read_pattern, 0},
	{"title", A_STRING, NULL, 0},
	{"description", A_STRING, NULL, 0},
	{"format", A_STRING, NULL, 0},
	{"contentEncoding", A_STRING, NULL, 0},
	{"contentMediaType", A_STRING, NULL, 0},
	{"contentSchema", ANYTHING, NULL, 0},
	{"$comment", A_STRING, NULL, 0},
	{"$schema", A_STRING, NULL, 0},
	{"examples", AN_ARRAY, NULL, 0},
	{"deprecated", A_BOOLEAN, NULL, 0},
	{"readOnly", A_BOOLEAN, NULL, 0},
	{"writeOnly", A_BOOLEAN, NULL, 0},
	{"default", ANYTHING, read_default, 0},
};

static bool is_of_kind(struct reader *reader, uint32_t value, enum value_kind kind)
{
	static const enum tape_type types[] = {[A_STRING] = TAPE_STRING,
		[A_NUMBER] = TAPE_NUMBER,
		[AN_ARRAY] = TAPE_ARRAY,
		[AN_OBJECT] = TAPE_OBJECT};
	bool flag;

	if (kind == ANYTHING)
		return true;
	return kind == A_BOOLEAN ? reader_boolean(reader, value, &flag)
				 : reader_is(reader, value, types[kind]);
}

static void refuse_unknown(struct reader *reader, uint32_t object)
{
	const struct json_tape *tape = reader->tape;

	for (uint32_t name = tape_first(tape, object); name != TAPE_NONE;) {
		size_t i = 0, mark;

		while (i < ARRAY_SIZE(keywords) &&
			!tape_string_equals(tape, name, span_of(keywords[i].name)))
			i++;
		if (i == ARRAY_SIZE(keywords)) {
			mark = reader_enter(reader, tape_string_span(tape, name, &reader->scratch));
			reader_problem(reader, "is no keyword that Bellhop checks");
			reader_leave(reader, mark);
		}
		name = tape_next(tape, object, tape_next(tape, object, name));
	}
}

static void read_keywords(struct compiler *compiler, struct schema *schema, uint32_t object)
{
	struct reader *reader = &compiler->reader;

	refuse_unknown(reader, object);
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		const struct keyword *keyword = &keywords[i];
		uint32_t value = tape_member(reader->tape, object, keyword->name);
		size_t mark;

		if (value == TAPE_NONE)
			continue;
		mark = reader_enter(reader, span_of(keyword->name));
		if (is_of_kind(reader, value, keyword->kind) && keyword->read != NULL)
			keyword->read(compiler, schema, value, (char *)schema + keyword->offset);
		reader_leave(reader, mark);
	}
}

static struct schema *compile(struct compiler *compiler, uint32_t value)
{
	enum tape_type type = tape_type(compiler->reader.tape, value);
	struct schema *schema = schema_new();

	if (type == TAPE_FALSE) {
		schema->types = 0;
	} else if (type != TAPE_OBJECT && type != TAPE_TRUE) {
		reader_problem(&compiler->reader, "must be a schema: an object, true or false");
	} else if (compiler->depth == SCHEMA_MAX_DEPTH) {
		reader_problem(
			&compiler->reader, "is nested over %d schemas deep", SCHEMA_MAX_DEPTH);
	} else if (type == TAPE_OBJECT) {
		compiler->depth++;
		read_keywords(compiler, schema, value);
		compiler->depth--;
	}
	return schema;
}

struct schema *schema_compile(const struct json_tape *tape, uint32_t value, unsigned flags,
	const char *place, struct problems *problems)
{
	struct compiler compiler = {.defaults_left = SCHEMA_DEFAULTS_MAX_BYTES,
		.patterns_left = SCHEMA_PATTERNS_MAX_BYTES};
	struct schema *schema = schema_new();

	reader_init(&compiler.reader, tape, place, problems);
	pattern_work_init(&compiler.work, SCHEMA_DEFAULTS_WORK);
	schema->top = schema->closed = (flags & SCHEMA_CLOSED) != 0;
	if (reader_is(&compiler.reader, value, TAPE_OBJECT)) {
		compiler.depth = 1;
		read_keywords(&compiler, schema, value);
		if (schema->top && !(schema->types & SCHEMA_OBJECT))
			reader_problem_at(&compiler.reader, "type",
				"must be object: the inputs of an action are one");
	}
	pattern_work_release(&compiler.work);
	reader_release(&compiler.reader);
	return schema;
}
