/* SPDX-License-Identifier: MIT */
/* Definitions: bodies of each kind, what they are refused for, and the content type that says which it is. */
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
#define POST(more)	   ACTION("\"method\": \"POST\", \"path\": \"/x\", " more)
#define TYPED(type, body)  POST("\"content_type\": \"" type "\", \"body\": " body)
#define FORM(body)	   TYPED("application/x-www-form-urlencoded", body)
#define TEXT(body)	   TYPED("text/plain", body)
#define INPUTS(properties) ", \"inputs\": {\"properties\": {" properties "}}"

static void a_body_does_not_go_with_get(void **state)
{
	(void)state;
	say(ACTION("\"method\": \"GET\", \"path\": \"/x\", \"body\": {\"a\": 1}"),
		"actions.do.body: may not be there with GET");
	say(ACTION("\"method\": \"DELETE\", \"path\": \"/\", \"body\": {\"a\": 1}"), "");
}

static void a_body_is_json(void **state)
{
	(void)state;
	say(POST("\"body\": [1, {\"a\": null}]"), "");
	say(POST("\"body\": true"), "");
	say(POST("\"body\": \"{{payload}}\""), "");
	say(POST("\"body\": null"),
		"actions.do.body: may not be null: leave it out where there is none");
	say(POST("\"body\": {\"a\": [\"x\", {\"b\": \"{{}}\"}]}"),
		"actions.do.body.a.1.b: {{}} names no input");
	say(POST("\"body\": \"{{a b}}\""),
		"actions.do.body: {{a b}} has white space or a control character in its name");
}

static void a_body_may_be_json_in_one_text(void **state)
{
	(void)state;
	say(POST("\"body\": \"{\\\"n\\\": {{count}}, \\\"s\\\": \\\"a {{b}}\\\"}\""), "");
	say(POST("\"body\": \" {{payload}} \""), "");
	say(POST("\"body\": \"[{{a}},{{ b.c }}]\""), "");
	say(POST("\"body\": \"{\\\"o\\\":{\\\"p\\\":{{a}}}}\""), "");
	say(POST("\"body\": \"7\""), "");
	say(TYPED("application/vnd.api+json", "\"[{{a}}]\""), "");
}

static void one_text_that_is_no_json_is_refused_with_its_place(void **state)
{
	(void)state;
	say(POST("\"body\": \"text\""), "actions.do.body: is one text, but not JSON: a word that "
					"is not JSON at character 1; "
					"what is no JSON needs a content_type text/…");
	say(POST("\"body\": \"\""),
		"actions.do.body: is one text, but not JSON: no value at character 1; what is no "
		"JSON needs a content_type text/…");
	say(POST("\"body\": \"{\\\"\\u00fc\\\": {{a}} {{b}}}\""),
		"actions.do.body: is one text, but not JSON: neither a comma nor a brace after a "
		"member at character 13; what is no JSON needs a content_type text/…");
	say(POST("\"body\": \"[\\\"a\\\" \\\\{{b}}]\""),
		"actions.do.body: is one text, but not JSON: neither a comma nor a bracket after "
		"an "
		"element at character 6; what is no JSON needs a content_type text/…");
	say(POST("\"body\": \"{\\\"a\\\": 1, \\\"a\\\": {{b}}}\""),
		"actions.do.body: is one text, but not JSON: a member named twice at character 11; "
		"what is no JSON needs a content_type text/…");
	say(POST("\"body\": \"[\\\"\\\\\""),
		"actions.do.body: is one text, but not JSON: the end of the text inside a value at "
		"character 4; what is no JSON needs a content_type text/…");
}

static void a_placeholder_in_one_text_is_refused_as_in_any_template(void **state)
{
	(void)state;
	say(POST("\"body\": \"{\\\"a\\\": [{{b c}}, \\\"{{}}\\\"]}\""),
		"actions.do.body.a.0: {{b c}} has white space or a control character in its name\n"
		"actions.do.body.a.1: {{}} names no input");
	say(POST("\"body\": \"[{{a\""),
		"actions.do.body: is one text, but not JSON: the end of the text inside a value at "
		"character 5; what is no JSON needs a content_type text/…\n"
		"actions.do.body: `{{a` has no closing }}; \\{{ is a literal {{");
	say(POST("\"body\": \"[\\\"{{a\\\"]\""),
		"actions.do.body.0: `{{a` has no closing }}; \\{{ is a literal {{");
	say(POST("\"body\": \"{\\\"a\\\": {{{b}}}\""),
		"actions.do.body.a: {{{b}} has a brace in its name; \\{{ is a literal {{");
}

static void the_name_of_a_member_is_no_template(void **state)
{
	(void)state;
	say(POST("\"body\": \"{ {{a}} : 1}\""), "actions.do.body: {{a}} is the name of a member, "
						"where no placeholder may stand");
	say(POST("\"body\": \"{\\\"{{a}}\\\": 1}\""),
		"warning: actions.do.body.\"{{a}}\": is a name, and names are never templates");
	say(POST("\"body\": {\"{{a}}\": 1}"),
		"warning: actions.do.body.\"{{a}}\": is a name, and names are never templates");
	say(FORM("{\"{{a}}\": 1}"),
		"warning: actions.do.body.\"{{a}}\": is a name, and names are never templates");
}

