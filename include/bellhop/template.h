/* SPDX-License-Identifier: MIT */
/*
 * template: text with `{{placeholders}}`, compiled once and filled often (contract, section 5).
 *
 * `{{name}}`, `{{ customer.email }}`, `{{items.0.id}}`; `\{{` is a literal `{{`. A placeholder's path is a list of
 * segments, each of anything but `.`, `{`, `}`, white space and control characters. What comes out of an input is
 * never scanned again. This module knows the text only: values are found by common/lookup.c, encoded by request_*.c.
 */
#ifndef BELLHOP_TEMPLATE_H
#define BELLHOP_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bellhop/problems.h"
#include "bellhop/span.h"

/* Inputs are nested less deep, so a longer path could never be found. */
#define PLACEHOLDER_MAX_SEGMENTS 32

struct placeholder {
	char *name;	 /* as written, trimmed: "customer.email" */
	char **segments; /* "customer", "email" */
	size_t count;
	bool optional; /* by the schema: set when the action is read */
	uint32_t slot; /* where the lookup of the action puts its value */
};

struct template_part {
	char *literal; /* NULL: a placeholder */
	size_t len;    /* of the literal, which may hold NUL bytes */
	struct placeholder placeholder;
};

struct template
{
	struct template_part *parts;
	size_t count;
	size_t capacity;
};

/* Always leaves a template that can be released; adds to `problems` at `place` what is wrong with the text. */
void template_compile(
	struct template *template, struct span text, const char *place, struct problems *problems);
void template_release(struct template *template);

/* The placeholder where the whole text is one, else NULL. */
const struct placeholder *template_sole(const struct template *template);
/* The text where it has no placeholder, else NULL. */
const char *template_literal(const struct template *template);

/* How a template is made of the pieces of another. An empty literal adds nothing, a literal after a literal joins it;
 * `from` is empty after it was taken. */
void template_add_literal(struct template *template, struct span text);
void template_take_placeholder(struct template *template, struct placeholder *from);

#endif
