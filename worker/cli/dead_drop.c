/* SPDX-License-Identifier: MIT */
/* dead drop: removes an entry for good; what it was is the result. */
#include "bellhop/key.h"
#include "cli/dead_entry.h"

#define KEY_MAX_BYTES	 1024
#define RESULT_MAX_BYTES (512 * 1024 * 1024)

static void print_dropped(const struct cli *cli, const struct dead_entry *entry, const char *number)
{
	struct buf out;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json) {
		dead_entry_json(entry, number, &out);
	} else {
		buf_printf(&out, "%s: dropped, ", number);
		dead_entry_title(entry, &out);
	}
	print_buf(&out);
	buf_release(&out);
}

/* By what it holds, not by its number: the list may have moved since it was read. */
static int drop(struct cli *cli, const struct dead_entry *entry, const char *number)
{
	struct error error = {0};
	struct buf key;
	int status = EXIT_DONE;
	buf_init(&key, KEY_MAX_BYTES);
	key_shard(&key, cli->options.shard, "dead");
	const struct span words[] = {span_of("LREM"), {key.data, key.len}, span_of("-1"),
		{entry->text.data, entry->text.len}};
	struct redis_answer *answer = redis_sync_succeed(
		cli->redis, redis_sync_command(cli->redis, words, 4, 0, &error), &error);
	buf_release(&key);
	if (!answer)
		status = fail("%s", error.text);
	else if (answer->integer == 0)
		status = fail("entry %s went while it was looked at: nothing was changed", number);
	else
		print_dropped(cli, entry, number);
	redis_answer_free(answer);
	return status;
}

int command_dead_drop(struct cli *cli, int argc, char **argv)
{
	struct dead_entry entry;
	int status = cli_arguments(cli, argc, argv, NULL, 0, 1, 1);
	if (status)
		return status;
	dead_entry_init(&entry);
	status = dead_entry_load(&entry, cli, argv[0]);
	if (status == EXIT_DONE)
		status = drop(cli, &entry, argv[0]);
	dead_entry_release(&entry);
	return status;
}
