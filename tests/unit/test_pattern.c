/* SPDX-License-Identifier: MIT */
/* Patterns: what of ECMA-262 they are, what is refused, and that no search goes on for ever. */
#include "unit.h"

#include <stdio.h>

#include "../../common/pattern.h"
#include "bellhop/bug.h"

#define WORK 2000000

static struct pattern *compile(const char *text)
{
	struct pattern *pattern;
	struct buf problem;

	buf_init(&problem, 1000);
	pattern = pattern_compile(span_of(text), &problem);
	if (pattern == NULL)
		fail_msg("%s: %s", text, problem.data);
	assert_int_equal(problem.len, 0);
	assert_string_equal(pattern_text(pattern), text);
	assert_true(pattern_bytes(pattern) > strlen(text));
	buf_release(&problem);
	return pattern;
}

static enum pattern_answer search(const char *text, struct span in, uint64_t units)
{
	struct pattern *pattern = compile(text);
	struct pattern_work work;
	enum pattern_answer answer;

	pattern_work_init(&work, units);
	answer = pattern_search(pattern, in, &work);
	pattern_work_release(&work);
	pattern_free(pattern);
	return answer;
}

static void finds(const char *pattern, const char *in)
{
	if (search(pattern, span_of(in), WORK) != PATTERN_FOUND)
		fail_msg("%s does not find %s", pattern, in);
}

static void finds_not(const char *pattern, const char *in)
{
	if (search(pattern, span_of(in), WORK) != PATTERN_NOT_FOUND)
		fail_msg("%s finds %s", pattern, in);
}

static void refused(const char *text, const char *why)
{
	struct buf problem;

	buf_init(&problem, 1000);
	assert_null(pattern_compile(span_of(text), &problem));
	assert_string_equal(problem.data, why);
	buf_release(&problem);
}

/* What pcre2 says no to, in words that depend on its version. */
static void no_pattern(const char *text)
{
	struct buf problem;

	buf_init(&problem, 1000);
	assert_null(pattern_compile(span_of(text), &problem));
	assert_memory_equal(problem.data, "is no pattern: ", strlen("is no pattern: "));
	assert_true(problem.len > strlen("is no pattern: "));
	buf_release(&problem);
}

static void a_pattern_is_found_anywhere_unless_it_says_where(void **state)
{
	(void)state;
	finds("b+", "abbc");
	finds_not("^b+", "abbc");
	finds_not("b+$", "abbc");
	finds("^abbc$", "abbc");
	finds("", "");
	finds("", "x");
}

static void the_end_is_the_very_end(void **state)
{
	(void)state;
	finds_not("^a$", "a\n");
	finds_not("^a$", "a\nb");
	finds_not("^b$", "a\nb");
	finds("^a\\n$", "a\n");
}

static void digits_and_words_are_of_ascii(void **state)
{
	(void)state;
	finds("^\\d+$", "0123456789");
	finds_not("\\d", "\u0660\uff11\u0967");
	finds("^\\w+$", "azAZ09_");
	finds_not("\\w", "\u00e9\u4e2d\u00aa");
	finds("^\\D\\W$", "\u0660\u00e9");
	finds("^[\\D][\\W]$", "\u0660\u00e9");
	finds("[^\\D]", "a1");
	finds_not("[^\\D\\p{Script=Greek}]", "\u4e2d{");
	finds_not("[^\\W]", "\u017f\u212a-");
	finds("a\\b\u00e9", "a\u00e9");
}

