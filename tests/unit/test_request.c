/* SPDX-License-Identifier: MIT */
/* Requests: headers, bodies, defaults, and what is said of inputs that do not fit. */
#include "request.h"

#include "bellhop/bug.h"

#define GET(headers) \
	DEFINITION_AROUND("", "\"method\": \"GET\", \"path\": \"/x\", \"headers\": {" headers "}")
#define POST(body) DEFINITION_AROUND("", "\"method\": \"POST\", \"path\": \"/x\", \"body\": " body)
#define TYPED(body, schema)                                                             \
	DEFINITION_AROUND("", "\"method\": \"POST\", \"path\": \"/x\", \"body\": " body \
			      ", \"inputs\": {" schema "}")

static void headers_of_both_are_merged(void **state)
{
	expect_headers(
		DEFINITION_AROUND(
			"\"headers\": {\"X-A\": \"1\", \"X-B\": \"2\", \"X-C\": \"{{c}}\"}, ",
			"\"method\": \"POST\", \"path\": \"/x\", \"headers\": {\"x-b\": \"own "
			"{{b}}\", "
			"\"X-D\": \"4\"}, \"body\": {}, \"idempotency\": \"key\", "
			"\"content_type\": "
			"\"application/vnd.api+json\""),
		"{\"b\": true, \"c\": \"\\u00fc {{b}}\"}",
		"x-b: own true\nX-D: 4\nX-A: 1\nX-C: ü {{b}}\nContent-Type: "
		"application/vnd.api+json\n"
		"Idempotency-Key: " REQUEST_TEST_KEY);
	(void)state;
}

static void without_a_body_there_is_no_content_type(void **state)
{
	(void)state;
	expect_headers(DEFINITION_AROUND("", "\"method\": \"POST\", \"path\": \"/x\""), NULL, "");
	expect_body(DEFINITION_AROUND("", "\"method\": \"POST\", \"path\": \"/x\""), NULL, NULL);
	expect_headers(POST("{}"), NULL, "Content-Type: application/json");
}

static void an_absent_optional_input_drops_its_header(void **state)
{
	static const char definition[] =
		DEFINITION_AROUND("", "\"method\": \"GET\", \"path\": \"/x\", \"headers\": "
				      "{\"X-A\": \"1 {{a}}\", \"X-B\": "
				      "\"{{b}}\"}, \"inputs\": {\"required\": [\"b\"], "
				      "\"properties\": {\"a\": {}, \"b\": {}}}");

	(void)state;
	expect_headers(definition, "{\"b\": 1}", "X-B: 1");
	expect_headers(definition, "{\"b\": 1, \"a\": null}", "X-B: 1");
	expect_headers(definition, "{\"b\": 1, \"a\": \"\"}", "X-A: 1 \nX-B: 1");
	expect_problems(definition, "{\"b\": null}", "/b: is required: it stands in a header");
}

static void a_value_cannot_make_another_header(void **state)
{
	static const char *const controls[] = {
		"\\r\\n", "\\n", "\\r", "\\u0000", "\\u001b", "\\u007f", "\\u0085"};
	char inputs[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		snprintf(inputs, sizeof(inputs), "{\"a\": \"x%sHost: evil\"}", controls[i]);
		expect_problems(GET("\"X\": \"{{a}}\", \"Y\": \"{{a}}\""), inputs,
			"/a: has a control character, which may not stand in a header");
	}
	expect_headers(GET("\"X\": \"{{a}}\""), "{\"a\": \"x\\ty\"}", "X: x\ty");
}

static void what_may_not_be_a_header_is_refused(void **state)
{
	(void)state;
	expect_problems(GET("\"X\": \"{{a}}\""), "{\"a\": \"\"}",
		"/a: may not be empty: an empty header is not sent");
	expect_problems(GET("\"X\": \" {{a}}{{b}}\""), "{\"a\": \" \", \"b\": \"\\t\"}",
		"/a: may not be empty: an empty header is not sent\n"
		"/b: may not be empty: an empty header is not sent");
	expect_problems(GET("\"X\": \"{{a}}\""), "{\"a\": [1]}",
		"/a: must be a string, a number or a boolean: it stands in a header");
}

