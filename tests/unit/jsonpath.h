/* SPDX-License-Identifier: MIT */
/* jsonpath: what a query finds, and how it is refused, for the tests of JSONPath. */
#ifndef BELLHOP_TESTS_JSONPATH_H
#define BELLHOP_TESTS_JSONPATH_H

#include "unit.h"
#include "tape.h"

#include "bellhop/buf.h"
#include "bellhop/jsonpath.h"

#define MANY UINT64_C(1000000)

static inline struct jsonpath *compiled(const char *query)
{
	char reason[JSONPATH_REASON_BYTES] = "";
	struct jsonpath *path = jsonpath_compile(span_of(query), reason);

	if (path == NULL)
		fail_msg("%s: %s", query, reason);
	return path;
}

/* What a query finds in a text: the values as written, with a blank between. */
static inline void assert_finds(const char *query, const char *json, const char *expected)
{
	struct json_tape tape = tape_of(json);
	struct jsonpath *path = compiled(query);
	struct jsonpath_nodes nodes;
	struct buf found;

	buf_init(&found, 4096);
	jsonpath_nodes_init(&nodes, 100, MANY);
	assert_int_equal(jsonpath_find(path, &tape, &nodes), 0);
	for (size_t i = 0; i < nodes.count; i++) {
		struct span raw = tape_raw(&tape, nodes.items[i]);

		if (i > 0)
			buf_add_char(&found, ' ');
		buf_add(&found, raw.data, raw.len);
	}
	if (strcmp(found.data, expected) != 0)
		fail_msg("%s over %s: %s, not %s", query, json, found.data, expected);
	if (jsonpath_is_singular(path))
		assert_true(nodes.count <= 1);
	jsonpath_nodes_release(&nodes);
	buf_release(&found);
	jsonpath_free(path);
	json_tape_release(&tape);
}

static inline void assert_refused_span(struct span query, const char *reason)
{
	char said[JSONPATH_REASON_BYTES] = "";
	struct jsonpath *path = jsonpath_compile(query, said);

	if (path != NULL)
		fail_msg("%.*s was taken", (int)query.len, query.data);
	if (strcmp(said, reason) != 0)
		fail_msg("%.*s: %s, not %s", (int)query.len, query.data, said, reason);
}

static inline void assert_refused(const char *query, const char *reason)
{
	assert_refused_span(span_of(query), reason);
}

#endif
