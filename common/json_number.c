/* SPDX-License-Identifier: MIT */
/* json_number: JSON numbers by their value, to the last digit. */
#include "bellhop/json_number.h"

#include <stdlib.h>
#include <string.h>

#include "decimal.h"

/* Digits of which every number fits an int64_t. */
#define SMALL_DIGITS 18
/* 10^22 is the last power of ten, 2^53 the last run of integers, that a double holds exactly. */
#define EXACT_POWER	     22
#define EXACT_MANTISSA	     (INT64_C(1) << 53)
#define DIVISOR_MAX_EXPONENT 1000

/* 2^1024 - 2^970, halfway from the last double to the one that is not there: what rounds to infinity. */
static const char double_limit[] =
	"17976931348623158079372897140530341507993413271003782693617377898044496829276"
	"47509466490179775872070963302864166928879109465555478519404026306574886715058"
	"20681908902000708383676273854845817711531764475730270069855571366959622842914"
	"81986083493647529271907416844436551070434271155969950809304288017790417449779"
	"2";
#define DOUBLE_LIMIT_EXPONENT 309

int json_number_compare(struct span a, struct span b)
{
	struct decimal left = decimal_read(a), right = decimal_read(b);
	int order = decimal_sign(&left) - decimal_sign(&right);

	if (order != 0 || left.digits == 0)
		return (order > 0) - (order < 0);
	order = decimal_compare_exponents(&left, &right);
	if (order == 0)
		order = decimal_compare_digits(left.first, left.end, right.first, right.end);
	return left.negative ? -order : order;
}

static int64_t small_mantissa(const struct decimal *decimal)
{
	const char *at = decimal->first;
	int64_t mantissa = 0;

	for (int digit; (digit = decimal_next_digit(&at, decimal->end)) >= 0;)
		mantissa = mantissa * 10 + digit;
	return mantissa;
}

static bool can_divide(const struct decimal *decimal)
{
	return decimal->digits > 0 && decimal->digits <= SMALL_DIGITS && !decimal->negative &&
	       decimal->long_exponent.len == 0 && decimal->exponent <= DIVISOR_MAX_EXPONENT &&
	       decimal->exponent >= -DIVISOR_MAX_EXPONENT;
}

bool json_number_can_divide(struct span b)
{
	struct decimal divisor = decimal_read(b);

	return can_divide(&divisor);
}

bool json_number_is_multiple(struct span a, struct span b)
{
	struct decimal dividend = decimal_read(a), divisor = decimal_read(b);
	int64_t modulus, zeros, rest = 0;
	const char *at = dividend.first;

	if (!can_divide(&divisor))
		return false;
	if (dividend.digits == 0)
		return true;
	if (dividend.long_exponent.len > 0 && dividend.long_is_negative)
		return false;
	/* Both as integers that end in no zero, times a power of ten: A x 10^zeros has to be a multiple of B. With zeros
	 * below 0 it is none, as A does not end in one. From 64 on all powers of 2 and 5 in B are served. */
	zeros = dividend.exponent - dividend.digits - (divisor.exponent - divisor.digits);
	if (dividend.long_exponent.len > 0 || zeros > 64)
		zeros = 64;
	if (zeros < 0)
		return false;
	modulus = small_mantissa(&divisor);
	for (int digit; (digit = decimal_next_digit(&at, dividend.end)) >= 0;)
		rest = (int64_t)(((__int128)rest * 10 + digit) % modulus);
	while (zeros-- > 0)
		rest = (int64_t)((__int128)rest * 10 % modulus);
	return rest == 0;
}

static bool is_integer(const struct decimal *decimal)
{
	if (decimal->long_exponent.len > 0)
		return !decimal->long_is_negative;
	return decimal->exponent >= decimal->digits;
}

bool json_number_is_integer(struct span number)
{
	struct decimal decimal = decimal_read(number);

	return is_integer(&decimal);
}

