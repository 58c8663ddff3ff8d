/* SPDX-License-Identifier: MIT */
/* reader: walks what an admin wrote and says what is wrong with it, always with its place. */
#include "reader.h"

#include <ctype.h>
#include <inttypes.h>

#include "bellhop/alloc.h"
#include "bellhop/json_out.h"
#include "bellhop/utf8.h"

#define PLACE_MAX_BYTES	  (16 * 1024)
#define NAME_QUOTED_BYTES 64
#define SCRATCH_MAX_BYTES (2 * 1024 * 1024)
#define LIST_MAX_BYTES	  400

void reader_init(struct reader *reader, const struct json_tape *tape, const char *place,
	struct problems *problems)
{
	*reader = (struct reader){.tape = tape, .problems = problems};
	buf_init(&reader->place, PLACE_MAX_BYTES);
	buf_init(&reader->scratch, SCRATCH_MAX_BYTES);
	buf_add_string(&reader->place, place);
}

void reader_release(struct reader *reader)
{
	buf_release(&reader->place);
	buf_release(&reader->scratch);
}

static bool is_plain_word(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.data[i]) && strchr("_-$", name.data[i]) == NULL)
			return false;
	return name.len > 0 && memchr(name.data, '\0', name.len) == NULL;
}

size_t reader_enter(struct reader *reader, struct span name)
{
	size_t mark = reader->place.len, len = utf8_cut(name.data, name.len, NAME_QUOTED_BYTES);

	if (mark > 0)
		buf_add_char(&reader->place, '.');
	if (is_plain_word(name))
		buf_add(&reader->place, name.data, len);
	else
		json_out_string(&reader->place, (struct span){name.data, len});
	if (len < name.len)
		buf_add_string(&reader->place, "…");
	return mark;
}

size_t reader_enter_index(struct reader *reader, size_t index)
{
	size_t mark = reader->place.len;

	buf_add_char(&reader->place, '.');
	buf_add_unsigned(&reader->place, index);
	return mark;
}

void reader_leave(struct reader *reader, size_t mark)
{
	buf_truncate(&reader->place, mark);
	/* What was too long for the place is cut off with the rest. */
	reader->place.overflowed = false;
}

bool reader_is_full(const struct reader *reader)
{
	return reader->problems->errors >= PROBLEMS_MAX;
}

static void __attribute__((format(printf, 3, 0)))
say(struct reader *reader, bool warning, const char *format, va_list args)
{
	struct buf text;

	buf_init(&text, SCRATCH_MAX_BYTES);
	if (warning || !reader_is_full(reader))
		buf_vprintf(&text, format, args);
	(warning ? problems_warn : problems_add)(
		reader->problems, reader->place.data, "%s", text.data);
	buf_release(&text);
}

void reader_problem(struct reader *reader, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(reader, false, format, args);
	va_end(args);
}

void reader_warn(struct reader *reader, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(reader, true, format, args);
	va_end(args);
}

void reader_problem_at(struct reader *reader, const char *name, const char *format, ...)
{
	size_t mark = reader_enter(reader, span_of(name));
	va_list args;

	va_start(args, format);
	say(reader, false, format, args);
	va_end(args);
	reader_leave(reader, mark);
}

/* Says that the member at the present place is not known, and which ones are. */
static void say_unknown(struct reader *reader, const struct reader_member *members, size_t count,
	const char *unknown)
{
	struct buf list;

	if (unknown != NULL || reader_is_full(reader)) {
		reader_problem(reader, "%s", unknown == NULL ? "" : unknown);
		return;
	}
	buf_init(&list, LIST_MAX_BYTES);
	for (size_t i = 0; i < count; i++)
		if (members[i].refusal == NULL)
			buf_printf(&list, "%s%s", list.len == 0 ? "" : ", ", members[i].name);
	reader_problem(reader, "is not known here; known are %s", list.data);
	buf_release(&list);
}