static void one_text_is_nested_64_deep_at_most(void **state)
{
	char text[1000], brackets[200];

	(void)state;
	for (int depth = 64; depth <= 65; depth++) {
		memset(brackets, '[', (size_t)depth);
		memset(brackets + depth, ']', (size_t)depth);
		brackets[2 * depth] = '\0';
		snprintf(text, sizeof(text),
			"{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
			"{\"method\": \"none\"}, \"actions\": {\"do\": {\"method\": \"POST\", "
			"\"path\": \"/\", \"body\": \"%s\"}}}",
			brackets);
		say(text, depth == 64 ? ""
				      : "actions.do.body: is one text, but not JSON: too many "
					"levels at character 65; what is no JSON needs a "
					"content_type text/…");
	}
}

static void a_form_is_an_object_of_scalars(void **state)
{
	(void)state;
	say(FORM("{}"), "");
	say(FORM("{\"a\": \"x\", \"b\": 1.50, \"c\": true, \"d\": \"{{d}} {{e}}\"}"), "");
	say(FORM("[1]"), "actions.do.body: must be an object, not an array: a form is pairs");
	say(FORM("\"a=1\""), "actions.do.body: must be an object, not a string: a form is pairs");
	say(FORM("null"), "actions.do.body: may not be null: leave it out where there is none");
	say(FORM("{\"a\": null, \"b\": [1], \"c\": {}}"),
		"actions.do.body.a: must be a string, a number or a boolean, not null\n"
		"actions.do.body.b: must be a string, a number or a boolean, not an array\n"
		"actions.do.body.c: must be a string, a number or a boolean, not an object");
	say(FORM("{\"a\": \"{{\"}"),
		"actions.do.body.a: `{{` has no closing }}; \\{{ is a literal {{");
}

static void a_text_body_is_one_string(void **state)
{
	(void)state;
	say(TEXT("\"hello {{name}}\""), "");
	say(TEXT("\"\""), "");
	say(TEXT("{\"a\": 1}"), "actions.do.body: must be a string, not an object: the "
				"content_type says that it is a text");
	say(TEXT("null"), "actions.do.body: may not be null: leave it out where there is none");
	say(TEXT("\"a {{}}\""), "actions.do.body: {{}} names no input");
}

static void every_placeholder_of_a_body_is_a_declared_input(void **state)
{
	(void)state;
	say(POST("\"body\": \"{\\\"a\\\": {{a}}, \\\"b\\\": [\\\"x {{b}}\\\"]}\"" INPUTS("")),
		"actions.do.body.a: {{a}} is not a declared input\n"
		"actions.do.body.b.0: {{b}} is not a declared input");
	say(FORM("{\"f\": \"{{a}}\"}" INPUTS("")),
		"actions.do.body.f: {{a}} is not a declared input");
	say(TEXT("\"x {{a}}\"" INPUTS("")), "actions.do.body: {{a}} is not a declared input");
	say(POST("\"body\": \"[{{a}} 1]\"" INPUTS("\"a\": {\"type\": \"array\"}, \"b\": {}")),
		"actions.do.body: is one text, but not JSON: neither a comma nor a bracket after "
		"an "
		"element at character 8; what is no JSON needs a content_type text/…\n"
		"warning: actions.do.inputs.properties.b: is used by no placeholder");
}

static void an_array_may_stand_where_it_has_a_meaning(void **state)
{
	(void)state;
	say(POST("\"body\": \"[{{a}}]\"" INPUTS("\"a\": {\"type\": \"array\"}")), "");
	say(POST("\"body\": \"[\\\"{{a}} x\\\"]\"" INPUTS("\"a\": {\"type\": \"array\"}")),
		"actions.do.body.0: {{a}} is an array or object, which may not stand here");
	say(FORM("{\"a\": \"{{a}}\"}" INPUTS("\"a\": {\"type\": \"array\"}")), "");
	say(FORM("{\"a\": \"x{{a}}\"}" INPUTS("\"a\": {\"type\": \"array\"}")),
		"actions.do.body.a: {{a}} is an array or object, which may not stand here");
	say(TEXT("\"{{a}}\"" INPUTS("\"a\": {\"type\": \"array\"}")),
		"actions.do.body: {{a}} is an array or object, which may not stand here");
}

