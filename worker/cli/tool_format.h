/* SPDX-License-Identifier: MIT */
/* tool_format: the ways in which an action is described to a model, a row each. */
#ifndef CLI_TOOL_FORMAT_H
#define CLI_TOOL_FORMAT_H

#include "cli/document.h"

/* What is described. */
struct tool_subject {
	const struct document *document;
	const struct action *action;
};

/* A tool is `before`, its name as a JSON string, what `add` adds, `after`. */
struct tool_format {
	const char *name;
	const char *before;
	const char *after;
	void (*add)(struct buf *out, const struct tool_subject *subject);
};

/* NULL: there is none of that name. */
const struct tool_format *tool_format_find(const char *name);

#endif
