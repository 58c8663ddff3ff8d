/* SPDX-License-Identifier: MIT */
/* map: what an action would hand on of a sample response, by the worker's own function. */
#include "bellhop/response.h"
#include "cli/input.h"
#include "cli/source.h"

static int map(const struct cli *cli, const struct source *source, const struct buf *sample)
{
	struct error error = {0};
	struct json_tape tape;
	struct buf output;
	int status = EXIT_DONE;
	json_tape_init(&tape);
	buf_init(&output, 0);
	if (response_output(source->action->output, (struct span){sample->data, sample->len},
		    cli->options.max_response_bytes, &tape, &output, &error) < 0)
		status = fail("%s: %s", error_info(error.code)->name, error.text);
	else
		print_json(&output, cli->options.json);
	buf_release(&output);
	json_tape_release(&tape);
	return status;
}

static int read_and_map(const struct cli *cli, const struct source *source)
{
	size_t max_bytes = cli->options.max_response_bytes;
	struct error error = {0};
	struct buf sample;
	int status;
	buf_init(&sample, max_bytes + 1);
	if (input_read(&sample, "-", &error) < 0)
		status = fail("%s", error.text);
	else if (sample.len > max_bytes)
		status = fail("%s: The answer is larger than %zu bytes: ask the upstream for less.",
			error_info(ERROR_RESPONSE_TOO_LARGE)->name, max_bytes);
	else
		status = map(cli, source, &sample);
	buf_release(&sample);
	return status;
}

int command_map(struct cli *cli, int argc, char **argv)
{
	struct target target;
	struct source source;
	const char *file = NULL;
	const struct own_option options[] = {{.name = "file", .value = &file}};
	int status = cli_arguments(cli, argc, argv, options, 1, 1, 1);
	if (status == EXIT_DONE)
		status = target_read(&target, TARGET_ACTION, argv[0]);
	if (status)
		return status;
	if (file && input_is_standard(file))
		return misuse("--file takes a path here: standard input is the sample");
	status = source_open(&source, cli, &target, file);
	if (status == EXIT_DONE)
		status = read_and_map(cli, &source);
	source_release(&source);
	return status;
}
