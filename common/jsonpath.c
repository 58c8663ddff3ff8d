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

/* Only filters need more than a tape and steps: the short queries of most mappings pay for no more. */
static void run_init(struct jsonpath_run *run)
{
	buf_init(&run->scratch[0], SIZE_MAX);
	buf_init(&run->scratch[1], SIZE_MAX);
	buf_init(&run->pattern_text, SIZE_MAX);
	pattern_work_init(&run->work, 0);
	run->pattern = NULL;
	run->pattern_known = false;
}

static void run_release(struct jsonpath_run *run)
{
	buf_release(&run->scratch[0]);
	buf_release(&run->scratch[1]);
	buf_release(&run->pattern_text);
	pattern_work_release(&run->work);
	pattern_free(run->pattern);
}

int jsonpath_find(
	const struct jsonpath *path, const struct json_tape *tape, struct jsonpath_nodes *nodes)
{
	struct jsonpath_sink sink = {.nodes = nodes, .enough = UINT64_MAX};
	struct jsonpath_run run;
	int result;

	nodes->count = 0;
	run.tape = tape;
	run.steps = nodes->steps;
	if (path->filtered)
		run_init(&run);
	result = jsonpath_spend(&run, 1);
	if (result == 0)
		result = jsonpath_walk(&run, path->query.segments, 0, &sink);
	nodes->steps = run.steps;
	if (path->filtered)
		run_release(&run);
	if (result != JSONPATH_FAILED)
		return 0;
	nodes->count = 0;
	return -1;
}
