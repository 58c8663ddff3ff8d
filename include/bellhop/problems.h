/* SPDX-License-Identifier: MIT */
/*
 * problems: everything that is wrong with a text that a person (or a model) wrote, each with its place.
 *
 * Where `struct error` keeps the first cause, this keeps them all, up to a maximum; what is over it is counted.
 * Places of definitions are dotted (`actions.create.path`), places of inputs are JSON Pointers (`/priority`,
 * RFC 6901; the whole is the empty string).
 */
#ifndef BELLHOP_PROBLEMS_H
#define BELLHOP_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "bellhop/buf.h"

#define PROBLEMS_MAX	  64  /* errors, and as many warnings */
#define PROBLEM_MAX_BYTES 512 /* of a place, and of a text: what is longer is cut at a character */

struct problem {
	char *place;
	char *text;   /* without a full stop */
	bool warning; /* said, but refuses nothing */
};

struct problems {
	struct problem *items;
	size_t count;
	size_t capacity;
	size_t errors; /* all of them, also what was not kept; warnings apart */
	size_t not_kept;
};

void problems_init(struct problems *problems);
void problems_release(struct problems *problems);
void problems_add(struct problems *problems, const char *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void problems_warn(struct problems *problems, const char *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds the JSON array `[{"path": …, "problem": …}]` of the errors: the `details` of an error. */
void problems_json(const struct problems *problems, struct buf *out);
/* Adds one sentence: the first problem with its place, more of them as far as a reader's patience goes, and how many are left. */
#define PROBLEMS_SENTENCE_BYTES 270
void problems_sentence(const struct problems *problems, struct buf *out);

#endif
