/* SPDX-License-Identifier: MIT */
/* Requests: bodies that are JSON in one text, forms and texts. */
#include "request.h"

#include "bellhop/bug.h"

#define POST(more)	 DEFINITION_AROUND("", "\"method\": \"POST\", \"path\": \"/x\", " more)
#define INPUTS(inputs)	 ", \"inputs\": {" inputs "}"
#define OPTIONAL(inputs) INPUTS("\"properties\": {" inputs "}")
#define JSON_TEXT(body)	 POST("\"body\": \"" body "\"")
#define FORM(body)	 POST("\"content_type\": \"application/x-www-form-urlencoded\", \"body\": " body)
#define TEXT(body)	 POST("\"content_type\": \"text/plain; charset=utf-8\", \"body\": \"" body "\"")

/* JSON in one text. */

static void a_bare_placeholder_is_the_value_with_its_own_type(void **state)
{
	static const char definition[] =
		JSON_TEXT("{\\\"v\\\": {{ v }} , \\\"w\\\":[{{v}},{{v}}]}");
	static const char *const values[] = {"1", "19.99", "true", "null", "\"a\\\"b\"", "[]", "{}",
		"[1,{\"x\":null}]", "\"{{v}}\""};
	char inputs[100], body[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(inputs, sizeof(inputs), "{\"v\": %s}", values[i]);
		snprintf(body, sizeof(body), "{\"v\":%s,\"w\":[%s,%s]}", values[i], values[i],
			values[i]);
		expect_body(definition, inputs, body);
	}
}

static void one_text_and_the_tree_it_holds_are_the_same(void **state)
{
	static const char tree[] =
		POST("\"body\": {\"n\": \"{{n}}\", \"s\": \"a {{s}}\", \"q\": [\"{{s}}\", 1.50, "
		     "null, {}, \"\\\\{{s}}\"]}");
	static const char text[] =
		JSON_TEXT(" {\\\"n\\\" : {{n}},\\n \\\"s\\\" : \\\"a {{s}}\\\", \\\"q\\\": "
			  "[\\\"{{s}}\\\", 1.50, null, { }, \\\"\\\\{{s}}\\\"]} ");
	static const char inputs[] = "{\"n\": [1], \"s\": \"x\\\", \\\"y\\n\\u00fc\"}";
	static const char body[] = "{\"n\":[1],\"s\":\"a x\\\", \\\"y\\nü\",\"q\":[\"x\\\", "
				   "\\\"y\\nü\",1.5,null,{},\"{{s}}\"]}";

	(void)state;
	expect_body(tree, inputs, body);
	expect_body(text, inputs, body);
	expect_headers(text, inputs, "Content-Type: application/json");
}

static void one_text_without_placeholders_is_sent_compact(void **state)
{
	(void)state;
	expect_body(
		JSON_TEXT("{\\\"a\\\" : [ 1.50, -0, true ] ,\\n\\\"\\u00fc\\\":\\\"\\\\u0041\\\"}"),
		NULL, "{\"a\":[1.5,-0,true],\"ü\":\"A\"}");
	expect_body(JSON_TEXT("\\\"text\\\""), NULL, "\"text\"");
	expect_body(JSON_TEXT("null"), NULL, "null");
}

static void a_literal_brace_in_one_text_is_written_with_one_backslash_or_two(void **state)
{
	(void)state;
	expect_body(JSON_TEXT("[\\\"\\\\{{a}}\\\"]"), NULL, "[\"{{a}}\"]");
	expect_body(JSON_TEXT("[\\\"\\\\\\\\{{a}}\\\"]"), NULL, "[\"{{a}}\"]");
	expect_body(JSON_TEXT("[\\\"\\\\\\\"{{a}}\\\"]"), "{\"a\": 1}", "[\"\\\"1\"]");
}

static void closing_braces_after_a_placeholder_are_those_of_the_json(void **state)
{
	(void)state;
	expect_body(JSON_TEXT("{\\\"o\\\":{\\\"p\\\":{{a}}}}"), "{\"a\": {\"b\": {}}}",
		"{\"o\":{\"p\":{\"b\":{}}}}");
	expect_body(JSON_TEXT("{{a}}"), "{\"a\": [1]}", "[1]");
}

static void an_absent_optional_input_drops_its_member_of_one_text_too(void **state)
{
	static const char definition[] =
		POST("\"body\": \"{\\\"a\\\": {{a}}, \\\"b\\\": [{{a}}, 1], \\\"c\\\": "
		     "\\\"<{{a}}>\\\"}\"" OPTIONAL("\"a\": {}"));

	(void)state;
	expect_body(definition, NULL, "{\"b\":[1],\"c\":\"<>\"}");
	expect_body(definition, "{\"a\": 0}", "{\"a\":0,\"b\":[0,1],\"c\":\"<0>\"}");
	expect_body(POST("\"body\": \"{{a}}\"" OPTIONAL("\"a\": {}")), NULL, NULL);
}