static void headers_have_a_maximum(void **state)
{
	static char inputs[10000], value[10000];
	struct rendered rendered;
	const int most = REQUEST_HEADER_MAX_BYTES - (int)strlen("X: ");
	struct buf definition;

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	snprintf(inputs, sizeof(inputs), "{\"a\": \"%.*s\"}", most, value);
	rendered = render_well(GET("\"X\": \"{{a}}\""), inputs);
	assert_int_equal(rendered.request.headers.len, REQUEST_HEADER_MAX_BYTES + 1);
	rendered_release(&rendered);
	snprintf(inputs, sizeof(inputs), "{\"a\": \"%.*s\"}", most + 1, value);
	expect_problems(GET("\"X\": \"{{a}}\""), inputs, "/a: would make a header of over 8 KiB");
	snprintf(inputs, sizeof(inputs), "{\"a\": \"%.*s\"}", 8000, value);
	buf_init(&definition, 10000);
	buf_add_string(&definition,
		"{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
		"{\"method\": \"none\"}, \"actions\": {\"do\": {\"method\": "
		"\"GET\", \"path\": \"/\", \"headers\": {\"X\": \"{{a}}\"");
	for (int i = 0; i < 8; i++)
		buf_printf(&definition, ", \"X%d\": \"{{a}}\"", i);
	buf_add_string(&definition, "}}}}");
	expect_problems(
		definition.data, inputs, ": the inputs would make headers of over 64 KiB together");
	buf_release(&definition);
}

static void a_body_without_placeholders_is_sent_as_written(void **state)
{
	(void)state;
	expect_body(POST("{\"a\" : [ 1.50, -0, 1e2, true, null ],\"\\u00fc\\/\": "
			 "\"\\u0041\\n\\u0001\"}"),
		NULL, "{\"a\":[1.5,-0,1e2,true,null],\"ü/\":\"A\\n\\u0001\"}");
	expect_body(POST("[]"), NULL, "[]");
	expect_body(POST("7"), NULL, "7");
	expect_body(POST("{\"big\": 123456789012345678901234567890}"), NULL,
		"{\"big\":\"123456789012345678901234567890\"}");
	expect_body(POST("{\"a\": \"\\\\{{b}}\"}"), NULL, "{\"a\":\"{{b}}\"}");
}

static void a_string_that_is_one_placeholder_becomes_the_value(void **state)
{
	expect_body(
		POST("{\"s\": \"{{s}}\", \"n\": \"{{ n }}\", \"b\": \"{{b}}\", \"z\": \"{{z}}\", "
		     "\"a\": [\"{{a}}\"], \"o\": \"{{o}}\"}"),
		"{\"s\": \"a\\\"\\u00fc\\/\", \"n\": 19.990, \"b\": false, \"z\": null, \"a\": [1, "
		"{\"x\" : "
		"[]}], \"o\": {\"y\": \"\\u0041\"}}",
		"{\"s\":\"a\\\"ü/"
		"\",\"n\":19.99,\"b\":false,\"z\":null,\"a\":[[1,{\"x\":[]}]],\"o\":{\"y\":"
		"\"A\"}}");
	expect_body(POST("\"{{payload}}\""), "{\"payload\": {\"a\": 1}}", "{\"a\":1}");
	expect_body(POST("\"{{payload}}\""), "{\"payload\": null}", "null");
	expect_body(POST("[\"{{n}}\"]"), "{\"n\": 18446744073709551615}", "[18446744073709551615]");
	expect_body(
		POST("[\"{{n}}\"]"), "{\"n\": 18446744073709551616}", "[\"18446744073709551616\"]");
	(void)state;
}

static void inside_a_longer_string_a_value_is_its_text(void **state)
{
	(void)state;
	expect_body(POST("[\"a {{b}}{{c}} \\\"{{d}}\\\" {{e}} {{f}}\"]"),
		"{\"b\": \"x\\\"\\\\y\\n\\u00fc\", \"c\": 1.50, \"d\": \"{{b}}\", \"e\": null, "
		"\"f\": true}",
		"[\"a x\\\"\\\\y\\nü1.5 \\\"{{b}}\\\" null true\"]");
	expect_body(POST("[\"{{a}} \"]"), "{\"a\": 123456789012345678901234567890}",
		"[\"123456789012345678901234567890 \"]");
	expect_problems(POST("[\"a {{b}}{{c}}\"]"), "{\"b\": [1], \"c\": {}}",
		"/b: must be a string, a number or a boolean: it stands inside a text of the body\n"
		"/c: must be a string, a number or a boolean: it stands inside a text of the body");
}

static void a_value_cannot_change_the_shape_of_a_body(void **state)
{
	(void)state;
	expect_body(POST("{\"role\": \"user\", \"name\": \"{{n}}\", \"note\": \"by {{n}}\"}"),
		"{\"n\": \"x\\\", \\\"role\\\": \\\"admin\"}",
		"{\"role\":\"user\",\"name\":\"x\\\", \\\"role\\\": \\\"admin\",\"note\":\"by "
		"x\\\", "
		"\\\"role\\\": \\\"admin\"}");
}

