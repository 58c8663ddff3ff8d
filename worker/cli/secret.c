/* SPDX-License-Identifier: MIT */
/* secret: seals a secret for the place where it is used, and removes one. */
#include <stdio.h>
#include <string.h>

#include "bellhop/key.h"
#include "bellhop/redact.h"
#include "bellhop/seal.h"
#include "bellhop/service_account.h"
#include "cli/script.h"
#include "cli/secret_input.h"
#include "cli/stored.h"

#define RESULT_MAX_BYTES (64 * 1024)
#define SEALED_MAX_BYTES (256 * 1024)
#define TRIES		 5

/*
 * ARGV  the version it must have, field, sealed text
 *
 * Answers  'set', or 'changed' where the integration is no longer what it was: its origin may be another.
 */
static const char set_source[] =
	SCRIPT_HEAD "local version = redis.call('HGET', integration, 'version') or '0'\n"
		    "if not exists or version ~= ARGV[1] then return {'changed'} end\n"
		    "redis.call('HSET', secrets, ARGV[2], ARGV[3])\n"
		    "return {'set'}\n";

/* ARGV  field. Answers  'removed', 'none'. */
static const char remove_source[] =
	SCRIPT_HEAD "local gone = redis.call('HDEL', secrets, ARGV[1])\n"
		    "return {gone == 1 and 'removed' or 'none'}\n";

/* What is to be sealed, and for whom. */
struct sealing {
	const char *name;
	const char *field;
	struct public_key key;
	struct secret_input value; /* `text` is NULL until it was read */
};

static int refuse_field(const struct sealing *sealing, const struct definition *definition)
{
	char list[128];
	size_t count;
	const char *const *fields = auth_fields(definition->auth, &count);
	if (count == 0)
		return fail("%s has no auth, so it has no secret to be set", sealing->name);
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i], sealing->field) == 0)
			return EXIT_DONE;
	snprintf(list, sizeof(list), "%s%s%s", fields[0], count > 1 ? " and " : "",
		count > 1 ? fields[1] : "");
	return fail("%s has no secret \"%s\": its auth is %s, which has %s", sealing->name,
		sealing->field, auth_name(definition->auth), list);
}

/* Asks for the value, once everything else is known to be right. */
static int read_value(
	const struct cli *cli, struct sealing *sealing, const struct definition *definition)
{
	struct error error = {0};
	char prompt[384];
	bool redactable;
	if (sealing->value.text)
		return EXIT_DONE;
	snprintf(prompt, sizeof(prompt), "%s of %s (not shown): ", sealing->field, sealing->name);
	if (secret_input_read(&sealing->value, prompt, &error) < 0)
		return fail("%s", error.text);
	const struct secret_input *value = &sealing->value;
	const char *reason = seal_refuses(sealing->field, value->text, value->len);
	if (reason)
		return fail("%s is not taken: %s", sealing->field, reason);
	redactable = value->len >= REDACT_MIN_BYTES;
	if (definition->auth == AUTH_SERVICE_ACCOUNT &&
		service_account_check((struct span){value->text, value->len},
			definition->auth_subject != NULL, cli->rules.allow_http, &redactable,
			&error) < 0)
		return fail("%s is not taken: %s", sealing->field, error.text);
	if (!redactable)
		note("warning: a value under %d bytes is not redacted where an upstream echoes it",
			REDACT_MIN_BYTES);
	if (value->text[0] == ' ' || value->text[value->len - 1] == ' ')
		note("warning: the value begins or ends with a space, which is sealed with it");
	return EXIT_DONE;
}

static void print_set(const struct cli *cli, const struct sealing *sealing, const char *origin)
{
	struct buf out;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json)
		buf_printf(&out,
			"{\"integration\":\"%s\",\"field\":\"%s\",\"key_id\":\"%s\",\"origin\":"
			"\"%s\"}",
			sealing->name, sealing->field, sealing->key.id, origin);
	else
		buf_printf(&out, "%s %s: sealed with key %s for %s", sealing->name, sealing->field,
			sealing->key.id, origin);
	print_buf(&out);
	buf_release(&out);
}

