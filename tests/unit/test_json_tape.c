/* SPDX-License-Identifier: MIT */
/* What was read is found on the tape: values, members, elements, strings and integers. */
#include "tape.h"

#include <stdio.h>

#include "bellhop/bug.h"

static void every_kind_of_value_is_read(void **state)
{
	struct json_tape tape =
		tape_of(" {\"a\": [null, true, false, -1.5e3, 42, \"x\", {}], \"b\": []} ");
	static const enum tape_type types[] = {TAPE_OBJECT, TAPE_STRING, TAPE_ARRAY, TAPE_NULL,
		TAPE_TRUE, TAPE_FALSE, TAPE_NUMBER, TAPE_NUMBER, TAPE_STRING, TAPE_OBJECT,
		TAPE_STRING, TAPE_ARRAY};
	static const char *const names[] = {"object", "string", "array", "null", "boolean",
		"boolean", "number", "integer", "string", "object", "string", "array"};

	(void)state;
	assert_int_equal(tape.count, ARRAY_SIZE(types));
	for (uint32_t i = 0; i < tape.count; i++) {
		assert_int_equal(tape_type(&tape, i), types[i]);
		assert_string_equal(tape_type_name(&tape, i), names[i]);
	}
	assert_int_equal(tape.nodes[0].count, 2);
	assert_int_equal(tape.nodes[2].count, 7);
	json_tape_release(&tape);
}

static void a_value_is_where_it_was_written(void **state)
{
	struct json_tape tape = tape_of("  { \"k\" : [ 1 , \"q\\\"\" ] , \"z\":-0.5 }  ");

	(void)state;
	assert_span(tape_raw(&tape, 0), "{ \"k\" : [ 1 , \"q\\\"\" ] , \"z\":-0.5 }");
	assert_span(tape_raw(&tape, 1), "\"k\"");
	assert_span(tape_raw(&tape, 2), "[ 1 , \"q\\\"\" ]");
	assert_span(tape_raw(&tape, 4), "\"q\\\"\"");
	assert_span(tape_raw(&tape, 6), "-0.5");
	json_tape_release(&tape);
}

static void an_array_is_walked_and_indexed(void **state)
{
	struct json_tape tape = tape_of("[10, [11, [12]], {\"a\": 13}, 14]");
	uint32_t at = tape_first(&tape, 0);

	(void)state;
	assert_span(tape_raw(&tape, at), "10");
	at = tape_next(&tape, 0, at);
	assert_span(tape_raw(&tape, at), "[11, [12]]");
	at = tape_next(&tape, 0, at);
	assert_span(tape_raw(&tape, at), "{\"a\": 13}");
	at = tape_next(&tape, 0, at);
	assert_span(tape_raw(&tape, at), "14");
	assert_int_equal(tape_next(&tape, 0, at), TAPE_NONE);
	assert_int_equal(tape_element(&tape, 0, 3), at);
	assert_int_equal(tape_element(&tape, 0, 4), TAPE_NONE);
	assert_int_equal(tape_element(&tape, 0, UINT32_MAX), TAPE_NONE);
	assert_int_equal(tape_element(&tape, 1, 0), TAPE_NONE);
	assert_int_equal(tape_first(&tape, tape_element(&tape, 0, 0)), TAPE_NONE);
	json_tape_release(&tape);
}

static void a_member_is_found_by_its_name(void **state)
{
	struct json_tape tape =
		tape_of("{\"a\": 1, \"ab\": {\"x\": 2}, \"\": 3, \"\\u0061b\\nc\": 4,"
			"\"n\\u0000l\": 5}");

	(void)state;
	assert_span(tape_raw(&tape, tape_member(&tape, 0, "a")), "1");
	assert_span(tape_raw(&tape, tape_member(&tape, 0, "ab")), "{\"x\": 2}");
	assert_span(tape_raw(&tape, tape_member(&tape, 0, "")), "3");
	assert_span(tape_raw(&tape, tape_member(&tape, 0, "ab\nc")), "4");
	assert_span(tape_raw(&tape, tape_member_span(&tape, 0, (struct span){"n\0l", 3})), "5");
	assert_int_equal(tape_member(&tape, 0, "x"), TAPE_NONE);
	assert_int_equal(tape_member(&tape, 0, "n"), TAPE_NONE);
	assert_int_equal(tape_member(&tape, 0, "ab\ncd"), TAPE_NONE);
	assert_int_equal(tape_member(&tape, tape_member(&tape, 0, "a"), "a"), TAPE_NONE);
	json_tape_release(&tape);
}

static void an_array_has_no_members_and_an_object_no_elements(void **state)
{
	struct json_tape tape = tape_of("[[\"a\", 1], {\"a\": 1}]");

	(void)state;
	assert_int_equal(tape_member(&tape, 1, "a"), TAPE_NONE);
	assert_int_equal(tape_element(&tape, tape_element(&tape, 0, 1), 0), TAPE_NONE);
	json_tape_release(&tape);
}

static void string_is(const char *json, const char *expected, size_t len)
{
	struct json_tape tape = tape_of(json);
	struct buf out;
	struct span span;

	buf_init(&out, 1000);
	tape_string(&tape, 0, &out);
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, expected, len);
	buf_add_string(&out, "what scratch held before");
	span = tape_string_span(&tape, 0, &out);
	assert_int_equal(span.len, len);
	assert_memory_equal(span.data, expected, len);
	assert_true(tape_string_equals(&tape, 0, (struct span){expected, len}));
	if (len > 0)
		assert_false(tape_string_equals(&tape, 0, (struct span){expected, len - 1}));
	assert_false(tape_string_equals(&tape, 0, span_of("something else")));
	buf_release(&out);
	json_tape_release(&tape);
}

