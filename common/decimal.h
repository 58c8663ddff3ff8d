/* SPDX-License-Identifier: MIT */
/* decimal: the digits and the power of ten of a number as it is written, for common/ only. */
#ifndef BELLHOP_COMMON_DECIMAL_H
#define BELLHOP_COMMON_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

/*
 * The value is sign x 0.DIGITS x 10^exponent. DIGITS lie in the text from `first` to `end`, perhaps with a point among them,
 * and neither begin nor end with a zero; zero has none.
 */
struct decimal {
	bool negative;
	const char *first;
	const char *end;
	int64_t digits;
	/* Where the written exponent is too long for an int64_t it stays text, and `exponent` is what is added to it. */
	int64_t exponent;
	struct span long_exponent;
	bool long_is_negative;
};

/* The number is a JSON number; the decimal borrows its text. */
struct decimal decimal_read(struct span number);
/* -1, 0, 1 as it is below, equal to, above zero. */
int decimal_sign(const struct decimal *decimal);
/* -1, 0, 1 as the power of ten of `a` is below, equal to, above that of `b`; neither is zero. */
int decimal_compare_exponents(const struct decimal *a, const struct decimal *b);
/* The same of two runs of digits behind a point, which end in no zero. */
int decimal_compare_digits(const char *a, const char *a_end, const char *b, const char *b_end);
/* Adds the power of ten as an integer. */
void decimal_add_exponent(const struct decimal *decimal, struct buf *out);
/* The next of the digits from `at` on, or -1 after the last. */
int decimal_next_digit(const char **at, const char *end);

/* The first byte that is no digit, no zero; or `end`. */
const char *decimal_skip_digits(const char *at, const char *end);
const char *decimal_skip_zeros(const char *at, const char *end);

#endif
