/* SPDX-License-Identifier: MIT */
/*
 * template: text with `{{placeholders}}`, compiled once and filled often (contract, section 5).
 *
 * `{{name}}`, `{{ customer.email }}`, `{{items.0.id}}`; `\{{` is a literal `{{`. A placeholder's path is a list of
 * segments, each of anything but `.`, `{`, `}`, white space and control characters. What comes out of an input is
 * never scanned again. This module finds values and their text; each place's encoder is in request.c.
 */
#ifndef BELLHOP_TEMPLATE_H
#define BELLHOP_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "bellhop/json_tape.h"
#include "bellhop/problems.h"
#include "bellhop/span.h"

struct placeholder {
	char *name;	 /* as written, trimmed: "customer.email" */
	char **segments; /* "customer", "email" */
	size_t count;
	bool optional; /* by the schema: set by definition.c */
};

struct template_part {
	char *literal; /* NULL: a placeholder */
	size_t len;
	struct placeholder placeholder;
};

struct template
{
	struct template_part *parts;
	size_t count;
};

/* Always leaves a template that can be released; adds to `problems` at `place` what is wrong with the text. */
void template_compile(
	struct template *template, struct span text, const char *place, struct problems *problems);
void template_release(struct template *template);

/* The placeholder where the whole text is one, else NULL. */
const struct placeholder *template_sole(const struct template *template);
/* The text where it has no placeholder, else NULL. */
const char *template_literal(const struct template *template);

/* The value of a placeholder in an object of inputs, or TAPE_NONE. A segment of digits is an index in an array. */
uint32_t placeholder_find(
	const struct placeholder *placeholder, const struct json_tape *tape, uint32_t inputs);

#endif
