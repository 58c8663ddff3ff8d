/* SPDX-License-Identifier: MIT */
/* JSON Schema: what a value has to be. */
#include "unit.h"

#include <stdio.h>

#include "bellhop/bug.h"
#include "bellhop/schema.h"
#include "tape.h"

static struct schema *compile(const char *text, unsigned flags)
{
	struct json_tape tape = tape_of(text);
	struct problems problems;
	struct schema *schema;

	problems_init(&problems);
	schema = schema_compile(&tape, 0, flags, "inputs", &problems);
	if (problems.count > 0)
		fail_msg("%s: %s: %s", text, problems.items[0].place, problems.items[0].text);
	problems_release(&problems);
	json_tape_release(&tape);
	return schema;
}

/* Problems as lines `place: text`. */
static void show(const struct problems *problems, struct buf *out)
{
	buf_clear(out);
	for (size_t i = 0; i < problems->count; i++)
		buf_printf(out, "%s%s: %s", i == 0 ? "" : "\n", problems->items[i].place,
			problems->items[i].text);
}

/* What checking a value against a property `x` of that schema says; "" where it is fine. */
static void check(const char *schema_text, const char *value, const char *lines)
{
	struct schema *schema = compile(schema_text, 0);
	struct json_tape tape = tape_of(value);
	struct problems problems;
	struct buf shown;

	buf_init(&shown, 100000);
	problems_init(&problems);
	assert_int_equal(schema_check(schema, &tape, 0, &problems), lines[0] == '\0' ? 0 : -1);
	show(&problems, &shown);
	assert_string_equal(shown.data, lines);
	schema_free(schema);
	problems_release(&problems);
	json_tape_release(&tape);
	buf_release(&shown);
}

static void fits(const char *schema_text, const char *value)
{
	check(schema_text, value, "");
}

