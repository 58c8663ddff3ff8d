/* SPDX-License-Identifier: MIT */
/* lint_tools: warns of actions whose names make no good name of a model's tool. */
#include "bellhop/lint.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/name.h"
#include "bellhop/tool_name.h"
#include "reader.h"

struct named {
	char *integration;
	struct tool_name *names;
	struct tool_name **order;
	size_t count;
};

/* The value where it is a name, else NULL; the caller's to free. */
static char *name_of(struct reader *reader, uint32_t value)
{
	struct span text;

	if (value == TAPE_NONE || tape_type(reader->tape, value) != TAPE_STRING)
		return NULL;
	text = tape_string_span(reader->tape, value, &reader->scratch);
	return name_valid(text.data, text.len) ? xmemdup(text.data, text.len) : NULL;
}

/* What has no valid name was told of already, and is not named here. */
static void collect(struct reader *reader, uint32_t actions, struct named *named)
{
	const struct json_tape *tape = reader->tape;
	size_t most = tape->nodes[actions].count;

	named->names = xcalloc(most, sizeof(*named->names));
	named->order = xcalloc(most, sizeof(*named->order));
	for (uint32_t name = tape_first(tape, actions); name != TAPE_NONE;) {
		char *action = name_of(reader, name);

		if (action != NULL) {
			named->names[named->count] = (struct tool_name){
				.integration = named->integration, .action = action};
			named->order[named->count] = &named->names[named->count];
			named->count++;
		}
		name = tape_next(tape, actions, tape_next(tape, actions, name));
	}
}

static void warn(struct reader *reader, const struct tool_name *name)
{
	size_t mark = reader_enter(reader, span_of(name->action));

	reader_warn(reader, "is the tool %s to a model: %s", name->text, name->changed);
	reader_leave(reader, mark);
}

void lint_tool_names(const struct json_tape *definition, struct problems *problems)
{
	struct named named = {0};
	struct reader reader;
	uint32_t actions = TAPE_NONE;

	reader_init(&reader, definition, "actions", problems);
	if (definition->count > 0 && tape_type(definition, 0) == TAPE_OBJECT) {
		named.integration = name_of(&reader, tape_member(definition, 0, "name"));
		actions = tape_member(definition, 0, "actions");
	}
	if (named.integration != NULL && actions != TAPE_NONE &&
		tape_type(definition, actions) == TAPE_OBJECT) {
		collect(&reader, actions, &named);
		tool_names_make(named.order, named.count);
		for (size_t i = 0; i < named.count; i++)
			if (named.names[i].changed != NULL)
				warn(&reader, &named.names[i]);
	}
	for (size_t i = 0; i < named.count; i++)
		free((char *)named.names[i].action);
	free(named.names);
	free(named.order);
	free(named.integration);
	reader_release(&reader);
}
