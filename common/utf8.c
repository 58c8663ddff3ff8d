/* SPDX-License-Identifier: MIT */
/* utf8: what is UTF-8 (RFC 3629). */
#include "bellhop/utf8.h"

#include <string.h>

#define HIGH_BITS 0x8080808080808080u

static bool continues(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The range of the second byte is what refuses long forms, surrogates and what lies over U+10FFFF. */
static size_t next_of_three(const unsigned char *at, size_t len, uint32_t *character)
{
	unsigned char low = at[0] == 0xe0 ? 0xa0 : 0x80;
	unsigned char high = at[0] == 0xed ? 0x9f : 0xbf;

	if (len < 3 || at[1] < low || at[1] > high || !continues(at[2]))
		return 0;
	*character = (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
	return 3;
}

static size_t next_of_four(const unsigned char *at, size_t len, uint32_t *character)
{
	unsigned char low = at[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = at[0] == 0xf4 ? 0x8f : 0xbf;

	if (len < 4 || at[1] < low || at[1] > high || !continues(at[2]) || !continues(at[3]))
		return 0;
	*character = (at[0] & 0x07u) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 |
		     (at[3] & 0x3fu);
	return 4;
}

size_t utf8_next(const char *text, size_t len, uint32_t *character)
{
	const unsigned char *at = (const unsigned char *)text;

	if (at[0] < 0x80) {
		*character = at[0];
		return 1;
	}
	if (at[0] < 0xc2)
		return 0;
	if (at[0] < 0xe0) {
		if (len < 2 || !continues(at[1]))
			return 0;
		*character = (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
		return 2;
	}
	if (at[0] < 0xf0)
		return next_of_three(at, len, character);
	if (at[0] < 0xf5)
		return next_of_four(at, len, character);
	return 0;
}

bool utf8_valid(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		uint32_t character;
		uint64_t word;
		size_t bytes;

		if (len - at >= sizeof(word)) {
			memcpy(&word, text + at, sizeof(word));
			if ((word & HIGH_BITS) == 0) {
				at += sizeof(word);
				continue;
			}
		}
		bytes = utf8_next(text + at, len - at, &character);
		if (bytes == 0)
			return false;
		at += bytes;
	}
	return true;
}

size_t utf8_length(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += !continues((unsigned char)text[i]);
	return count;
}

size_t utf8_cut(const char *text, size_t len, size_t max)
{
	size_t cut = max;

	if (len <= max)
		return len;
	/* Three steps at most, also where the text is not what it should be. */
	while (cut > 0 && max - cut < 3 && continues((unsigned char)text[cut]))
		cut--;
	return continues((unsigned char)text[cut]) ? max : cut;
}
