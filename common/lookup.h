/* SPDX-License-Identifier: MIT */
/*
 * lookup: finds the values of all placeholders of an action in one walk of its inputs, for common/ only.
 *
 * The paths of the placeholders are a tree; a node of it is a slot in the array of values that a walk fills. So what a
 * job costs grows with its inputs, not with inputs times placeholders.
 */
#ifndef BELLHOP_COMMON_LOOKUP_H
#define BELLHOP_COMMON_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "bellhop/json_tape.h"
#include "bellhop/template.h"

#define LOOKUP_NO_INDEX UINT32_MAX

struct lookup_node {
	char *name;
	size_t len;
	uint32_t index; /* the name as an index in an array, or LOOKUP_NO_INDEX */
	uint32_t
		first; /* children stand together, sorted by length, then bytes: indices in order */
	uint32_t count;
};

struct lookup {
	struct lookup_node *nodes; /* the first one stands for the inputs */
	uint32_t count;
	size_t capacity;
};

/* Sorts `placeholders` and gives each its slot. */
void lookup_init(struct lookup *lookup, struct placeholder **placeholders, size_t count);
void lookup_release(struct lookup *lookup);

/* Writes lookup->count values, TAPE_NONE for what is not there. */
void lookup_find(const struct lookup *lookup, const struct json_tape *tape, uint32_t inputs,
	struct buf *scratch, uint32_t *values);

/* Adds the JSON Pointer of a placeholder (RFC 6901). */
void placeholder_pointer(const struct placeholder *placeholder, struct buf *out);

#endif
