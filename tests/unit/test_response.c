/* SPDX-License-Identifier: MIT */
/* The body of a good answer is an output, or there is a sentence that says why not. */
#include "unit.h"
#include "tape.h"

#include "bellhop/alloc.h"
#include "bellhop/response.h"

#define MAX_BYTES 64

/* The output, or the code and sentence of the error; the caller frees it. */
static char *output_of(const char *mapping_json, struct span body, size_t max_bytes)
{
	struct mapping *mapping = NULL;
	struct error error = {0};
	struct json_tape tape;
	struct buf out;

	if (mapping_json != NULL) {
		struct json_tape source = tape_of(mapping_json);
		struct problems problems;

		problems_init(&problems);
		mapping = mapping_compile(&source, 0, "output", &problems);
		assert_int_equal(problems.count, 0);
		problems_release(&problems);
		json_tape_release(&source);
	}
	json_tape_init(&tape);
	buf_init(&out, 1);
	if (response_output(mapping, body, max_bytes, &tape, &out, &error) < 0) {
		out.max = 1024;
		buf_clear(&out);
		buf_printf(&out, "%s %s", error_info(error.code)->name, error.text);
	} else {
		assert_int_equal(error.code, ERROR_NONE);
	}
	json_tape_release(&tape);
	mapping_free(mapping);
	return buf_detach(&out);
}

static void assert_output(const char *mapping, const char *body, const char *expected)
{
	char *output = output_of(mapping, span_of(body), MAX_BYTES);

	assert_string_equal(output, expected);
	free(output);
}

static void an_empty_body_is_null_whatever_is_mapped(void **state)
{
	(void)state;
	assert_output(NULL, "", "null");
	assert_output("{\"a\":\"$.a\"}", "", "null");
}

static void without_a_mapping_the_whole_answer_is_the_output(void **state)
{
	(void)state;
	assert_output(NULL, " {\"a\": [1.50, \"\\u00e9\"]} ", "{\"a\":[1.5,\"\303\251\"]}");
	assert_output(NULL, "12", "12");
}

static void a_text_is_the_member_text(void **state)
{
	(void)state;
	assert_output(NULL, "12 \"or\"\nso", "{\"text\":\"12 \\\"or\\\"\\nso\"}");
	assert_output(NULL, " ", "{\"text\":\" \"}");
}

static void a_mapping_wants_json(void **state)
{
	(void)state;
	assert_output("{\"a\":\"$.a\"}", "{\"a\":7}", "{\"a\":7}");
	assert_output("{\"a\":\"$.a\"}", "[]", "{\"a\":null}");
	assert_output("{\"a\":\"$.a\"}", "<a>7</a>",
		"invalid_response The answer is not JSON, and the action maps JSON: correct its "
		"output.");
}

static void what_is_neither_json_nor_utf8_is_invalid(void **state)
{
	(void)state;
	assert_output(NULL, "caf\351",
		"invalid_response The answer is not UTF-8: the upstream has to be mended.");
	assert_output("\"$\"", "\"caf\351\"",
		"invalid_response The answer is not UTF-8: the upstream has to be mended.");
}

static char *nested(size_t depth)
{
	char *text = xcalloc(2 * depth + 1, 1);

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return text;
}

static void json_over_64_deep_is_invalid_and_not_a_text(void **state)
{
	char *deep = nested(RESPONSE_MAX_DEPTH + 1);
	char *good = nested(RESPONSE_MAX_DEPTH);
	char *output = output_of(NULL, span_of(deep), 1000);

	(void)state;
	assert_string_equal(output, "invalid_response The answer is JSON nested over 64 deep: ask "
				    "the upstream for less.");
	free(output);
	output = output_of(NULL, span_of(good), 1000);
	assert_string_equal(output, good);
	free(output);
	free(good);
	free(deep);
}

static void an_answer_that_was_taken_is_handed_on_whatever_its_escapes_add(void **state)
{
	char body[MAX_BYTES];
	char *output;

	(void)state;
	memset(body, 1, sizeof(body));
	output = output_of(NULL, (struct span){body, sizeof(body)}, MAX_BYTES);
	assert_int_equal(strlen(output), strlen("{\"text\":\"\"}") + sizeof(body) * 6);
	free(output);
}

static void a_mapping_may_not_make_more_than_an_answer_may_hold(void **state)
{
	const char *exact = "[\"$\",\"$\",\"$\"]";

	(void)state;
	assert_output(exact, "\"123456789012345678\"",
		"[\"123456789012345678\",\"123456789012345678\",\"123456789012345678\"]");
	assert_output(exact, "\"1234567890123456789\"",
		"mapping_failed The mapped output is over 64 bytes: map less of it.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_body_is_null_whatever_is_mapped),
		cmocka_unit_test(without_a_mapping_the_whole_answer_is_the_output),
		cmocka_unit_test(a_text_is_the_member_text),
		cmocka_unit_test(a_mapping_wants_json),
		cmocka_unit_test(what_is_neither_json_nor_utf8_is_invalid),
		cmocka_unit_test(json_over_64_deep_is_invalid_and_not_a_text),
		cmocka_unit_test(an_answer_that_was_taken_is_handed_on_whatever_its_escapes_add),
		cmocka_unit_test(a_mapping_may_not_make_more_than_an_answer_may_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
