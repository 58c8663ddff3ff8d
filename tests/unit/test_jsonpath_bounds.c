/* SPDX-License-Identifier: MIT */
/* JSONPath: no query over any document goes on for ever, or nests without an end. */
#include "jsonpath.h"

#include <stdio.h>

static struct json_tape numbers(struct buf *json, size_t count)
{
	buf_init(json, SIZE_MAX);
	buf_add_string(json, "[0");
	for (size_t i = 1; i < count; i++)
		buf_printf(json, ",%zu", i);
	buf_add_char(json, ']');
	return tape_of(json->data);
}

/* Depth 60, each level an array of two: the same level twice. */
static struct json_tape tower(struct buf *json)
{
	buf_init(json, SIZE_MAX);
	for (int i = 0; i < 60; i++)
		buf_add_string(json, "[0,");
	buf_add_char(json, '0');
	for (int i = 0; i < 60; i++)
		buf_add_char(json, ']');
	return tape_of(json->data);
}

static void assert_ends(const char *query, const struct json_tape *tape, int expected)
{
	struct jsonpath *path = compiled(query);
	struct jsonpath_nodes nodes;

	jsonpath_nodes_init(&nodes, 1000000, MANY);
	if (jsonpath_find(path, tape, &nodes) != expected)
		fail_msg("%s: not %d", query, expected);
	if (expected != 0) {
		assert_int_equal(nodes.count, 0);
		assert_true(nodes.capacity <= 2 * MANY);
	}
	jsonpath_nodes_release(&nodes);
	jsonpath_free(path);
}

static void descendants_of_descendants_end(void **state)
{
	struct buf json;
	struct json_tape tape = tower(&json);

	(void)state;
	assert_ends("$..*", &tape, 0);
	assert_ends("$..*..*", &tape, 0);
	assert_ends("$..*..*..*..*..*..*", &tape, -1);
	assert_ends("$..[1,1,1]..[1,1,1]..[*,*]..[*]", &tape, -1);
	json_tape_release(&tape);
	buf_release(&json);
}

static void what_finds_nothing_ends_too(void **state)
{
	struct buf json;
	struct json_tape tape = tower(&json);

	(void)state;
	assert_ends("$..*..*..*..*..*..*.x", &tape, -1);
	assert_ends("$[?count(@..*..*..*..*..*..*)==1]", &tape, -1);
	assert_ends("$..[?@..[?@..[?@..[?@..[?@..x]]]]]", &tape, -1);
	json_tape_release(&tape);
	buf_release(&json);
}

static void a_filter_that_goes_through_the_whole_document_each_time_ends(void **state)
{
	struct buf json;
	struct json_tape tape = numbers(&json, 20000);

	(void)state;
	assert_ends("$[?@==19999]", &tape, 0);
	assert_ends("$[?$[?@==7]]", &tape, 0); /* ends at the first */
	assert_ends("$[?count($[*])==1]", &tape, -1);
	assert_ends("$[?$..x]", &tape, -1);
	assert_ends("$[?$==$]", &tape, 0); /* the same place is equal to itself */
	assert_ends("$[?$[19999]==@]", &tape, -1);
	json_tape_release(&tape);
	buf_release(&json);
}

static void a_comparison_of_large_values_is_work(void **state)
{
	struct buf json, two;
	struct json_tape tape = numbers(&json, 2000);

	(void)state;
	json_tape_release(&tape);
	buf_init(&two, SIZE_MAX);
	buf_printf(&two, "{\"a\":%s,\"b\":%s,\"c\":[", json.data, json.data);
	for (int i = 0; i < 2000; i++)
		buf_add_string(&two, i > 0 ? ",0" : "0");
	buf_add_string(&two, "]}");
	tape = tape_of(two.data);
	assert_ends("$[?$.a==$.b]", &tape, 0);
	assert_ends("$.c[?$.a==$.b]", &tape, -1);
	json_tape_release(&tape);
	buf_release(&json);
	buf_release(&two);
}

