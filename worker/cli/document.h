/* SPDX-License-Identifier: MIT */
/* document: a definition as a text, read, checked and compiled: a file's, or one put together from what Redis holds. */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include "cli/command.h"

struct document {
	struct buf text;
	struct json_tape tape; /* empty where the text is not JSON */
	struct problems problems;
	struct definition *definition; /* NULL where there is any error in `problems` */
};

void document_init(struct document *document);
void document_release(struct document *document);
/* Reads a file, or standard input where the path is `-`. 0, or -1 where it cannot be read; all else is a problem. */
int document_read(struct document *document, const char *path, const struct definition_rules *rules,
	struct error *error);
/* Checks the text that the caller filled in. */
void document_check(struct document *document, const struct definition_rules *rules);
/* Takes its warnings for errors (--strict). */
void document_be_strict(struct document *document);
/* Adds the problems, one a line: `actions.create.path: …`, `base_url: warning: …`. */
void add_problems(struct buf *out, const struct problems *problems);
/* Says them on standard error. */
void note_problems(const struct problems *problems);

/* Adds a value as it is kept: compact, strings with the fewest escapes, numbers as they were written. */
void add_compact(struct buf *out, const struct json_tape *tape, uint32_t value);
/* The same for an object, without the member of that name. */
void add_compact_without(
	struct buf *out, const struct json_tape *tape, uint32_t object, const char *name);

#endif
