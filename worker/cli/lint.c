/* SPDX-License-Identifier: MIT */
/* lint: what is told of a definition beside what it says itself; a sample of the upstream's answer among it. */
#include "cli/lint.h"

#include <stdio.h>
#include <string.h>

#include "bellhop/lint.h"
#include "bellhop/response.h"
#include "cli/input.h"

#define NAMES_MAX_BYTES (64 * 1024)
#define PLACE_BYTES	(NAME_MAX_BYTES + 32)

int lint_document(struct document *document, const struct cli *cli, bool resolve)
{
	if (document->tape.count > 0)
		lint_tool_names(&document->tape, &document->problems);
	return lint_address(document, cli, resolve);
}

/* The action that a sample is of where none is named: the only one, or the only one that maps. NULL: there are more. */
static const char *only_action(const struct definition *definition)
{
	const char *found = NULL;
	if (definition->action_count == 1)
		return definition->actions[0].name;
	for (size_t i = 0; i < definition->action_count; i++) {
		if (!definition->actions[i].output)
			continue;
		if (found)
			return NULL;
		found = definition->actions[i].name;
	}
	return found;
}

static int misuse_without_action(const struct definition *definition)
{
	struct buf names;
	buf_init(&names, NAMES_MAX_BYTES);
	for (size_t i = 0; i < definition->action_count; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", definition->actions[i].name);
	int status = misuse("which action's answer is the sample? --action takes one of %s",
		definition->action_count ? names.data : "none");
	buf_release(&names);
	return status;
}

/* First as the worker would take it, then query by query. */
static void hold(struct document *document, const struct cli *cli, const struct action *action,
	const struct buf *sample)
{
	size_t max_bytes = cli->options.max_response_bytes;
	struct error error = {0};
	struct json_tape tape;
	struct buf output;
	char place[PLACE_BYTES];
	/* As a reader of definitions names it: what is no plain word stands in quotes. */
	const char *quote = strchr(action->name, '.') ? "\"" : "";
	snprintf(place, sizeof(place), "actions.%s%s%s.output", quote, action->name, quote);
	json_tape_init(&tape);
	buf_init(&output, 0);
	if (sample->len > max_bytes)
		problems_add(&document->problems, place,
			"has a sample that is larger than the %zu bytes of an answer", max_bytes);
	else if (response_output(action->output, (struct span){sample->data, sample->len},
			 max_bytes, &tape, &output, &error) < 0)
		problems_add(&document->problems, place, "cannot map the sample: %s: %s",
			error_info(error.code)->name, error.text);
	else if (sample->len > 0)
		lint_sample(&document->tape, action->name, &tape, &document->problems);
	buf_release(&output);
	json_tape_release(&tape);
}

int lint_with_sample(
	struct document *document, const struct cli *cli, const char *path, const char *name)
{
	const struct definition *definition = document->definition;
	const struct action *action = NULL;
	struct error error = {0};
	struct buf sample;
	int status = EXIT_DONE;
	/* What is wrong with the definition is to be told first; it maps nothing. */
	if (!definition)
		return EXIT_DONE;
	if (!name)
		name = only_action(definition);
	if (name)
		action = definition_action(definition, name);
	if (!action)
		return misuse_without_action(definition);
	buf_init(&sample, cli->options.max_response_bytes + 1);
	if (input_read(&sample, path, &error) < 0)
		status = fail("%s", error.text);
	else
		hold(document, cli, action, &sample);
	buf_release(&sample);
	return status;
}