static void a_long_text_compared_over_and_over_is_work(void **state)
{
	struct buf json;
	struct json_tape tape;

	(void)state;
	buf_init(&json, SIZE_MAX);
	for (int side = 0; side < 2; side++) {
		buf_add_string(&json, side == 0 ? "{\"a\":\"" : ",\"b\":\"");
		for (int i = 0; i < 100000; i++)
			buf_add_string(&json, "\\u0061");
		buf_add_char(&json, '"');
	}
	buf_add_string(&json, ",\"c\":[0");
	for (int i = 0; i < 2000; i++)
		buf_add_string(&json, ",0");
	buf_add_string(&json, "]}");
	tape = tape_of(json.data);
	assert_ends("$[?$.a==$.b]", &tape, 0);
	assert_ends("$.c[?$.a==$.b]", &tape, -1);
	assert_ends("$.c[?length($.a)==1]", &tape, -1);
	json_tape_release(&tape);
	buf_release(&json);
}

static void long_names_with_escapes_are_work(void **state)
{
	struct buf json, query;
	struct json_tape tape;

	(void)state;
	buf_init(&json, SIZE_MAX);
	buf_init(&query, SIZE_MAX);
	buf_add_string(&json, "{\"v\":[0");
	for (int i = 0; i < 5000; i++)
		buf_add_string(&json, ",0");
	buf_add_string(&json, "],\"");
	buf_add_string(&query, "$.v[?$['");
	for (int i = 0; i < 2000; i++) {
		buf_add_string(&json, "\\u0061");
		buf_add_char(&query, 'a');
	}
	buf_add_string(&json, "\":0}");
	buf_add_string(&query, "x']]");
	tape = tape_of(json.data);
	assert_ends("$.v[?$.x]", &tape, 0);
	assert_ends(query.data, &tape, -1);
	json_tape_release(&tape);
	buf_release(&json);
	buf_release(&query);
}

static void no_pattern_runs_for_ever(void **state)
{
	struct buf json;
	struct json_tape tape;

	(void)state;
	buf_init(&json, SIZE_MAX);
	buf_add_string(&json, "[\"");
	for (int i = 0; i < 40000; i++)
		buf_add_char(&json, 'a');
	buf_add_string(&json, "\"]");
	tape = tape_of(json.data);
	assert_ends("$[?search(@,'b')]", &tape, 0);
	assert_ends("$[?match(@,'a*')]", &tape, 0);
	assert_ends("$[?match(@,'(a*)*\\\\p{Nd}')]", &tape, -1);
	assert_ends("$[?search(@,'(a|a)*\\\\p{Nd}')]", &tape, -1);
	assert_ends("$[?search(@,'a*a*a*\\\\p{Nd}')]", &tape, -1);
	json_tape_release(&tape);
	buf_release(&json);
}

static void patterns_out_of_the_document_are_dear(void **state)
{
	struct buf json;
	struct json_tape tape;

	(void)state;
	buf_init(&json, SIZE_MAX);
	buf_add_string(&json, "{\"few\":[\"p\",\"q\"],\"many\":[\"(a{9}){50}\"");
	for (int i = 0; i < 5000; i++)
		buf_printf(&json, ",\"(a{9}){50}%d\"", i);
	buf_add_string(&json, "],\"large\":[\"((a{1000}){1000}){9}\"]}");
	tape = tape_of(json.data);
	assert_ends("$.few[?match('a',@)]", &tape, 0);
	assert_ends("$.many[?match('a',@)]", &tape, -1);
	assert_ends("$.many[?match('a',$.few[0])]", &tape, 0); /* the same each time */
	assert_ends("$.large[?match('a',@)]", &tape, -1);
	json_tape_release(&tape);
	buf_release(&json);
}

static void a_list_of_a_great_many_selectors_is_work(void **state)
{
	struct buf json, query;
	struct json_tape tape = numbers(&json, 2000);

	(void)state;
	buf_init(&query, SIZE_MAX);
	buf_add_string(&query, "$..[");
	for (int i = 0; i < 2000; i++)
		buf_add_string(&query, "::-1,");
	buf_add_string(&query, "0]");
	assert_ends(query.data, &tape, -1);
	json_tape_release(&tape);
	buf_release(&json);
	buf_release(&query);
}

