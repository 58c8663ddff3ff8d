/* SPDX-License-Identifier: MIT */
/*
 * redact: takes secrets out of what an upstream said before anybody else reads it (contract, section 7).
 *
 * Looked for: each value plain, base64 (both alphabets, padded or not, alone or in a longer text), percent-encoded, hex (both cases) and JSON-escaped; the
 * last two in whatever mixture of bytes that are escaped and bytes that are not, for encoders differ about that, and over base64
 * too. Values under REDACT_MIN_BYTES are not: they cannot be told from ordinary text. The patterns are copies of a
 * secret: they live in memory that the caller gives and wipes. What is longer than a text that is searched is not
 * found in it: redact first, then cut.
 *
 * The time grows with the length of the text, also where an org chose secret and text so that it would not: after too
 * many near occurrences, what is left of the text counts as one.
 */
#ifndef BELLHOP_REDACT_H
#define BELLHOP_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/json_tape.h"
#include "bellhop/span.h"

#define REDACT_MIN_BYTES    8
#define REDACT_MASK	    "[redacted]"
#define REDACT_MAX_VALUES   7 /* different ones, of one redactor */
#define REDACT_MAX_PATTERNS (8 * REDACT_MAX_VALUES)

enum redact_kind {
	REDACT_PLAIN,
	REDACT_BASE64,
	REDACT_BASE64_SHARED, /* whose last bits are in a character with what comes behind */
	REDACT_HEX,
};

struct redact_pattern {
	struct span text;
	enum redact_kind kind;
};

struct redactor {
	struct redact_pattern patterns[REDACT_MAX_PATTERNS];
	size_t count;
	char *memory; /* where the patterns lie: the caller's */
	size_t size;
	size_t used;
	/* A bit for each pattern that may have that byte first, or second. */
	uint64_t first[256];
	uint64_t second[256];
};

/* Bytes of memory that redact_add() needs for a value of that length. */
size_t redact_bytes(size_t value_len);
void redact_init(struct redactor *redactor, char *memory, size_t size);
void redact_add(struct redactor *redactor, struct span value);
/* Whether a text holds any of them. */
bool redact_finds(const struct redactor *redactor, struct span text);
/* The most bytes that an occurrence may have: where a text was cut, so many at its end may be the start of one. */
size_t redact_longest(const struct redactor *redactor);
/* Adds the text with each occurrence replaced by REDACT_MASK, those that overlap by one. */
void redact_text(const struct redactor *redactor, struct span text, struct buf *out);
/* Adds a JSON value, rewritten as json_out_value() does, each string, member name and number that holds a secret masked. The
 * result is JSON: names that masking would make equal get a number behind them. */
void redact_json(const struct redactor *redactor, const struct json_tape *tape, uint32_t value,
	struct buf *out);

#endif
