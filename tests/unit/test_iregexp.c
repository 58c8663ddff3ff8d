/* SPDX-License-Identifier: MIT */
/* I-Regexp: the grammar of RFC 9485 to the letter, and what its patterns match. */
#include "unit.h"

#include "../../common/iregexp.h"

static void matches(const char *pattern, const char *text, bool whole, bool expected)
{
	struct pattern_work work;
	struct pattern *compiled;

	pattern_work_init(&work, 1000000);
	if (iregexp_compile(span_of(pattern), whole, &compiled) != IREGEXP_TAKEN)
		fail_msg("%s was not taken", pattern);
	if (pattern_search(compiled, span_of(text), &work) !=
		(expected ? PATTERN_FOUND : PATTERN_NOT_FOUND))
		fail_msg("%s on %s: not %d", pattern, text, expected);
	pattern_work_release(&work);
	pattern_free(compiled);
}

static void yes(const char *pattern, const char *text)
{
	matches(pattern, text, true, true);
}

static void no(const char *pattern, const char *text)
{
	matches(pattern, text, true, false);
}

static void answers(const char *pattern, enum iregexp_answer expected)
{
	struct pattern *compiled;

	if (iregexp_compile(span_of(pattern), true, &compiled) != expected)
		fail_msg("%s: not %d", pattern, (int)expected);
	if (expected != IREGEXP_TAKEN)
		assert_null(compiled);
	pattern_free(compiled);
}

static void branches_and_repeats(void **state)
{
	(void)state;
	yes("ab|cd|", "cd");
	yes("ab|cd|", "");
	no("ab|cd", "abcd");
	yes("a?b*c+", "cc");
	no("a?b*c+", "aab");
	yes("a{2}", "aa");
	no("a{2}", "aaa");
	yes("a{2,}", "aaaa");
	no("a{2,}", "a");
	yes("a{2,3}", "aaa");
	no("a{2,3}", "aaaa");
	yes("a{0}", "");
	yes("a{02,003}", "aaa");
	yes("(ab|c){2}(d(e))*", "cabdede");
	yes("()", "");
	yes("(|a)+", "aa");
}

static void a_match_is_of_the_whole_text_and_a_search_of_a_part(void **state)
{
	(void)state;
	no("a|b", "ab");
	no("a", "a\n");
	matches("a|b", "xxb", false, true);
	matches("ab", "xxb", false, false);
	matches("", "", false, true);
}

static void a_dot_is_all_but_line_ends(void **state)
{
	(void)state;
	yes(".", "a");
	yes(".", "\xe2\x80\xa8");     /* U+2028 */
	yes(".", "\xf0\x9f\x98\x80"); /* one character */
	yes(".", "\x0b");
	no(".", "\n");
	no(".", "\r");
	no("..", "\xc3\xa9");
	yes("[.]", ".");
	no("[.]", "a");
}

static void classes_are_sets_of_characters(void **state)
{
	(void)state;
	yes("[a-cx]", "b");
	no("[a-cx]", "d");
	yes("[^a-c]", "d");
	yes("[^a-c]", "\n");
	no("[^a-c]", "a");
	yes("[-a]", "-");
	yes("[a-]", "-");
	yes("[-]", "-");
	yes("[--]", "-");
	no("[^-]", "-");
	yes("[a^]", "^");
	yes("[^]", "^"); /* a caret alone is itself */
	no("[^^]", "^");
	yes("[\\]\\[\\\\\\-]+", "][\\-");
	yes("[$(){}*+?|,/:=&]+", "$(){}*+?|,/:=&");
	yes("[\\p{Lu}0-9]", "\xc3\x89");
	no("[^\\p{Lu}0-9]", "\xc3\x89");
	yes("[\\P{L}]", "1");
	yes("[\xc3\xa0-\xc3\xbf]", "\xc3\xa9");
	yes("[\\n-\\r]", "\x0b");
	yes("[!-~]", "a");
	no("[:alpha:]", "z");
}

static void categories_are_those_of_unicode(void **state)
{
	static const char *const all[] = {"L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn",
		"N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Z", "Zl",
		"Zp", "Zs", "S", "Sc", "Sk", "Sm", "So", "C", "Cc", "Cf", "Cn", "Co"};
	char pattern[20];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (int complement = 0; complement < 2; complement++) {
			strcpy(pattern, complement ? "\\P{" : "\\p{");
			strcat(strcat(pattern, all[i]), "}");
			answers(pattern, IREGEXP_TAKEN);
		}
	yes("\\p{Lu}", "\xd0\x96");
	no("\\p{Lu}", "\xd0\xb6");
	yes("\\P{Lu}", "\xd0\xb6");
	yes("\\p{Nd}+", "1\xd9\xa3");
	yes("\\p{Sc}", "\xe2\x82\xac");
}

