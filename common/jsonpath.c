/* SPDX-License-Identifier: MIT */
/* jsonpath: a compiled query, and what it finds on a tape. */
#include "bellhop/jsonpath.h"

#include <stdlib.h>

#include "jsonpath_run.h"

void jsonpath_free(struct jsonpath *path)
{
	if (path == NULL)
		return;
	for (struct call *call = path->calls; call != NULL; call = call->next)
		pattern_free(call->pattern);
	arena_release(&path->arena);
	free(path);
}

bool jsonpath_is_singular(const struct jsonpath *path)
{
	return path->query.singular;
}

size_t jsonpath_pattern_bytes(const struct jsonpath *path)
{
	return path->pattern_bytes;
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

static int find(const struct jsonpath *path, struct jsonpath_run *run, struct jsonpath_nodes *nodes)
{
	struct jsonpath_sink sink = {.nodes = nodes, .enough = UINT64_MAX};
	int result = jsonpath_spend(run, 1);

	if (result == 0)
		result = jsonpath_walk(run, path->query.segments, 0, &sink);
	nodes->steps = run->steps;
	return result;
}

static int find_filtered(
	const struct jsonpath *path, const struct json_tape *tape, struct jsonpath_nodes *nodes)
{
	struct jsonpath_scratch scratch = {.pattern = NULL};
	struct jsonpath_run run = {.tape = tape, .steps = nodes->steps, .scratch = &scratch};
	int result;

	buf_init(&scratch.texts[0], SIZE_MAX);
	buf_init(&scratch.texts[1], SIZE_MAX);
	buf_init(&scratch.pattern_text, SIZE_MAX);
	pattern_work_init(&scratch.work, 0);
	result = find(path, &run, nodes);
	buf_release(&scratch.texts[0]);
	buf_release(&scratch.texts[1]);
	buf_release(&scratch.pattern_text);
	pattern_work_release(&scratch.work);
	pattern_free(scratch.pattern);
	return result;
}

int jsonpath_find(
	const struct jsonpath *path, const struct json_tape *tape, struct jsonpath_nodes *nodes)
{
	struct jsonpath_run run = {.tape = tape, .steps = nodes->steps};
	int result;

	nodes->count = 0;
	/* The short queries of most mappings do not pay for what only filters need. */
	result = path->filtered ? find_filtered(path, tape, nodes) : find(path, &run, nodes);
	if (result != JSONPATH_FAILED)
		return 0;
	nodes->count = 0;
	return -1;
}
