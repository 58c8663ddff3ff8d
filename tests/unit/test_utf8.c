/* SPDX-License-Identifier: MIT */
/* UTF-8 is what RFC 3629 says and nothing else. */
#include "unit.h"

#include "bellhop/bug.h"
#include "bellhop/utf8.h"

static size_t encode(uint32_t character, char *out)
{
	if (character < 0x80) {
		out[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		out[0] = (char)(0xc0 | character >> 6);
		out[1] = (char)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		out[0] = (char)(0xe0 | character >> 12);
		out[1] = (char)(0x80 | (character >> 6 & 0x3f));
		out[2] = (char)(0x80 | (character & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | character >> 18);
	out[1] = (char)(0x80 | (character >> 12 & 0x3f));
	out[2] = (char)(0x80 | (character >> 6 & 0x3f));
	out[3] = (char)(0x80 | (character & 0x3f));
	return 4;
}

static void every_character_reads_back_and_no_surrogate_does(void **state)
{
	(void)state;
	for (uint32_t character = 0; character < 0x120000; character++) {
		bool good = character < 0xd800 || (character > 0xdfff && character < 0x110000);
		uint32_t read = UINT32_MAX;
		char text[4];
		size_t len = encode(character, text);

		if (utf8_next(text, len, &read) != (good ? len : 0) || (good && read != character))
			fail_msg("U+%04X", character);
		if (utf8_next(text, len - 1 + (len == 1), &read) != (len == 1))
			fail_msg("U+%04X without its last byte", character);
	}
}

static void every_start_of_three_bytes_is_judged_like_a_table_would(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits < 1u << 24; bits++) {
		const unsigned char text[] = {(unsigned char)(bits >> 16),
			(unsigned char)(bits >> 8), (unsigned char)bits};
		uint32_t read = 0;
		size_t len = utf8_next((const char *)text, 3, &read);
		char again[4];

		if (len > 0 && (encode(read, again) != len || memcmp(again, text, len) != 0))
			fail_msg("%06x is read as U+%04X", bits, read);
	}
}

static void a_long_form_is_refused(void **state)
{
	static const char *const texts[] = {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(utf8_valid(texts[i], strlen(texts[i])));
}

static void what_lies_over_the_last_character_is_refused(void **state)
{
	(void)state;
	assert_true(utf8_valid("\xf4\x8f\xbf\xbf", 4));
	assert_false(utf8_valid("\xf4\x90\x80\x80", 4));
	assert_false(utf8_valid("\xf5\x80\x80\x80", 4));
	assert_false(utf8_valid("\xff", 1));
}

static void a_bad_byte_is_found_wherever_it_stands(void **state)
{
	char text[40];

	(void)state;
	for (size_t at = 0; at < sizeof(text); at++) {
		memset(text, 'a', sizeof(text));
		assert_true(utf8_valid(text, sizeof(text)));
		text[at] = '\x80';
		assert_false(utf8_valid(text, sizeof(text)));
		text[at] = '\xc3';
		assert_false(utf8_valid(text, sizeof(text)));
		if (at + 1 == sizeof(text))
			break;
		text[at + 1] = '\xa9';
		assert_true(utf8_valid(text, sizeof(text)));
		assert_false(utf8_valid(text, at + 1));
		assert_int_equal(utf8_length(text, sizeof(text)), sizeof(text) - 1);
	}
	assert_true(utf8_valid("", 0));
}

static void a_cut_keeps_characters_whole(void **state)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x94z";
	static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

	(void)state;
	for (size_t max = 0; max < ARRAY_SIZE(cuts); max++)
		assert_int_equal(utf8_cut(text, strlen(text), max), cuts[max]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_reads_back_and_no_surrogate_does),
		cmocka_unit_test(every_start_of_three_bytes_is_judged_like_a_table_would),
		cmocka_unit_test(a_long_form_is_refused),
		cmocka_unit_test(what_lies_over_the_last_character_is_refused),
		cmocka_unit_test(a_bad_byte_is_found_wherever_it_stands),
		cmocka_unit_test(a_cut_keeps_characters_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
