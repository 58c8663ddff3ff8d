/* SPDX-License-Identifier: MIT */
/* Definitions: paths, queries, headers, and the inputs that their placeholders need. */
#include "definition.h"

#include "bellhop/bug.h"

/* The whole of what is said, errors and warnings. */
static void say(const char *text, const char *lines)
{
	struct problems problems;
	struct buf shown;

	problems_init(&problems);
	buf_init(&shown, 1000000);
	definition_free(definition_try(text, &definition_rules, &problems));
	problems_show(&problems, &shown);
	assert_string_equal(shown.data, lines);
	problems_release(&problems);
	buf_release(&shown);
}

#define ACTION(action)	   DEFINITION_AROUND("", action)
#define PATH(path)	   ACTION("\"method\": \"GET\", \"path\": \"" path "\"")
#define GET(more)	   ACTION("\"method\": \"GET\", \"path\": \"/x\", " more)
#define POST(more)	   ACTION("\"method\": \"POST\", \"path\": \"/x\", " more)
#define INPUTS(properties) "\"inputs\": {\"properties\": {" properties "}}"

static void a_path_begins_with_a_slash(void **state)
{
	(void)state;
	say(PATH("/"), "");
	say(PATH(""), "actions.do.path: must begin with a slash");
	say(PATH("x"), "actions.do.path: must begin with a slash");
	say(PATH("{{a}}"), "actions.do.path: must begin with a slash");
	say(PATH("?a=1"), "actions.do.path: must begin with a slash");
	say(PATH("https://evil.example/"), "actions.do.path: must begin with a slash");
}

static void a_path_has_no_dot_segment(void **state)
{
	static const char *const paths[] = {"/..", "/.", "/a/../b", "/a/%2e%2E/b", "/.%2e/",
		"/a\\\\..\\\\b", "/a%2f..", "/a/..?x=1", "/{{a}}/../{{b}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char text[400];

		snprintf(text, sizeof(text),
			"{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
			"{\"method\": "
			"\"none\"}, \"actions\": {\"do\": {\"method\": \"GET\", \"path\": "
			"\"%s\"}}}",
			paths[i]);
		say(text, "actions.do.path: has a . or .. segment");
	}
	say(PATH("/.well-known/a..b/{{a}}.json/.{{b}}?x=../.."), "");
}

static void a_path_has_no_fragment_and_no_control_character(void **state)
{
	(void)state;
	say(PATH("/a#b"), "actions.do.path: has a fragment (#), which is never sent");
	say(PATH("/a?b=1#c"), "actions.do.path: has a fragment (#), which is never sent");
	say(PATH("/a\\r\\nb"), "actions.do.path: has a control character");
	say(PATH("/a\\tb"), "actions.do.path: has a control character");
	say(PATH("/a\\u0000b"), "actions.do.path: has a control character");
	say(PATH("/a\\u0085b"), "actions.do.path: has a control character");
}

static void all_that_is_wrong_with_a_path_is_said(void **state)
{
	(void)state;
	say(PATH("a/../{{}}#"), "actions.do.path: {{}} names no input\n"
				"actions.do.path: must begin with a slash\n"
				"actions.do.path: has a fragment (#), which is never sent\n"
				"actions.do.path: has a . or .. segment");
}

static void the_name_of_a_pair_is_no_template(void **state)
{
	(void)state;
	say(PATH("/a?{{x}}=1"),
		"actions.do.path: {{x}} stands in the name of a query pair, where no "
		"placeholder may");
	say(PATH("/a?b=1&c{{x}}"), "actions.do.path: {{x}} stands in the name of a query pair, "
				   "where no placeholder may");
	say(GET("\"query\": {\"{{a}}\": \"1\"}"),
		"warning: actions.do.query.\"{{a}}\": is a name, and names are never templates");
	say(POST("\"body\": {\"{{a}}\": 1}"),
		"warning: actions.do.body.\"{{a}}\": is a name, and names are never templates");
}