static void what_is_escaped_is_itself(void **state)
{
	(void)state;
	yes("\\(\\)\\*\\+\\-\\.\\?\\[\\\\\\]\\^\\{\\|\\}", "()*+-.?[\\]^{|}");
	yes("\\n\\r\\t", "\n\r\t");
	answers("\\d", IREGEXP_NONE);
	answers("\\w", IREGEXP_NONE);
	answers("\\s", IREGEXP_NONE);
	answers("\\b", IREGEXP_NONE);
	answers("\\$", IREGEXP_NONE);
	answers("\\/", IREGEXP_NONE);
	answers("\\1", IREGEXP_NONE);
	answers("\\u0061", IREGEXP_NONE);
	answers("\\i", IREGEXP_NONE);
	answers("\\", IREGEXP_NONE);
	answers("[\\d]", IREGEXP_NONE);
	answers("[\\", IREGEXP_NONE);
}

static void most_characters_are_themselves(void **state)
{
	(void)state;
	yes("a-b,c/d:e=f<g>!#%&'\"@_`~;", "a-b,c/d:e=f<g>!#%&'\"@_`~;");
	yes("# x", "# x");
	yes("\x01\x7f\xf0\x9f\x98\x80", "\x01\x7f\xf0\x9f\x98\x80");
	no("a", "A");
}

static void a_caret_and_a_dollar_are_the_ends(void **state)
{
	(void)state;
	yes("^ab$", "ab");
	matches("^b", "ab", false, false);
	matches("a$", "ab", false, false);
	matches("b$", "ab\n", false, false);
	matches("a^b|b$", "a^b", false, true);
	yes("^*a$?", "a");
}

static void what_only_others_have_is_none(void **state)
{
	static const char *const none[] = {"a**", "a+?", "a{1}{2}", "*a", "+", "?", "|*", "(*a)",
		"(?:a)", "(?i)a", "(?=a)", "(a", "a)", "(", ")", "a{", "a}", "a{}", "a{,2}", "a{1",
		"a{1,2", "a{x}", "a{ 1}", "a{3,2}", "{1}", "[", "[]", "[a", "]", "[]a]", "[a-b-c]",
		"[b-a]", "[a-\\p{L}]", "[[:alpha:]]", "[a&&[b]]", "[--a]", "[^", "\\p{", "\\p{}",
		"\\p{X}", "\\p{Lx}", "\\p{Lul}", "\\pL", "\\p{^L}", "\\p{Script=Greek}",
		"\\p{IsGreek}", "\\Q"};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		answers(none[i], IREGEXP_NONE);
}

static void what_is_more_than_is_taken_here_is_told_apart(void **state)
{
	char long_one[PATTERN_MAX_BYTES + 2];

	(void)state;
	answers("a{65535}", IREGEXP_TAKEN);
	answers("a{65536}", IREGEXP_TOO_LARGE);
	answers("a{99999999999999999999}", IREGEXP_TOO_LARGE);
	answers("((a{1000}){1000}){1000}", IREGEXP_TOO_LARGE);
	memset(long_one, '(', sizeof(long_one));
	long_one[2000] = '\0';
	memset(long_one + 1000, ')', 1000);
	answers(long_one, IREGEXP_TOO_LARGE);
	memset(long_one, 'a', sizeof(long_one));
	long_one[PATTERN_MAX_BYTES + 1] = '\0';
	answers(long_one, IREGEXP_TOO_LARGE);
	long_one[PATTERN_MAX_BYTES] = '\0';
	answers(long_one, IREGEXP_TAKEN);
	memset(long_one, '.', PATTERN_MAX_BYTES);
	answers(long_one, IREGEXP_TOO_LARGE);
	long_one[1000] = '\0';
	answers(long_one, IREGEXP_TAKEN);
}

static void a_nul_is_a_character(void **state)
{
	struct pattern_work work;
	struct pattern *pattern;

	(void)state;
	pattern_work_init(&work, 10000);
	assert_int_equal(
		iregexp_compile((struct span){"a\0[\0]", 5}, true, &pattern), IREGEXP_TAKEN);
	assert_int_equal(pattern_search(pattern, (struct span){"a\0\0", 3}, &work), PATTERN_FOUND);
	pattern_free(pattern);
	pattern_work_release(&work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(branches_and_repeats),
		cmocka_unit_test(a_match_is_of_the_whole_text_and_a_search_of_a_part),
		cmocka_unit_test(a_dot_is_all_but_line_ends),
		cmocka_unit_test(classes_are_sets_of_characters),
		cmocka_unit_test(categories_are_those_of_unicode),
		cmocka_unit_test(what_is_escaped_is_itself),
		cmocka_unit_test(most_characters_are_themselves),
		cmocka_unit_test(a_caret_and_a_dollar_are_the_ends),
		cmocka_unit_test(what_only_others_have_is_none),
		cmocka_unit_test(what_is_more_than_is_taken_here_is_told_apart),
		cmocka_unit_test(a_nul_is_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
