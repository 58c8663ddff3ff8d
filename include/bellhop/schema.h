/* SPDX-License-Identifier: MIT */
/*
 * schema: JSON Schema 2020-12, the part of it that the contract names (section 4), compiled once.
 *
 * Keywords: type (a name or a list), properties, required, additionalProperties (a boolean or a schema), items, enum,
 * const, default, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern
 * (ECMA-262: common/pattern.h), minItems, maxItems, and the annotations title, description, examples, deprecated,
 * readOnly, writeOnly, format, contentEncoding, contentMediaType, contentSchema, $comment, $schema. Any other keyword is a
 * problem when compiled. At the top of an action's inputs additionalProperties is false unless it says otherwise; that is
 * SCHEMA_CLOSED. A default that does not fit its own schema is a warning, and is not filled in.
 */
#ifndef BELLHOP_SCHEMA_H
#define BELLHOP_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "bellhop/buf.h"
#include "bellhop/json_tape.h"
#include "bellhop/problems.h"

struct schema;

enum schema_flags {
	SCHEMA_CLOSED = 1 << 0, /* additionalProperties defaults to false here (not below) */
};

/* Never NULL: what is wrong goes to `problems` under `place` ("actions.create.inputs"). The schema keeps its own copy
 * of what it needs of the tape. */
struct schema *schema_compile(const struct json_tape *tape, uint32_t value, unsigned flags,
	const char *place, struct problems *problems);
/* What stands for an action without `inputs`: `names` are required members of any type, nothing else is allowed. */
struct schema *schema_of_names(const char *const *names, size_t count);
void schema_free(struct schema *schema);

/* Checks a value and adds each breach to `problems` under its JSON Pointer, in words a model can act on: "9 is more
 * than 4", "is required", "is not an input of this action; it takes desk, subject". 0 or -1. Looks no further once
 * `problems` holds PROBLEMS_MAX errors. */
int schema_check(const struct schema *schema, const struct json_tape *tape, uint32_t value,
	struct problems *problems);

/* Whether a default could apply to that value: where not, it is used as it is, without a copy. */
bool schema_lacks_defaults(
	const struct schema *schema, const struct json_tape *tape, uint32_t value);
/* Writes the value with the defaults of absent members filled in, at every depth that is there; the maximum of `out`
 * bounds the work too. */
void schema_fill(
	const struct schema *schema, const struct json_tape *tape, uint32_t value, struct buf *out);

/* What the schema says of a placeholder's path. */
struct schema_place {
	bool declared; /* each segment names a declared property or, by digits, an element of an array */
	bool optional; /* some part of the path may be absent and has no default */
	bool scalar;   /* may be a string, number, boolean (or null) */
	bool compound; /* may be an object or array */
};

void schema_find(const struct schema *schema, const char *const *segments, size_t count,
	struct schema_place *place);
/* Names of the declared properties at the top, in their order; owned by the schema. */
const char *const *schema_names(const struct schema *schema, size_t *count);

#endif
