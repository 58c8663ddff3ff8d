/* SPDX-License-Identifier: MIT */
/* buf: bytes that grow by doubling, up to a maximum. */
#include "bellhop/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"

#define FIRST_BYTES	 64
#define NUMBER_MAX_BYTES 20 /* of 2^64-1, and of a sign and 2^63 */

/* What `data` of a buffer without memory points to. Never written, so it is shared. */
static char nothing[1];

void buf_init(struct buf *buf, size_t max_bytes)
{
	buf->data = nothing;
	buf->len = 0;
	buf->capacity = 0;
	buf->max = max_bytes < PTRDIFF_MAX ? max_bytes : PTRDIFF_MAX - 1;
	buf->overflowed = false;
}

void buf_over(struct buf *buf, char *memory, size_t size)
{
	BUG_ON(size == 0);
	*buf = (struct buf){.data = memory, .capacity = size, .max = size - 1};
	memory[0] = '\0';
}

void buf_release(struct buf *buf)
{
	if (buf->capacity > 0)
		free(buf->data);
	buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
	buf_truncate(buf, 0);
	buf->overflowed = false;
}

void buf_shrink(struct buf *buf, size_t keep_bytes)
{
	if (buf->capacity > keep_bytes)
		buf_release(buf);
	else
		buf_clear(buf);
}

char *buf_detach(struct buf *buf)
{
	char *text = buf->capacity > 0 ? buf->data : xmemdup("", 0);

	buf_init(buf, buf->max);
	return text;
}

static void grow(struct buf *buf, size_t needed)
{
	size_t capacity = buf->capacity == 0 ? FIRST_BYTES : buf->capacity * 2;

	if (capacity > buf->max + 1)
		capacity = buf->max + 1;
	if (capacity < needed)
		capacity = needed;
	buf->data = xrealloc(buf->capacity > 0 ? buf->data : NULL, capacity);
	buf->capacity = capacity;
	buf->data[buf->len] = '\0';
}

char *buf_reserve(struct buf *buf, size_t len)
{
	if (buf->overflowed || len > buf->max - buf->len) {
		buf->overflowed = true;
		return NULL;
	}
	if (buf->len + len >= buf->capacity)
		grow(buf, buf->len + len + 1);
	return buf->data + buf->len;
}

void buf_commit(struct buf *buf, size_t len)
{
	if (len == 0)
		return;
	BUG_ON(len >= buf->capacity - buf->len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	char *room;

	if (len == 0)
		return;
	room = buf_reserve(buf, len);
	if (room == NULL)
		return;
	memcpy(room, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_add_string(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char byte)
{
	buf_add(buf, &byte, 1);
}

static void add_number(struct buf *buf, unsigned long long magnitude, bool negative)
{
	char digits[NUMBER_MAX_BYTES];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + magnitude % 10);
		magnitude /= 10;
	} while (magnitude > 0);
	if (negative)
		digits[--at] = '-';
	buf_add(buf, digits + at, sizeof(digits) - at);
}

void buf_add_unsigned(struct buf *buf, unsigned long long number)
{
	add_number(buf, number, false);
}

void buf_add_signed(struct buf *buf, long long number)
{
	unsigned long long bits = (unsigned long long)number;

	add_number(buf, number < 0 ? 0 - bits : bits, number < 0);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	size_t room = buf->capacity - buf->len;
	va_list again;
	int len;

	if (buf->overflowed)
		return;
	va_copy(again, args);
	len = vsnprintf(buf->capacity > 0 ? buf->data + buf->len : NULL, room, format, args);
	BUG_ON(len < 0);
	if ((size_t)len >= room && buf_reserve(buf, (size_t)len) != NULL)
		(void)vsnprintf(
			buf->data + buf->len, (size_t)len + 1, format, again); /* len is known */
	va_end(again);
	if (buf->overflowed)
		buf_truncate(buf, buf->len); /* what the first try wrote past the end */
	else
		buf_commit(buf, (size_t)len);
}

void buf_truncate(struct buf *buf, size_t len)
{
	BUG_ON(len > buf->len);
	buf->len = len;
	if (buf->capacity > 0)
		buf->data[len] = '\0';
}
