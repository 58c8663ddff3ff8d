/* SPDX-License-Identifier: MIT */
/*
 * tool_name: what a model calls an action: `NAME__ACTION`, of at most 64 characters, none of them a dot.
 *
 * That fits every provider. Where it is too long, or two actions would have one, a hash of both names takes the place of its
 * end, so that each is one action's, and the same as long as the names are.
 */
#ifndef BELLHOP_TOOL_NAME_H
#define BELLHOP_TOOL_NAME_H

#include <stddef.h>

#define TOOL_NAME_MAX 64

struct tool_name {
	const char *integration;
	const char *action;
	char text[TOOL_NAME_MAX + 1];
	const char *changed; /* why it is not NAME__ACTION; NULL: it is */
};

/* Fills in `text` and `changed` of all of them, which are one list of tools. */
void tool_names_make(struct tool_name *const *names, size_t count);

#endif
