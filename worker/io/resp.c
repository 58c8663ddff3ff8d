/* SPDX-License-Identifier: MIT */
/* resp: Redis commands as bytes. */
#include "io/resp.h"

#include <string.h>

#define DIGITS_MAX 20 /* of a 64-bit number */

/* The digits of `number`, written so that they end before `end`; returns their start. */
static char *digits_before(char *end, uint64_t number)
{
	do {
		*--end = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return end;
}

static char *put_digits(char *at, uint64_t number)
{
	char digits[DIGITS_MAX];
	const char *start = digits_before(digits + sizeof(digits), number);
	size_t len = (size_t)(digits + sizeof(digits) - start);

	memcpy(at, start, len);
	return at + len;
}

static char *put_line_end(char *at)
{
	*at++ = '\r';
	*at++ = '\n';
	return at;
}

void resp_head(struct buf *out, size_t words)
{
	char *start = buf_reserve(out, 1 + DIGITS_MAX + 2);
	char *at = start;

	if (start == NULL)
		return;
	*at++ = '*';
	at = put_line_end(put_digits(at, words));
	buf_commit(out, (size_t)(at - start));
}

/* Every word of every job comes through here: one look at the buffer's room, then plain writing. */
void resp_word(struct buf *out, const char *data, size_t len)
{
	char *start = buf_reserve(out, 1 + DIGITS_MAX + 2 + len + 2);
	char *at = start;

	if (start == NULL)
		return;
	*at++ = '$';
	at = put_line_end(put_digits(at, len));
	if (len > 0)
		memcpy(at, data, len);
	at = put_line_end(at + len);
	buf_commit(out, (size_t)(at - start));
}

void resp_string(struct buf *out, const char *text)
{
	resp_word(out, text, strlen(text));
}

void resp_integer(struct buf *out, int64_t number)
{
	char digits[DIGITS_MAX + 1];
	char *end = digits + sizeof(digits);
	char *start = digits_before(end, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);

	if (number < 0)
		*--start = '-';
	resp_word(out, start, (size_t)(end - start));
}
