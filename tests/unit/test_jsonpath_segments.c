/* SPDX-License-Identifier: MIT */
/* JSONPath: slices, several selectors in one pair of brackets, descendants (RFC 9535, sections 2.3.4, 2.5). */
#include "jsonpath.h"

static void a_slice_takes_a_part_of_an_array(void **state)
{
	static const char seven[] = "[0,1,2,3,4,5,6]";

	(void)state;
	assert_finds("$[1:3]", seven, "1 2");
	assert_finds("$[:2]", seven, "0 1");
	assert_finds("$[5:]", seven, "5 6");
	assert_finds("$[:]", seven, "0 1 2 3 4 5 6");
	assert_finds("$[::]", seven, "0 1 2 3 4 5 6");
	assert_finds("$[1:6:2]", seven, "1 3 5");
	assert_finds("$[::3]", seven, "0 3 6");
	assert_finds("$[1:3:]", seven, "1 2");
	assert_finds("$[-2:]", seven, "5 6");
	assert_finds("$[:-5]", seven, "0 1");
	assert_finds("$[-4:-2]", seven, "3 4");
	assert_finds("$[3:3]", seven, "");
	assert_finds("$[4:2]", seven, "");
	assert_finds("$[0:1]", seven, "0");
}

static void a_slice_goes_backwards_with_a_negative_step(void **state)
{
	static const char seven[] = "[0,1,2,3,4,5,6]";

	(void)state;
	assert_finds("$[::-1]", seven, "6 5 4 3 2 1 0");
	assert_finds("$[::-4]", seven, "6 2");
	assert_finds("$[4:1:-1]", seven, "4 3 2");
	assert_finds("$[4:1:-2]", seven, "4 2");
	assert_finds("$[1:4:-1]", seven, "");
	assert_finds("$[2::-1]", seven, "2 1 0");
	assert_finds("$[:4:-1]", seven, "6 5");
	assert_finds("$[-2:-4:-1]", seven, "5 4");
	assert_finds("$[0:0:-1]", seven, "");
	assert_finds("$[3::-2]", seven, "3 1");
}

static void a_slice_stops_at_the_ends_of_the_array(void **state)
{
	(void)state;
	assert_finds("$[-10:10]", "[0,1,2]", "0 1 2");
	assert_finds("$[10:20]", "[0,1,2]", "");
	assert_finds("$[10:-10:-1]", "[0,1,2]", "2 1 0");
	assert_finds("$[-20:-10]", "[0,1,2]", "");
	assert_finds("$[-10::-1]", "[0,1,2]", "");
	assert_finds("$[0:9007199254740991:9007199254740991]", "[0,1,2]", "0");
	assert_finds("$[::-9007199254740991]", "[0,1,2]", "2");
	assert_finds("$[-9007199254740991:9007199254740991]", "[0,1,2]", "0 1 2");
	assert_finds("$[9007199254740991:-9007199254740991:-2]", "[0,1,2]", "2 0");
	assert_finds("$[:]", "[]", "");
	assert_finds("$[::-1]", "[]", "");
}

static void a_step_of_zero_takes_nothing(void **state)
{
	(void)state;
	assert_finds("$[::0]", "[0,1]", "");
	assert_finds("$[1:2:0]", "[0,1]", "");
}

static void a_slice_is_of_arrays_only(void **state)
{
	(void)state;
	assert_finds("$[0:1]", "{\"0\":1,\":\":2}", "");
	assert_finds("$[:]", "\"abc\"", "");
	assert_finds("$[::-1]", "7", "");
}

static void a_slice_is_written_to_the_letter(void **state)
{
	(void)state;
	assert_finds("$[ 1 : 5\t:\n2\r]", "[0,1,2,3,4,5]", "1 3");
	assert_finds("$[: :]", "[0]", "0");
	assert_refused("$[1:2:3:4]", "expected `,` or `]` at column 8");
	assert_refused("$[01:2]", "a number with a zero before it at column 3");
	assert_refused("$[1:02]", "a number with a zero before it at column 5");
	assert_refused("$[-0:]", "a zero with a `-` before it at column 3");
	assert_refused("$[:-0]", "a zero with a `-` before it at column 4");
	assert_refused("$[::-0]", "a zero with a `-` before it at column 5");
	assert_refused("$[:-]", "`-` without digits at column 4");
	assert_refused("$[:a]", "expected `,` or `]` at column 4");
	assert_refused("$[1:1.5]", "expected `,` or `]` at column 6");
	assert_refused("$[:9007199254740992]", "a number beyond 9007199254740991 at column 4");
	assert_refused("$[::-9007199254740992]", "a number beyond 9007199254740991 at column 5");
	assert_refused("$.1:2", "expected a name or `*` after `.` at column 3");
}

