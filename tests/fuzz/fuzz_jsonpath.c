/* SPDX-License-Identifier: MIT */
/*
 * Any text is a query or refused at a column; what a query finds is on the tape, within its bounds, and the mapping that
 * holds it makes JSON. A query, then a line feed (or, where there is none, nothing), then a JSON text.
 */
#include <stddef.h>
#include <stdint.h>

#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "bellhop/jsonpath.h"
#include "bellhop/mapping.h"

#define MAX_NODES 1000
#define MAX_STEPS 100000

static const struct tape_limits limits = {.depth = 64, .values = 1 << 20};

static void check_find(const struct jsonpath *path, const struct json_tape *tape)
{
	struct jsonpath_nodes nodes;
	int result;

	jsonpath_nodes_init(&nodes, MAX_NODES, MAX_STEPS);
	result = jsonpath_find(path, tape, &nodes);
	BUG_ON(nodes.count > (result == 0 ? MAX_NODES : 0));
	BUG_ON(jsonpath_is_singular(path) && nodes.count > 1);
	for (size_t i = 0; i < nodes.count; i++) {
		BUG_ON(nodes.items[i] >= tape->count);
		/* Without descendants, one after the other as the text has them. */
		BUG_ON(i > 0 && nodes.items[i] <= nodes.items[i - 1]);
	}
	jsonpath_nodes_release(&nodes);
}

/* The query as a mapping of its own: taken where the query is, and its output is JSON. */
static void check_mapping(struct span query, bool taken, const struct json_tape *response)
{
	struct error error = {0};
	struct problems problems;
	struct mapping *mapping;
	struct json_tape tape;
	struct buf json, out;

	json_tape_init(&tape);
	buf_init(&json, SIZE_MAX);
	buf_init(&out, 4096);
	problems_init(&problems);
	json_out_string(&json, query);
	BUG_ON(json_tape_read(&tape, json.data, json.len, &limits, NULL) != 0);
	mapping = mapping_compile(&tape, 0, "output", &problems);
	if (query.len > 0 && query.data[0] == '$' && (query.len == 1 || query.data[1] != '$'))
		BUG_ON((problems.errors == 0) != taken);
	if (problems.errors == 0 && mapping_apply(mapping, response, &out, &error) == 0)
		BUG_ON(json_tape_read(&tape, out.data, out.len, &limits, NULL) != 0);
	BUG_ON(out.len == 0 && problems.errors == 0 && error.code == ERROR_NONE);
	mapping_free(mapping);
	problems_release(&problems);
	buf_release(&json);
	buf_release(&out);
	json_tape_release(&tape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = size > 0 ? memchr(text, '\n', size) : NULL;
	struct span query = {text, end != NULL ? (size_t)(end - text) : size};
	struct span json = end != NULL ? (struct span){end + 1, size - query.len - 1}
				       : span_of("{\"a\":[0,{\"a\":1}],\"b\":null}");
	char reason[JSONPATH_REASON_BYTES] = "";
	struct jsonpath *path = jsonpath_compile(query, reason);
	struct json_tape tape;

	BUG_ON((path == NULL) != (strstr(reason, " at column ") != NULL));
	json_tape_init(&tape);
	if (json_tape_read(&tape, json.data, json.len, &limits, NULL) == 0) {
		if (path != NULL)
			check_find(path, &tape);
		/* What is not UTF-8 would not be the same query once it was written as JSON. */
		if (strncmp(reason, "a text that is not UTF-8", 24) != 0)
			check_mapping(query, path != NULL, &tape);
	}
	json_tape_release(&tape);
	jsonpath_free(path);
	return 0;
}