static void an_empty_schema_allows_anything(void **state)
{
	static const char *const values[] = {"null", "true", "1", "\"a\"", "[]", "{\"a\":1}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		fits("{}", values[i]);
}

static void a_type_is_one_of_seven(void **state)
{
	static const char *const types[] = {
		"null", "boolean", "number", "string", "array", "object"};
	static const char *const values[] = {"null", "false", "1.5", "\"\"", "[]", "{}"};
	char schema[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
			struct problems problems;
			struct json_tape tape = tape_of(values[j]);
			struct schema *compiled;

			snprintf(schema, sizeof(schema), "{\"type\": \"%s\"}", types[i]);
			compiled = compile(schema, 0);
			problems_init(&problems);
			assert_int_equal(
				schema_check(compiled, &tape, 0, &problems), i == j ? 0 : -1);
			assert_int_equal(problems.errors, i == j ? 0 : 1);
			problems_release(&problems);
			schema_free(compiled);
			json_tape_release(&tape);
		}
}

static void an_integer_is_known_by_its_value(void **state)
{
	static const char schema[] = "{\"type\": \"integer\"}";

	(void)state;
	fits(schema, "1");
	fits(schema, "1.0");
	fits(schema, "-0.0");
	fits(schema, "1e2");
	fits(schema, "150e-1");
	fits(schema, "123456789012345678901234567890");
	check(schema, "1.5", ": is a number, but must be an integer");
	check(schema, "15e-2", ": is a number, but must be an integer");
	check(schema, "\"1\"", ": is a string, but must be an integer");
}

static void null_for_what_may_be_left_out_is_told_so(void **state)
{
	static const char schema[] = "{\"properties\": {\"a\": {\"type\": \"string\"}, \"b\": "
				     "{\"type\": \"string\"}}, \"required\": [\"b\"]}";

	(void)state;
	check(schema, "{\"a\": null, \"b\": null}",
		"/a: is null, but must be a string, or be left out\n"
		"/b: is null, but must be a string");
	check("{\"items\": {\"type\": \"string\"}}", "[null]", "/0: is null, but must be a string");
}

static void a_type_may_be_a_list(void **state)
{
	static const char schema[] = "{\"type\": [\"integer\", \"null\", \"string\"]}";

	(void)state;
	fits(schema, "1");
	fits(schema, "null");
	fits(schema, "\"\"");
	check(schema, "1.5", ": is a number, but must be null or an integer or a string");
	check(schema, "[]", ": is an array, but must be null or an integer or a string");
	check("{\"type\": [\"integer\", \"number\"]}", "true",
		": is a boolean, but must be a number");
}

static void required_members_must_be_there(void **state)
{
	static const char schema[] =
		"{\"required\": [\"a\", \"z\", \"b\"], \"properties\": {\"b\": {}, "
		"\"a\": {}, \"c\": {}}}";

	(void)state;
	fits(schema, "{\"a\": 1, \"b\": null, \"z\": 2}");
	check(schema, "{\"c\": 1, \"q\": 1}", "/b: is required\n/a: is required\n/z: is required");
	check(schema, "{\"a\": 1, \"b\": 1}", "/z: is required");
	fits(schema, "[]");
}

static void members_are_checked_each_by_its_schema(void **state)
{
	check("{\"properties\": {\"a\": {\"type\": \"string\"}, \"b\": {\"properties\": "
	      "{\"c/d\": {\"type\": \"null\"}, \"~\": {\"type\": \"null\"}}}}}",
		"{\"b\": {\"~\": 2, \"c\\/d\": 1}, \"a\": 1, \"x\": 1}",
		"/b/~0: is a number, but must be null\n/b/c~1d: is a number, but must be null\n"
		"/a: is a number, but must be a string");
	(void)state;
}

static void more_members_are_allowed_unless_the_schema_is_closed(void **state)
{
	(void)state;
	fits("{\"properties\": {\"a\": {}}}", "{\"b\": 1}");
	fits("{\"properties\": {\"a\": {}}, \"additionalProperties\": true}", "{\"b\": 1}");
	check("{\"properties\": {\"a\": {}, \"c\": {}}, \"additionalProperties\": false}",
		"{\"b\": 1}", "/b: is not a member of this object; it takes a, c");
	check("{\"additionalProperties\": {\"type\": \"string\"}, \"properties\": {\"a\": {}}}",
		"{\"a\": 1, \"b\": 1, \"c\": \"\"}", "/b: is a number, but must be a string");
}

static void inputs_are_closed_at_the_top_and_open_below(void **state)
{
	struct schema *schema =
		compile("{\"properties\": {\"desk\": {}, \"subject\": {\"properties\": {}}}}",
			SCHEMA_CLOSED);
	struct json_tape tape = tape_of("{\"x\": 1, \"subject\": {\"y\": 1}}");
	struct problems problems;

	(void)state;
	problems_init(&problems);
	assert_int_equal(schema_check(schema, &tape, 0, &problems), -1);
	assert_int_equal(problems.errors, 1);
	assert_string_equal(problems.items[0].place, "/x");
	assert_string_equal(
		problems.items[0].text, "is not an input of this action; it takes desk, subject");
	problems_release(&problems);
	json_tape_release(&tape);
	schema_free(schema);
}

static void inputs_may_be_opened(void **state)
{
	struct schema *schema = compile("{\"additionalProperties\": true}", SCHEMA_CLOSED);
	struct json_tape tape = tape_of("{\"x\": 1}");
	struct problems problems;

	(void)state;
	problems_init(&problems);
	assert_int_equal(schema_check(schema, &tape, 0, &problems), 0);
	problems_release(&problems);
	json_tape_release(&tape);
	schema_free(schema);
}

static void elements_are_checked_each(void **state)
{
	(void)state;
	check("{\"items\": {\"items\": {\"type\": \"integer\"}}}", "[[1, 2], [3, \"x\"], [null]]",
		"/1/1: is a string, but must be an integer\n/2/0: is null, but must be an integer");
	check("{\"items\": false}", "[1]", "/0: may not be given");
	fits("{\"items\": false}", "[]");
}

static void a_schema_may_be_true_or_false(void **state)
{
	(void)state;
	fits("{\"properties\": {\"a\": true}}", "{\"a\": [1]}");
	check("{\"properties\": {\"a\": false}}", "{\"a\": [1]}", "/a: may not be given");
}

static void enum_compares_by_json_value(void **state)
{
	static const char schema[] =
		"{\"enum\": [1, \"a\\u00fc\", null, [1, 2], {\"a\": 1, \"b\": 2.50}]}";

	(void)state;
	fits(schema, "1.0");
	fits(schema, "10e-1");
	fits(schema, "\"aü\"");
	fits(schema, "\"\\u0061ü\"");
	fits(schema, "null");
	fits(schema, "[1.0,2]");
	fits(schema, "{\"b\": 25e-1, \"a\": 1}");
	check(schema, "\"1\"",
		": must be one of 1, \"a\\u00fc\", null, [1, 2], {\"a\": 1, \"b\": 2.50}");
	check("{\"enum\": [\"low\", \"high\"]}", "\"High\"", ": must be one of \"low\", \"high\"");
	check("{\"enum\": [true]}", "false", ": must be one of true");
	check("{\"enum\": [[1, 2]]}", "[2, 1]", ": must be one of [1, 2]");
	check("{\"enum\": [{\"a\": 1}]}", "{\"a\": 1, \"b\": 1}", ": must be one of {\"a\": 1}");
	check("{\"enum\": [0]}", "false", ": must be one of 0");
}

static void digits_beyond_a_double_count(void **state)
{
	(void)state;
	check("{\"const\": 18446744073709551617}", "18446744073709551616",
		": must be 18446744073709551617");
	check("{\"maximum\": 18446744073709551616}", "18446744073709551617",
		": 18446744073709551617 is more than 18446744073709551616");
}

static void const_is_one_value(void **state)
{
	(void)state;
	fits("{\"const\": {\"a\": [1]}}", "{\"a\": [1.0]}");
	check("{\"const\": \"x\"}", "\"y\"", ": must be \"x\"");
	check("{\"const\": \"x\", \"enum\": [\"y\"]}", "\"y\"", ": must be \"x\"");
}

static void numbers_have_bounds(void **state)
{
	(void)state;
	fits("{\"minimum\": 1, \"maximum\": 4}", "1");
	fits("{\"minimum\": 1, \"maximum\": 4}", "4.0");
	check("{\"minimum\": 1, \"maximum\": 4}", "9", ": 9 is more than 4");
	check("{\"minimum\": 1, \"maximum\": 4}", "0.5", ": 0.5 is less than 1");
	check("{\"exclusiveMinimum\": 1}", "1", ": 1 is not more than 1");
	fits("{\"exclusiveMinimum\": 1}", "1.0000000000000000000001");
	check("{\"exclusiveMaximum\": -1}", "-1.0", ": -1.0 is not less than -1");
	fits("{\"exclusiveMaximum\": -1}", "-1.0000000000000000000001");
	fits("{\"minimum\": 1}", "\"a\"");
}

static void multiples_are_exact(void **state)
{
	(void)state;
	fits("{\"multipleOf\": 0.01}", "19.99");
	fits("{\"multipleOf\": 0.1}", "0.3");
	check("{\"multipleOf\": 0.01}", "19.999", ": 19.999 is not a multiple of 0.01");
	fits("{\"multipleOf\": 2}", "0");
	fits("{\"multipleOf\": 2}", "-4");
	check("{\"multipleOf\": 2}", "9007199254740993",
		": 9007199254740993 is not a multiple of 2");
}

static void a_long_number_is_cut_in_the_sentence(void **state)
{
	char number[300], line[400];

	(void)state;
	memset(number, '9', 200);
	number[200] = '\0';
	snprintf(line, sizeof(line), ": %.40s… is more than 4", number);
	check("{\"maximum\": 4}", number, line);
}

static void a_length_counts_characters(void **state)
{
	(void)state;
	fits("{\"minLength\": 2, \"maxLength\": 2}", "\"üé\"");
	fits("{\"minLength\": 2, \"maxLength\": 2}", "\"\\ud83d\\ude00\\u00fc\"");
	fits("{\"minLength\": 2.0}", "\"ab\"");
	check("{\"minLength\": 2}", "\"ü\"", ": is 1 character long, but must be at least 2");
	check("{\"maxLength\": 2}", "\"abc\"", ": is 3 characters long, but must be at most 2");
	fits("{\"minLength\": 2}", "1");
}

static void a_pattern_is_looked_for_in_strings_alone(void **state)
{
	static const char schema[] = "{\"pattern\": \"^[A-Z]{2}-\\\\d+$\"}";

	(void)state;
	fits(schema, "\"AB-12\"");
	fits(schema, "\"\\u0041B-1\"");
	fits(schema, "7");
	fits(schema, "[\"x\"]");
	fits(schema, "null");
	check(schema, "\"ab-12\"", ": does not match the pattern ^[A-Z]{2}-\\d+$");
	check(schema, "\"AB-12\\n\"", ": does not match the pattern ^[A-Z]{2}-\\d+$");
	check("{\"pattern\": \"\\u00e9\\\\u0000\"}", "\"e\"",
		": does not match the pattern \u00e9\\u0000");
	fits("{\"pattern\": \"\\u00e9\\\\u0000\"}", "\"-\\u00e9\\u0000-\"");
}

static void a_pattern_says_its_own_beside_the_lengths(void **state)
{
	(void)state;
	check("{\"properties\": {\"a/b\": {\"items\": {\"pattern\": \"^a\", \"maxLength\": 2}}}}",
		"{\"a/b\": [\"a\", \"bcd\", \"b\\u0063\"]}",
		"/a~1b/1: is 3 characters long, but must be at most 2\n"
		"/a~1b/1: does not match the pattern ^a\n"
		"/a~1b/2: does not match the pattern ^a");
}

static void a_long_pattern_is_cut_in_the_sentence(void **state)
{
	char schema[400] = "{\"pattern\": \"", lines[400] = ": does not match the pattern ";

	(void)state;
	for (int i = 0; i < 100; i++) {
		strcat(schema, "\u00fc");
		strcat(lines, "\u00fc");
	}
	strcat(lines, "\u2026");
	strcat(schema, "a\"}");
	check(schema, "\"\"", lines);
}

static void a_search_that_is_too_much_is_a_problem_of_the_input(void **state)
{
	static const char schema[] = "{\"items\": {\"pattern\": \"^(a+)+$\"}, \"maxItems\": 3}";

	(void)state;
	fits(schema, "[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", \"a\"]");
	check(schema, "[\"a\", \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\", \"a\", 4]",
		": has 4 elements, but must have at most 3\n"
		"/1: takes too much work to hold against the pattern ^(a+)+$: give a shorter text\n"
		"/2: takes too much work to hold against the pattern ^(a+)+$: give a shorter text");
}

static void arrays_have_lengths(void **state)
{
	(void)state;
	fits("{\"minItems\": 1, \"maxItems\": 2}", "[1]");
	check("{\"minItems\": 1}", "[]", ": has 0 elements, but must have at least 1");
	check("{\"maxItems\": 1}", "[1, 2]", ": has 2 elements, but must have at most 1");
}

static void all_that_is_wrong_is_told(void **state)
{
	(void)state;
	check("{\"properties\": {\"a\": {\"type\": \"integer\", \"minimum\": 5, \"multipleOf\": 2, "
	      "\"enum\": [6]}, \"b\": {}}, \"required\": [\"b\"], \"additionalProperties\": false}",
		"{\"a\": 3, \"c\": 1}",
		"/a: must be one of 6\n/a: 3 is less than 5\n/a: 3 is not a multiple of 2\n"
		"/c: is not a member of this object; it takes a, b\n/b: is required");
}

static void after_64_problems_it_looks_no_further(void **state)
{
	struct schema *schema = compile("{\"items\": {\"type\": \"string\"}}", 0);
	struct json_tape tape;
	struct problems problems;
	char text[1000] = "[0";

	(void)state;
	for (int i = 0; i < 200; i++)
		strcat(text, ",0");
	strcat(text, "]");
	tape = tape_of(text);
	problems_init(&problems);
	assert_int_equal(schema_check(schema, &tape, 0, &problems), -1);
	assert_int_equal(problems.count, PROBLEMS_MAX);
	assert_int_equal(problems.errors, PROBLEMS_MAX);
	assert_int_equal(schema_check(schema, &tape, 0, &problems), -1);
	assert_int_equal(problems.errors, PROBLEMS_MAX);
	problems_release(&problems);
	json_tape_release(&tape);
	schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_schema_allows_anything),
		cmocka_unit_test(a_type_is_one_of_seven),
		cmocka_unit_test(an_integer_is_known_by_its_value),
		cmocka_unit_test(null_for_what_may_be_left_out_is_told_so),
		cmocka_unit_test(a_type_may_be_a_list),
		cmocka_unit_test(required_members_must_be_there),
		cmocka_unit_test(members_are_checked_each_by_its_schema),
		cmocka_unit_test(more_members_are_allowed_unless_the_schema_is_closed),
		cmocka_unit_test(inputs_are_closed_at_the_top_and_open_below),
		cmocka_unit_test(inputs_may_be_opened),
		cmocka_unit_test(elements_are_checked_each),
		cmocka_unit_test(a_schema_may_be_true_or_false),
		cmocka_unit_test(enum_compares_by_json_value),
		cmocka_unit_test(digits_beyond_a_double_count),
		cmocka_unit_test(const_is_one_value),
		cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(multiples_are_exact),
		cmocka_unit_test(a_long_number_is_cut_in_the_sentence),
		cmocka_unit_test(a_length_counts_characters),
		cmocka_unit_test(a_pattern_is_looked_for_in_strings_alone),
		cmocka_unit_test(a_pattern_says_its_own_beside_the_lengths),
		cmocka_unit_test(a_long_pattern_is_cut_in_the_sentence),
		cmocka_unit_test(a_search_that_is_too_much_is_a_problem_of_the_input),
		cmocka_unit_test(arrays_have_lengths),
		cmocka_unit_test(all_that_is_wrong_is_told),
		cmocka_unit_test(after_64_problems_it_looks_no_further),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
