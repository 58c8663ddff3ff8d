/* SPDX-License-Identifier: MIT */
/* pointer: adds a step to a JSON Pointer. */
#include "pointer.h"

#include "bellhop/utf8.h"

void pointer_add(struct buf *pointer, struct span name)
{
	size_t len = utf8_cut(name.data, name.len, POINTER_NAME_BYTES);

	buf_add_char(pointer, '/');
	for (size_t i = 0; i < len; i++) {
		if (name.data[i] == '~')
			buf_add_string(pointer, "~0");
		else if (name.data[i] == '/')
			buf_add_string(pointer, "~1");
		else
			buf_add_char(pointer, name.data[i]);
	}
	if (len < name.len)
		buf_add_string(pointer, "…");
}

void pointer_add_index(struct buf *pointer, size_t index)
{
	buf_add_char(pointer, '/');
	buf_add_unsigned(pointer, index);
}
