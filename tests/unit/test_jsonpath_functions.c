/* SPDX-License-Identifier: MIT */
/* JSONPath: length(), count(), value(), match(), search(), and that they are used as their types are (RFC 9535, section 2.4). */
#include "jsonpath.h"

static void length_is_of_texts_arrays_and_objects(void **state)
{
	static const char all[] =
		"[\"ab\",\"\\u00e9\\ud83d\\ude00\",[1,[2,3]],{\"a\":1,\"b\":2},[],22,"
		"true,null,\"abc\"]";

	(void)state;
	assert_finds("$[?length(@)==2]", all,
		"\"ab\" \"\\u00e9\\ud83d\\ude00\" [1,[2,3]] {\"a\":1,\"b\":2}");
	assert_finds("$[?length(@)<1]", all, "[]");
	assert_finds("$[?length(@)>=3.0]", all, "\"abc\"");
	assert_finds("$[?length(@)!=2]", all, "[] 22 true null \"abc\"");
	assert_finds("$[?length('é')==1]", "[0]", "0");
	assert_finds("$[?length(@.a)==length(@.b)]", "[{\"a\":\"x\",\"b\":[0]},{\"a\":\"x\"},{}]",
		"{\"a\":\"x\",\"b\":[0]} {}");
	assert_finds("$[?length(12)>0]", "[0]", "");
	assert_finds("$[?length(value(@..a))==3]", "[{\"b\":{\"a\":\"xyz\"}}]",
		"{\"b\":{\"a\":\"xyz\"}}");
}

static void count_is_of_what_a_query_finds(void **state)
{
	(void)state;
	assert_finds("$[?count(@.*)==2]", "[[1,2],{\"a\":1,\"b\":2},[1],\"ab\"]",
		"[1,2] {\"a\":1,\"b\":2}");
	assert_finds("$[?count(@.a)==0]", "[{\"a\":null},{\"b\":1},7]", "{\"b\":1} 7");
	assert_finds("$[?count(@..a)>1]", "[{\"a\":{\"a\":1}},{\"a\":1}]", "{\"a\":{\"a\":1}}");
	assert_finds("$[?count(@['a','a'])==2]", "[{\"a\":1}]", "{\"a\":1}");
	assert_finds("$[?count(@[?@>1])==2]", "[[1,2,3],[2]]", "[1,2,3]");
	assert_finds("$.v[?count($.v[*])==@]", "{\"v\":[1,2]}", "2");
	assert_finds("$[?count(@)==1]", "[5]", "5");
}

static void value_is_the_one_that_a_query_finds(void **state)
{
	(void)state;
	assert_finds("$[?value(@..c)=='x']",
		"[{\"c\":\"x\"},{\"a\":{\"c\":\"x\"}},{\"c\":\"x\",\"d\":{\"c\":\"x\"}}]",
		"{\"c\":\"x\"} {\"a\":{\"c\":\"x\"}}");
	assert_finds("$[?value(@.*)==value(@.x)]", "[[],[1],[1,2]]", "[] [1,2]");
	assert_finds("$[?value(@.*)==4]", "[[4],{\"f\":4},[5],4]", "[4] {\"f\":4}");
}

static void match_is_of_the_whole_text_and_search_of_a_part(void **state)
{
	static const char all[] = "[\"ab\",\"xaby\",\"\\u0061\\u0062\",7,null,[\"ab\"],\"b\"]";

	(void)state;
	assert_finds("$[?match(@,'a.')]", all, "\"ab\" \"\\u0061\\u0062\"");
	assert_finds("$[?search(@,'a.')]", all, "\"ab\" \"xaby\" \"\\u0061\\u0062\"");
	assert_finds("$[?!search(@,'a.')]", all, "7 null [\"ab\"] \"b\"");
	assert_finds("$[?match(@,'b|ab')]", all, "\"ab\" \"\\u0061\\u0062\" \"b\"");
	assert_finds("$[?match(@.x,\"a\")]", "[{\"x\":\"a\"},{\"y\":\"a\"}]", "{\"x\":\"a\"}");
	assert_finds("$[?match('ab','a.')]", "[1]", "1");
	assert_finds("$[?search(@,'')]", "[\"\",1]", "\"\"");
	assert_finds("$[?match(@,'')]", "[\"\",\"a\"]", "\"\"");
	assert_finds("$[?match(@,'a\\\\nb')]", "[\"a\\nb\",\"anb\"]", "\"a\\nb\"");
}

