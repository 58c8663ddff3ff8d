/* SPDX-License-Identifier: MIT */
/* message_members: the one table of what may and must stand in a job and in a decision. */
#include "message_parts.h"

#include "bellhop/bug.h"
#include "bellhop/utf8.h"

#define QUOTED_MEMBER_MAX 64
#define NAME_RULE \
	"must be 1 to 128 characters of A-Z a-z 0-9 . _ - and begin with a letter or a digit"

struct member {
	const char *name;
	size_t name_len;
	unsigned allowed;
	unsigned required;
	int (*read)(struct message *message, const struct member *member, uint32_t value,
		struct error *error);
	size_t offset; /* of a name in struct message */
};

const char *message_kind_name(enum message_kind kind)
{
	return kind == A_JOB ? "job" : "decision";
}

static int read_version(
	struct message *message, const struct member *member, uint32_t value, struct error *error)
{
	if (span_is(tape_raw(&message->tape, value), "1"))
		return 0;
	return error_set(error, ERROR_INVALID_JOB, "`%s` must be the integer 1", member->name);
}

static int read_name(
	struct message *message, const struct member *member, uint32_t value, struct error *error)
{
	struct name *name = (struct name *)((char *)message + member->offset);

	if (tape_type(&message->tape, value) == TAPE_STRING) {
		struct span text = tape_string_span(&message->tape, value, &message->scratch);

		if (name_set(name, text.data, text.len) == 0)
			return 0;
	}
	return error_set(error, ERROR_INVALID_JOB, "`%s` " NAME_RULE, member->name);
}

static int read_inputs(
	struct message *message, const struct member *member, uint32_t value, struct error *error)
{
	if (tape_type(&message->tape, value) != TAPE_OBJECT)
		return error_set(error, ERROR_INVALID_JOB, "`%s` must be an object", member->name);
	message->inputs = value;
	return 0;
}

static int read_decision(
	struct message *message, const struct member *member, uint32_t value, struct error *error)
{
	bool string = tape_type(&message->tape, value) == TAPE_STRING;

	if (string && tape_string_equals(&message->tape, value, span_of("approve")))
		message->decision = DECISION_APPROVE;
	else if (string && tape_string_equals(&message->tape, value, span_of("decline")))
		message->decision = DECISION_DECLINE;
	else
		return error_set(error, ERROR_INVALID_JOB,
			"`%s` must be \"approve\" or \"decline\"", member->name);
	return 0;
}

/* U+0000-1F and U+007F-9F. */
static bool has_control(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		if (byte < 0x20 || byte == 0x7f)
			return true;
		if (byte == 0xc2 && i + 1 < text.len && (unsigned char)text.data[i + 1] < 0xa0)
			return true;
	}
	return false;
}

static int read_by(
	struct message *message, const struct member *member, uint32_t value, struct error *error)
{
	if (tape_type(&message->tape, value) == TAPE_STRING) {
		struct span text = tape_string_span(&message->tape, value, &message->scratch);

		if (text.len <= WIRE_MAX_BY_BYTES && !has_control(text)) {
			message->by = tape_raw(&message->tape, value);
			return 0;
		}
	}
	return error_set(error, ERROR_INVALID_JOB,
		"`%s` must be a string of at most %d bytes without control characters",
		member->name, WIRE_MAX_BY_BYTES);
}

static int read_deadline(
	struct message *message, const struct member *member, uint32_t value, struct error *error)
{
	int64_t deadline_ms;

	if (tape_type(&message->tape, value) != TAPE_NUMBER ||
		tape_int64(&message->tape, value, &deadline_ms) != 0 || deadline_ms < 0)
		return error_set(error, ERROR_INVALID_JOB,
			"`%s` must be an integer from 0 to 2^63-1: Unix time in milliseconds",
			member->name);
	/* 0 is how a message says that it has none; 1 is as long past. */
	message->deadline_ms = deadline_ms == 0 ? 1 : deadline_ms;
	return 0;
}

static int read_traceparent(
	struct message *message, const struct member *member, uint32_t value, struct error *error)
{
	if (tape_type(&message->tape, value) != TAPE_STRING ||
		tape_string_span(&message->tape, value, &message->scratch).len >
			WIRE_MAX_TRACEPARENT)
		return error_set(error, ERROR_INVALID_JOB,
			"`%s` must be a string of at most %d bytes", member->name,
			WIRE_MAX_TRACEPARENT);
	message->traceparent = tape_raw(&message->tape, value);
	return 0;
}

