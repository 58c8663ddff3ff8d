/* SPDX-License-Identifier: MIT */
/* A response becomes the output that the admin described. */
#include "unit.h"
#include "tape.h"

#include "bellhop/mapping.h"

static struct mapping *compiled(const char *json)
{
	struct json_tape tape = tape_of(json);
	struct problems problems;
	struct mapping *mapping;

	problems_init(&problems);
	mapping = mapping_compile(&tape, 0, "output", &problems);
	if (problems.count > 0)
		fail_msg("%s: %s", problems.items[0].place, problems.items[0].text);
	problems_release(&problems);
	json_tape_release(&tape);
	return mapping;
}

static void assert_maps(const char *mapping_json, const char *response, const char *expected)
{
	struct mapping *mapping = compiled(mapping_json);
	struct json_tape tape = tape_of(response);
	struct error error = {0};
	struct buf out;

	buf_init(&out, 4096);
	assert_int_equal(mapping_apply(mapping, &tape, &out, &error), 0);
	assert_string_equal(out.data, expected);
	assert_int_equal(error.code, ERROR_NONE);
	buf_release(&out);
	json_tape_release(&tape);
	mapping_free(mapping);
}

static void assert_refused(const char *json, const char *place, const char *text)
{
	struct json_tape tape = tape_of(json);
	struct problems problems;

	problems_init(&problems);
	mapping_free(mapping_compile(&tape, 0, "output", &problems));
	assert_int_equal(problems.errors, 1);
	assert_string_equal(problems.items[0].place, place);
	assert_string_equal(problems.items[0].text, text);
	problems_release(&problems);
	json_tape_release(&tape);
}

static void queries_are_replaced_by_what_they_find(void **state)
{
	(void)state;
	assert_maps(
		"{\"ticket\": \"$.id\", \"url\": \"$.links.self\", \"tags\": \"$.tags[*].name\"}",
		"{\"id\":4711,\"links\":{\"self\":\"https://a/"
		"1\"},\"tags\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
		"{\"ticket\":4711,\"url\":\"https://a/1\",\"tags\":[\"a\",\"b\"]}");
	assert_maps("\"$\"", "{\"a\": [1, 2]}", "{\"a\":[1,2]}");
	assert_maps("[\"$[1]\", [\"$[0]\"]]", "[1,{\"a\":null}]", "[{\"a\":null},[1]]");
}

static void a_singular_query_that_finds_nothing_is_null(void **state)
{
	(void)state;
	assert_maps("{\"a\":\"$.x\",\"b\":\"$.y[0]\"}", "{}", "{\"a\":null,\"b\":null}");
	assert_maps("\"$.x\"", "[]", "null");
}

static void any_other_query_is_an_array_whatever_it_finds(void **state)
{
	(void)state;
	assert_maps("\"$.a[*]\"", "{}", "[]");
	assert_maps("\"$[*]\"", "[7]", "[7]");
	assert_maps("\"$.*\"", "{\"a\":1,\"b\":[2]}", "[1,[2]]");
}

static void all_else_stands_for_itself(void **state)
{
	(void)state;
	assert_maps("{\"a\": [1, true, null, \"x $.id\", \"\", {}], \"b\": \" $\"}", "{}",
		"{\"a\":[1,true,null,\"x $.id\",\"\",{}],\"b\":\" $\"}");
	assert_maps("{}", "[1]", "{}");
	assert_maps("[ ]", "[1]", "[]");
	assert_maps("42", "null", "42");
	assert_maps("{\"$.a\": 1}", "{\"a\":2}", "{\"$.a\":1}"); /* a member's name is no query */
}

static void two_dollars_begin_a_literal_dollar(void **state)
{
	(void)state;
	assert_maps("[\"$$\",\"$$.id\",\"$$$x\",\"$$5 off\"]", "{\"id\":1}",
		"[\"$\",\"$.id\",\"$$x\",\"$5 off\"]");
	assert_maps("\"\\u0024.id\"", "{\"id\":1}", "1"); /* an escaped dollar is a dollar */
}

