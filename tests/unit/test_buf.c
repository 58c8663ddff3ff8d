/* SPDX-License-Identifier: MIT */
/* A buffer grows up to its maximum and never past it. */
#include "child.h"

#include "bellhop/buf.h"

static void a_new_buffer_is_an_empty_text_without_memory(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 10);
	assert_string_equal(buf.data, "");
	assert_int_equal(buf.capacity, 0);
	buf_truncate(&buf, 0);
	buf_clear(&buf);
	buf_add(&buf, NULL, 0);
	assert_int_equal(buf.capacity, 0);
	buf_release(&buf);
	buf_release(&buf);
}

static void what_is_added_stands_in_its_order(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 1000);
	buf_add(&buf, "ab\0c", 4);
	buf_add_string(&buf, "de");
	buf_add_char(&buf, '\0');
	buf_add_char(&buf, '-');
	buf_printf(&buf, "%s=%d", "x", 5);
	assert_int_equal(buf.len, 11);
	assert_memory_equal(buf.data, "ab\0cde\0-x=5", 12);
	buf_release(&buf);
}

static void the_maximum_itself_fits_and_one_more_does_not(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 4);
	buf_add_string(&buf, "1234");
	assert_false(buf.overflowed);
	assert_string_equal(buf.data, "1234");
	buf_add_char(&buf, '5');
	assert_true(buf.overflowed);
	assert_string_equal(buf.data, "1234");
	buf_release(&buf);
}

static void after_an_overflow_nothing_is_added_until_it_is_cleared(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 4);
	buf_add_string(&buf, "12");
	buf_add_string(&buf, "345");
	buf_add_char(&buf, '3');
	buf_printf(&buf, "%d", 3);
	buf_add_unsigned(&buf, 3);
	assert_null(buf_reserve(&buf, 1));
	assert_string_equal(buf.data, "12");
	assert_true(buf.overflowed);
	buf_clear(&buf);
	buf_add_string(&buf, "3456");
	assert_false(buf.overflowed);
	assert_string_equal(buf.data, "3456");
	buf_release(&buf);
}

static void a_maximum_of_nothing_takes_nothing(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 0);
	buf_printf(&buf, "%s", "");
	assert_false(buf.overflowed);
	buf_add_char(&buf, 'x');
	assert_true(buf.overflowed);
	assert_string_equal(buf.data, "");
	buf_release(&buf);
}

static void the_largest_maximum_does_not_wrap(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, SIZE_MAX);
	buf_add_string(&buf, "x");
	assert_null(buf_reserve(&buf, SIZE_MAX));
	assert_null(buf_reserve(&buf, SIZE_MAX - 1));
	assert_string_equal(buf.data, "x");
	buf_release(&buf);
}

static void memory_doubles_and_stays_under_the_maximum(void **state)
{
	struct buf buf;
	size_t moves = 0;

	(void)state;
	buf_init(&buf, 100000);
	for (size_t i = 0; i < 100000; i++) {
		size_t before = buf.capacity;

		buf_add_char(&buf, (char)('a' + i % 26));
		moves += before != buf.capacity;
	}
	assert_false(buf.overflowed);
	assert_int_equal(buf.capacity, 100001);
	assert_true(moves <= 12);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	buf_release(&buf);
}

static void numbers_are_written_to_their_ends(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 1000);
	buf_add_unsigned(&buf, 0);
	buf_add_char(&buf, ' ');
	buf_add_unsigned(&buf, UINT64_MAX);
	buf_add_char(&buf, ' ');
	buf_add_signed(&buf, INT64_MIN);
	buf_add_char(&buf, ' ');
	buf_add_signed(&buf, INT64_MAX);
	buf_add_char(&buf, ' ');
	buf_add_signed(&buf, -10);
	assert_string_equal(
		buf.data, "0 18446744073709551615 -9223372036854775808 9223372036854775807 -10");
	buf_release(&buf);
}

static void a_long_format_is_written_whole_or_not_at_all(void **state)
{
	char text[501];
	struct buf buf;

	(void)state;
	memset(text, 'y', 500);
	text[500] = '\0';
	buf_init(&buf, 502);
	buf_printf(&buf, "<%s", text);
	assert_int_equal(buf.len, 501);
	buf_printf(&buf, "%s", ">>");
	assert_true(buf.overflowed);
	assert_int_equal(buf.len, 501);
	assert_int_equal(strlen(buf.data), 501);
	buf_release(&buf);
}

static void reserved_room_counts_when_it_is_committed(void **state)
{
	struct buf buf;
	char *room;

	(void)state;
	buf_init(&buf, 300);
	buf_add_string(&buf, "ab");
	room = buf_reserve(&buf, 298);
	assert_non_null(room);
	memset(room, 'z', 298);
	assert_int_equal(buf.len, 2);
	buf_commit(&buf, 3);
	assert_string_equal(buf.data, "abzzz");
	buf_commit(&buf, 0);
	assert_null(buf_reserve(&buf, 296));
	buf_release(&buf);
}

static void commit_more_than_was_reserved(void)
{
	struct buf buf;

	buf_init(&buf, 1000);
	(void)buf_reserve(&buf, 10);
	buf_commit(&buf, 500);
}

static void cut_to_more_than_there_is(void)
{
	struct buf buf;

	buf_init(&buf, 1000);
	buf_truncate(&buf, 1);
}

static void a_wrong_count_is_a_bug(void **state)
{
	struct child child = child_run(commit_more_than_was_reserved);

	(void)state;
	assert_true(child_aborted(&child));
	child = child_run(cut_to_more_than_there_is);
	assert_true(child_aborted(&child));
}

static void a_detached_text_belongs_to_the_caller(void **state)
{
	struct buf buf;
	char *text, *empty;

	(void)state;
	buf_init(&buf, 50);
	buf_add_string(&buf, "mine");
	text = buf_detach(&buf);
	empty = buf_detach(&buf);
	buf_add_string(&buf, "yours");
	assert_string_equal(text, "mine");
	assert_string_equal(empty, "");
	assert_string_equal(buf.data, "yours");
	free(text);
	free(empty);
	buf_release(&buf);
}

static void a_large_buffer_gives_memory_back_and_a_small_one_keeps_it(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 10000);
	for (int i = 0; i < 1000; i++)
		buf_add_string(&buf, "12345");
	buf_shrink(&buf, 10000);
	assert_true(buf.capacity >= 5000);
	assert_string_equal(buf.data, "");
	buf_shrink(&buf, 1000);
	assert_int_equal(buf.capacity, 0);
	assert_int_equal(buf.max, 10000);
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_buffer_is_an_empty_text_without_memory),
		cmocka_unit_test(what_is_added_stands_in_its_order),
		cmocka_unit_test(the_maximum_itself_fits_and_one_more_does_not),
		cmocka_unit_test(after_an_overflow_nothing_is_added_until_it_is_cleared),
		cmocka_unit_test(a_maximum_of_nothing_takes_nothing),
		cmocka_unit_test(the_largest_maximum_does_not_wrap),
		cmocka_unit_test(memory_doubles_and_stays_under_the_maximum),
		cmocka_unit_test(numbers_are_written_to_their_ends),
		cmocka_unit_test(a_long_format_is_written_whole_or_not_at_all),
		cmocka_unit_test(reserved_room_counts_when_it_is_committed),
		cmocka_unit_test(a_wrong_count_is_a_bug),
		cmocka_unit_test(a_detached_text_belongs_to_the_caller),
		cmocka_unit_test(a_large_buffer_gives_memory_back_and_a_small_one_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
