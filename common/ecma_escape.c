/* SPDX-License-Identifier: MIT */
/* ecma_escape: what a backslash makes of the next character of a pattern. */
#include "ecma_escape.h"

#include <ctype.h>

#define MAX_CHARACTER 0x10ffff

/*
 * Members of a class: \s and \S, which pcre2 knows of ASCII only, \D and \W, which it forgets beside a \p{…}. Each begins
 * and ends with an escape, so that a hyphen before or after it makes no range.
 */
#define SPACE                                                                                 \
	"\\s\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}" \
	"\\x{feff}\\s"
#define NOT_SPACE                                                                              \
	"\\d\\x{00}-\\x{08}\\x{0e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}" \
	"\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"         \
	"\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}\\d"
#define NOT_DIGIT "\\s\\x{00}-\\x{2f}\\x{3a}-\\x{10ffff}\\s"
/* Without the long s and the Kelvin sign, which are an s and a k in any case. */
#define NOT_WORD_CASELESS                                                         \
	"\\s\\x{00}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{17e}" \
	"\\x{180}-\\x{2129}\\x{212b}-\\x{10ffff}\\s"
#define NOT_WORD "\\s\\x{17f}\\x{212a}" NOT_WORD_CASELESS

static unsigned char byte_at(const struct ecma *ecma, size_t at)
{
	return at < ecma->text.len ? (unsigned char)ecma->text.data[at] : '\0';
}

static void refuse(struct ecma *ecma, size_t len)
{
	ecma_refuse(ecma, ecma->at, len, ECMA_NO_ESCAPE);
}

static void write_text(struct ecma *ecma, const char *text, size_t len)
{
	buf_add_string(ecma->out, text);
	ecma->at += len;
}

static void copy(struct ecma *ecma, size_t len)
{
	buf_add(ecma->out, ecma->text.data + ecma->at, len);
	ecma->at += len;
}

static void write_members(struct ecma *ecma, bool in_class, const char *members)
{
	buf_add_string(ecma->out, in_class ? "" : "[");
	write_text(ecma, members, 2);
	buf_add_string(ecma->out, in_class ? "" : "]");
}

/* Exactly `digits` hex digits at `at`. */
static bool read_hex(const struct ecma *ecma, size_t at, size_t digits, uint32_t *number)
{
	*number = 0;
	for (size_t i = 0; i < digits; i++) {
		unsigned char byte = byte_at(ecma, at + i);

		if (!isxdigit(byte))
			return false;
		*number = *number * 16 +
			  (uint32_t)(isdigit(byte) ? byte - '0' : (byte | 0x20) - 'a' + 10);
	}
	return true;
}

/* The bytes of \u{12345}, or 0. */
static size_t read_braced(const struct ecma *ecma, uint32_t *number)
{
	size_t from = ecma->at + 3, at = from;
	uint32_t digit;

	*number = 0;
	for (; read_hex(ecma, at, 1, &digit); at++)
		if (*number <= MAX_CHARACTER)
			*number = *number * 16 + digit;
	return at > from && byte_at(ecma, at) == '}' && *number <= MAX_CHARACTER ? at + 1 - ecma->at
										 : 0;
}

