/* SPDX-License-Identifier: MIT */
/* percent: percent-encoding (RFC 3986). */
#include "percent.h"

#define VALUE (PERCENT_VALUE | PERCENT_PATH | PERCENT_QUERY)
#define BOTH  (PERCENT_PATH | PERCENT_QUERY)

/* The places where a byte may stand as it is. */
static const unsigned char allowed[256] = {
	['a' ... 'z'] = VALUE,
	['A' ... 'Z'] = VALUE,
	['0' ... '9'] = VALUE,
	['-'] = VALUE,
	['.'] = VALUE,
	['_'] = VALUE,
	['~'] = VALUE,
	['!'] = BOTH,
	['$'] = BOTH,
	['&'] = BOTH,
	['\''] = BOTH,
	['('] = BOTH,
	[')'] = BOTH,
	['*'] = BOTH,
	['+'] = BOTH,
	[','] = BOTH,
	[';'] = BOTH,
	['='] = BOTH,
	[':'] = BOTH,
	['@'] = BOTH,
	['/'] = BOTH,
	['?'] = PERCENT_QUERY,
};

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

bool percent_may_stand(enum percent_place place, char byte)
{
	return (allowed[(unsigned char)byte] & place) != 0;
}

bool percent_is_triplet(struct span text, size_t at)
{
	return text.len - at >= 3 && text.data[at] == '%' && hex_digit(text.data[at + 1]) >= 0 &&
	       hex_digit(text.data[at + 2]) >= 0;
}

unsigned char percent_decode_at(struct span text, size_t at, size_t *len)
{
	if (text.data[at] != '%' || !percent_is_triplet(text, at)) {
		*len = 1;
		return (unsigned char)text.data[at];
	}
	*len = 3;
	return (unsigned char)(hex_digit(text.data[at + 1]) * 16 + hex_digit(text.data[at + 2]));
}

static void add_triplet(struct buf *out, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	char triplet[] = {'%', digits[byte >> 4], digits[byte & 0xf]};

	buf_add(out, triplet, sizeof(triplet));
}

void percent_encode(struct buf *out, struct span value)
{
	size_t run = 0;

	for (size_t i = 0; i < value.len && !out->overflowed; i++) {
		if (percent_may_stand(PERCENT_VALUE, value.data[i]))
			continue;
		buf_add(out, value.data + run, i - run);
		add_triplet(out, (unsigned char)value.data[i]);
		run = i + 1;
	}
	buf_add(out, value.data + run, value.len - run);
}

void percent_encode_text(struct buf *out, struct span text, enum percent_place place)
{
	for (size_t i = 0; i < text.len; i++) {
		if (percent_may_stand(place, text.data[i]) || percent_is_triplet(text, i))
			buf_add_char(out, text.data[i]);
		else
			add_triplet(out, (unsigned char)text.data[i]);
	}
}
