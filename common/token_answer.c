/* SPDX-License-Identifier: MIT */
/* token_answer: what a token endpoint says, checked like any input. */
#include "bellhop/token_answer.h"

#include <stdlib.h>
#include <strings.h>

#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "bellhop/json_tape.h"

#define SAID_BYTES    180 /* of what it said, in a sentence */
#define EXCERPT_BYTES 1024
#define TEXT_BYTES    (64 * 1024)

static const struct tape_limits limits = {.depth = 16, .values = 4096};

struct answer_reader {
	struct json_tape tape;
	struct buf memory; /* for strings that are escaped */
	const char **reason;
};

static int refuse(struct answer_reader *reader, const char *reason)
{
	*reader->reason = reason;
	return -1;
}

static bool is_printable(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= 0x20 || text.data[i] >= 0x7f)
			return false;
	return true;
}

static bool is_bearer(struct span text)
{
	return text.len == 6 && strncasecmp(text.data, "bearer", 6) == 0;
}

static int read_token(struct answer_reader *reader, struct token_answer *answer)
{
	uint32_t type = tape_member(&reader->tape, 0, "token_type");
	uint32_t token = tape_member(&reader->tape, 0, "access_token");

	if (token == TAPE_NONE || tape_type(&reader->tape, token) != TAPE_STRING)
		return refuse(reader, "it has no access_token that is a string");
	if (type == TAPE_NONE || tape_type(&reader->tape, type) != TAPE_STRING ||
		!is_bearer(tape_string_span(&reader->tape, type, &reader->memory)))
		return refuse(reader, "its token_type is not Bearer");
	answer->token = tape_string_span(&reader->tape, token, &reader->memory);
	if (answer->token.len == 0)
		return refuse(reader, "its access_token is empty");
	if (answer->token.len > TOKEN_MAX_BYTES)
		return refuse(reader, "its access_token is too long");
	if (!is_printable(answer->token))
		return refuse(reader, "its access_token holds what may not stand in a header");
	return 0;
}

/* Some endpoints send it as a string of digits. */
static int seconds_of(const struct json_tape *tape, uint32_t value, double *seconds)
{
	struct span digits = {tape->text + tape->nodes[value].at, tape->nodes[value].len};

	if (tape_type(tape, value) == TAPE_NUMBER) {
		*seconds = tape_double(tape, value);
		return 0;
	}
	if (tape_type(tape, value) != TAPE_STRING || digits.len == 0 || digits.len > 300)
		return -1;
	*seconds = 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return -1;
		*seconds = *seconds * 10 + (digits.data[i] - '0');
	}
	return 0;
}

static int read_lifetime(struct answer_reader *reader, struct token_answer *answer)
{
	uint32_t value = tape_member(&reader->tape, 0, "expires_in");
	double seconds;

	answer->lifetime_s = TOKEN_LIFETIME_S;
	if (value == TAPE_NONE || tape_type(&reader->tape, value) == TAPE_NULL)
		return 0;
	if (seconds_of(&reader->tape, value, &seconds) < 0)
		return refuse(reader, "its expires_in is not a number");
	if (seconds > TOKEN_LIFETIME_MAX_S)
		seconds = TOKEN_LIFETIME_MAX_S;
	answer->lifetime_s = seconds > 0 ? (int64_t)seconds : 0;
	return 0;
}

int token_answer_read(struct token_answer *answer, struct span body, char *memory, size_t size,
	const char **reason)
{
	struct answer_reader reader = {.reason = reason};
	struct token_answer found;
	int status;

	BUG_ON(size <= body.len);
	json_tape_init(&reader.tape);
	buf_over(&reader.memory, memory, size);
	if (json_tape_read(&reader.tape, body.data, body.len, &limits, NULL) < 0)
		status = refuse(&reader, "it is not JSON");
	else if (tape_type(&reader.tape, 0) != TAPE_OBJECT)
		status = refuse(&reader, "it is not a JSON object");
	else
		status = read_token(&reader, &found);
	if (status == 0)
		status = read_lifetime(&reader, &found);
	if (status == 0)
		*answer = found;
	json_tape_release(&reader.tape);
	return status;
}

