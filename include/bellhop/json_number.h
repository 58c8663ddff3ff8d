/* SPDX-License-Identifier: MIT */
/*
 * json_number: JSON numbers by their value, to the last digit, without going through a double.
 *
 * A number is sign x 0.DIGITS x 10^exponent with neither leading nor trailing zeros in DIGITS, so 1, 1.0 and
 * 10e-1 are one value and 2^64+1 is not 2^64. For the schema's bounds, the digest of inputs, filters.
 */
#ifndef BELLHOP_JSON_NUMBER_H
#define BELLHOP_JSON_NUMBER_H

#include <stdbool.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

/* -1, 0, 1 as a is less than, equal to, greater than b. Both are JSON numbers as written. */
int json_number_compare(struct span a, struct span b);
/* Whether a is b times an integer; b is greater than 0. */
bool json_number_is_multiple(struct span a, struct span b);
/* Adds the canonical form: "0", "-25", "1999e-2": the digits as an integer, then the power of ten if any. */
void json_number_canonical(struct span number, struct buf *out);
/*
 * Adds the number as Bellhop hands it on (contract, section 6): an integer as written where it is from -2^63 to 2^64-1, a
 * longer one as a JSON string of its digits (or those digits alone where `as_text`); any other with the zeros at
 * the end of its fraction dropped (19.990 is 19.99, 1.00 is 1.0) and "e" for "E+".
 */
void json_number_out(struct span number, bool as_text, struct buf *out);

#endif