int json_number_int64(struct span number, int64_t *out)
{
	struct decimal decimal = decimal_read(number);
	const char *at = decimal.first;
	int64_t value = 0;

	if (!is_integer(&decimal) || decimal.long_exponent.len > 0 || decimal.exponent > 19)
		return -1;
	for (int64_t place = 0; place < decimal.exponent; place++) {
		int digit = place < decimal.digits ? decimal_next_digit(&at, decimal.end) : 0;

		/* Away from zero, so that the least one fits. */
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, decimal.negative ? -digit : digit, &value))
			return -1;
	}
	*out = value;
	return 0;
}

double json_number_double(struct span number)
{
	static const double powers[EXACT_POWER + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
		1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	struct decimal decimal = decimal_read(number);
	int64_t power = decimal.exponent - decimal.digits;
	struct buf copy;
	double value;

	/* One rounding of two exact numbers is the nearest double. */
	if (decimal.digits <= SMALL_DIGITS && decimal.long_exponent.len == 0 &&
		power <= EXACT_POWER && power >= -EXACT_POWER) {
		int64_t mantissa = small_mantissa(&decimal);

		if (mantissa <= EXACT_MANTISSA) {
			value = (double)mantissa;
			value = power < 0 ? value / powers[-power] : value * powers[power];
			return decimal.negative ? -value : value;
		}
	}
	/* strtod() wants a NUL at the end. It reads a point in every locale that we run in: nobody calls setlocale(). */
	buf_init(&copy, SIZE_MAX);
	buf_add(&copy, number.data, number.len);
	value = strtod(copy.data, NULL);
	buf_release(&copy);
	return value;
}

bool json_number_overflows(struct span number)
{
	struct decimal decimal = decimal_read(number);

	if (decimal.long_exponent.len > 0)
		return !decimal.long_is_negative;
	if (decimal.exponent != DOUBLE_LIMIT_EXPONENT)
		return decimal.exponent > DOUBLE_LIMIT_EXPONENT;
	return decimal_compare_digits(decimal.first, decimal.end, double_limit,
		       double_limit + sizeof(double_limit) - 1) >= 0;
}

void json_number_canonical(struct span number, struct buf *out)
{
	struct decimal decimal = decimal_read(number);
	const char *at = decimal.first;

	if (decimal.digits == 0) {
		buf_add_char(out, '0');
		return;
	}
	if (decimal.negative)
		buf_add_char(out, '-');
	for (int digit; (digit = decimal_next_digit(&at, decimal.end)) >= 0;)
		buf_add_char(out, (char)('0' + digit));
	decimal.exponent -= decimal.digits; /* the digits become an integer */
	if (decimal.long_exponent.len == 0 && decimal.exponent == 0)
		return;
	buf_add_char(out, 'e');
	decimal_add_exponent(&decimal, out);
}

/* An integer as written: whether it lies from -2^63 to 2^64-1. */
static bool fits_64_bits(struct span integer)
{
	bool negative = integer.data[0] == '-';
	const char *limit = negative ? "9223372036854775808" : "18446744073709551615";
	size_t digits = integer.len - negative, most = negative ? 19 : 20;

	return digits < most ||
	       (digits == most && memcmp(integer.data + negative, limit, most) <= 0);
}

static void integer_out(struct span integer, bool as_text, struct buf *out)
{
	bool quoted = !as_text && !fits_64_bits(integer);

	if (quoted)
		buf_add_char(out, '"');
	buf_add(out, integer.data, integer.len);
	if (quoted)
		buf_add_char(out, '"');
}

void json_number_out(struct span number, bool as_text, struct buf *out)
{
	const char *end = number.data + number.len;
	const char *point = decimal_skip_digits(number.data + (number.data[0] == '-'), end);
	const char *mantissa_end =
		point < end && *point == '.' ? decimal_skip_digits(point + 1, end) : point;
	const char *kept = mantissa_end;

	if (point == end) {
		integer_out(number, as_text, out);
		return;
	}
	while (kept > point + 2 && kept[-1] == '0')
		kept--;
	buf_add(out, number.data, (size_t)(kept - number.data));
	if (mantissa_end == end)
		return;
	buf_add_char(out, 'e');
	if (mantissa_end[1] == '-')
		buf_add_char(out, '-');
	kept = decimal_skip_zeros(
		mantissa_end + (mantissa_end[1] == '+' || mantissa_end[1] == '-' ? 2 : 1), end - 1);
	buf_add(out, kept, (size_t)(end - kept));
}
