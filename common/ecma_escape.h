/* SPDX-License-Identifier: MIT */
/* ecma_escape: what a backslash makes of the next character of a pattern; for the ecma*.c files alone. */
#ifndef BELLHOP_COMMON_ECMA_ESCAPE_H
#define BELLHOP_COMMON_ECMA_ESCAPE_H

#include "ecma.h"

/* More than pcre2 takes of any repeat or group, and less than overflows. */
#define ECMA_MAX_REPEAT 1000000

/* Writes the escape that begins at ecma->at, in a class or outside of one. */
void ecma_write_escape(struct ecma *ecma, bool in_class);

/* ecma_property.c: the same for a \p{…} or \P{…}. */
void ecma_write_property(struct ecma *ecma);

#define ECMA_NO_ESCAPE "which is no escape of ECMA-262"
/* "has TEXT at character N, WHY": the first problem is kept. */
void ecma_refuse(struct ecma *ecma, size_t from, size_t len, const char *why);

#endif