static void a_pattern_may_come_out_of_the_document(void **state)
{
	(void)state;
	assert_finds(
		"$.v[?match(@,$.p)]", "{\"p\":\"a+\",\"v\":[\"aa\",\"b\",\"a\"]}", "\"aa\" \"a\"");
	assert_finds("$.v[?search(@.t,@.p)].t",
		"{\"v\":[{\"t\":\"xa\",\"p\":\"a\"},{\"t\":\"xa\",\"p\":\"b\"},{\"t\":\"xb\",\"p\":"
		"\"\\u0062\"},"
		"{\"t\":\"x\",\"p\":7},{\"t\":\"x\"}]}",
		"\"xa\" \"xb\"");
	assert_finds("$.v[?match(@,$.p)||search(@,$.p)]", "{\"p\":\"a\",\"v\":[\"a\",\"ba\"]}",
		"\"a\" \"ba\"");
	assert_finds("$.v[?match(@,value($..p))]", "{\"q\":{\"p\":\"a\"},\"v\":[\"a\"]}", "\"a\"");
}

static void what_is_no_iregexp_matches_nothing(void **state)
{
	(void)state;
	assert_finds("$[?search(@,'\\\\d')]", "[\"1\",\"d\"]", "");
	assert_finds("$[?!search(@,'(')]", "[\"(\"]", "\"(\"");
	assert_finds("$[?match(@,'a{2,1}')]", "[\"aa\"]", "");
	assert_finds("$[?search(@,1)]", "[\"1\"]", "");
	assert_finds("$.v[?search(@,$.p)]", "{\"p\":\"[\",\"v\":[\"[\"]}", "");
}

static void blanks_are_taken_between_arguments_only(void **state)
{
	(void)state;
	assert_finds("$[?search( @ ,\n'a'\t)]", "[\"a\"]", "\"a\"");
	assert_finds("$[?count(@ .*)==count( @ [ * ] )]", "[[1]]", "[1]");
	assert_finds("$[?length(@[ 0 ])==1]", "[[\"a\"]]", "[\"a\"]");
	assert_refused("$[?count (@.*)==1]",
		"a word that is neither `true`, `false`, `null` nor a function with its `(` at "
		"column 4");
}

#define NO_WORD \
	"a word that is neither `true`, `false`, `null` nor a function with its `(` at column "
#define UNKNOWN "an unknown function (there are length, count, value, match and search) at column "

static void an_unknown_function_is_refused(void **state)
{
	(void)state;
	assert_refused("$[?size(@)==1]", UNKNOWN "4");
	assert_refused("$[?1==lengths(@)]", UNKNOWN "7");
	assert_refused("$[?count(keys(@))==1]", UNKNOWN "10");
	assert_refused("$[?true(@)]", UNKNOWN "4");
	assert_refused("$[?nulls==1]", NO_WORD "4");
	assert_refused("$[?a==1]", NO_WORD "4");
	assert_refused("$[?Length(@)==1]", "expected a query (`@` or `$`), a text in quotes, a "
					   "number, `true`, `false`, `null` or "
					   "a function at column 4");
}

static void the_number_of_arguments_is_checked(void **state)
{
	(void)state;
	assert_refused("$[?length()==1]", "expected the one argument of length() at column 11");
	assert_refused("$[?length(@,@)==1]", "expected the one argument of length() at column 12");
	assert_refused("$[?count()==1]", "expected the one argument of count() at column 10");
	assert_refused(
		"$[?value(@.*,@.*)==1]", "expected the one argument of value() at column 13");
	assert_refused("$[?match(@)]", "expected two arguments of match() at column 11");
	assert_refused("$[?match(@,'a','b')]", "expected two arguments of match() at column 15");
	assert_refused("$[?search()]", "expected two arguments of search() at column 11");
	assert_refused("$[?search(@,)]", "expected two arguments of search() at column 13");
	assert_refused("$[?length(@==1]", "expected `)` at column 12");
	assert_refused("$[?length(@", "expected `)` at column 12");
	assert_refused("$[?count(@.a && @.b)==1]", "expected `)` at column 14");
}

