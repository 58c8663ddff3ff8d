/* SPDX-License-Identifier: MIT */
/* source: the action that a command looks at, out of a file without Redis or out of what is stored. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli/stored.h"

struct source {
	struct document document;
	const struct action *action;
};

/*
 * Finds the action in `file` (NULL: in Redis, where the org is needed too). EXIT_DONE, or another status after the lines
 * that say why; release it either way.
 */
int source_open(
	struct source *source, struct cli *cli, const struct target *target, const char *file);
void source_release(struct source *source);

#endif
