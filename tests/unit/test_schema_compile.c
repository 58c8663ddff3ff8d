/* SPDX-License-Identifier: MIT */
/* JSON Schema: what is refused when it is compiled. */
#include "unit.h"

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

/* What compiling says, as lines. */
static void refuse(const char *text, const char *lines)
{
	struct json_tape tape = tape_of(text);
	struct problems problems;
	struct schema *schema;
	struct buf shown;

	buf_init(&shown, 100000);
	problems_init(&problems);
	schema = schema_compile(&tape, 0, SCHEMA_CLOSED, "inputs", &problems);
	assert_non_null(schema);
	assert_true(problems.errors > 0);
	show(&problems, &shown);
	assert_string_equal(shown.data, lines);
	schema_free(schema);
	problems_release(&problems);
	json_tape_release(&tape);
	buf_release(&shown);
}

static void annotations_are_allowed(void **state)
{
	struct schema *schema =
		compile("{\"title\": \"t\", \"description\": \"d\", \"examples\": [1], "
			"\"deprecated\": true, "
			"\"readOnly\": false, \"writeOnly\": true, \"format\": \"email\", "
			"\"$comment\": \"c\", \"contentEncoding\": \"base64\", "
			"\"contentMediaType\": \"text/plain\", \"contentSchema\": {\"anyOf\": []}, "
			"\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"}",
			0);

	(void)state;
	schema_free(schema);
}

static void other_keywords_are_refused_by_name(void **state)
{
	(void)state;
	refuse("{\"properties\": {\"a\": {\"anyOf\": [], \"$ref\": \"#\"}}, \"minProperties\": 1}",
		"inputs.minProperties: is no keyword that Bellhop checks\n"
		"inputs.properties.a.anyOf: is no keyword that Bellhop checks\n"
		"inputs.properties.a.$ref: is no keyword that Bellhop checks");
}

static void keywords_of_the_wrong_kind_are_refused(void **state)
{
	(void)state;
	refuse("[]", "inputs: must be an object, not an array");
	refuse("true", "inputs: must be an object, not a boolean");
	refuse("{\"type\": 1}", "inputs.type: must be one of null, boolean, integer, number, "
				"string, array, object");
	refuse("{\"type\": \"text\"}", "inputs.type: must be one of null, boolean, integer, "
				       "number, string, array, object");
	refuse("{\"type\": []}", "inputs.type: names no type");
	refuse("{\"type\": [\"object\", \"object\"]}", "inputs.type.1: names object twice");
	refuse("{\"properties\": []}", "inputs.properties: must be an object, not an array");
	refuse("{\"properties\": {\"a\": 1}}",
		"inputs.properties.a: must be a schema: an object, true or false");
	refuse("{\"required\": \"a\"}", "inputs.required: must be an array, not a string");
	refuse("{\"required\": [1]}", "inputs.required.0: must be a string, not a number");
	refuse("{\"additionalProperties\": 0}",
		"inputs.additionalProperties: must be true, false or a schema");
	refuse("{\"properties\": {\"a\": {\"items\": [{}]}}}",
		"inputs.properties.a.items: must be a schema: an object, true or false");
	refuse("{\"properties\": {\"a\": {\"enum\": 1, \"minimum\": \"1\", \"minLength\": -1, "
	       "\"maxItems\": 1.5, \"multipleOf\": 0, \"title\": 1, \"deprecated\": 1}}}",
		"inputs.properties.a.enum: must be an array, not a number\n"
		"inputs.properties.a.minimum: must be a number, not a string\n"
		"inputs.properties.a.multipleOf: must be greater than 0, with at most 18 digits\n"
		"inputs.properties.a.minLength: must be an integer, at least 0\n"
		"inputs.properties.a.maxItems: must be an integer, at least 0\n"
		"inputs.properties.a.title: must be a string, not a number\n"
		"inputs.properties.a.deprecated: must be true or false");
	refuse("{\"properties\": {\"a\": {\"enum\": []}}}",
		"inputs.properties.a.enum: allows no value");
}

static void what_is_no_pattern_is_refused_with_its_place(void **state)
{
	(void)state;
	refuse("{\"properties\": {\"a b\": {\"pattern\": \"(a\"}, \"c\": {\"items\": {\"pattern\": "
	       "\"^\\\\d+\\\\Z\"}}, \"d\": {\"pattern\": 1}}}",
		"inputs.properties.\"a b\".pattern: is no pattern: missing closing parenthesis\n"
		"inputs.properties.c.items.pattern: has \\Z at character 5, which is no escape of "
		"ECMA-262\n"
		"inputs.properties.d.pattern: must be a string, not a number");
}

