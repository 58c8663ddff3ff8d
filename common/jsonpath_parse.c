/* SPDX-License-Identifier: MIT */
/* jsonpath_parse: reads the text of a query (RFC 9535, section 2) by recursive descent without recursion. */
#include <stdio.h>

#include "bellhop/alloc.h"
#include "bellhop/buf.h"
#include "bellhop/jsonpath.h"
#include "bellhop/utf8.h"
#include "json_text.h"
#include "jsonpath_parts.h"

#define INDEX_MAX INT64_C(9007199254740991) /* 2^53 - 1: RFC 9535, section 2.1 */

struct parser {
	struct span text;
	const char *at;
	const char *end;
	char *reason;
	struct jsonpath *path;
};

static size_t column(const struct parser *parser, const char *at)
{
	return utf8_length(parser->text.data, (size_t)(at - parser->text.data)) + 1;
}

static int refuse(struct parser *parser, const char *at, const char *what)
{
	snprintf(parser->reason, JSONPATH_REASON_BYTES, "%s at column %zu", what,
		column(parser, at));
	return -1;
}

static int not_supported(struct parser *parser, const char *at, const char *what)
{
	snprintf(parser->reason, JSONPATH_REASON_BYTES, "%s at column %zu is not supported yet",
		what, column(parser, at));
	return -1;
}

