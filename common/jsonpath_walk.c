/* SPDX-License-Identifier: MIT */
/* jsonpath_walk: goes down the segments of a query, depth first: the order of RFC 9535 without a list in between. */
#include <stdlib.h>

#include "bellhop/alloc.h"
#include "jsonpath_run.h"

static int keep(struct jsonpath_run *run, struct jsonpath_sink *sink, uint32_t node)
{
	struct jsonpath_nodes *nodes = sink->nodes;

	if (nodes != NULL) {
		if (nodes->count >= nodes->max || jsonpath_spend(run, 1) != 0)
			return JSONPATH_FAILED;
		nodes->items =
			xgrow(nodes->items, &nodes->capacity, nodes->count, sizeof(*nodes->items));
		nodes->items[nodes->count++] = node;
	}
	sink->last = node;
	return ++sink->count >= sink->enough ? JSONPATH_ENOUGH : JSONPATH_GO_ON;
}

/* The position of an index in an array of `count`; at least `count` where there is none. */
static uint64_t position(int64_t index, uint64_t count)
{
	uint64_t from_end;

	if (index >= 0)
		return (uint64_t)index;
	from_end = (uint64_t)-index;
	return from_end <= count ? count - from_end : count;
}

static int is_named(struct jsonpath_run *run, uint32_t member, struct span name, bool *named)
{
	const struct tape_node *node = &run->tape->nodes[member];

	*named = false;
	if (node->escaped ? node->len < name.len : node->len != name.len)
		return 0; /* no escape is shorter than what it stands for */
	if (!node->escaped) {
		if (jsonpath_spend(run, name.len / JSONPATH_BYTES_PER_STEP) != 0)
			return -1;
		*named = memcmp(run->tape->text + node->at, name.data, name.len) == 0;
		return 0;
	}
	if (jsonpath_spend(run, 1 + name.len / JSONPATH_ESCAPED_PER_STEP) != 0)
		return -1;
	*named = tape_string_equals(run->tape, member, name);
	return 0;
}

int jsonpath_member(struct jsonpath_run *run, uint32_t object, struct span name, uint32_t *value)
{
	const struct tape_node *nodes = run->tape->nodes;
	uint32_t member = object + 1, end = nodes[object].next;
	bool named;

	*value = TAPE_NONE;
	if (jsonpath_spend(run, 1 + nodes[object].count / JSONPATH_PASSED_PER_STEP) != 0)
		return -1;
	for (; member < end; member = nodes[member + 1].next) {
		if (is_named(run, member, name, &named) != 0)
			return -1;
		if (named) {
			*value = member + 1;
			return 0;
		}
	}
	return 0;
}

/* The one child that a name or an index selects: `*child` is TAPE_NONE where there is none. */
static int select_one(
	struct jsonpath_run *run, const struct selector *selector, uint32_t node, uint32_t *child)
{
	const struct json_tape *tape = run->tape;
	enum tape_type type = tape_type(tape, node);
	uint64_t count = tape->nodes[node].count;

	*child = TAPE_NONE;
	if (selector->kind == SELECT_NAME && type == TAPE_OBJECT)
		return jsonpath_member(run, node, selector->name, child);
	if (selector->kind == SELECT_INDEX && type == TAPE_ARRAY) {
		uint64_t at = position(selector->index, count);

		if (at >= count)
			return jsonpath_spend(run, 1);
		if (jsonpath_spend(run, 1 + at / JSONPATH_PASSED_PER_STEP) != 0)
			return -1;
		*child = tape_element(tape, node, (uint32_t)at);
		return 0;
	}
	return jsonpath_spend(run, 1);
}

static int walk_one(struct jsonpath_run *run, const struct segment *segment,
	const struct selector *selector, uint32_t node, struct jsonpath_sink *sink)
{
	uint32_t child;

	if (select_one(run, selector, node, &child) != 0)
		return JSONPATH_FAILED;
	return child == TAPE_NONE ? JSONPATH_GO_ON : jsonpath_walk(run, segment->next, child, sink);
}

/* Every child, or those that a filter takes. */
static int walk_children(struct jsonpath_run *run, const struct segment *segment,
	const struct expr *filter, uint32_t node, struct jsonpath_sink *sink)
{
	const struct tape_node *nodes = run->tape->nodes;
	uint32_t end = nodes[node].next, name = nodes[node].type == TAPE_OBJECT;
	int result;

	if (nodes[node].type != TAPE_ARRAY && nodes[node].type != TAPE_OBJECT)
		return JSONPATH_GO_ON;
	for (uint32_t child = node + 1 + name; child < end; child = nodes[child].next + name) {
		if (jsonpath_spend(run, 1) != 0)
			return JSONPATH_FAILED;
		if (filter != NULL) {
			result = jsonpath_test(run, filter, child);
			if (result < 0)
				return JSONPATH_FAILED;
			if (result == 0)
				continue;
		}
		result = jsonpath_walk(run, segment->next, child, sink);
		if (result != JSONPATH_GO_ON)
			return result;
	}
	return JSONPATH_GO_ON;
}

