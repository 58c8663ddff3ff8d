/* SPDX-License-Identifier: MIT */
/* json_text: the escapes of a JSON string and what they stand for. */
#include "json_text.h"

const char json_text_escapes[256] = {
	['"'] = '"',
	['\\'] = '\\',
	['/'] = '/',
	['b'] = '\b',
	['f'] = '\f',
	['n'] = '\n',
	['r'] = '\r',
	['t'] = '\t',
};

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

int32_t json_text_hex(const char *digits)
{
	int32_t value = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(digits[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

size_t json_text_escape_bytes(const char *at, const char *end)
{
	ptrdiff_t left = end - at;
	int32_t unit, low;

	if (left < 2)
		return 0;
	if (json_text_escapes[(unsigned char)at[1]] != 0)
		return 2;
	unit = at[1] == 'u' && left >= 6 ? json_text_hex(at + 2) : -1;
	if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return 0;
	if (unit < 0xd800 || unit > 0xdbff)
		return 6;
	low = left >= 12 && at[6] == '\\' && at[7] == 'u' ? json_text_hex(at + 8) : -1;
	return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
}

static size_t encode(uint32_t character, char out[4])
{
	if (character < 0x80) {
		out[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		out[0] = (char)(0xc0 | character >> 6);
		out[1] = (char)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		out[0] = (char)(0xe0 | character >> 12);
		out[1] = (char)(0x80 | (character >> 6 & 0x3f));
		out[2] = (char)(0x80 | (character & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | character >> 18);
	out[1] = (char)(0x80 | (character >> 12 & 0x3f));
	out[2] = (char)(0x80 | (character >> 6 & 0x3f));
	out[3] = (char)(0x80 | (character & 0x3f));
	return 4;
}

/* At \uXXXX, of which two make a character over U+FFFF; the reader saw to it that no half stands alone. */
static size_t decode(struct json_text *text)
{
	uint32_t character = (uint32_t)json_text_hex(text->at + 2);

	text->at += 6;
	if (character >= 0xd800 && character <= 0xdbff) {
		uint32_t low = (uint32_t)json_text_hex(text->at + 2);

		character = 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
		text->at += 6;
	}
	return encode(character, text->escape);
}

struct span json_text_next(struct json_text *text)
{
	const char *start = text->at;

	if (start == text->end)
		return (struct span){NULL, 0};
	if (*start != '\\') {
		text->at = memchr(start, '\\', (size_t)(text->end - start));
		if (text->at == NULL)
			text->at = text->end;
		return (struct span){start, (size_t)(text->at - start)};
	}
	if (start[1] == 'u')
		return (struct span){text->escape, decode(text)};
	text->escape[0] = json_text_escapes[(unsigned char)start[1]];
	text->at += 2;
	return (struct span){text->escape, 1};
}
