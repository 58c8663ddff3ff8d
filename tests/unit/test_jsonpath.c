/* SPDX-License-Identifier: MIT */
/* JSONPath: names, indices, wildcards, and what is refused with its column; test_jsonpath_*.c have the rest of RFC 9535. */
#include "jsonpath.h"

static void the_root_is_the_whole_value(void **state)
{
	(void)state;
	assert_finds("$", "{\"a\":1}", "{\"a\":1}");
	assert_finds("$", "null", "null");
}

static void a_name_selects_a_member(void **state)
{
	(void)state;
	assert_finds("$.a", "{\"a\":1,\"b\":2}", "1");
	assert_finds("$.b.c", "{\"b\":{\"c\":[1]}}", "[1]");
	assert_finds("$['a']", "{\"a\":1}", "1");
	assert_finds("$[\"a\"]", "{\"a\":1}", "1");
	assert_finds("$['']", "{\"\":1}", "1");
	assert_finds("$['a b']['.']", "{\"a b\":{\".\":3}}", "3");
	assert_finds("$._9", "{\"_9\":1}", "1");
	assert_finds("$.größe.☺", "{\"größe\":{\"☺\":1}}", "1");
}

static void a_name_finds_nothing_where_it_is_not(void **state)
{
	(void)state;
	assert_finds("$.a", "{\"b\":1}", "");
	assert_finds("$.a", "[1]", "");
	assert_finds("$.a", "\"a\"", "");
	assert_finds("$.a", "null", "");
	assert_finds("$.a.b.c", "{\"a\":null}", "");
	assert_finds("$['0']", "[1]", "");
}

static void names_are_compared_without_their_escapes(void **state)
{
	(void)state;
	assert_finds("$.ab", "{\"a\\u0062\":1}", "1");
	assert_finds("$['\\u0061b']", "{\"ab\":1}", "1");
	assert_finds("$[\"\\uD83D\\ude00\"]", "{\"😀\":1}", "1");
	assert_finds("$['😀']", "{\"\\ud83d\\ude00\":1}", "1");
	assert_finds("$['\\u0000']", "{\"\\u0000\":1,\"\":2}", "1");
	assert_finds("$['\\uFFFF\\u07ff\\uE000']", "{\"\\uffff\\u07FF\\ue000\":1}", "1");
	assert_finds("$.e\u0301", "{\"\u00e9\":1}", ""); /* no normalisation: another name */
}

static void every_escape_stands_for_its_character(void **state)
{
	(void)state;
	assert_finds("$['\\b\\f\\n\\r\\t\\/\\\\\\'']", "{\"\\b\\f\\n\\r\\t/\\\\'\":1}", "1");
	assert_finds("$[\"\\b\\f\\n\\r\\t\\/\\\\\\\"\"]", "{\"\\b\\f\\n\\r\\t/\\\\\\\"\":1}", "1");
	assert_finds("$['\"']", "{\"\\\"\":1}", "1");
	assert_finds("$[\"'\"]", "{\"'\":1}", "1");
	assert_finds("$['\x7f']", "{\"\x7f\":1}", "1");
}

static void an_index_counts_from_the_start_or_the_end(void **state)
{
	(void)state;
	assert_finds("$[0]", "[\"a\",\"b\"]", "\"a\"");
	assert_finds("$[1]", "[\"a\",\"b\"]", "\"b\"");
	assert_finds("$[2]", "[\"a\",\"b\"]", "");
	assert_finds("$[-1]", "[\"a\",\"b\"]", "\"b\"");
	assert_finds("$[-2]", "[\"a\",\"b\"]", "\"a\"");
	assert_finds("$[-3]", "[\"a\",\"b\"]", "");
	assert_finds("$[0]", "[]", "");
	assert_finds("$[-1]", "[]", "");
	assert_finds("$[0]", "{\"0\":1}", "");
	assert_finds("$[1][0].x", "[1,[{\"x\":2}]]", "2");
	assert_finds("$[9007199254740991]", "[1]", "");
	assert_finds("$[-9007199254740991]", "[1]", "");
	assert_finds("$[4294967296]", "[1]", "");
}

