/* SPDX-License-Identifier: MIT */
/*
 * json_read: json_tape_read(), which reads a text onto a tape in one pass.
 *
 * There is no recursion and no stack: while a container is open, its node's `next` holds the index of the one around
 * it. Strings are scanned eight bytes at a time and checked as they are passed.
 */
#include "json_read.h"

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/json_number.h"
#include "bellhop/utf8.h"
#include "json_scan.h"
#include "json_text.h"

#define TEXT_MAX_BYTES	     (256u << 20)
#define BYTES_A_NODE	     8	 /* a first guess of how many nodes a text makes */
#define ALWAYS_FINITE_DIGITS 308 /* 10^308 is a double */

struct reader {
	struct json_tape *tape;
	const char *at; /* where a failure was found, in the end */
	const char *end;
	struct tape_limits limits;
	uint32_t depth;
	uint32_t open; /* the innermost container that is not closed; TAPE_NONE: outside of all */
	const char *reason;
	bool too_deep;
};

enum { FAILED = -1, COMPLETE, OPENED };

static int fail(struct reader *reader, const char *at, const char *reason)
{
	reader->at = at;
	reader->reason = reason;
	return FAILED;
}

static int fail_at_end(struct reader *reader)
{
	return fail(reader, reader->end, "the end of the text inside a value");
}

static const char *skip_spaces(const char *at, const char *end)
{
	while (at < end) {
		if (end - at >= (ptrdiff_t)sizeof(uint64_t)) {
			uint64_t word;

			memcpy(&word, at, sizeof(word));
			if (word == JSON_EACH_BYTE(' ')) { /* indentation */
				at += sizeof(word);
				continue;
			}
		}
		if (*at != ' ' && *at != '\n' && *at != '\r' && *at != '\t')
			break;
		at++;
	}
	return at;
}

static inline void skip_space(struct reader *reader)
{
	if (reader->at < reader->end && (unsigned char)*reader->at <= ' ')
		reader->at = skip_spaces(reader->at, reader->end);
}

void json_read_room(struct json_tape *tape, uint32_t nodes)
{
	uint64_t wanted = (uint64_t)tape->count + nodes;
	uint64_t doubled = (uint64_t)tape->capacity * 2;

	if (wanted <= tape->capacity)
		return;
	if (wanted < doubled)
		wanted = doubled;
	BUG_ON(wanted > UINT32_MAX);
	tape->nodes = xrealloc(tape->nodes, wanted * sizeof(*tape->nodes));
	tape->capacity = (uint32_t)wanted;
}

static inline int add_node(struct reader *reader, enum tape_type type, const char *from,
	const char *to, unsigned flags)
{
	struct json_tape *tape = reader->tape;
	uint32_t index = tape->count;

	if (index >= reader->limits.values)
		return fail(reader, from, "too many values");
	if (index == tape->capacity)
		json_read_room(tape, 1);
	tape->nodes[index] = (struct tape_node){
		.at = (uint32_t)(from - tape->text),
		.len = (uint32_t)(to - from),
		.next = index + 1,
		.type = type & 7,
		.escaped = type == TAPE_STRING && flags,
		.integral = type == TAPE_NUMBER && flags,
	};
	tape->count = index + 1;
	return COMPLETE;
}

