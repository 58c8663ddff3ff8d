/* SPDX-License-Identifier: MIT */
/* schema_check: holds a value against a schema and says each breach in words that a model can act on. */
#include "schema_node.h"

#include <inttypes.h>
#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/json_number.h"
#include "bellhop/utf8.h"
#include "pointer.h"
#include "reader.h"
#include "schema_value.h"

#define SCRATCH_MAX_BYTES (8 * 1024 * 1024)
#define TEXT_MAX_BYTES	  600
#define NUMBER_BYTES	  40
#define PATTERN_BYTES	  200

/* Where a value is: the way back to the root, made into a pointer only when there is a problem. */
struct step {
	const struct step *up; /* NULL: the root */
	uint32_t name;	       /* of a member, on the tape; TAPE_NONE: an element */
	size_t index;
	bool optional; /* a member that need not be there */
};

struct check {
	const struct json_tape *tape;
	struct problems *problems;
	struct pattern_work *work;
	struct buf scratch;
	bool failed;
};

static void check_value(
	struct check *check, const struct schema *schema, uint32_t value, const struct step *at);

/* More problems would not be kept, and looking for them could take long. */
static bool is_full(struct check *check)
{
	bool full = check->problems->errors >= PROBLEMS_MAX;

	check->failed = check->failed || full;
	return full;
}

static void add_pointer(struct check *check, const struct step *at, struct buf *pointer)
{
	if (at->up == NULL)
		return;
	add_pointer(check, at->up, pointer);
	if (at->name == TAPE_NONE)
		pointer_add_index(pointer, at->index);
	else
		pointer_add(pointer, tape_string_span(check->tape, at->name, &check->scratch));
}

/* Adds a problem at `at`, or at `member` below it where that is given. */
static void __attribute__((format(printf, 4, 5)))
fail(struct check *check, const struct step *at, const char *member, const char *format, ...)
{
	struct buf pointer, text;
	va_list args;

	buf_init(&pointer, POINTER_MAX_BYTES);
	buf_init(&text, TEXT_MAX_BYTES);
	add_pointer(check, at, &pointer);
	if (member != NULL)
		pointer_add(&pointer, span_of(member));
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	problems_add(check->problems, pointer.data, "%s", text.data);
	buf_release(&pointer);
	buf_release(&text);
	check->failed = true;
}

static void fail_type(
	struct check *check, const struct schema *schema, uint32_t value, const struct step *at)
{
	struct buf types;

	if (schema->types == 0) {
		fail(check, at, NULL, "may not be given");
		return;
	}
	buf_init(&types, TEXT_MAX_BYTES);
	schema_types_text(schema->types, &types);
	/* Models say null for what they do not want to say. */
	fail(check, at, NULL, "is %s, but must be %s%s", reader_type(check->tape, value),
		types.data,
		at->optional && tape_type(check->tape, value) == TAPE_NULL ? ", or be left out"
									   : "");
	buf_release(&types);
}

static void check_listed(
	struct check *check, const struct schema *schema, uint32_t value, const struct step *at)
{
	if (schema->any_of.count > 0 &&
		!schema_values_have(&schema->any_of, check->tape, value, &check->scratch))
		fail(check, at, NULL, "must be one of %s", schema->any_of.list);
	if (schema->only.count > 0 &&
		!schema_values_have(&schema->only, check->tape, value, &check->scratch))
		fail(check, at, NULL, "must be %s", schema->only.list);
}

/* A number as it was written, cut where it is longer than a person reads. */
#define NUMBER_ARGS(span)                                                          \
	(int)((span).len > NUMBER_BYTES ? NUMBER_BYTES : (span).len), (span).data, \
		(span).len > NUMBER_BYTES ? "…" : ""

static void fail_number(struct check *check, const struct step *at, struct span number,
	const char *words, struct span bound)
{
	fail(check, at, NULL, "%.*s%s is %s %.*s%s", NUMBER_ARGS(number), words,
		NUMBER_ARGS(bound));
}