static void absent_optional_inputs_drop_their_member_or_element(void **state)
{
	(void)state;
	expect_body(TYPED("{\"a\": \"{{a}}\", \"b\": [\"{{a}}\", \"{{r}}\", \"{{a}}\"], \"c\": "
			  "\"{{a}}\", \"d\": 1, \"e\": \"<{{a}}>\", \"f\": {\"g\": \"{{a}}\"}}",
			    "\"required\": [\"r\"], \"properties\": {\"a\": {}, \"r\": {}}"),
		"{\"r\": 0}", "{\"b\":[0],\"d\":1,\"e\":\"<>\",\"f\":{}}");
	expect_body(TYPED("{\"x\": 1, \"a\": \"{{a}}\"}", "\"properties\": {\"a\": {}}"), "{}",
		"{\"x\":1}");
	expect_body(TYPED("{\"a\": \"{{a}}\"}", "\"properties\": {\"a\": {}}"), NULL, "{}");
	expect_body(TYPED("{\"a\": \"{{a}}\"}", "\"properties\": {\"a\": {}}"), "{\"a\": null}",
		"{\"a\":null}");
	expect_body(TYPED("\"{{a}}\"", "\"properties\": {\"a\": {}}"), "{}", NULL);
	expect_headers(TYPED("\"{{a}}\"", "\"properties\": {\"a\": {}}"), "{}", "");
}

static void a_value_that_has_to_be_there_is_missed(void **state)
{
	(void)state;
	expect_problems(POST("{\"a\": \"{{a.b}}\", \"c\": \"x{{a.c}}\", \"d\": \"{{a.b}}\"}"),
		"{\"a\": {}}",
		"/a/b: is required: it stands in the body\n/a/c: is required: it stands in the "
		"body");
}

static void a_body_has_a_maximum_of_1_mib(void **state)
{
	const size_t most = REQUEST_BODY_MAX_BYTES - strlen("[\"\"]");
	char *inputs = malloc(REQUEST_BODY_MAX_BYTES + 100);
	struct rendered rendered;

	(void)state;
	strcpy(inputs, "{\"a\": \"");
	memset(inputs + 7, 'x', most);
	strcpy(inputs + 7 + most, "\"}");
	rendered = render_well(POST("[\"{{a}}\"]"), inputs);
	assert_int_equal(rendered.request.body.len, REQUEST_BODY_MAX_BYTES);
	rendered_release(&rendered);
	strcpy(inputs + 7 + most, "x\"}");
	expect_problems(
		POST("[\"{{a}}\"]"), inputs, ": the inputs would make a body of over 1 MiB");
	expect_problems(POST("[\"{{a}}{{a}}{{a}}\", \"{{a}}\"]"), inputs,
		": the inputs would make a body of over 1 MiB");
	free(inputs);
}

static void defaults_come_first(void **state)
{
	static const char definition[] = DEFINITION_AROUND("",
		"\"method\": \"POST\", \"path\": \"/{{p}}\", \"query\": {\"q\": \"{{q}}\"}, "
		"\"body\": "
		"{\"a\": \"{{a}}\", \"o\": \"{{o}}\", \"x\": \"{{o.x}}\"}, \"inputs\": "
		"{\"required\": [\"p\"], "
		"\"properties\": {\"p\": {\"default\": \"d/\"}, \"q\": {\"default\": [1, 2]}, "
		"\"a\": {}, "
		"\"o\": {\"properties\": {\"x\": {\"default\": \"\\u00fc\"}}}}}");

	(void)state;
	expect_url(definition, NULL, "https://api.acme.com/v1/d%2F?q=1&q=2");
	expect_url(definition, "{\"q\": \"\", \"p\": 1}", "https://api.acme.com/v1/1?q=");
	expect_body(definition, "{}", "{}");
	expect_body(
		definition, "{\"o\": {}, \"a\": 1}", "{\"a\":1,\"o\":{\"x\":\"ü\"},\"x\":\"ü\"}");
	expect_body(definition, "{\"o\": {\"x\": 1}}", "{\"o\":{\"x\":1},\"x\":1}");
}

static void inputs_are_an_object(void **state)
{
	(void)state;
	expect_problems(POST("{}"), "[]", ": the inputs must be an object, not an array");
	expect_problems(POST("{}"), "null", ": the inputs must be an object, not null");
}