static void a_wildcard_selects_all_children_in_their_order(void **state)
{
	(void)state;
	assert_finds("$.*", "{\"b\":1,\"a\":[2]}", "1 [2]");
	assert_finds("$[*]", "[3,{\"a\":1},null]", "3 {\"a\":1} null");
	assert_finds("$.*", "[]", "");
	assert_finds("$[*]", "{}", "");
	assert_finds("$.*", "\"text\"", "");
	assert_finds("$.*", "7", "");
	assert_finds("$.tags[*].name", "{\"tags\":[{\"name\":1},{},{\"name\":3},4]}", "1 3");
	assert_finds("$[*][*]", "[[1,2],[],{\"a\":3},[4]]", "1 2 3 4");
	assert_finds("$[*].a[0]", "[{\"a\":[1,9]},{\"a\":[]},{\"a\":[2]}]", "1 2");
	assert_finds("$.a[*]", "{\"a\":5}", "");
}

static void blank_space_is_taken_where_the_rfc_has_it(void **state)
{
	(void)state;
	assert_finds("$ .a", "{\"a\":1}", "1");
	assert_finds("$\n\t\r [ 'a' ]\t[ 0 ] [ * ]", "{\"a\":[[1,2]]}", "1 2");
	assert_refused(" $", "expected `$` at column 1");
	assert_refused("$ ", "blank space after the end at column 2");
	assert_refused("$.a ", "blank space after the end at column 4");
	assert_refused("$. a", "expected a name or `*` after `.` at column 3");
	assert_refused("$.\n*", "expected a name or `*` after `.` at column 3");
	assert_refused("$[- 1]", "`-` without digits at column 3");
	assert_refused("$\f.a", "expected `.` or `[` at column 2");
	assert_refused("$\u00a0.a", "expected `.` or `[` at column 2");
}