static bool sees(const struct parser *parser, char byte)
{
	return parser->at < parser->end && *parser->at == byte;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool sees_digit(const struct parser *parser)
{
	return parser->at < parser->end && is_digit(*parser->at);
}

static void skip_blank(struct parser *parser)
{
	while (sees(parser, ' ') || sees(parser, '\t') || sees(parser, '\n') || sees(parser, '\r'))
		parser->at++;
}

static struct selector *add_selector(struct parser *parser, enum selector_kind kind)
{
	struct jsonpath *path = parser->path;

	path->selectors =
		xgrow(path->selectors, &path->capacity, path->count, sizeof(*path->selectors));
	path->selectors[path->count] = (struct selector){.kind = kind};
	if (kind == SELECT_ALL)
		path->singular = false;
	return &path->selectors[path->count++];
}

static void add_name(struct parser *parser, const char *name, size_t len)
{
	struct selector *selector = add_selector(parser, SELECT_NAME);

	selector->name = xmemdup(name, len);
	selector->name_len = len;
}

/* The quote may be escaped in its own kind of quotes only; the rest is as in JSON. */
static int read_escape(struct parser *parser, char quote, struct buf *name)
{
	const char *at = parser->at;
	char escaped = parser->end - at > 1 ? at[1] : '\0';
	size_t bytes = escaped == '"' ? 0 : json_text_escape_bytes(at, parser->end);
	struct json_text text = {.at = at, .end = at + bytes};
	struct span character;

	if (escaped == quote) {
		buf_add_char(name, quote);
		parser->at += 2;
		return 0;
	}
	if (bytes == 0)
		return refuse(parser, at,
			escaped == 'u' ? "a lone surrogate or `\\u` without four hexadecimal digits"
				       : "an unknown escape");
	character = json_text_next(&text);
	buf_add(name, character.data, character.len);
	parser->at += bytes;
	return 0;
}

static int read_quoted_into(struct parser *parser, struct buf *name)
{
	const char *start = parser->at;
	char quote = *parser->at++;

	while (parser->at < parser->end && *parser->at != quote) {
		unsigned char byte = (unsigned char)*parser->at;

		if (byte < 0x20)
			return refuse(parser, parser->at, "a control character");
		if (byte == '\\') {
			if (read_escape(parser, quote, name) != 0)
				return -1;
		} else {
			buf_add_char(name, (char)byte);
			parser->at++;
		}
	}
	if (parser->at == parser->end)
		return refuse(parser, start, "a quote without its end");
	parser->at++;
	return 0;
}

static int read_quoted(struct parser *parser)
{
	struct buf name;
	int result;

	buf_init(&name, parser->text.len);
	result = read_quoted_into(parser, &name);
	if (result == 0)
		add_name(parser, name.data, name.len);
	buf_release(&name);
	return result;
}

static int read_index(struct parser *parser)
{
	const char *start = parser->at;
	bool negative = sees(parser, '-');
	int64_t index = 0;

	parser->at += negative;
	if (!sees_digit(parser))
		return refuse(parser, start, "`-` without digits");
	if (*parser->at == '0' &&
		(negative || (parser->end - parser->at > 1 && is_digit(parser->at[1]))))
		return refuse(parser, start, "an index with a zero before it");
	for (; sees_digit(parser); parser->at++) {
		index = index * 10 + (*parser->at - '0');
		if (index > INDEX_MAX)
			return refuse(parser, start, "an index beyond 9007199254740991");
	}
	add_selector(parser, SELECT_INDEX)->index = negative ? -index : index;
	skip_blank(parser);
	if (sees(parser, ':'))
		return not_supported(parser, parser->at, "a slice (`:`)");
	return 0;
}

static int read_selector(struct parser *parser)
{
	if (sees(parser, '\'') || sees(parser, '"'))
		return read_quoted(parser);
	if (sees(parser, '-') || sees_digit(parser))
		return read_index(parser);
	if (sees(parser, '*')) {
		parser->at++;
		add_selector(parser, SELECT_ALL);
		return 0;
	}
	if (sees(parser, ':'))
		return not_supported(parser, parser->at, "a slice (`:`)");
	if (sees(parser, '?'))
		return not_supported(parser, parser->at, "a filter (`?`)");
	return refuse(parser, parser->at, "expected a quoted name, an index or `*`");
}

static int read_brackets(struct parser *parser)
{
	parser->at++;
	skip_blank(parser);
	if (read_selector(parser) != 0)
		return -1;
	skip_blank(parser);
	if (sees(parser, ','))
		return not_supported(parser, parser->at, "a list of selectors (`,`)");
	if (!sees(parser, ']'))
		return refuse(parser, parser->at, "expected `]`");
	parser->at++;
	return 0;
}

static bool sees_name(const struct parser *parser, bool first)
{
	unsigned char byte = parser->at < parser->end ? (unsigned char)*parser->at : 0;
	unsigned char lower = byte | 0x20;

	return byte >= 0x80 || byte == '_' || (lower >= 'a' && lower <= 'z') ||
	       (!first && is_digit((char)byte));
}

static int read_dotted(struct parser *parser)
{
	const char *start = ++parser->at;

	if (sees(parser, '.'))
		return not_supported(parser, start - 1, "a descendant segment (`..`)");
	if (sees(parser, '*')) {
		parser->at++;
		add_selector(parser, SELECT_ALL);
		return 0;
	}
	if (!sees_name(parser, true))
		return refuse(parser, start, "expected a name or `*` after `.`");
	while (sees_name(parser, false))
		parser->at++;
	add_name(parser, start, (size_t)(parser->at - start));
	return 0;
}

static int read_query(struct parser *parser)
{
	if (!utf8_valid(parser->text.data, parser->text.len))
		return refuse(parser, parser->text.data, "a text that is not UTF-8");
	if (!sees(parser, '$'))
		return refuse(parser, parser->at, "expected `$`");
	parser->at++;
	while (parser->at < parser->end) {
		const char *blank = parser->at;
		int result;

		skip_blank(parser);
		if (parser->at == parser->end)
			return refuse(parser, blank, "blank space after the end");
		if (sees(parser, '.'))
			result = read_dotted(parser);
		else if (sees(parser, '['))
			result = read_brackets(parser);
		else
			result = refuse(parser, parser->at, "expected `.` or `[`");
		if (result != 0)
			return -1;
	}
	return 0;
}

struct jsonpath *jsonpath_compile(struct span query, char reason[JSONPATH_REASON_BYTES])
{
	struct parser parser = {
		.text = query,
		.at = query.data,
		.end = query.data + query.len,
		.reason = reason,
		.path = xcalloc(1, sizeof(*parser.path)),
	};

	parser.path->singular = true;
	if (read_query(&parser) == 0)
		return parser.path;
	jsonpath_free(parser.path);
	return NULL;
}
