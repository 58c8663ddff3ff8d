/* SPDX-License-Identifier: MIT */
/* lookup: finds the values of all placeholders of an action in one walk of its inputs. */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "pointer.h"

#define INDEX_MAX_DIGITS 9

static int compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(a, b, a_len);
}

static int compare_placeholders(const void *left, const void *right)
{
	const struct placeholder *a = *(struct placeholder *const *)left;
	const struct placeholder *b = *(struct placeholder *const *)right;

	for (size_t i = 0; i < a->count && i < b->count; i++) {
		int order = compare_names(a->segments[i], strlen(a->segments[i]), b->segments[i],
			strlen(b->segments[i]));

		if (order != 0)
			return order;
	}
	return a->count == b->count ? 0 : a->count < b->count ? -1 : 1;
}

/* The name as an index of an array: digits without a leading zero. */
static uint32_t index_of(const char *name, size_t len)
{
	uint32_t index = 0;

	if (len == 0 || len > INDEX_MAX_DIGITS || (len > 1 && name[0] == '0'))
		return LOOKUP_NO_INDEX;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return LOOKUP_NO_INDEX;
		index = index * 10 + (uint32_t)(name[i] - '0');
	}
	return index;
}

static uint32_t add_node(struct lookup *lookup, const char *name)
{
	size_t len = strlen(name);

	lookup->nodes =
		xgrow(lookup->nodes, &lookup->capacity, lookup->count, sizeof(*lookup->nodes));
	lookup->nodes[lookup->count] =
		(struct lookup_node){xmemdup(name, len), len, index_of(name, len), 0, 0};
	return lookup->count++;
}

/* The end of the run of placeholders that share their segment at `depth` with the first. */
static size_t run_end(struct placeholder **sorted, size_t from, size_t count, size_t depth)
{
	size_t to = from + 1;

	while (to < count &&
		strcmp(sorted[to]->segments[depth], sorted[from]->segments[depth]) == 0)
		to++;
	return to;
}

/* Builds what is below `node`: all of `sorted` go through it, at `depth`. */
static void build(struct lookup *lookup, uint32_t node, struct placeholder **sorted, size_t count,
	size_t depth)
{
	uint32_t child;
	size_t from = 0;

	/* The shortest paths come first: they end here. */
	while (from < count && sorted[from]->count == depth)
		sorted[from++]->slot = node;
	sorted += from;
	count -= from;
	lookup->nodes[node].first = child = lookup->count;
	for (from = 0; from < count; from = run_end(sorted, from, count, depth))
		add_node(lookup, sorted[from]->segments[depth]);
	lookup->nodes[node].count = lookup->count - child;
	for (size_t to = from = 0; from < count; from = to) {
		to = run_end(sorted, from, count, depth);
		build(lookup, child++, sorted + from, to - from, depth + 1);
	}
}

void lookup_init(struct lookup *lookup, struct placeholder **placeholders, size_t count)
{
	*lookup = (struct lookup){0};
	if (count > 0)
		qsort(placeholders, count, sizeof(*placeholders), compare_placeholders);
	build(lookup, add_node(lookup, ""), placeholders, count, 0);
}

void lookup_release(struct lookup *lookup)
{
	for (uint32_t i = 0; i < lookup->count; i++)
		free(lookup->nodes[i].name);
	free(lookup->nodes);
	*lookup = (struct lookup){0};
}

static uint32_t find_child(
	const struct lookup *lookup, const struct lookup_node *node, struct span name)
{
	uint32_t low = node->first, high = node->first + node->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct lookup_node *child = &lookup->nodes[middle];
		int order = compare_names(name.data, name.len, child->name, child->len);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return TAPE_NONE;
}

struct walk {
	const struct lookup *lookup;
	const struct json_tape *tape;
	struct buf *scratch;
	uint32_t *values;
};

static void visit(const struct walk *walk, uint32_t node, uint32_t value);

static void visit_object(const struct walk *walk, const struct lookup_node *node, uint32_t object)
{
	uint32_t missing = node->count, name = tape_first(walk->tape, object);

	while (name != TAPE_NONE && missing > 0) {
		struct span text = tape_string_span(walk->tape, name, walk->scratch);
		uint32_t child = find_child(walk->lookup, node, text);
		uint32_t value = tape_next(walk->tape, object, name);

		if (child != TAPE_NONE) {
			visit(walk, child, value);
			missing--;
		}
		name = tape_next(walk->tape, object, value);
	}
}

static void visit_array(const struct walk *walk, const struct lookup_node *node, uint32_t array)
{
	uint32_t element = tape_first(walk->tape, array), at = 0;

	for (uint32_t i = node->first; i < node->first + node->count; i++) {
		uint32_t index = walk->lookup->nodes[i].index;

		if (index == LOOKUP_NO_INDEX)
			continue;
		for (; element != TAPE_NONE && at < index; at++)
			element = tape_next(walk->tape, array, element);
		if (element == TAPE_NONE)
			return;
		visit(walk, i, element);
	}
}

static void visit(const struct walk *walk, uint32_t node, uint32_t value)
{
	const struct lookup_node *at = &walk->lookup->nodes[node];

	walk->values[node] = value;
	if (at->count == 0)
		return;
	if (tape_type(walk->tape, value) == TAPE_OBJECT)
		visit_object(walk, at, value);
	else if (tape_type(walk->tape, value) == TAPE_ARRAY)
		visit_array(walk, at, value);
}

void lookup_find(const struct lookup *lookup, const struct json_tape *tape, uint32_t inputs,
	struct buf *scratch, uint32_t *values)
{
	const struct walk walk = {lookup, tape, scratch, values};

	memset(values, 0xff, lookup->count * sizeof(*values));
	visit(&walk, 0, inputs);
}

void placeholder_pointer(const struct placeholder *placeholder, struct buf *out)
{
	for (size_t i = 0; i < placeholder->count; i++)
		pointer_add(out, span_of(placeholder->segments[i]));
}
