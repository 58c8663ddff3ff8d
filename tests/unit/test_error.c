/* SPDX-License-Identifier: MIT */
/* An error has a code of the contract and keeps its first cause. */
#include "unit.h"

#include "bellhop/bug.h"
#include "bellhop/error.h"
#include "bellhop/utf8.h"

static void the_first_cause_wins(void **state)
{
	struct error error = {0};

	(void)state;
	assert_int_equal(error_set(&error, ERROR_TIMEOUT, "no answer in %d ms", 30000), -1);
	assert_int_equal(error_set(&error, ERROR_INTERNAL, "later"), -1);
	assert_int_equal(error.code, ERROR_TIMEOUT);
	assert_string_equal(error.text, "no answer in 30000 ms");
}

static void a_cleared_error_can_be_set_again(void **state)
{
	struct error error = {0};

	(void)state;
	(void)error_set(&error, ERROR_TIMEOUT, "first");
	error_clear(&error);
	assert_int_equal(error.code, ERROR_NONE);
	assert_string_equal(error.text, "");
	(void)error_set(&error, ERROR_EXPIRED, "second");
	assert_string_equal(error.text, "second");
}

static void a_long_text_is_cut_between_two_characters(void **state)
{
	static const char *const letters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x94"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		size_t bytes = strlen(letters[i]);
		char text[1000] = "";

		for (size_t at = 0; at + bytes < sizeof(text); at += bytes)
			memcpy(text + at, letters[i], bytes + 1);
		for (size_t start = 0; start < 4; start++) {
			struct error error = {0};

			(void)error_set(&error, ERROR_INTERNAL, "%.*s%s", (int)start, "xyz", text);
			assert_true(utf8_valid(error.text, strlen(error.text)));
			assert_true(strlen(error.text) > ERROR_TEXT_BYTES - 1 - bytes);
		}
	}
}

static void a_text_that_just_fits_is_whole(void **state)
{
	char text[ERROR_TEXT_BYTES] = "";
	struct error error = {0};

	(void)state;
	memset(text, 'x', ERROR_TEXT_BYTES - 1);
	(void)error_set(&error, ERROR_INTERNAL, "%s", text);
	assert_string_equal(error.text, text);
}

static void every_code_has_its_name_and_says_what_was_sent(void **state)
{
	(void)state;
	for (enum error_code code = ERROR_INVALID_JOB; code < ERROR_CODE_COUNT; code++)
		for (enum error_code other = ERROR_NONE; other < code; other++)
			assert_string_not_equal(error_info(code)->name, error_info(other)->name);
	assert_string_equal(error_info(ERROR_RATE_LIMITED)->name, "rate_limited");
	assert_true(error_info(ERROR_RATE_LIMITED)->retryable);
	assert_int_equal(error_info(ERROR_OUTCOME_UNKNOWN)->sent, SENT_MAYBE);
	assert_int_equal(error_info(ERROR_UPSTREAM_STATUS)->sent, SENT_YES);
	assert_string_equal(error_info(ERROR_INTERNAL)->name, "internal");
	assert_string_equal(sent_name(SENT_NO), "no");
	assert_string_equal(sent_name(SENT_MAYBE), "maybe");
	assert_string_equal(sent_name(SENT_YES), "yes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_cause_wins),
		cmocka_unit_test(a_cleared_error_can_be_set_again),
		cmocka_unit_test(a_long_text_is_cut_between_two_characters),
		cmocka_unit_test(a_text_that_just_fits_is_whole),
		cmocka_unit_test(every_code_has_its_name_and_says_what_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
