/* SPDX-License-Identifier: MIT */
/* jsonpath_call: reads the call of a function, and sees that its arguments are of the right kind (RFC 9535, section 2.4). */
#include <stdio.h>

#include "iregexp.h"
#include "jsonpath_parser.h"

static const struct function_info {
	const char *name;
	unsigned arguments;
	bool logical; /* true or false, else a value */
	bool nodes;   /* takes all that a query finds, else one value each */
} functions[] = {
	[FUNCTION_LENGTH] = {"length", 1, false, false},
	[FUNCTION_COUNT] = {"count", 1, false, true},
	[FUNCTION_VALUE] = {"value", 1, false, true},
	[FUNCTION_MATCH] = {"match", 2, true, false},
	[FUNCTION_SEARCH] = {"search", 2, true, false},
};

bool jsonpath_call_is_logical(const struct call *call)
{
	return functions[call->function].logical;
}

static bool sees_name(const struct jsonpath_parser *parser)
{
	char byte = parser->at < parser->end ? *parser->at : '\0';

	return (byte >= 'a' && byte <= 'z') || byte == '_' || jsonpath_sees_digit(parser);
}

static int read_name(struct jsonpath_parser *parser, struct call *call)
{
	const char *start = parser->at;
	struct span name;

	while (sees_name(parser))
		parser->at++;
	name = (struct span){start, (size_t)(parser->at - start)};
	if (!jsonpath_sees(parser, '('))
		return jsonpath_refuse(parser, start,
			"a word that is neither `true`, `false`, `null` nor a function with its "
			"`(`");
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (span_is(name, functions[i].name)) {
			call->function = (enum function)i;
			return 0;
		}
	return jsonpath_refuse(parser, start,
		"an unknown function (there are length, count, value, match and search)");
}

static int check_argument(struct jsonpath_parser *parser, const char *at, const struct call *call,
	const struct operand *argument)
{
	if (functions[call->function].nodes)
		return argument->kind == OPERAND_QUERY
			       ? 0
			       : jsonpath_refuse(parser, at, "an argument that is no query");
	if (argument->kind == OPERAND_QUERY && !argument->query->singular)
		return jsonpath_refuse(parser, at,
			"a query that may find more than one value, where one is needed,");
	if (argument->kind == OPERAND_CALL && jsonpath_call_is_logical(argument->call))
		return jsonpath_refuse(
			parser, at, "a function that is true or false, where a value is needed,");
	return 0;
}

static int read_argument(struct jsonpath_parser *parser, struct call *call, unsigned number)
{
	struct operand *argument = &call->arguments[number];
	const char *start;

	jsonpath_skip_blank(parser);
	start = parser->at;
	if (jsonpath_read_operand(parser, argument) != 0 ||
		check_argument(parser, start, call, argument) != 0)
		return -1;
	jsonpath_skip_blank(parser);
	return 0;
}

/* A literal is compiled now. What is no I-Regexp matches nothing (section 2.4.6), and is no error. */
static int compile_pattern(struct jsonpath_parser *parser, const char *start, struct call *call)
{
	const struct operand *argument = &call->arguments[1];
	bool whole = call->function == FUNCTION_MATCH;

	if (!functions[call->function].logical || argument->kind != OPERAND_LITERAL)
		return 0;
	call->literal_pattern = true;
	if (argument->type != TAPE_STRING)
		return 0;
	if (iregexp_compile(argument->text, whole, &call->pattern) == IREGEXP_TOO_LARGE)
		return jsonpath_refuse(parser, start, "a pattern that is too large");
	if (call->pattern != NULL)
		parser->path->pattern_bytes += pattern_bytes(call->pattern);
	if (parser->path->pattern_bytes > JSONPATH_MAX_PATTERN_BYTES)
		return jsonpath_refuse(
			parser, start, "patterns that are too large together: the last begins");
	return 0;
}

static int wrong_count(struct jsonpath_parser *parser, const struct call *call)
{
	const struct function_info *info = &functions[call->function];
	char what[64];

	snprintf(what, sizeof(what), "expected %s of %s()",
		info->arguments == 1 ? "the one argument" : "two arguments", info->name);
	return jsonpath_refuse(parser, parser->at, what);
}

static int read_arguments(struct jsonpath_parser *parser, struct call *call)
{
	unsigned count = functions[call->function].arguments;
	const char *start = parser->at;

	for (unsigned i = 0; i < count; i++) {
		jsonpath_skip_blank(parser);
		if (jsonpath_sees(parser, ')'))
			return wrong_count(parser, call);
		start = parser->at;
		if (read_argument(parser, call, i) != 0)
			return -1;
		if (i + 1 < count && !jsonpath_sees(parser, ','))
			return wrong_count(parser, call);
		parser->at += i + 1 < count;
	}
	if (jsonpath_sees(parser, ','))
		return wrong_count(parser, call);
	if (!jsonpath_sees(parser, ')'))
		return jsonpath_refuse(parser, parser->at, "expected `)`");
	parser->at++;
	return compile_pattern(parser, start, call);
}

int jsonpath_read_call(struct jsonpath_parser *parser, const struct call **call)
{
	struct call *read = arena_take(&parser->path->arena, sizeof(*read));
	const char *start = parser->at;

	read->next = parser->path->calls;
	parser->path->calls = read;
	*call = read;
	if (read_name(parser, read) != 0 || jsonpath_enter(parser, start) != 0)
		return -1;
	parser->at++;
	if (read_arguments(parser, read) != 0)
		return -1;
	jsonpath_leave(parser);
	return 0;
}