static void nested(struct buf *query, const char *open, int times, const char *close)
{
	buf_init(query, SIZE_MAX);
	buf_add_char(query, '$');
	if (open[0] != '[')
		buf_add_string(query, "[?");
	for (int i = 0; i < times; i++)
		buf_add_string(query, open);
	if (open[0] != '[')
		buf_add_char(query, '@');
	for (int i = 0; i < times; i++)
		buf_add_string(query, close);
	if (open[0] != '[')
		buf_add_char(query, ']');
}

static void nesting_is_bounded(void **state)
{
	char reason[100];
	struct buf query;

	(void)state;
	nested(&query, "[?@", JSONPATH_MAX_NESTING, "]");
	jsonpath_free(compiled(query.data));
	buf_release(&query);
	nested(&query, "[?@", 100000, "]");
	snprintf(reason, sizeof(reason),
		"more than 32 filters, parentheses and calls inside one another at column %d",
		2 + 3 * JSONPATH_MAX_NESTING + 1);
	assert_refused(query.data, reason);
	buf_release(&query);
	nested(&query, "(", JSONPATH_MAX_NESTING - 1, ")");
	jsonpath_free(compiled(query.data));
	buf_release(&query);
	nested(&query, "(", 100000, ")");
	snprintf(reason, sizeof(reason),
		"more than 32 filters, parentheses and calls inside one another at column %d",
		4 + JSONPATH_MAX_NESTING - 1);
	assert_refused(query.data, reason);
	buf_release(&query);
	nested(&query, "length(", 100000, ")");
	assert_non_null(strstr(query.data, "length("));
	snprintf(reason, sizeof(reason),
		"more than 32 filters, parentheses and calls inside one another at column %d",
		4 + 7 * (JSONPATH_MAX_NESTING - 1));
	assert_refused(query.data, reason);
	buf_release(&query);
}

static void what_stands_in_a_row_may_be_long(void **state)
{
	struct json_tape tape = tape_of("[[{\"a\":1}]]");
	struct buf query;

	(void)state;
	buf_init(&query, SIZE_MAX);
	buf_add_string(&query, "$[?@.b");
	for (int i = 0; i < 50000; i++)
		buf_add_string(&query, i % 2 ? "||@.b" : "&&@.c");
	buf_add_string(&query, "||@]");
	assert_ends(query.data, &tape, 0);
	buf_clear(&query);
	buf_add_char(&query, '$');
	for (int i = 0; i < 100000; i++)
		buf_add_string(&query, "..*");
	assert_ends(query.data, &tape, 0);
	json_tape_release(&tape);
	buf_release(&query);
}

/* As deep as a response may be, and in filters as deep as a query may be. */
static void the_deepest_query_over_the_deepest_document_ends(void **state)
{
	struct buf json, query;
	struct json_tape tape = tower(&json);

	(void)state;
	buf_init(&query, SIZE_MAX);
	buf_add_char(&query, '$');
	for (int i = 0; i < JSONPATH_MAX_NESTING; i++)
		buf_add_string(&query, "..[?$..*..*..*..*..*..*..*..*");
	buf_add_string(&query, ".x");
	for (int i = 0; i < JSONPATH_MAX_NESTING; i++)
		buf_add_char(&query, ']');
	assert_ends(query.data, &tape, -1);
	json_tape_release(&tape);
	buf_release(&json);
	buf_release(&query);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descendants_of_descendants_end),
		cmocka_unit_test(what_finds_nothing_ends_too),
		cmocka_unit_test(a_filter_that_goes_through_the_whole_document_each_time_ends),
		cmocka_unit_test(a_comparison_of_large_values_is_work),
		cmocka_unit_test(a_long_text_compared_over_and_over_is_work),
		cmocka_unit_test(long_names_with_escapes_are_work),
		cmocka_unit_test(no_pattern_runs_for_ever),
		cmocka_unit_test(patterns_out_of_the_document_are_dear),
		cmocka_unit_test(a_list_of_a_great_many_selectors_is_work),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(what_stands_in_a_row_may_be_long),
		cmocka_unit_test(the_deepest_query_over_the_deepest_document_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
