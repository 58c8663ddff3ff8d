/* SPDX-License-Identifier: MIT */
/* tools: the org's enabled actions as tool definitions, for a model or the server that gives them to one. */
#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/tool_name.h"
#include "cli/stored.h"
#include "cli/tool_format.h"

#define RESULT_MAX_BYTES (64 * 1024 * 1024)

/* One action, with all that is said of it but its name. */
struct tool {
	struct tool_name name;
	char *integration;
	char *action;
	struct buf members; /* `,"description":…` */
};

struct tools {
	struct tool **items;
	size_t count;
	size_t capacity;
};

static void take_tool(
	struct tools *tools, const struct tool_subject *subject, const struct tool_format *format)
{
	struct tool *tool = xcalloc(1, sizeof(*tool));
	tool->integration = xstrdup(subject->document->definition->name);
	tool->action = xstrdup(subject->action->name);
	tool->name.integration = tool->integration;
	tool->name.action = tool->action;
	buf_init(&tool->members, RESULT_MAX_BYTES);
	format->add(&tool->members, subject);
	tools->items = xgrow(tools->items, &tools->capacity, tools->count, sizeof(*tools->items));
	tools->items[tools->count++] = tool;
}

static void tools_release(struct tools *tools)
{
	for (size_t i = 0; i < tools->count; i++) {
		free(tools->items[i]->integration);
		free(tools->items[i]->action);
		buf_release(&tools->items[i]->members);
		free(tools->items[i]);
	}
	free(tools->items);
}

static void note_refused(const char *name, const struct problems *problems)
{
	struct buf sentence;
	buf_init(&sentence, RESULT_MAX_BYTES);
	problems_sentence(problems, &sentence);
	note("warning: %s is left out, for the worker refuses it: %s", name, sentence.data);
	buf_release(&sentence);
}

/* Takes the enabled actions of one integration, in the definition's order. */
static void take_enabled(struct tools *tools, const struct stored *stored,
	const struct document *document, const struct tool_format *format)
{
	const struct definition *definition = document->definition;
	if (!definition) {
		note_refused(stored->name, &document->problems);
		return;
	}
	for (size_t i = 0; i < definition->action_count; i++)
		if (!stored_has_disabled(stored, definition->actions[i].name))
			take_tool(tools, &(struct tool_subject){document, &definition->actions[i]},
				format);
}

static int take_integration(
	struct tools *tools, struct cli *cli, const char *name, const struct tool_format *format)
{
	struct stored stored;
	struct document document;
	bool found;
	int status = stored_find(&stored, cli, name, &found);
	if (status || !found)
		return status;
	if (stored.enabled) {
		document_init(&document);
		stored_document(&stored, &cli->rules, &document);
		take_enabled(tools, &stored, &document, format);
		document_release(&document);
	}
	stored_release(&stored);
	return EXIT_DONE;
}

static void name_tools(const struct tools *tools)
{
	struct tool_name **names = xcalloc(tools->count, sizeof(*names));
	for (size_t i = 0; i < tools->count; i++)
		names[i] = &tools->items[i]->name;
	tool_names_make(names, tools->count);
	for (size_t i = 0; i < tools->count; i++)
		if (names[i]->changed)
			note("%s/%s is named %s: %s", names[i]->integration, names[i]->action,
				names[i]->text, names[i]->changed);
	free(names);
}

static int print_tools(
	const struct cli *cli, const struct tools *tools, const struct tool_format *format)
{
	struct buf out;
	int status = EXIT_DONE;
	name_tools(tools);
	buf_init(&out, RESULT_MAX_BYTES);
	buf_add_string(&out, "{\"tools\":[");
	for (size_t i = 0; i < tools->count; i++) {
		const struct tool *tool = tools->items[i];
		buf_printf(&out, "%s%s\"%s\"", i ? "," : "", format->before, tool->name.text);
		buf_add(&out, tool->members.data, tool->members.len);
		buf_add_string(&out, format->after);
	}
	buf_add_string(&out, "]}");
	if (out.overflowed)
		status = fail("org %s has more than fits in one list", cli->options.org);
	else
		print_json(&out, cli->options.json);
	buf_release(&out);
	if (tools->count == 0)
		note("org %s has no enabled actions", cli->options.org);
	return status;
}

static int run(struct cli *cli, const struct tool_format *format)
{
	struct tools tools = {0};
	size_t count;
	int status = EXIT_DONE;
	char **names = names_load(cli, "integrations", &count);
	if (!names)
		return EXIT_FAILED;
	for (size_t i = 0; i < count && status == EXIT_DONE; i++)
		status = take_integration(&tools, cli, names[i], format);
	if (status == EXIT_DONE)
		status = print_tools(cli, &tools, format);
	tools_release(&tools);
	names_free(names, count);
	return status;
}

int command_tools(struct cli *cli, int argc, char **argv)
{
	const struct tool_format *format;
	const char *name = "mcp";
	const struct own_option options[] = {{.name = "format", .value = &name}};
	int status = cli_arguments(cli, argc, argv, options, 1, 0, 0);
	if (status)
		return status;
	format = tool_format_find(name);
	if (!format)
		return misuse("--format takes mcp, openai, anthropic or names");
	status = cli_need_org(cli);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	return status ? status : run(cli, format);
}
