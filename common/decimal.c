/* SPDX-License-Identifier: MIT */
/* decimal: the digits and the power of ten of a number as it is written. */
#include "decimal.h"

#include <string.h>

/* Digits of an exponent that fit an int64_t with room for the length of any text. */
#define SMALL_EXPONENT_DIGITS 17

const char *decimal_skip_digits(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

const char *decimal_skip_zeros(const char *at, const char *end)
{
	while (at < end && *at == '0')
		at++;
	return at;
}

static int64_t small_integer(const char *at, const char *end)
{
	int64_t number = 0;

	while (at < end)
		number = number * 10 + (*at++ - '0');
	return number;
}

/* `at` is behind the `e`; `decimal->exponent` is where the point stands. */
static void read_exponent(struct decimal *decimal, const char *at, const char *end)
{
	bool negative = *at == '-';
	int64_t exponent;

	if (*at == '-' || *at == '+')
		at++;
	at = decimal_skip_zeros(at, end);
	if (end - at > SMALL_EXPONENT_DIGITS) {
		decimal->long_exponent = (struct span){at, (size_t)(end - at)};
		decimal->long_is_negative = negative;
		return;
	}
	exponent = small_integer(at, end);
	decimal->exponent += negative ? -exponent : exponent;
}

struct decimal decimal_read(struct span number)
{
	struct decimal decimal = {0};
	const char *at = number.data, *end = number.data + number.len, *point, *mantissa_end;

	decimal.negative = at < end && *at == '-';
	at += decimal.negative;
	point = mantissa_end = decimal_skip_digits(at, end);
	if (point < end && *point == '.')
		mantissa_end = decimal_skip_digits(point + 1, end);
	at = decimal_skip_zeros(at, mantissa_end);
	if (at == point && point < mantissa_end)
		at = decimal_skip_zeros(at + 1, mantissa_end);
	if (at == mantissa_end)
		return decimal; /* zero, whatever its exponent */
	decimal.first = at;
	decimal.exponent = at < point ? point - at : point + 1 - at;
	decimal.end = mantissa_end;
	while (decimal.end[-1] == '0' || decimal.end[-1] == '.')
		decimal.end--;
	decimal.digits = decimal.end - at - (at < point && point < decimal.end);
	if (mantissa_end < end)
		read_exponent(&decimal, mantissa_end + 1, end);
	return decimal;
}

/* The next digit, or -1 after the last. */
int decimal_next_digit(const char **at, const char *end)
{
	if (*at < end && **at == '.')
		++*at;
	return *at < end ? *(*at)++ - '0' : -1;
}

int decimal_compare_digits(const char *a, const char *a_end, const char *b, const char *b_end)
{
	int left, right;

	do {
		left = decimal_next_digit(&a, a_end);
		right = decimal_next_digit(&b, b_end);
	} while (left == right && left >= 0);
	return (left > right) - (left < right);
}

/* Adds a long exponent with `decimal->exponent` in it, as decimal text. It has more digits than what is added can have,
 * so its sign stays. */
static void add_long_exponent(const struct decimal *decimal, struct buf *out)
{
	int64_t carry = decimal->long_is_negative ? -decimal->exponent : decimal->exponent;
	size_t len = decimal->long_exponent.len, zeros = 0;
	char *digits;

	if (decimal->long_is_negative)
		buf_add_char(out, '-');
	digits = buf_reserve(out, len + 1);
	if (digits == NULL)
		return;
	digits[0] = '0';
	memcpy(digits + 1, decimal->long_exponent.data, len);
	for (size_t at = len; carry != 0; at--) {
		int64_t sum = carry + (digits[at] - '0');
		int64_t digit = (sum % 10 + 10) % 10;

		digits[at] = (char)('0' + digit);
		carry = (sum - digit) / 10;
	}
	while (digits[zeros] == '0')
		zeros++;
	memmove(digits, digits + zeros, len + 1 - zeros);
	buf_commit(out, len + 1 - zeros);
}

void decimal_add_exponent(const struct decimal *decimal, struct buf *out)
{
	if (decimal->long_exponent.len > 0)
		add_long_exponent(decimal, out);
	else
		buf_add_signed(out, decimal->exponent);
}

/* Compares two integers that are written as decimal_add_exponent() writes them. */
static int compare_written(const struct buf *a, const struct buf *b)
{
	bool negative = a->data[0] == '-';
	int order;

	if (negative != (b->data[0] == '-'))
		return negative ? -1 : 1;
	if (a->len != b->len)
		order = a->len < b->len ? -1 : 1;
	else
		order = memcmp(a->data, b->data, a->len);
	return negative ? -order : order;
}

int decimal_compare_exponents(const struct decimal *a, const struct decimal *b)
{
	struct buf left, right;
	int order;

	if (a->long_exponent.len == 0 && b->long_exponent.len == 0)
		return (a->exponent > b->exponent) - (a->exponent < b->exponent);
	buf_init(&left, SIZE_MAX);
	buf_init(&right, SIZE_MAX);
	decimal_add_exponent(a, &left);
	decimal_add_exponent(b, &right);
	order = compare_written(&left, &right);
	buf_release(&left);
	buf_release(&right);
	return (order > 0) - (order < 0);
}

int decimal_sign(const struct decimal *decimal)
{
	if (decimal->digits == 0)
		return 0;
	return decimal->negative ? -1 : 1;
}