static void names_in_one_text_stay_as_they_are(void **state)
{
	struct rendered rendered = render(JSON_TEXT("{\\\"{{a}}\\\": {{b}}}"), "{\"b\": 1}");

	(void)state;
	assert_int_equal(rendered.result, 0);
	assert_string_equal(rendered.request.body.data, "{\"{{a}}\":1}");
	rendered_release(&rendered);
}

/* Forms. */

static void a_form_is_percent_encoded_pairs(void **state)
{
	static const char definition[] =
		FORM("{\"a b\": \"{{a}}\", \"\\u00fc&\": \"x={{b}}&\", \"n\": 1.50, \"t\": true, "
		     "\"s\": \"+ \"}");

	(void)state;
	expect_body(definition, "{\"a\": \"1&b=2 +\\u00e9%\", \"b\": false}",
		"a%20b=1%26b%3D2%20%2B%C3%A9%25&%C3%BC%26=x%3Dfalse%26&n=1.5&t=true&s=%2B%20");
	expect_headers(definition, "{\"a\": 1, \"b\": 1}",
		"Content-Type: application/x-www-form-urlencoded");
}

static void an_array_repeats_the_name_in_a_form(void **state)
{
	static const char definition[] = FORM("{\"x\": 1, \"a[]\": \"{{a}}\", \"y\": \"{{b}}\"}");

	(void)state;
	expect_body(definition, "{\"a\": [1, \"&\", true], \"b\": [2]}",
		"x=1&a%5B%5D=1&a%5B%5D=%26&a%5B%5D=true&y=2");
	expect_body(definition, "{\"a\": [], \"b\": \"\"}", "x=1&y=");
	expect_problems(definition, "{\"a\": [1, null, []], \"b\": {}}",
		"/a/1: must be a string, a number or a boolean: it stands in the form\n"
		"/a/2: must be a string, a number or a boolean: it stands in the form\n"
		"/b: must be a string, a number or a boolean: it stands in the form");
	expect_problems(FORM("{\"x\": \"a{{a}}\"}"), "{\"a\": [1]}",
		"/a: must be a string, a number or a boolean: it stands in the form");
}

static void an_absent_optional_input_drops_its_pair(void **state)
{
	static const char definition[] =
		FORM("{\"a\": \"{{a}}\", \"b\": \"x{{a}}\", \"c\": \"{{c}}\", "
		     "\"d\": \"{{a}}{{c}}\"}" INPUTS("\"required\": "
						     "[\"c\"], \"properties\": "
						     "{\"a\": {}, \"c\": {}}"));

	(void)state;
	expect_body(definition, "{\"c\": 1}", "c=1");
	expect_body(definition, "{\"c\": 1, \"a\": null}", "c=1");
	expect_body(definition, "{\"c\": 1, \"a\": \"\"}", "a=&b=x&c=1&d=1");
	expect_problems(definition, "{\"c\": null}", "/c: is required: it stands in the form");
}

static void a_form_without_pairs_is_an_empty_body(void **state)
{
	static const char definition[] = FORM("{\"a\": \"{{a}}\"}" OPTIONAL("\"a\": {}"));

	(void)state;
	expect_body(definition, NULL, "");
	expect_headers(definition, NULL, "Content-Type: application/x-www-form-urlencoded");
	expect_body(FORM("{}"), NULL, "");
}

static void a_value_cannot_make_another_pair(void **state)
{
	(void)state;
	expect_body(FORM("{\"name\": \"{{n}}\", \"role\": \"user\"}"),
		"{\"n\": \"x&role=admin;role=admin\\r\\n\\u0000\"}",
		"name=x%26role%3Dadmin%3Brole%3Dadmin%0D%0A%00&role=user");
}

/* Texts. */

static void a_text_holds_the_text_of_scalars(void **state)
{
	static const char definition[] = TEXT("\\u00fc \\\\{{a}} {{a}}, {{ b.c }};\\n{{d}}");

	(void)state;
	expect_body(definition,
		"{\"a\": \"\\\"<&>\\r\\n{{d}}\", \"b\": {\"c\": 1.50}, \"d\": false}",
		"ü {{a}} \"<&>\r\n{{d}}, 1.5;\nfalse");
	expect_headers(definition, "{\"a\": 1, \"b\": {\"c\": 1}, \"d\": 1}",
		"Content-Type: text/plain; charset=utf-8");
	expect_problems(definition, "{\"a\": [], \"b\": {\"c\": {}}, \"d\": null}",
		"/a: must be a string, a number or a boolean: it stands in the text of the body\n"
		"/b/c: must be a string, a number or a boolean: it stands in the text of the body\n"
		"/d: is required: it stands in the body");
}