static void the_types_of_arguments_are_checked(void **state)
{
	static const char many[] =
		"a query that may find more than one value, where one is needed, at "
		"column ";
	struct buf reason;

	(void)state;
	buf_init(&reason, 200);
	buf_printf(&reason, "%s11", many);
	assert_refused("$[?length(@.*)<3]", reason.data);
	assert_refused("$[?length(@[1,2])<3]", reason.data);
	assert_refused("$[?search(@..a,'x')]", reason.data);
	buf_release(&reason);
	assert_refused("$[?count('a')==1]", "an argument that is no query at column 10");
	assert_refused("$[?count(1)==1]", "an argument that is no query at column 10");
	assert_refused("$[?count(true)==1]", "an argument that is no query at column 10");
	assert_refused("$[?count(length(@))==1]", "an argument that is no query at column 10");
	assert_refused("$[?value(null)==1]", "an argument that is no query at column 10");
	assert_refused("$[?length(match(@,'a'))==1]",
		"a function that is true or false, where a value is needed, at column 11");
}

static void the_type_of_the_result_is_checked(void **state)
{
	static const char alone[] = "a function whose value is compared with nothing at column 4";

	(void)state;
	assert_refused("$[?length(@)]", alone);
	assert_refused("$[?count(@.*)]", alone);
	assert_refused("$[?value(@.*)]", alone);
	assert_refused(
		"$[?!length(@)]", "a function whose value is compared with nothing at column 5");
	assert_refused("$[?match(@,'a')==true]",
		"a function that is true or false, which is not compared, at column 4");
	assert_refused("$[?true==search(@,'a')]",
		"a function that is true or false, which is not compared, at column 10");
	assert_refused("$[?@.a && length(@.b)]",
		"a function whose value is compared with nothing at column 11");
}

static void a_pattern_that_is_too_large_is_refused(void **state)
{
	char reason[JSONPATH_REASON_BYTES];
	struct buf query;

	(void)state;
	assert_refused("$[?match(@,'((a{1000}){1000}){1000}')]",
		"a pattern that is too large at column 12");
	assert_refused("$[?match(@,'a{99999}')]", "a pattern that is too large at column 12");
	buf_init(&query, 10000);
	buf_add_string(&query, "$[?match(@,'");
	for (int i = 0; i < 4097; i++)
		buf_add_char(&query, 'a');
	buf_add_string(&query, "')]");
	assert_refused(query.data, "a pattern that is too large at column 12");
	buf_clear(&query);
	buf_add_string(&query, "$[?@.a");
	for (int i = 0; i < 40; i++)
		buf_add_string(&query, "||match(@,'(abcdefgh){100}')");
	buf_add_char(&query, ']');
	assert_null(jsonpath_compile((struct span){query.data, query.len}, reason));
	assert_non_null(strstr(reason, "patterns that are too large together: the last begins at"));
	buf_release(&query);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_is_of_texts_arrays_and_objects),
		cmocka_unit_test(count_is_of_what_a_query_finds),
		cmocka_unit_test(value_is_the_one_that_a_query_finds),
		cmocka_unit_test(match_is_of_the_whole_text_and_search_of_a_part),
		cmocka_unit_test(a_pattern_may_come_out_of_the_document),
		cmocka_unit_test(what_is_no_iregexp_matches_nothing),
		cmocka_unit_test(blanks_are_taken_between_arguments_only),
		cmocka_unit_test(an_unknown_function_is_refused),
		cmocka_unit_test(the_number_of_arguments_is_checked),
		cmocka_unit_test(the_types_of_arguments_are_checked),
		cmocka_unit_test(the_type_of_the_result_is_checked),
		cmocka_unit_test(a_pattern_that_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