static void a_query_is_singular_without_a_wildcard(void **state)
{
	static const struct {
		const char *query;
		bool singular;
	} cases[] = {
		{"$", true},
		{"$.a['b'][0]", true},
		{"$[-1]", true},
		{"$.*", false},
		{"$[*]", false},
		{"$.a[*].b", false},
		{"$['*']", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jsonpath *path = compiled(cases[i].query);

		assert_int_equal(jsonpath_is_singular(path), cases[i].singular);
		jsonpath_free(path);
	}
}

static void what_is_no_query_is_refused_with_its_column(void **state)
{
	(void)state;
	assert_refused("", "expected `$` at column 1");
	assert_refused("a", "expected `$` at column 1");
	assert_refused("@.a", "expected `$` at column 1");
	assert_refused("$a", "expected `.` or `[` at column 2");
	assert_refused("$5 off", "expected `.` or `[` at column 2");
	assert_refused("$$", "expected `.` or `[` at column 2");
	assert_refused("$.", "expected a name or `*` after `.` at column 3");
	assert_refused("$.1a", "expected a name or `*` after `.` at column 3");
	assert_refused("$.a-b", "expected `.` or `[` at column 4");
	assert_refused("$.'a'", "expected a name or `*` after `.` at column 3");
	assert_refused("$.*a", "expected `.` or `[` at column 4");
	assert_refused("$.größe!", "expected `.` or `[` at column 8");
	assert_refused("$[",
		"expected a quoted name, an index, a slice, `*` or a filter (`?`) at column 3");
	assert_refused("$[]",
		"expected a quoted name, an index, a slice, `*` or a filter (`?`) at column 3");
	assert_refused("$[a]",
		"expected a quoted name, an index, a slice, `*` or a filter (`?`) at column 3");
	assert_refused("$[+1]",
		"expected a quoted name, an index, a slice, `*` or a filter (`?`) at column 3");
	assert_refused("$[0", "expected `,` or `]` at column 4");
	assert_refused("$[0}", "expected `,` or `]` at column 4");
	assert_refused("$['a'", "expected `,` or `]` at column 6");
	assert_refused("$['a'b]", "expected `,` or `]` at column 6");
	assert_refused("$[1.0]", "expected `,` or `]` at column 4");
	assert_refused("$[1e2]", "expected `,` or `]` at column 4");
}

static void an_index_is_written_in_one_way_only(void **state)
{
	(void)state;
	assert_refused("$[00]", "a number with a zero before it at column 3");
	assert_refused("$[01]", "a number with a zero before it at column 3");
	assert_refused("$[-0]", "a zero with a `-` before it at column 3");
	assert_refused("$[-01]", "a number with a zero before it at column 3");
	assert_refused("$[-]", "`-` without digits at column 3");
	assert_refused("$[--1]", "`-` without digits at column 3");
	assert_refused("$[9007199254740992]", "a number beyond 9007199254740991 at column 3");
	assert_refused("$[-9007199254740992]", "a number beyond 9007199254740991 at column 3");
	assert_refused(
		"$[99999999999999999999999999]", "a number beyond 9007199254740991 at column 3");
}

static void a_quoted_name_is_checked_to_its_end(void **state)
{
	(void)state;
	assert_refused("$['a]", "a quote without its end at column 3");
	assert_refused("$[\"a']", "a quote without its end at column 3");
	assert_refused("$['a\nb']", "a control character at column 5");
	assert_refused("$['\\x']", "an unknown escape at column 4");
	assert_refused("$['\\\"']", "an unknown escape at column 4");
	assert_refused("$[\"\\'\"]", "an unknown escape at column 4");
	assert_refused("$['\\", "an unknown escape at column 4");
	assert_refused("$['\\U0061']", "an unknown escape at column 4");
	assert_refused("$['é\\u12']",
		"a lone surrogate or `\\u` without four hexadecimal digits at column 5");
	assert_refused("$['\\ud800']",
		"a lone surrogate or `\\u` without four hexadecimal digits at column 4");
	assert_refused("$['\\udc00']",
		"a lone surrogate or `\\u` without four hexadecimal digits at column 4");
	assert_refused("$['\\ud800\\ud800']",
		"a lone surrogate or `\\u` without four hexadecimal digits at column 4");
	assert_refused("$['\\ud800x']",
		"a lone surrogate or `\\u` without four hexadecimal digits at column 4");
	assert_refused_span((struct span){"$['\0']", 6}, "a control character at column 4");
	assert_refused_span((struct span){"$.a\0", 4}, "expected `.` or `[` at column 4");
}

static void a_text_that_is_not_utf8_is_refused(void **state)
{
	(void)state;
	assert_refused("$.\xff", "a text that is not UTF-8 at column 1");
	assert_refused("$['\xed\xa0\x80']", "a text that is not UTF-8 at column 1");
}

static void every_start_of_a_query_ends_in_a_verdict(void **state)
{
	static const char query[] = "$ .a_1[ 'b\\u00e9\\ud83d\\ude00\\'' ][\"c\"][-12].*[*]";
	char reason[JSONPATH_REASON_BYTES];

	(void)state;
	for (size_t len = 0; len < sizeof(query); len++) {
		char *copy = malloc(len + 1); /* exact, so that reading past the end shows */
		struct jsonpath *path;

		memcpy(copy, query, len);
		path = jsonpath_compile((struct span){copy, len}, reason);
		if (path == NULL)
			assert_true(strlen(reason) > 0);
		jsonpath_free(path);
		free(copy);
	}
}

static int find_within(const char *query, const char *json, size_t max, uint64_t steps)
{
	struct json_tape tape = tape_of(json);
	struct jsonpath *path = compiled(query);
	struct jsonpath_nodes nodes;
	int result;

	jsonpath_nodes_init(&nodes, max, steps);
	result = jsonpath_find(path, &tape, &nodes);
	if (result != 0)
		assert_int_equal(nodes.count, 0);
	jsonpath_nodes_release(&nodes);
	jsonpath_free(path);
	json_tape_release(&tape);
	return result;
}

static void no_more_nodes_are_kept_than_allowed(void **state)
{
	(void)state;
	assert_int_equal(find_within("$[*]", "[1,2,3]", 3, MANY), 0);
	assert_int_equal(find_within("$[*]", "[1,2,3]", 2, MANY), -1);
	assert_int_equal(find_within("$[*][*]", "[[1,2],[3]]", 3, MANY), 0);
	assert_int_equal(find_within("$[*][*]", "[[1,2],[3]]", 2, MANY), -1);
	assert_int_equal(find_within("$[0]", "[1]", 1, MANY), 0);
	assert_int_equal(find_within("$[0]", "[1]", 0, MANY), -1);
}

static void no_more_work_is_done_than_allowed(void **state)
{
	struct json_tape tape = tape_of("[[1,2,3],[4,5,6]]");
	struct jsonpath *path = compiled("$[*][*]");
	struct jsonpath_nodes nodes;
	uint64_t spent;

	(void)state;
	jsonpath_nodes_init(&nodes, 100, MANY);
	assert_int_equal(jsonpath_find(path, &tape, &nodes), 0);
	spent = MANY - nodes.steps;
	assert_in_range(spent, 8, 20); /* two arrays, six numbers, and a little */
	nodes.steps = spent;
	assert_int_equal(jsonpath_find(path, &tape, &nodes), 0);
	assert_int_equal(nodes.steps, 0);
	nodes.steps = spent - 1;
	assert_int_equal(jsonpath_find(path, &tape, &nodes), -1);
	assert_int_equal(jsonpath_find(path, &tape, &nodes), -1); /* and stays so */
	jsonpath_nodes_release(&nodes);
	jsonpath_free(path);
	json_tape_release(&tape);
}

static void a_search_through_a_large_container_is_work(void **state)
{
	struct jsonpath *path = compiled("$[7999]");
	struct jsonpath_nodes nodes;
	struct json_tape tape;
	struct buf json;

	(void)state;
	buf_init(&json, SIZE_MAX);
	buf_add_string(&json, "[0");
	for (int i = 1; i < 8000; i++)
		buf_add_string(&json, ",0");
	buf_add_char(&json, ']');
	tape = tape_of(json.data);
	jsonpath_nodes_init(&nodes, 1, 900);
	assert_int_equal(jsonpath_find(path, &tape, &nodes), -1);
	nodes.steps = 1100;
	assert_int_equal(jsonpath_find(path, &tape, &nodes), 0);
	assert_int_equal(nodes.count, 1);
	jsonpath_nodes_release(&nodes);
	jsonpath_free(path);
	json_tape_release(&tape);
	buf_release(&json);
}

static void nodes_are_used_again(void **state)
{
	struct json_tape tape = tape_of("[1,2,3]");
	struct jsonpath *all = compiled("$[*]"), *none = compiled("$.a");
	struct jsonpath_nodes nodes;

	(void)state;
	jsonpath_nodes_init(&nodes, 10, MANY);
	assert_int_equal(jsonpath_find(all, &tape, &nodes), 0);
	assert_int_equal(nodes.count, 3);
	assert_int_equal(jsonpath_find(none, &tape, &nodes), 0);
	assert_int_equal(nodes.count, 0);
	assert_int_equal(jsonpath_find(all, &tape, &nodes), 0);
	assert_int_equal(nodes.count, 3);
	jsonpath_nodes_release(&nodes);
	jsonpath_free(all);
	jsonpath_free(none);
	jsonpath_free(NULL);
	json_tape_release(&tape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_is_the_whole_value),
		cmocka_unit_test(a_name_selects_a_member),
		cmocka_unit_test(a_name_finds_nothing_where_it_is_not),
		cmocka_unit_test(names_are_compared_without_their_escapes),
		cmocka_unit_test(every_escape_stands_for_its_character),
		cmocka_unit_test(an_index_counts_from_the_start_or_the_end),
		cmocka_unit_test(a_wildcard_selects_all_children_in_their_order),
		cmocka_unit_test(blank_space_is_taken_where_the_rfc_has_it),
		cmocka_unit_test(a_query_is_singular_without_a_wildcard),
		cmocka_unit_test(what_is_no_query_is_refused_with_its_column),
		cmocka_unit_test(an_index_is_written_in_one_way_only),
		cmocka_unit_test(a_quoted_name_is_checked_to_its_end),
		cmocka_unit_test(a_text_that_is_not_utf8_is_refused),
		cmocka_unit_test(every_start_of_a_query_ends_in_a_verdict),
		cmocka_unit_test(no_more_nodes_are_kept_than_allowed),
		cmocka_unit_test(no_more_work_is_done_than_allowed),
		cmocka_unit_test(a_search_through_a_large_container_is_work),
		cmocka_unit_test(nodes_are_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
