/* SPDX-License-Identifier: MIT */
/*
 * buf: bytes that grow, up to a maximum that is named when the buffer is made.
 *
 * `data` is never NULL and always followed by a NUL byte that `len` does not count; the bytes themselves may
 * hold NULs. An addition that would pass the maximum adds nothing and sets `overflowed`, and so does every
 * addition after it: build the whole text, then ask once. Not for secrets: growing leaves copies behind.
 */
#ifndef BELLHOP_BUF_H
#define BELLHOP_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdarg.h>

struct buf {
	char *data;
	size_t len;
	size_t capacity; /* bytes allocated; 0: `data` is a shared empty string */
	size_t max;	 /* of `len` */
	bool overflowed;
};

/* Nothing is allocated until the first addition. */
void buf_init(struct buf *buf, size_t max_bytes);
void buf_release(struct buf *buf);
/* Over memory that the caller owns and that it never outgrows: `size - 1` bytes and a NUL. For secrets; not to be released. */
void buf_over(struct buf *buf, char *memory, size_t size);
/* Empty again, and no longer overflowed; the memory is kept. */
void buf_clear(struct buf *buf);
/* buf_clear(), giving memory back where more than `keep_bytes` are held: for buffers that are used again. */
void buf_shrink(struct buf *buf, size_t keep_bytes);
/* The caller owns the text (free(3)); the buffer is as after buf_init(). */
char *buf_detach(struct buf *buf);

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_add_string(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char byte);
void buf_add_unsigned(struct buf *buf, unsigned long long number);
void buf_add_signed(struct buf *buf, long long number);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* Room for `len` more bytes at data + len, which the caller fills and then counts with buf_commit(); NULL and
 * overflowed where that passes the maximum. */
char *buf_reserve(struct buf *buf, size_t len);
void buf_commit(struct buf *buf, size_t len);
/* Cuts back to `len`, which is at most the present length. */
void buf_truncate(struct buf *buf, size_t len);

#endif
