/* SPDX-License-Identifier: MIT */
/* Only names become part of a key. */
#include "unit.h"

#include "bellhop/name.h"

static bool valid(const char *text)
{
	return name_valid(text, strlen(text));
}

static void letters_digits_and_three_signs_make_a_name(void **state)
{
	(void)state;
	assert_true(valid("a"));
	assert_true(valid("7"));
	assert_true(valid("Acme-2.eu_west"));
	assert_true(valid("a..b--"));
}

static void a_name_begins_with_a_letter_or_digit(void **state)
{
	(void)state;
	assert_false(valid("-a"));
	assert_false(valid(".a"));
	assert_false(valid("_a"));
	assert_false(valid("."));
}

static void every_other_byte_is_refused_wherever_it_stands(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		const char text[] = {'a', (char)byte, 'b'};
		bool expected = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
				(byte >= 'a' && byte <= 'z') ||
				(byte != 0 && strchr("._-", byte) != NULL);

		assert_int_equal(name_valid(text, 3), expected);
		assert_int_equal(name_valid(text, 2), expected);
	}
}

static void a_name_has_1_to_128_bytes(void **state)
{
	char text[129];

	(void)state;
	memset(text, 'n', sizeof(text));
	assert_false(name_valid(text, 0));
	assert_true(name_valid(text, 128));
	assert_false(name_valid(text, 129));
}

static void a_refused_text_leaves_the_name_as_it_was(void **state)
{
	struct name name = {0};

	(void)state;
	assert_int_equal(name_set(&name, "acme:x", 4), 0);
	assert_string_equal(name.text, "acme");
	assert_int_equal(name.len, 4);
	assert_int_equal(name_set(&name, "acme:x", 6), -1);
	assert_string_equal(name.text, "acme");
}

static void names_are_equal_byte_for_byte(void **state)
{
	struct name a = {0}, b = {0};

	(void)state;
	assert_true(name_equals(&a, &b));
	(void)name_set(&a, "acme", 4);
	(void)name_set(&b, "acm", 3);
	assert_false(name_equals(&a, &b));
	(void)name_set(&b, "Acme", 4);
	assert_false(name_equals(&a, &b));
	(void)name_set(&b, "acme", 4);
	assert_true(name_equals(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_digits_and_three_signs_make_a_name),
		cmocka_unit_test(a_name_begins_with_a_letter_or_digit),
		cmocka_unit_test(every_other_byte_is_refused_wherever_it_stands),
		cmocka_unit_test(a_name_has_1_to_128_bytes),
		cmocka_unit_test(a_refused_text_leaves_the_name_as_it_was),
		cmocka_unit_test(names_are_equal_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
