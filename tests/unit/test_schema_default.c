/* SPDX-License-Identifier: MIT */
/* JSON Schema: defaults, and what a schema says of a placeholder. */
#include "unit.h"

#include <stdio.h>

#include "bellhop/bug.h"
#include "bellhop/schema.h"
#include "tape.h"

static struct schema *compile(const char *text)
{
	struct json_tape tape = tape_of(text);
	struct problems problems;
	struct schema *schema;

	problems_init(&problems);
	schema = schema_compile(&tape, 0, SCHEMA_CLOSED, "inputs", &problems);
	if (problems.count > 0)
		fail_msg("%s: %s: %s", text, problems.items[0].place, problems.items[0].text);
	problems_release(&problems);
	json_tape_release(&tape);
	return schema;
}

static void fill(const char *schema_text, const char *value, const char *filled)
{
	struct schema *schema = compile(schema_text);
	struct json_tape tape = tape_of(value);
	struct buf out;

	buf_init(&out, 10000);
	schema_fill(schema, &tape, 0, &out);
	assert_string_equal(out.data, filled);
	assert_int_equal(schema_lacks_defaults(schema, &tape, 0), strcmp(value, filled) != 0);
	buf_release(&out);
	json_tape_release(&tape);
	schema_free(schema);
}

static void absent_members_get_their_defaults(void **state)
{
	static const char schema[] = "{\"properties\": {\"a\": {\"default\": 3}, \"b\": {}, "
				     "\"c\\\"d\": {\"default\": {\"x\": [1.50, \"\\u00fc\"]}}}}";

	(void)state;
	fill(schema, "{}", "{\"a\":3,\"c\\\"d\":{\"x\": [1.50, \"\\u00fc\"]}}");
	fill(schema, "{\"b\": 1}", "{\"b\":1,\"a\":3,\"c\\\"d\":{\"x\": [1.50, \"\\u00fc\"]}}");
	fill(schema, "{\"a\":null,\"c\\u0022d\":1}", "{\"a\":null,\"c\\u0022d\":1}");
	fill(schema, "{\"a\":4,\"c\\\"d\":5,\"b\":6}", "{\"a\":4,\"c\\\"d\":5,\"b\":6}");
}

static void defaults_are_filled_at_every_depth_that_is_there(void **state)
{
	static const char schema[] =
		"{\"properties\": {\"o\": {\"properties\": {\"a\": {\"default\": 1}}}, "
		"\"l\": {\"items\": {\"properties\": {\"a\": {\"default\": 2}}}}}, "
		"\"additionalProperties\": {\"properties\": {\"a\": {\"default\": 3}}}}";

	(void)state;
	fill(schema, "{}", "{}");
	fill(schema, "{\"o\":{}}", "{\"o\":{\"a\":1}}");
	fill(schema, "{\"l\":[{},{\"a\":0},5]}", "{\"l\":[{\"a\":2},{\"a\":0},5]}");
	fill(schema, "{\"z\":{}}", "{\"z\":{\"a\":3}}");
	fill(schema, "{\"o\":7,\"l\":{\"a\":1}}", "{\"o\":7,\"l\":{\"a\":1}}");
	fill(schema, "{\"o\":{\"a\":1},\"l\":[]}", "{\"o\":{\"a\":1},\"l\":[]}");
}

static void a_default_gets_the_defaults_inside_it(void **state)
{
	fill("{\"properties\": {\"o\": {\"default\": {\"b\": 1}, \"required\": [\"a\"], "
	     "\"properties\": {\"a\": {\"default\": 2}}}}}",
		"{}", "{\"o\":{\"b\":1,\"a\":2}}");
	(void)state;
}

static void what_lacks_nothing_is_left_as_it_is(void **state)
{
	struct schema *schema = compile("{\"properties\": {\"a\": {}}}");
	struct json_tape tape = tape_of("{}");

	(void)state;
	assert_false(schema_lacks_defaults(schema, &tape, 0));
	json_tape_release(&tape);
	schema_free(schema);
}

/* Such a schema has one warning, and fills nothing in. */
static void is_not_filled_in(const char *text, const char *why)
{
	struct json_tape tape = tape_of(text), empty = tape_of("{}");
	struct problems problems;
	struct schema *schema;
	char line[200];

	problems_init(&problems);
	schema = schema_compile(&tape, 0, SCHEMA_CLOSED, "inputs", &problems);
	snprintf(
		line, sizeof(line), "does not fit its own schema, so it is not filled in: %s", why);
	assert_int_equal(problems.count, 1);
	assert_int_equal(problems.errors, 0);
	assert_string_equal(problems.items[0].place, "inputs.properties.a.default");
	assert_string_equal(problems.items[0].text, line);
	assert_true(schema_lacks_defaults(schema, &empty, 0) == false);
	assert_int_equal(schema_check(schema, &empty, 0, &problems), 0);
	schema_free(schema);
	problems_release(&problems);
	json_tape_release(&empty);
	json_tape_release(&tape);
}

