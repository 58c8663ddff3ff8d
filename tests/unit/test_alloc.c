/* SPDX-License-Identifier: MIT */
/* Memory is there or the process is not. */
#include "child.h"

#include "bellhop/alloc.h"

static void ask_for_too_many(void)
{
	free(xcalloc(SIZE_MAX / 2, 4));
}

static void grow_past_the_address_space(void)
{
	size_t capacity = SIZE_MAX / 4;

	free(xgrow(NULL, &capacity, capacity, 64));
}

static void no_bytes_are_memory_too(void **state)
{
	void *a = xmalloc(0), *b = xcalloc(0, 8);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	a = xrealloc(a, 0);
	assert_non_null(a);
	free(a);
	free(b);
}

static void counted_memory_is_zeroed(void **state)
{
	static const char zeros[64];
	char *memory = xcalloc(8, 8);

	(void)state;
	assert_memory_equal(memory, zeros, sizeof(zeros));
	free(memory);
}

static void a_copy_keeps_inner_nuls_and_gets_one_at_its_end(void **state)
{
	char *copy = xmemdup("a\0bc", 3);
	char *empty = xmemdup(NULL, 0);

	(void)state;
	assert_memory_equal(copy, "a\0b\0", 4);
	assert_string_equal(empty, "");
	free(copy);
	free(empty);
}

static void an_array_grows_and_keeps_what_it_holds(void **state)
{
	size_t capacity = 0, moves = 0;
	int *numbers = NULL;

	(void)state;
	for (size_t count = 0; count < 1000; count++) {
		size_t before = capacity;

		numbers = xgrow(numbers, &capacity, count, sizeof(*numbers));
		numbers[count] = (int)count;
		moves += before != capacity;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	assert_true(moves <= 8);
	free(numbers);
}

static void no_memory_aborts_with_a_word(void **state)
{
	struct child child = child_run(grow_past_the_address_space);

	(void)state;
	assert_true(child_aborted(&child));
	assert_string_equal(child.said, "out of memory\n");
	child = child_run(ask_for_too_many);
	assert_int_not_equal(child.status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_bytes_are_memory_too),
		cmocka_unit_test(counted_memory_is_zeroed),
		cmocka_unit_test(a_copy_keeps_inner_nuls_and_gets_one_at_its_end),
		cmocka_unit_test(an_array_grows_and_keeps_what_it_holds),
		cmocka_unit_test(no_memory_aborts_with_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
