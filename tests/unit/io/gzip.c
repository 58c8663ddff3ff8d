/* SPDX-License-Identifier: MIT */
/* gzip: makes gzip texts of one byte repeated (RFC 1951, one block with the fixed code; RFC 1952). */
#include <stdint.h>

#include "gzip.h"

struct bits {
	struct buf *out;
	uint32_t held;
	unsigned count;
};

/* Least significant bit first. */
static void bits_add(struct bits *bits, uint32_t value, unsigned count)
{
	bits->held |= value << bits->count;
	for (bits->count += count; bits->count >= 8; bits->count -= 8) {
		buf_add_char(bits->out, (char)bits->held);
		bits->held >>= 8;
	}
}

/* Codes go most significant bit first. */
static void code_add(struct bits *bits, uint32_t code, unsigned count)
{
	while (count--)
		bits_add(bits, code >> count & 1, 1);
}

static void literal_add(struct bits *bits, unsigned char byte)
{
	if (byte < 144)
		code_add(bits, 0x30u + byte, 8);
	else
		code_add(bits, 0x190u + byte - 144, 9);
}

static uint32_t crc_of(unsigned char byte, size_t times)
{
	uint32_t crc = 0xffffffff, step;

	while (times--) {
		step = (crc ^ byte) & 0xff;
		for (int i = 0; i < 8; i++)
			step = step & 1 ? step >> 1 ^ 0xedb88320 : step >> 1;
		crc = step ^ crc >> 8;
	}
	return ~crc;
}

void gzip_repeat(struct buf *out, unsigned char byte, size_t times)
{
	struct bits bits = {.out = out};
	uint32_t crc = crc_of(byte, times), size = (uint32_t)times;

	buf_init(out, 64 * 1024 * 1024);
	buf_add(out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	bits_add(&bits, 3, 3);
	for (size_t done = 0; done < times;) {
		if (done == 0 || times - done < 258) {
			literal_add(&bits, byte);
			done++;
		} else {
			/* 258 bytes from one back */
			code_add(&bits, 0xc5, 8);
			code_add(&bits, 0, 5);
			done += 258;
		}
	}
	code_add(&bits, 0, 7);
	bits_add(&bits, 0, 7);
	for (int i = 0; i < 4; i++)
		buf_add_char(out, (char)(crc >> 8 * i));
	for (int i = 0; i < 4; i++)
		buf_add_char(out, (char)(size >> 8 * i));
}
