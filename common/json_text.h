/* SPDX-License-Identifier: MIT */
/* json_text: the inside of a string that was read and found good, for common/ only. */
#ifndef BELLHOP_COMMON_JSON_TEXT_H
#define BELLHOP_COMMON_JSON_TEXT_H

#include <stdint.h>

#include "bellhop/span.h"

/* A string with escapes, taken piece by piece: the runs between two escapes as they stand, each escape as its bytes. */
struct json_text {
	const char *at;
	const char *end;
	char escape[4]; /* what the piece of an escape lies in */
};

/* The next piece, which lives until the next call; empty at the end. */
struct span json_text_next(struct json_text *text);

/* Bytes of the escape at the backslash `at`, that of a surrogate pair 12; 0 where it is none, or cut off by `end`. */
size_t json_text_escape_bytes(const char *at, const char *end);

/* The value of four hexadecimal digits, or -1. */
int32_t json_text_hex(const char *digits);

/* The byte that a one-letter escape stands for ('n': 10); 0 where there is no such escape. */
extern const char json_text_escapes[256];

#endif
