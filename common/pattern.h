/* SPDX-License-Identifier: MIT */
/*
 * pattern: a regular expression of ECMA-262 (with its flag u), as far as pcre2 goes; for the schema*.c and jsonpath*.c files
 * alone.
 *
 * It is looked for anywhere in a text; `$` is the very end; \d, \w and \b are of ASCII. How long a search may take is
 * counted, not timed: the same pattern and text have the same answer on every machine, however busy.
 */
#ifndef BELLHOP_COMMON_PATTERN_H
#define BELLHOP_COMMON_PATTERN_H

#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

#define PATTERN_MAX_BYTES 4096

struct pattern;

/* `text` is UTF-8. NULL where it is no pattern; why is added to `problem` ("has (?R) at character 1, where …"). */
struct pattern *pattern_compile(struct span text, struct buf *problem);
/* The same of what another grammar was written as for pcre2: `least` is the most that a repeat in it asks for at least, 1 or
 * more. */
struct pattern *pattern_make(
	struct span text, const struct buf *written, uint32_t least, struct buf *problem);
void pattern_free(struct pattern *pattern);
/* As it was written. */
const char *pattern_text(const struct pattern *pattern);
/* The memory that it takes: a repeat of a group is a copy of the group. */
size_t pattern_bytes(const struct pattern *pattern);

struct pattern_machine;

/* What all searches that share it may take together. A unit is about a step over one character: a few nanoseconds. */
struct pattern_work {
	uint64_t units;			 /* left */
	struct pattern_machine *machine; /* made by the first search */
};

void pattern_work_init(struct pattern_work *work, uint64_t units);
void pattern_work_release(struct pattern_work *work);

enum pattern_answer {
	PATTERN_FOUND,
	PATTERN_NOT_FOUND,
	PATTERN_TOO_MUCH, /* the work ended before the search */
};

/* `text` is UTF-8. */
enum pattern_answer pattern_search(
	const struct pattern *pattern, struct span text, struct pattern_work *work);

#endif
