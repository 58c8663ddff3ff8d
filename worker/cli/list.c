/* SPDX-License-Identifier: MIT */
/* list: the integrations and actions of an org. */
#include "bellhop/json_out.h"
#include "cli/stored.h"

#define RESULT_MAX_BYTES (64 * 1024 * 1024)

/* One integration as it is listed. */
struct entry {
	const char *name;
	const struct stored *stored;
	const struct document *document;
};

static struct span path_of(const struct document *document, const char *action, struct buf *scratch)
{
	const struct json_tape *tape = &document->tape;
	uint32_t actions = tape_member(tape, 0, "actions");
	uint32_t value = tape_member(tape, actions, action);
	return tape_string_span(tape, tape_member(tape, value, "path"), scratch);
}

static void add_auth(struct buf *out, const struct entry *entry)
{
	const struct definition *definition = entry->document->definition;
	size_t count;
	const char *const *fields = auth_fields(definition->auth, &count);
	buf_printf(out, ", auth %s", auth_name(definition->auth));
	for (size_t i = 0; i < count; i++)
		if (!stored_has_secret(entry->stored, fields[i]))
			buf_printf(out, " (%s not set)", fields[i]);
}

static void add_action_line(struct buf *out, const struct entry *entry, const struct action *action)
{
	struct buf scratch;
	buf_init(&scratch, DEFINITION_MAX_BYTES);
	struct span path = path_of(entry->document, action->name, &scratch);
	buf_printf(out, "  %s/%s  %s %.*s%s%s\n", entry->name, action->name, action->method,
		(int)path.len, path.data,
		action->requires_confirmation ? ", asks a person in chat" : "",
		stored_has_disabled(entry->stored, action->name) ? ", DISABLED" : "");
	buf_release(&scratch);
}

static void add_lines(struct buf *out, const struct entry *entry)
{
	const struct definition *definition = entry->document->definition;
	buf_printf(out, "%s  version %lld, %s", entry->name, (long long)entry->stored->version,
		entry->stored->enabled ? "enabled" : "DISABLED");
	if (!definition) {
		buf_add_string(out, ", REFUSED: ");
		problems_sentence(&entry->document->problems, out);
		buf_add_char(out, '\n');
		return;
	}
	add_auth(out, entry);
	buf_printf(out, ", %s%s\n", definition->base.origin, definition->base.path);
	for (size_t i = 0; i < definition->action_count; i++)
		add_action_line(out, entry, &definition->actions[i]);
}

static void add_member(struct buf *out, const char *name, struct span text)
{
	buf_add_char(out, ',');
	json_out_name(out, name);
	json_out_string(out, text);
}

static void add_action_json(struct buf *out, const struct entry *entry, const struct action *action)
{
	struct buf scratch;
	buf_init(&scratch, DEFINITION_MAX_BYTES);
	buf_add_string(out, "{\"name\":");
	json_out_string(out, span_of(action->name));
	add_member(out, "title", span_of(action->title));
	add_member(out, "method", span_of(action->method));
	add_member(out, "path", path_of(entry->document, action->name, &scratch));
	add_member(out, "kind", span_of(action->write ? "write" : "read"));
	buf_printf(out, ",\"requires_confirmation\":%s,\"enabled\":%s}",
		action->requires_confirmation ? "true" : "false",
		stored_has_disabled(entry->stored, action->name) ? "false" : "true");
	buf_release(&scratch);
}

static void add_definition_json(struct buf *out, const struct entry *entry)
{
	const struct definition *definition = entry->document->definition;
	add_member(out, "title", span_of(definition->title));
	add_member(out, "auth", span_of(auth_name(definition->auth)));
	buf_add_string(out, ",\"base_url\":\"");
	json_out_escaped(out, span_of(definition->base.origin));
	json_out_escaped(out, span_of(definition->base.path));
	buf_add_string(out, "\",\"actions\":[");
	for (size_t i = 0; i < definition->action_count; i++) {
		buf_add_string(out, i ? "," : "");
		add_action_json(out, entry, &definition->actions[i]);
	}
	buf_add_char(out, ']');
}

static void add_json(struct buf *out, const struct entry *entry)
{
	const struct stored *stored = entry->stored;
	buf_add_string(out, "{\"name\":");
	json_out_string(out, span_of(entry->name));
	buf_printf(out, ",\"version\":%lld,\"enabled\":%s,\"secrets\":[",
		(long long)stored->version, stored->enabled ? "true" : "false");
	for (size_t i = 0; i < stored->secret_count; i++) {
		buf_add_string(out, i ? "," : "");
		json_out_string(out, span_of(stored->secrets[i]));
	}
	buf_add_char(out, ']');
	if (entry->document->definition) {
		add_definition_json(out, entry);
	} else {
		buf_add_string(out, ",\"problems\":");
		problems_json(&entry->document->problems, out);
	}
	buf_add_char(out, '}');
}

/* Adds one integration; one that was removed just now is no longer there. */
static int add_entry(struct buf *out, struct cli *cli, const char *name)
{
	struct stored stored;
	struct document document;
	bool found;
	int status = stored_find(&stored, cli, name, &found);
	if (status || !found)
		return status;
	document_init(&document);
	stored_document(&stored, &cli->rules, &document);
	const struct entry entry = {name, &stored, &document};
	if (cli->options.json) {
		buf_add_string(out, out->data[out->len - 1] == '[' ? "" : ",");
		add_json(out, &entry);
	} else {
		add_lines(out, &entry);
	}
	document_release(&document);
	stored_release(&stored);
	return EXIT_DONE;
}

static int list(struct cli *cli, char **names, size_t count)
{
	struct buf out;
	int status = EXIT_DONE;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json)
		buf_add_string(&out, "{\"integrations\":[");
	for (size_t i = 0; i < count && status == EXIT_DONE; i++)
		status = add_entry(&out, cli, names[i]);
	if (cli->options.json)
		buf_add_string(&out, "]}");
	if (status == EXIT_DONE && out.overflowed)
		status = fail("org %s has more than fits in one list", cli->options.org);
	else if (status == EXIT_DONE && out.len)
		print_buf(&out);
	if (status == EXIT_DONE && count == 0)
		note("org %s has no integrations", cli->options.org);
	buf_release(&out);
	return status;
}

int command_list(struct cli *cli, int argc, char **argv)
{
	size_t count;
	int status = cli_arguments(cli, argc, argv, NULL, 0, 0, 0);
	if (status == EXIT_DONE)
		status = cli_need_org(cli);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status)
		return status;
	char **names = names_load(cli, "integrations", &count);
	if (!names)
		return EXIT_FAILED;
	status = list(cli, names, count);
	names_free(names, count);
	return status;
}
