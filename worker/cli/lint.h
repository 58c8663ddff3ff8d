/* SPDX-License-Identifier: MIT */
/* lint: warnings of `check` and `put` that need more than the definition's text: where its host leads, what a sample has. */
#ifndef CLI_LINT_H
#define CLI_LINT_H

#include "cli/document.h"

/*
 * Adds warnings about tool names, and about a base URL that workers would refuse to call: an address, `localhost`, and where
 * `resolve` is set a name that is looked up. EXIT_DONE, or EXIT_USAGE where ALLOW_NETS is none.
 */
int lint_document(struct document *document, const struct cli *cli, bool resolve);

/*
 * Holds a sample answer against the output of one action: `name`, or where that is NULL the only one there is. EXIT_DONE, or
 * another status after the line that says why it could not.
 */
int lint_with_sample(
	struct document *document, const struct cli *cli, const char *path, const char *name);

/* lint_address.c */
int lint_address(struct document *document, const struct cli *cli, bool resolve);

#endif