/* Seals for the integration as it was read. `*again`: it changed meanwhile. */
static int seal(struct cli *cli, struct sealing *sealing, const struct stored *stored,
	const char *origin, bool *again)
{
	const struct seal_binding binding = {
		cli->options.org, sealing->name, sealing->field, origin};
	struct script script;
	struct buf sealed;
	char version[32];
	buf_init(&sealed, SEALED_MAX_BYTES);
	seal_value(&sealing->key, &binding, sealing->value.text, sealing->value.len, &sealed);
	snprintf(version, sizeof(version), "%lld", (long long)stored->version);
	script_init(&script, set_source, &cli->options, sealing->name);
	script_argument(&script, span_of(version));
	script_argument(&script, span_of(sealing->field));
	script_argument(&script, (struct span){sealed.data, sealed.len});
	struct redis_answer *answer = script_run(&script, cli);
	buf_release(&sealed);
	if (!answer)
		return EXIT_FAILED;
	*again = answer_is(answer, "changed");
	redis_answer_free(answer);
	if (!*again)
		print_set(cli, sealing, origin);
	return EXIT_DONE;
}

static int seal_for(struct cli *cli, struct sealing *sealing, const struct stored *stored,
	const struct definition *definition, bool *again)
{
	int status = refuse_field(sealing, definition);
	if (status == EXIT_DONE)
		status = read_value(cli, sealing, definition);
	if (status == EXIT_DONE)
		status = seal(cli, sealing, stored, definition->base.origin, again);
	return status;
}

static int try_set(struct cli *cli, struct sealing *sealing, bool *again)
{
	struct stored stored;
	struct document document;
	int status = stored_load(&stored, cli, sealing->name);
	if (status)
		return status;
	document_init(&document);
	stored_document(&stored, &cli->rules, &document);
	const struct definition *definition = document.definition;
	if (!definition)
		status = fail("the definition of %s is refused, so its origin is not known: put a "
			      "right one first (`bellhop get %s` says what is wrong)",
			sealing->name, sealing->name);
	else
		status = seal_for(cli, sealing, &stored, definition, again);
	document_release(&document);
	stored_release(&stored);
	return status;
}

static int set(struct cli *cli, struct sealing *sealing)
{
	bool again = true;
	int status = EXIT_DONE;
	for (int i = 0; i < TRIES && again && status == EXIT_DONE; i++) {
		again = false;
		status = try_set(cli, sealing, &again);
	}
	if (sealing->value.text)
		secret_input_release(&sealing->value);
	if (status == EXIT_DONE && again)
		return fail("%s changes all the time: nothing was set", sealing->name);
	return status;
}

int command_secret_set(struct cli *cli, int argc, char **argv)
{
	struct sealing sealing = {0};
	struct target target;
	struct error error = {0};
	int status = cli_target(cli, argc, argv, 2, TARGET_NAME, &target);
	if (status)
		return status;
	if (!cli->options.seal_with)
		return misuse("sealed with which key? Name its file with --seal-with FILE.pub or "
			      "BELLHOP_SEAL_WITH");
	sealing.name = target.integration.text;
	sealing.field = argv[1];
	if (public_key_load(&sealing.key, cli->options.seal_with, &error) < 0)
		return misuse("%s", error.text);
	status = cli_connect(cli);
	return status ? status : set(cli, &sealing);
}

static int report_removed(const struct cli *cli, const struct redis_answer *answer,
	const char *name, const char *field)
{
	struct buf out;
	if (answer_is(answer, "none"))
		return fail("%s of org %s has no secret \"%s\" set", name, cli->options.org, field);
	buf_init(&out, RESULT_MAX_BYTES);
	buf_printf(&out,
		cli->options.json ? "{\"integration\":\"%s\",\"field\":\"%s\",\"removed\":true}"
				  : "%s %s: removed",
		name, field);
	print_buf(&out);
	buf_release(&out);
	return EXIT_DONE;
}

int command_secret_remove(struct cli *cli, int argc, char **argv)
{
	struct target target;
	struct script script;
	int status = cli_target(cli, argc, argv, 2, TARGET_NAME, &target);
	if (status == EXIT_DONE && !name_valid(argv[1], strlen(argv[1])))
		status = misuse("\"%s\" is no name of a field", argv[1]);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status)
		return status;
	script_init(&script, remove_source, &cli->options, target.integration.text);
	script_argument(&script, span_of(argv[1]));
	struct redis_answer *answer = script_run(&script, cli);
	if (!answer)
		return EXIT_FAILED;
	status = report_removed(cli, answer, target.integration.text, argv[1]);
	redis_answer_free(answer);
	return status;
}
