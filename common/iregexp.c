/* SPDX-License-Identifier: MIT */
/* iregexp: checks the grammar of RFC 9485 and writes the same for pcre2, without recursion. */
#include "iregexp.h"

#include "bellhop/bug.h"
#include "bellhop/utf8.h"

#define WRITTEN_MAX_BYTES (16 * PATTERN_MAX_BYTES)
#define MAX_REPEAT	  65535 /* pcre2's */
#define MAX_GROUPS	  200	/* inside one another */

struct reader {
	struct span text;
	size_t at;
	struct buf *out;
	unsigned groups; /* open */
	uint32_t least;	 /* the most that a repeat asks for at least */
	bool too_large;
};

static bool sees(const struct reader *reader, char byte)
{
	return reader->at < reader->text.len && reader->text.data[reader->at] == byte;
}

static bool take(struct reader *reader, char byte)
{
	if (!sees(reader, byte))
		return false;
	reader->at++;
	return true;
}

static bool is_one_of(char byte, const char *bytes)
{
	return byte != '\0' && strchr(bytes, byte) != NULL;
}

static void write_character(struct reader *reader, uint32_t character)
{
	buf_printf(reader->out, "\\x{%x}", character);
}

/* Behind a backslash: a character that stands for itself, or \n, \r, \t. */
static bool read_escaped(struct reader *reader, uint32_t *character)
{
	char byte = reader->at < reader->text.len ? reader->text.data[reader->at] : '\0';

	if (byte == 'n')
		*character = '\n';
	else if (byte == 'r')
		*character = '\r';
	else if (byte == 't')
		*character = '\t';
	else if (is_one_of(byte, "()*+-.?[\\]^{|}"))
		*character = (unsigned char)byte;
	else
		return false;
	reader->at++;
	return true;
}

/* A category of characters, at `p{` or `P{` behind a backslash. */
static bool read_category(struct reader *reader)
{
	static const struct {
		char major;
		const char *minors;
	} categories[] = {{'L', "lmotu"}, {'M', "cen"}, {'N', "dlo"}, {'P', "cdefios"},
		{'Z', "lps"}, {'S', "ckmo"}, {'C', "cfno"}};
	const char *name = reader->text.data + reader->at;
	size_t left = reader->text.len - reader->at, len;

	if (left < 4 || (name[0] != 'p' && name[0] != 'P') || name[1] != '{')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(categories); i++) {
		if (name[2] != categories[i].major)
			continue;
		len = is_one_of(name[3], categories[i].minors) ? 5 : 4;
		if (left < len || name[len - 1] != '}')
			return false;
		buf_add_char(reader->out, '\\');
		buf_add(reader->out, name, len);
		reader->at += len;
		return true;
	}
	return false;
}

static uint32_t next_character(struct reader *reader)
{
	uint32_t character = 0;

	reader->at += utf8_next(
		reader->text.data + reader->at, reader->text.len - reader->at, &character);
	return character;
}

/* One end of a range in a class, or a character alone there. */
static bool read_member_character(struct reader *reader, uint32_t *character)
{
	if (reader->at == reader->text.len || is_one_of(reader->text.data[reader->at], "-[]"))
		return false;
	if (take(reader, '\\'))
		return read_escaped(reader, character);
	*character = next_character(reader);
	return true;
}

/* A character, a range or a category. */
static bool read_member(struct reader *reader)
{
	uint32_t from, to;
	size_t start = reader->at;

	if (take(reader, '\\') && read_category(reader))
		return true;
	reader->at = start;
	if (!read_member_character(reader, &from))
		return false;
	write_character(reader, from);
	start = reader->at;
	if (!take(reader, '-'))
		return true;
	if (sees(reader, ']')) {
		reader->at = start; /* a hyphen at the end of the class */
		return true;
	}
	if (!read_member_character(reader, &to) || to < from)
		return false;
	buf_add_char(reader->out, '-');
	write_character(reader, to);
	return true;
}

static bool sees_caret_alone(const struct reader *reader)
{
	return reader->text.len - reader->at >= 2 && reader->text.data[reader->at + 1] == ']';
}

/* Behind a `[`. */
static bool read_class(struct reader *reader)
{
	buf_add_char(reader->out, '[');
	if (sees(reader, '^') && !sees_caret_alone(reader)) {
		buf_add_char(reader->out, '^');
		reader->at++;
	}
	if (take(reader, '-'))
		write_character(reader, '-');
	else if (!read_member(reader))
		return false;
	while (!sees(reader, ']')) {
		if (take(reader, '-')) {
			write_character(reader, '-');
			break;
		}
		if (!read_member(reader))
			return false;
	}
	buf_add_char(reader->out, ']');
	return take(reader, ']');
}