static void several_selectors_select_one_after_the_other(void **state)
{
	(void)state;
	assert_finds("$['b','a']", "{\"a\":1,\"b\":2}", "2 1");
	assert_finds("$[1,0,1]", "[5,6]", "6 5 6");
	assert_finds("$[0,'a']", "{\"a\":1}", "1");
	assert_finds("$[*,0]", "[5,6]", "5 6 5");
	assert_finds("$[-1:,*,'x',?@>5]", "[5,6]", "6 5 6 6");
	assert_finds("$['x','a','y']", "{\"a\":1}", "1");
	assert_finds("$[0 ,\t1\n]", "[5,6]", "5 6");
	assert_finds("$[*]['a','b']", "[{\"b\":1,\"a\":2},{\"a\":3}]", "2 1 3");
	assert_refused("$[0,]",
		"expected a quoted name, an index, a slice, `*` or a filter (`?`) at column 5");
	assert_refused("$[,0]",
		"expected a quoted name, an index, a slice, `*` or a filter (`?`) at column 3");
	assert_refused("$[0 1]", "expected `,` or `]` at column 5");
	assert_refused("$['a'.'b']", "expected `,` or `]` at column 6");
}

static void descendants_are_visited_from_the_top(void **state)
{
	static const char tree[] = "{\"a\":[5,{\"a\":6}],\"b\":{\"a\":7,\"c\":[8]}}";

	(void)state;
	assert_finds("$..a", tree, "[5,{\"a\":6}] 6 7");
	assert_finds("$..['a']", tree, "[5,{\"a\":6}] 6 7");
	assert_finds("$..[0]", tree, "5 8");
	assert_finds("$..*", tree, "[5,{\"a\":6}] {\"a\":7,\"c\":[8]} 5 {\"a\":6} 6 7 [8] 8");
	assert_finds("$..[*]", "[[1],[2]]", "[1] [2] 1 2");
	assert_finds("$.b..a", tree, "7");
	assert_finds("$..[0,'a']", tree, "[5,{\"a\":6}] 5 6 7 8");
	assert_finds("$..[?@>6]", tree, "7 8");
	assert_finds("$..[::-1]", "[[1,2],3]", "3 [1,2] 2 1");
	assert_finds("$..a", "\"a\"", "");
	assert_finds("$..x", tree, "");
	assert_finds("$..*", "[]", "");
	assert_finds("$..größe", "[{\"größe\":1}]", "1");
}

static void a_name_is_not_taken_for_a_value_below_it(void **state)
{
	(void)state;
	assert_finds("$..[?@=='a']", "{\"a\":\"b\",\"c\":\"a\"}", "\"a\"");
	assert_finds("$..*", "{\"x\":\"y\"}", "\"y\"");
}

static void what_is_found_twice_is_given_twice(void **state)
{
	(void)state;
	assert_finds("$..*..*", "[[[1]]]", "[1] 1 1");
	assert_finds("$..[*][*]", "[[1,[2]]]", "1 [2] 2");
	assert_finds("$..a..a", "{\"a\":{\"a\":{\"a\":0}}}", "{\"a\":0} 0 0");
	assert_finds("$[0,0][0,0]", "[[1]]", "1 1 1 1");
}

static void two_dots_want_something_at_once(void **state)
{
	(void)state;
	assert_refused("$..", "expected a name, `*` or `[` after `..` at column 4");
	assert_refused("$.. a", "expected a name, `*` or `[` after `..` at column 4");
	assert_refused("$..\t*", "expected a name, `*` or `[` after `..` at column 4");
	assert_refused("$.. ['a']", "expected a name, `*` or `[` after `..` at column 4");
	assert_refused("$...a", "expected a name, `*` or `[` after `..` at column 4");
	assert_refused("$..1", "expected a name, `*` or `[` after `..` at column 4");
	assert_refused("$. .a", "expected a name or `*` after `.` at column 3");
	assert_refused("$.a..", "expected a name, `*` or `[` after `..` at column 6");
	assert_refused("$.['a']", "expected a name or `*` after `.` at column 3");
}

static void only_names_and_indices_one_each_are_singular(void **state)
{
	static const char *const many[] = {
		"$[0:1]", "$..a", "$['a','b']", "$[0,0]", "$[?@.a]", "$.a[1:2].b", "$.*", "$..[0]"};
	static const char *const one[] = {"$", "$.a", "$[ 0 ] ['b']", "$.a[-1]"};

	(void)state;
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		struct jsonpath *path = compiled(many[i]);

		assert_false(jsonpath_is_singular(path));
		jsonpath_free(path);
	}
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		struct jsonpath *path = compiled(one[i]);

		assert_true(jsonpath_is_singular(path));
		jsonpath_free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slice_takes_a_part_of_an_array),
		cmocka_unit_test(a_slice_goes_backwards_with_a_negative_step),
		cmocka_unit_test(a_slice_stops_at_the_ends_of_the_array),
		cmocka_unit_test(a_step_of_zero_takes_nothing),
		cmocka_unit_test(a_slice_is_of_arrays_only),
		cmocka_unit_test(a_slice_is_written_to_the_letter),
		cmocka_unit_test(several_selectors_select_one_after_the_other),
		cmocka_unit_test(descendants_are_visited_from_the_top),
		cmocka_unit_test(a_name_is_not_taken_for_a_value_below_it),
		cmocka_unit_test(what_is_found_twice_is_given_twice),
		cmocka_unit_test(two_dots_want_something_at_once),
		cmocka_unit_test(only_names_and_indices_one_each_are_singular),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
