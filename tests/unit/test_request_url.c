/* SPDX-License-Identifier: MIT */
/* Requests: the URL, and all that a value may try with it. */
#include "request.h"

#include "bellhop/bug.h"

#define PATH(path) DEFINITION_AROUND("", "\"method\": \"GET\", \"path\": \"" path "\"")
#define QUERY(query) \
	DEFINITION_AROUND("", "\"method\": \"GET\", \"path\": \"/x\", \"query\": {" query "}")
#define TYPED(rest, ...) \
	DEFINITION_AROUND("", "\"method\": \"GET\", " rest ", \"inputs\": {" __VA_ARGS__ "}")

static void a_path_is_added_to_the_base_url(void **state)
{
	(void)state;
	expect_url(PATH("/"), NULL, "https://api.acme.com/v1/");
	expect_url(PATH("/a/b"), "{}", "https://api.acme.com/v1/a/b");
	expect_url(PATH("/{{a}}/x{{b}}y/{{a}}"), "{\"a\": \"1\", \"b\": \"2\"}",
		"https://api.acme.com/v1/1/x2y/1");
}

static void a_value_is_one_segment_whatever_it_holds(void **state)
{
	(void)state;
	expect_url(PATH("/{{a}}/t"), "{\"a\": \"a/b?c#d&e=f%2F\"}",
		"https://api.acme.com/v1/a%2Fb%3Fc%23d%26e%3Df%252F/t");
	expect_url(PATH("/{{a}}"), "{\"a\": \"azAZ09-._~\"}", "https://api.acme.com/v1/azAZ09-._~");
	expect_url(PATH("/{{a}}"), "{\"a\": \" !\\\"$'()*+,:;<=>@[\\\\]^`{|}\"}",
		"https://api.acme.com/v1/"
		"%20%21%22%24%27%28%29%2A%2B%2C%3A%3B%3C%3D%3E%40%5B%5C%5D%5E"
		"%60%7B%7C%7D");
	expect_url(PATH("/{{a}}"), "{\"a\": \"\\u00fc\\ud83d\\ude00\"}",
		"https://api.acme.com/v1/%C3%BC%F0%9F%98%80");
	expect_url(PATH("/{{a}}"), "{\"a\": \"{{b}}\"}", "https://api.acme.com/v1/%7B%7Bb%7D%7D");
	expect_url(PATH("/{{a}}"), "{\"a\": \"https://evil.example\"}",
		"https://api.acme.com/v1/https%3A%2F%2Fevil.example");
	expect_url(PATH("/{{a}}"), "{\"a\": \"@evil.example\"}",
		"https://api.acme.com/v1/%40evil.example");
}

static void scalars_of_every_kind_have_a_text(void **state)
{
	(void)state;
	expect_url(PATH("/{{a}}/{{b}}/{{c}}/{{d}}/{{e}}"),
		"{\"a\": true, \"b\": false, \"c\": 19.990, \"d\": -7, \"e\": "
		"123456789012345678901234567890}",
		"https://api.acme.com/v1/true/false/19.99/-7/123456789012345678901234567890");
}

static void literal_text_is_kept_and_encoded_where_a_url_needs_it(void **state)
{
	(void)state;
	expect_url(PATH("/a b/ü/%41%zz/100%/<x>|\\\"\\\\y"), NULL,
		"https://api.acme.com/v1/a%20b/%C3%BC/%41%25zz/100%25/%3Cx%3E%7C%22%5Cy");
	expect_url(PATH("/a;b=1,2:@!$&'()*+~/[x]"), NULL,
		"https://api.acme.com/v1/a;b=1,2:@!$&'()*+~/%5Bx%5D");
	expect_url(PATH("/\\\\{{a}}/x"), NULL, "https://api.acme.com/v1/%7B%7Ba%7D%7D/x");
}

static void a_value_cannot_complete_an_escape(void **state)
{
	(void)state;
	expect_url(PATH("/%2{{a}}/%{{b}}"), "{\"a\": \"e\", \"b\": \"2e\"}",
		"https://api.acme.com/v1/%252e/%252e");
}

