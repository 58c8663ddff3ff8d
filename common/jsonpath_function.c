/* SPDX-License-Identifier: MIT */
/* jsonpath_function: what the functions of a filter give (RFC 9535, section 2.4). */
#include "bellhop/utf8.h"
#include "iregexp.h"
#include "jsonpath_run.h"

/* Of the work of a pattern, what a step is worth; and what it costs to begin. */
#define UNITS_PER_STEP 16
#define SEARCH_STEPS   8
/* A pattern that comes out of the document is compiled where it is met. */
#define COMPILE_STEPS		200
#define COMPILED_BYTES_PER_STEP 16

static void set_count(struct jsonpath_value *value, uint64_t count)
{
	char *end = value->digits + sizeof(value->digits), *at = end;

	do
		*--at = (char)('0' + count % 10);
	while ((count /= 10) > 0);
	value->type = TAPE_NUMBER;
	value->text = (struct span){at, (size_t)(end - at)};
}

static int length_of(
	struct jsonpath_run *run, const struct jsonpath_value *of, struct jsonpath_value *value)
{
	struct span text;

	value->nothing = of->nothing;
	if (of->nothing)
		return 0;
	if (of->type == TAPE_STRING) {
		if (jsonpath_value_text(run, of, 0, &text) != 0 ||
			jsonpath_spend(run, text.len / JSONPATH_BYTES_PER_STEP) != 0)
			return -1;
		set_count(value, utf8_length(text.data, text.len));
	} else if (of->type == TAPE_ARRAY || of->type == TAPE_OBJECT) {
		set_count(value, run->tape->nodes[of->node].count);
	} else {
		value->nothing = true;
	}
	return 0;
}

static int search_nodes(struct jsonpath_run *run, const struct query *query, uint32_t node,
	struct jsonpath_sink *sink)
{
	return jsonpath_walk(run, query->segments, jsonpath_origin(query, node), sink) ==
			       JSONPATH_FAILED
		       ? -1
		       : 0;
}

int jsonpath_call_value(struct jsonpath_run *run, const struct call *call, uint32_t node,
	struct jsonpath_value *value)
{
	/* Of value(), more than one is as good as none. */
	struct jsonpath_sink sink = {.enough = call->function == FUNCTION_VALUE ? 2 : UINT64_MAX};
	struct jsonpath_value of;

	if (jsonpath_spend(run, 1) != 0)
		return -1;
	value->nothing = false;
	value->node = TAPE_NONE;
	if (call->function == FUNCTION_LENGTH) {
		if (jsonpath_operand(run, &call->arguments[0], node, &of) != 0)
			return -1;
		return length_of(run, &of, value);
	}
	if (search_nodes(run, call->arguments[0].query, node, &sink) != 0)
		return -1;
	if (call->function == FUNCTION_COUNT) {
		set_count(value, sink.count);
		return 0;
	}
	value->nothing = sink.count != 1;
	if (!value->nothing) {
		value->node = sink.last;
		value->type = tape_type(run->tape, sink.last);
	}
	return 0;
}

static int compile_pattern(struct jsonpath_run *run, struct span text, bool whole)
{
	struct jsonpath_scratch *scratch = run->scratch;

	if (jsonpath_spend(run, COMPILE_STEPS + text.len) != 0)
		return -1;
	pattern_free(scratch->pattern);
	scratch->pattern_known = false;
	buf_clear(&scratch->pattern_text);
	buf_add(&scratch->pattern_text, text.data, text.len);
	if (iregexp_compile(text, whole, &scratch->pattern) == IREGEXP_TOO_LARGE)
		return -1;
	scratch->pattern_known = true;
	scratch->pattern_whole = whole;
	if (scratch->pattern == NULL)
		return 0;
	return jsonpath_spend(run, pattern_bytes(scratch->pattern) / COMPILED_BYTES_PER_STEP);
}

/* The pattern of a text out of the document; the last one is kept. `*pattern` is NULL where it is no I-Regexp. */
static int take_pattern(
	struct jsonpath_run *run, struct span text, bool whole, const struct pattern **pattern)
{
	const struct jsonpath_scratch *scratch = run->scratch;
	struct span last = {scratch->pattern_text.data, scratch->pattern_text.len};
	bool known = scratch->pattern_known && scratch->pattern_whole == whole;

	if (jsonpath_spend(run, text.len / JSONPATH_BYTES_PER_STEP) != 0)
		return -1;
	if (!(known && span_equals(last, text)) && compile_pattern(run, text, whole) != 0)
		return -1;
	*pattern = scratch->pattern;
	return 0;
}

static int find_pattern(struct jsonpath_run *run, const struct call *call, uint32_t node,
	const struct pattern **pattern)
{
	struct jsonpath_value value;
	struct span text;

	*pattern = call->pattern;
	if (call->literal_pattern)
		return 0;
	if (jsonpath_operand(run, &call->arguments[1], node, &value) != 0)
		return -1;
	if (value.nothing || value.type != TAPE_STRING)
		return 0;
	if (jsonpath_value_text(run, &value, 1, &text) != 0)
		return -1;
	return take_pattern(run, text, call->function == FUNCTION_MATCH, pattern);
}

static int search(struct jsonpath_run *run, const struct pattern *pattern, struct span text)
{
	struct pattern_work *work = &run->scratch->work;
	enum pattern_answer answer;

	if (jsonpath_spend(run, SEARCH_STEPS + text.len / JSONPATH_BYTES_PER_STEP) != 0)
		return -1;
	work->units =
		run->steps > UINT64_MAX / UNITS_PER_STEP ? UINT64_MAX : run->steps * UNITS_PER_STEP;
	answer = pattern_search(pattern, text, work);
	if (answer == PATTERN_TOO_MUCH) {
		run->steps = 0;
		return -1;
	}
	if (work->units / UNITS_PER_STEP < run->steps)
		run->steps = work->units / UNITS_PER_STEP;
	return answer == PATTERN_FOUND;
}

int jsonpath_call_test(struct jsonpath_run *run, const struct call *call, uint32_t node)
{
	const struct pattern *pattern;
	struct jsonpath_value value;
	struct span text;

	if (jsonpath_operand(run, &call->arguments[0], node, &value) != 0 ||
		find_pattern(run, call, node, &pattern) != 0)
		return -1;
	if (pattern == NULL || value.nothing || value.type != TAPE_STRING)
		return 0;
	if (jsonpath_value_text(run, &value, 0, &text) != 0)
		return -1;
	return search(run, pattern, text);
}
