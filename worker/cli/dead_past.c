/* SPDX-License-Identifier: MIT */
/* dead_past: looks for a message's id in the audit log, the newest entries first. */
#include "cli/dead_past.h"

#include <stdio.h>
#include <string.h>

#include "bellhop/key.h"
#include "cli/answer.h"

#define KEY_MAX_BYTES 1024
#define AT_A_TIME     "1000"
#define LAST_ID_BYTES 64

/* How the worker begins its sentence about a call that it found begun (worker/job.c). */
#define SAID_BEGUN "The call was begun"

/* A field of an audit entry; "" where it has none. Fields and values take turns. */
static const char *field(const struct redis_answer *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->count; i += 2)
		if (strcmp(answer_text(fields, i), name) == 0)
			return answer_text(fields, i + 1);
	return "";
}

static bool tells_begun(const struct redis_answer *calls, const char *id)
{
	for (size_t i = 0; i < calls->count; i++) {
		const struct redis_answer *entry = &calls->items[i];
		if (entry->count == 2 && strcmp(field(&entry->items[1], "id"), id) == 0 &&
			strcmp(field(&entry->items[1], "sent"), "no") != 0)
			return true;
	}
	return false;
}

static int search(struct cli *cli, const struct buf *key, const char *id, bool *begun)
{
	char last[LAST_ID_BYTES] = "+";
	bool more = true;
	while (more && !*begun) {
		struct error error = {0};
		struct redis_answer *calls = redis_sync_do(cli->redis,
			REDIS_WORDS("XREVRANGE", key->data, last, "-", "COUNT", AT_A_TIME), &error);
		if (!calls)
			return fail("%s", error.text);
		*begun = tells_begun(calls, id);
		more = calls->count > 0;
		if (more)
			snprintf(last, sizeof(last), "(%s",
				answer_text(&calls->items[calls->count - 1], 0));
		redis_answer_free(calls);
	}
	return EXIT_DONE;
}

int dead_past_ask(struct cli *cli, const struct dead_entry *entry, bool *begun)
{
	const struct message *message = &entry->message;
	struct buf key;
	*begun = strstr(entry->reason.data, SAID_BEGUN) != NULL;
	if (*begun || message->org.len == 0 || message->id.len == 0)
		return EXIT_DONE;
	buf_init(&key, KEY_MAX_BYTES);
	key_org(&key, cli->options.shard, message->org.text, "calls");
	int status = search(cli, &key, message->id.text, begun);
	buf_release(&key);
	return status;
}
