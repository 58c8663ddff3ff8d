/* SPDX-License-Identifier: MIT */
/* JSON is read to the letter of RFC 8259, within bounds, and nothing else is. */
#include "tape.h"

#include <stdio.h>
#include <time.h>

#include "bellhop/bug.h"

/* Reads from a block of just that size, so that a sanitizer sees one byte too many. */
static int read_block(struct json_tape *tape, const char *text, size_t len,
	const struct tape_limits *limits, struct tape_error *error)
{
	char *block = malloc(len == 0 ? 1 : len);
	int status;

	assert_non_null(block);
	memcpy(block, text, len);
	status = json_tape_read(tape, block, len, limits, error);
	free(block);
	return status;
}

static bool good_bytes(const char *text, size_t len)
{
	struct json_tape tape;
	int status;

	json_tape_init(&tape);
	status = read_block(&tape, text, len, &tape_wide, NULL);
	if (status < 0)
		assert_int_equal(tape.count, 0);
	json_tape_release(&tape);
	return status == 0;
}

static bool good(const char *text)
{
	return good_bytes(text, strlen(text));
}

static void refused(const char *text, const char *reason, size_t offset)
{
	struct json_tape tape;
	struct tape_error error;

	json_tape_init(&tape);
	assert_int_equal(read_block(&tape, text, strlen(text), &tape_wide, &error), -1);
	assert_string_equal(error.reason, reason);
	assert_int_equal(error.offset, offset);
	json_tape_release(&tape);
}

static void a_scalar_is_a_text_too(void **state)
{
	static const char *const texts[] = {"0", "-0", "null", "\"\"", " true\n", "\t1\r", "\"a\"",
		"1.0", "1e5", "1E+05", "0.000", "-0e-0", "[]", "{}", "[[]]", "[ ]", "{ }"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_true(good(texts[i]));
}

static void what_is_no_escape_is_refused(void **state)
{
	static const char *const texts[] = {"\"\\a\"", "\"\\'\"", "\"\\x41\"", "\"\\U0041\"",
		"\"\\u\"", "\"\\u004\"", "\"\\u004g\"", "\"\\u 041\"", "\"\\u-041\"", "\"\\0\""};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		refused(texts[i], "an escape that JSON does not have", 1);
	assert_false(good("\"\\"));
	assert_false(good("\"\\u00"));
	assert_false(good("\"\\\""));
}

static void a_lone_surrogate_is_refused(void **state)
{
	static const char *const texts[] = {"\"\\ud800\"", "\"\\udfff\"", "\"\\ud800x\"",
		"\"\\ud800\\n\"", "\"\\ud800\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\\ud800\"",
		"\"\\ud800\\udc0\"", "\"\\ud800\\xdc00\"", "\"\\ud800udc00\"", "\"\\udbff\\ue000\"",
		"\"\\ud800\\uzzzz\""};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		refused(texts[i], "a lone surrogate", 1);
	refused("\"\\ud83d\\udd14\\udd14\"", "a lone surrogate", 13);
	refused("\"\xed\xa0\x80\"", "bytes that are not UTF-8", 1);
}

static void every_byte_of_a_string_is_judged_wherever_it_stands(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++)
		for (size_t at = 0; at < 20; at++) {
			char text[24] = "\"aaaaaaaaaaaaaaaaaaaa\"";
			bool expected = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';

			text[1 + at] = (char)byte;
			if (byte == '\\') /* escapes the letter behind it, which is no escape */
				text[2 + at] = at + 1 < 20 ? 'a' : '"';
			assert_int_equal(good_bytes(text, 22), expected);
		}
}