bool token_answer_is_error(struct span body)
{
	struct json_tape tape;
	bool is_error = false;

	json_tape_init(&tape);
	if (json_tape_read(&tape, body.data, body.len, &limits, NULL) == 0) {
		uint32_t error = tape_member(&tape, 0, "error");

		is_error = error != TAPE_NONE && tape_type(&tape, error) == TAPE_STRING &&
			   tape_member(&tape, 0, "access_token") == TAPE_NONE;
	}
	json_tape_release(&tape);
	return is_error;
}

/* Cuts at a character. */
static void cut(struct buf *text, size_t len)
{
	if (text->len <= len)
		return;
	while (len > 0 && ((unsigned char)text->data[len] & 0xc0) == 0x80)
		len--;
	buf_truncate(text, len);
}

static void clean(struct buf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		unsigned char byte = (unsigned char)text->data[i];

		if (byte < 0x20 || byte == 0x7f)
			text->data[i] = ' ';
	}
}

/* A string member, redacted before anything is cut off or changed. False where there is none. */
static bool read_text(const struct json_tape *tape, const char *name,
	const struct redactor *redactor, struct buf *out)
{
	uint32_t value = tape_member(tape, 0, name);
	struct buf plain;

	buf_clear(out);
	if (value == TAPE_NONE || tape_type(tape, value) != TAPE_STRING)
		return false;
	buf_init(&plain, TEXT_BYTES);
	tape_string(tape, value, &plain);
	redact_text(redactor, (struct span){plain.data, plain.len}, out);
	buf_release(&plain);
	clean(out);
	cut(out, EXCERPT_BYTES);
	return true;
}

static void add_detail(struct buf *details, const char *name, const struct buf *text)
{
	buf_add_char(details, ',');
	json_out_name(details, name);
	json_out_string(details, (struct span){text->data, text->len});
}

static bool tell_error(const struct json_tape *tape, const struct redactor *redactor,
	struct buf *said, struct buf *details)
{
	struct buf text;
	bool told;

	buf_init(&text, TEXT_BYTES * 2);
	told = read_text(tape, "error", redactor, &text);
	if (told) {
		add_detail(details, "error", &text);
		cut(&text, SAID_BYTES / 2);
		buf_add(said, text.data, text.len);
		if (read_text(tape, "error_description", redactor, &text)) {
			add_detail(details, "error_description", &text);
			buf_add_string(said, ": ");
			cut(&text, SAID_BYTES - said->len);
			buf_add(said, text.data, text.len);
		}
	}
	buf_release(&text);
	return told;
}

static void tell_body(struct span body, const struct redactor *redactor,
	const struct json_tape *tape, struct buf *details)
{
	struct buf text;

	if (body.len == 0)
		return;
	buf_init(&text, TEXT_BYTES * 8);
	if (tape->count > 0)
		redact_json(redactor, tape, 0, &text);
	else
		redact_text(redactor, body, &text);
	cut(&text, EXCERPT_BYTES);
	add_detail(details, "body", &text);
	buf_release(&text);
}

void token_answer_refusal(struct span body, int status, const struct redactor *redactor,
	struct buf *said, struct buf *details)
{
	struct json_tape tape;
	bool json;

	json_tape_init(&tape);
	json = json_tape_read(&tape, body.data, body.len, &limits, NULL) == 0;
	buf_printf(details, "{\"status\":%d", status);
	if (!json || tape_type(&tape, 0) != TAPE_OBJECT ||
		!tell_error(&tape, redactor, said, details))
		tell_body(body, redactor, &tape, details);
	buf_add_char(details, '}');
	json_tape_release(&tape);
}
