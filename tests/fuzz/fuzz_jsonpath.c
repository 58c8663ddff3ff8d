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

static int find(const struct jsonpath *path, const struct json_tape *tape,
	struct jsonpath_nodes *nodes, uint64_t steps)
{
	int result;

	jsonpath_nodes_init(nodes, MAX_NODES, steps);
	result = jsonpath_find(path, tape, nodes);
	BUG_ON(nodes->count > (result == 0 ? MAX_NODES : 0));
	BUG_ON(nodes->steps > steps);
	return result;
}

static uint32_t children(const struct json_tape *tape)
{
	enum tape_type type = tape_type(tape, 0);

	return type == TAPE_ARRAY || type == TAPE_OBJECT ? tape->nodes[0].count : 0;
}

/* Of the top's children a filter takes all or none, as what is in it asks of the top and says `holds`. */
static void check_filter(struct buf *query, const struct json_tape *tape, bool holds)
{
	char reason[JSONPATH_REASON_BYTES];
	struct jsonpath *path = jsonpath_compile((struct span){query->data, query->len}, reason);
	struct jsonpath_nodes nodes;

	if (path == NULL) {
		BUG_ON(strstr(reason, "inside one another") == NULL &&
			strstr(reason, "inside the brackets") == NULL);
		return;
	}
	if (find(path, tape, &nodes, MAX_STEPS) == 0)
		BUG_ON(nodes.count != (holds ? children(tape) : 0));
	jsonpath_nodes_release(&nodes);
	jsonpath_free(path);
}

/* What is found by itself is what is found inside of a filter, where nothing is kept and the search may end early. */
static void check_filters(
	struct span query, bool singular, const struct json_tape *tape, size_t count)
{
	int len = (int)query.len;
	struct buf filter;

	buf_init(&filter, SIZE_MAX);
	buf_printf(&filter, "$[?count(%.*s)==%zu.0]", len, query.data, count);
	check_filter(&filter, tape, true);
	buf_clear(&filter);
	buf_printf(&filter, "$[?!%.*s]", len, query.data);
	check_filter(&filter, tape, count == 0);
	buf_clear(&filter);
	if (singular)
		buf_printf(&filter, "$[?%.*s==%.*s]", len, query.data, len, query.data);
	else
		buf_printf(&filter, "$[?value(%.*s)!=value(%.*s)||value(%.*s)==null&&!%.*s]", len,
			query.data, len, query.data, len, query.data, len, query.data);
	check_filter(&filter, tape, singular);
	buf_release(&filter);
}

static void check_find(struct span query, const struct jsonpath *path, const struct json_tape *tape)
{
	bool singular = jsonpath_is_singular(path);
	struct jsonpath_nodes nodes, again;
	uint64_t spent;

	if (find(path, tape, &nodes, MAX_STEPS) == 0) {
		BUG_ON(singular && nodes.count > 1);
		for (size_t i = 0; i < nodes.count; i++)
			BUG_ON(nodes.items[i] >= tape->count);
		spent = MAX_STEPS - nodes.steps;
		BUG_ON(find(path, tape, &again, spent - 1) == 0);
		jsonpath_nodes_release(&again);
		BUG_ON(find(path, tape, &again, MAX_STEPS) != 0 || again.count != nodes.count);
		BUG_ON(nodes.count > 0 &&
			memcmp(nodes.items, again.items, nodes.count * sizeof(*nodes.items)) != 0);
		jsonpath_nodes_release(&again);
		if (memchr(query.data, 0, query.len) == NULL)
			check_filters(query, singular, tape, nodes.count);
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
			check_find(query, path, &tape);
		/* What is not UTF-8 would not be the same query once it was written as JSON. */
		if (strncmp(reason, "a text that is not UTF-8", 24) != 0)
			check_mapping(query, path != NULL, &tape);
	}
	json_tape_release(&tape);
	jsonpath_free(path);
	return 0;
}
