/* SPDX-License-Identifier: MIT */
/*
 * redact: takes secrets out of what an upstream said before anybody else reads it (contract, section 7).
 *
 * Looked for: each value plain, base64 (both alphabets, padded or not), percent-encoded, hex (both cases) and JSON-escaped.
 * Values under REDACT_MIN_BYTES are not: they cannot be told from ordinary text. The patterns are copies of a secret:
 * they live in memory that the caller gives and wipes.
 */
#ifndef BELLHOP_REDACT_H
#define BELLHOP_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "bellhop/buf.h"
#include "bellhop/json_tape.h"
#include "bellhop/span.h"

#define REDACT_MIN_BYTES    8
#define REDACT_MASK	    "[redacted]"
#define REDACT_MAX_PATTERNS 32

struct redactor {
	struct span patterns[REDACT_MAX_PATTERNS];
	bool any_case
		[REDACT_MAX_PATTERNS]; /* ASCII letters match in both cases (hex, percent-encoding) */
	size_t count;
	char *memory; /* where the patterns lie: the caller's */
	size_t size;
	size_t used;
	unsigned char first[256]; /* whether a pattern begins with that byte */
};

/* Bytes of memory that redact_add() needs for a value of that length. */
size_t redact_bytes(size_t value_len);
void redact_init(struct redactor *redactor, char *memory, size_t size);
void redact_add(struct redactor *redactor, struct span value);
/* Whether a text holds any of them. */
bool redact_finds(const struct redactor *redactor, struct span text);
/* Adds the text with each occurrence replaced by REDACT_MASK. */
void redact_text(const struct redactor *redactor, struct span text, struct buf *out);
/* Adds a JSON value, rewritten, each string, member name and number that holds a secret masked: the result is JSON. */
void redact_json(const struct redactor *redactor, const struct json_tape *tape, uint32_t value,
	struct buf *out);

#endif