/* JSON Schema takes any default; what would be no input at all is never sent. */
static void a_default_that_does_not_fit_its_own_schema_is_an_annotation(void **state)
{
	(void)state;
	is_not_filled_in(
		"{\"properties\": {\"a\": {\"default\": 9, \"maximum\": 4}}}", "9 is more than 4");
	is_not_filled_in("{\"properties\": {\"a\": {\"type\": \"integer\", \"default\": []}}}",
		"is an array, but must be an integer");
	is_not_filled_in("{\"properties\": {\"a\": {\"default\": {\"b\": 1}, \"properties\": "
			 "{\"b\": {\"type\": \"string\"}}}}}",
		"/b: is a number, but must be a string");
	is_not_filled_in("{\"properties\": {\"a\": {\"default\": \"ab\", \"pattern\": \"^.$\"}}}",
		"does not match the pattern ^.$");
	is_not_filled_in(
		"{\"properties\": {\"a\": {\"default\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\", "
		"\"pattern\": \"^(a+)+$\"}}}",
		"takes too much work to hold against the pattern ^(a+)+$: give a shorter text");
	is_not_filled_in("{\"properties\": {\"a\": {\"default\": {}, \"required\": [\"b\"]}}}",
		"/b: is required");
}

/* Each level doubles: 2^30 values from a text of 2 kB. */
static void defaults_that_multiply_are_refused(void **state)
{
	char text[4000] = "{\"properties\": {\"a\": ";
	struct json_tape tape;
	struct problems problems;

	(void)state;
	for (int i = 0; i < 15; i++)
		strcat(text, "{\"default\": [{}, {}], \"items\": {\"properties\": {\"a\": ");
	strcat(text, "{\"default\": 1234567890}");
	for (int i = 0; i < 15; i++)
		strcat(text, "}}}");
	strcat(text, "}}");
	tape = tape_of(text);
	problems_init(&problems);
	schema_free(schema_compile(&tape, 0, SCHEMA_CLOSED, "inputs", &problems));
	assert_true(problems.errors > 0);
	assert_non_null(strstr(problems.items[0].text, "256 KiB"));
	problems_release(&problems);
	json_tape_release(&tape);
}

static void filling_stops_at_the_maximum_of_the_buffer(void **state)
{
	struct schema *schema = compile("{\"properties\": {\"l\": {\"items\": {\"properties\": "
					"{\"a\": {\"default\": 1}}}}}}");
	struct json_tape tape = tape_of("{\"l\": [{}, {}, {}, {}]}");
	struct buf out;

	(void)state;
	buf_init(&out, 20);
	schema_fill(schema, &tape, 0, &out);
	assert_true(out.overflowed);
	assert_in_range(out.len, 0, 20);
	buf_release(&out);
	json_tape_release(&tape);
	schema_free(schema);
}

/* declared, optional, scalar, compound as letters: "dosc", "-" for each that is not. */
static void find(const char *schema_text, const char *path, const char *letters)
{
	struct schema *schema = compile(schema_text);
	struct schema_place place;
	const char *segments[8];
	char copy[100], shown[5], *from = copy;
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	while (from != NULL)
		segments[count++] = strsep(&from, ".");
	schema_find(schema, segments, count, &place);
	snprintf(shown, sizeof(shown), "%c%c%c%c", place.declared ? 'd' : '-',
		place.optional ? 'o' : '-', place.scalar ? 's' : '-', place.compound ? 'c' : '-');
	if (strcmp(shown, letters) != 0)
		fail_msg("%s: %s, not %s", path, shown, letters);
	schema_free(schema);
}

static void a_placeholder_is_optional_where_any_part_of_its_path_is(void **state)
{
	static const char schema[] =
		"{\"required\": [\"r\"], \"properties\": {"
		"\"r\": {\"type\": \"object\", \"required\": [\"r\"], \"properties\": "
		"{\"r\": {\"type\": \"string\"}, \"o\": {\"type\": \"string\"}, "
		"\"d\": {\"type\": \"string\", \"default\": \"\"}}}, "
		"\"o\": {\"type\": \"object\", \"required\": [\"r\"], \"properties\": "
		"{\"r\": {\"type\": \"string\"}}}, "
		"\"n\": {\"type\": [\"object\", \"null\"], \"default\": null, \"required\": "
		"[\"r\"], "
		"\"properties\": {\"r\": {\"type\": \"string\"}}}, "
		"\"d\": {\"type\": \"integer\", \"default\": 3}}}";

	(void)state;
	find(schema, "r", "d--c");
	find(schema, "r.r", "d-s-");
	find(schema, "r.o", "dos-");
	find(schema, "r.d", "d-s-");
	find(schema, "o", "do-c");
	find(schema, "o.r", "dos-");
	find(schema, "n.r", "dos-");
	find(schema, "d", "d-s-");
}

