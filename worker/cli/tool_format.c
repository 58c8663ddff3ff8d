/* SPDX-License-Identifier: MIT */
/* tool_format: describes an action as each provider wants it. */
#include "cli/tool_format.h"

#include <string.h>

#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "cli/tool_schema.h"

#define SCHEMA_MAX_BYTES       (64 * 1024 * 1024)
#define OPENAI_MAX_DESCRIPTION 1024
#define PROPERTY_MAX_CHARS     64

static void add_string(struct buf *out, const char *name, struct span text)
{
	buf_add_char(out, ',');
	json_out_name(out, name);
	json_out_string(out, text);
}

static void add_flag(struct buf *out, const char *name, bool value)
{
	json_out_name(out, name);
	buf_add_string(out, value ? "true" : "false");
}

/* What it does and where. A person's title says more than a name does, and less than a description. */
static void describe(struct buf *out, const struct tool_subject *subject, bool with_title)
{
	const struct definition *definition = subject->document->definition;
	const struct action *action = subject->action;
	bool titled = strcmp(action->title, action->name) != 0;
	if (!*action->description || (with_title && titled))
		buf_add_string(out, action->title);
	if (out->len && *action->description)
		buf_add_string(out, ": ");
	buf_add_string(out, action->description);
	if (strcmp(definition->title, definition->name) != 0)
		buf_printf(out, " (%s)", definition->title);
}

static void add_description(
	struct buf *out, const struct tool_subject *subject, bool with_title, size_t max_bytes)
{
	struct buf text;
	buf_init(&text, 2 * DEFINITION_MAX_BYTES);
	describe(&text, subject, with_title);
	size_t len = text.len;
	if (len > max_bytes) {
		for (len = max_bytes; len > 0 && (text.data[len] & 0xc0) == 0x80;)
			len--;
		note("warning: the description of %s/%s is cut at %zu bytes",
			subject->document->definition->name, subject->action->name, max_bytes);
	}
	add_string(out, "description", (struct span){text.data, len});
	buf_release(&text);
}

/*
 * The hints of MCP. What a write does upstream is not known, so it may destroy. A key belongs to a job: asked twice, a model
 * makes two.
 */
static void add_annotations(struct buf *out, const struct action *action)
{
	bool repeats = action->idempotency == IDEMPOTENCY_SAFE ||
		       action->idempotency == IDEMPOTENCY_IDEMPOTENT;
	buf_add_string(out, ",\"annotations\":{");
	/* Where clients looked for it before a tool had a title of its own. */
	json_out_name(out, "title");
	json_out_string(out, span_of(action->title));
	buf_add_char(out, ',');
	add_flag(out, "readOnlyHint", !action->write);
	buf_add_char(out, ',');
	add_flag(out, "destructiveHint", action->write);
	buf_add_char(out, ',');
	add_flag(out, "idempotentHint", repeats);
	buf_add_char(out, ',');
	add_flag(out, "openWorldHint", true);
	buf_add_char(out, '}');
}

static void add_origin(struct buf *out, const struct tool_subject *subject, const char *prefix)
{
	buf_printf(out, "\"%sintegration\":\"%s\",\"%saction\":\"%s\"", prefix,
		subject->document->definition->name, prefix, subject->action->name);
}

static void add_mcp(struct buf *out, const struct tool_subject *subject)
{
	struct buf schema;
	add_string(out, "title", span_of(subject->action->title));
	add_description(out, subject, false, SIZE_MAX);
	buf_add_string(out, ",\"inputSchema\":");
	tool_schema_inputs(out, subject->document, subject->action);
	buf_init(&schema, SCHEMA_MAX_BYTES);
	if (tool_schema_output(&schema, subject->document, subject->action))
		buf_printf(out, ",\"outputSchema\":%s", schema.data);
	buf_release(&schema);
	add_annotations(out, subject->action);
	buf_add_string(out, ",\"_meta\":{");
	add_origin(out, subject, "bellhop/");
	buf_add_char(out, '}');
}

static void add_openai(struct buf *out, const struct tool_subject *subject)
{
	add_description(out, subject, true, OPENAI_MAX_DESCRIPTION);
	buf_add_string(out, ",\"parameters\":");
	tool_schema_inputs(out, subject->document, subject->action);
}

/* Their API refuses a whole request for one property's name. */
static void warn_of_names(const struct tool_subject *subject)
{
	size_t count;
	const char *const *names = schema_names(subject->action->inputs, &count);
	for (size_t i = 0; i < count; i++) {
		size_t fits =
			strspn(names[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_.-");
		if (names[i][fits] || fits == 0 || fits > PROPERTY_MAX_CHARS)
			note("warning: the input \"%s\" of %s/%s has a name that the API refuses",
				names[i], subject->document->definition->name,
				subject->action->name);
	}
}

static void add_anthropic(struct buf *out, const struct tool_subject *subject)
{
	warn_of_names(subject);
	add_description(out, subject, true, SIZE_MAX);
	buf_add_string(out, ",\"input_schema\":");
	tool_schema_inputs(out, subject->document, subject->action);
}

static void add_names(struct buf *out, const struct tool_subject *subject)
{
	buf_add_char(out, ',');
	add_origin(out, subject, "");
}

static const struct tool_format formats[] = {
	{"mcp", "{\"name\":", "}", add_mcp},
	{"openai", "{\"type\":\"function\",\"function\":{\"name\":", "}}", add_openai},
	{"anthropic", "{\"name\":", "}", add_anthropic},
	{"names", "{\"name\":", "}", add_names},
};

const struct tool_format *tool_format_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(name, formats[i].name) == 0)
			return &formats[i];
	return NULL;
}
