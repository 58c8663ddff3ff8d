/* SPDX-License-Identifier: MIT */
/* source: finds an action, checked and compiled as the worker has it. */
#include "cli/source.h"

#include <string.h>

#define NAMES_MAX_BYTES (64 * 1024)

static int open_file(struct source *source, const struct cli *cli, const char *file)
{
	struct error error = {0};
	if (document_read(&source->document, file, &cli->rules, &error) < 0)
		return fail("%s", error.text);
	return EXIT_DONE;
}

/* What would be refused at once, though it could be rendered. */
static void note_switches(const struct stored *stored, const struct target *target)
{
	if (!stored->enabled)
		note("warning: %s is disabled", target->integration.text);
	if (stored_has_disabled(stored, target->action.text))
		note("warning: %s/%s is disabled", target->integration.text, target->action.text);
}

static int open_stored(struct source *source, struct cli *cli, const struct target *target)
{
	struct stored stored;
	int status = cli_need_org(cli);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status == EXIT_DONE)
		status = stored_load(&stored, cli, target->integration.text);
	if (status)
		return status;
	stored_document(&stored, &cli->rules, &source->document);
	note_switches(&stored, target);
	stored_release(&stored);
	return EXIT_DONE;
}

static int fail_without_action(const struct definition *definition, const char *action)
{
	struct buf names;
	buf_init(&names, NAMES_MAX_BYTES);
	for (size_t i = 0; i < definition->action_count; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", definition->actions[i].name);
	int status = fail("%s has no action %s; it has %s", definition->name, action, names.data);
	buf_release(&names);
	return status;
}

static int find(struct source *source, const struct target *target, const char *file)
{
	const struct definition *definition = source->document.definition;
	const struct problems *problems = &source->document.problems;
	if (!definition) {
		note_problems(problems);
		return fail("%s has %zu error%s", file ? file : target->integration.text,
			problems->errors, problems->errors == 1 ? "" : "s");
	}
	if (file && strcmp(definition->name, target->integration.text) != 0)
		return fail(
			"%s defines %s, not %s", file, definition->name, target->integration.text);
	source->action = definition_action(definition, target->action.text);
	return source->action ? EXIT_DONE : fail_without_action(definition, target->action.text);
}

int source_open(
	struct source *source, struct cli *cli, const struct target *target, const char *file)
{
	document_init(&source->document);
	source->action = NULL;
	int status = file ? open_file(source, cli, file) : open_stored(source, cli, target);
	return status ? status : find(source, target, file);
}

void source_release(struct source *source)
{
	document_release(&source->document);
}
