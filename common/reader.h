/* SPDX-License-Identifier: MIT */
/*
 * reader: walks what an admin wrote and says what is wrong with it, always with its place; for common/ only.
 *
 * The place is a path of names (`actions.create.path`) that grows by reader_enter() and shrinks by reader_leave().
 */
#ifndef BELLHOP_COMMON_READER_H
#define BELLHOP_COMMON_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/json_tape.h"
#include "bellhop/problems.h"

struct reader {
	const struct json_tape *tape;
	struct problems *problems;
	struct buf place;
	struct buf scratch;
};

void reader_init(struct reader *reader, const struct json_tape *tape, const char *place,
	struct problems *problems);
void reader_release(struct reader *reader);

/* Both return what reader_leave() takes. A name that is no plain word stands in quotes. */
size_t reader_enter(struct reader *reader, struct span name);
size_t reader_enter_index(struct reader *reader, size_t index);
void reader_leave(struct reader *reader, size_t mark);

/* Whether another problem would only be counted: then words for it need not be looked for. */
bool reader_is_full(const struct reader *reader);
/* A problem at the present place. */
void reader_problem(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void reader_warn(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A problem at `name` below the present place. */
void reader_problem_at(struct reader *reader, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct reader_member {
	const char *name;
	bool required;
	const char *refusal; /* why it may not stand here; NULL: it may */
};

/* Finds the members of an object: `found` has TAPE_NONE for each that is absent. False where it is no object. What is
 * not in the table is a problem that says `unknown`, or where that is NULL lists what is known. */
bool reader_members(struct reader *reader, uint32_t object, const struct reader_member *members,
	size_t count, const char *unknown, uint32_t *found);

/* Values of one kind, else a problem at the present place. */
bool reader_is(struct reader *reader, uint32_t value, enum tape_type type);
char *reader_string(struct reader *reader, uint32_t string); /* NULL, or the caller's to free */
bool reader_boolean(struct reader *reader, uint32_t value, bool *out);
bool reader_integer(
	struct reader *reader, uint32_t value, int64_t least, int64_t most, int64_t *out);
/* The index of the string in `words`, or -1. */
int reader_word(struct reader *reader, uint32_t value, const char *const *words, size_t count);

/* The name of a type with its article: "an array". */
const char *reader_type(const struct json_tape *tape, uint32_t value);

#endif