static void bad_utf8_is_refused_where_it_stands(void **state)
{
	(void)state;
	refused("\"aaaaaaaaaa\xc3\"", "bytes that are not UTF-8", 11);
	refused("\"\xc3\xa9\xe2\x82\"", "bytes that are not UTF-8", 3);
	refused("\"\xc0\x80\"", "bytes that are not UTF-8", 1);
	refused("\"\xf4\x90\x80\x80\"", "bytes that are not UTF-8", 1);
	refused("\"\x80\"", "bytes that are not UTF-8", 1);
	refused("\"\xf0\x9f\x94", "bytes that are not UTF-8", 1);
	refused("[\"a\", \x80]", "no value where one should stand", 6);
}

static void a_byte_order_mark_is_refused(void **state)
{
	(void)state;
	refused("\xef\xbb\xbf{}", "a byte-order mark", 0);
	assert_true(good("\"\xef\xbb\xbf\""));
}

static void a_number_is_written_as_json_writes_it(void **state)
{
	static const char *const texts[] = {"-", "+1", "01", "-01", "00", "1.", ".5", "-.5", "1.e5",
		"1e", "1e+", "1E-", "0x10", "1e5.5", "1_000", "Infinity", "-Infinity", "NaN", "1,5",
		"- 1", "1 e5", "--1", "1.5.5"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char inside[40];

		assert_false(good(texts[i]));
		snprintf(inside, sizeof(inside), "[%s ]", texts[i]);
		if (strcmp(texts[i], "1,5") != 0)
			assert_false(good(inside));
	}
}

static void a_number_beyond_a_double_is_refused(void **state)
{
	char digits[400];

	(void)state;
	refused("1e309", "a number beyond a double", 0);
	refused("[0, -1e309]", "a number beyond a double", 4);
	refused("1e99999999999999999999999", "a number beyond a double", 0);
	refused("0.001e312", "a number beyond a double", 0);
	assert_true(good("1.7976931348623157e308"));
	assert_true(good("0e999999999"));
	assert_true(good("1e-99999999999999999999999"));
	memset(digits, '9', sizeof(digits));
	assert_false(good_bytes(digits, 309));
	assert_true(good_bytes(digits, 308));
	memset(digits, '1', sizeof(digits));
	assert_true(good_bytes(digits, 309));
	assert_false(good_bytes(digits, 310));
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
	(void)state;
	refused("", "no value", 0);
	refused("  \n", "no value", 3);
	refused("[", "the end of the text inside a value", 1);
	refused("{\"a\"", "the end of the text inside a value", 4);
	refused("{\"a\":", "the end of the text inside a value", 5);
	refused("{\"a\":1", "the end of the text inside a value", 6);
	refused("[1,", "the end of the text inside a value", 3);
	refused("\"abc", "the end of the text inside a value", 4);
	refused("[1 2]", "neither a comma nor a bracket after an element", 3);
	refused("{\"a\":1 \"b\":2}", "neither a comma nor a brace after a member", 7);
	refused("[1}", "neither a comma nor a bracket after an element", 2);
	refused("{\"a\":1]", "neither a comma nor a brace after a member", 6);
	refused("[1,]", "no value where one should stand", 3);
	refused("[,1]", "no value where one should stand", 1);
	refused("{\"a\":1,}", "no name where a member should begin", 7);
	refused("{,}", "no name where a member should begin", 1);
	refused("{a:1}", "no name where a member should begin", 1);
	refused("{1:1}", "no name where a member should begin", 1);
	refused("{\"a\" 1}", "no colon after a member's name", 5);
	refused("{\"a\":}", "no value where one should stand", 5);
	refused("nul", "a word that is not JSON", 0);
	refused("nulL", "a word that is not JSON", 0);
	refused("[True]", "no value where one should stand", 1);
	refused("1 2", "something after the value", 2);
	refused("{} x", "something after the value", 3);
	refused("[1] ]", "something after the value", 4);
	refused("truefalse", "something after the value", 4);
	refused("'a'", "no value where one should stand", 0);
	refused("[1, // two\n2]", "no value where one should stand", 4);
	refused("\"a\nb\"", "a control character inside a string", 2);
	refused("]", "no value where one should stand", 0);
}

