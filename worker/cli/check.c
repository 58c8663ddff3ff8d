/* SPDX-License-Identifier: MIT */
/* check: lints a definition: a file's without Redis, or one that is stored. */
#include "bellhop/json_out.h"
#include "cli/input.h"
#include "cli/lint.h"
#include "cli/stored.h"

#define RESULT_MAX_BYTES (8 * 1024 * 1024)

/* What was typed. */
struct check {
	const char *file;   /* NULL: what is stored */
	const char *stored; /* the name of it */
	const char *sample;
	const char *action;
	bool strict;
	bool resolve;
};

static void add_json(struct buf *out, const struct problems *problems)
{
	buf_printf(out, "{\"errors\":%zu,\"problems\":[", problems->errors);
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];
		buf_add_string(out, i ? ",{\"place\":" : "{\"place\":");
		json_out_string(out, span_of(problem->place));
		buf_add_string(out, ",\"problem\":");
		json_out_string(out, span_of(problem->text));
		buf_printf(out, ",\"warning\":%s}", problem->warning ? "true" : "false");
	}
	buf_add_string(out, "]}");
}

static int report(const struct cli *cli, const char *what, const struct problems *problems)
{
	struct buf out;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json)
		add_json(&out, problems);
	else
		add_problems(&out, problems);
	if (out.len)
		print_buf(&out);
	buf_release(&out);
	if (problems->errors == 0) {
		note("%s: no errors", what);
		return EXIT_DONE;
	}
	return fail("%s has %zu error%s", what, problems->errors, problems->errors == 1 ? "" : "s");
}

static int read_file(struct document *document, const struct cli *cli, const char *path)
{
	struct error error = {0};
	if (document_read(document, path, &cli->rules, &error) < 0)
		return fail("%s", error.text);
	return EXIT_DONE;
}

static int read_stored(struct document *document, struct cli *cli, const char *name)
{
	struct target target;
	struct stored stored;
	int status = target_read(&target, TARGET_NAME, name);
	if (status == EXIT_DONE)
		status = cli_need_org(cli);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status == EXIT_DONE)
		status = stored_load(&stored, cli, target.integration.text);
	if (status)
		return status;
	stored_document(&stored, &cli->rules, document);
	stored_release(&stored);
	return EXIT_DONE;
}

static int lint(struct document *document, struct cli *cli, const struct check *check)
{
	int status = check->stored ? read_stored(document, cli, check->stored)
				   : read_file(document, cli, check->file);
	if (status == EXIT_DONE)
		status = lint_document(document, cli, check->resolve);
	if (status == EXIT_DONE && check->sample)
		status = lint_with_sample(document, cli, check->sample, check->action);
	return status;
}

static int run(struct cli *cli, const struct check *check)
{
	struct document document;
	document_init(&document);
	int status = lint(&document, cli, check);
	if (status == EXIT_DONE && check->strict)
		document_be_strict(&document);
	if (status == EXIT_DONE)
		status = report(
			cli, check->stored ? check->stored : check->file, &document.problems);
	document_release(&document);
	return status;
}

int command_check(struct cli *cli, int argc, char **argv)
{
	struct check check = {0};
	const struct own_option options[] = {
		{.name = "strict", .flag = &check.strict},
		{.name = "resolve", .flag = &check.resolve},
		{.name = "sample", .value = &check.sample},
		{.name = "action", .value = &check.action},
		{.name = "file", .value = &check.file},
		{.name = "stored", .value = &check.stored},
	};
	int status = cli_arguments(cli, argc, argv, options, 6, 0, 1);
	if (status)
		return status;
	if ((argv[0] != NULL) + (check.file != NULL) + (check.stored != NULL) != 1)
		return cli_misuse(cli, "which definition? A FILE, or --stored NAME");
	if (argv[0])
		check.file = argv[0];
	if (check.action && !check.sample)
		return misuse("--action says whose answer --sample FILE is");
	if (check.file && check.sample && input_is_standard(check.file) &&
		input_is_standard(check.sample))
		return misuse("only one of the definition and the sample can be standard input");
	return run(cli, &check);
}