#define DOTS ": would put . or .. between the slashes of the path: give another value"

static void dot_segments_are_refused_wherever_a_value_makes_one(void **state)
{
	static const char *const values[] = {
		".", "..", "../x", "x/..", "x/../y", "./", "..\\\\..", "x\\\\..", "/.", "\\\\.."};
	char inputs[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		snprintf(inputs, sizeof(inputs), "{\"a\": \"%s\"}", values[i]);
		expect_problems(PATH("/{{a}}/x"), inputs, "/a" DOTS);
	}
	expect_problems(PATH("/.{{a}}"), "{\"a\": \".\"}", "/a" DOTS);
	expect_problems(PATH("/{{a}}."), "{\"a\": \".\"}", "/a" DOTS);
	expect_problems(PATH("/%2e{{a}}/y"), "{\"a\": \".\"}", "/a" DOTS);
	expect_problems(PATH("/x%5c{{a}}"), "{\"a\": \"..\"}", "/a" DOTS);
	expect_problems(PATH("/x/.{{a}}"), "{\"a\": \"/x\"}", "/a" DOTS);
	expect_problems(PATH("/{{a}}{{b}}/{{c}}"), "{\"a\": \".\", \"b\": \".\", \"c\": \"x\"}",
		"/a" DOTS "\n/b" DOTS);
	expect_problems(PATH("/{{a}}{{b}}/{{c}}"), "{\"a\": \"../\", \"b\": \"..\", \"c\": \".\"}",
		"/a" DOTS "\n/b" DOTS "\n/c" DOTS);
}

static void dots_that_make_no_segment_are_fine(void **state)
{
	(void)state;
	expect_url(PATH("/{{a}}"), "{\"a\": \"...\"}", "https://api.acme.com/v1/...");
	expect_url(PATH("/{{a}}"), "{\"a\": \"a..b\"}", "https://api.acme.com/v1/a..b");
	expect_url(PATH("/x{{a}}"), "{\"a\": \"..\"}", "https://api.acme.com/v1/x..");
	expect_url(PATH("/{{a}}"), "{\"a\": \"%2e%2e\"}", "https://api.acme.com/v1/%252e%252e");
	expect_url(PATH("/x?a={{a}}"), "{\"a\": \"../..\"}", "https://api.acme.com/v1/x?a=..%2F..");
}

static void what_may_not_be_a_segment_is_refused(void **state)
{
	static const char *const controls[] = {
		"\\u0000", "\\n", "\\u001f", "\\u007f", "\\u0080", "\\u009f", "\\t"};
	char inputs[64];

	(void)state;
	expect_problems(
		PATH("/{{a}}"), "{\"a\": \"\"}", "/a: may not be empty: it stands in the path");
	expect_problems(
		PATH("/x{{a}}"), "{\"a\": \"\"}", "/a: may not be empty: it stands in the path");
	expect_problems(PATH("/{{a}}"), "{\"a\": null}", "/a: is required: it stands in the path");
	expect_problems(PATH("/{{a}}"), "{\"a\": [1]}",
		"/a: must be a string, a number or a boolean: it stands in the path");
	expect_problems(PATH("/{{a}}"), "{\"a\": {}}",
		"/a: must be a string, a number or a boolean: it stands in the path");
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		snprintf(inputs, sizeof(inputs), "{\"a\": \"x%sy\"}", controls[i]);
		expect_problems(PATH("/{{a}}"), inputs,
			"/a: has a control character, which may not stand in the path");
	}
	expect_url(PATH("/{{a}}"), "{\"a\": \"\\u00a0\"}", "https://api.acme.com/v1/%C2%A0");
}

