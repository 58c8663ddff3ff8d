/* SPDX-License-Identifier: MIT */
/* name: what may become part of a Redis key. */
#include "bellhop/name.h"

#include <string.h>

enum { FIRST = 1, LATER = 2 };

/* Bytes that may stand first and bytes that may follow; every other byte is 0. */
static const unsigned char classes[256] = {
	['0' ... '9'] = FIRST | LATER,
	['A' ... 'Z'] = FIRST | LATER,
	['a' ... 'z'] = FIRST | LATER,
	['.'] = LATER,
	['_'] = LATER,
	['-'] = LATER,
};

bool name_valid(const char *text, size_t len)
{
	if (len == 0 || len > NAME_MAX_BYTES || !(classes[(unsigned char)text[0]] & FIRST))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!(classes[(unsigned char)text[i]] & LATER))
			return false;
	return true;
}

int name_set(struct name *name, const char *text, size_t len)
{
	if (!name_valid(text, len))
		return -1;
	memmove(name->text, text, len);
	name->text[len] = '\0';
	name->len = len;
	return 0;
}

bool name_equals(const struct name *a, const struct name *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}