/* The elements at `low`, `low` + `step`, … below `high`. */
static int walk_forwards(struct jsonpath_run *run, const struct segment *segment, uint32_t array,
	uint64_t low, uint64_t high, uint64_t step, struct jsonpath_sink *sink)
{
	uint32_t child = tape_first(run->tape, array);
	uint64_t next = low;

	for (uint64_t at = 0; at < high; at++) {
		if (at == next) {
			int result = jsonpath_walk(run, segment->next, child, sink);

			if (result != JSONPATH_GO_ON)
				return result;
			if (high - at <= step)
				break;
			next = at + step;
		}
		child = tape_next(run->tape, array, child);
	}
	return JSONPATH_GO_ON;
}

/* The elements at `high`, `high` - `step`, … above `low`, which is -1 or more. A tape is walked forwards only. */
static int walk_backwards(struct jsonpath_run *run, const struct segment *segment, uint32_t array,
	int64_t low, int64_t high, int64_t step, struct jsonpath_sink *sink)
{
	uint32_t *children = xmalloc(sizeof(*children) * (size_t)(high + 1));
	uint32_t child = tape_first(run->tape, array);
	int result = JSONPATH_GO_ON;

	for (int64_t at = 0; at <= high; at++) {
		children[at] = child;
		child = tape_next(run->tape, array, child);
	}
	for (int64_t at = high; at > low && result == JSONPATH_GO_ON; at -= step) {
		result = jsonpath_walk(run, segment->next, children[at], sink);
		if (at - low <= step)
			break;
	}
	free(children);
	return result;
}

static int64_t within(int64_t number, int64_t least, int64_t most)
{
	if (number < least)
		return least;
	return number > most ? most : number;
}

/* RFC 9535, section 2.3.4.2.2. */
static int walk_slice(struct jsonpath_run *run, const struct segment *segment,
	const struct slice *slice, uint32_t node, struct jsonpath_sink *sink)
{
	int64_t count = run->tape->nodes[node].count, start, end;
	bool forwards = slice->step > 0;

	if (tape_type(run->tape, node) != TAPE_ARRAY || slice->step == 0 || count == 0)
		return JSONPATH_GO_ON;
	start = slice->has_start ? slice->start : forwards ? 0 : count - 1;
	if (start < 0)
		start += count;
	end = slice->has_end ? slice->end : forwards ? count : -1;
	if (end < 0 && slice->has_end)
		end += count;
	start = within(start, forwards ? 0 : -1, forwards ? count : count - 1);
	end = within(end, forwards ? 0 : -1, forwards ? count : count - 1);
	if (jsonpath_spend(
		    run, (uint64_t)((forwards ? end : start) + 1) / JSONPATH_PASSED_PER_STEP) != 0)
		return JSONPATH_FAILED;
	if (forwards)
		return start < end ? walk_forwards(run, segment, node, (uint64_t)start,
					     (uint64_t)end, (uint64_t)slice->step, sink)
				   : JSONPATH_GO_ON;
	return start > end ? walk_backwards(run, segment, node, end, start, -slice->step, sink)
			   : JSONPATH_GO_ON;
}

/* What the selectors of a segment take of one node's children. */
static int walk_selectors(struct jsonpath_run *run, const struct segment *segment, uint32_t node,
	struct jsonpath_sink *sink)
{
	for (const struct selector *selector = segment->selectors; selector != NULL;
		selector = selector->next) {
		int result;

		if (jsonpath_spend(run, 1) != 0)
			return JSONPATH_FAILED;
		if (selector->kind == SELECT_ALL)
			result = walk_children(run, segment, NULL, node, sink);
		else if (selector->kind == SELECT_FILTER)
			result = walk_children(run, segment, selector->filter, node, sink);
		else if (selector->kind == SELECT_SLICE)
			result = walk_slice(run, segment, selector->slice, node, sink);
		else
			result = walk_one(run, segment, selector, node, sink);
		if (result != JSONPATH_GO_ON)
			return result;
	}
	return JSONPATH_GO_ON;
}

/* A node and all below it, in the order of the tape. Only what has children matters, and that is no member's name. */
static int walk_descendants(struct jsonpath_run *run, const struct segment *segment, uint32_t node,
	struct jsonpath_sink *sink)
{
	const struct tape_node *nodes = run->tape->nodes;
	uint32_t end = nodes[node].next;

	if (jsonpath_spend(run, (end - node) / JSONPATH_PASSED_PER_STEP) != 0)
		return JSONPATH_FAILED;
	for (uint32_t at = node; at < end; at++) {
		int result;

		if (nodes[at].count == 0 ||
			(nodes[at].type != TAPE_ARRAY && nodes[at].type != TAPE_OBJECT))
			continue;
		result = walk_selectors(run, segment, at, sink);
		if (result != JSONPATH_GO_ON)
			return result;
	}
	return JSONPATH_GO_ON;
}

int jsonpath_walk(struct jsonpath_run *run, const struct segment *segment, uint32_t node,
	struct jsonpath_sink *sink)
{
	for (; segment != NULL && segment->single; segment = segment->next) {
		if (select_one(run, segment->selectors, node, &node) != 0)
			return JSONPATH_FAILED;
		if (node == TAPE_NONE)
			return JSONPATH_GO_ON;
	}
	if (segment == NULL)
		return keep(run, sink, node);
	return segment->descendant ? walk_descendants(run, segment, node, sink)
				   : walk_selectors(run, segment, node, sink);
}