static void escapes_become_what_they_stand_for(void **state)
{
	(void)state;
	string_is("\"\"", "", 0);
	string_is("\"plain\"", "plain", 5);
	string_is("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8);
	string_is("\"\\u0000\"", "\0", 1);
	string_is("\"a\\u00e9b\"",
		"a\xc3\xa9"
		"b",
		4);
	string_is("\"\\u20AC\\u20ac\"", "\xe2\x82\xac\xe2\x82\xac", 6);
	string_is("\"\\uD83D\\uDD14!\"", "\xf0\x9f\x94\x94!", 5);
	string_is("\"\\ud800\\udc00\\udbff\\udfff\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8);
	string_is("\"\\uffff\\u007f\\u0080\\u07ff\\u0800\"",
		"\xef\xbf\xbf\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80", 11);
	string_is("\"\xf0\x9f\x94\x94\\n\xc3\xa9\"", "\xf0\x9f\x94\x94\n\xc3\xa9", 7);
}

static void strings_are_ordered_by_what_they_stand_for(void **state)
{
	static const char *const ordered[] = {"\"\"", "\"\\u0000\"", "\"\\n\"", "\"A\"",
		"\"A\\u0000\"", "\"AB\"", "\"a\\u0062\"", "\"abc\"", "\"ac\"", "\"\\u00e9\"",
		"\"\xe2\x82\xac\"", "\"\\uffff\"", "\"\\ud83d\\udd14\""};
	struct buf text;

	(void)state;
	buf_init(&text, 100);
	for (size_t i = 0; i < ARRAY_SIZE(ordered); i++)
		for (size_t j = 0; j < ARRAY_SIZE(ordered); j++) {
			struct json_tape tape;

			buf_clear(&text);
			buf_printf(&text, "[%s,%s]", ordered[i], ordered[j]);
			tape = tape_of(text.data);
			assert_int_equal(tape_string_compare(&tape, 1, 2), (i > j) - (i < j));
			json_tape_release(&tape);
		}
	buf_release(&text);
}

static void integers_are_known_and_read(void **state)
{
	struct json_tape tape = tape_of("[42, -7, 1.0, 1e2, 1.5, 9223372036854775808, "
					"-9223372036854775808, \"42\"]");
	static const bool integer[] = {true, true, true, true, false, true, true};
	static const int64_t values[] = {42, -7, 1, 100, 77, 77, INT64_MIN};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(integer); i++) {
		uint32_t at = tape_element(&tape, 0, i);
		int64_t value = 77;

		assert_int_equal(tape_is_integer(&tape, at), integer[i]);
		assert_int_equal(tape_int64(&tape, at, &value), values[i] == 77 ? -1 : 0);
		assert_true(value == values[i]);
	}
	assert_string_equal(tape_type_name(&tape, tape_element(&tape, 0, 0)), "integer");
	assert_string_equal(tape_type_name(&tape, tape_element(&tape, 0, 2)), "number");
	assert_true(tape_double(&tape, tape_element(&tape, 0, 4)) == 1.5);
	assert_false(tape_is_integer(&tape, tape_element(&tape, 0, 7)));
	json_tape_release(&tape);
}

static void a_table_of_names_spoils_nothing_that_was_read(void **state)
{
	struct json_tape tape;
	struct buf text;

	(void)state;
	buf_init(&text, SIZE_MAX);
	buf_add_string(&text, "[[1,2],{");
	for (int i = 0; i < 500; i++)
		buf_printf(&text, "%s\"m%d\":%d", i == 0 ? "" : ",", i, i);
	buf_add_string(&text, "},[3,4],{\"z\":true}]");
	tape = tape_of(text.data);
	for (int i = 0; i < 500; i++) {
		char name[16];
		int64_t value = -1;

		snprintf(name, sizeof(name), "m%d", i);
		assert_int_equal(
			tape_int64(
				&tape, tape_member(&tape, tape_element(&tape, 0, 1), name), &value),
			0);
		assert_int_equal(value, i);
	}
	assert_span(tape_raw(&tape, tape_element(&tape, 0, 0)), "[1,2]");
	assert_span(tape_raw(&tape, tape_element(&tape, 0, 2)), "[3,4]");
	assert_span(tape_raw(&tape, tape_element(&tape, 0, 3)), "{\"z\":true}");
	json_tape_release(&tape);
	buf_release(&text);
}

static void a_tape_is_used_again_with_its_memory(void **state)
{
	struct json_tape tape = tape_of("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]");
	struct tape_node *nodes = tape.nodes;

	(void)state;
	assert_int_equal(json_tape_read(&tape, "[1", 2, &tape_wide, NULL), -1);
	assert_int_equal(tape.count, 0);
	assert_null(tape.text);
	assert_int_equal(json_tape_read(&tape, "{\"a\":1}", 7, &tape_wide, NULL), 0);
	assert_int_equal(tape.count, 3);
	assert_ptr_equal(tape.nodes, nodes);
	json_tape_release(&tape);
	json_tape_release(&tape);
	assert_null(tape.nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_value_is_read),
		cmocka_unit_test(a_value_is_where_it_was_written),
		cmocka_unit_test(an_array_is_walked_and_indexed),
		cmocka_unit_test(a_member_is_found_by_its_name),
		cmocka_unit_test(an_array_has_no_members_and_an_object_no_elements),
		cmocka_unit_test(escapes_become_what_they_stand_for),
		cmocka_unit_test(strings_are_ordered_by_what_they_stand_for),
		cmocka_unit_test(integers_are_known_and_read),
		cmocka_unit_test(a_table_of_names_spoils_nothing_that_was_read),
		cmocka_unit_test(a_tape_is_used_again_with_its_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