/* The bytes of \u1234, or of a pair of surrogates written so, or 0. */
static size_t read_unbraced(const struct ecma *ecma, uint32_t *number)
{
	size_t at = ecma->at + 2;
	uint32_t low;

	if (!read_hex(ecma, at, 4, number))
		return 0;
	if (*number < 0xd800 || *number > 0xdbff || byte_at(ecma, at + 4) != '\\' ||
		byte_at(ecma, at + 5) != 'u' || !read_hex(ecma, at + 6, 4, &low) || low < 0xdc00 ||
		low > 0xdfff)
		return 6;
	*number = 0x10000 + ((*number - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

static void write_unicode(struct ecma *ecma)
{
	uint32_t number;
	size_t len = byte_at(ecma, ecma->at + 2) == '{' ? read_braced(ecma, &number)
							: read_unbraced(ecma, &number);

	if (len == 0) {
		refuse(ecma, 4);
	} else if (number >= 0xd800 && number <= 0xdfff) {
		ecma_refuse(ecma, ecma->at, len, "half of a character, which no text holds");
	} else {
		buf_printf(ecma->out, "\\x{%x}", number);
		ecma->at += len;
	}
}

static void write_hex(struct ecma *ecma)
{
	uint32_t number;

	if (read_hex(ecma, ecma->at + 2, 2, &number))
		copy(ecma, 4);
	else
		refuse(ecma, 4);
}

static void write_reference(struct ecma *ecma)
{
	uint32_t number = 0;
	size_t len = 1;

	for (; isdigit(byte_at(ecma, ecma->at + len)); len++)
		if (number < ECMA_MAX_REPEAT)
			number = number * 10 + (uint32_t)(byte_at(ecma, ecma->at + len) - '0');
	buf_printf(ecma->out, "\\g{%u}", number);
	ecma->at += len;
}

static void write_named_reference(struct ecma *ecma)
{
	const char *from = ecma->text.data + ecma->at;
	const char *end = memchr(from, '>', ecma->text.len - ecma->at);

	if (byte_at(ecma, ecma->at + 2) == '<' && end != NULL)
		copy(ecma, (size_t)(end - from) + 1);
	else
		refuse(ecma, 3);
}

static void write_zero(struct ecma *ecma)
{
	if (isdigit(byte_at(ecma, ecma->at + 2)))
		refuse(ecma, 3);
	else
		write_text(ecma, "\\x00", 2);
}

static void write_control(struct ecma *ecma)
{
	if (isalpha(byte_at(ecma, ecma->at + 2)))
		copy(ecma, 3);
	else
		refuse(ecma, 3);
}

/* The escapes that mean the same everywhere. */
static bool write_anywhere(struct ecma *ecma, unsigned char letter, bool in_class)
{
	if (letter == 's')
		write_members(ecma, in_class, SPACE);
	else if (letter == 'S')
		write_members(ecma, in_class, NOT_SPACE);
	else if (letter == 'v')
		write_text(ecma, "\\x0b", 2);
	else if (letter == '0')
		write_zero(ecma);
	else if (letter == 'c')
		write_control(ecma);
	else if (letter == 'x')
		write_hex(ecma);
	else if (letter == 'u')
		write_unicode(ecma);
	else if (letter == 'p' || letter == 'P')
		ecma_write_property(ecma);
	else if (memchr("dwfnrt", letter, 6) != NULL || !isalnum(letter))
		copy(ecma, 2);
	else
		return false;
	return true;
}

static void write_inside(struct ecma *ecma, unsigned char letter)
{
	if (letter == 'b')
		write_text(ecma, "\\x08", 2);
	else if (letter == 'D')
		write_members(ecma, true, NOT_DIGIT);
	else if (letter == 'W')
		write_members(ecma, true, ecma->caseless ? NOT_WORD_CASELESS : NOT_WORD);
	else
		refuse(ecma, 2);
}

static void write_outside(struct ecma *ecma, unsigned char letter)
{
	if (memchr("bBDW", letter, 4) != NULL)
		copy(ecma, 2);
	else if (letter == 'k')
		write_named_reference(ecma);
	else if (isdigit(letter))
		write_reference(ecma);
	else
		refuse(ecma, 2);
}

void ecma_write_escape(struct ecma *ecma, bool in_class)
{
	unsigned char letter = byte_at(ecma, ecma->at + 1);

	if (ecma->at + 1 == ecma->text.len)
		ecma_refuse(ecma, ecma->at, 1, "which escapes nothing");
	else if (!write_anywhere(ecma, letter, in_class))
		(in_class ? write_inside : write_outside)(ecma, letter);
}
