/* SPDX-License-Identifier: MIT */
/* form: values as `application/x-www-form-urlencoded` has them. */
#include "bellhop/form.h"

#include <stdbool.h>

static bool stands(unsigned char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
	       byte == '~' || byte == '*';
}

void form_encode(struct buf *out, struct span value)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < value.len; i++) {
		unsigned char byte = (unsigned char)value.data[i];

		if (stands(byte)) {
			buf_add_char(out, (char)byte);
		} else if (byte == ' ') {
			buf_add_char(out, '+');
		} else {
			buf_add_char(out, '%');
			buf_add_char(out, digits[byte >> 4]);
			buf_add_char(out, digits[byte & 15]);
		}
	}
}

void form_pair(struct buf *out, const char *name, struct span value)
{
	if (out->len > 0)
		buf_add_char(out, '&');
	buf_add_string(out, name);
	buf_add_char(out, '=');
	form_encode(out, value);
}
