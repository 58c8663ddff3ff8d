/* SPDX-License-Identifier: MIT */
/* jsonpath_test: whether the expression of a filter is true of a node. It calls itself as deep as the parser lets it nest. */
#include "jsonpath_run.h"

static int exists(struct jsonpath_run *run, const struct query *query, uint32_t node)
{
	struct jsonpath_sink sink = {.enough = 1};

	if (jsonpath_walk(run, query->segments, jsonpath_origin(query, node), &sink) ==
		JSONPATH_FAILED)
		return -1;
	return sink.count > 0;
}

static int compare(struct jsonpath_run *run, const struct expr *expr, uint32_t node)
{
	struct jsonpath_value left, right;

	if (jsonpath_operand(run, expr->left, node, &left) != 0 ||
		jsonpath_operand(run, expr->right, node, &right) != 0)
		return -1;
	return jsonpath_compare(run, expr->comparison, &left, &right);
}

/* `&&` ends with the first term that is false, `||` with the first that is true. */
static int test_terms(struct jsonpath_run *run, const struct expr *expr, uint32_t node)
{
	int end = expr->kind == EXPR_OR;

	for (const struct expr *term = expr->terms; term != NULL; term = term->next) {
		int result = jsonpath_test(run, term, node);

		if (result < 0 || result == end)
			return result;
	}
	return !end;
}

static int test(struct jsonpath_run *run, const struct expr *expr, uint32_t node)
{
	switch (expr->kind) {
	case EXPR_OR:
	case EXPR_AND:
		return test_terms(run, expr, node);
	case EXPR_EXISTS:
		return exists(run, expr->query, node);
	case EXPR_CALL:
		return jsonpath_call_test(run, expr->call, node);
	case EXPR_COMPARE:
		break;
	}
	return compare(run, expr, node);
}

int jsonpath_test(struct jsonpath_run *run, const struct expr *expr, uint32_t node)
{
	int result = jsonpath_spend(run, 1) != 0 ? -1 : test(run, expr, node);

	return result < 0 || !expr->negated ? result : !result;
}
