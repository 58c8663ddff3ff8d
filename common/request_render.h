/* SPDX-License-Identifier: MIT */
/* request_render: what the request_*.c files share: where a value comes from, and where a problem with it goes. */
#ifndef BELLHOP_COMMON_REQUEST_RENDER_H
#define BELLHOP_COMMON_REQUEST_RENDER_H

#include "bellhop/request.h"

struct renderer {
	struct request *request;
	const struct definition *definition;
	const struct action *action;
	const struct json_tape *tape;
	const uint32_t *values; /* by slot */
	struct problems *problems;
	size_t schema_from, schema_to; /* the problems that the schema found */
	bool failed;
};

/* The value of a placeholder, or TAPE_NONE. */
static inline uint32_t renderer_value(
	const struct renderer *renderer, const struct placeholder *placeholder)
{
	return renderer->values[placeholder->slot];
}

/* A problem with the value of a placeholder. It is left out where the schema said something of that value, or the
 * same was said before: a value may stand in many places. */
void renderer_problem(
	struct renderer *renderer, const struct placeholder *placeholder, const char *text);
/* The same for an element of its array. */
void renderer_problem_in(struct renderer *renderer, const struct placeholder *placeholder,
	size_t index, const char *text);
/* The same for each placeholder of a template. */
void renderer_problem_each(
	struct renderer *renderer, const struct template *template, const char *text);
/* A problem with no single value. */
void renderer_problem_whole(struct renderer *renderer, const char *text);

enum scalar {
	SCALAR_TEXT,
	SCALAR_NULL,	 /* null or absent */
	SCALAR_COMPOUND, /* an array or object */
};

/* The text of a value; it may lie in the request's scratch, until the next one. */
enum scalar renderer_text(struct renderer *renderer, uint32_t value, struct span *text);

/* Where pairs stand: what goes before the first of them, and the words for values that may not stand there. */
struct pair_place {
	const char *begin;
	const char *missing;
	const char *not_scalar;
};

void render_pairs(struct renderer *renderer, const struct pair_templates *pairs,
	const struct pair_place *place, struct buf *out);
void render_url(struct renderer *renderer);
void render_headers(struct renderer *renderer, const char *idempotency_value);
void render_body(struct renderer *renderer);

/* Adds the line `Name: value` of a header. */
void request_add_header(struct request *request, struct span name, struct span value);

#endif
