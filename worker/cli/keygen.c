/* SPDX-License-Identifier: MIT */
/* keygen: makes a key ring, or adds a key to one. */
#include "bellhop/json_out.h"
#include "bellhop/key_file.h"
#include "cli/command.h"

#define RESULT_MAX_BYTES (64 * 1024)

static void print_made(const struct cli *cli, const char *path, const struct public_key *made)
{
	struct buf out;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json) {
		buf_add_string(&out, "{\"key_id\":");
		json_out_string(&out, span_of(made->id));
		buf_add_string(&out, ",\"key_file\":");
		json_out_string(&out, span_of(path));
		buf_add_string(&out, ",\"seal_with\":");
		buf_printf(&out, "\"");
		json_out_escaped(&out, span_of(path));
		buf_add_string(&out, ".pub\"}");
	} else {
		buf_printf(&out, "%s.pub: key %s", path, made->id);
	}
	print_buf(&out);
	buf_release(&out);
}

int command_keygen(struct cli *cli, int argc, char **argv)
{
	bool rotate = false;
	const struct own_option options[] = {{.name = "rotate", .flag = &rotate}};
	struct public_key made;
	struct error error = {0};
	int status = cli_arguments(cli, argc, argv, options, 1, 1, 1);
	if (status)
		return status;
	const char *path = argv[0];
	int result = rotate ? key_file_rotate(path, &made, &error)
			    : key_file_create(path, &made, &error);
	if (result < 0)
		return fail("%s", error.text);
	print_made(cli, path, &made);
	if (rotate)
		note("restart the workers with %s, then hand out the new %s.pub", path, path);
	else
		note("%s is for bellhopd alone (--key-file); %s.pub is for those who set secrets "
		     "(--seal-with)",
			path, path);
	return EXIT_DONE;
}