static void without_inputs_the_placeholders_of_a_body_are_the_inputs(void **state)
{
	static const char *const definitions[] = {
		POST("\"body\": \"{\\\"n\\\": {{b.x}}, \\\"s\\\": \\\"- {{a}}\\\"}\""),
		FORM("{\"n\": \"{{b.x}}\", \"s\": \"- {{a}}\"}"), TEXT("\"{{b.x}} - {{a}}\"")};
	size_t count;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(definitions); i++) {
		struct definition *definition = definition_of(definitions[i]);
		const char *const *names = schema_names(definition->actions[0].inputs, &count);

		assert_int_equal(count, 2);
		assert_string_equal(names[0], "a");
		assert_string_equal(names[1], "b");
		definition_free(definition);
	}
}

/* A definition whose action has that content type and that body. */
static void say_type(const char *type, const char *body, const char *lines)
{
	char text[1000];

	snprintf(text, sizeof(text),
		"{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": {\"method\": "
		"\"none\"}, \"actions\": {\"do\": {\"method\": \"POST\", \"path\": \"/\", "
		"\"body\": %s, \"content_type\": \"%s\"}}}",
		body, type);
	say(text, lines);
}

static void a_content_type_is_one_that_bellhop_writes(void **state)
{
	static const char *const json[] = {"application/json", "Application/JSON; charset=utf-8",
		"application/vnd.api+json", "application/json;odata=verbose;", "text/x+json",
		"application/json; profile=\\\"a;b=\\\\\\\"c\\\" ; charset=\\\"UTF-8\\\""};
	static const char *const forms[] = {"application/x-www-form-urlencoded",
		"application/X-WWW-Form-URLencoded; charset=UTF-8"};
	static const char *const texts[] = {
		"text/plain", "Text/XML; charset=utf-8", "text/csv;header=present"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(json); i++)
		say_type(json[i], "[1]", "");
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		say_type(forms[i], "{\"a\": 1}", "");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		say_type(texts[i], "\"a\"", "");
}

static void other_content_types_are_refused(void **state)
{
	static const char *const others[] = {"application/xml", "multipart/form-data", "image/png",
		"+json", "application/jsonx"};
	static const char *const no_types[] = {"json", "", "/", "text/", "/plain", "+json/",
		"application/a b+json", "application /json", ";charset=utf-8"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		say_type(others[i], "{}",
			strchr(others[i], '/') == NULL
				? "actions.do.content_type: is no media type, such as "
				  "application/json"
				: "actions.do.content_type: must be application/json, a type that "
				  "ends in +json, application/x-www-form-urlencoded or text/…");
	for (size_t i = 0; i < ARRAY_SIZE(no_types); i++)
		say_type(no_types[i], "\"{{a}} text\"",
			"actions.do.content_type: is no media type, such as application/json");
	say_type("application/json\\r\\nX: y", "{}",
		"actions.do.content_type: may hold printable ASCII only");
	say_type("text/plain; title=\\u00fc", "\"\"",
		"actions.do.content_type: may hold printable ASCII only");
	say(POST("\"content_type\": 1, \"body\": \"a\""),
		"actions.do.content_type: must be a string, not a number");
	say(POST("\"content_type\": \"application/json\""),
		"warning: actions.do.content_type: is not sent, for there is no body");
}

static void a_charset_is_utf_8(void **state)
{
	static const char *const charsets[] = {"latin1", "utf-16", "us-ascii", "\\\"utf-16\\\""};
	static const char *const broken[] = {"text/plain; charset",
		"text/plain; charset=", "text/plain;;charset=utf-8", "text/plain; =utf-8",
		"text/plain; charset = utf-8", "text/plain; a=\\\"b", "text/plain; a=\\\"b\\\\\\\"",
		"text/plain; a=\\\"b\\\"c", "text/plain; a=\\\""};
	char type[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(charsets); i++) {
		snprintf(type, sizeof(type), "text/plain; a=b; Charset=%s", charsets[i]);
		say_type(type, "\"a\"",
			"actions.do.content_type: may name no charset but utf-8: bodies are sent "
			"as "
			"UTF-8");
	}
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		say_type(broken[i], "\"a\"",
			"actions.do.content_type: has a parameter that is not written as "
			"name=value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_does_not_go_with_get),
		cmocka_unit_test(a_body_is_json),
		cmocka_unit_test(a_body_may_be_json_in_one_text),
		cmocka_unit_test(one_text_that_is_no_json_is_refused_with_its_place),
		cmocka_unit_test(a_placeholder_in_one_text_is_refused_as_in_any_template),
		cmocka_unit_test(the_name_of_a_member_is_no_template),
		cmocka_unit_test(one_text_is_nested_64_deep_at_most),
		cmocka_unit_test(a_form_is_an_object_of_scalars),
		cmocka_unit_test(a_text_body_is_one_string),
		cmocka_unit_test(every_placeholder_of_a_body_is_a_declared_input),
		cmocka_unit_test(an_array_may_stand_where_it_has_a_meaning),
		cmocka_unit_test(without_inputs_the_placeholders_of_a_body_are_the_inputs),
		cmocka_unit_test(a_content_type_is_one_that_bellhop_writes),
		cmocka_unit_test(other_content_types_are_refused),
		cmocka_unit_test(a_charset_is_utf_8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
