/* SPDX-License-Identifier: MIT */
/* definition: an integration as its admin describes it, read whole. */
#include "bellhop/definition.h"

#include <stdlib.h>
#include <string.h>

#include "action_read.h"
#include "bellhop/alloc.h"
#include "bellhop/name.h"

const struct tape_limits definition_tape_limits = {
	.depth = 64,
	.values = DEFINITION_MAX_BYTES,
};

enum member {
	MEMBER_NAME,
	MEMBER_TITLE,
	MEMBER_DESCRIPTION,
	MEMBER_BASE_URL,
	MEMBER_AUTH,
	MEMBER_HEADERS,
	MEMBER_ACTIONS,
	MEMBER_ENABLED,
	MEMBER_COUNT,
};

static const struct reader_member members[MEMBER_COUNT] = {
	[MEMBER_NAME] = {.name = "name", .required = true},
	[MEMBER_TITLE] = {.name = "title"},
	[MEMBER_DESCRIPTION] = {.name = "description"},
	[MEMBER_BASE_URL] = {.name = "base_url", .required = true},
	[MEMBER_AUTH] = {.name = "auth", .required = true},
	[MEMBER_HEADERS] = {.name = "headers"},
	[MEMBER_ACTIONS] = {.name = "actions", .required = true},
	[MEMBER_ENABLED] = {.name = "enabled", .refusal = SWITCH_REFUSAL},
};

struct definition_reader {
	struct reader reader;
	const struct definition_rules *rules;
	struct definition *definition;
	struct shared_headers shared;
};

static void check_name(struct reader *reader, struct span name)
{
	if (!name_valid(name.data, name.len))
		reader_problem(reader, "is no name: 1 to 128 of A-Z a-z 0-9 . _ -, the first one a "
				       "letter or a digit");
}

static void read_name(struct definition_reader *reader, uint32_t value)
{
	char *name = reader_string(&reader->reader, value);

	if (name != NULL)
		check_name(&reader->reader, span_of(name));
	reader->definition->name = name;
}

static void read_title(struct definition_reader *reader, uint32_t value)
{
	reader->definition->title = reader_string(&reader->reader, value);
}

static void read_description(struct definition_reader *reader, uint32_t value)
{
	reader->definition->description = reader_string(&reader->reader, value);
}

static void read_base_url(struct definition_reader *reader, uint32_t value)
{
	struct reader *at = &reader->reader;
	const char *reason;

	if (!reader_is(at, value, TAPE_STRING))
		return;
	if (url_parse(&reader->definition->base, tape_string_span(at->tape, value, &at->scratch),
		    &reason) != 0)
		reader_problem(at, "%s", reason);
}

static void read_auth(struct definition_reader *reader, uint32_t value)
{
	definition_read_auth(&reader->reader, reader->definition, value);
}

static void read_headers(struct definition_reader *reader, uint32_t value)
{
	shared_headers_read(
		&reader->reader, reader->definition->auth_header, value, &reader->shared);
}

/* The name's text is copied: the scratch that it may lie in is used while the action is read. */
static void read_action(struct definition_reader *reader, uint32_t name, uint32_t value)
{
	struct reader *at = &reader->reader;
	struct definition *definition = reader->definition;
	struct action_reader action = {
		.reader = at,
		.rules = reader->rules,
		.definition = definition,
		.shared = &reader->shared,
		.action = &definition->actions[definition->action_count++],
	};
	struct buf copy;
	struct span text;
	size_t mark;

	buf_init(&copy, DEFINITION_MAX_BYTES);
	tape_string(at->tape, name, &copy);
	text = (struct span){copy.data, copy.len};
	mark = reader_enter(at, text);
	check_name(at, text);
	action_read(&action, text, value);
	reader_leave(at, mark);
	buf_release(&copy);
}

static void read_actions(struct definition_reader *reader, uint32_t value)
{
	struct reader *at = &reader->reader;
	const struct json_tape *tape = at->tape;
	size_t count = tape->nodes[value].count;

	if (!reader_is(at, value, TAPE_OBJECT))
		return;
	if (count > DEFINITION_MAX_ACTIONS) {
		reader_problem(at, "are %zu; the most is %d", count, DEFINITION_MAX_ACTIONS);
		return;
	}
	reader->definition->actions = xcalloc(count, sizeof(*reader->definition->actions));
	for (uint32_t name = tape_first(tape, value); name != TAPE_NONE;) {
		uint32_t action = tape_next(tape, value, name);

		read_action(reader, name, action);
		name = tape_next(tape, value, action);
	}
}

static void read_member(struct definition_reader *reader, const uint32_t *found, enum member member,
	void (*read)(struct definition_reader *reader, uint32_t value))
{
	size_t mark;

	if (found[member] == TAPE_NONE)
		return;
	mark = reader_enter(&reader->reader, span_of(members[member].name));
	read(reader, found[member]);
	reader_leave(&reader->reader, mark);
}

static void read_definition(struct definition_reader *reader, uint32_t value)
{
	struct definition *definition = reader->definition;
	uint32_t found[MEMBER_COUNT];

	if (!reader_members(&reader->reader, value, members, MEMBER_COUNT, NULL, found))
		return;
	read_member(reader, found, MEMBER_NAME, read_name);
	read_member(reader, found, MEMBER_TITLE, read_title);
	read_member(reader, found, MEMBER_DESCRIPTION, read_description);
	read_member(reader, found, MEMBER_BASE_URL, read_base_url);
	read_member(reader, found, MEMBER_AUTH, read_auth);
	definition_check_clear(&reader->reader, definition, reader->rules);
	read_member(reader, found, MEMBER_HEADERS, read_headers);
	read_member(reader, found, MEMBER_ACTIONS, read_actions);
	if (definition->title == NULL && definition->name != NULL)
		definition->title = xstrdup(definition->name);
	if (definition->description == NULL)
		definition->description = xstrdup("");
}

struct definition *definition_read(const struct json_tape *tape, uint32_t value,
	const struct definition_rules *rules, struct problems *problems)
{
	struct definition_reader reader = {.rules = rules};
	size_t errors = problems->errors;

	if (tape_raw(tape, value).len > DEFINITION_MAX_BYTES) {
		problems_add(problems, "", "a definition is at most 1 MiB");
		return NULL;
	}
	reader_init(&reader.reader, tape, "", problems);
	reader.definition = xcalloc(1, sizeof(*reader.definition));
	read_definition(&reader, value);
	shared_headers_release(&reader.shared);
	reader_release(&reader.reader);
	if (problems->errors == errors)
		return reader.definition;
	definition_free(reader.definition);
	return NULL;
}

void definition_free(struct definition *definition)
{
	if (definition == NULL)
		return;
	for (size_t i = 0; i < definition->action_count; i++)
		action_release(&definition->actions[i]);
	free(definition->actions);
	free(definition->name);
	free(definition->title);
	free(definition->description);
	free(definition->auth_header);
	free(definition->auth_scope);
	free(definition->auth_audience);
	free(definition->auth_subject);
	url_release(&definition->base);
	free(definition);
}

const struct action *definition_action(const struct definition *definition, const char *name)
{
	for (size_t i = 0; i < definition->action_count; i++)
		if (strcmp(definition->actions[i].name, name) == 0)
			return &definition->actions[i];
	return NULL;
}
