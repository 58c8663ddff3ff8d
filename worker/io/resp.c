/* SPDX-License-Identifier: MIT */
/* resp: Redis commands as bytes. */
#include "io/resp.h"

void resp_head(struct buf *out, size_t words)
{
	buf_add_char(out, '*');
	buf_add_unsigned(out, words);
	buf_add(out, "\r\n", 2);
}

void resp_word(struct buf *out, const char *data, size_t len)
{
	buf_add_char(out, '$');
	buf_add_unsigned(out, len);
	buf_add(out, "\r\n", 2);
	buf_add(out, data, len);
	buf_add(out, "\r\n", 2);
}

void resp_string(struct buf *out, const char *text)
{
	resp_word(out, text, strlen(text));
}

void resp_integer(struct buf *out, int64_t number)
{
	char digits[24];
	char *end = digits + sizeof(digits);
	char *start = end;
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do {
		*--start = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (number < 0)
		*--start = '-';
	resp_word(out, start, (size_t)(end - start));
}