static void only_four_bytes_are_white_space(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		const char around[] = {(char)byte, '[', (char)byte, '7', (char)byte, ',',
			(char)byte, '7', (char)byte, ']', (char)byte};
		bool expected = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';

		assert_int_equal(good_bytes(around, sizeof(around)), expected);
	}
	assert_true(good("[\n                1,\n                 2\n\t\t\t\t\t\t\t\t\t\t]"));
	assert_false(good_bytes("1\0", 2));
}

static void depth_is_bounded_while_reading(void **state)
{
	const struct tape_limits three = {.depth = 3, .values = 100},
				 none = {.depth = 0, .values = 9};
	struct tape_error error;
	struct json_tape tape;

	(void)state;
	json_tape_init(&tape);
	assert_int_equal(read_block(&tape, "[[[1],[]],{}]", 13, &three, &error), 0);
	assert_int_equal(read_block(&tape, "[[[[]]]]", 8, &three, &error), -1);
	assert_string_equal(error.reason, "too many levels");
	assert_int_equal(error.offset, 3);
	assert_int_equal(read_block(&tape, "[{\"a\":[{}]}]", 12, &three, &error), -1);
	assert_int_equal(read_block(&tape, "1", 1, &none, &error), 0);
	assert_int_equal(read_block(&tape, "[]", 2, &none, &error), -1);
	json_tape_release(&tape);
}

static void values_are_bounded_while_reading(void **state)
{
	const struct tape_limits four = {.depth = 9, .values = 4};
	struct tape_error error;
	struct json_tape tape;

	(void)state;
	json_tape_init(&tape);
	assert_int_equal(read_block(&tape, "[1,2,3]", 7, &four, &error), 0);
	assert_int_equal(read_block(&tape, "[1,2,3,4]", 9, &four, &error), -1);
	assert_string_equal(error.reason, "too many values");
	assert_int_equal(error.offset, 7);
	assert_int_equal(read_block(&tape, "{\"a\":1,\"b\":2}", 13, &four, &error), -1);
	assert_int_equal(read_block(&tape, "{\"a\":[1]}", 9, &four, &error), 0);
	json_tape_release(&tape);
}

static void a_million_brackets_are_only_too_many_levels(void **state)
{
	const struct tape_limits deep = {.depth = 1u << 21, .values = 1u << 22};
	size_t half = 1u << 20;
	char *text = malloc(2 * half);
	struct json_tape tape;

	(void)state;
	assert_non_null(text);
	memset(text, '[', half);
	memset(text + half, ']', half);
	assert_false(good_bytes(text, 2 * half));
	json_tape_init(&tape);
	assert_int_equal(json_tape_read(&tape, text, 2 * half, &deep, NULL), 0);
	assert_int_equal(tape.count, half);
	json_tape_release(&tape);
	free(text);
}

static void a_member_named_twice_is_refused(void **state)
{
	(void)state;
	refused("{\"a\":1,\"a\":1}", "a member named twice", 8);
	refused("{\"\":1,\"\":1}", "a member named twice", 7);
	refused("{\"a\":1,\"b\":2,\"\\u0061\":3}", "a member named twice", 14);
	refused("{\"\\u0061\":1,\"b\":2,\"a\":3}", "a member named twice", 19);
	refused("{\"\\n\":1,\"\\u000a\":2}", "a member named twice", 9);
	refused("[{\"x\":{\"b\":1,\"c\":{},\"b\":1}}]", "a member named twice", 21);
	refused("{\"\\ud83d\\udd14\":1,\"\xf0\x9f\x94\x94\":2}", "a member named twice", 19);
	assert_true(
		good("{\"a\":{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]}},\"A\":1,\"a \":1,\"aa\":1}"));
	assert_true(good("{\"a\":1,\"a\\u0000\":2,\"\\u0000a\":3}"));
}

