/* SPDX-License-Identifier: MIT */
/* put: creates an integration, or replaces it whole. */
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/json_out.h"
#include "cli/lint.h"
#include "cli/script.h"

#define RESULT_MAX_BYTES (1024 * 1024)
#define STORED_MAX_BYTES (4 * 1024 * 1024)

/*
 * ARGV  name, org, the version it must have or '', definition, then (action, JSON) for each action
 *
 * Answers  'version', the version it has; or 'unchanged', 'created', 'replaced', then version, the former definition or '',
 *          '1' where it is enabled, the names of actions that went, the fields of secrets that are set.
 */
static const char put_source[] = SCRIPT_HEAD
	"local old = {}\n"
	"local list = redis.call('HGETALL', integration)\n"
	"for i = 1, #list, 2 do old[list[i]] = list[i + 1] end\n"
	"local version = exists and (old.version or '') or '0'\n"
	"if ARGV[3] ~= '' and ARGV[3] ~= version then return {'version', version} end\n"
	"local new = {}\n"
	"local same = exists and version ~= '' and old.definition == ARGV[4]\n"
	"for i = 5, #ARGV, 2 do\n"
	"  new['action:' .. ARGV[i]] = ARGV[i + 1]\n"
	"  same = same and old['action:' .. ARGV[i]] == ARGV[i + 1]\n"
	"end\n"
	"local gone, stale = {}, {}\n"
	"for field in pairs(old) do\n"
	"  local kind, action = string.match(field, '^(%a+):(.*)$')\n"
	"  if action and not new['action:' .. action] then\n"
	"    stale[#stale + 1] = field\n"
	"    if kind == 'action' then\n"
	"      gone[#gone + 1] = action\n"
	"      same = false\n"
	"    end\n"
	"  end\n"
	"end\n"
	"table.sort(gone)\n"
	"local word = same and 'unchanged' or exists and 'replaced' or 'created'\n"
	"if not same then\n"
	"  version = take_version()\n"
	"  for _, field in ipairs(stale) do redis.call('HDEL', integration, field) end\n"
	"  for field, text in pairs(new) do redis.call('HSET', integration, field, text) end\n"
	"  redis.call('HSET', integration, 'definition', ARGV[4], 'version', version)\n"
	"  redis.call('HSETNX', integration, 'enabled', '1')\n"
	"  redis.call('SADD', names, ARGV[1])\n"
	"  redis.call('SADD', orgs, ARGV[2])\n"
	"end\n"
	"return {word, version, old.definition or '', old.enabled == '0' and '0' or '1', gone,\n"
	"  redis.call('HKEYS', secrets)}\n";

/* What is kept of a document: the definition without its actions, and each of them. */
struct parts {
	struct buf definition;
	struct buf *actions; /* in the order of the definition's */
	size_t count;
};

static void parts_make(struct parts *parts, const struct document *document)
{
	const struct json_tape *tape = &document->tape;
	const struct definition *definition = document->definition;
	uint32_t actions = tape_member(tape, 0, "actions");
	parts->count = definition->action_count;
	parts->actions = xcalloc(parts->count, sizeof(*parts->actions));
	buf_init(&parts->definition, STORED_MAX_BYTES);
	add_compact_without(&parts->definition, tape, 0, "actions");
	for (size_t i = 0; i < parts->count; i++) {
		buf_init(&parts->actions[i], STORED_MAX_BYTES);
		add_compact(&parts->actions[i], tape,
			tape_member(tape, actions, definition->actions[i].name));
	}
}

static void parts_release(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		buf_release(&parts->actions[i]);
	free(parts->actions);
	buf_release(&parts->definition);
}

static struct redis_answer *put_parts(struct cli *cli, const struct definition *definition,
	const struct parts *parts, const char *if_version)
{
	struct script script;
	script_init(&script, put_source, &cli->options, definition->name);
	script_argument(&script, span_of(definition->name));
	script_argument(&script, span_of(cli->options.org));
	script_argument(&script, span_of(if_version ? if_version : ""));
	script_argument(&script, (struct span){parts->definition.data, parts->definition.len});
	for (size_t i = 0; i < parts->count; i++) {
		script_argument(&script, span_of(definition->actions[i].name));
		script_argument(
			&script, (struct span){parts->actions[i].data, parts->actions[i].len});
	}
	return script_run(&script, cli);
}

static bool has_text(const struct redis_answer *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(answer_text(list, i), text) == 0)
			return true;
	return false;
}

/* Whether the former definition had another origin, to which the secrets are bound. */
static bool origin_changed(const char *former, const struct definition *definition)
{
	struct json_tape tape;
	struct buf scratch;
	struct url base;
	const char *reason;
	bool changed = false;
	json_tape_init(&tape);
	buf_init(&scratch, DEFINITION_MAX_BYTES);
	if (json_tape_read(&tape, former, strlen(former), &definition_tape_limits, NULL) == 0 &&
		tape_type(&tape, 0) == TAPE_OBJECT) {
		uint32_t value = tape_member(&tape, 0, "base_url");
		if (value != TAPE_NONE && tape_type(&tape, value) == TAPE_STRING &&
			url_parse(&base, tape_string_span(&tape, value, &scratch), &reason) == 0) {
			changed = strcmp(base.origin, definition->base.origin) != 0;
			url_release(&base);
		}
	}
	buf_release(&scratch);
	json_tape_release(&tape);
	return changed;
}

