/* SPDX-License-Identifier: MIT */
/* jsonpath_parse: reads segments and selectors (RFC 9535, sections 2.3 to 2.5). */
#include "bellhop/alloc.h"
#include "bellhop/utf8.h"
#include "jsonpath_parser.h"

static struct selector *new_selector(struct jsonpath_parser *parser, enum selector_kind kind)
{
	struct selector *selector = arena_take(&parser->path->arena, sizeof(*selector));

	selector->kind = kind;
	return selector;
}

/* At a `:`, perhaps behind a start. */
static int read_slice(struct jsonpath_parser *parser, struct slice *slice)
{
	parser->at++;
	jsonpath_skip_blank(parser);
	if (jsonpath_sees(parser, '-') || jsonpath_sees_digit(parser)) {
		slice->has_end = true;
		if (jsonpath_read_integer(parser, &slice->end) != 0)
			return -1;
		jsonpath_skip_blank(parser);
	}
	if (!jsonpath_sees(parser, ':'))
		return 0;
	parser->at++;
	jsonpath_skip_blank(parser);
	if (jsonpath_sees(parser, '-') || jsonpath_sees_digit(parser))
		return jsonpath_read_integer(parser, &slice->step);
	return 0;
}

static int read_index_or_slice(struct jsonpath_parser *parser, struct selector **selector)
{
	struct slice slice = {.step = 1}, *kept;
	const char *after;

	if (!jsonpath_sees(parser, ':')) {
		slice.has_start = true;
		if (jsonpath_read_integer(parser, &slice.start) != 0)
			return -1;
	}
	after = parser->at;
	jsonpath_skip_blank(parser);
	if (!jsonpath_sees(parser, ':')) {
		parser->at = after;
		*selector = new_selector(parser, SELECT_INDEX);
		(*selector)->index = slice.start;
		return 0;
	}
	if (read_slice(parser, &slice) != 0)
		return -1;
	kept = arena_take(&parser->path->arena, sizeof(*kept));
	*kept = slice;
	*selector = new_selector(parser, SELECT_SLICE);
	(*selector)->slice = kept;
	return 0;
}

static int read_selector(struct jsonpath_parser *parser, struct selector **selector)
{
	if (jsonpath_sees(parser, '\'') || jsonpath_sees(parser, '"')) {
		*selector = new_selector(parser, SELECT_NAME);
		return jsonpath_read_quoted(parser, &(*selector)->name);
	}
	if (jsonpath_sees(parser, '-') || jsonpath_sees(parser, ':') || jsonpath_sees_digit(parser))
		return read_index_or_slice(parser, selector);
	if (jsonpath_sees(parser, '*')) {
		parser->at++;
		*selector = new_selector(parser, SELECT_ALL);
		return 0;
	}
	if (jsonpath_sees(parser, '?')) {
		parser->at++;
		*selector = new_selector(parser, SELECT_FILTER);
		return jsonpath_read_filter(parser, &(*selector)->filter);
	}
	return jsonpath_refuse(parser, parser->at,
		"expected a quoted name, an index, a slice, `*` or a filter (`?`)");
}

static int read_brackets(
	struct jsonpath_parser *parser, struct query *query, struct segment *segment)
{
	struct selector **last = &segment->selectors;

	do {
		parser->at++;
		query->spaced = jsonpath_skip_blank(parser) || query->spaced;
		if (read_selector(parser, last) != 0)
			return -1;
		last = &(*last)->next;
		query->spaced = jsonpath_skip_blank(parser) || query->spaced;
	} while (jsonpath_sees(parser, ','));
	if (!jsonpath_sees(parser, ']'))
		return jsonpath_refuse(parser, parser->at, "expected `,` or `]`");
	parser->at++;
	return 0;
}

static bool sees_name(const struct jsonpath_parser *parser, bool first)
{
	unsigned char byte = parser->at < parser->end ? (unsigned char)*parser->at : 0;
	unsigned char lower = byte | 0x20;

	return byte >= 0x80 || byte == '_' || (lower >= 'a' && lower <= 'z') ||
	       (!first && jsonpath_sees_digit(parser));
}

/* Behind a dot, or two. */
static int read_dotted(struct jsonpath_parser *parser, struct segment *segment)
{
	const char *start = parser->at;
	struct selector *selector;

	if (jsonpath_sees(parser, '*')) {
		parser->at++;
		segment->selectors = new_selector(parser, SELECT_ALL);
		return 0;
	}
	if (!sees_name(parser, true))
		return jsonpath_refuse(parser, start,
			segment->descendant ? "expected a name, `*` or `[` after `..`"
					    : "expected a name or `*` after `.`");
	while (sees_name(parser, false))
		parser->at++;
	selector = segment->selectors = new_selector(parser, SELECT_NAME);
	selector->name.len = (size_t)(parser->at - start);
	selector->name.data = arena_copy(&parser->path->arena, start, selector->name.len);
	return 0;
}

static bool is_single(const struct segment *segment)
{
	const struct selector *selector = segment->selectors;

	return !segment->descendant && selector->next == NULL &&
	       (selector->kind == SELECT_NAME || selector->kind == SELECT_INDEX);
}

static int read_segment(
	struct jsonpath_parser *parser, struct query *query, struct segment *segment)
{
	int result;

	segment->descendant = jsonpath_sees_text(parser, "..");
	if (segment->descendant)
		parser->at += 2;
	else if (jsonpath_sees(parser, '.'))
		parser->at++;
	else
		return read_brackets(parser, query, segment);
	if (segment->descendant && jsonpath_sees(parser, '['))
		result = read_brackets(parser, query, segment);
	else
		result = read_dotted(parser, segment);
	return result;
}

int jsonpath_read_query(struct jsonpath_parser *parser, struct query *query)
{
	struct segment **last = &query->segments;
	const char *after;

	query->relative = *parser->at++ == '@';
	query->singular = true;
	for (;;) {
		after = parser->at;
		jsonpath_skip_blank(parser);
		if (!jsonpath_sees(parser, '.') && !jsonpath_sees(parser, '['))
			break;
		*last = arena_take(&parser->path->arena, sizeof(**last));
		if (read_segment(parser, query, *last) != 0)
			return -1;
		(*last)->single = is_single(*last);
		query->singular = query->singular && (*last)->single;
		last = &(*last)->next;
	}
	parser->at = after;
	return 0;
}

static int read_whole(struct jsonpath_parser *parser)
{
	const char *after;

	if (!utf8_valid(parser->text.data, parser->text.len))
		return jsonpath_refuse(parser, parser->text.data, "a text that is not UTF-8");
	if (!jsonpath_sees(parser, '$'))
		return jsonpath_refuse(parser, parser->at, "expected `$`");
	if (jsonpath_read_query(parser, &parser->path->query) != 0)
		return -1;
	after = parser->at;
	jsonpath_skip_blank(parser);
	if (parser->at < parser->end)
		return jsonpath_refuse(parser, parser->at, "expected `.` or `[`");
	if (after < parser->end)
		return jsonpath_refuse(parser, after, "blank space after the end");
	return 0;
}

struct jsonpath *jsonpath_compile(struct span query, char reason[JSONPATH_REASON_BYTES])
{
	struct jsonpath_parser parser = {
		.text = query,
		.at = query.data,
		.end = query.data + query.len,
		.reason = reason,
		.path = xcalloc(1, sizeof(*parser.path)),
	};

	if (read_whole(&parser) == 0)
		return parser.path;
	jsonpath_free(parser.path);
	return NULL;
}