static void a_placeholder_needs_its_whole_path_declared(void **state)
{
	static const char schema[] =
		"{\"properties\": {\"a\": {}, \"b\": {\"properties\": {\"c\": "
		"true}}}, \"additionalProperties\": {\"properties\": {\"e\": {}}}}";

	(void)state;
	find(schema, "x", "----");
	find(schema, "x.e", "----");
	find(schema, "a.x", "----");
	find(schema, "b.x", "----");
	find(schema, "b.c.x", "----");
	find(schema, "b.c", "dosc");
	find(schema, "a.0", "----");
}

static void digits_name_an_element_of_an_array(void **state)
{
	static const char schema[] =
		"{\"required\": [\"l\", \"m\", \"p\"], \"properties\": {"
		"\"l\": {\"type\": \"array\", \"minItems\": 2, \"items\": {\"type\": \"string\"}}, "
		"\"m\": {\"items\": {\"required\": [\"id\"], \"properties\": {\"id\": {}}}}, "
		"\"p\": {\"type\": \"array\"}, \"s\": {\"type\": \"string\", \"items\": {}}}}";

	(void)state;
	find(schema, "l.0", "d-s-");
	find(schema, "l.1", "d-s-");
	find(schema, "l.2", "dos-");
	find(schema, "l.01", "----");
	find(schema, "l.x", "----");
	find(schema, "m.0.id", "dosc");
	find(schema, "m.0.x", "----");
	find(schema, "p.0", "dosc");
	find(schema, "p.0.x", "----");
	find(schema, "s.0", "----");
}

static void enum_and_const_say_what_a_placeholder_may_be(void **state)
{
	static const char schema[] =
		"{\"properties\": {\"e\": {\"enum\": [\"a\", 1]}, "
		"\"c\": {\"const\": [1]}, \"n\": {\"enum\": [1.5, 2], \"type\": "
		"\"integer\"}, \"m\": {\"enum\": [null, {}]}}}";

	(void)state;
	find(schema, "e", "dos-");
	find(schema, "c", "do-c");
	find(schema, "n", "dos-");
	find(schema, "m", "dosc");
}

static void the_schema_of_names_takes_just_those(void **state)
{
	static const char *const names[] = {"desk", "a"};
	struct schema *schema = schema_of_names(names, 2);
	struct json_tape tape = tape_of("{\"a\": [1], \"b\": 1}");
	struct problems problems;
	const char *const *got;
	size_t count;

	(void)state;
	got = schema_names(schema, &count);
	assert_int_equal(count, 2);
	assert_string_equal(got[0], "desk");
	assert_string_equal(got[1], "a");
	problems_init(&problems);
	assert_int_equal(schema_check(schema, &tape, 0, &problems), -1);
	assert_int_equal(problems.errors, 2);
	assert_string_equal(problems.items[0].place, "/b");
	assert_string_equal(
		problems.items[0].text, "is not an input of this action; it takes desk, a");
	assert_string_equal(problems.items[1].place, "/desk");
	assert_string_equal(problems.items[1].text, "is required");
	problems_release(&problems);
	json_tape_release(&tape);
	schema_free(schema);
}

static void a_schema_of_no_names_takes_none(void **state)
{
	struct schema *schema = schema_of_names(NULL, 0);
	struct json_tape tape = tape_of("{\"b\": 1}");
	struct problems problems;
	size_t count;

	(void)state;
	(void)schema_names(schema, &count);
	assert_int_equal(count, 0);
	problems_init(&problems);
	assert_int_equal(schema_check(schema, &tape, 0, &problems), -1);
	assert_string_equal(
		problems.items[0].text, "is not an input of this action; it takes none");
	problems_release(&problems);
	json_tape_release(&tape);
	schema_free(schema);
}

static void names_come_in_the_order_they_were_written(void **state)
{
	struct schema *schema = compile("{\"properties\": {\"zz\": {}, \"a\": {}, \"m\": {}}}");
	const char *const *names;
	size_t count;

	(void)state;
	names = schema_names(schema, &count);
	assert_int_equal(count, 3);
	assert_string_equal(names[0], "zz");
	assert_string_equal(names[1], "a");
	assert_string_equal(names[2], "m");
	schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_members_get_their_defaults),
		cmocka_unit_test(defaults_are_filled_at_every_depth_that_is_there),
		cmocka_unit_test(a_default_gets_the_defaults_inside_it),
		cmocka_unit_test(what_lacks_nothing_is_left_as_it_is),
		cmocka_unit_test(a_default_that_does_not_fit_its_own_schema_is_an_annotation),
		cmocka_unit_test(defaults_that_multiply_are_refused),
		cmocka_unit_test(filling_stops_at_the_maximum_of_the_buffer),
		cmocka_unit_test(a_placeholder_is_optional_where_any_part_of_its_path_is),
		cmocka_unit_test(a_placeholder_needs_its_whole_path_declared),
		cmocka_unit_test(digits_name_an_element_of_an_array),
		cmocka_unit_test(enum_and_const_say_what_a_placeholder_may_be),
		cmocka_unit_test(the_schema_of_names_takes_just_those),
		cmocka_unit_test(a_schema_of_no_names_takes_none),
		cmocka_unit_test(names_come_in_the_order_they_were_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