static void a_text_may_hold_any_character(void **state)
{
	struct rendered rendered =
		render_well(TEXT("{{a}}!"), "{\"a\": \"\\u0000\\u001b\\u0085\"}");

	(void)state;
	assert_int_equal(rendered.request.body.len, 5);
	assert_memory_equal(rendered.request.body.data, "\0\x1b\xc2\x85!", 5);
	rendered_release(&rendered);
}

static void an_absent_optional_input_leaves_nothing_in_a_text(void **state)
{
	static const char definition[] = TEXT("<{{a}}>\"" OPTIONAL("\"a\": {}") ", \"title\": \"t");

	(void)state;
	expect_body(definition, NULL, "<>");
	expect_body(definition, "{\"a\": null}", "<>");
	expect_body(definition, "{\"a\": \"x\"}", "<x>");
}

static void a_text_that_is_one_placeholder_without_value_is_no_body(void **state)
{
	static const char definition[] = TEXT("{{a}}\"" OPTIONAL("\"a\": {}") ", \"title\": \"t");

	(void)state;
	expect_body(definition, NULL, NULL);
	expect_body(definition, "{\"a\": null}", NULL);
	expect_headers(definition, NULL, "");
	expect_body(definition, "{\"a\": \"\"}", "");
	expect_body(TEXT(""), NULL, "");
}

/* All of them. */

static void every_body_has_a_maximum_of_1_mib(void **state)
{
	static const struct {
		const char *definition;
		size_t around; /* bytes of the body that are not the input's */
	} bodies[] = {
		{JSON_TEXT("[{{a}}]"), 4}, {FORM("{\"a\": \"{{a}}\"}"), 2}, {TEXT("{{a}}!"), 1}};
	char *inputs = malloc(REQUEST_BODY_MAX_BYTES + 100);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		size_t most = REQUEST_BODY_MAX_BYTES - bodies[i].around;
		struct rendered rendered;

		strcpy(inputs, "{\"a\": \"");
		memset(inputs + 7, 'x', most);
		strcpy(inputs + 7 + most, "\"}");
		rendered = render_well(bodies[i].definition, inputs);
		assert_int_equal(rendered.request.body.len, REQUEST_BODY_MAX_BYTES);
		rendered_release(&rendered);
		strcpy(inputs + 7 + most, "x\"}");
		expect_problems(bodies[i].definition, inputs,
			": the inputs would make a body of over 1 MiB");
	}
	free(inputs);
}

static void every_body_is_frozen_and_read_back_byte_for_byte(void **state)
{
	static const char *const definitions[] = {JSON_TEXT("[{{a}}, \\\"- {{a}}\\\"]"),
		FORM("{\"a b\": \"{{a}}\"}"), TEXT("- {{a}}")};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(definitions); i++) {
		struct rendered rendered = render_well(
			definitions[i], "{\"a\": \"\\u0000\\\"\\\\\\u2028\\u00fc \\r\\n\"}");
		struct request again;
		struct json_tape tape;

		request_json(&rendered.request, &rendered.text);
		tape = tape_of(rendered.text.data);
		request_init(&again);
		assert_int_equal(request_read(&again, &tape, 0), 0);
		assert_true(again.has_body);
		assert_int_equal(again.body.len, rendered.request.body.len);
		assert_memory_equal(again.body.data, rendered.request.body.data, again.body.len);
		assert_int_equal(again.headers.len, rendered.request.headers.len);
		assert_memory_equal(
			again.headers.data, rendered.request.headers.data, again.headers.len);
		request_release(&again);
		json_tape_release(&tape);
		rendered_release(&rendered);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_placeholder_is_the_value_with_its_own_type),
		cmocka_unit_test(one_text_and_the_tree_it_holds_are_the_same),
		cmocka_unit_test(one_text_without_placeholders_is_sent_compact),
		cmocka_unit_test(a_literal_brace_in_one_text_is_written_with_one_backslash_or_two),
		cmocka_unit_test(closing_braces_after_a_placeholder_are_those_of_the_json),
		cmocka_unit_test(an_absent_optional_input_drops_its_member_of_one_text_too),
		cmocka_unit_test(names_in_one_text_stay_as_they_are),
		cmocka_unit_test(a_form_is_percent_encoded_pairs),
		cmocka_unit_test(an_array_repeats_the_name_in_a_form),
		cmocka_unit_test(an_absent_optional_input_drops_its_pair),
		cmocka_unit_test(a_form_without_pairs_is_an_empty_body),
		cmocka_unit_test(a_value_cannot_make_another_pair),
		cmocka_unit_test(a_text_holds_the_text_of_scalars),
		cmocka_unit_test(a_text_may_hold_any_character),
		cmocka_unit_test(an_absent_optional_input_leaves_nothing_in_a_text),
		cmocka_unit_test(a_text_that_is_one_placeholder_without_value_is_no_body),
		cmocka_unit_test(every_body_has_a_maximum_of_1_mib),
		cmocka_unit_test(every_body_is_frozen_and_read_back_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
