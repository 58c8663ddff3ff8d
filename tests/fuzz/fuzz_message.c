/* SPDX-License-Identifier: MIT */
/*
 * Any bytes on any queue are a message or are told why not; what is kept of them is valid, and the reply made of it is JSON.
 * The first byte chooses the queue.
 */
#include <stddef.h>
#include <stdint.h>

#include "bellhop/bug.h"
#include "bellhop/wire.h"

#define MAX_BYTES 4096

static void check_name(const struct name *name)
{
	BUG_ON(name->len != strlen(name->text));
	BUG_ON(name->len > 0 && !name_valid(name->text, name->len));
}

static void check_json(struct span json, uint32_t depth)
{
	const struct tape_limits limits = {.depth = depth, .values = 1 << 20};
	struct json_tape tape;

	json_tape_init(&tape);
	BUG_ON(json_tape_read(&tape, json.data, json.len, &limits, NULL) != 0);
	json_tape_release(&tape);
}

static void check_refused(const struct message *message, const struct error *error)
{
	BUG_ON(error->code != ERROR_INVALID_JOB || error->text[0] == '\0');
	BUG_ON(message->integration.len + message->action.len + message->token.len > 0);
	BUG_ON(message->inputs != TAPE_NONE || message->decision != DECISION_NONE);
	BUG_ON(message->by.len + message->traceparent.len > 0 || message->deadline_ms != 0);
}

static void check_taken(const struct message *message)
{
	bool decision = message->queue == QUEUE_DECISIONS;

	BUG_ON(message->id.len == 0 || message->org.len == 0 || message->deadline_ms < 0);
	BUG_ON(decision != (message->decision != DECISION_NONE));
	BUG_ON(decision != (message->token.len > 0));
	BUG_ON(decision == (message->integration.len > 0));
	BUG_ON(decision == (message->action.len > 0));
	BUG_ON(message->inputs != TAPE_NONE &&
		tape_type(&message->tape, message->inputs) != TAPE_OBJECT);
	if (message->by.len > 0)
		check_json(message->by, 0);
}

static void check_reply(const struct message *message, const struct error *error)
{
	const struct reply reply = {
		.status = error->code != ERROR_NONE ? REPLY_FAILED : REPLY_DECLINED,
		.digest = message->digest,
		.id = message->id.text,
		.org = message->org.text,
		.integration = message->integration.text,
		.action = message->action.text,
		.error = error,
		.traceparent = message->traceparent,
		.meta = message->meta,
	};
	struct buf out;

	buf_init(&out, SIZE_MAX);
	reply_write(&reply, &out);
	check_json((struct span){out.data, out.len}, WIRE_MAX_DEPTH + 1);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = {0};
	struct message message;
	int result;

	if (size == 0)
		return 0;
	message_init(&message);
	result = message_read(&message, (enum queue)(data[0] % QUEUE_COUNT), (const char *)data + 1,
		size - 1, MAX_BYTES, &error);
	BUG_ON((result != 0) != (error.code != ERROR_NONE));
	BUG_ON(strlen(message.digest) != WIRE_DIGEST_BYTES - 1);
	check_name(&message.id);
	check_name(&message.org);
	check_name(&message.reply_to);
	BUG_ON(message.meta.len > WIRE_MAX_META_BYTES);
	if (message.meta.len > 0)
		check_json(message.meta, WIRE_MAX_DEPTH);
	if (result != 0)
		check_refused(&message, &error);
	else
		check_taken(&message);
	check_reply(&message, &error);
	message_release(&message);
	return 0;
}