/* What is said of a schema of `count` properties, each with that pattern. */
static void refuse_patterns(int count, const char *pattern, struct problems *problems)
{
	struct json_tape tape;
	struct buf text;

	buf_init(&text, 1000000);
	for (int i = 0; i < count; i++)
		buf_printf(&text, "%s\"%d\": {\"pattern\": \"%s\"}",
			i == 0 ? "{\"properties\": {" : ", ", i, pattern);
	buf_add_string(&text, "}}");
	tape = tape_of(text.data);
	problems_init(problems);
	schema_free(schema_compile(&tape, 0, 0, "inputs", problems));
	assert_true(problems->errors > 0);
	json_tape_release(&tape);
	buf_release(&text);
}

static void the_patterns_of_a_schema_are_bounded_together(void **state)
{
	struct problems problems;

	(void)state;
	refuse_patterns(20, "(?:(?:ab){99}){9}", &problems);
	assert_in_range(problems.errors, 10, 19);
	assert_string_equal(problems.items[0].text,
		"is too much: the patterns of all inputs, compiled, may take 128 KiB together");
	problems_release(&problems);
}

/* After that many problems nothing more is compiled: it could take long. */
static void a_thousand_bad_patterns_are_64_problems(void **state)
{
	struct problems problems;

	(void)state;
	refuse_patterns(1000, "(?:(?:(?:ab){99}){99}){99}", &problems);
	assert_int_equal(problems.errors, PROBLEMS_MAX);
	problems_release(&problems);
}

static void inputs_are_an_object(void **state)
{
	(void)state;
	refuse("{\"type\": \"array\"}",
		"inputs.type: must be object: the inputs of an action are one");
	schema_free(compile("{\"type\": [\"null\", \"object\"]}", SCHEMA_CLOSED));
}

static void required_names_are_declared_and_said_once(void **state)
{
	(void)state;
	refuse("{\"properties\": {\"a\": {}}, \"required\": [\"a\", \"b\"]}",
		"inputs.required.1: names b, which is not among the properties");
	refuse("{\"properties\": {\"a\": {}}, \"required\": [\"a\", \"a\"]}",
		"inputs.required.1: names a twice");
	refuse("{\"additionalProperties\": true, \"required\": [\"b\", \"c\", \"b\"]}",
		"inputs.required: names b twice");
}

static void a_property_name_holds_no_nul(void **state)
{
	(void)state;
	refuse("{\"properties\": {\"a\\u0000b\": {}}}",
		"inputs.properties.\"a\\u0000b\": may not hold U+0000 in its name");
}

static void schemas_are_nested_32_deep_at_most(void **state)
{
	char text[2000] = "{\"properties\": {\"a\": ";

	(void)state;
	for (int i = 0; i < 30; i++)
		strcat(text, "{\"items\": ");
	strcat(text, "{}");
	for (int i = 0; i < 30; i++)
		strcat(text, "}");
	strcat(text, "}}");
	schema_free(compile(text, 0));
	text[0] = '\0';
	for (int i = 0; i < 32; i++)
		strcat(text, "{\"items\": ");
	strcat(text, "{}");
	for (int i = 0; i < 32; i++)
		strcat(text, "}");
	{
		struct json_tape tape = tape_of(text);
		struct problems problems;

		problems_init(&problems);
		schema_free(schema_compile(&tape, 0, 0, "", &problems));
		assert_int_equal(problems.errors, 1);
		assert_string_equal(problems.items[0].text, "is nested over 32 schemas deep");
		problems_release(&problems);
		json_tape_release(&tape);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(annotations_are_allowed),
		cmocka_unit_test(other_keywords_are_refused_by_name),
		cmocka_unit_test(keywords_of_the_wrong_kind_are_refused),
		cmocka_unit_test(what_is_no_pattern_is_refused_with_its_place),
		cmocka_unit_test(the_patterns_of_a_schema_are_bounded_together),
		cmocka_unit_test(a_thousand_bad_patterns_are_64_problems),
		cmocka_unit_test(inputs_are_an_object),
		cmocka_unit_test(required_names_are_declared_and_said_once),
		cmocka_unit_test(a_property_name_holds_no_nul),
		cmocka_unit_test(schemas_are_nested_32_deep_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