static void texts_are_written_so_that_they_stay_json(void **state)
{
	(void)state;
	assert_maps("{\"q\\\"\": \"a\\\\\\n\\u00e9\", \"r\": \"$.a\"}",
		"{\"a\":\"\\\"\\u0001\\/\"}", "{\"q\\\"\":\"a\\\\\\né\",\"r\":\"\\\"\\u0001/\"}");
}

static void numbers_keep_their_digits(void **state)
{
	(void)state;
	assert_maps("{\"a\":\"$[0]\",\"b\":\"$[1]\",\"c\":\"$[2]\",\"d\":\"$[3]\"}",
		"[18446744073709551615, -9223372036854775808, 18446744073709551616, 19.990]",
		"{\"a\":18446744073709551615,\"b\":-9223372036854775808,"
		"\"c\":\"18446744073709551616\",\"d\":19.99}");
}

static void each_wrong_query_is_a_problem_with_its_place(void **state)
{
	struct json_tape tape =
		tape_of("{\"a\": \"$..1\", \"b\": {\"c\": [1, \"$[\"]}, \"d\": \"$.ok\"}");
	struct problems problems;

	(void)state;
	problems_init(&problems);
	mapping_free(mapping_compile(&tape, 0, "actions.create.output", &problems));
	assert_int_equal(problems.errors, 2);
	assert_string_equal(problems.items[0].place, "actions.create.output.a");
	assert_string_equal(
		problems.items[0].text, "expected a name, `*` or `[` after `..` at column 4");
	assert_string_equal(problems.items[1].place, "actions.create.output.b.c.1");
	assert_string_equal(problems.items[1].text,
		"expected a quoted name, an index, a slice, `*` or a filter (`?`) at column 3");
	problems_release(&problems);
	json_tape_release(&tape);
}

/* `count` times `piece` between brackets. */
static void list_of(struct buf *json, size_t count, const char *piece)
{
	buf_add_char(json, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(json, ',');
		buf_add_string(json, piece);
	}
	buf_add_char(json, ']');
}

static void patterns_are_bounded_over_all_queries(void **state)
{
	struct problems problems;
	struct json_tape tape;
	struct buf json;

	(void)state;
	buf_init(&json, SIZE_MAX);
	list_of(&json, 40, "\"$[?match(@,'(abcdefgh){100}')]\"");
	tape = tape_of(json.data);
	problems_init(&problems);
	mapping_free(mapping_compile(&tape, 0, "output", &problems));
	assert_in_range(problems.errors, 1, 10);
	assert_string_equal(problems.items[0].text,
		"with this query the patterns of the mapping are too large together");
	problems_release(&problems);
	json_tape_release(&tape);
	buf_release(&json);
}

static void a_price_is_told_how_to_be_a_text(void **state)
{
	(void)state;
	assert_refused("{\"price\":\"$5 off\"}", "output.price",
		"expected `.` or `[` at column 2 (a text that begins with `$` is written `$$`)");
	assert_refused("\"$[?@.a=1]\"", "output", "expected `,` or `]` at column 7");
}

static void an_output_over_the_bound_fails_and_leaves_nothing(void **state)
{
	struct mapping *mapping = compiled("{\"all\":\"$[*]\"}");
	struct json_tape tape = tape_of("[\"0123456789\",\"0123456789\"]");
	struct error error = {0};
	struct buf out;

	(void)state;
	buf_init(&out, 40);
	buf_add_string(&out, "kept:");
	assert_int_equal(mapping_apply(mapping, &tape, &out, &error), 0);
	assert_string_equal(out.data, "kept:{\"all\":[\"0123456789\",\"0123456789\"]}");
	buf_release(&out);

	buf_init(&out, 38);
	buf_add_string(&out, "kept:");
	assert_int_equal(mapping_apply(mapping, &tape, &out, &error), -1);
	assert_int_equal(error.code, ERROR_MAPPING_FAILED);
	assert_non_null(strstr(error.text, "over 38 bytes"));
	assert_string_equal(out.data, "kept:");
	buf_release(&out);
	json_tape_release(&tape);
	mapping_free(mapping);
}

