/* SPDX-License-Identifier: MIT */
/* dead_entry: reads what workers and their scripts buried. */
#include "cli/dead_entry.h"

#include <stdio.h>
#include <string.h>

#include "bellhop/json_out.h"
#include "bellhop/key.h"
#include "cli/answer.h"

#define KEY_MAX_BYTES	  1024
#define ENTRY_MAX_BYTES	  (256 * 1024 * 1024 - 1)
#define PAYLOAD_KEPT	  (64 * 1024) /* so much of a payload is kept */
#define CHARACTER_BYTES	  4	      /* of the last character, which may have been left out */
#define NUMBER_MAX_DIGITS 9

static const struct tape_limits limits = {.depth = 2, .values = 64};

void dead_entry_init(struct dead_entry *entry)
{
	*entry = (struct dead_entry){.time_ms = -1};
	buf_init(&entry->text, ENTRY_MAX_BYTES);
	buf_init(&entry->payload, ENTRY_MAX_BYTES);
	buf_init(&entry->reason, ENTRY_MAX_BYTES);
	message_init(&entry->message);
}

void dead_entry_release(struct dead_entry *entry)
{
	message_release(&entry->message);
	buf_release(&entry->text);
	buf_release(&entry->payload);
	buf_release(&entry->reason);
}

/* A member of that type, or TAPE_NONE. */
static uint32_t member(const struct json_tape *tape, const char *name, enum tape_type type)
{
	uint32_t value = tape_member(tape, 0, name);
	return value != TAPE_NONE && tape_type(tape, value) == type ? value : TAPE_NONE;
}

static bool read_members(struct dead_entry *entry, const struct json_tape *tape)
{
	uint32_t payload = member(tape, "payload", TAPE_STRING);
	uint32_t reason = member(tape, "reason", TAPE_STRING);
	uint32_t time = member(tape, "time_ms", TAPE_NUMBER);
	if (payload == TAPE_NONE || reason == TAPE_NONE)
		return false;
	tape_string(tape, payload, &entry->payload);
	tape_string(tape, reason, &entry->reason);
	if (time == TAPE_NONE || tape_int64(tape, time, &entry->time_ms) < 0)
		entry->time_ms = -1;
	return true;
}

static void find_queue(struct dead_entry *entry)
{
	entry->has_queue = false;
	entry->queue = QUEUE_WORKFLOW;
	for (enum queue queue = 0; queue < QUEUE_COUNT; queue++) {
		size_t len = strlen(queue_name(queue));
		if (strncmp(entry->reason.data, queue_name(queue), len) != 0 ||
			strncmp(entry->reason.data + len, ": ", 2) != 0)
			continue;
		entry->queue = queue;
		entry->has_queue = true;
	}
}

void dead_entry_set_queue(struct dead_entry *entry, enum queue queue)
{
	struct error error = {0};
	entry->queue = queue;
	entry->is_message = message_read(&entry->message, queue, entry->payload.data,
				    entry->payload.len, ENTRY_MAX_BYTES, &error) == 0;
}

void dead_entry_read(struct dead_entry *entry, struct span text)
{
	struct json_tape tape;
	json_tape_init(&tape);
	buf_clear(&entry->text);
	buf_clear(&entry->payload);
	buf_clear(&entry->reason);
	buf_add(&entry->text, text.data, text.len);
	entry->time_ms = -1;
	entry->is_entry = json_tape_read(&tape, text.data, text.len, &limits, NULL) == 0 &&
			  tape_type(&tape, 0) == TAPE_OBJECT && read_members(entry, &tape);
	json_tape_release(&tape);
	if (!entry->is_entry)
		buf_add(&entry->payload, text.data, text.len);
	entry->cut = entry->is_entry && entry->payload.len + CHARACTER_BYTES >= PAYLOAD_KEPT;
	find_queue(entry);
	dead_entry_set_queue(entry, entry->queue);
}

static int read_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	if (digits > 0 && digits <= NUMBER_MAX_DIGITS && !text[digits] && text[0] != '0')
		return EXIT_DONE;
	return misuse(
		"\"%s\" is no number of an entry: `bellhop dead list` counts them from 1", text);
}

int dead_entry_load(struct dead_entry *entry, struct cli *cli, const char *number)
{
	struct error error = {0};
	struct buf key;
	char index[NUMBER_MAX_DIGITS + 2];
	int status = read_number(number);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status)
		return status;
	snprintf(index, sizeof(index), "-%s", number);
	buf_init(&key, KEY_MAX_BYTES);
	key_shard(&key, cli->options.shard, "dead");
	struct redis_answer *answer =
		redis_sync_do(cli->redis, REDIS_WORDS("LINDEX", key.data, index), &error);
	buf_release(&key);
	if (!answer)
		return fail("%s", error.text);
	if (answer->type == REDIS_STRING)
		dead_entry_read(entry, (struct span){answer->text, answer->len});
	else
		status = fail(
			"there is no entry %s; `bellhop dead list` shows what there is", number);
	redis_answer_free(answer);
	return status;
}

void dead_entry_title(const struct dead_entry *entry, struct buf *out)
{
	const struct message *message = &entry->message;
	buf_add_string(out, entry->has_queue ? queue_name(entry->queue) : "-");
	if (message->org.len)
		buf_printf(out, " %s", message->org.text);
	if (message->id.len)
		buf_printf(out, " %s", message->id.text);
	if (message->integration.len)
		buf_printf(out, " %s/%s", message->integration.text, message->action.text);
}

static void add_known(struct buf *out, const char *name, bool known, struct span text)
{
	buf_add_char(out, ',');
	json_out_name(out, name);
	if (known)
		json_out_string(out, text);
	else
		buf_add_string(out, "null");
}

void dead_entry_json(const struct dead_entry *entry, const char *number, struct buf *out)
{
	const struct message *message = &entry->message;
	buf_printf(out, "{\"n\":%s,\"time_ms\":", number);
	if (entry->time_ms < 0)
		buf_add_string(out, "null");
	else
		buf_add_signed(out, entry->time_ms);
	add_known(out, "queue", entry->has_queue, span_of(queue_name(entry->queue)));
	add_known(out, "reason", entry->is_entry,
		(struct span){entry->reason.data, entry->reason.len});
	add_known(out, "org", message->org.len > 0, span_of(message->org.text));
	add_known(out, "id", message->id.len > 0, span_of(message->id.text));
	add_known(out, "payload", true, (struct span){entry->payload.data, entry->payload.len});
	buf_printf(out, ",\"cut\":%s}", entry->cut ? "true" : "false");
}