static void a_query_in_the_path_is_joined_with_query(void **state)
{
	(void)state;
	expect_url(DEFINITION_AROUND("",
			   "\"method\": \"GET\", \"path\": \"/x?a=1&b={{b}}\", \"query\": "
			   "{\"c\": \"3\"}"),
		"{\"b\": \"2 &\"}", "https://api.acme.com/v1/x?a=1&b=2%20%26&c=3");
	expect_url(PATH("/x?flag&e=&a=b=c"), NULL, "https://api.acme.com/v1/x?flag&e=&a=b=c");
	expect_url(PATH("/x?"), NULL, "https://api.acme.com/v1/x");
	expect_url(PATH("/x?&&a=1&"), NULL, "https://api.acme.com/v1/x?a=1");
	expect_url(
		PATH("/x?a=b c%20d+e/?ü"), NULL, "https://api.acme.com/v1/x?a=b%20c%20d+e/?%C3%BC");
	expect_url(PATH("/x?q=a{{b}}c&d={{d}}"), "{\"b\": \"?\", \"d\": [1, 2]}",
		"https://api.acme.com/v1/x?q=a%3Fc&d=1&d=2");
}

static void query_values_are_encoded_whole(void **state)
{
	(void)state;
	expect_url(QUERY("\"a b\": \"x y+z,%41\", \"n\": 1.50, \"t\": true, \"e\": \"\""), NULL,
		"https://api.acme.com/v1/x?a%20b=x%20y%2Bz%2C%2541&n=1.5&t=true&e=");
	expect_url(QUERY("\"a\": \"{{a}}\", \"b\": \"<{{b}}>\""),
		"{\"a\": \"1&b=2\", \"b\": \"\\u0000\\n\"}",
		"https://api.acme.com/v1/x?a=1%26b%3D2&b=%3C%00%0A%3E");
	expect_url(QUERY("\"a\": \"{{a}}\", \"b\": \"{{b}}\", \"c\": \"{{c}}\", \"d\": \"{{d}}\""),
		"{\"a\": true, \"b\": -0.10, \"c\": 12345678901234567890123, \"d\": \"\"}",
		"https://api.acme.com/v1/x?a=true&b=-0.1&c=12345678901234567890123&d=");
}

static void an_array_repeats_the_name(void **state)
{
	(void)state;
	expect_url(QUERY("\"a\": \"{{a}}\", \"z\": \"1\""), "{\"a\": [1, \"x y\", true]}",
		"https://api.acme.com/v1/x?a=1&a=x%20y&a=true&z=1");
	expect_url(QUERY("\"a\": \"{{a}}\", \"z\": \"1\""), "{\"a\": []}",
		"https://api.acme.com/v1/x?z=1");
	expect_url(QUERY("\"a\": \"{{a}}\""), "{\"a\": []}", "https://api.acme.com/v1/x");
	expect_problems(QUERY("\"a\": \"{{a}}\""), "{\"a\": [1, null, [], \"\", {}]}",
		"/a/1: must be a string, a number or a boolean: it stands in the query\n"
		"/a/2: must be a string, a number or a boolean: it stands in the query\n"
		"/a/4: must be a string, a number or a boolean: it stands in the query");
	expect_problems(QUERY("\"a\": \"x{{a}}\", \"b\": \"{{b}}\""), "{\"a\": [1], \"b\": {}}",
		"/a: must be a string, a number or a boolean: it stands in the query\n"
		"/b: must be a string, a number or a boolean: it stands in the query");
}

static void an_absent_optional_input_drops_its_pair(void **state)
{
	static const char definition[] = TYPED(
		"\"path\": \"/x?p={{a}}\", \"query\": {\"a\": \"{{a}}\", \"b\": \"1{{a}}{{b}}\", "
		"\"c\": \"{{b}}\"}",
		"\"required\": [\"b\"], \"properties\": {\"a\": {}, \"b\": {}}");

	(void)state;
	expect_url(definition, "{\"b\": 2}", "https://api.acme.com/v1/x?c=2");
	expect_url(definition, "{\"b\": 2, \"a\": null}", "https://api.acme.com/v1/x?c=2");
	expect_url(
		definition, "{\"b\": 2, \"a\": 1}", "https://api.acme.com/v1/x?p=1&a=1&b=112&c=2");
	expect_problems(definition, "{\"b\": null}", "/b: is required: it stands in the query");
}

