/* SPDX-License-Identifier: MIT */
/* jsonpath_filter: reads the logical expression of a filter (RFC 9535, section 2.3.5). */
#include <stdio.h>

#include "jsonpath_parser.h"

static int read_or(struct jsonpath_parser *parser, struct expr **expr);

int jsonpath_enter(struct jsonpath_parser *parser, const char *at)
{
	if (parser->nesting == JSONPATH_MAX_NESTING) {
		char what[80];

		snprintf(what, sizeof(what),
			"more than %d filters, parentheses and calls inside one another",
			JSONPATH_MAX_NESTING);
		return jsonpath_refuse(parser, at, what);
	}
	parser->nesting++;
	return 0;
}

void jsonpath_leave(struct jsonpath_parser *parser)
{
	parser->nesting--;
}

static struct expr *new_expr(struct jsonpath_parser *parser, enum expr_kind kind)
{
	struct expr *expr = arena_take(&parser->path->arena, sizeof(*expr));

	expr->kind = kind;
	return expr;
}

static bool is_word(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
	       (byte >= '0' && byte <= '9');
}

/* `true`, `false` or `null`, and no longer word that begins so. */
static bool read_constant(struct jsonpath_parser *parser, struct operand *operand)
{
	static const struct {
		const char *word;
		enum tape_type type;
	} constants[] = {{"true", TAPE_TRUE}, {"false", TAPE_FALSE}, {"null", TAPE_NULL}};

	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
		size_t len = strlen(constants[i].word);

		if (!jsonpath_sees_text(parser, constants[i].word))
			continue;
		if (parser->at + len < parser->end &&
			(is_word(parser->at[len]) || parser->at[len] == '('))
			continue;
		parser->at += len;
		operand->type = constants[i].type;
		return true;
	}
	return false;
}

static int read_query(struct jsonpath_parser *parser, const struct query **query)
{
	struct query *read = arena_take(&parser->path->arena, sizeof(*read));

	*query = read;
	return jsonpath_read_query(parser, read);
}

int jsonpath_read_operand(struct jsonpath_parser *parser, struct operand *operand)
{
	char byte = parser->at < parser->end ? *parser->at : '\0';

	operand->kind = OPERAND_LITERAL;
	if (byte == '$' || byte == '@') {
		operand->kind = OPERAND_QUERY;
		return read_query(parser, &operand->query);
	}
	if (byte == '\'' || byte == '"') {
		operand->type = TAPE_STRING;
		return jsonpath_read_quoted(parser, &operand->text);
	}
	if (byte == '-' || jsonpath_sees_digit(parser)) {
		operand->type = TAPE_NUMBER;
		return jsonpath_read_number(parser, &operand->text);
	}
	if (read_constant(parser, operand))
		return 0;
	if (byte >= 'a' && byte <= 'z') {
		operand->kind = OPERAND_CALL;
		return jsonpath_read_call(parser, &operand->call);
	}
	return jsonpath_refuse(parser, parser->at,
		"expected a query (`@` or `$`), a text in quotes, a number, `true`, `false`, "
		"`null` or a function");
}

/* The operator at hand, or false where there is none. */
static bool read_comparison(struct jsonpath_parser *parser, enum comparison *comparison)
{
	static const struct {
		const char *text;
		enum comparison comparison;
	} operators[] = {{"==", COMPARE_EQUAL}, {"!=", COMPARE_NOT_EQUAL},
		{"<=", COMPARE_LESS_EQUAL}, {">=", COMPARE_GREATER_EQUAL}, {"<", COMPARE_LESS},
		{">", COMPARE_GREATER}};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (jsonpath_sees_text(parser, operators[i].text)) {
			parser->at += strlen(operators[i].text);
			*comparison = operators[i].comparison;
			return true;
		}
	return false;
}

/* Whether a side of a comparison is one value (section 2.4.3). */
static int check_comparable(
	struct jsonpath_parser *parser, const char *at, const struct operand *operand)
{
	if (operand->kind == OPERAND_CALL && jsonpath_call_is_logical(operand->call))
		return jsonpath_refuse(
			parser, at, "a function that is true or false, which is not compared,");
	if (operand->kind != OPERAND_QUERY)
		return 0;
	if (!operand->query->singular)
		return jsonpath_refuse(parser, at,
			"a query that may find more than one value, which is not compared,");
	if (operand->query->spaced)
		return jsonpath_refuse(
			parser, at, "blank space inside the brackets of a query that is compared,");
	return 0;
}