static void too_much_work_fails(void **state)
{
	struct buf json, response, out;
	struct error error = {0};
	struct json_tape tape;
	struct mapping *mapping;

	(void)state;
	buf_init(&json, SIZE_MAX);
	buf_init(&response, SIZE_MAX);
	buf_init(&out, 1024 * 1024);
	list_of(&json, 1000, "\"$[*].x\"");
	list_of(&response, 10000, "{}");
	mapping = compiled(json.data);
	tape = tape_of(response.data);
	assert_int_equal(mapping_apply(mapping, &tape, &out, &error), -1);
	assert_int_equal(error.code, ERROR_MAPPING_FAILED);
	assert_non_null(strstr(error.text, "work"));
	assert_int_equal(out.len, 0);
	json_tape_release(&tape);
	mapping_free(mapping);
	buf_release(&json);
	buf_release(&response);
	buf_release(&out);
}

static void twenty_columns_of_a_large_list_are_not_too_much(void **state)
{
	struct buf json, response, out;
	struct error error = {0};
	struct json_tape tape;
	struct mapping *mapping;

	(void)state;
	buf_init(&json, SIZE_MAX);
	buf_init(&response, 1024 * 1024);
	buf_init(&out, 1024 * 1024);
	list_of(&json, 20, "\"$[*].c\"");
	list_of(&response, 40000, "{\"a\":1,\"b\":2,\"d\":4}");
	assert_false(response.overflowed);
	mapping = compiled(json.data);
	tape = tape_of(response.data);
	assert_int_equal(mapping_apply(mapping, &tape, &out, &error), 0);
	json_tape_release(&tape);
	mapping_free(mapping);
	buf_release(&json);
	buf_release(&response);
	buf_release(&out);
}

static void a_mapping_serves_one_response_after_the_other(void **state)
{
	struct mapping *mapping = compiled("{\"a\":\"$.a\"}");
	static const char *const responses[] = {"{\"a\":1}", "[]", "{\"a\":{\"b\":2}}"};
	static const char *const outputs[] = {"{\"a\":1}", "{\"a\":null}", "{\"a\":{\"b\":2}}"};
	struct error error = {0};
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	for (size_t i = 0; i < 3; i++) {
		struct json_tape tape = tape_of(responses[i]);

		buf_clear(&out);
		assert_int_equal(mapping_apply(mapping, &tape, &out, &error), 0);
		assert_string_equal(out.data, outputs[i]);
		json_tape_release(&tape);
	}
	buf_release(&out);
	mapping_free(mapping);
	mapping_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_are_replaced_by_what_they_find),
		cmocka_unit_test(a_singular_query_that_finds_nothing_is_null),
		cmocka_unit_test(any_other_query_is_an_array_whatever_it_finds),
		cmocka_unit_test(all_else_stands_for_itself),
		cmocka_unit_test(two_dollars_begin_a_literal_dollar),
		cmocka_unit_test(texts_are_written_so_that_they_stay_json),
		cmocka_unit_test(numbers_keep_their_digits),
		cmocka_unit_test(each_wrong_query_is_a_problem_with_its_place),
		cmocka_unit_test(patterns_are_bounded_over_all_queries),
		cmocka_unit_test(a_price_is_told_how_to_be_a_text),
		cmocka_unit_test(an_output_over_the_bound_fails_and_leaves_nothing),
		cmocka_unit_test(too_much_work_fails),
		cmocka_unit_test(twenty_columns_of_a_large_list_are_not_too_much),
		cmocka_unit_test(a_mapping_serves_one_response_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
