/* SPDX-License-Identifier: MIT */
/*
 * json_scan: the inner loop of reading and writing strings, for common/ only.
 *
 * A plain byte is ASCII that stands for itself in a JSON string: no quote, no backslash, nothing below U+0020.
 */
#ifndef BELLHOP_COMMON_JSON_SCAN_H
#define BELLHOP_COMMON_JSON_SCAN_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_EACH_BYTE(byte) (0x0101010101010101u * (byte))

/* A word whose lowest set bit lies in the first byte that is not plain; 0 where all eight are. */
static inline uint64_t json_not_plain(uint64_t word)
{
	uint64_t quote = word ^ JSON_EACH_BYTE('"');
	uint64_t backslash = word ^ JSON_EACH_BYTE('\\');
	uint64_t below = (word - JSON_EACH_BYTE(0x20)) | (quote - JSON_EACH_BYTE(1)) |
			 (backslash - JSON_EACH_BYTE(1));

	/* A borrow only ever spoils bytes above one that was found, and only the lowest counts. What was 0x80 and more
	 * is found by itself, so that no term needs to be masked by its own top bit. */
	return (below | word) & JSON_EACH_BYTE(0x80);
}

/* The first byte that is not plain, or `end`. */
static inline const char *json_plain_end(const char *at, const char *end)
{
	while (end - at >= (ptrdiff_t)sizeof(uint64_t)) {
		uint64_t word, found;

		memcpy(&word, at, sizeof(word));
		found = json_not_plain(le64toh(word));
		if (found != 0)
			return at + __builtin_ctzll(found) / 8;
		at += sizeof(word);
	}
	while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' &&
		*at != '\\')
		at++;
	return at;
}

#endif
