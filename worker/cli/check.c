/* SPDX-License-Identifier: MIT */
/* check: lints a definition without Redis. */
#include "bellhop/json_out.h"
#include "cli/document.h"

#define RESULT_MAX_BYTES (8 * 1024 * 1024)

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

static int report(const struct cli *cli, const char *path, const struct problems *problems)
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
		note("%s: no errors", path);
		return EXIT_DONE;
	}
	return fail("%s has %zu error%s", path, problems->errors, problems->errors == 1 ? "" : "s");
}

int command_check(struct cli *cli, int argc, char **argv)
{
	struct document document;
	struct error error = {0};
	bool strict = false;
	const struct own_option options[] = {{.name = "strict", .flag = &strict}};
	int status = cli_arguments(cli, argc, argv, options, 1, 1, 1);
	if (status)
		return status;
	const char *path = argv[0];
	document_init(&document);
	int result = document_read(&document, path, &cli->rules, &error);
	if (result == 0 && strict)
		document_be_strict(&document);
	status = result < 0 ? fail("%s", error.text) : report(cli, path, &document.problems);
	document_release(&document);
	return status;
}
