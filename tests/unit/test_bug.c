/* SPDX-License-Identifier: MIT */
/* What ends the process says why. */
#include "child.h"

#include "bellhop/bug.h"

static void meet_a_bug(void)
{
	BUG("%d is not %s", 7, "even");
}

static void meet_a_condition(void)
{
	int left = 1, right = 1;

	BUG_ON(left == right);
}

static void start_badly(void)
{
	die("--shard: \"%s\" is not a name", "a b");
}

static void a_bug_names_its_place_and_aborts(void **state)
{
	struct child child = child_run(meet_a_bug);

	(void)state;
	assert_true(child_aborted(&child));
	assert_non_null(strstr(child.said, "BUG tests/unit/test_bug.c:"));
	assert_non_null(strstr(child.said, ": 7 is not even\n"));
}

static void a_condition_that_cannot_be_is_quoted(void **state)
{
	struct child child = child_run(meet_a_condition);

	(void)state;
	assert_true(child_aborted(&child));
	assert_non_null(strstr(child.said, ": left == right\n"));
}

static void a_bad_start_is_one_line_and_exit_2(void **state)
{
	struct child child = child_run(start_badly);

	(void)state;
	assert_true(WIFEXITED(child.status));
	assert_int_equal(WEXITSTATUS(child.status), 2);
	assert_string_equal(child.said, "test_bug: --shard: \"a b\" is not a name\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bug_names_its_place_and_aborts),
		cmocka_unit_test(a_condition_that_cannot_be_is_quoted),
		cmocka_unit_test(a_bad_start_is_one_line_and_exit_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