static void the_schema_and_the_places_are_checked_together(void **state)
{
	static const char definition[] = DEFINITION_AROUND("",
		"\"method\": \"POST\", \"path\": \"/{{desk}}\", \"body\": {\"s\": \"{{subject}}\", "
		"\"p\": "
		"\"{{priority}}\", \"e\": \"x{{c.email}}\"}, \"inputs\": {\"required\": [\"desk\", "
		"\"subject\", \"c\"], \"properties\": {\"desk\": {\"type\": \"string\"}, "
		"\"subject\": "
		"{\"type\": \"string\"}, \"priority\": {\"type\": \"integer\", \"maximum\": 4}, "
		"\"c\": "
		"{\"type\": \"object\", \"required\": [\"email\"], \"properties\": {\"email\": "
		"{}}}}}");

	(void)state;
	expect_problems(definition,
		"{\"priority\": 9, \"desk\": \"a\\nb\", \"x\": 1, \"c\": {\"email\": []}}",
		"/priority: 9 is more than 4\n"
		"/x: is not an input of this action; it takes desk, subject, priority, c\n"
		"/subject: is required\n"
		"/desk: has a control character, which may not stand in the path\n"
		"/c/email: must be a string, a number or a boolean: it stands inside a text of the "
		"body");
	expect_problems(definition, "{\"desk\": 1, \"subject\": \"\", \"c\": 5}",
		"/desk: is a number, but must be a string\n"
		"/c: is a number, but must be an object");
	expect_problems(
		definition, NULL, "/desk: is required\n/subject: is required\n/c: is required");
}

static void without_a_schema_all_placeholders_are_needed_and_nothing_else(void **state)
{
	expect_problems(POST("{\"a\": \"{{a}}\", \"b\": \"{{b}}\"}"), "{\"a\": 1, \"c\": 1}",
		"/c: is not an input of this action; it takes a, b\n/b: is required");
	(void)state;
}

static void the_same_inputs_make_the_same_bytes(void **state)
{
	static const char definition[] =
		DEFINITION_AROUND("", "\"method\": \"POST\", \"path\": \"/{{a}}\", \"body\": "
				      "{\"a\": \"{{a}}\", \"n\": \"{{n}}\"}");
	static const char *const spellings[] = {
		"{\"a\":\"x\\/\\u0041\",\"n\":1.50}", "{ \"n\" : 1.5, \"\\u0061\" : \"x/A\" }"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		expect_url(definition, spellings[i], "https://api.acme.com/v1/x%2FA");
		expect_body(definition, spellings[i], "{\"a\":\"x/A\",\"n\":1.5}");
	}
}

static void a_request_is_used_again(void **state)
{
	struct rendered rendered = render_well(
		POST("{\"a\": \"{{a}}\"}"), "{\"a\": \"a long value that is sent first\"}");
	struct json_tape tape = tape_of("{\"a\": 2}"), bad = tape_of("{\"b\": 2}");
	const struct action *action = &rendered.definition->actions[0];

	(void)state;
	assert_int_equal(request_render(&rendered.request, rendered.definition, action, &bad, 0,
				 NULL, &rendered.problems),
		-1);
	assert_int_equal(rendered.request.url.len, 0);
	assert_int_equal(request_render(&rendered.request, rendered.definition, action, &tape, 0,
				 NULL, &rendered.problems),
		0);
	assert_string_equal(rendered.request.body.data, "{\"a\":2}");
	assert_int_equal(rendered.request.header_count, 1);
	json_tape_release(&tape);
	json_tape_release(&bad);
	rendered_release(&rendered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_of_both_are_merged),
		cmocka_unit_test(without_a_body_there_is_no_content_type),
		cmocka_unit_test(an_absent_optional_input_drops_its_header),
		cmocka_unit_test(a_value_cannot_make_another_header),
		cmocka_unit_test(what_may_not_be_a_header_is_refused),
		cmocka_unit_test(headers_have_a_maximum),
		cmocka_unit_test(a_body_without_placeholders_is_sent_as_written),
		cmocka_unit_test(a_string_that_is_one_placeholder_becomes_the_value),
		cmocka_unit_test(inside_a_longer_string_a_value_is_its_text),
		cmocka_unit_test(a_value_cannot_change_the_shape_of_a_body),
		cmocka_unit_test(absent_optional_inputs_drop_their_member_or_element),
		cmocka_unit_test(a_value_that_has_to_be_there_is_missed),
		cmocka_unit_test(a_body_has_a_maximum_of_1_mib),
		cmocka_unit_test(defaults_come_first),
		cmocka_unit_test(inputs_are_an_object),
		cmocka_unit_test(the_schema_and_the_places_are_checked_together),
		cmocka_unit_test(without_a_schema_all_placeholders_are_needed_and_nothing_else),
		cmocka_unit_test(the_same_inputs_make_the_same_bytes),
		cmocka_unit_test(a_request_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