static void a_query_holds_strings_numbers_and_booleans(void **state)
{
	(void)state;
	say(GET("\"query\": {\"a\": \"1\", \"b\": 2, \"c\": true, \"d\": \"\"}"), "");
	say(GET("\"query\": {\"a\": null, \"b\": [], \"c\": {}}"),
		"actions.do.query.a: must be a string, a number or a boolean, not null\n"
		"actions.do.query.b: must be a string, a number or a boolean, not an array\n"
		"actions.do.query.c: must be a string, a number or a boolean, not an object");
}

static void headers_that_bellhop_owns_are_refused(void **state)
{
	static const char *const owned[] = {"Host", "content-length", "Content-Type",
		"CONTENT-ENCODING", "Accept-Encoding", "Transfer-Encoding", "te", "Trailer",
		"Connection", "Keep-Alive", "Upgrade", "Expect", "Proxy-Authorization", "proxy-x",
		"Proxy-", "Authorization", "cookie", "X-HTTP-Method", "x-http-method-override",
		"X-Method-Override"};
	char text[500], line[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++) {
		snprintf(text, sizeof(text),
			"{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
			"{\"method\": "
			"\"none\"}, \"headers\": {\"%s\": \"x\"}, \"actions\": {}}",
			owned[i]);
		snprintf(line, sizeof(line), "headers.%s: is a header that Bellhop sets itself",
			owned[i]);
		say(text, line);
		snprintf(text, sizeof(text),
			"{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
			"{\"method\": "
			"\"none\"}, \"actions\": {\"do\": {\"method\": \"GET\", \"path\": \"/\", "
			"\"headers\": {\"%s\": \"x\"}}}}",
			owned[i]);
		snprintf(line, sizeof(line),
			"actions.do.headers.%s: is a header that Bellhop sets itself", owned[i]);
		say(text, line);
	}
	say(GET("\"headers\": {\"Proxy\": \"x\", \"Hosts\": \"x\", \"Set-Cookie\": \"x\"}"), "");
}