static void find_member(struct reader *reader, struct span name, uint32_t value,
	const struct reader_member *members, size_t count, const char *unknown, uint32_t *found)
{
	size_t i = 0, mark;

	while (i < count && !span_is(name, members[i].name))
		i++;
	if (i < count && members[i].refusal == NULL) {
		found[i] = value;
		return;
	}
	mark = reader_enter(reader, name);
	if (i < count)
		reader_problem(reader, "%s", members[i].refusal);
	else
		say_unknown(reader, members, count, unknown);
	reader_leave(reader, mark);
}

bool reader_members(struct reader *reader, uint32_t object, const struct reader_member *members,
	size_t count, const char *unknown, uint32_t *found)
{
	const struct json_tape *tape = reader->tape;

	for (size_t i = 0; i < count; i++)
		found[i] = TAPE_NONE;
	if (!reader_is(reader, object, TAPE_OBJECT))
		return false;
	for (uint32_t name = tape_first(tape, object); name != TAPE_NONE;) {
		uint32_t value = tape_next(tape, object, name);

		find_member(reader, tape_string_span(tape, name, &reader->scratch), value, members,
			count, unknown, found);
		name = tape_next(tape, object, value);
	}
	for (size_t i = 0; i < count; i++)
		if (members[i].required && found[i] == TAPE_NONE)
			reader_problem_at(reader, members[i].name, "is required");
	return true;
}

const char *reader_type(const struct json_tape *tape, uint32_t value)
{
	switch (tape_type(tape, value)) {
	case TAPE_NULL:
		return "null";
	case TAPE_FALSE:
	case TAPE_TRUE:
		return "a boolean";
	case TAPE_NUMBER:
		return "a number";
	case TAPE_STRING:
		return "a string";
	case TAPE_ARRAY:
		return "an array";
	case TAPE_OBJECT:
		return "an object";
	}
	return "nothing";
}

bool reader_is(struct reader *reader, uint32_t value, enum tape_type type)
{
	static const char *const words[] = {[TAPE_NUMBER] = "a number",
		[TAPE_STRING] = "a string",
		[TAPE_ARRAY] = "an array",
		[TAPE_OBJECT] = "an object"};

	if (tape_type(reader->tape, value) == type)
		return true;
	reader_problem(reader, "must be %s, not %s", words[type], reader_type(reader->tape, value));
	return false;
}

char *reader_string(struct reader *reader, uint32_t string)
{
	struct span text;

	if (!reader_is(reader, string, TAPE_STRING))
		return NULL;
	text = tape_string_span(reader->tape, string, &reader->scratch);
	if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL) {
		reader_problem(reader, "may not hold U+0000");
		return NULL;
	}
	return xmemdup(text.data, text.len);
}

bool reader_boolean(struct reader *reader, uint32_t value, bool *out)
{
	enum tape_type type = tape_type(reader->tape, value);

	if (type != TAPE_TRUE && type != TAPE_FALSE) {
		reader_problem(reader, "must be true or false");
		return false;
	}
	*out = type == TAPE_TRUE;
	return true;
}

bool reader_integer(
	struct reader *reader, uint32_t value, int64_t least, int64_t most, int64_t *out)
{
	int64_t number;

	if (tape_type(reader->tape, value) == TAPE_NUMBER &&
		tape_int64(reader->tape, value, &number) == 0 && number >= least &&
		number <= most) {
		*out = number;
		return true;
	}
	if (most == INT64_MAX)
		reader_problem(reader, "must be an integer, at least %" PRId64, least);
	else
		reader_problem(
			reader, "must be an integer from %" PRId64 " to %" PRId64, least, most);
	return false;
}

int reader_word(struct reader *reader, uint32_t value, const char *const *words, size_t count)
{
	struct buf list;

	for (size_t i = 0; i < count; i++)
		if (tape_type(reader->tape, value) == TAPE_STRING &&
			tape_string_equals(reader->tape, value, span_of(words[i])))
			return (int)i;
	buf_init(&list, LIST_MAX_BYTES);
	for (size_t i = 0; i < count; i++)
		buf_printf(&list, "%s%s", i == 0 ? "" : ", ", words[i]);
	reader_problem(reader, "must be one of %s", list.data);
	buf_release(&list);
	return -1;
}
