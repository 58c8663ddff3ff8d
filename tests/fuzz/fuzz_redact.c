/* SPDX-License-Identifier: MIT */
/*
 * Between the masks nothing is left that would be masked, a text that holds the secret is never left as it was, and
 * masked JSON is JSON. A byte that is the secret's length, the secret, then the text.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "bellhop/bug.h"
#include "bellhop/redact.h"

static const struct tape_limits limits = {.depth = 64, .values = 1 << 20};

/* Whether a search finds something that is there: in a text so long, and otherwise so empty, that it does not give up. */
static bool really_finds(const struct redactor *redactor, struct span secret, struct span piece)
{
	struct buf text;
	unsigned filler = 0x80; /* is in no encoding */
	bool found;

	while (filler < 0x100 && secret.len > 0 &&
		memchr(secret.data, (int)filler, secret.len) != NULL)
		filler++;
	if (filler == 0x100)
		return false;
	buf_init(&text, SIZE_MAX);
	buf_add(&text, piece.data, piece.len);
	memset(buf_reserve(&text, piece.len * 100), (int)filler, piece.len * 100);
	buf_commit(&text, piece.len * 100);
	found = redact_finds(redactor, (struct span){text.data, text.len});
	buf_release(&text);
	return found;
}

static void check_text(const struct redactor *redactor, struct span secret, struct span text)
{
	size_t mask_len = strlen(REDACT_MASK);
	const char *at, *end, *mask;
	struct buf out;
	bool found = redact_finds(redactor, text);

	BUG_ON(!found && secret.len >= REDACT_MIN_BYTES && text.len > 0 &&
		memmem(text.data, text.len, secret.data, secret.len) != NULL);
	buf_init(&out, SIZE_MAX);
	redact_text(redactor, text, &out);
	if (!found)
		BUG_ON(!span_equals(text, (struct span){out.data, out.len}));
	end = out.data + out.len;
	for (at = out.data; at < end; at = mask + mask_len) {
		mask = memmem(at, (size_t)(end - at), REDACT_MASK, mask_len);
		if (mask == NULL)
			mask = end;
		BUG_ON(really_finds(redactor, secret, (struct span){at, (size_t)(mask - at)}));
		if (mask == end)
			break;
	}
	buf_release(&out);
}

static void check_json(const struct redactor *redactor, struct span text)
{
	struct json_tape tape;
	struct buf out;

	json_tape_init(&tape);
	buf_init(&out, SIZE_MAX);
	if (json_tape_read(&tape, text.data, text.len, &limits, NULL) == 0) {
		redact_json(redactor, &tape, 0, &out);
		BUG_ON(json_tape_read(&tape, out.data, out.len, &limits, NULL) != 0);
	}
	buf_release(&out);
	json_tape_release(&tape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct redactor redactor;
	struct span secret, text;
	char *memory;

	if (size == 0 || size - 1 < data[0])
		return 0;
	secret = (struct span){(const char *)data + 1, data[0]};
	text = (struct span){secret.data + secret.len, size - 1 - secret.len};
	memory = malloc(redact_bytes(secret.len) + 1);
	redact_init(&redactor, memory, redact_bytes(secret.len));
	redact_add(&redactor, secret);
	check_text(&redactor, secret, text);
	check_json(&redactor, text);
	free(memory);
	return 0;
}
