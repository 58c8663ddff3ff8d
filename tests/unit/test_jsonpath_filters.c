/* SPDX-License-Identifier: MIT */
/* JSONPath: filters: existence, comparison, logic (RFC 9535, section 2.3.5). */
#include "jsonpath.h"

/* One value against another: whether `@.l OP @.r` holds. */
static void assert_compares(const char *left, const char *operator, const char * right, bool holds)
{
	struct buf query, json;

	buf_init(&query, 1000);
	buf_init(&json, 1000);
	buf_printf(&query, "$[?@.l%s@.r].k", operator);
	buf_add_string(&json, "[{\"k\":1");
	if (left != NULL)
		buf_printf(&json, ",\"l\":%s", left);
	if (right != NULL)
		buf_printf(&json, ",\"r\":%s", right);
	buf_add_string(&json, "}]");
	assert_finds(query.data, json.data, holds ? "1" : "");
	buf_release(&query);
	buf_release(&json);
}

/* NULL: the value is not there. */
static void assert_same(const char *left, const char *right, bool same)
{
	assert_compares(left, "==", right, same);
	assert_compares(right, "==", left, same);
	assert_compares(left, "!=", right, !same);
	if (same) {
		assert_compares(left, "<=", right, true);
		assert_compares(left, ">=", right, true);
		assert_compares(left, "<", right, false);
		assert_compares(left, ">", right, false);
	}
}

static void assert_less(const char *left, const char *right)
{
	assert_same(left, right, false);
	assert_compares(left, "<", right, true);
	assert_compares(left, "<=", right, true);
	assert_compares(left, ">", right, false);
	assert_compares(left, ">=", right, false);
	assert_compares(right, ">", left, true);
	assert_compares(right, ">=", left, true);
	assert_compares(right, "<", left, false);
	assert_compares(right, "<=", left, false);
}

static void assert_no_order(const char *left, const char *right)
{
	assert_same(left, right, false);
	assert_compares(left, "<", right, false);
	assert_compares(left, "<=", right, false);
	assert_compares(left, ">", right, false);
	assert_compares(left, ">=", right, false);
}

static void a_query_alone_asks_whether_there_is_something(void **state)
{
	(void)state;
	assert_finds("$[?@.a]", "[{\"a\":null},{\"a\":false},{\"b\":1},[1]]",
		"{\"a\":null} {\"a\":false}");
	assert_finds("$[?!@.a]", "[{\"a\":0},{\"b\":1},7]", "{\"b\":1} 7");
	assert_finds("$[?@.*]", "[1,[],[2],{},{\"a\":3}]", "[2] {\"a\":3}");
	assert_finds("$[?@]", "[null,false,0]", "null false 0");
	assert_finds("$[?!@]", "[null,false,0]", "");
	assert_finds("$[?@[0,1]]", "[[],[4],{\"a\":1}]", "[4]");
	assert_finds("$[?@..a]", "[{\"b\":[{\"a\":1}]},{\"b\":1}]", "{\"b\":[{\"a\":1}]}");
	assert_finds("$.v[?$.on]", "{\"v\":[1,2],\"on\":0}", "1 2");
	assert_finds("$.v[?$.off]", "{\"v\":[1,2],\"on\":0}", "");
	assert_finds("$[?@['a']]", "{\"x\":{\"a\":1},\"y\":{\"b\":2}}", "{\"a\":1}");
	assert_finds("$[?@.a]", "\"a\"", "");
}

static void numbers_are_compared_by_their_value(void **state)
{
	(void)state;
	assert_same("1", "1.0", true);
	assert_same("1", "1e0", true);
	assert_same("100", "1E+2", true);
	assert_same("0.1", "1e-1", true);
	assert_same("-0", "0", true);
	assert_same("-0.0", "0e5", true);
	assert_same("9007199254740993", "9007199254740992", false);
	assert_same("1", "-1", false);
	assert_less("9007199254740992", "9007199254740993");
	assert_less("-2", "-1.5");
	assert_less("-1", "0.5");
	assert_less("9.9", "10");
	assert_less("1e2", "101");
	assert_less("123456789012345678901234567890", "123456789012345678901234567891");
}