static void the_auth_header_and_the_idempotency_header_may_not_be_set(void **state)
{
	(void)state;
	say("{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": {\"method\": "
	    "\"api_key\", \"header\": \"X-Key\"}, \"headers\": {\"x-key\": \"1\"}, \"actions\": "
	    "{\"do\": {\"method\": \"GET\", \"path\": \"/\", \"headers\": {\"X-KEY\": \"1\"}}}}",
		"headers.x-key: carries the credential, so it may not be set\n"
		"actions.do.headers.X-KEY: carries the credential, so it may not be set");
	say(POST("\"idempotency\": \"key\", \"headers\": {\"idempotency-key\": \"1\"}"),
		"actions.do.headers.idempotency-key: is the idempotency header, so it may not be "
		"set");
	say(DEFINITION_AROUND("\"headers\": {\"X-Id\": \"1\"}, ",
		    "\"method\": \"POST\", \"path\": \"/\", \"idempotency\": \"key\", "
		    "\"idempotency_header\": \"x-id\""),
		"headers.X-Id: is the idempotency header of the action do");
	say(POST("\"headers\": {\"Idempotency-Key\": \"1\"}"), "");
}

static void a_header_name_is_a_token(void **state)
{
	(void)state;
	say(GET("\"headers\": {\"\": \"x\", \"a b\": \"x\", \"a:\": \"x\", \"a\\r\\nb\": \"x\", "
		"\"ü\": \"x\", \"{{a}}\": \"x\", \"a!#$%&'*+-.^_`|~1Z\": \"x\"}"),
		"actions.do.headers.\"\": is no header name\n"
		"actions.do.headers.\"a b\": is no header name\n"
		"actions.do.headers.\"a:\": is no header name\n"
		"actions.do.headers.\"a\\r\\nb\": is no header name\n"
		"actions.do.headers.\"ü\": is no header name\n"
		"actions.do.headers.\"{{a}}\": is no header name");
}

static void a_header_stands_once(void **state)
{
	(void)state;
	say(DEFINITION_AROUND("\"headers\": {\"X-A\": \"1\", \"x-a\": \"2\"}, ",
		    "\"method\": \"GET\", \"path\": \"/\", \"headers\": {\"X-B\": \"1\", \"x-B\": "
		    "\"2\"}"),
		"headers.x-a: is there twice, in different case\n"
		"actions.do.headers.x-B: is there twice, in different case");
}

static void a_header_value_is_a_string_that_can_be_sent(void **state)
{
	(void)state;
	say(GET("\"headers\": {\"A\": 1, \"B\": \"\", \"C\": \" \\t\", \"D\": \"a\\nb\", \"E\": "
		"\"a\\u0000b\", \"F\": \"\\u0085\", \"G\": \"a\\tü\", \"H\": \"{{x}}\\r\", \"I\": "
		"\"\\u007f\"}"),
		"actions.do.headers.A: must be a string, not a number\n"
		"actions.do.headers.B: is empty, and an empty header is not sent\n"
		"actions.do.headers.C: is empty, and an empty header is not sent\n"
		"actions.do.headers.D: has a control character\n"
		"actions.do.headers.E: has a control character\n"
		"actions.do.headers.F: has a control character\n"
		"actions.do.headers.H: has a control character\n"
		"actions.do.headers.I: has a control character");
}

static void a_header_of_the_definition_needs_its_inputs_in_every_action(void **state)
{
	say("{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": {\"method\": "
	    "\"none\"}, "
	    "\"headers\": {\"X-A\": \"{{a}}\", \"X-B\": \"{{b c}}\"}, \"actions\": {"
	    "\"one\": {\"method\": \"GET\", \"path\": \"/\", " INPUTS(
		    "\"a\": {}") "}, "
				 "\"two\": {\"method\": \"GET\", \"path\": \"/\", " INPUTS(
					 "") "}, "
					     "\"three\": {\"method\": \"GET\", \"path\": "
					     "\"/\", " INPUTS("") ", \"headers\": "
								  "{\"x-a\": \"1\"}}, "
								  "\"four\": {\"method\": \"GET\", "
								  "\"path\": \"/\", " INPUTS(
									  "\"a\": {\"type\": "
									  "\"array\"}") "}, "
											"\"five\": "
											"{\"method"
											"\": "
											"\"GET\", "
											"\"path\": "
											"\"/\"}}}",
		"headers.X-B: {{b c}} has white space or a control character in its name\n"
		"headers.X-A: {{a}} is not a declared input of the action two\n"
		"headers.X-A: {{a}} is an array or object, which may not stand here in the action "
		"four");
	(void)state;
}

static void an_action_has_at_most_100_headers(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 100000);
	buf_add_string(&text, "{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
			      "{\"method\": \"none\"}, \"headers\": {\"X\": \"1\", \"A1\": \"1\"}, "
			      "\"actions\": {\"do\": {\"method\": \"GET\", \"path\": \"/\", "
			      "\"headers\": {\"a0\": \"1\"");
	for (int i = 1; i < 99; i++)
		buf_printf(&text, ", \"a%d\": \"1\"", i);
	buf_add_string(&text, "}}}}");
	say(text.data, "");
	buf_truncate(&text, text.len - 4);
	buf_add_string(&text, ", \"a99\": \"1\"}}}}");
	say(text.data, "actions.do.headers: has over 100 headers, the definition's included");
	buf_truncate(&text, text.len - 4);
	buf_add_string(&text, ", \"a100\": \"1\"}}}}");
	say(text.data, "actions.do.headers: has over 100 headers");
	buf_release(&text);
}

/* A definition whose headers hold `count` times `piece` each, and one action. */
static void say_headers(size_t headers, const char *piece, size_t count, const char *lines)
{
	struct buf text;

	buf_init(&text, 10000000);
	buf_add_string(&text, "{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
			      "{\"method\": \"none\"}, \"actions\": {\"do\": {\"method\": \"GET\", "
			      "\"path\": \"/\"}}, \"headers\": {");
	for (size_t i = 0; i < headers; i++) {
		buf_printf(&text, "%s\"h%zu\": \"", i == 0 ? "" : ", ", i);
		for (size_t j = 0; j < count; j++)
			buf_add_string(&text, piece);
		buf_add_char(&text, '"');
	}
	buf_add_string(&text, "}}");
	say(text.data, lines);
	buf_release(&text);
}

static void headers_that_could_never_be_sent_are_refused(void **state)
{
	(void)state;
	say_headers(1, "x", 8192, "");
	say_headers(1, "x", 8193, "headers.h0: is over 8 KiB");
	say_headers(8, "x", 8192, "headers: are over 64 KiB together");
}

static void an_action_has_at_most_1000_placeholders(void **state)
{
	struct buf text;

	(void)state;
	say_headers(1, "{{a}}", 1000, "");
	say_headers(1, "{{a}}", 1001, "headers: have over 1000 placeholders");
	buf_init(&text, 100000);
	buf_add_string(&text, "{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
			      "{\"method\": \"none\"}, \"headers\": {\"X\": \"{{a}}\"}, "
			      "\"actions\": {\"do\": {\"method\": \"POST\", \"path\": \"/\", "
			      "\"body\": [\"");
	for (int i = 0; i < 999; i++)
		buf_add_string(&text, "{{a}}");
	buf_add_string(&text, "\"]}}}");
	say(text.data, "");
	buf_truncate(&text, text.len - strlen("\"]}}}"));
	buf_add_string(&text, "{{a}}\"]}}}");
	say(text.data, "actions.do: has over 1000 placeholders, those in the definition's headers "
		       "included");
	buf_release(&text);
}

static void every_placeholder_is_a_declared_input(void **state)
{
	say(ACTION("\"method\": \"POST\", \"path\": \"/{{desk}}?a={{b}}\", \"query\": {\"q\": "
		   "\"{{c}}\"}, "
		   "\"headers\": {\"X\": \"{{d}}\"}, \"body\": {\"e\": [\"{{e}}\", \"x{{f}}\"]}, "
		   "\"inputs\": {\"properties\": {}}"),
		"actions.do.path: {{desk}} is not a declared input\n"
		"actions.do.path: {{b}} is not a declared input\n"
		"actions.do.query.q: {{c}} is not a declared input\n"
		"actions.do.headers.X: {{d}} is not a declared input\n"
		"actions.do.body.e.0: {{e}} is not a declared input\n"
		"actions.do.body.e.1: {{f}} is not a declared input");
	(void)state;
}

static void a_dotted_placeholder_needs_its_whole_path_declared(void **state)
{
	(void)state;
	say(POST("\"body\": [\"{{c.email}}\", \"{{c.phone}}\", \"{{l.0.id}}\", "
		 "\"{{l.x}}\"], " INPUTS(
			 "\"c\": {\"properties\": {\"email\": {}}}, \"l\": {\"items\": "
			 "{\"properties\": {\"id\": {}}}}")),
		"actions.do.body.1: {{c.phone}} is not a declared input\n"
		"actions.do.body.3: {{l.x}} is not a declared input");
}

static void arrays_and_objects_may_not_stand_in_text(void **state)
{
	say(ACTION("\"method\": \"POST\", \"path\": \"/{{o}}\", \"query\": {\"a\": \"{{o}}\", "
		   "\"b\": "
		   "\"x{{o}}\"}, \"headers\": {\"X\": \"{{o}}\"}, \"body\": [\"{{o}}\", "
		   "\"x{{o}}\"], "
		   "\"inputs\": {\"required\": [\"o\"], \"properties\": {\"o\": {\"type\": "
		   "[\"array\", "
		   "\"object\"]}}}"),
		"actions.do.path: {{o}} is an array or object, which may not stand here\n"
		"actions.do.query.b: {{o}} is an array or object, which may not stand here\n"
		"actions.do.headers.X: {{o}} is an array or object, which may not stand here\n"
		"actions.do.body.1: {{o}} is an array or object, which may not stand here");
	(void)state;
}

static void an_input_that_nothing_uses_is_a_warning(void **state)
{
	(void)state;
	say(GET("\"query\": {\"a\": \"{{a.b}}\"}, " INPUTS(
		    "\"a\": {\"properties\": {\"b\": {}}}, \"x y\": {}, \"z\": {}")),
		"warning: actions.do.inputs.properties.\"x y\": is used by no placeholder\n"
		"warning: actions.do.inputs.properties.z: is used by no placeholder");
}

static void an_optional_input_in_the_path_is_a_warning(void **state)
{
	(void)state;
	say(ACTION("\"method\": \"GET\", \"path\": \"/{{a}}\", " INPUTS("\"a\": {}")),
		"warning: actions.do.path: {{a}} is optional, and without it there is no path");
}

static void the_schema_s_problems_have_their_place(void **state)
{
	(void)state;
	say(GET("\"query\": {\"a\": \"{{a}}\"}, " INPUTS("\"a\": {\"oneOf\": []}")),
		"actions.do.inputs.properties.a.oneOf: is no keyword that Bellhop checks");
}

static void without_inputs_every_placeholder_is_one(void **state)
{
	struct definition *definition =
		definition_of(DEFINITION_AROUND("\"headers\": {\"X\": \"{{h}}\"}, ",
			"\"method\": \"POST\", \"path\": \"/{{p.q}}?r={{r}}\", \"query\": {\"q\": "
			"\"{{p.z}}\"}, "
			"\"body\": [{\"b\": \"{{b.0}} {{a}}\"}]"));
	const char *const *names;
	size_t count;

	(void)state;
	names = schema_names(definition->actions[0].inputs, &count);
	assert_int_equal(count, 5);
	assert_string_equal(names[0], "a");
	assert_string_equal(names[1], "b");
	assert_string_equal(names[2], "h");
	assert_string_equal(names[3], "p");
	assert_string_equal(names[4], "r");
	definition_free(definition);
}

static void a_definition_with_everything_wrong_is_only_refused(void **state)
{
	struct problems problems;

	(void)state;
	problems_init(&problems);
	assert_null(definition_try(
		"{\"name\": \"\", \"base_url\": \"x\", \"auth\": {\"method\": \"api_key\", "
		"\"header\": "
		"\"\"}, \"headers\": {\"\": 1}, \"actions\": {\"\": {}, \"a\": {\"method\": \"X\", "
		"\"path\": \"#{{\", \"query\": {\"a\": []}, \"body\": null, \"inputs\": {\"x\": "
		"1}, "
		"\"output\": \"$[\"}, \"b\": 1, \"c\": []}}",
		&definition_rules, &problems));
	assert_true(problems.errors > 10);
	problems_release(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_begins_with_a_slash),
		cmocka_unit_test(a_path_has_no_dot_segment),
		cmocka_unit_test(a_path_has_no_fragment_and_no_control_character),
		cmocka_unit_test(all_that_is_wrong_with_a_path_is_said),
		cmocka_unit_test(the_name_of_a_pair_is_no_template),
		cmocka_unit_test(a_query_holds_strings_numbers_and_booleans),
		cmocka_unit_test(headers_that_bellhop_owns_are_refused),
		cmocka_unit_test(the_auth_header_and_the_idempotency_header_may_not_be_set),
		cmocka_unit_test(a_header_name_is_a_token),
		cmocka_unit_test(a_header_stands_once),
		cmocka_unit_test(a_header_value_is_a_string_that_can_be_sent),
		cmocka_unit_test(a_header_of_the_definition_needs_its_inputs_in_every_action),
		cmocka_unit_test(an_action_has_at_most_100_headers),
		cmocka_unit_test(headers_that_could_never_be_sent_are_refused),
		cmocka_unit_test(an_action_has_at_most_1000_placeholders),
		cmocka_unit_test(every_placeholder_is_a_declared_input),
		cmocka_unit_test(a_dotted_placeholder_needs_its_whole_path_declared),
		cmocka_unit_test(arrays_and_objects_may_not_stand_in_text),
		cmocka_unit_test(an_input_that_nothing_uses_is_a_warning),
		cmocka_unit_test(an_optional_input_in_the_path_is_a_warning),
		cmocka_unit_test(the_schema_s_problems_have_their_place),
		cmocka_unit_test(without_inputs_every_placeholder_is_one),
		cmocka_unit_test(a_definition_with_everything_wrong_is_only_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
