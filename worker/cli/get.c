/* SPDX-License-Identifier: MIT */
/* get: an integration as `put` takes it, and what else there is to know about it. */
#include "bellhop/json_out.h"
#include "cli/stored.h"

#define RESULT_MAX_BYTES (64 * 1024 * 1024)

static void note_disabled(const struct stored *stored)
{
	for (size_t i = 0; i < stored->action_count; i++)
		if (stored->actions[i].disabled)
			note("the action %s is disabled", stored->actions[i].name);
}

/* Says which fields are set: those that the auth method has, and those that are left from another one. */
static void note_secrets(const struct stored *stored, const struct definition *definition)
{
	size_t count = 0;
	const char *const *fields = definition ? auth_fields(definition->auth, &count) : NULL;
	for (size_t i = 0; i < count; i++)
		if (!stored_has_secret(stored, fields[i]))
			note("the secret `%s` is not set", fields[i]);
	for (size_t i = 0; i < stored->secret_count; i++)
		note("the secret `%s` is set", stored->secrets[i]);
}

static void note_refused(const char *name, const struct problems *problems)
{
	struct buf sentence;
	buf_init(&sentence, RESULT_MAX_BYTES);
	problems_sentence(problems, &sentence);
	note("warning: the worker refuses %s: %s", name, sentence.data);
	buf_release(&sentence);
}

static void add_names(struct buf *out, const char *name, char *const *names, size_t count)
{
	buf_add_char(out, ',');
	json_out_name(out, name);
	buf_add_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		buf_add_string(out, i ? "," : "");
		json_out_string(out, span_of(names[i]));
	}
	buf_add_char(out, ']');
}

static void add_disabled(struct buf *out, const struct stored *stored)
{
	bool first = true;
	buf_add_string(out, ",\"disabled_actions\":[");
	for (size_t i = 0; i < stored->action_count; i++) {
		if (!stored->actions[i].disabled)
			continue;
		buf_add_string(out, first ? "" : ",");
		json_out_string(out, span_of(stored->actions[i].name));
		first = false;
	}
	buf_add_char(out, ']');
}

static void add_json(struct buf *out, const struct cli *cli, const char *name,
	const struct stored *stored, const struct document *document)
{
	buf_printf(out, "{\"org\":\"%s\",\"name\":\"%s\",\"version\":%lld,\"enabled\":%s",
		cli->options.org, name, (long long)stored->version,
		stored->enabled ? "true" : "false");
	add_disabled(out, stored);
	add_names(out, "secrets", stored->secrets, stored->secret_count);
	buf_add_string(out, ",\"definition\":");
	add_compact(out, &document->tape, 0);
	buf_add_char(out, '}');
}

static int print_stored(const struct cli *cli, const char *name, const struct stored *stored,
	const struct document *document)
{
	struct buf out;
	if (document->tape.count == 0)
		return fail("%s is damaged: what Redis holds is not JSON; put it anew", name);
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json)
		add_json(&out, cli, name, stored, document);
	else
		json_out_pretty(&out, &document->tape, 0);
	print_buf(&out);
	buf_release(&out);
	if (!document->definition)
		note_refused(name, &document->problems);
	if (cli->options.json)
		return EXIT_DONE;
	note("version %lld, %s", (long long)stored->version,
		stored->enabled ? "enabled" : "disabled");
	note_disabled(stored);
	note_secrets(stored, document->definition);
	return EXIT_DONE;
}

int command_get(struct cli *cli, int argc, char **argv)
{
	struct target target;
	struct stored stored;
	struct document document;
	int status = cli_target(cli, argc, argv, 1, TARGET_NAME, &target);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status == EXIT_DONE)
		status = stored_load(&stored, cli, target.integration.text);
	if (status)
		return status;
	document_init(&document);
	stored_document(&stored, &cli->rules, &document);
	status = print_stored(cli, target.integration.text, &stored, &document);
	document_release(&document);
	stored_release(&stored);
	return status;
}