static void strings_are_compared_by_their_characters(void **state)
{
	(void)state;
	assert_same("\"a\\u00e9\\n\"", "\"aé\\u000a\"", true);
	assert_same("\"\\ud83d\\ude00\"", "\"😀\"", true);
	assert_same("\"\"", "\"\"", true);
	assert_same("\"a\"", "\"a\\u0000\"", false);
	assert_same("\"e\\u0301\"", "\"\\u00e9\"", false);
	assert_less("\"\"", "\"a\"");
	assert_less("\"a\"", "\"ab\"");
	assert_less("\"B\"", "\"a\"");
	assert_less("\"z\"", "\"é\"");
	assert_less("\"10\"", "\"9\"");
	assert_less("\"\\uffff\"", "\"\\ud800\\udc00\""); /* not by the units of UTF-16 */
}

static void arrays_and_objects_are_equal_member_by_member(void **state)
{
	(void)state;
	assert_same("[]", "[]", true);
	assert_same("{}", "{}", true);
	assert_same("[1,[\"a\"],null]", "[ 1.0,[\"\\u0061\"],null ]", true);
	assert_same("{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"\\u0061\":1}", true);
	assert_same("{\"a\":{\"c\":1,\"d\":2}}", "{\"a\":{\"d\":2,\"c\":1}}", true);
	assert_no_order("[1,2]", "[2,1]");
	assert_no_order("[1]", "[1,2]");
	assert_no_order("{\"a\":1}", "{\"a\":2}");
	assert_no_order("{\"a\":1}", "{\"b\":1}");
	assert_no_order("{\"a\":1}", "{\"a\":1,\"b\":1}");
	assert_no_order("[]", "{}");
	assert_no_order("{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}");
}

static void values_of_two_types_are_neither_equal_nor_ordered(void **state)
{
	static const char *const values[] = {
		"null", "true", "false", "0", "\"\"", "\"0\"", "[]", "{}", "[0]", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
			bool strings = i >= 4 && i <= 5 && j >= 4 && j <= 5;

			if (i == j)
				assert_same(values[i], values[i], true);
			else if (!strings)
				assert_no_order(values[i], values[j]);
		}
}

static void what_is_not_there_equals_what_is_not_there(void **state)
{
	(void)state;
	assert_finds("$[?@.a==@.b]", "[{\"c\":1},{\"a\":1},{\"a\":2,\"b\":2}]",
		"{\"c\":1} {\"a\":2,\"b\":2}");
	assert_finds("$[?@.a==null]", "[{\"b\":1},{\"a\":null}]", "{\"a\":null}");
	assert_finds("$[?@.a!=1]", "[{\"b\":1},{\"a\":1}]", "{\"b\":1}");
	assert_finds("$[?@.a<=@.b]", "[{\"c\":1}]", "{\"c\":1}");
	assert_finds("$[?@.a<1]", "[{\"c\":1}]", "");
}

static void literals_are_compared_on_either_side(void **state)
{
	(void)state;
	assert_finds("$[?@=='a\\'\"']", "[\"a'\\\"\",\"a\"]", "\"a'\\\"\"");
	assert_finds("$[?\"\\u00e9\\\"'\"==@]", "[\"é\\\"'\",\"a\"]", "\"é\\\"'\"");
	assert_finds("$[?@==-0]", "[0,-0.0,1]", "0 -0.0");
	assert_finds("$[?@==-0.10e+1]", "[-1,1]", "-1");
	assert_finds("$[?1E2==@]", "[100,1]", "100");
	assert_finds("$[?@==true]", "[true,false,1,\"true\"]", "true");
	assert_finds("$[?@==false]", "[null,false,0]", "false");
	assert_finds("$[?null==@]", "[null,false,0]", "null");
	assert_finds("$[?1==1]", "[7]", "7");
	assert_finds("$[?1<'2']", "[7]", "");
	assert_finds("$[?'a'<'b']", "[7]", "7");
	assert_finds("$[?@>1e999]", "[1e308]", "");
	assert_finds(
		"$[?@.a[-1]==$.x['y']]", "{\"x\":{\"y\":2},\"z\":{\"a\":[1,2]}}", "{\"a\":[1,2]}");
}

static void numbers_in_a_filter_are_written_as_in_json(void **state)
{
	(void)state;
	assert_refused("$[?@==01]", "a number with a zero before it at column 7");
	assert_refused("$[?@==-01]", "a number with a zero before it at column 7");
	assert_refused("$[?@==00]", "a number with a zero before it at column 7");
	assert_refused("$[?@==1.]", "expected a digit after `.` at column 9");
	assert_refused("$[?@==1.e1]", "expected a digit after `.` at column 9");
	assert_refused("$[?@==1e]", "expected a digit after `e` at column 9");
	assert_refused("$[?@==1e+]", "expected a digit after `e` at column 10");
	assert_refused("$[?@==-]", "`-` without digits at column 7");
	assert_refused("$[?@==- 1]", "`-` without digits at column 7");
	assert_refused("$[?@==1 2]", "expected `,` or `]` at column 9");
	assert_refused("$[?@==0x1]", "expected `,` or `]` at column 8");
}

