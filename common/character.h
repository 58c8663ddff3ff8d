/* SPDX-License-Identifier: MIT */
/* character: classes of Unicode characters that more than one module of common/ refuses. */
#ifndef BELLHOP_COMMON_CHARACTER_H
#define BELLHOP_COMMON_CHARACTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bellhop/span.h"

/* U+0000-1F and U+7F-9F. */
static inline bool character_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

/* White_Space of Unicode, the controls among it apart. */
static inline bool character_is_space(uint32_t character)
{
	return character == ' ' || character == 0xa0 || character == 0x1680 ||
	       (character >= 0x2000 && character <= 0x200a) || character == 0x2028 ||
	       character == 0x2029 || character == 0x202f || character == 0x205f ||
	       character == 0x3000;
}

/* Whether valid UTF-8 holds a control character. */
static inline bool character_finds_control(struct span text, bool tab_too)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		if (byte < 0x20 ? byte != '\t' || tab_too : byte == 0x7f)
			return true;
		if (byte == 0xc2 && i + 1 < text.len && (unsigned char)text.data[i + 1] <= 0x9f)
			return true;
	}
	return false;
}

#endif
