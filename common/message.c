/* SPDX-License-Identifier: MIT */
/* message: reads jobs and decisions, and makes the digest of what they ask for. */
#include <sodium.h>

#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "bellhop/wire.h"
#include "message_parts.h"

#define KEEP_BYTES	 (16 * 1024)
#define DIGEST_RAW_BYTES 24
#define MAX_TAPE_VALUES	 (1u << 27)
_Static_assert(WIRE_DIGEST_BYTES == DIGEST_RAW_BYTES / 3 * 4 + 1, "base64 of the digest");

const char *queue_name(enum queue queue)
{
	static const char *const names[] = {
		[QUEUE_DECISIONS] = "decisions",
		[QUEUE_CHAT] = "chat",
		[QUEUE_WORKFLOW] = "workflow",
	};

	BUG_ON((size_t)queue >= ARRAY_SIZE(names));
	return names[queue];
}

static int read_message(struct message *message, enum message_kind kind, struct span payload,
	size_t max_bytes, struct error *error)
{
	const struct tape_limits limits = {
		.depth = WIRE_MAX_DEPTH,
		.values = max_bytes < MAX_TAPE_VALUES ? (uint32_t)max_bytes / 2 + 16
						      : MAX_TAPE_VALUES,
	};
	struct tape_error broken;

	if (payload.len > max_bytes)
		return error_set(error, ERROR_INVALID_JOB,
			"the message has %zu bytes, which is more than %zu", payload.len,
			max_bytes);
	if (json_tape_read(&message->tape, payload.data, payload.len, &limits, &broken) != 0)
		return error_set(error, ERROR_INVALID_JOB,
			"the message cannot be read as JSON: %s at byte %zu", broken.reason,
			broken.offset);
	if (tape_type(&message->tape, 0) != TAPE_OBJECT)
		return error_set(error, ERROR_INVALID_JOB, "a %s must be a JSON object",
			message_kind_name(kind));
	return message_read_members(message, kind, error);
}

static void set_digest(struct message *message, const void *content, size_t len)
{
	unsigned char raw[DIGEST_RAW_BYTES];

	BUG_ON(crypto_generichash(raw, sizeof(raw), content, len, NULL, 0) != 0);
	sodium_bin2base64(message->digest, sizeof(message->digest), raw, sizeof(raw),
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Each part but the last with a NUL byte behind it: no part holds one, so other content is other bytes. */
static void digest_content(struct message *message)
{
	struct buf *content = &message->scratch;

	buf_clear(content);
	buf_add_string(content, queue_name(message->queue));
	buf_add_char(content, '\0');
	if (message->decision != DECISION_NONE) {
		buf_add(content, message->token.text, message->token.len + 1);
		buf_add_string(
			content, message->decision == DECISION_APPROVE ? "approve" : "decline");
		buf_add_char(content, '\0');
		if (message->by.len > 0)
			json_out_canonical(
				content, &message->tape, tape_member(&message->tape, 0, "by"));
	} else {
		buf_add(content, message->integration.text, message->integration.len + 1);
		buf_add(content, message->action.text, message->action.len + 1);
		if (message->inputs == TAPE_NONE)
			buf_add_string(content, "{}");
		else
			json_out_canonical(content, &message->tape, message->inputs);
	}
	set_digest(message, content->data, content->len);
}

static void forget(struct message *message)
{
	message->id = message->org = message->integration = message->action = message->reply_to =
		message->token = (struct name){0};
	message->inputs = TAPE_NONE;
	message->deadline_ms = 0;
	message->traceparent = message->meta = message->by = (struct span){0};
	message->decision = DECISION_NONE;
	message->digest[0] = '\0';
}

void message_init(struct message *message)
{
	*message = (struct message){.inputs = TAPE_NONE};
	json_tape_init(&message->tape);
	buf_init(&message->scratch, SIZE_MAX);
}

void message_release(struct message *message)
{
	json_tape_release(&message->tape);
	buf_release(&message->scratch);
	message_init(message);
}

void message_clear(struct message *message)
{
	if (message->tape.capacity > KEEP_BYTES / sizeof(*message->tape.nodes))
		json_tape_release(&message->tape);
	buf_shrink(&message->scratch, KEEP_BYTES);
	forget(message);
}

int message_read(struct message *message, enum queue queue, const char *payload, size_t len,
	size_t max_bytes, struct error *error)
{
	enum message_kind kind = queue == QUEUE_DECISIONS ? A_DECISION : A_JOB;

	forget(message);
	message->queue = queue;
	if (read_message(message, kind, (struct span){payload, len}, max_bytes, error) == 0) {
		digest_content(message);
		return 0;
	}
	forget(message);
	message_scan(message, payload, len);
	set_digest(message, payload, len);
	return -1;
}