static void and_binds_tighter_than_or(void **state)
{
	static const char all[] =
		"[{\"a\":1},{\"b\":1},{\"a\":1,\"b\":1},{\"c\":1},{\"b\":1,\"c\":1}]";

	(void)state;
	assert_finds("$[?@.a&&@.b]", all, "{\"a\":1,\"b\":1}");
	assert_finds(
		"$[?@.a||@.c]", all, "{\"a\":1} {\"a\":1,\"b\":1} {\"c\":1} {\"b\":1,\"c\":1}");
	assert_finds("$[?@.a||@.b&&@.c]", all, "{\"a\":1} {\"a\":1,\"b\":1} {\"b\":1,\"c\":1}");
	assert_finds("$[?(@.a||@.b)&&@.c]", all, "{\"b\":1,\"c\":1}");
	assert_finds("$[?@.b&&(@.a||@.c)]", all, "{\"a\":1,\"b\":1} {\"b\":1,\"c\":1}");
	assert_finds("$[?!@.a&&!@.b]", all, "{\"c\":1}");
	assert_finds("$[?!(@.a||@.b)]", all, "{\"c\":1}");
	assert_finds("$[?!(!@.c)]", all, "{\"c\":1} {\"b\":1,\"c\":1}");
	assert_finds("$[?!(@.a==1)]", all, "{\"b\":1} {\"c\":1} {\"b\":1,\"c\":1}");
	assert_finds("$[?((@.a))]", all, "{\"a\":1} {\"a\":1,\"b\":1}");
	assert_finds("$[?@.a==1&&@.b==1||@.c==1&&@.b!=1]", all, "{\"a\":1,\"b\":1} {\"c\":1}");
	assert_finds("$[?@.a&&@.b&&@.c||@.c]", all, "{\"c\":1} {\"b\":1,\"c\":1}");
}

static void filters_nest(void **state)
{
	(void)state;
	assert_finds("$[?@[?@>1]]", "[[0,1],[1,2],{\"a\":3},5]", "[1,2] {\"a\":3}");
	assert_finds("$[?@.a[?@.b==$.want]]", "{\"want\":2,\"x\":{\"a\":[{\"b\":1},{\"b\":2}]}}",
		"{\"a\":[{\"b\":1},{\"b\":2}]}");
	assert_finds("$[?@[?@[?@==1]]]", "[[[1]],[[2]],[1]]", "[[1]]");
	assert_finds("$[?@.a].a[?@>1]", "[{\"a\":[1,2]},{\"a\":[3]}]", "2 3");
	assert_finds("$[?@.a,?@.b]", "[{\"b\":1},{\"a\":2}]", "{\"a\":2} {\"b\":1}");
}

static void blanks_are_taken_where_the_grammar_has_them(void **state)
{
	(void)state;
	assert_finds("$[ ? @.a\t==\n1 ]", "[{\"a\":1}]", "{\"a\":1}");
	assert_finds("$[?( @.a ) ]", "[{\"a\":1}]", "{\"a\":1}");
	assert_finds("$[?! @.b]", "[{\"a\":1}]", "{\"a\":1}");
	assert_finds("$[?!\r( @.b )]", "[{\"a\":1}]", "{\"a\":1}");
	assert_finds("$[?@ .a\n&& @\t['a'] || @.b]", "[{\"a\":1}]", "{\"a\":1}");
	assert_finds("$[?@ ['a'] == 1]", "[{\"a\":1}]", "{\"a\":1}");
	assert_finds("$[?@[ 'a' ]]", "[{\"a\":1}]", "{\"a\":1}");
	assert_refused("$[?@.a = = 1]", "expected `,` or `]` at column 8");
	assert_refused("$[?@.a & & 1]", "expected `,` or `]` at column 8");
	assert_refused("$[?@[ 'a']==1]",
		"blank space inside the brackets of a query that is compared, at column 4");
	assert_refused("$[?1==@['a' ]]",
		"blank space inside the brackets of a query that is compared, at column 7");
	assert_refused("$[?@.a==1] ", "blank space after the end at column 11");
}

#define OPERAND                                                                        \
	"expected a query (`@` or `$`), a text in quotes, a number, `true`, `false`, " \
	"`null` or a function at column "

