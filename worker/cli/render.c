/* SPDX-License-Identifier: MIT */
/* render: shows the exact request that an action would send, made by the worker's own renderer. Nothing is sent. */
#include <stdio.h>
#include <string.h>

#include "bellhop/request.h"
#include "cli/inputs.h"
#include "cli/source.h"

#define RESULT_MAX_BYTES (16 * 1024 * 1024)
#define MASK		 "********"

/* What was typed. */
struct render {
	struct target target;
	const char *file;
	const char *id;
	struct json_tape inputs; /* empty: none were given */
};

/* The line that carries the credential, where the worker puts it: behind the others. */
static void add_credential(struct request *request, const struct definition *definition)
{
	if (definition->auth == AUTH_NONE)
		return;
	request->headers.max += REQUEST_HEADER_MAX_BYTES;
	if (definition->auth_header)
		buf_printf(&request->headers, "%s: " MASK, definition->auth_header);
	else
		buf_printf(&request->headers, "Authorization: %s " MASK,
			definition->auth == AUTH_BASIC ? "Basic" : "Bearer");
	buf_add_char(&request->headers, '\0');
	request->header_count++;
}

/* As HTTP shows it, with the URL whole. */
static void add_lines(const struct request *request, struct buf *out)
{
	const char *line = request->headers.data;
	buf_printf(out, "%s %s\n", request->method, request->url.data);
	for (size_t i = 0; i < request->header_count; i++) {
		buf_printf(out, "%s\n", line);
		line += strlen(line) + 1;
	}
	if (request->has_body) {
		buf_add_char(out, '\n');
		buf_add(out, request->body.data, request->body.len);
	}
}

static void print_request(const struct cli *cli, const struct request *request)
{
	struct buf out;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json)
		request_json(request, &out);
	else
		add_lines(request, &out);
	print_buf(&out);
	buf_release(&out);
}

/* All that is wrong with the inputs; the codes and words are those of a reply. */
static int refuse(
	const struct cli *cli, const struct render *render, const struct problems *problems)
{
	struct buf out;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json) {
		buf_printf(&out, "{\"error\":{\"code\":\"%s\",\"details\":",
			error_info(ERROR_INVALID_INPUTS)->name);
		problems_json(problems, &out);
		buf_add_string(&out, "}}");
		print_buf(&out);
	} else {
		note_problems(problems);
	}
	buf_release(&out);
	return fail("%s: the inputs of %s/%s have %zu problem%s",
		error_info(ERROR_INVALID_INPUTS)->name, render->target.integration.text,
		render->target.action.text, problems->errors, problems->errors == 1 ? "" : "s");
}

/* The value that a job with this id would send. Without one there is no value yet, so words stand in its place. */
static int make_key(const struct cli *cli, const struct render *render, const struct action *action,
	char key[REQUEST_KEY_BYTES])
{
	if (action->idempotency != IDEMPOTENCY_KEY)
		return EXIT_DONE;
	snprintf(key, REQUEST_KEY_BYTES, "(made of the job's id)");
	if (!render->id)
		return EXIT_DONE;
	int status = cli_need_org(cli);
	if (status == EXIT_DONE)
		request_idempotency_key(key, cli->options.org, render->target.integration.text,
			render->target.action.text, render->id);
	return status;
}

static void show(const struct cli *cli, const struct render *render, const struct source *source,
	struct request *request)
{
	const char *key_header = source->action->idempotency_header;
	add_credential(request, source->document.definition);
	print_request(cli, request);
	if (key_header && !render->id)
		note("%s is made of the job's id: --id ID shows it", key_header);
}

static int render_action(
	const struct cli *cli, const struct render *render, const struct source *source)
{
	char key[REQUEST_KEY_BYTES] = "";
	struct problems problems;
	struct request request;
	int status = make_key(cli, render, source->action, key);
	if (status)
		return status;
	problems_init(&problems);
	request_init(&request);
	if (request_render(&request, source->document.definition, source->action, &render->inputs,
		    render->inputs.count ? 0 : TAPE_NONE, key, &problems) < 0)
		status = refuse(cli, render, &problems);
	else
		show(cli, render, source, &request);
	request_release(&request);
	problems_release(&problems);
	return status;
}

static int run(struct render *render, struct cli *cli)
{
	struct source source;
	int status = source_open(&source, cli, &render->target, render->file);
	if (status == EXIT_DONE)
		status = render_action(cli, render, &source);
	source_release(&source);
	return status;
}

int command_render(struct cli *cli, int argc, char **argv)
{
	struct render render = {0};
	const char *inputs = NULL;
	const struct own_option options[] = {
		{.name = "inputs", .value = &inputs},
		{.name = "file", .value = &render.file},
		{.name = "id", .value = &render.id},
	};
	json_tape_init(&render.inputs);
	int status = cli_arguments(cli, argc, argv, options, 3, 1, 1);
	if (status == EXIT_DONE)
		status = target_read(&render.target, TARGET_ACTION, argv[0]);
	if (status == EXIT_DONE && inputs)
		status = inputs_read(&render.inputs, inputs);
	if (status == EXIT_DONE && render.id)
		status = id_check(render.id);
	if (status == EXIT_DONE)
		status = run(&render, cli);
	json_tape_release(&render.inputs);
	return status;
}
