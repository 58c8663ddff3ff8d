/* SPDX-License-Identifier: MIT */
/*
 * lint: what is told of a definition beside what definition_read() says: warnings that need more than one action, or more
 * than the definition. Only the tool asks for them.
 *
 * All of it looks at the text as it was read, so that it is told although the definition has errors too.
 */
#ifndef BELLHOP_LINT_H
#define BELLHOP_LINT_H

#include "bellhop/json_tape.h"
#include "bellhop/problems.h"

/* Of actions that have no tool name of their own form: too long, or two with one name. */
void lint_tool_names(const struct json_tape *definition, struct problems *problems);

/* Holds the output of one action against an answer of its upstream: a query that finds nothing in it is a warning. */
void lint_sample(const struct json_tape *definition, const char *action,
	const struct json_tape *sample, struct problems *problems);

#endif