static void dotted_placeholders_reach_into_inputs(void **state)
{
	(void)state;
	expect_url(
		TYPED("\"path\": \"/{{c.id}}\", \"query\": {\"t\": \"{{c.tags.1}}\"}",
			"\"required\": [\"c\"], \"properties\": {\"c\": {\"required\": [\"id\"], "
			"\"properties\": {\"id\": {}, \"tags\": {\"type\": \"array\"}}}}"),
		"{\"c\": {\"id\": 5, \"tags\": [1, 2]}}", "https://api.acme.com/v1/5?t=2");
	expect_problems(PATH("/{{c.id}}/{{c.name.first}}"), "{\"c\": {\"name\": \"x\"}}",
		"/c/id: is required: it stands in the path\n"
		"/c/name/first: is required: it stands in the path");
}

static void the_path_and_query_have_a_maximum_of_8_kib(void **state)
{
	static char inputs[20000], expected[20000], value[20000];
	const int most = REQUEST_PATH_MAX_BYTES - (int)strlen("/v1/x?a=");

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	snprintf(inputs, sizeof(inputs), "{\"a\": \"%.*s\"}", most, value);
	snprintf(expected, sizeof(expected), "https://api.acme.com/v1/x?a=%.*s", most, value);
	expect_url(QUERY("\"a\": \"{{a}}\""), inputs, expected);
	snprintf(inputs, sizeof(inputs), "{\"a\": \"%.*s\"}", most + 1, value);
	expect_problems(QUERY("\"a\": \"{{a}}\""), inputs,
		": the inputs would make a path and query of over 8 KiB");
	memset(value, '/', sizeof(value) - 1);
	snprintf(inputs, sizeof(inputs), "{\"a\": \"%.*s\"}", 15000, value);
	expect_problems(
		PATH("/{{a}}"), inputs, ": the inputs would make a path and query of over 8 KiB");
}

static void base_urls_keep_their_port_and_path(void **state)
{
	(void)state;
	expect_url("{\"name\": \"a\", \"base_url\": \"HTTP://LOCALHOST:8080/\", \"auth\": "
		   "{\"method\": "
		   "\"none\"}, \"actions\": {\"do\": {\"method\": \"GET\", \"path\": \"/{{a}}\"}}}",
		"{\"a\": 1}", "http://localhost:8080/1");
	expect_url(
		"{\"name\": \"a\", \"base_url\": \"http://[::1]/a//b/\", \"auth\": {\"method\": "
		"\"none\"}, \"actions\": {\"do\": {\"method\": \"GET\", \"path\": \"//{{a}}\"}}}",
		"{\"a\": \"x\"}", "http://[::1]/a//b//x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_added_to_the_base_url),
		cmocka_unit_test(a_value_is_one_segment_whatever_it_holds),
		cmocka_unit_test(scalars_of_every_kind_have_a_text),
		cmocka_unit_test(literal_text_is_kept_and_encoded_where_a_url_needs_it),
		cmocka_unit_test(a_value_cannot_complete_an_escape),
		cmocka_unit_test(dot_segments_are_refused_wherever_a_value_makes_one),
		cmocka_unit_test(dots_that_make_no_segment_are_fine),
		cmocka_unit_test(what_may_not_be_a_segment_is_refused),
		cmocka_unit_test(a_query_in_the_path_is_joined_with_query),
		cmocka_unit_test(query_values_are_encoded_whole),
		cmocka_unit_test(an_array_repeats_the_name),
		cmocka_unit_test(an_absent_optional_input_drops_its_pair),
		cmocka_unit_test(dotted_placeholders_reach_into_inputs),
		cmocka_unit_test(the_path_and_query_have_a_maximum_of_8_kib),
		cmocka_unit_test(base_urls_keep_their_port_and_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
