/* SPDX-License-Identifier: MIT */
/* dead list: what could not be run or answered, the oldest first, a part of the list at a time. */
#include <stdio.h>
#include <time.h>

#include "bellhop/key.h"
#include "cli/dead_entry.h"

#define KEY_MAX_BYTES	 1024
#define RESULT_MAX_BYTES (512 * 1024 * 1024)
#define AT_A_TIME	 50
#define REASON_BYTES	 500
#define EXCERPT_BYTES	 200 /* of a payload */

/* A text of strangers on one line of ours. */
static void add_one_line(struct buf *out, const struct buf *text, size_t most)
{
	size_t start = out->len;
	size_t len = text->len;
	if (len > most)
		for (len = most; len > 0 && (text->data[len] & 0xc0) == 0x80;)
			len--;
	buf_add(out, text->data, len);
	for (size_t i = start; i < out->len; i++)
		if ((unsigned char)out->data[i] < 0x20)
			out->data[i] = ' ';
	buf_add_string(out, len < text->len ? " ..." : "");
}

/* One line for what it is, one for why, one for how its payload begins. */
static void add_lines(struct buf *out, const struct dead_entry *entry, const char *number)
{
	time_t seconds = (time_t)(entry->time_ms / 1000);
	char time[32] = "-";
	struct tm utc;
	if (entry->time_ms >= 0 && gmtime_r(&seconds, &utc))
		strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%SZ", &utc);
	buf_printf(out, "%4s  %s  ", number, time);
	dead_entry_title(entry, out);
	buf_add_string(out, "\n      ");
	if (entry->is_entry)
		add_one_line(out, &entry->reason, REASON_BYTES);
	else
		buf_add_string(out, "not an entry that a worker wrote:");
	buf_add_string(out, "\n      ");
	add_one_line(out, &entry->payload, EXCERPT_BYTES);
	buf_add_char(out, '\n');
}

/* The entries from `first` on, at most so many; they are counted in `*count`. */
static int print_part(struct cli *cli, const struct buf *key, size_t first, size_t *count)
{
	struct error error = {0};
	struct dead_entry entry;
	struct buf out;
	char from[32], to[32];
	snprintf(from, sizeof(from), "-%zu", first + AT_A_TIME - 1);
	snprintf(to, sizeof(to), "-%zu", first);
	struct redis_answer *part =
		redis_sync_do(cli->redis, REDIS_WORDS("LRANGE", key->data, from, to), &error);
	if (!part)
		return fail("%s", error.text);
	dead_entry_init(&entry);
	buf_init(&out, RESULT_MAX_BYTES);
	for (size_t i = 0; i < part->count; i++) {
		const struct redis_answer *item = &part->items[part->count - 1 - i];
		char number[32];
		snprintf(number, sizeof(number), "%zu", first + i);
		dead_entry_read(&entry, (struct span){item->text, item->len});
		if (cli->options.json) {
			buf_add_string(&out, first + i > 1 ? "," : "");
			dead_entry_json(&entry, number, &out);
		} else {
			add_lines(&out, &entry, number);
		}
	}
	*count = part->count;
	print_piece((struct span){out.data, out.len});
	buf_release(&out);
	dead_entry_release(&entry);
	redis_answer_free(part);
	return EXIT_DONE;
}

static int print_all(struct cli *cli)
{
	size_t first = 1;
	size_t count = AT_A_TIME;
	struct buf key;
	int status = EXIT_DONE;
	buf_init(&key, KEY_MAX_BYTES);
	key_shard(&key, cli->options.shard, "dead");
	while (status == EXIT_DONE && count == AT_A_TIME) {
		status = print_part(cli, &key, first, &count);
		first += count;
	}
	buf_release(&key);
	if (status == EXIT_DONE && first == 1)
		note("nothing is dead");
	return status;
}

int command_dead_list(struct cli *cli, int argc, char **argv)
{
	int status = cli_arguments(cli, argc, argv, NULL, 0, 0, 0);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status)
		return status;
	if (cli->options.json)
		print_piece(span_of("{\"dead\":["));
	status = print_all(cli);
	if (cli->options.json && status == EXIT_DONE)
		print_result(span_of("]}"));
	return status;
}
