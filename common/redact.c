/* SPDX-License-Identifier: MIT */
/* redact: finds the forms of a secret in a text and masks them. */
#include "bellhop/redact.h"

#include "bellhop/bug.h"
#include "redact_search.h"

_Static_assert(REDACT_MAX_PATTERNS < 63, "a bit each, and one for escapes");

static const char base64_standard[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t base64_bytes(size_t len)
{
	return (len + 2) / 3 * 4;
}

size_t redact_bytes(size_t value_len)
{
	return value_len + 6 * base64_bytes(value_len) + 2 * value_len;
}

void redact_init(struct redactor *redactor, char *memory, size_t size)
{
	*redactor = (struct redactor){.memory = memory, .size = size};
	/* The second byte of an escape says nothing yet. */
	for (size_t i = 0; i < ARRAY_SIZE(redactor->second); i++)
		redactor->second[i] = REDACT_ESCAPED;
}

static char *take_memory(struct redactor *redactor, size_t len)
{
	char *memory = redactor->memory + redactor->used;

	BUG_ON(len > redactor->size - redactor->used);
	redactor->used += len;
	return memory;
}

static void add_pattern(struct redactor *redactor, char *text, size_t len, enum redact_kind kind)
{
	unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];
	uint64_t bit = UINT64_C(1) << redactor->count;

	BUG_ON(redactor->count == REDACT_MAX_PATTERNS);
	redactor->patterns[redactor->count++] =
		(struct redact_pattern){.text = {text, len}, .kind = kind};
	redactor->first[first] |= bit;
	redactor->second[second] |= bit;
	if (kind == REDACT_HEX) {
		/* The digits are lower case: without bit 5 a letter is upper case, and no digit is a text's byte. */
		redactor->first[first & ~0x20] |= bit;
		redactor->second[second & ~0x20] |= bit;
		return;
	}
	redactor->second['%'] |= bit;
	redactor->second['\\'] |= bit;
	if (second == ' ')
		redactor->second['+'] |= bit;
	redactor->first['%'] |= REDACT_ESCAPED;
	redactor->first['\\'] |= REDACT_ESCAPED;
	if (first == ' ')
		redactor->first['+'] |= REDACT_ESCAPED;
}

/* Only the characters that this value alone decides: where bytes were encoded before it or behind it, others would differ.
 * `skipped` bits of the first byte went into a character with what was before. */
static size_t base64(const unsigned char *value, size_t len, unsigned skipped, char *out)
{
	uint32_t bits = value[0];
	unsigned held = 8 - skipped; /* of `bits`, the last ones */
	size_t count = 0;

	for (size_t at = 1; at < len; at++) {
		bits = bits << 8 | value[at];
		held += 8;
		for (; held >= 6; held -= 6)
			out[count++] = base64_standard[bits >> (held - 6) & 63];
	}
	return count;
}

/* The other alphabet; false where it makes no difference. */
static bool base64url(const char *standard, size_t len, char *out)
{
	bool differs = false;

	for (size_t i = 0; i < len; i++) {
		out[i] = standard[i] == '+' ? '-' : standard[i] == '/' ? '_' : standard[i];
		differs |= out[i] != standard[i];
	}
	return differs;
}

/* As it is encoded behind a number of bytes that leaves that many over. */
static void add_base64(struct redactor *redactor, struct span value, unsigned before)
{
	static const unsigned skipped[] = {0, 4, 2}, first[] = {0, 2, 3};
	size_t space = base64_bytes(value.len);
	char *standard = take_memory(redactor, space);
	char *url = take_memory(redactor, space);
	size_t len =
		base64((const unsigned char *)value.data, value.len, skipped[before], standard);
	bool shares = (first[before] + len) % 4 != 0;
	enum redact_kind kind = shares ? REDACT_BASE64_SHARED : REDACT_BASE64;

	add_pattern(redactor, standard, len, kind);
	if (base64url(standard, len, url))
		add_pattern(redactor, url, len, kind);
}

static void add_hex(struct redactor *redactor, struct span value)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = (const unsigned char *)value.data;
	char *hex = take_memory(redactor, 2 * value.len);

	for (size_t i = 0; i < value.len; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	add_pattern(redactor, hex, 2 * value.len, REDACT_HEX);
}

void redact_add(struct redactor *redactor, struct span value)
{
	char *plain;

	if (value.len < REDACT_MIN_BYTES)
		return;
	for (size_t i = 0; i < redactor->count; i++)
		if (redactor->patterns[i].kind == REDACT_PLAIN &&
			span_equals(redactor->patterns[i].text, value))
			return;
	plain = take_memory(redactor, value.len);
	memcpy(plain, value.data, value.len);
	add_pattern(redactor, plain, value.len, REDACT_PLAIN);
	for (unsigned before = 0; before < 3; before++)
		add_base64(redactor, value, before);
	add_hex(redactor, value);
}

bool redact_finds(const struct redactor *redactor, struct span text)
{
	struct redact_search search;
	size_t end;

	redact_search_init(&search, redactor, text);
	return redact_search_next(&search, 0, &end) < text.len;
}

/* No byte of a pattern has a longer spelling than \\u0000. */
size_t redact_longest(const struct redactor *redactor)
{
	size_t longest = 0;

	for (size_t i = 0; i < redactor->count; i++)
		if (redactor->patterns[i].text.len > longest)
			longest = redactor->patterns[i].text.len;
	return 6 * longest;
}

void redact_text(const struct redactor *redactor, struct span text, struct buf *out)
{
	struct redact_search search;
	size_t at = 0;

	redact_search_init(&search, redactor, text);
	while (at < text.len) {
		size_t end = text.len, start = redact_search_next(&search, at, &end);

		buf_add(out, text.data + at, start - at);
		if (start < text.len)
			buf_add_string(out, REDACT_MASK);
		at = end;
	}
}
