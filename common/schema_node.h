/* SPDX-License-Identifier: MIT */
/* schema_node: what a compiled schema holds; shared by the schema_*.c files alone. */
#ifndef BELLHOP_COMMON_SCHEMA_NODE_H
#define BELLHOP_COMMON_SCHEMA_NODE_H

#include <stdint.h>

#include "bellhop/schema.h"
#include "bellhop/span.h"
#include "pattern.h"

#define SCHEMA_MAX_DEPTH 32
/* Of one schema together: a default inside a default can double at each level. */
#define SCHEMA_DEFAULTS_MAX_BYTES (256 * 1024)
/* Of one schema together, compiled. */
#define SCHEMA_PATTERNS_MAX_BYTES (128 * 1024)
/* What the patterns of one schema may take to look into its defaults, and into a value with its bytes. */
#define SCHEMA_DEFAULTS_WORK	 200000
#define SCHEMA_CHECK_WORK(bytes) (2000000 + 64 * (uint64_t)(bytes))

enum schema_type {
	SCHEMA_NULL = 1 << 0,
	SCHEMA_BOOLEAN = 1 << 1,
	SCHEMA_INTEGER = 1 << 2,
	SCHEMA_NUMBER = 1 << 3,
	SCHEMA_STRING = 1 << 4,
	SCHEMA_ARRAY = 1 << 5,
	SCHEMA_OBJECT = 1 << 6,
	SCHEMA_ANY = (1 << 7) - 1,
};

#define SCHEMA_COMPOUND (SCHEMA_ARRAY | SCHEMA_OBJECT)

/* The values of `enum` or `const`, each in the form of json_out_canonical(), sorted by length, then bytes. */
struct schema_values {
	struct span *items;
	size_t count;	/* 0: no such keyword */
	unsigned types; /* the bits of all of them */
	char *list;	/* as they were written, for a person; cut */
};

/* Bounds are numbers as written; data NULL: no such keyword. */
struct schema_bounds {
	struct span minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
};

/* Lengths: 0 and SCHEMA_NO_MAXIMUM where there is no such keyword. */
#define SCHEMA_NO_MAXIMUM INT64_MAX
struct schema_lengths {
	int64_t min_length, max_length, min_items, max_items;
};

struct schema_property {
	char *name;
	size_t len;
	struct schema *schema; /* NULL: named by `required` only */
	bool required;
	uint32_t default_slot; /* which of schema->defaults it is, where it has one */
};

struct schema {
	unsigned types; /* bits of enum schema_type; never 0 but of the schema `false` */
	struct schema_values any_of; /* enum */
	struct schema_values only;   /* const: one value */
	struct schema_bounds bounds;
	struct schema_lengths lengths;
	struct pattern *pattern; /* NULL: no such keyword */

	struct schema_property *properties; /* the declared ones first, as they were written */
	size_t property_count;		    /* with those that only `required` names */
	size_t property_capacity;
	size_t declared_count;
	size_t required_count;
	uint32_t *defaults; /* indices of the properties that have one */
	size_t default_count;
	uint32_t *sorted; /* indices of properties by name */
	size_t sorted_count;
	char **names; /* of the declared ones; owned by the properties */
	bool closed;  /* additionalProperties: false */
	struct schema *additional;
	struct schema *items;
	bool top; /* the inputs themselves: says "input" where it says "member" below */

	char *default_text; /* JSON, with the defaults inside it; NULL: none */
	size_t default_len;
	bool has_defaults; /* somewhere below */
};

/* A schema that allows anything. */
struct schema *schema_new(void);
/* The property of that name, or NULL. */
const struct schema_property *schema_property(const struct schema *schema, struct span name);
/* After properties and required are known: sorts, counts. */
void schema_index_properties(struct schema *schema);
/* What a member has to fit: NULL where it may be anything. `property` is what schema_property() found, or NULL. */
const struct schema *schema_of_member(
	const struct schema *schema, const struct schema_property *property);

/* schema_check() with what patterns may take in the hands of the caller. */
int schema_check_within(const struct schema *schema, const struct json_tape *tape, uint32_t value,
	struct pattern_work *work, struct problems *problems);

/* The type bits that a value has: an integer is a number too. */
unsigned schema_type_of(const struct json_tape *tape, uint32_t value);
/* "an integer or a string" */
void schema_types_text(unsigned types, struct buf *out);

#endif
