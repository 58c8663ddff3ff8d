/* SPDX-License-Identifier: MIT */
/* jsonpath_text: the smallest parts of a query: blank space, quoted texts, numbers (RFC 9535, sections 2.3 and 2.3.5). */
#include <stdio.h>

#include "bellhop/buf.h"
#include "bellhop/utf8.h"
#include "json_text.h"
#include "jsonpath_parser.h"

#define INTEGER_MAX INT64_C(9007199254740991) /* 2^53 - 1: RFC 9535, section 2.1 */

static size_t column(const struct jsonpath_parser *parser, const char *at)
{
	return utf8_length(parser->text.data, (size_t)(at - parser->text.data)) + 1;
}

int jsonpath_refuse(struct jsonpath_parser *parser, const char *at, const char *what)
{
	snprintf(parser->reason, JSONPATH_REASON_BYTES, "%s at column %zu", what,
		column(parser, at));
	return -1;
}

bool jsonpath_sees(const struct jsonpath_parser *parser, char byte)
{
	return parser->at < parser->end && *parser->at == byte;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

bool jsonpath_sees_digit(const struct jsonpath_parser *parser)
{
	return parser->at < parser->end && is_digit(*parser->at);
}

bool jsonpath_sees_text(const struct jsonpath_parser *parser, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(parser->end - parser->at) >= len && memcmp(parser->at, text, len) == 0;
}

bool jsonpath_skip_blank(struct jsonpath_parser *parser)
{
	const char *start = parser->at;

	while (parser->at < parser->end && memchr(" \t\n\r", *parser->at, 4) != NULL)
		parser->at++;
	return parser->at > start;
}

/* The quote may be escaped in its own kind of quotes only; the rest is as in JSON. */
static int read_escape(struct jsonpath_parser *parser, char quote, struct buf *text)
{
	const char *at = parser->at;
	char escaped = parser->end - at > 1 ? at[1] : '\0';
	size_t bytes = escaped == '"' ? 0 : json_text_escape_bytes(at, parser->end);
	struct json_text escape = {.at = at, .end = at + bytes};
	struct span character;

	if (escaped == quote) {
		buf_add_char(text, quote);
		parser->at += 2;
		return 0;
	}
	if (bytes == 0)
		return jsonpath_refuse(parser, at,
			escaped == 'u' ? "a lone surrogate or `\\u` without four hexadecimal digits"
				       : "an unknown escape");
	character = json_text_next(&escape);
	buf_add(text, character.data, character.len);
	parser->at += bytes;
	return 0;
}

static int read_quoted_into(struct jsonpath_parser *parser, struct buf *text)
{
	const char *start = parser->at;
	char quote = *parser->at++;

	while (parser->at < parser->end && *parser->at != quote) {
		unsigned char byte = (unsigned char)*parser->at;

		if (byte < 0x20)
			return jsonpath_refuse(parser, parser->at, "a control character");
		if (byte == '\\') {
			if (read_escape(parser, quote, text) != 0)
				return -1;
		} else {
			buf_add_char(text, (char)byte);
			parser->at++;
		}
	}
	if (parser->at == parser->end)
		return jsonpath_refuse(parser, start, "a quote without its end");
	parser->at++;
	return 0;
}

int jsonpath_read_quoted(struct jsonpath_parser *parser, struct span *text)
{
	struct buf read;
	int result;

	buf_init(&read, parser->text.len);
	result = read_quoted_into(parser, &read);
	if (result == 0)
		*text = (struct span){
			arena_copy(&parser->path->arena, read.data, read.len), read.len};
	buf_release(&read);
	return result;
}

/* The digits of an integer, which begins with no zero that is not all of it. */
static int skip_integer(struct jsonpath_parser *parser, const char *start)
{
	const char *first = parser->at;

	if (!jsonpath_sees_digit(parser))
		return jsonpath_refuse(parser, start, "`-` without digits");
	while (jsonpath_sees_digit(parser))
		parser->at++;
	if (*first == '0' && parser->at - first > 1)
		return jsonpath_refuse(parser, start, "a number with a zero before it");
	return 0;
}

int jsonpath_read_integer(struct jsonpath_parser *parser, int64_t *number)
{
	const char *start = parser->at, *digit;
	bool negative = jsonpath_sees(parser, '-');
	int64_t value = 0;

	digit = parser->at += negative;
	if (skip_integer(parser, start) != 0)
		return -1;
	if (negative && *digit == '0')
		return jsonpath_refuse(parser, start, "a zero with a `-` before it");
	for (; digit < parser->at; digit++) {
		value = value * 10 + (*digit - '0');
		if (value > INTEGER_MAX)
			return jsonpath_refuse(parser, start, "a number beyond 9007199254740991");
	}
	*number = negative ? -value : value;
	return 0;
}

int jsonpath_read_number(struct jsonpath_parser *parser, struct span *text)
{
	const char *start = parser->at;

	parser->at += jsonpath_sees(parser, '-');
	if (skip_integer(parser, start) != 0)
		return -1;
	if (jsonpath_sees(parser, '.')) {
		parser->at++;
		if (!jsonpath_sees_digit(parser))
			return jsonpath_refuse(parser, parser->at, "expected a digit after `.`");
		while (jsonpath_sees_digit(parser))
			parser->at++;
	}
	if (jsonpath_sees(parser, 'e') || jsonpath_sees(parser, 'E')) {
		parser->at++;
		parser->at += jsonpath_sees(parser, '-') || jsonpath_sees(parser, '+');
		if (!jsonpath_sees_digit(parser))
			return jsonpath_refuse(parser, parser->at, "expected a digit after `e`");
		while (jsonpath_sees_digit(parser))
			parser->at++;
	}
	text->len = (size_t)(parser->at - start);
	text->data = arena_copy(&parser->path->arena, start, text->len);
	return 0;
}
