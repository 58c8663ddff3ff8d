/* SPDX-License-Identifier: MIT */
/*
 * json_out: writes JSON into a buf. One way to write each value, so equal values are equal bytes where it matters.
 *
 * Strings are written with the fewest escapes (RFC 8259, section 7): quote, backslash and U+0000-1F, the latter as
 * \b \f \n \r \t or \u00XX in lower case; all else as UTF-8.
 */
#ifndef BELLHOP_JSON_OUT_H
#define BELLHOP_JSON_OUT_H

#include "bellhop/buf.h"
#include "bellhop/json_tape.h"
#include "bellhop/span.h"

/* A string with its quotes. The text must be UTF-8; what is not becomes U+FFFD, so the output always is JSON. */
void json_out_string(struct buf *out, struct span text);
/* The same without the quotes: for the inside of a longer string. */
void json_out_escaped(struct buf *out, struct span text);
/* `"name":` */
void json_out_name(struct buf *out, const char *name);

/* A value, compact, strings rewritten as above, numbers as json_number_out() says, members in their order. */
void json_out_value(struct buf *out, const struct json_tape *tape, uint32_t value);
/* A value for people: indented by two, numbers as written. */
void json_out_pretty(struct buf *out, const struct json_tape *tape, uint32_t value);
/* A value for digests: compact, members sorted by the bytes of their names, numbers canonical. */
void json_out_canonical(struct buf *out, const struct json_tape *tape, uint32_t value);

#endif
