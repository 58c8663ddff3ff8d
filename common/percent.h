/* SPDX-License-Identifier: MIT */
/*
 * percent: percent-encoding (RFC 3986), for common/ only.
 *
 * Values are encoded whole: every byte but unreserved. What an admin wrote as part of a URL is kept where a URL allows
 * it, and what stands there as %XX is kept too.
 */
#ifndef BELLHOP_COMMON_PERCENT_H
#define BELLHOP_COMMON_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

enum percent_place {
	PERCENT_VALUE = 1 << 0, /* unreserved only */
	PERCENT_PATH = 1 << 1,	/* and what a path allows, slashes too */
	PERCENT_QUERY = 1 << 2, /* and what a query allows */
};

bool percent_may_stand(enum percent_place place, char byte);
/* Whether a `%` and two hex digits stand at `at`. */
bool percent_is_triplet(struct span text, size_t at);
/* The byte at `at`, decoded where it is a triplet; `*len` is 3 or 1. */
unsigned char percent_decode_at(struct span text, size_t at, size_t *len);

/* Adds a value: every byte but unreserved as %XX. */
void percent_encode(struct buf *out, struct span value);
/* Adds text of a URL: what `place` allows and each triplet as they are, all else as %XX. */
void percent_encode_text(struct buf *out, struct span text, enum percent_place place);

#endif
