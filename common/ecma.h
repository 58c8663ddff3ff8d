/* SPDX-License-Identifier: MIT */
/*
 * ecma: a pattern of ECMA-262 written as pcre2 takes it; for pattern.c alone.
 *
 * What both have, and mean the same by, is copied. What they mean differently is rewritten: `.`, \s, \v, \u, \1, a brace or
 * bracket that stands for itself. What only pcre2 has is refused, so that no pattern means one thing where an admin tried
 * it and another here.
 */
#ifndef BELLHOP_COMMON_ECMA_H
#define BELLHOP_COMMON_ECMA_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

struct ecma {
	struct span text; /* of valid UTF-8 */
	size_t at;
	struct buf *out;
	struct buf *problem; /* empty: none so far */
	uint32_t least;	     /* the most that a repeat asks for at least, 1 or more */
	bool caseless;	     /* there was a `(?i:` */
};

/* Adds the pattern to `out`; false where there is a problem, whose words are then added to `problem`. */
bool ecma_write(struct ecma *ecma);

#endif
