/* SPDX-License-Identifier: MIT */
/*
 * mapping: a response becomes an action's output (contract, section 6).
 *
 * A mapping is a JSON value; each string in it that begins with `$` is a JSONPath query over the response, `$$` begins a
 * literal `$`, all else stands for itself. A singular query gives its value or null, any other gives an array.
 */
#ifndef BELLHOP_MAPPING_H
#define BELLHOP_MAPPING_H

#include "bellhop/buf.h"
#include "bellhop/error.h"
#include "bellhop/json_tape.h"
#include "bellhop/problems.h"

struct mapping;

/* Never NULL: what is wrong goes to `problems` under `place`. */
struct mapping *mapping_compile(
	const struct json_tape *tape, uint32_t value, const char *place, struct problems *problems);
void mapping_free(struct mapping *mapping);

/* Adds the output to `out`, whose maximum is the bound. -1: ERROR_MAPPING_FAILED. */
int mapping_apply(const struct mapping *mapping, const struct json_tape *response, struct buf *out,
	struct error *error);

#endif