static void white_space_is_that_of_unicode(void **state)
{
	static const char *const spaces[] = {"\t", "\n", "\v", "\f", "\r", " ", "\u00a0", "\u1680",
		"\u2000", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff"};
	static const char *const others[] = {
		"a", "\b", "\xc2\x85", "\u180e", "\u200b", "\u2060", "\U0001f525", "\u4e2d"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		finds("^\\s$", spaces[i]);
		finds("^[x\\s]$", spaces[i]);
		finds_not("\\S", spaces[i]);
		finds_not("[x\\S]", spaces[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		finds("^\\S$", others[i]);
		finds("^[\\S-]$", others[i]);
		finds("^[^\\s]$", others[i]);
		finds_not("[-\\s]", others[i]);
	}
}

static void a_dot_is_anything_but_the_end_of_a_line(void **state)
{
	static const char *const ends[] = {"\n", "\r", "\u2028", "\u2029"};
	static const char *const others[] = {"a", "\xc2\x85", "\v", "\u4e2d", "\U0001f525"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		finds_not(".", ends[i]);
		finds("^[^]$", ends[i]);
		finds_not("[.]", ends[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		finds("^.$", others[i]);
	finds("\\sb", "\r\nb");
	assert_int_equal(search("^a.b$", (struct span){"a\0b", 3}, WORK), PATTERN_FOUND);
}

static void a_character_is_a_code_point(void **state)
{
	(void)state;
	finds("^.$", "\U0001f525");
	finds("^\\u{1F525}\\uD83D\\udd25\\u00e9\\xe9$", "\U0001f525\U0001f525\u00e9\u00e9");
	finds("^[\\u{1F525}-\\u{1F527}\\u{000041}]{2}$", "\U0001f526A");
	finds("^\\p{Lu}\\P{Lu}\\p{L}$", "\u00c9\u00e9\u4e2d");
	finds("^\\p{Script=Greek}$", "\u03b1");
	finds("^\\p{Letter}\\p{Uppercase_Letter}[\\p{Decimal_Number}]\\P{digit}$",
		"\u00e9\u00c9\u0969x");
	finds("^\\p{General_Category=Letter}\\p{gc=Lu}\\p{gc=punct}$", "a\u00c9!");
	finds("^\\p{Cased_Letter}\\p{LC}\\p{Assigned}\\P{Assigned}\\p{Any}\\p{Alphabetic}$",
		"aAa\u0378!b");
	finds_not("\\p{Letter}", "1");
	refused("\\uD83D", "has \\uD83D at character 1, half of a character, which no text holds");
	refused("\\uD83Dx", "has \\uD83D at character 1, half of a character, which no text holds");
	refused("\\u{110000}", "has \\u{1 at character 1, which is no escape of ECMA-262");
	refused("\\u{}", "has \\u{} at character 1, which is no escape of ECMA-262");
	refused("\u00e9\\u00", "has \\u00 at character 2, which is no escape of ECMA-262");
	no_pattern("\\p{Nonsense}");
	no_pattern("\\p{gc=Nonsense}");
	no_pattern("\\p{letter}");
	refused("\\p{}", "has \\p{} at character 1, which is no escape of ECMA-262");
	refused("a\\p{L", "has \\p{L at character 2, which is no escape of ECMA-262");
}

static void escapes_are_those_of_ecma_262(void **state)
{
	(void)state;
	assert_int_equal(
		search("^\\t\\n\\v\\f\\r\\0\\cJ[\\b]$", (struct span){"\t\n\v\f\r\0\n\b", 8}, WORK),
		PATTERN_FOUND);
	finds("^\\^\\$\\\\\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\/\\-$", "^$\\.*+?()[]{}|/-");
	finds("^[\\^\\-\\]\\\\\\/.:=[]+$", "^-]\\/.:=[");
	finds("^\\\u00e9$", "\u00e9");
	finds_not("^\\v$", "\n");
	refused("a\\", "has \\ at character 2, which escapes nothing");
	refused("[\\", "has \\ at character 2, which escapes nothing");
}

static void a_brace_or_bracket_may_stand_for_itself(void **state)
{
	(void)state;
	finds("^{a}]$", "{a}]");
	finds("^a{,2}$", "a{,2}");
	finds("^a{ 1 }{x}$", "a{ 1 }{x}");
	finds("^[{}[(]+$", "{}[(");
	finds("^[[:alpha:]]$", ":]");
	finds("^[..][:a:]$", ".a");
}

static void a_class_may_be_empty(void **state)
{
	(void)state;
	finds_not("[]", "a");
	finds("^[]*$", "");
	finds_not("[]+", "a]");
	finds("^[^]{3}$", "\n]\U0001f525");
}

static void repeats_are_greedy_or_lazy(void **state)
{
	(void)state;
	finds("^a*b+?c??d{2}e{1,}f{0,2}$", "aabbddeff");
	finds_not("^a{2,3}$", "aaaa");
	refused("a++", "has ++ at character 2, which repeats a repeat");
	refused("ba{2}+", "has {2}+ at character 3, which repeats a repeat");
	refused("a+?*", "has +?* at character 2, which repeats a repeat");
	refused("a?{2}", "has ?{2} at character 2, which repeats a repeat");
	no_pattern("*a");
	no_pattern("a{3,2}");
	no_pattern("a{99999999999}");
}

static void groups_look_and_refer(void **state)
{
	(void)state;
	finds("^(a|b)(?:c)(?=d)d(?!e)(?<=d)(?<!c)$", "bcd");
	finds("^(['\"])x\\1$", "'x'");
	finds_not("^(['\"])x\\1$", "'x\"");
	finds("^(?<q>['\"])x\\k<q>$", "\"x\"");
	finds("^(?:(a)|b)\\1c$", "bc");
	finds("^\\2(a)(b)$", "ab");
	finds("^(?i:stra\u00dfe)\\d$", "STRA\u1e9eE1");
	finds_not("^(?i:(?-i:a))$", "A");
	finds_not("^(?i:[\\W])$", "k");
	finds("()()()()()()()()()()(z)\\11$", "zz");
	no_pattern("(a)\\2");
	no_pattern("\\11");
	no_pattern("(a");
	refused("[a", "has [ at character 1, which no ] closes");
}

/* Each of these means something to pcre2, and nothing or something else to ECMA-262. */
static void what_only_pcre2_has_is_refused(void **state)
{
	static const char *const groups[] = {"(?i)a", "(?>a)", "(?|a)", "(?#a)", "(?R)", "(?1)",
		"(?P<a>b)", "(?'a'b)", "(?C1)", "(?(1)a)", "(?s:a)", "(?"};
	static const char *const escapes[] = {"\\A", "\\Z", "\\z", "\\G", "\\K", "\\Q", "\\E",
		"\\R", "\\X", "\\C", "\\N", "\\h", "\\H", "\\V", "\\a", "\\e", "\\g{1}", "\\o{1}",
		"\\U", "\\L", "\\x{41}", "\\x4", "\\01", "\\pL", "\\p{^L}", "\\k'a'", "\\c1", "\\i",
		"\\u12", "[\\B]", "[\\1]", "[\\k]", "[\\h]", "[\\R]"};
	struct buf problem;

	(void)state;
	buf_init(&problem, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		buf_clear(&problem);
		assert_null(pattern_compile(span_of(groups[i]), &problem));
		assert_non_null(strstr(problem.data, "at character 1, where a group begins with"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		buf_clear(&problem);
		assert_null(pattern_compile(span_of(escapes[i]), &problem));
		assert_non_null(strstr(problem.data, "which is no escape of ECMA-262"));
	}
	buf_release(&problem);
	refused("(*ACCEPT)a", "has (* at character 1, where there is nothing to repeat");
	refused("(*LIMIT_MATCH=1)a", "has (* at character 1, where there is nothing to repeat");
}

static void a_hyphen_beside_a_class_makes_no_range(void **state)
{
	static const char *const escapes[] = {"\\s", "\\S", "\\d", "\\D", "\\w", "\\W"};
	char text[20];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		snprintf(text, sizeof(text), "[%s-z]", escapes[i]);
		no_pattern(text);
		snprintf(text, sizeof(text), "[!-%s]", escapes[i]);
		no_pattern(text);
	}
}

static void a_pattern_has_a_maximum(void **state)
{
	char text[PATTERN_MAX_BYTES + 2];
	struct buf problem;
	struct pattern *pattern;

	(void)state;
	buf_init(&problem, 1000);
	memset(text, 'a', sizeof(text));
	pattern = pattern_compile((struct span){text, PATTERN_MAX_BYTES}, &problem);
	assert_non_null(pattern);
	pattern_free(pattern);
	assert_null(pattern_compile((struct span){text, PATTERN_MAX_BYTES + 1}, &problem));
	assert_string_equal(problem.data, "is over 4 KiB");
	buf_release(&problem);
	no_pattern("(?:(?:(?:a{99}){99}){99}){99}");
}

/* As much as a class can be made to grow when it is written for pcre2. */
static void the_longest_classes_are_written_whole(void **state)
{
	char text[PATTERN_MAX_BYTES + 1];
	static const char *const pieces[] = {"\\S", "\\W", "\\s", "."};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		size_t len = strlen(pieces[i]);
		struct buf problem;

		buf_init(&problem, 1000);
		text[0] = '[';
		for (size_t at = 1; at + len < PATTERN_MAX_BYTES; at += len)
			memcpy(text + at, pieces[i], len);
		text[PATTERN_MAX_BYTES - 1] = ']';
		text[PATTERN_MAX_BYTES] = '\0';
		if (len == 2)
			memcpy(text + PATTERN_MAX_BYTES - 3, "xx]", 3);
		pattern_free(pattern_compile(span_of(text), &problem));
		buf_release(&problem);
	}
}

static void repeat_text(struct buf *out, const char *piece, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_add_string(out, piece);
}

static void no_search_goes_on_for_ever(void **state)
{
	static const struct {
		const char *pattern, *piece;
		size_t count;
		const char *end;
	} searches[] = {
		{"^(a+)+$", "a", 40, "!"},
		{"^(?:a|a?)+$", "a", 40, "!"},
		{"^(?:\\w*)*\\d$", "a", 1000, "!"},
		{"\\d+[ab]", "1", 1000000, ""},
		{"(?:a{60000}|b)[!?]", "a", 59999, ""},
		{"(\\w*).\\1[!?]", "a", 10000, ""},
		{"^(?:(?=[a-z]*[!?])a|a)*$", "a", 100000, ""},
		{"^(?:(?:a|b)(?:a|b))*$", "a", 1000001, ""},
		{"(.*)(.*)(.*)(.*)(.*)[^a]", "a", 100000, ""},
		{"(?<=(?:a|b){200})[a!]$", "a", 100000, "z"},
	};
	struct buf text;

	(void)state;
	buf_init(&text, 10000000);
	for (size_t i = 0; i < ARRAY_SIZE(searches); i++) {
		buf_clear(&text);
		repeat_text(&text, searches[i].piece, searches[i].count);
		buf_add_string(&text, searches[i].end);
		if (search(searches[i].pattern, (struct span){text.data, text.len}, WORK) !=
			PATTERN_TOO_MUCH)
			fail_msg("%s ends", searches[i].pattern);
	}
	buf_release(&text);
}

static void what_is_easy_is_found_in_the_longest_text(void **state)
{
	static const char *const patterns[] = {
		"^[^<>]*$", "^.*$", "^[\\s\\S]*$", "^\\P{Lu}*$", "\\S", "[!?]?$", "[ab]$"};
	struct buf text;

	(void)state;
	buf_init(&text, 2000000);
	repeat_text(&text, "a", 1024 * 1024);
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (search(patterns[i], (struct span){text.data, text.len},
			    WORK + 64 * (uint64_t)text.len) != PATTERN_FOUND)
			fail_msg("%s is too much", patterns[i]);
	buf_release(&text);
}

static void searches_share_their_work(void **state)
{
	struct pattern *hard = compile("^(a+)+$"), *easy = compile("^[a-z]$");
	struct pattern_work work;
	uint64_t left;

	(void)state;
	pattern_work_init(&work, WORK);
	assert_int_equal(pattern_search(easy, span_of("b"), &work), PATTERN_FOUND);
	left = work.units;
	assert_true(left < WORK);
	assert_int_equal(pattern_search(easy, span_of("b"), &work), PATTERN_FOUND);
	assert_int_equal(work.units, left - (WORK - left));
	assert_int_equal(pattern_search(hard, span_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), &work),
		PATTERN_TOO_MUCH);
	assert_int_equal(pattern_search(easy, span_of("b"), &work), PATTERN_TOO_MUCH);
	pattern_work_release(&work);
	pattern_free(hard);
	pattern_free(easy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_is_found_anywhere_unless_it_says_where),
		cmocka_unit_test(the_end_is_the_very_end),
		cmocka_unit_test(digits_and_words_are_of_ascii),
		cmocka_unit_test(white_space_is_that_of_unicode),
		cmocka_unit_test(a_dot_is_anything_but_the_end_of_a_line),
		cmocka_unit_test(a_character_is_a_code_point),
		cmocka_unit_test(escapes_are_those_of_ecma_262),
		cmocka_unit_test(a_brace_or_bracket_may_stand_for_itself),
		cmocka_unit_test(a_class_may_be_empty),
		cmocka_unit_test(repeats_are_greedy_or_lazy),
		cmocka_unit_test(groups_look_and_refer),
		cmocka_unit_test(what_only_pcre2_has_is_refused),
		cmocka_unit_test(a_hyphen_beside_a_class_makes_no_range),
		cmocka_unit_test(a_pattern_has_a_maximum),
		cmocka_unit_test(the_longest_classes_are_written_whole),
		cmocka_unit_test(no_search_goes_on_for_ever),
		cmocka_unit_test(what_is_easy_is_found_in_the_longest_text),
		cmocka_unit_test(searches_share_their_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
