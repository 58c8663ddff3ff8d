/* SPDX-License-Identifier: MIT */
/* utf8: what is UTF-8 (RFC 3629: no surrogates, nothing over U+10FFFF, shortest form). */
#ifndef BELLHOP_UTF8_H
#define BELLHOP_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at `text` (1 to 4), or 0 where it is not UTF-8. `len` is at least 1. */
size_t utf8_next(const char *text, size_t len, uint32_t *character);
bool utf8_valid(const char *text, size_t len);
/* Number of characters of a valid text. */
size_t utf8_length(const char *text, size_t len);
/* The longest start of a valid text that is at most `max` bytes and cuts no character. */
size_t utf8_cut(const char *text, size_t len, size_t max);

#endif