/* The number compared with the bound must give something from `least` to `most`. */
static void check_bound(struct check *check, const struct step *at, struct span number,
	struct span bound, int least, int most, const char *words)
{
	int order;

	if (bound.data == NULL)
		return;
	order = json_number_compare(number, bound);
	if (order < least || order > most)
		fail_number(check, at, number, words, bound);
}

static void check_number(
	struct check *check, const struct schema *schema, uint32_t value, const struct step *at)
{
	const struct schema_bounds *bounds = &schema->bounds;
	struct span number = tape_raw(check->tape, value);

	check_bound(check, at, number, bounds->minimum, 0, 1, "less than");
	check_bound(check, at, number, bounds->maximum, -1, 0, "more than");
	check_bound(check, at, number, bounds->exclusive_minimum, 1, 1, "not more than");
	check_bound(check, at, number, bounds->exclusive_maximum, -1, -1, "not less than");
	if (bounds->multiple_of.data != NULL &&
		!json_number_is_multiple(number, bounds->multiple_of))
		fail_number(check, at, number, "not a multiple of", bounds->multiple_of);
}

static const char *plural(int64_t number)
{
	return number == 1 ? "" : "s";
}

static void check_length(
	struct check *check, const struct schema *schema, struct span text, const struct step *at)
{
	const struct schema_lengths *lengths = &schema->lengths;
	int64_t length = (int64_t)utf8_length(text.data, text.len);

	if (length < lengths->min_length)
		fail(check, at, NULL,
			"is %" PRId64 " character%s long, but must be at least %" PRId64, length,
			plural(length), lengths->min_length);
	if (length > lengths->max_length)
		fail(check, at, NULL,
			"is %" PRId64 " character%s long, but must be at most %" PRId64, length,
			plural(length), lengths->max_length);
}

static void check_pattern(
	struct check *check, const struct pattern *pattern, struct span text, const struct step *at)
{
	const char *shown = pattern_text(pattern);
	size_t len = strlen(shown), cut = utf8_cut(shown, len, PATTERN_BYTES);
	enum pattern_answer answer = pattern_search(pattern, text, check->work);

	if (answer != PATTERN_FOUND)
		fail(check, at, NULL, "%s the pattern %.*s%s%s",
			answer == PATTERN_NOT_FOUND ? "does not match"
						    : "takes too much work to hold against",
			(int)cut, shown, cut < len ? "…" : "",
			answer == PATTERN_NOT_FOUND ? "" : ": give a shorter text");
}

/* The text is taken anew for each: where a problem is placed, the scratch is written over. */
static void check_string(
	struct check *check, const struct schema *schema, uint32_t value, const struct step *at)
{
	if (schema->lengths.min_length > 0 || schema->lengths.max_length < SCHEMA_NO_MAXIMUM)
		check_length(
			check, schema, tape_string_span(check->tape, value, &check->scratch), at);
	if (schema->pattern != NULL)
		check_pattern(check, schema->pattern,
			tape_string_span(check->tape, value, &check->scratch), at);
}

static void check_array(
	struct check *check, const struct schema *schema, uint32_t value, const struct step *at)
{
	const struct schema_lengths *lengths = &schema->lengths;
	int64_t count = check->tape->nodes[value].count;
	struct step step = {at, TAPE_NONE, 0, false};

	if (count < lengths->min_items)
		fail(check, at, NULL, "has %" PRId64 " element%s, but must have at least %" PRId64,
			count, plural(count), lengths->min_items);
	if (count > lengths->max_items)
		fail(check, at, NULL, "has %" PRId64 " element%s, but must have at most %" PRId64,
			count, plural(count), lengths->max_items);
	if (schema->items == NULL)
		return;
	for (uint32_t item = tape_first(check->tape, value); item != TAPE_NONE; step.index++) {
		check_value(check, schema->items, item, &step);
		item = tape_next(check->tape, value, item);
	}
}

