/* SPDX-License-Identifier: MIT */
/* problems: everything that is wrong with a text, each with its place. */
#include "bellhop/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/json_out.h"
#include "bellhop/utf8.h"

void problems_init(struct problems *problems)
{
	*problems = (struct problems){0};
}

void problems_release(struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free(problems->items[i].place);
		free(problems->items[i].text);
	}
	free(problems->items);
	problems_init(problems);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Errors and warnings each have PROBLEMS_MAX places, so that warnings never hide an error. */
static bool is_full(const struct problems *problems, bool warning)
{
	size_t errors_kept = smaller(problems->errors, PROBLEMS_MAX);

	return (warning ? problems->count - errors_kept : errors_kept) == PROBLEMS_MAX;
}

/* A copy of at most PROBLEM_MAX_BYTES: both may quote what a stranger wrote. */
static char *copy_cut(const char *text)
{
	size_t len = strnlen(text, PROBLEM_MAX_BYTES + 1);

	return xmemdup(text, utf8_cut(text, len, PROBLEM_MAX_BYTES));
}

static void __attribute__((format(printf, 4, 0)))
add(struct problems *problems, bool warning, const char *place, const char *format, va_list args)
{
	char text[PROBLEM_MAX_BYTES + 2];
	bool full = is_full(problems, warning);

	problems->errors += !warning;
	if (full) {
		problems->not_kept++;
		return;
	}
	(void)vsnprintf(text, sizeof(text), format, args); /* what is longer is cut below */
	problems->items = xgrow(
		problems->items, &problems->capacity, problems->count, sizeof(*problems->items));
	problems->items[problems->count++] =
		(struct problem){copy_cut(place), copy_cut(text), warning};
}

void problems_add(struct problems *problems, const char *place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(problems, false, place, format, args);
	va_end(args);
}

void problems_warn(struct problems *problems, const char *place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(problems, true, place, format, args);
	va_end(args);
}

void problems_json(const struct problems *problems, struct buf *out)
{
	bool first = true;

	buf_add_char(out, '[');
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];

		if (problem->warning)
			continue;
		buf_add_string(out, first ? "{\"path\":" : ",{\"path\":");
		json_out_string(out, span_of(problem->place));
		buf_add_string(out, ",\"problem\":");
		json_out_string(out, span_of(problem->text));
		buf_add_char(out, '}');
		first = false;
	}
	buf_add_char(out, ']');
}

static void add_problem(const struct problem *problem, struct buf *out)
{
	if (problem->place[0] != '\0')
		buf_printf(out, "%s: ", problem->place);
	buf_add_string(out, problem->text);
}

void problems_sentence(const struct problems *problems, struct buf *out)
{
	size_t from = out->len, said = 0;

	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];
		size_t len = strlen(problem->place) + strlen(problem->text) + 4;

		if (problem->warning)
			continue;
		if (said > 0 && out->len - from + len > PROBLEMS_SENTENCE_BYTES)
			break;
		buf_add_string(out, said > 0 ? "; " : "");
		add_problem(problem, out);
		said++;
	}
	if (problems->errors > said)
		buf_printf(out, "; and %zu more problem%s", problems->errors - said,
			problems->errors - said == 1 ? "" : "s");
}