/* Says what to do about the secrets: those to be set, those that no longer open. */
static void note_secrets(const struct redis_answer *answer, const struct definition *definition)
{
	const struct redis_answer *set = &answer->items[5];
	size_t count;
	const char *const *fields = auth_fields(definition->auth, &count);
	bool changed = origin_changed(answer_text(answer, 2), definition);
	for (size_t i = 0; i < count; i++) {
		if (!has_text(set, fields[i]))
			note("the secret `%s` is not set: bellhop secret set %s %s", fields[i],
				definition->name, fields[i]);
		else if (changed)
			note("warning: the secret `%s` was sealed for another origin than %s and "
			     "will not open: bellhop secret set %s %s",
				fields[i], definition->base.origin, definition->name, fields[i]);
	}
}

static void print_put(const struct cli *cli, const struct redis_answer *answer, const char *name)
{
	const struct redis_answer *gone = &answer->items[4];
	struct buf out;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json) {
		buf_printf(&out, "{\"integration\":\"%s\",\"version\":%s,\"change\":\"%s\"", name,
			answer_number(answer, 1), answer_text(answer, 0));
		buf_add_string(&out, ",\"removed_actions\":[");
		for (size_t i = 0; i < gone->count; i++) {
			buf_add_string(&out, i ? "," : "");
			json_out_string(&out, span_of(answer_text(gone, i)));
		}
		buf_add_string(&out, "]}");
	} else {
		buf_printf(&out, "%s: version %s", name, answer_text(answer, 1));
	}
	print_buf(&out);
	buf_release(&out);
}

static int report(const struct cli *cli, const struct redis_answer *answer,
	const struct definition *definition)
{
	const char *name = definition->name;
	if (answer_is(answer, "version")) {
		const char *version = answer_text(answer, 1);
		if (strcmp(version, "0") == 0)
			return fail("%s is not there, so it has no version to be replaced", name);
		return fail("%s has version %s: somebody else changed it; nothing was changed",
			name, *version ? version : "unknown");
	}
	print_put(cli, answer, name);
	if (answer_is(answer, "unchanged"))
		note("%s was like that already: nothing was changed", name);
	else
		note("%s was %s", name, answer_text(answer, 0));
	for (size_t i = 0; i < answer->items[4].count; i++)
		note("the action %s went", answer_text(&answer->items[4], i));
	if (strcmp(answer_text(answer, 3), "0") == 0)
		note("%s is disabled: bellhop enable %s", name, name);
	note_secrets(answer, definition);
	return EXIT_DONE;
}

static int put(struct cli *cli, const struct document *document, const char *if_version)
{
	struct parts parts;
	parts_make(&parts, document);
	struct redis_answer *answer = put_parts(cli, document->definition, &parts, if_version);
	parts_release(&parts);
	if (!answer)
		return EXIT_FAILED;
	int status = report(cli, answer, document->definition);
	redis_answer_free(answer);
	return status;
}

static bool is_version(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && digits < 19 && text[digits] == '\0' && (text[0] != '0' || digits == 1);
}

/* What was typed. */
struct put {
	const char *path;
	const char *if_version;
	bool strict;
	bool resolve;
};

/* What there is to say of it, and whether it may be put. */
static int judge(struct cli *cli, struct document *document, const struct put *typed)
{
	int status = lint_document(document, cli, typed->resolve);
	if (status)
		return status;
	if (typed->strict)
		document_be_strict(document);
	note_problems(&document->problems);
	if (document->definition)
		return EXIT_DONE;
	return fail("%s has %zu error%s: nothing was changed", typed->path,
		document->problems.errors, document->problems.errors == 1 ? "" : "s");
}

static int put_file(struct cli *cli, const struct put *typed)
{
	struct document document;
	struct error error = {0};
	int status;
	document_init(&document);
	if (document_read(&document, typed->path, &cli->rules, &error) < 0)
		status = fail("%s", error.text);
	else
		status = judge(cli, &document, typed);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status == EXIT_DONE)
		status = put(cli, &document, typed->if_version);
	document_release(&document);
	return status;
}

int command_put(struct cli *cli, int argc, char **argv)
{
	struct put typed = {0};
	const struct own_option options[] = {
		{.name = "if-version", .value = &typed.if_version},
		{.name = "strict", .flag = &typed.strict},
		{.name = "resolve", .flag = &typed.resolve},
	};
	int status = cli_arguments(cli, argc, argv, options, 3, 1, 1);
	if (status)
		return status;
	if (typed.if_version && !is_version(typed.if_version))
		return misuse("--if-version takes a version such as 7, or 0 for none");
	typed.path = argv[0];
	status = cli_need_org(cli);
	return status ? status : put_file(cli, &typed);
}