/* Behind the operator. */
static int read_right(struct jsonpath_parser *parser, struct expr *expr, const struct operand *left)
{
	struct operand *sides = arena_take(&parser->path->arena, 2 * sizeof(*sides));
	const char *start;

	jsonpath_skip_blank(parser);
	start = parser->at;
	sides[0] = *left;
	if (jsonpath_read_operand(parser, &sides[1]) != 0 ||
		check_comparable(parser, start, &sides[1]) != 0)
		return -1;
	expr->kind = EXPR_COMPARE;
	expr->left = &sides[0];
	expr->right = &sides[1];
	return 0;
}

/* What stands alone, as a test of its own. */
static int make_test(struct jsonpath_parser *parser, const char *start, struct expr *expr,
	const struct operand *operand)
{
	if (operand->kind == OPERAND_LITERAL)
		return jsonpath_refuse(parser, start, "a literal that is compared with nothing");
	if (operand->kind == OPERAND_QUERY) {
		expr->kind = EXPR_EXISTS;
		expr->query = operand->query;
		return 0;
	}
	if (!jsonpath_call_is_logical(operand->call))
		return jsonpath_refuse(
			parser, start, "a function whose value is compared with nothing");
	expr->kind = EXPR_CALL;
	expr->call = operand->call;
	return 0;
}

static int read_test_or_comparison(struct jsonpath_parser *parser, struct expr **expr, bool negated)
{
	struct operand left = {.kind = OPERAND_LITERAL};
	const char *start = parser->at, *after;

	*expr = new_expr(parser, EXPR_COMPARE);
	(*expr)->negated = negated;
	if (jsonpath_read_operand(parser, &left) != 0)
		return -1;
	after = parser->at;
	jsonpath_skip_blank(parser);
	if (!read_comparison(parser, &(*expr)->comparison)) {
		parser->at = after;
		return make_test(parser, start, *expr, &left);
	}
	if (negated)
		return jsonpath_refuse(
			parser, start, "a comparison behind `!` without parentheses");
	if (check_comparable(parser, start, &left) != 0)
		return -1;
	return read_right(parser, *expr, &left);
}

/* At `(`. */
static int read_parentheses(struct jsonpath_parser *parser, struct expr **expr, bool negated)
{
	if (jsonpath_enter(parser, parser->at++) != 0)
		return -1;
	jsonpath_skip_blank(parser);
	if (read_or(parser, expr) != 0)
		return -1;
	jsonpath_skip_blank(parser);
	if (!jsonpath_sees(parser, ')'))
		return jsonpath_refuse(parser, parser->at, "expected `)`");
	parser->at++;
	(*expr)->negated ^= negated;
	jsonpath_leave(parser);
	return 0;
}

static int read_basic(struct jsonpath_parser *parser, struct expr **expr)
{
	bool negated = jsonpath_sees(parser, '!');

	if (negated) {
		parser->at++;
		jsonpath_skip_blank(parser);
	}
	if (jsonpath_sees(parser, '('))
		return read_parentheses(parser, expr, negated);
	return read_test_or_comparison(parser, expr, negated);
}

/* Terms with an operator between; one term alone is no list. */
static int read_terms(struct jsonpath_parser *parser, enum expr_kind kind, struct expr **expr)
{
	const char *operator= kind == EXPR_OR ? "||" : "&&";
	struct expr **last = expr, *first;
	const char *after;

	for (;;) {
		if ((kind == EXPR_OR ? read_terms(parser, EXPR_AND, last)
				     : read_basic(parser, last)) != 0)
			return -1;
		after = parser->at;
		jsonpath_skip_blank(parser);
		if (!jsonpath_sees_text(parser, operator))
			break;
		parser->at += 2;
		jsonpath_skip_blank(parser);
		last = &(*last)->next;
	}
	parser->at = after;
	if (last == expr)
		return 0;
	first = *expr;
	*expr = new_expr(parser, kind);
	(*expr)->terms = first;
	return 0;
}

static int read_or(struct jsonpath_parser *parser, struct expr **expr)
{
	return read_terms(parser, EXPR_OR, expr);
}

int jsonpath_read_filter(struct jsonpath_parser *parser, const struct expr **filter)
{
	struct expr *expr;

	if (jsonpath_enter(parser, parser->at - 1) != 0)
		return -1;
	jsonpath_skip_blank(parser);
	if (read_or(parser, &expr) != 0)
		return -1;
	*filter = expr;
	parser->path->filtered = true;
	jsonpath_leave(parser);
	return 0;
}