static bool read_group(struct reader *reader)
{
	buf_add_string(reader->out, "(?:");
	if (++reader->groups > MAX_GROUPS)
		reader->too_large = true;
	return true;
}

/* Whether the atom is whole with it: what opens a group is not. */
static bool read_atom(struct reader *reader, bool *whole)
{
	uint32_t character;

	*whole = true;
	switch (reader->text.data[reader->at]) {
	case '(':
		reader->at++;
		*whole = false;
		return read_group(reader);
	case '[':
		reader->at++;
		return read_class(reader);
	case '.':
		reader->at++;
		buf_add_string(reader->out, "[^\\n\\r]");
		return true;
	case '^':
	case '$':
		buf_printf(reader->out, "(?:%c)", reader->text.data[reader->at++]);
		return true;
	case '\\':
		reader->at++;
		if (read_category(reader))
			return true;
		if (!read_escaped(reader, &character))
			return false;
		break;
	default:
		if (is_one_of(reader->text.data[reader->at], "*+?]{}"))
			return false;
		character = next_character(reader);
	}
	write_character(reader, character);
	return true;
}

static bool read_count(struct reader *reader, uint32_t *count)
{
	size_t start = reader->at;

	*count = 0;
	for (; reader->at < reader->text.len && reader->text.data[reader->at] >= '0' &&
		reader->text.data[reader->at] <= '9';
		reader->at++)
		if (*count <= MAX_REPEAT)
			*count = *count * 10 + (uint32_t)(reader->text.data[reader->at] - '0');
	reader->too_large = reader->too_large || *count > MAX_REPEAT;
	return reader->at > start;
}

/* Behind a `{`. */
static bool read_range(struct reader *reader)
{
	uint32_t least, most;

	if (!read_count(reader, &least))
		return false;
	buf_printf(reader->out, "{%u", least);
	if (take(reader, ',')) {
		buf_add_char(reader->out, ',');
		if (read_count(reader, &most)) {
			if (most < least)
				return false;
			buf_printf(reader->out, "%u", most);
		}
	}
	buf_add_char(reader->out, '}');
	if (least > reader->least)
		reader->least = least;
	return take(reader, '}');
}

/* Behind an atom, which it may repeat. */
static bool read_repeat(struct reader *reader)
{
	if (take(reader, '{'))
		return read_range(reader);
	if (reader->at < reader->text.len && is_one_of(reader->text.data[reader->at], "*+?"))
		buf_add_char(reader->out, reader->text.data[reader->at++]);
	return true;
}

static bool read_next(struct reader *reader)
{
	bool whole = true;

	if (take(reader, '|')) {
		buf_add_char(reader->out, '|');
		return true;
	}
	if (take(reader, ')')) {
		if (reader->groups-- == 0)
			return false;
		buf_add_char(reader->out, ')');
		return read_repeat(reader);
	}
	return read_atom(reader, &whole) && (!whole || read_repeat(reader));
}

static enum iregexp_answer compile(struct reader *reader, bool whole, struct pattern **pattern)
{
	struct buf problem;

	buf_add_string(reader->out, whole ? "\\A(?:" : "(?:");
	while (reader->at < reader->text.len)
		if (!read_next(reader))
			return IREGEXP_NONE;
	if (reader->groups > 0)
		return IREGEXP_NONE;
	buf_add_string(reader->out, whole ? ")\\z" : ")");
	BUG_ON(reader->out->overflowed);
	if (reader->too_large)
		return IREGEXP_TOO_LARGE;
	buf_init(&problem, 256);
	*pattern = pattern_make(reader->text, reader->out, reader->least, &problem);
	buf_release(&problem);
	return *pattern != NULL ? IREGEXP_TAKEN : IREGEXP_TOO_LARGE;
}

enum iregexp_answer iregexp_compile(struct span text, bool whole, struct pattern **pattern)
{
	struct buf written;
	struct reader reader = {.text = text, .out = &written, .least = 1};
	enum iregexp_answer answer;

	*pattern = NULL;
	if (text.len > PATTERN_MAX_BYTES)
		return IREGEXP_TOO_LARGE;
	buf_init(&written, WRITTEN_MAX_BYTES);
	answer = compile(&reader, whole, pattern);
	buf_release(&written);
	return answer;
}
