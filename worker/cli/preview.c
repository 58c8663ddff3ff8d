/* SPDX-License-Identifier: MIT */
/* preview: shows the request of a confirmation byte for byte, but for what would command the terminal. */
#include "cli/preview.h"

#include <string.h>

#define PREVIEW_MAX_BYTES (16 * 1024 * 1024)

static void add_headers(struct buf *out, const struct json_tape *tape, uint32_t headers)
{
	if (headers == TAPE_NONE || tape_type(tape, headers) != TAPE_OBJECT)
		return;
	uint32_t name = tape_first(tape, headers);
	while (name != TAPE_NONE) {
		uint32_t value = tape_next(tape, headers, name);
		buf_add_string(out, "\n  ");
		tape_string(tape, name, out);
		buf_add_string(out, ": ");
		if (tape_type(tape, value) == TAPE_STRING)
			tape_string(tape, value, out);
		name = tape_next(tape, headers, value);
	}
}

/* Indented, so that no line of a body can pass for one of ours. */
static void add_body(struct buf *out, const struct received *received, uint32_t request)
{
	struct buf body;
	buf_init(&body, PREVIEW_MAX_BYTES);
	received_member(received, request, "body", &body);
	for (size_t at = 0; at <= body.len;) {
		const char *end = memchr(body.data + at, '\n', body.len - at);
		size_t len = end ? (size_t)(end - body.data) - at : body.len - at;
		buf_add_string(out, "\n  ");
		buf_add(out, body.data + at, len);
		at += len + 1;
	}
	buf_release(&body);
}

static uint32_t member(const struct json_tape *tape, uint32_t object, const char *name)
{
	if (object == TAPE_NONE || tape_type(tape, object) != TAPE_OBJECT)
		return TAPE_NONE;
	return tape_member(tape, object, name);
}

void preview_show(const struct received *received)
{
	const struct json_tape *tape = &received->tape;
	uint32_t confirmation = member(tape, 0, "confirmation");
	uint32_t request = member(tape, confirmation, "request");
	struct buf out;
	buf_init(&out, PREVIEW_MAX_BYTES);
	received_member(received, confirmation, "title", &out);
	buf_add_string(&out, " (");
	received_member(received, confirmation, "kind", &out);
	buf_add_string(&out, ")\n  ");
	received_member(received, request, "method", &out);
	buf_add_char(&out, ' ');
	received_member(received, request, "url", &out);
	add_headers(&out, tape, member(tape, request, "headers"));
	if (member(tape, request, "body") != TAPE_NONE) {
		buf_add_char(&out, '\n');
		add_body(&out, received, request);
	}
	note("%s", out.data);
	buf_release(&out);
}

void preview_ask(const struct cli *cli, const char *token)
{
	note("\nNothing was sent. To send it, or not:\n  bellhop approve %s --org %s\n  bellhop "
	     "decline %s --org %s",
		token, cli->options.org, token, cli->options.org);
}
