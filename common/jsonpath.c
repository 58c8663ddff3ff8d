/* SPDX-License-Identifier: MIT */
/* jsonpath: runs a compiled query over a tape, with its work and its nodes counted. */
#include "bellhop/jsonpath.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "jsonpath_parts.h"

/* Passing over this many nodes in search of a name or an index costs as much as visiting one. */
#define PASSED_PER_STEP 8

void jsonpath_free(struct jsonpath *path)
{
	if (path == NULL)
		return;
	for (size_t i = 0; i < path->count; i++)
		free(path->selectors[i].name);
	free(path->selectors);
	free(path);
}

bool jsonpath_is_singular(const struct jsonpath *path)
{
	return path->singular;
}

void jsonpath_nodes_init(struct jsonpath_nodes *nodes, size_t max, uint64_t steps)
{
	*nodes = (struct jsonpath_nodes){.max = max, .steps = steps};
}

void jsonpath_nodes_release(struct jsonpath_nodes *nodes)
{
	free(nodes->items);
	jsonpath_nodes_init(nodes, nodes->max, nodes->steps);
}

static int spend(struct jsonpath_nodes *nodes, uint64_t steps)
{
	if (steps > nodes->steps) {
		nodes->steps = 0;
		return -1;
	}
	nodes->steps -= steps;
	return 0;
}

static void append(struct jsonpath_nodes *nodes, uint32_t node)
{
	nodes->items = xgrow(nodes->items, &nodes->capacity, nodes->count, sizeof(*nodes->items));
	nodes->items[nodes->count++] = node;
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

/* The one child that a name or an index selects: `*child` is TAPE_NONE where there is none. */
static int select_one(const struct selector *selector, const struct json_tape *tape, uint32_t node,
	uint32_t *child, struct jsonpath_nodes *nodes)
{
	enum tape_type type = tape_type(tape, node);
	uint64_t count = tape->nodes[node].count;

	*child = TAPE_NONE;
	if (selector->kind == SELECT_NAME && type == TAPE_OBJECT) {
		if (spend(nodes, 1 + count / PASSED_PER_STEP) != 0)
			return -1;
		*child = tape_member_span(
			tape, node, (struct span){selector->name, selector->name_len});
		return 0;
	}
	if (selector->kind == SELECT_INDEX && type == TAPE_ARRAY) {
		uint64_t at = position(selector->index, count);

		if (at >= count)
			return spend(nodes, 1);
		if (spend(nodes, 1 + at / PASSED_PER_STEP) != 0)
			return -1;
		*child = tape_element(tape, node, (uint32_t)at);
		return 0;
	}
	return spend(nodes, 1);
}

/* Appends every child, and keeps no more than the maximum beside the first `before`. */
static int select_all(
	const struct json_tape *tape, uint32_t node, size_t before, struct jsonpath_nodes *nodes)
{
	enum tape_type type = tape_type(tape, node);
	uint32_t child;

	if (spend(nodes, 1) != 0)
		return -1;
	if (type != TAPE_ARRAY && type != TAPE_OBJECT)
		return 0;
	child = tape_first(tape, node);
	while (child != TAPE_NONE) {
		if (type == TAPE_OBJECT)
			child = tape_next(tape, node, child);
		if (nodes->count - before >= nodes->max || spend(nodes, 1) != 0)
			return -1;
		append(nodes, child);
		child = tape_next(tape, node, child);
	}
	return 0;
}

/* Puts what a segment selects of each node in the place of the nodes. */
static int apply(
	const struct selector *selector, const struct json_tape *tape, struct jsonpath_nodes *nodes)
{
	size_t before = nodes->count;

	for (size_t i = 0; i < before; i++) {
		uint32_t child = TAPE_NONE;

		if (selector->kind == SELECT_ALL) {
			if (select_all(tape, nodes->items[i], before, nodes) != 0)
				return -1;
			continue;
		}
		if (select_one(selector, tape, nodes->items[i], &child, nodes) != 0)
			return -1;
		if (child != TAPE_NONE)
			append(nodes, child);
	}
	nodes->count -= before;
	if (nodes->count > 0)
		memmove(nodes->items, nodes->items + before, nodes->count * sizeof(*nodes->items));
	return 0;
}

static int find(
	const struct jsonpath *path, const struct json_tape *tape, struct jsonpath_nodes *nodes)
{
	uint32_t node = 0;
	size_t at = 0;

	/* Up to the first wildcard there is one node, and no list is needed. */
	for (; at < path->count && path->selectors[at].kind != SELECT_ALL; at++) {
		if (select_one(&path->selectors[at], tape, node, &node, nodes) != 0)
			return -1;
		if (node == TAPE_NONE)
			return 0;
	}
	if (nodes->max == 0)
		return -1;
	append(nodes, node);
	for (; at < path->count && nodes->count > 0; at++)
		if (apply(&path->selectors[at], tape, nodes) != 0)
			return -1;
	return 0;
}

int jsonpath_find(
	const struct jsonpath *path, const struct json_tape *tape, struct jsonpath_nodes *nodes)
{
	nodes->count = 0;
	if (spend(nodes, 1) == 0 && find(path, tape, nodes) == 0)
		return 0;
	nodes->count = 0;
	return -1;
}
