/* SPDX-License-Identifier: MIT */
/* Everything that is wrong is said, each with its place. */
#include "unit.h"

#include "bellhop/problems.h"

static void said(const struct problems *problems, const char *sentence, const char *json)
{
	struct buf out;

	buf_init(&out, 100000);
	problems_sentence(problems, &out);
	assert_string_equal(out.data, sentence);
	buf_clear(&out);
	problems_json(problems, &out);
	assert_string_equal(out.data, json);
	buf_release(&out);
}

static void nothing_wrong_says_nothing(void **state)
{
	struct problems problems;

	(void)state;
	problems_init(&problems);
	said(&problems, "", "[]");
	problems_release(&problems);
}

static void one_problem_is_said_with_its_place(void **state)
{
	struct problems problems;

	(void)state;
	problems_init(&problems);
	problems_add(&problems, "/priority", "%d is more than %d", 9, 4);
	said(&problems, "/priority: 9 is more than 4",
		"[{\"path\":\"/priority\",\"problem\":\"9 is more than 4\"}]");
	problems_release(&problems);
}

static void the_whole_has_no_place_to_name(void **state)
{
	struct problems problems;

	(void)state;
	problems_init(&problems);
	problems_add(&problems, "", "is not an object");
	said(&problems, "is not an object", "[{\"path\":\"\",\"problem\":\"is not an object\"}]");
	problems_release(&problems);
}

static void the_sentence_says_each_problem(void **state)
{
	struct problems problems;

	(void)state;
	problems_init(&problems);
	problems_add(&problems, "/a", "is \"odd\"");
	problems_add(&problems, "/b", "is required");
	said(&problems, "/a: is \"odd\"; /b: is required",
		"[{\"path\":\"/a\",\"problem\":\"is \\\"odd\\\"\"},"
		"{\"path\":\"/b\",\"problem\":\"is required\"}]");
	problems_add(&problems, "/c", "is required");
	assert_int_equal(problems.errors, 3);
	problems_release(&problems);
}

static void a_warning_is_no_error(void **state)
{
	struct problems problems;

	(void)state;
	problems_init(&problems);
	problems_warn(&problems, "auth", "cannot be redacted");
	assert_int_equal(problems.errors, 0);
	assert_int_equal(problems.count, 1);
	said(&problems, "", "[]");
	problems_add(&problems, "name", "is required");
	said(&problems, "name: is required", "[{\"path\":\"name\",\"problem\":\"is required\"}]");
	problems_release(&problems);
}

static void what_is_over_the_maximum_is_counted(void **state)
{
	struct problems problems;
	struct buf out;

	(void)state;
	problems_init(&problems);
	for (int i = 0; i < 1000; i++)
		problems_add(&problems, "/x", "wrong %d", i);
	assert_int_equal(problems.errors, 1000);
	assert_int_equal(problems.count, PROBLEMS_MAX);
	assert_int_equal(problems.not_kept, 1000 - PROBLEMS_MAX);
	buf_init(&out, 1000);
	problems_sentence(&problems, &out);
	assert_true(out.len < PROBLEMS_SENTENCE_BYTES + 40);
	assert_memory_equal(out.data, "/x: wrong 0; /x: wrong 1; /x: wrong 2; ", 39);
	assert_non_null(strstr(out.data, "/x: wrong 19; and 980 more problems"));
	buf_release(&out);
	problems_release(&problems);
}

static void warnings_do_not_crowd_out_an_error(void **state)
{
	struct problems problems;

	(void)state;
	problems_init(&problems);
	for (int i = 0; i < 2 * PROBLEMS_MAX; i++)
		problems_warn(&problems, "w", "odd");
	problems_add(&problems, "e", "wrong");
	said(&problems, "e: wrong", "[{\"path\":\"e\",\"problem\":\"wrong\"}]");
	problems_release(&problems);
}

static void what_a_stranger_wrote_is_cut(void **state)
{
	struct problems problems;
	char text[5000];

	(void)state;
	memset(text, 'q', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text + 510, "\xe2\x82\xac", 3); /* a character across the limit */
	problems_init(&problems);
	problems_add(&problems, text, "%s", text);
	assert_int_equal(strlen(problems.items[0].place), 510);
	assert_int_equal(strlen(problems.items[0].text), 510);
	problems_release(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_wrong_says_nothing),
		cmocka_unit_test(one_problem_is_said_with_its_place),
		cmocka_unit_test(the_whole_has_no_place_to_name),
		cmocka_unit_test(the_sentence_says_each_problem),
		cmocka_unit_test(a_warning_is_no_error),
		cmocka_unit_test(what_is_over_the_maximum_is_counted),
		cmocka_unit_test(warnings_do_not_crowd_out_an_error),
		cmocka_unit_test(what_a_stranger_wrote_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
