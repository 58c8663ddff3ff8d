/* SPDX-License-Identifier: MIT */
/* response: the body of a good answer becomes an output. */
#include "bellhop/response.h"

#include "bellhop/json_out.h"
#include "bellhop/utf8.h"

#define ESCAPED_RATIO 6 /* a control character of one byte becomes \u00XX */

/* 1: the tape holds it; 0: it is text; -1: an error is set. */
static int read_body(const struct mapping *mapping, struct span body, struct json_tape *tape,
	struct error *error)
{
	const struct tape_limits limits = {.depth = RESPONSE_MAX_DEPTH, .values = UINT32_MAX};
	struct tape_error wrong;

	if (json_tape_read(tape, body.data, body.len, &limits, &wrong) == 0)
		return 1;
	if (wrong.too_deep)
		return error_set(error, ERROR_INVALID_RESPONSE,
			"The answer is JSON nested over %d deep: ask the upstream for less.",
			RESPONSE_MAX_DEPTH);
	if (!utf8_valid(body.data, body.len))
		return error_set(error, ERROR_INVALID_RESPONSE,
			"The answer is not UTF-8: the upstream has to be mended.");
	if (mapping != NULL)
		return error_set(error, ERROR_INVALID_RESPONSE,
			"The answer is not JSON, and the action maps JSON: correct its output.");
	return 0;
}

int response_output(const struct mapping *mapping, struct span body, size_t max_bytes,
	struct json_tape *tape, struct buf *out, struct error *error)
{
	int kind;

	/* A mapping may not make more than an answer may hold; an answer as it came may only grow by its escapes. */
	out->max = mapping != NULL ? max_bytes : max_bytes * ESCAPED_RATIO + ESCAPED_RATIO * 4;
	if (body.len == 0) {
		buf_add_string(out, "null");
		return 0;
	}
	kind = read_body(mapping, body, tape, error);
	if (kind < 0)
		return -1;
	if (kind == 0) {
		buf_add_string(out, "{\"text\":");
		json_out_string(out, body);
		buf_add_char(out, '}');
	} else if (mapping == NULL) {
		json_out_value(out, tape, 0);
	} else if (mapping_apply(mapping, tape, out, error) < 0) {
		return -1;
	}
	if (out->overflowed)
		return error_set(error, ERROR_MAPPING_FAILED,
			"The upstream did it, but its answer is too large to hand on: map less of "
			"it.");
	return 0;
}
