/* SPDX-License-Identifier: MIT */
/* Tests of token_answer: what a token endpoint says, and of form: how it is asked. */
#include "unit.h"

#include "bellhop/form.h"
#include "bellhop/token_answer.h"

static char memory[100000];

static struct token_answer good(const char *body)
{
	struct token_answer answer;
	const char *reason = NULL;

	if (token_answer_read(&answer, span_of(body), memory, strlen(body) + 1, &reason) < 0)
		fail_msg("%s: %s", body, reason);
	return answer;
}

static void say(const char *body, const char *expected)
{
	struct token_answer answer;
	const char *reason = NULL;

	assert_int_equal(
		token_answer_read(&answer, span_of(body), memory, strlen(body) + 1, &reason), -1);
	assert_string_equal(reason, expected);
}

#define TOKEN "\"access_token\": \"abc\", \"token_type\": \"bEARER\""

static void a_token_and_its_time_are_read(void **state)
{
	(void)state;
	assert_true(span_is(good("{" TOKEN "}").token, "abc"));
	assert_true(span_is(good("{\"access_token\": \"a\\/\\u0062\", \"token_type\": "
				 "\"\\u0042earer\", \"scope\": [1]}")
				    .token,
		"a/b"));
	assert_int_equal(good("{" TOKEN "}").lifetime_s, TOKEN_LIFETIME_S);
	assert_int_equal(good("{" TOKEN ", \"expires_in\": 3599}").lifetime_s, 3599);
	assert_int_equal(good("{" TOKEN ", \"expires_in\": \"60\"}").lifetime_s, 60);
	assert_int_equal(good("{" TOKEN ", \"expires_in\": -1e300}").lifetime_s, 0);
	assert_int_equal(good("{" TOKEN ", \"expires_in\": 0.5}").lifetime_s, 0);
	assert_int_equal(
		good("{" TOKEN ", \"expires_in\": \"99999999999999999999999999\"}").lifetime_s,
		TOKEN_LIFETIME_MAX_S);
}

static void what_is_no_token_is_refused(void **state)
{
	(void)state;
	say("", "it is not JSON");
	say("{} {}", "it is not JSON");
	say("\"abc\"", "it is not a JSON object");
	say("{\"access_token\": 1, \"token_type\": \"Bearer\"}",
		"it has no access_token that is a string");
	say("{\"access_token\": \"a b\", \"token_type\": \"Bearer\"}",
		"its access_token holds what may not stand in a header");
	say("{\"access_token\": \"\\u00e9\", \"token_type\": \"Bearer\"}",
		"its access_token holds what may not stand in a header");
	say("{\"access_token\": \"a\\r\\n\", \"token_type\": \"Bearer\"}",
		"its access_token holds what may not stand in a header");
	say("{\"access_token\": \"a\", \"token_type\": \"Bearer \"}",
		"its token_type is not Bearer");
	say("{" TOKEN ", \"expires_in\": \"\"}", "its expires_in is not a number");
	say("{" TOKEN ", \"expires_in\": \"-1\"}", "its expires_in is not a number");
	say("{" TOKEN ", \"expires_in\": true}", "its expires_in is not a number");
}

static void refusal(const char *body, const char *expected_said, const char *expected_details)
{
	struct redactor redactor;
	struct buf said, details;
	char patterns[1000];

	redact_init(&redactor, patterns, sizeof(patterns));
	redact_add(&redactor, span_of("open-sesame"));
	buf_init(&said, 320);
	buf_init(&details, 100000);
	token_answer_refusal(span_of(body), 400, &redactor, &said, &details);
	assert_string_equal(said.data, expected_said);
	assert_string_equal(details.data, expected_details);
	buf_release(&said);
	buf_release(&details);
}

static void a_refusal_is_told_cleaned_and_without_the_secret(void **state)
{
	(void)state;
	refusal("{\"error\": \"invalid_grant\"}", "invalid_grant",
		"{\"status\":400,\"error\":\"invalid_grant\"}");
	refusal("{\"error\": \"a\\nb\", \"error_description\": \"\\u006fpen-sesame\\u0007!\"}",
		"a b: [redacted] !",
		"{\"status\":400,\"error\":\"a b\",\"error_description\":\"[redacted] !\"}");
	refusal("<b>open-sesame</b>", "", "{\"status\":400,\"body\":\"<b>[redacted]</b>\"}");
	refusal("{\"error\": {\"message\": \"\\u006fpen-sesame\"}}", "",
		"{\"status\":400,\"body\":\"{\\\"error\\\":{\\\"message\\\":\\\"[redacted]\\\"}}"
		"\"}");
	refusal("", "", "{\"status\":400}");
}

static void a_long_refusal_is_cut_at_a_character(void **state)
{
	struct redactor redactor;
	struct buf said, details, body;

	(void)state;
	redact_init(&redactor, NULL, 0);
	buf_init(&body, 100000);
	buf_init(&said, 320);
	buf_init(&details, 100000);
	buf_add_string(&body, "{\"error\": \"x\", \"error_description\": \"");
	for (int i = 0; i < 5000; i++)
		buf_add_string(&body, "\u20ac");
	buf_add_string(&body, "\"}");
	token_answer_refusal((struct span){body.data, body.len}, 400, &redactor, &said, &details);
	assert_int_equal(said.len, 3 + 59 * 3);
	assert_true(details.len < 1200);
	assert_false(details.overflowed);
	buf_release(&body);
	buf_release(&said);
	buf_release(&details);
}

static void a_form_is_encoded_as_forms_are(void **state)
{
	struct buf form;

	(void)state;
	buf_init(&form, 1000);
	form_pair(&form, "a", span_of("1 + 1=2&x"));
	form_pair(&form, "b", span_of("\u00e9~*-._/:%"));
	assert_string_equal(form.data, "a=1+%2B+1%3D2%26x&b=%C3%A9~*-._%2F%3A%25");
	buf_release(&form);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_and_its_time_are_read),
		cmocka_unit_test(what_is_no_token_is_refused),
		cmocka_unit_test(a_refusal_is_told_cleaned_and_without_the_secret),
		cmocka_unit_test(a_long_refusal_is_cut_at_a_character),
		cmocka_unit_test(a_form_is_encoded_as_forms_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
