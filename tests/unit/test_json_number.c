/* SPDX-License-Identifier: MIT */
/* Numbers are compared and handed on by their value, to the last digit. */
#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "bellhop/bug.h"
#include "bellhop/json_number.h"

static int compare(const char *a, const char *b)
{
	int order = json_number_compare(span_of(a), span_of(b));

	assert_int_equal(json_number_compare(span_of(b), span_of(a)), -order);
	return order;
}

static bool is_multiple(const char *a, const char *b)
{
	return json_number_is_multiple(span_of(a), span_of(b));
}

static void canonical_is(const char *number, const char *expected)
{
	struct buf out;

	buf_init(&out, 10000);
	json_number_canonical(span_of(number), &out);
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

static void out_is(const char *number, const char *expected)
{
	struct buf out;

	buf_init(&out, 10000);
	json_number_out(span_of(number), false, &out);
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

/* `count` times the text `middle` between two others. */
static char *repeat(const char *before, const char *middle, size_t count, const char *after)
{
	struct buf text;

	buf_init(&text, SIZE_MAX);
	buf_add_string(&text, before);
	while (count-- > 0)
		buf_add_string(&text, middle);
	buf_add_string(&text, after);
	return buf_detach(&text);
}

static void one_value_has_many_spellings(void **state)
{
	static const char *const ones[] = {"1", "1.0", "1.000", "10e-1", "0.1e1", "0.01E+2",
		"100e-2", "1e0", "1E-0", "1e+00", "10000000000000000000000e-22"};
	static const char *const zeros[] = {
		"0", "-0", "0.0", "-0.000", "0e5", "0E-99999999999999999999", "0.0e+1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ones); i++)
		for (size_t j = 0; j < ARRAY_SIZE(ones); j++)
			assert_int_equal(compare(ones[i], ones[j]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(zeros); i++)
		for (size_t j = 0; j < ARRAY_SIZE(zeros); j++)
			assert_int_equal(compare(zeros[i], zeros[j]), 0);
}

static void a_list_in_order_is_in_order(void **state)
{
	static const char *const numbers[] = {"-1e99999999999999999999", "-1e308",
		"-18446744073709551617", "-18446744073709551616", "-2", "-1.5", "-1.49999", "-1",
		"-0.1", "-0.01", "-1e-400", "-1e-99999999999999999999", "0",
		"1e-99999999999999999999", "2e-99999999999999999999", "1e-99999999999999999998",
		"1e-100000000000000000", "1e-99999999999999999", "1e-999999999", "0.001", "0.0099",
		"0.01", "0.1", "0.11", "0.2", "1", "1.0000000000000000000001", "2", "9.99", "10",
		"99", "9007199254740992", "9007199254740993", "18446744073709551615",
		"18446744073709551616", "1e20", "1.0000000000000000000000000001e20", "1e308",
		"1e99999999999999999999", "1e100000000000000000000"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		for (size_t j = 0; j < ARRAY_SIZE(numbers); j++)
			assert_int_equal(compare(numbers[i], numbers[j]), (i > j) - (i < j));
}

static void an_exponent_of_any_length_is_exact(void **state)
{
	(void)state;
	/* The same value on both sides of the length where exponents stay text. */
	assert_int_equal(compare("10e-100000000000000000", "1e-99999999999999999"), 0);
	assert_int_equal(compare("0.1e-99999999999999999", "1e-100000000000000000"), 0);
	assert_int_equal(compare("0.01e-99999999999999999", "1e-100000000000000000"), -1);
	assert_int_equal(compare("0.1e100000000000000000", "1e99999999999999999"), 0);
	assert_int_equal(compare("1000e99999999999999999997", "1e100000000000000000000"), 0);
	assert_int_equal(compare("1000e99999999999999999997", "1.1e100000000000000000000"), -1);
	assert_int_equal(compare("1e-000000000000000000000005", "1e-5"), 0);
}

static void a_multiple_is_exact(void **state)
{
	(void)state;
	assert_true(is_multiple("0", "7"));
	assert_true(is_multiple("-0.0", "0.3"));
	assert_true(is_multiple("0.3", "0.1"));
	assert_true(is_multiple("-0.3", "0.1"));
	assert_true(is_multiple("19.99", "0.01"));
	assert_false(is_multiple("19.995", "0.01"));
	assert_true(is_multiple("1e308", "3.0e0") == false);
	assert_true(is_multiple("9e308", "3"));
	assert_true(is_multiple("18446744073709551615", "5"));
	assert_false(is_multiple("18446744073709551616", "5"));
	assert_true(is_multiple("18446744073709551616", "8192"));
	assert_false(is_multiple("1", "2"));
	assert_true(is_multiple("1e1", "2"));
	assert_true(is_multiple("1e3", "8"));
	assert_false(is_multiple("1e2", "8"));
	assert_true(is_multiple("4.5", "1.5"));
	assert_false(is_multiple("4.5", "2"));
	assert_true(is_multiple("1e300", "1e-300"));
	assert_false(is_multiple("1e-300", "1e300"));
	assert_false(is_multiple("1e-99999999999999999999", "1e-900"));
	assert_true(is_multiple("6e99999999999999999999", "3e-900"));
	assert_false(is_multiple("7e99999999999999999999", "3"));
	assert_true(is_multiple("123456789012345678e59", "123456789012345678"));
	assert_true(is_multiple("576460752303423488", "576460752303423488"));
	assert_true(is_multiple("1e59", "576460752303423488")); /* 2^59 */
	assert_false(is_multiple("1e58", "576460752303423488"));
}

static void a_multiple_agrees_with_division_of_small_numbers(void **state)
{
	char left[32], right[32];

	(void)state;
	for (int a = -60; a <= 60; a++)
		for (int b = 1; b <= 60; b++)
			for (int shift = 0; shift < 3; shift++) {
				static const int tens[] = {1, 10, 100};

				snprintf(left, sizeof(left), "%de-%d", a, shift);
				snprintf(right, sizeof(right), "%d", b);
				assert_int_equal(
					is_multiple(left, right), a % (b * tens[shift]) == 0);
				snprintf(left, sizeof(left), "%de%d", a, shift);
				assert_int_equal(
					is_multiple(left, right), a * tens[shift] % b == 0);
			}
}

static void what_may_divide_is_bounded(void **state)
{
	static const char *const refused[] = {"0", "0.0", "-1", "1234567890123456789", "1e1001",
		"1e-1002", "1e-99999999999999999999", "0.1234567890123456789"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		assert_false(json_number_can_divide(span_of(refused[i])));
		assert_false(is_multiple("0", refused[i]));
	}
	assert_true(json_number_can_divide(span_of("999999999999999999")));
	assert_true(json_number_can_divide(span_of("123456789012345678000000000000")));
	assert_true(json_number_can_divide(span_of("1e-999")));
}

static void equal_numbers_have_one_canonical_form(void **state)
{
	(void)state;
	canonical_is("0", "0");
	canonical_is("-0.0e7", "0");
	canonical_is("-25", "-25");
	canonical_is("-25.0", "-25");
	canonical_is("19.99", "1999e-2");
	canonical_is("19.990", "1999e-2");
	canonical_is("1999E-2", "1999e-2");
	canonical_is("100", "1e2");
	canonical_is("0.00123e+2", "123e-3");
	canonical_is("18446744073709551617", "18446744073709551617");
	canonical_is("1e-999999999", "1e-999999999");
	canonical_is("12.5e-99999999999999999999", "125e-100000000000000000000");
	canonical_is("12.5e-100000000000000000", "125e-100000000000000001");
	canonical_is("1200e-100000000000000001", "12e-99999999999999999");
	canonical_is("12.5e99999999999999999999", "125e99999999999999999998");
	canonical_is("12.5e100000000000000000000", "125e99999999999999999999");
}

static void integers_of_64_bits_keep_every_digit(void **state)
{
	(void)state;
	out_is("0", "0");
	out_is("-0", "-0");
	out_is("12345678901234567", "12345678901234567");
	out_is("9223372036854775808", "9223372036854775808");
	out_is("18446744073709551615", "18446744073709551615");
	out_is("-9223372036854775808", "-9223372036854775808");
	out_is("9999999999999999999", "9999999999999999999");
}

static void longer_integers_are_a_string_of_their_digits(void **state)
{
	struct buf out;

	(void)state;
	out_is("18446744073709551616", "\"18446744073709551616\"");
	out_is("-9223372036854775809", "\"-9223372036854775809\"");
	out_is("-10000000000000000000", "\"-10000000000000000000\"");
	out_is("100000000000000000000", "\"100000000000000000000\"");
	buf_init(&out, 100);
	json_number_out(span_of("18446744073709551616"), true, &out);
	assert_string_equal(out.data, "18446744073709551616");
	buf_release(&out);
}

static void other_numbers_keep_their_value_in_its_shortest_form(void **state)
{
	(void)state;
	out_is("19.99", "19.99");
	out_is("19.990", "19.99");
	out_is("1.00", "1.0");
	out_is("1.0", "1.0");
	out_is("-100.500", "-100.5");
	out_is("0.10e5", "0.1e5");
	out_is("1E5", "1e5");
	out_is("1E+5", "1e5");
	out_is("1e-5", "1e-5");
	out_is("10.00E-05", "10.0e-5");
	out_is("1e00", "1e0");
	out_is("1e+00", "1e0");
	out_is("100000000000000000000.0", "100000000000000000000.0");
	out_is("0.1000000000000000000000000000000001", "0.1000000000000000000000000000000001");
}

static void an_integer_is_known_by_its_value(void **state)
{
	static const char *const integers[] = {"0", "-0.0", "1", "1.0", "1e2", "12.5e1", "120e-1",
		"0e-9", "1e99999999999999999999"};
	static const char *const others[] = {"0.5", "12.5", "1e-1", "125e-2", "12.51e1",
		"1e-99999999999999999999", "10000000000000000000000.1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(integers); i++)
		assert_true(json_number_is_integer(span_of(integers[i])));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(json_number_is_integer(span_of(others[i])));
}

static void an_int64_is_exact_or_refused(void **state)
{
	static const char *const refused[] = {"9223372036854775808", "-9223372036854775809", "1e19",
		"1e20", "0.5", "1e999999999", "1e99999999999999999999", "99999999999999999990"};
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {{"0", 0}, {"-0", 0}, {"0e99999999999999999999", 0}, {"42", 42}, {"-42.0", -42},
		{"1e18", 1000000000000000000}, {"9223372036854775807", INT64_MAX},
		{"-9223372036854775808", INT64_MIN}, {"-9.223372036854775808e18", INT64_MIN},
		{"922337203685477580.7E1", INT64_MAX}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		int64_t value = 77;

		assert_int_equal(json_number_int64(span_of(refused[i]), &value), -1);
		assert_int_equal(value, 77);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		int64_t value = 77;

		assert_int_equal(json_number_int64(span_of(good[i].text), &value), 0);
		assert_true(value == good[i].value);
	}
}

static void a_double_is_the_nearest(void **state)
{
	static const char *const numbers[] = {"0", "1", "-1.5", "19.99", "0.1", "1e22", "1e23",
		"9007199254740993", "123456789012345678", "1.7976931348623157e308", "5e-324",
		"2.4703282292062327e-324", "1e-999999999", "3.141592653589793238462643383279",
		"8.5e-20", "4503599627370497.5", "1e-22", "-2.2250738585072011e-308"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_true(json_number_double(span_of(numbers[i])) == strtod(numbers[i], NULL));
	assert_true(signbit(json_number_double(span_of("-0"))));
}

static void a_number_overflows_where_its_double_is_infinite(void **state)
{
	/* 2^1024 - 2^970, and one less */
	static const char limit[] =
		"17976931348623158079372897140530341507993413271003782693617377898044"
		"49682927647509466490179775872070963302864166928879109465555478519404"
		"02630657488671505820681908902000708383676273854845817711531764475730"
		"27006985557136695962284291481986083493647529271907416844436551070434"
		"2711559699508093042880177904174497792";
	char below[sizeof(limit)];
	char *fraction;

	(void)state;
	memcpy(below, limit, sizeof(limit));
	below[sizeof(limit) - 2]--;
	assert_true(json_number_overflows(span_of(limit)));
	assert_false(json_number_overflows(span_of(below)));
	fraction = repeat(below, "", 0, ".99999");
	assert_false(json_number_overflows(span_of(fraction)));
	free(fraction);
	assert_false(json_number_overflows(span_of("-1.7976931348623157e308")));
	assert_true(json_number_overflows(span_of("1.7976931348623159e308")));
	assert_true(json_number_overflows(span_of("-1e309")));
	assert_false(json_number_overflows(span_of("0.00001e309")));
	assert_false(json_number_overflows(span_of("0e999999")));
	assert_true(json_number_overflows(span_of("1e99999999999999999999")));
	assert_false(json_number_overflows(span_of("1e-99999999999999999999")));
}

static void a_hundred_thousand_digits_are_one_pass(void **state)
{
	char *digits = repeat("1", "0", 100000, "1");
	char *more = repeat("1", "0", 100000, "2");
	char *shifted = repeat("0.", "0", 100000, "1");
	char *exponent = repeat("1e-1", "0", 100000, "");
	char *larger = repeat("10e-1", "0", 100000, "");
	struct buf out;
	int64_t value;

	(void)state;
	assert_int_equal(compare(digits, more), -1);
	assert_int_equal(compare(shifted, "1e-100001"), 0);
	assert_int_equal(compare(exponent, larger), -1);
	assert_true(is_multiple(more, "3"));
	assert_false(is_multiple(digits, "3"));
	assert_true(json_number_overflows(span_of(digits)));
	assert_int_equal(json_number_int64(span_of(digits), &value), -1);
	assert_true(json_number_double(span_of(shifted)) == 0.0);
	buf_init(&out, SIZE_MAX);
	json_number_canonical(span_of(larger), &out);
	assert_int_equal(out.len, 3 + 100000);
	assert_memory_equal(out.data, "1e-9999", 7);
	buf_release(&out);
	free(digits);
	free(more);
	free(shifted);
	free(exponent);
	free(larger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_value_has_many_spellings),
		cmocka_unit_test(a_list_in_order_is_in_order),
		cmocka_unit_test(an_exponent_of_any_length_is_exact),
		cmocka_unit_test(a_multiple_is_exact),
		cmocka_unit_test(a_multiple_agrees_with_division_of_small_numbers),
		cmocka_unit_test(what_may_divide_is_bounded),
		cmocka_unit_test(equal_numbers_have_one_canonical_form),
		cmocka_unit_test(integers_of_64_bits_keep_every_digit),
		cmocka_unit_test(longer_integers_are_a_string_of_their_digits),
		cmocka_unit_test(other_numbers_keep_their_value_in_its_shortest_form),
		cmocka_unit_test(an_integer_is_known_by_its_value),
		cmocka_unit_test(an_int64_is_exact_or_refused),
		cmocka_unit_test(a_double_is_the_nearest),
		cmocka_unit_test(a_number_overflows_where_its_double_is_infinite),
		cmocka_unit_test(a_hundred_thousand_digits_are_one_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
