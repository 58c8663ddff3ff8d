/* SPDX-License-Identifier: MIT */
/*
 * json_number: JSON numbers by their value, to the last digit, without going through a double.
 *
 * A number is sign x 0.DIGITS x 10^exponent with neither leading nor trailing zeros in DIGITS, so 1, 1.0 and
 * 10e-1 are one value and 2^64+1 is not 2^64. For the schema's bounds, the digest of inputs, filters. Every function
 * takes time that grows with the length of the text, whatever the exponent is, and expects JSON numbers as written.
 */
#ifndef BELLHOP_JSON_NUMBER_H
#define BELLHOP_JSON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

/* -1, 0, 1 as a is less than, equal to, greater than b. */
int json_number_compare(struct span a, struct span b);
/* Whether a number may be the divisor below: greater than 0, at most 18 significant digits, and a power of ten within
 * +-1000, so that a test costs no more than reading its dividend. */
bool json_number_can_divide(struct span b);
/* Whether a is b times an integer; false where b may not divide. */
bool json_number_is_multiple(struct span a, struct span b);
/* Whether the value is an integer: 1.0 and 1e2 are. */
bool json_number_is_integer(struct span number);
/* 0, or -1 where the value is no integer or does not fit. */
int json_number_int64(struct span number, int64_t *out);
/* The nearest double. */
double json_number_double(struct span number);
/* Whether the nearest double is infinite. */
bool json_number_overflows(struct span number);
/* Adds the canonical form: "0", "-25", "1999e-2": the digits as an integer, then the power of ten if any. */
void json_number_canonical(struct span number, struct buf *out);
/*
 * Adds the number as Bellhop hands it on (contract, section 6): an integer as written where it is from -2^63 to 2^64-1, a
 * longer one as a JSON string of its digits (or those digits alone where `as_text`); any other with the zeros at
 * the end of its fraction dropped (19.990 is 19.99, 1.00 is 1.0) and "e" for "E+", without zeros before its digits.
 */
void json_number_out(struct span number, bool as_text, struct buf *out);

#endif