static bool is_high(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* The byte after the escape at `at`, or NULL where it is none. */
static const char *check_escape(struct reader *reader, const char *at)
{
	ptrdiff_t left = reader->end - at;
	int32_t unit;

	if (left < 2) {
		(void)fail_at_end(reader); /* NULL says it */
		return NULL;
	}
	if (json_text_escapes[(unsigned char)at[1]] != 0)
		return at + 2;
	unit = at[1] == 'u' && left >= 6 ? json_text_hex(at + 2) : -1;
	if (unit < 0) {
		(void)fail(reader, at, "an escape that JSON does not have");
		return NULL;
	}
	if (is_high(unit) && left >= 12 && at[6] == '\\' && at[7] == 'u' &&
		is_low(json_text_hex(at + 8)))
		return at + 12;
	if (is_high(unit) || is_low(unit)) {
		(void)fail(reader, at, "a lone surrogate");
		return NULL;
	}
	return at + 6;
}

/* The byte after the characters of several bytes at `at`, or NULL where one is not UTF-8. */
static const char *check_utf8(struct reader *reader, const char *at)
{
	do {
		uint32_t character;
		size_t bytes = utf8_next(at, (size_t)(reader->end - at), &character);

		if (bytes == 0) {
			(void)fail(reader, at, "bytes that are not UTF-8");
			return NULL;
		}
		at += bytes;
	} while (at < reader->end && (unsigned char)*at >= 0x80);
	return at;
}

static int read_string(struct reader *reader)
{
	const char *start = reader->at + 1, *at = start;
	bool escaped = false;

	for (;;) {
		at = json_plain_end(at, reader->end);
		if (at == reader->end)
			return fail_at_end(reader);
		if (*at == '"')
			break;
		if (*at == '\\') {
			escaped = true;
			at = check_escape(reader, at);
		} else if ((unsigned char)*at >= 0x80) {
			at = check_utf8(reader, at);
		} else {
			return fail(reader, at, "a control character inside a string");
		}
		if (at == NULL)
			return FAILED;
	}
	reader->at = at + 1;
	return add_node(reader, TAPE_STRING, start, at, escaped);
}

static inline const char *skip_digits(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

static int read_number(struct reader *reader)
{
	const char *start = reader->at, *end = reader->end;
	const char *digits = start + (*start == '-'), *at = skip_digits(digits, end);
	bool exponent = false, finite = at - digits <= ALWAYS_FINITE_DIGITS, integral = true;

	if (at == digits || (*digits == '0' && at > digits + 1))
		return fail(reader, digits, "a number that is not JSON");
	if (at < end && *at == '.') {
		const char *fraction = at + 1;

		integral = false;
		at = skip_digits(fraction, end);
		if (at == fraction)
			return fail(reader, at, "a number that is not JSON");
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		const char *power = at + 1;

		exponent = true;
		power += power < end && (*power == '-' || *power == '+');
		at = skip_digits(power, end);
		if (at == power)
			return fail(reader, at, "a number that is not JSON");
	}
	if ((exponent || !finite) &&
		json_number_overflows((struct span){start, (size_t)(at - start)}))
		return fail(reader, start, "a number beyond a double");
	reader->at = at;
	return add_node(reader, TAPE_NUMBER, start, at, integral && !exponent);
}

static int read_word(struct reader *reader, const char *word, size_t len, enum tape_type type)
{
	const char *at = reader->at;

	if ((size_t)(reader->end - at) < len || memcmp(at, word, len) != 0)
		return fail(reader, at, "a word that is not JSON");
	reader->at = at + len;
	return add_node(reader, type, at, at + len, 0);
}

/* At the bracket that closes the innermost container. */
static int close_container(struct reader *reader)
{
	struct json_tape *tape = reader->tape;
	uint32_t index = reader->open, again;
	struct tape_node *node = &tape->nodes[index];

	reader->at++;
	reader->open = node->next;
	reader->depth--;
	node->len = (uint32_t)(reader->at - tape->text) - node->at;
	node->next = tape->count;
	if (node->type != TAPE_OBJECT || node->count < 2)
		return COMPLETE;
	again = json_names_find_twice(tape, index);
	if (again == TAPE_NONE)
		return COMPLETE;
	return fail(reader, tape->text + tape->nodes[again].at, "a member named twice");
}

static int open_container(struct reader *reader, enum tape_type type, char closing)
{
	struct json_tape *tape = reader->tape;

	reader->too_deep = reader->depth >= reader->limits.depth;
	if (reader->too_deep)
		return fail(reader, reader->at, "too many levels");
	if (add_node(reader, type, reader->at, reader->at, 0) < 0)
		return FAILED;
	tape->nodes[tape->count - 1].next = reader->open;
	reader->open = tape->count - 1;
	reader->depth++;
	reader->at++;
	skip_space(reader);
	if (reader->at < reader->end && *reader->at == closing)
		return close_container(reader);
	return OPENED;
}

static int read_name(struct reader *reader)
{
	skip_space(reader);
	if (reader->at == reader->end)
		return fail_at_end(reader);
	if (*reader->at != '"')
		return fail(reader, reader->at, "no name where a member should begin");
	if (read_string(reader) < 0)
		return FAILED;
	skip_space(reader);
	if (reader->at == reader->end)
		return fail_at_end(reader);
	if (*reader->at != ':')
		return fail(reader, reader->at, "no colon after a member's name");
	reader->at++;
	return COMPLETE;
}

static int read_value(struct reader *reader)
{
	skip_space(reader);
	if (reader->at == reader->end)
		return fail_at_end(reader);
	switch (*reader->at) {
	case '"':
		return read_string(reader);
	case '{':
		return open_container(reader, TAPE_OBJECT, '}');
	case '[':
		return open_container(reader, TAPE_ARRAY, ']');
	case '-':
	case '0' ... '9':
		return read_number(reader);
	case 't':
		return read_word(reader, "true", 4, TAPE_TRUE);
	case 'f':
		return read_word(reader, "false", 5, TAPE_FALSE);
	case 'n':
		return read_word(reader, "null", 4, TAPE_NULL);
	default:
		return fail(reader, reader->at, "no value where one should stand");
	}
}

/* After a complete value: closes what ends here. COMPLETE where the next value or member follows, or nothing is open. */
static int read_separators(struct reader *reader)
{
	while (reader->open != TAPE_NONE) {
		struct tape_node *node = &reader->tape->nodes[reader->open];
		bool object = node->type == TAPE_OBJECT;

		node->count++;
		skip_space(reader);
		if (reader->at == reader->end)
			return fail_at_end(reader);
		if (*reader->at == ',') {
			reader->at++;
			return COMPLETE;
		}
		if (*reader->at != (object ? '}' : ']'))
			return fail(reader, reader->at,
				object ? "neither a comma nor a brace after a member"
				       : "neither a comma nor a bracket after an element");
		if (close_container(reader) < 0)
			return FAILED;
	}
	return COMPLETE;
}

static int read_text(struct reader *reader)
{
	struct json_tape *tape = reader->tape;
	int got;

	skip_space(reader);
	if (reader->at == reader->end)
		return fail(reader, reader->at, "no value");
	do {
		if (reader->open != TAPE_NONE && tape->nodes[reader->open].type == TAPE_OBJECT &&
			read_name(reader) < 0)
			return FAILED;
		got = read_value(reader);
		if (got == COMPLETE)
			got = read_separators(reader);
		if (got == FAILED)
			return FAILED;
	} while (reader->open != TAPE_NONE);
	skip_space(reader);
	if (reader->at < reader->end)
		return fail(reader, reader->at, "something after the value");
	return COMPLETE;
}

int json_tape_read(struct json_tape *tape, const char *text, size_t len,
	const struct tape_limits *limits, struct tape_error *error)
{
	struct reader reader = {
		.tape = tape,
		.at = text,
		.end = text + len,
		.limits = *limits,
		.open = TAPE_NONE,
	};

	tape->text = text;
	tape->count = 0;
	if (len >= TEXT_MAX_BYTES)
		(void)fail(&reader, text, "a text of 256 MiB or more");
	else if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		(void)fail(&reader, text, "a byte-order mark");
	else {
		if (tape->capacity == 0)
			json_read_room(tape, (uint32_t)(len / BYTES_A_NODE + BYTES_A_NODE));
		if (read_text(&reader) == COMPLETE)
			return 0;
	}
	if (error != NULL)
		*error = (struct tape_error){
			reader.reason, (size_t)(reader.at - text), reader.too_deep};
	tape->text = NULL;
	tape->count = 0;
	return -1;
}
