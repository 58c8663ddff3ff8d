/* SPDX-License-Identifier: MIT */
/* jsonpath_value: values in a filter, and how they compare (RFC 9535, section 2.3.5.2.2). */
#include "bellhop/json_number.h"
#include "jsonpath_run.h"

#define FEW_DIGITS 24

static int deep_equal(struct jsonpath_run *run, uint32_t left, uint32_t right);

int jsonpath_operand(struct jsonpath_run *run, const struct operand *operand, uint32_t node,
	struct jsonpath_value *value)
{
	struct jsonpath_sink sink = {.enough = 1};

	value->nothing = false;
	value->node = TAPE_NONE;
	if (operand->kind == OPERAND_CALL)
		return jsonpath_call_value(run, operand->call, node, value);
	if (operand->kind == OPERAND_LITERAL) {
		value->type = operand->type;
		value->text = operand->text;
		return 0;
	}
	if (jsonpath_walk(run, operand->query->segments, jsonpath_origin(operand->query, node),
		    &sink) == JSONPATH_FAILED)
		return -1;
	value->nothing = sink.count == 0;
	if (sink.count > 0) {
		value->node = sink.last;
		value->type = tape_type(run->tape, sink.last);
	}
	return 0;
}

int jsonpath_value_text(
	struct jsonpath_run *run, const struct jsonpath_value *value, int side, struct span *text)
{
	if (value->node == TAPE_NONE) {
		*text = value->text;
		return 0;
	}
	if (run->tape->nodes[value->node].escaped &&
		jsonpath_spend(
			run, run->tape->nodes[value->node].len / JSONPATH_ESCAPED_PER_STEP) != 0)
		return -1;
	*text = tape_string_span(run->tape, value->node, &run->scratch->texts[side]);
	return 0;
}

static struct span number_text(const struct jsonpath_run *run, const struct jsonpath_value *value)
{
	return value->node == TAPE_NONE ? value->text : tape_raw(run->tape, value->node);
}

static bool is_digits(struct span number)
{
	for (size_t i = 0; i < number.len; i++)
		if (number.data[i] < '0' || number.data[i] > '9')
			return false;
	return true;
}

/* `*order` is below, equal to or above 0. */
static int compare_numbers(struct jsonpath_run *run, const struct jsonpath_value *left,
	const struct jsonpath_value *right, int *order)
{
	struct span a = number_text(run, left), b = number_text(run, right);

	if (jsonpath_spend(run, (a.len + b.len) / JSONPATH_BYTES_PER_STEP) != 0)
		return -1;
	/* Most numbers are short and have nothing but digits, of which the first is no zero where there are more. */
	if (a.len <= FEW_DIGITS && b.len <= FEW_DIGITS && is_digits(a) && is_digits(b))
		*order = a.len == b.len ? memcmp(a.data, b.data, a.len)
					: (a.len > b.len) - (a.len < b.len);
	else
		*order = json_number_compare(a, b);
	return 0;
}

/* By characters, which is by the bytes of UTF-8. */
static int compare_strings(struct jsonpath_run *run, const struct jsonpath_value *left,
	const struct jsonpath_value *right, int *order)
{
	struct span a, b;
	size_t both;

	if (jsonpath_value_text(run, left, 0, &a) != 0 ||
		jsonpath_value_text(run, right, 1, &b) != 0)
		return -1;
	both = a.len < b.len ? a.len : b.len;
	if (jsonpath_spend(run, both / JSONPATH_BYTES_PER_STEP) != 0)
		return -1;
	*order = both > 0 ? memcmp(a.data, b.data, both) : 0;
	if (*order == 0)
		*order = (a.len > b.len) - (a.len < b.len);
	return 0;
}

static int equal_scalars(struct jsonpath_run *run, const struct jsonpath_value *left,
	const struct jsonpath_value *right)
{
	int order = 0;

	if (left->type == TAPE_NUMBER && compare_numbers(run, left, right, &order) != 0)
		return -1;
	if (left->type == TAPE_STRING && compare_strings(run, left, right, &order) != 0)
		return -1;
	return order == 0;
}