static int read_meta(
	struct message *message, const struct member *member, uint32_t value, struct error *error)
{
	struct span raw = tape_raw(&message->tape, value);

	if (raw.len > WIRE_MAX_META_BYTES)
		return error_set(error, ERROR_INVALID_JOB,
			"`%s` has %zu bytes, which is more than %d", member->name, raw.len,
			WIRE_MAX_META_BYTES);
	message->meta = raw;
	return 0;
}

#define MEMBER(name, allowed, required, read)                      \
	{                                                          \
		name, sizeof(name) - 1, allowed, required, read, 0 \
	}
#define NAME_MEMBER(name, allowed, required)                            \
	{                                                               \
#name, sizeof(#name) - 1, allowed, required, read_name, \
			offsetof(struct message, name)                  \
	}

/* In the order in which what is wrong with them is said. */
static const struct member members[] = {
	MEMBER("v", ANY, ANY, read_version),
	NAME_MEMBER(id, ANY, ANY),
	NAME_MEMBER(org, ANY, ANY),
	NAME_MEMBER(integration, A_JOB, A_JOB),
	NAME_MEMBER(action, A_JOB, A_JOB),
	MEMBER("inputs", A_JOB, 0, read_inputs),
	NAME_MEMBER(token, A_DECISION, A_DECISION),
	MEMBER("decision", A_DECISION, A_DECISION, read_decision),
	MEMBER("by", A_DECISION, 0, read_by),
	NAME_MEMBER(reply_to, ANY, 0),
	MEMBER("deadline_ms", ANY, 0, read_deadline),
	MEMBER("traceparent", ANY, 0, read_traceparent),
	MEMBER("meta", ANY, 0, read_meta),
};

enum { VERSION, MEMBER_COUNT = ARRAY_SIZE(members) };

static size_t member_index(struct span name, enum message_kind kind)
{
	size_t i = 0;

	while (i < MEMBER_COUNT &&
		(members[i].name_len != name.len || !(members[i].allowed & kind) ||
			memcmp(members[i].name, name.data, name.len) != 0))
		i++;
	return i;
}

/* Fills in the value of each member, TAPE_NONE for what is not there. Returns the name of the first unknown one. */
static uint32_t find_members(
	struct message *message, enum message_kind kind, uint32_t values[MEMBER_COUNT])
{
	const struct json_tape *tape = &message->tape;
	uint32_t unknown = TAPE_NONE;

	for (size_t i = 0; i < MEMBER_COUNT; i++)
		values[i] = TAPE_NONE;
	for (uint32_t at = tape_first(tape, 0); at != TAPE_NONE; at = tape_next(tape, 0, at)) {
		size_t i = member_index(tape_string_span(tape, at, &message->scratch), kind);
		uint32_t name = at;

		at = tape_next(tape, 0, at);
		if (i < MEMBER_COUNT)
			values[i] = at;
		else if (unknown == TAPE_NONE)
			unknown = name;
	}
	return unknown;
}

static int refuse_unknown(
	const struct json_tape *tape, uint32_t name, enum message_kind kind, struct error *error)
{
	struct span raw = tape_raw(tape, name);
	int len = (int)utf8_cut(raw.data, raw.len, QUOTED_MEMBER_MAX);

	return error_set(error, ERROR_INVALID_JOB, "a %s has no member %.*s%s",
		message_kind_name(kind), len, raw.data, (size_t)len < raw.len ? "…" : "");
}

int message_read_members(struct message *message, enum message_kind kind, struct error *error)
{
	uint32_t values[MEMBER_COUNT];
	uint32_t unknown = find_members(message, kind, values);

	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		/* The version goes first: another one may have other members. */
		if (i == VERSION + 1 && unknown != TAPE_NONE)
			return refuse_unknown(&message->tape, unknown, kind, error);
		if (values[i] == TAPE_NONE) {
			if (members[i].required & kind)
				return error_set(error, ERROR_INVALID_JOB,
					"a %s needs the member `%s`", message_kind_name(kind),
					members[i].name);
			continue;
		}
		if (members[i].read(message, &members[i], values[i], error) != 0)
			return -1;
	}
	return 0;
}