static void what_is_no_filter_is_refused_with_its_column(void **state)
{
	(void)state;
	assert_refused("$[?]", OPERAND "4");
	assert_refused("$[?()]", OPERAND "5");
	assert_refused("$[?", OPERAND "4");
	assert_refused("$[?@.a==]", OPERAND "9");
	assert_refused("$[?==1]", OPERAND "4");
	assert_refused("$[?@.a&&]", OPERAND "9");
	assert_refused("$[?||@.a]", OPERAND "4");
	assert_refused("$[?!!@.a]", OPERAND "5");
	assert_refused("$[?@==+1]", OPERAND "7");
	assert_refused("$[?@==.5]", OPERAND "7");
	assert_refused("$[?@==[]]", OPERAND "7");
	assert_refused("$[?@=={}]", OPERAND "7");
	assert_refused("$[?@==True]", OPERAND "7");
	assert_refused("$[?(@.a]", "expected `)` at column 8");
	assert_refused("$[?@.a)]", "expected `,` or `]` at column 7");
	assert_refused("$[?(@.a)==1]", "expected `,` or `]` at column 9");
	assert_refused("$[?@.a==(1)]", OPERAND "9");
	assert_refused("$[?@.a=1]", "expected `,` or `]` at column 7");
	assert_refused("$[?@.a<>1]", OPERAND "8");
	assert_refused("$[?@.a=~'x']", "expected `,` or `]` at column 7");
	assert_refused("$[?@.a&@.b]", "expected `,` or `]` at column 7");
	assert_refused("$[?@.a and @.b]", "expected `,` or `]` at column 8");
	assert_refused("$[?@.a==1==1]", "expected `,` or `]` at column 10");
	assert_refused("$[?é]", OPERAND "4");
	assert_refused("$['é',?!]", OPERAND "9");
	assert_refused("$?@.a", "expected `.` or `[` at column 2");
	assert_refused("$.?@.a", "expected a name or `*` after `.` at column 3");
	assert_refused("$[?@.a==\"x]", "a quote without its end at column 9");
	assert_refused("$[?@.a=='\\\"']", "an unknown escape at column 10");
	assert_refused("@[?@.a]", "expected `$` at column 1");
	assert_refused("$[@.a]", "expected a quoted name, an index, a slice, `*` or a filter (`?`) "
				 "at column 3");
}

static void only_one_value_is_compared(void **state)
{
	static const char many[] = "a query that may find more than one value, which is not "
				   "compared, at column ";
	struct buf reason;

	(void)state;
	buf_init(&reason, 200);
	buf_printf(&reason, "%s4", many);
	assert_refused("$[?@.*==1]", reason.data);
	assert_refused("$[?@..a==1]", reason.data);
	assert_refused("$[?@[0,1]==1]", reason.data);
	assert_refused("$[?@[0:1]==1]", reason.data);
	assert_refused("$[?@[?@.a]==1]", reason.data);
	assert_refused("$[?$.*<1]", reason.data);
	buf_clear(&reason);
	buf_printf(&reason, "%s7", many);
	assert_refused("$[?1==@[*]]", reason.data);
	buf_release(&reason);
}

static void what_is_compared_with_nothing_is_no_test(void **state)
{
	(void)state;
	assert_refused("$[?1]", "a literal that is compared with nothing at column 4");
	assert_refused("$[?'a']", "a literal that is compared with nothing at column 4");
	assert_refused("$[?true]", "a literal that is compared with nothing at column 4");
	assert_refused("$[?!null]", "a literal that is compared with nothing at column 5");
	assert_refused("$[?@.a&&false]", "a literal that is compared with nothing at column 9");
	assert_refused("$[?!@.a==1]", "a comparison behind `!` without parentheses at column 5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_alone_asks_whether_there_is_something),
		cmocka_unit_test(numbers_are_compared_by_their_value),
		cmocka_unit_test(strings_are_compared_by_their_characters),
		cmocka_unit_test(arrays_and_objects_are_equal_member_by_member),
		cmocka_unit_test(values_of_two_types_are_neither_equal_nor_ordered),
		cmocka_unit_test(what_is_not_there_equals_what_is_not_there),
		cmocka_unit_test(literals_are_compared_on_either_side),
		cmocka_unit_test(numbers_in_a_filter_are_written_as_in_json),
		cmocka_unit_test(and_binds_tighter_than_or),
		cmocka_unit_test(filters_nest),
		cmocka_unit_test(blanks_are_taken_where_the_grammar_has_them),
		cmocka_unit_test(what_is_no_filter_is_refused_with_its_column),
		cmocka_unit_test(only_one_value_is_compared),
		cmocka_unit_test(what_is_compared_with_nothing_is_no_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
