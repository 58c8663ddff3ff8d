/* SPDX-License-Identifier: MIT */
/* What is written is JSON, in one way for each value. */
#include "tape.h"

#include "bellhop/bug.h"
#include "bellhop/json_out.h"

typedef void write_fn(struct buf *out, const struct json_tape *tape, uint32_t value);

static void written(write_fn *write, const char *text, const char *expected)
{
	struct json_tape tape = tape_of(text);
	struct buf out;

	buf_init(&out, 100000);
	write(&out, &tape, 0);
	assert_string_equal(out.data, expected);
	buf_release(&out);
	json_tape_release(&tape);
}

static void string_written(const char *text, size_t len, const char *expected)
{
	struct buf out;

	buf_init(&out, 1000);
	json_out_string(&out, (struct span){text, len});
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

static void a_string_has_the_fewest_escapes(void **state)
{
	(void)state;
	string_written("", 0, "\"\"");
	string_written("plain / text", 12, "\"plain / text\"");
	string_written("\"\\", 2, "\"\\\"\\\\\"");
	string_written("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
	string_written("\0\1\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"");
	string_written("a long text with \"one\" quote, more than eight bytes on", 54,
		"\"a long text with \\\"one\\\" quote, more than eight bytes on\"");
	string_written("\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x94", 9,
		"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x94\"");
}

static void what_is_not_utf8_becomes_a_replacement_character(void **state)
{
	(void)state;
	string_written("a\xff"
		       "b",
		3,
		"\"a\xef\xbf\xbd"
		"b\"");
	string_written("\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	string_written("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	string_written("\xc3\n", 2, "\"\xef\xbf\xbd\\n\"");
}

static void whatever_bytes_come_the_output_is_json(void **state)
{
	(void)state;
	for (unsigned start = 0; start < 256; start++) {
		struct json_tape tape;
		struct buf out;
		char text[600];

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)(start + i * (start | 1));
		buf_init(&out, 10000);
		json_out_string(&out, (struct span){text, sizeof(text)});
		tape = tape_of(out.data);
		assert_int_equal(tape_type(&tape, 0), TAPE_STRING);
		json_tape_release(&tape);
		buf_release(&out);
	}
}

static void a_name_comes_with_its_colon(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	json_out_name(&out, "a\"b");
	json_out_escaped(&out, span_of("x\ny"));
	assert_string_equal(out.data, "\"a\\\"b\":x\\ny");
	buf_release(&out);
}

static void a_value_is_written_compact_in_its_order(void **state)
{
	(void)state;
	written(json_out_value, " { \"b\" : [ 1 ,\t2 , { } , [ ] ] ,\n\"a\" : null } ",
		"{\"b\":[1,2,{},[]],\"a\":null}");
	written(json_out_value, "[true,false,null,\"x y\",{\"k\":{\"k\":[[]]}}]",
		"[true,false,null,\"x y\",{\"k\":{\"k\":[[]]}}]");
	written(json_out_value, " 7 ", "7");
	written(json_out_value, "[\r\n]", "[]");
	written(json_out_value, "{ }", "{}");
}

static void its_strings_are_written_anew(void **state)
{
	(void)state;
	written(json_out_value, "[\"\\u0041\\/\\u00e9\\ud83d\\udd14\\u001F\\n\\u0022\"]",
		"[\"A/\xc3\xa9\xf0\x9f\x94\x94\\u001f\\n\\\"\"]");
	written(json_out_value, "{\"\\u0061\\\"\" : \" \\\\ \"}", "{\"a\\\"\":\" \\\\ \"}");
	written(json_out_value, "\" , : [ ] { } \"", "\" , : [ ] { } \"");
	written(json_out_value, "\"\\u0000\"", "\"\\u0000\"");
}

static void its_numbers_are_handed_on(void **state)
{
	(void)state;
	written(json_out_value, "[19.990, 1.0E+5 ,18446744073709551616,18446744073709551615,-0]",
		"[19.99,1.0e5,\"18446744073709551616\",18446744073709551615,-0]");
}

static void a_part_of_a_text_is_written_alone(void **state)
{
	struct json_tape tape = tape_of("{\"a\": [1, {\"b\": \"\\u0062\"} ], \"c\": 2}");
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	json_out_value(&out, &tape, tape_member(&tape, 0, "a"));
	assert_string_equal(out.data, "[1,{\"b\":\"b\"}]");
	buf_clear(&out);
	json_out_pretty(&out, &tape, tape_element(&tape, tape_member(&tape, 0, "a"), 1));
	assert_string_equal(out.data, "{\n  \"b\": \"b\"\n}");
	buf_clear(&out);
	json_out_canonical(&out, &tape, tape_member(&tape, 0, "c"));
	assert_string_equal(out.data, "2");
	buf_release(&out);
	json_tape_release(&tape);
}

static void a_pretty_value_is_indented_by_two(void **state)
{
	(void)state;
	written(json_out_pretty,
		"{\"b\":[1,2.50,{}],\"a\":{\"x\":[],\"y\":\"\\u0041:,\"},\"z\":[ ]}",
		"{\n"
		"  \"b\": [\n"
		"    1,\n"
		"    2.50,\n"
		"    {}\n"
		"  ],\n"
		"  \"a\": {\n"
		"    \"x\": [],\n"
		"    \"y\": \"A:,\"\n"
		"  },\n"
		"  \"z\": []\n"
		"}");
	written(json_out_pretty, "[[[]]]", "[\n  [\n    []\n  ]\n]");
	written(json_out_pretty, " null ", "null");
	written(json_out_pretty, "99999999999999999999", "99999999999999999999");
	written(json_out_pretty, "{ \n }", "{}");
}

static void a_canonical_value_is_sorted_by_the_bytes_of_its_names(void **state)
{
	(void)state;
	written(json_out_canonical,
		"{\"b\": 1, \"a\": {\"z\": [], \"\\u0061\\u0062\": 1.50, \"a\": \"\\/\"}, \"\": "
		"100,"
		"\"\xf0\x9f\x94\x94\": 1, \"\\uffff\": 2, \"aa\": {}}",
		"{\"\":1e2,\"a\":{\"a\":\"/\",\"ab\":15e-1,\"z\":[]},\"aa\":{},\"b\":1,"
		"\"\xef\xbf\xbf\":2,\"\xf0\x9f\x94\x94\":1}");
	written(json_out_canonical, "[3, 1.0, 2, -0.0, {}, null]", "[3,1,2,0,{},null]");
	written(json_out_canonical, "18446744073709551617", "18446744073709551617");
}

static void equal_values_have_one_canonical_form(void **state)
{
	static const char *const same[] = {"{\"a\":1,\"b\":[\"\xc3\xa9\",10]}",
		"{ \"b\" : [ \"\\u00e9\" , 1e1 ] , \"a\" : 1.0 }",
		"{\"\\u0062\":[\"\\u00E9\",10.0],\"a\":0.1e1}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		written(json_out_canonical, same[i], "{\"a\":1,\"b\":[\"\xc3\xa9\",1e1]}");
}

static void a_bound_stops_every_writer(void **state)
{
	struct json_tape tape = tape_of("{\"a\":[1,2,\"x\\u0041\"],\"b\":{\"c\":null}}");
	write_fn *const writers[] = {json_out_value, json_out_pretty, json_out_canonical};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		struct buf whole;

		buf_init(&whole, 1000);
		writers[i](&whole, &tape, 0);
		for (size_t max = 0; max <= whole.len; max++) {
			struct buf out;

			buf_init(&out, max);
			writers[i](&out, &tape, 0);
			assert_int_equal(out.overflowed, max < whole.len);
			assert_true(out.len <= max);
			buf_release(&out);
		}
		buf_release(&whole);
	}
	json_tape_release(&tape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_string_has_the_fewest_escapes),
		cmocka_unit_test(what_is_not_utf8_becomes_a_replacement_character),
		cmocka_unit_test(whatever_bytes_come_the_output_is_json),
		cmocka_unit_test(a_name_comes_with_its_colon),
		cmocka_unit_test(a_value_is_written_compact_in_its_order),
		cmocka_unit_test(its_strings_are_written_anew),
		cmocka_unit_test(its_numbers_are_handed_on),
		cmocka_unit_test(a_part_of_a_text_is_written_alone),
		cmocka_unit_test(a_pretty_value_is_indented_by_two),
		cmocka_unit_test(a_canonical_value_is_sorted_by_the_bytes_of_its_names),
		cmocka_unit_test(equal_values_have_one_canonical_form),
		cmocka_unit_test(a_bound_stops_every_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
