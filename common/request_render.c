/* SPDX-License-Identifier: MIT */
/* request_render: inputs become the exact request. */
#include "request_render.h"

#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/json_number.h"
#include "lookup.h"
#include "pointer.h"
#include "reader.h"

/* An integer of so many bytes is handed on as it was written. */
#define PLAIN_INTEGER_BYTES 18

static const struct tape_limits filled_limits = {
	.depth = 128,
	.values = REQUEST_INPUTS_MAX_BYTES,
};

/* Whether `place` is `pointer` or a part of the way to it. */
static bool is_on_the_way(const char *place, const char *pointer)
{
	size_t len = strlen(place);

	return strncmp(place, pointer, len) == 0 && (pointer[len] == '\0' || pointer[len] == '/');
}

static bool was_said(const struct renderer *renderer, const char *pointer, const char *text)
{
	const struct problems *problems = renderer->problems;

	for (size_t i = renderer->schema_from; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];

		if (i < renderer->schema_to ? is_on_the_way(problem->place, pointer)
					    : strcmp(problem->place, pointer) == 0 &&
						      strcmp(problem->text, text) == 0)
			return true;
	}
	return false;
}

static void add_problem(struct renderer *renderer, const struct buf *pointer, const char *text)
{
	renderer->failed = true;
	if (!was_said(renderer, pointer->data, text))
		problems_add(renderer->problems, pointer->data, "%s", text);
}

void renderer_problem(
	struct renderer *renderer, const struct placeholder *placeholder, const char *text)
{
	struct buf pointer;

	buf_init(&pointer, POINTER_MAX_BYTES);
	placeholder_pointer(placeholder, &pointer);
	add_problem(renderer, &pointer, text);
	buf_release(&pointer);
}

void renderer_problem_in(struct renderer *renderer, const struct placeholder *placeholder,
	size_t index, const char *text)
{
	struct buf pointer;

	buf_init(&pointer, POINTER_MAX_BYTES);
	placeholder_pointer(placeholder, &pointer);
	pointer_add_index(&pointer, index);
	add_problem(renderer, &pointer, text);
	buf_release(&pointer);
}

void renderer_problem_each(
	struct renderer *renderer, const struct template *template, const char *text)
{
	for (size_t i = 0; i < template->count; i++)
		if (template->parts[i].literal == NULL)
			renderer_problem(renderer, &template->parts[i].placeholder, text);
}

void renderer_problem_whole(struct renderer *renderer, const char *text)
{
	renderer->failed = true;
	problems_add(renderer->problems, "", "%s", text);
}

static struct span number_text(struct renderer *renderer, uint32_t value)
{
	struct buf *scratch = &renderer->request->scratch;
	struct span raw = tape_raw(renderer->tape, value);

	if (renderer->tape->nodes[value].integral && raw.len <= PLAIN_INTEGER_BYTES)
		return raw;
	buf_clear(scratch);
	json_number_out(raw, true, scratch);
	return (struct span){scratch->data, scratch->len};
}

enum scalar renderer_text(struct renderer *renderer, uint32_t value, struct span *text)
{
	if (value == TAPE_NONE)
		return SCALAR_NULL;
	switch (tape_type(renderer->tape, value)) {
	case TAPE_NULL:
		return SCALAR_NULL;
	case TAPE_FALSE:
	case TAPE_TRUE:
		*text = tape_raw(renderer->tape, value);
		return SCALAR_TEXT;
	case TAPE_NUMBER:
		*text = number_text(renderer, value);
		return SCALAR_TEXT;
	case TAPE_STRING:
		*text = tape_string_span(renderer->tape, value, &renderer->request->scratch);
		return SCALAR_TEXT;
	default:
		return SCALAR_COMPOUND;
	}
}

/* Defaults are written into a copy of the inputs, which is read again; what lacks none is used as it came. -1: a problem. */
static int fill_defaults(struct renderer *renderer, uint32_t *inputs)
{
	struct request *request = renderer->request;
	const struct schema *schema = renderer->action->inputs;
	struct tape_error error;

	if (!schema_lacks_defaults(schema, renderer->tape, *inputs))
		return 0;
	schema_fill(schema, renderer->tape, *inputs, &request->filled);
	if (request->filled.overflowed) {
		renderer_problem_whole(
			renderer, "the inputs with their defaults filled in are over 4 MiB");
		return -1;
	}
	if (json_tape_read(&request->filled_tape, request->filled.data, request->filled.len,
		    &filled_limits, &error) != 0) {
		problems_add(renderer->problems, "",
			"the inputs with their defaults filled in are too much: %s", error.reason);
		return -1;
	}
	renderer->tape = &request->filled_tape;
	*inputs = 0;
	return 0;
}

static void find_values(struct renderer *renderer, uint32_t inputs)
{
	const struct lookup *lookup = renderer->action->lookup;
	struct request *request = renderer->request;

	if (request->value_capacity < lookup->count) {
		request->values =
			xrealloc(request->values, lookup->count * sizeof(*request->values));
		request->value_capacity = lookup->count;
	}
	lookup_find(lookup, renderer->tape, inputs, &request->scratch, request->values);
	renderer->values = request->values;
}

static int render(struct renderer *renderer, uint32_t inputs, const char *idempotency_value)
{
	const struct action *action = renderer->action;

	if (tape_type(renderer->tape, inputs) != TAPE_OBJECT) {
		problems_add(renderer->problems, "", "the inputs must be an object, not %s",
			reader_type(renderer->tape, inputs));
		return -1;
	}
	if (fill_defaults(renderer, &inputs) != 0)
		return -1;
	renderer->schema_from = renderer->problems->count;
	if (schema_check(action->inputs, renderer->tape, inputs, renderer->problems) != 0)
		renderer->failed = true;
	renderer->schema_to = renderer->problems->count;
	find_values(renderer, inputs);
	render_url(renderer);
	render_body(renderer);
	render_headers(renderer, idempotency_value);
	return renderer->failed ? -1 : 0;
}

int request_render(struct request *request, const struct definition *definition,
	const struct action *action, const struct json_tape *tape, uint32_t inputs,
	const char *idempotency_value, struct problems *problems)
{
	static struct tape_node empty_node = {.len = 2, .next = 1, .type = TAPE_OBJECT};
	static const struct json_tape empty = {.text = "{}", .nodes = &empty_node, .count = 1};
	struct renderer renderer = {
		.request = request,
		.definition = definition,
		.action = action,
		.tape = inputs == TAPE_NONE ? &empty : tape,
		.problems = problems,
	};

	BUG_ON(action->idempotency_header != NULL && idempotency_value == NULL);
	request_clear(request);
	request->method = action->method;
	if (render(&renderer, inputs == TAPE_NONE ? 0 : inputs, idempotency_value) == 0)
		return 0;
	request_clear(request);
	return -1;
}