static int equal_arrays(struct jsonpath_run *run, uint32_t left, uint32_t right)
{
	uint32_t a = tape_first(run->tape, left), b = tape_first(run->tape, right);
	int result = 1;

	while (a != TAPE_NONE && result == 1) {
		result = deep_equal(run, a, b);
		a = tape_next(run->tape, left, a);
		b = tape_next(run->tape, right, b);
	}
	return result;
}

/* The value in `object` of the member that has the name at `name`. Where both have the same order it is at `guess`. */
static int find_member(
	struct jsonpath_run *run, uint32_t name, uint32_t object, uint32_t guess, uint32_t *value)
{
	const struct json_tape *tape = run->tape;
	struct span text;

	if (jsonpath_spend(run, tape->nodes[name].len / JSONPATH_ESCAPED_PER_STEP) != 0)
		return -1;
	text = tape_string_span(tape, name, &run->scratch->texts[0]);
	if (tape_string_equals(tape, guess, text)) {
		*value = guess + 1;
		return 0;
	}
	return jsonpath_member(run, object, text, value);
}

static int equal_objects(struct jsonpath_run *run, uint32_t left, uint32_t right)
{
	const struct json_tape *tape = run->tape;
	uint32_t a = tape_first(tape, left), b = tape_first(tape, right), value;
	int result = 1;

	while (a != TAPE_NONE && result == 1) {
		if (find_member(run, a, right, b, &value) != 0)
			return -1;
		result = value != TAPE_NONE ? deep_equal(run, a + 1, value) : 0;
		a = tape_next(tape, left, a + 1);
		b = tape_next(tape, right, b + 1);
	}
	return result;
}

/* Two values on the tape. It calls itself as deep as the tape was read. */
static int deep_equal(struct jsonpath_run *run, uint32_t left, uint32_t right)
{
	const struct tape_node *a = &run->tape->nodes[left], *b = &run->tape->nodes[right];
	struct jsonpath_value left_value = {.type = a->type, .node = left};
	struct jsonpath_value right_value = {.type = b->type, .node = right};

	if (jsonpath_spend(run, 1) != 0)
		return -1;
	if (a->type != b->type)
		return 0;
	if (left == right)
		return 1;
	if (a->type != TAPE_ARRAY && a->type != TAPE_OBJECT)
		return equal_scalars(run, &left_value, &right_value);
	if (a->count != b->count)
		return 0;
	return a->type == TAPE_ARRAY ? equal_arrays(run, left, right)
				     : equal_objects(run, left, right);
}

static int equal(
	struct jsonpath_run *run, const struct jsonpath_value *a, const struct jsonpath_value *b)
{
	if (a->nothing || b->nothing)
		return a->nothing && b->nothing;
	if (a->type != b->type)
		return 0;
	if (a->type == TAPE_ARRAY || a->type == TAPE_OBJECT)
		return deep_equal(run, a->node, b->node);
	return equal_scalars(run, a, b);
}

/* Only numbers and strings have an order. */
static int less(
	struct jsonpath_run *run, const struct jsonpath_value *a, const struct jsonpath_value *b)
{
	int order = 0, result = 0;

	if (a->nothing || b->nothing || a->type != b->type)
		return 0;
	if (a->type == TAPE_NUMBER)
		result = compare_numbers(run, a, b, &order);
	else if (a->type == TAPE_STRING)
		result = compare_strings(run, a, b, &order);
	return result != 0 ? -1 : order < 0;
}

static int less_or_equal(
	struct jsonpath_run *run, const struct jsonpath_value *a, const struct jsonpath_value *b)
{
	int result = less(run, a, b);

	return result != 0 ? result : equal(run, a, b);
}

int jsonpath_compare(struct jsonpath_run *run, enum comparison comparison,
	const struct jsonpath_value *a, const struct jsonpath_value *b)
{
	int result;

	switch (comparison) {
	case COMPARE_LESS:
		return less(run, a, b);
	case COMPARE_GREATER:
		return less(run, b, a);
	case COMPARE_LESS_EQUAL:
		return less_or_equal(run, a, b);
	case COMPARE_GREATER_EQUAL:
		return less_or_equal(run, b, a);
	case COMPARE_NOT_EQUAL:
		result = equal(run, a, b);
		return result < 0 ? result : !result;
	case COMPARE_EQUAL:
		break;
	}
	return equal(run, a, b);
}