/* An object of that many members, of which the last one has the name of `again`; SIZE_MAX: none has. */
static bool object_is_good(size_t members, size_t again, bool escaped)
{
	static const char *const values[] = {"7", "[{}]", "\"s\"", "{\"a\":[1,2]}", "null"};
	struct buf text;
	bool is_good;

	buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < members; i++) {
		size_t number = i + 1 == members && again != SIZE_MAX ? again : i;

		buf_printf(&text, "%c\"%same-of-a-member-%zu\":%s", i == 0 ? '{' : ',',
			escaped && i % 2 == 0 ? "\\u006e" : "n", number,
			values[i % ARRAY_SIZE(values)]);
	}
	buf_add_char(&text, '}');
	is_good = good_bytes(text.data, text.len);
	buf_release(&text);
	return is_good;
}

static void a_name_is_found_twice_in_an_object_of_any_size(void **state)
{
	(void)state;
	for (size_t members = 2; members < 80; members++)
		for (int escaped = 0; escaped < 2; escaped++) {
			assert_true(object_is_good(members, SIZE_MAX, escaped));
			for (size_t again = 0; again + 1 < members; again++)
				assert_false(object_is_good(members, again, escaped));
		}
	assert_true(object_is_good(300000, SIZE_MAX, true));
	assert_false(object_is_good(30000, 12345, true));
	assert_false(object_is_good(30000, 12346, false));
}

/* Names that differ at one place only: in front, in the middle, at the end, between escapes. */
static void a_wide_object_is_no_slower_than_its_text_is_long(void **state)
{
	static const char *const forms[] = {"%s\"%08d-and-then-the-same\":0",
		"%s\"the-same-%08d-the-same\":0", "%s\"the-same-and-then-%08d\":0",
		"%s\"\\u006e%08d\\n\":0"};
	clock_t start = clock();

	(void)state;
	for (size_t form = 0; form < ARRAY_SIZE(forms); form++) {
		struct buf text;

		buf_init(&text, SIZE_MAX);
		for (int i = 0; i < 150000; i++)
			buf_printf(&text, forms[form], i == 0 ? "{" : ",", i);
		buf_add_char(&text, '}');
		assert_true(good_bytes(text.data, text.len));
		buf_release(&text);
	}
	/* Each with each would be 45,000,000,000 comparisons; this is a tenth of a second. */
	assert_true((clock() - start) / CLOCKS_PER_SEC < 20);
}

static void every_start_of_a_good_text_is_refused(void **state)
{
	static const char text[] =
		"{\"n\":-1.5e+3,\"s\":\"\\ud83d\\udd14\xe2\x82\xac\\n\",\"l\":[true,false,null]}";

	(void)state;
	assert_true(good(text));
	for (size_t len = 0; len + 1 < sizeof(text) - 1; len++)
		assert_false(good_bytes(text, len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scalar_is_a_text_too),
		cmocka_unit_test(what_is_no_escape_is_refused),
		cmocka_unit_test(a_lone_surrogate_is_refused),
		cmocka_unit_test(every_byte_of_a_string_is_judged_wherever_it_stands),
		cmocka_unit_test(bad_utf8_is_refused_where_it_stands),
		cmocka_unit_test(a_byte_order_mark_is_refused),
		cmocka_unit_test(a_number_is_written_as_json_writes_it),
		cmocka_unit_test(a_number_beyond_a_double_is_refused),
		cmocka_unit_test(what_is_not_json_is_refused_with_its_place),
		cmocka_unit_test(only_four_bytes_are_white_space),
		cmocka_unit_test(depth_is_bounded_while_reading),
		cmocka_unit_test(values_are_bounded_while_reading),
		cmocka_unit_test(a_million_brackets_are_only_too_many_levels),
		cmocka_unit_test(a_member_named_twice_is_refused),
		cmocka_unit_test(a_name_is_found_twice_in_an_object_of_any_size),
		cmocka_unit_test(a_wide_object_is_no_slower_than_its_text_is_long),
		cmocka_unit_test(every_start_of_a_good_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
