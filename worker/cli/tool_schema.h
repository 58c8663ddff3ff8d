/* SPDX-License-Identifier: MIT */
/* tool_schema: JSON Schemas of what an action takes and gives, as models and their servers want them: of objects. */
#ifndef CLI_TOOL_SCHEMA_H
#define CLI_TOOL_SCHEMA_H

#include "cli/document.h"

/* Adds the schema of the inputs; what the definition leaves out is said: the type, and that no other input is taken. */
void tool_schema_inputs(
	struct buf *out, const struct document *document, const struct action *action);
/* Adds the schema of the output where the mapping tells that it is an object. False, with nothing added: it does not. */
bool tool_schema_output(
	struct buf *out, const struct document *document, const struct action *action);

#endif
