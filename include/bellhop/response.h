/* SPDX-License-Identifier: MIT */
/*
 * response: what the body of a good answer (2xx) is to an action: its output, or why there is none (contract, section 6).
 *
 * The worker's map and `bellhop map` are this one function; the worker masks secrets in what it gives.
 */
#ifndef BELLHOP_RESPONSE_H
#define BELLHOP_RESPONSE_H

#include "bellhop/buf.h"
#include "bellhop/error.h"
#include "bellhop/json_tape.h"
#include "bellhop/mapping.h"
#include "bellhop/span.h"

#define RESPONSE_MAX_DEPTH 64

/*
 * Adds the output: null for an empty body, `{"text": …}` for a text that is not JSON where nothing is mapped. `mapping` may
 * be NULL. `max_bytes` is the bound of a body, and of what a mapping makes of one; it sets the maximum of `out`, which must
 * be empty. `tape` is scratch: its memory is reused. -1: ERROR_INVALID_RESPONSE or ERROR_MAPPING_FAILED, with a sentence.
 */
int response_output(const struct mapping *mapping, struct span body, size_t max_bytes,
	struct json_tape *tape, struct buf *out, struct error *error);

#endif
