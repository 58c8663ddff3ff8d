/* SPDX-License-Identifier: MIT */
/* request_body: the body of a request. JSON is filled as a tree and a form as pairs: no value can change its shape. */
#include "request_render.h"

#include "bellhop/json_out.h"

static bool add_node(struct renderer *renderer, const struct body_node *node);

/* A string that is one placeholder: the value as it is. False where it is absent, and dropped. */
static bool add_whole(struct renderer *renderer, const struct placeholder *placeholder)
{
	uint32_t value = renderer_value(renderer, placeholder);

	if (value == TAPE_NONE) {
		if (!placeholder->optional)
			renderer_problem(
				renderer, placeholder, "is required: it stands in the body");
		return false;
	}
	json_out_value(&renderer->request->body, renderer->tape, value);
	return true;
}

/* A value inside a longer string. What is absent and optional leaves nothing. */
static void add_inside(struct renderer *renderer, const struct placeholder *placeholder)
{
	uint32_t value = renderer_value(renderer, placeholder);
	struct buf *body = &renderer->request->body;
	struct span text;

	switch (renderer_text(renderer, value, &text)) {
	case SCALAR_TEXT:
		/* A string without a backslash is written as it will be. */
		if (tape_type(renderer->tape, value) == TAPE_STRING &&
			renderer->tape->nodes[value].escaped)
			json_out_escaped(body, text);
		else
			buf_add(body, text.data, text.len);
		return;
	case SCALAR_NULL:
		if (value != TAPE_NONE)
			buf_add(body, "null", 4);
		else if (!placeholder->optional)
			renderer_problem(
				renderer, placeholder, "is required: it stands in the body");
		return;
	case SCALAR_COMPOUND:
		renderer_problem(renderer, placeholder,
			"must be a string, a number or a boolean: it stands inside a text of the "
			"body");
		return;
	}
}

static void add_string(struct renderer *renderer, const struct template *string)
{
	struct buf *body = &renderer->request->body;

	buf_add_char(body, '"');
	for (size_t i = 0; i < string->count && !body->overflowed; i++) {
		const struct template_part *part = &string->parts[i];

		if (part->literal != NULL)
			buf_add(body, part->literal, part->len);
		else
			add_inside(renderer, &part->placeholder);
	}
	buf_add_char(body, '"');
}

static void add_container(struct renderer *renderer, const struct body_node *node)
{
	struct buf *body = &renderer->request->body;
	bool object = node->type == TAPE_OBJECT, first = true;

	buf_add_char(body, object ? '{' : '[');
	for (size_t i = 0; i < node->count && !body->overflowed; i++) {
		const struct body_node *item = &node->items[i];
		size_t mark = body->len;

		if (!first)
			buf_add_char(body, ',');
		if (object)
			buf_add(body, item->name, item->name_len);
		if (add_node(renderer, item))
			first = false;
		else
			buf_truncate(body, mark);
	}
	buf_add_char(body, object ? '}' : ']');
}

/* False where the node is absent. */
static bool add_node(struct renderer *renderer, const struct body_node *node)
{
	const struct placeholder *sole;

	if (node->text != NULL) {
		buf_add(&renderer->request->body, node->text, node->text_len);
		return true;
	}
	if (node->type != TAPE_STRING) {
		add_container(renderer, node);
		return true;
	}
	sole = template_sole(&node->string);
	if (sole != NULL)
		return add_whole(renderer, sole);
	add_string(renderer, &node->string);
	return true;
}

static void add_scalar(struct renderer *renderer, const struct placeholder *placeholder)
{
	struct span text;

	switch (renderer_text(renderer, renderer_value(renderer, placeholder), &text)) {
	case SCALAR_TEXT:
		buf_add(&renderer->request->body, text.data, text.len);
		return;
	case SCALAR_NULL:
		if (!placeholder->optional)
			renderer_problem(
				renderer, placeholder, "is required: it stands in the body");
		return;
	case SCALAR_COMPOUND:
		renderer_problem(renderer, placeholder,
			"must be a string, a number or a boolean: it stands in the text of the "
			"body");
		return;
	}
}

/* False where the text is one placeholder that has no value. */
static bool add_text(struct renderer *renderer, const struct template *text)
{
	const struct placeholder *sole = template_sole(text);
	struct buf *body = &renderer->request->body;

	for (size_t i = 0; i < text->count && !body->overflowed; i++) {
		const struct template_part *part = &text->parts[i];

		if (part->literal != NULL)
			buf_add(body, part->literal, part->len);
		else
			add_scalar(renderer, &part->placeholder);
	}
	if (sole == NULL)
		return true;
	return renderer_value(renderer, sole) != TAPE_NONE &&
	       tape_type(renderer->tape, renderer_value(renderer, sole)) != TAPE_NULL;
}

/* False where there is no body. */
static bool add_body(struct renderer *renderer, const struct body_template *body)
{
	static const struct pair_place form = {"", "is required: it stands in the form",
		"must be a string, a number or a boolean: it stands in the form"};

	switch (body->kind) {
	case BODY_NONE:
		return false;
	case BODY_JSON:
		return add_node(renderer, body->json);
	case BODY_FORM:
		render_pairs(renderer, &body->form, &form, &renderer->request->body);
		return true;
	case BODY_TEXT:
		return add_text(renderer, &body->text);
	}
	return false;
}

void render_body(struct renderer *renderer)
{
	struct request *request = renderer->request;

	request->has_body = add_body(renderer, &renderer->action->body);
	if (request->body.overflowed)
		renderer_problem_whole(renderer, "the inputs would make a body of over 1 MiB");
}