/* Says that a member is not known, and which ones are. */
static void fail_unknown(struct check *check, const struct schema *schema, const struct step *at)
{
	struct buf names;

	if (is_full(check))
		return;
	buf_init(&names, TEXT_MAX_BYTES / 2);
	for (size_t i = 0; i < schema->declared_count && !names.overflowed; i++)
		buf_printf(&names, "%s%s", i == 0 ? "" : ", ", schema->names[i]);
	fail(check, at, NULL, "is not %s; it takes %s%s",
		schema->top ? "an input of this action" : "a member of this object",
		schema->declared_count == 0 ? "none" : names.data, names.overflowed ? ", …" : "");
	buf_release(&names);
}

/* Only after a count showed that one is missing: a walk that remembers which were seen. */
static void fail_missing(
	struct check *check, const struct schema *schema, uint32_t object, const struct step *at)
{
	bool *seen = xcalloc(schema->property_count, sizeof(*seen));

	for (uint32_t name = tape_first(check->tape, object); name != TAPE_NONE;) {
		const struct schema_property *property = schema_property(
			schema, tape_string_span(check->tape, name, &check->scratch));

		if (property != NULL)
			seen[property - schema->properties] = true;
		name = tape_next(check->tape, object, tape_next(check->tape, object, name));
	}
	for (size_t i = 0; i < schema->property_count; i++)
		if (schema->properties[i].required && !seen[i])
			fail(check, at, schema->properties[i].name, "is required");
	free(seen);
}

static void check_object(
	struct check *check, const struct schema *schema, uint32_t object, const struct step *at)
{
	struct step step = {at, TAPE_NONE, 0, false};
	size_t required = 0;

	if (schema->property_count == 0 && !schema->closed && schema->additional == NULL)
		return;
	for (uint32_t name = tape_first(check->tape, object); name != TAPE_NONE;) {
		const struct schema_property *property = schema_property(
			schema, tape_string_span(check->tape, name, &check->scratch));
		uint32_t value = tape_next(check->tape, object, name);

		step.name = name;
		step.optional = property == NULL || !property->required;
		required += property != NULL && property->required;
		if (property != NULL && property->schema != NULL)
			check_value(check, property->schema, value, &step);
		else if (schema->closed)
			fail_unknown(check, schema, &step);
		else if (schema->additional != NULL)
			check_value(check, schema->additional, value, &step);
		name = tape_next(check->tape, object, value);
	}
	if (required < schema->required_count && !is_full(check))
		fail_missing(check, schema, object, at);
}

static void check_value(
	struct check *check, const struct schema *schema, uint32_t value, const struct step *at)
{
	enum tape_type type = tape_type(check->tape, value);

	if (is_full(check))
		return;
	if (!(schema->types & schema_type_of(check->tape, value))) {
		fail_type(check, schema, value, at);
		return;
	}
	if (schema->any_of.count + schema->only.count > 0)
		check_listed(check, schema, value, at);
	if (type == TAPE_NUMBER)
		check_number(check, schema, value, at);
	else if (type == TAPE_STRING)
		check_string(check, schema, value, at);
	else if (type == TAPE_ARRAY)
		check_array(check, schema, value, at);
	else if (type == TAPE_OBJECT)
		check_object(check, schema, value, at);
}

int schema_check_within(const struct schema *schema, const struct json_tape *tape, uint32_t value,
	struct pattern_work *work, struct problems *problems)
{
	struct check check = {.tape = tape, .problems = problems, .work = work};
	const struct step root = {NULL, TAPE_NONE, 0, false};

	buf_init(&check.scratch, SCRATCH_MAX_BYTES);
	check_value(&check, schema, value, &root);
	buf_release(&check.scratch);
	return check.failed ? -1 : 0;
}

int schema_check(const struct schema *schema, const struct json_tape *tape, uint32_t value,
	struct problems *problems)
{
	struct pattern_work work;
	int result;

	pattern_work_init(&work, SCHEMA_CHECK_WORK(tape_raw(tape, value).len));
	result = schema_check_within(schema, tape, value, &work, problems);
	pattern_work_release(&work);
	return result;
}
