/* SPDX-License-Identifier: MIT */
/* action_body: the body of an action, read as what its content type says it is. */
#include "action_read.h"

#include <stdlib.h>

void action_read_content_type(struct action_reader *reader, uint32_t value)
{
	char *text = reader_string(reader->reader, value);
	const char *problem;

	if (text == NULL) {
		reader->content = CONTENT_UNKNOWN;
		return;
	}
	problem = content_type_read(span_of(text), &reader->content);
	if (problem != NULL)
		reader_problem(reader->reader, "%s", problem);
	reader->action->content_type = text;
}

static void compile_text(
	struct action_reader *reader, uint32_t string, enum placeholder_place where)
{
	struct body_template *body = &reader->action->body;
	struct reader *at = reader->reader;

	body->kind = BODY_TEXT;
	template_compile(&body->text, tape_string_span(at->tape, string, &at->scratch),
		at->place.data, at->problems);
	action_note(reader, &body->text, where);
}

static void read_json(struct action_reader *reader, uint32_t value)
{
	struct body_template *body = &reader->action->body;
	bool is_text = tape_type(reader->reader->tape, value) == TAPE_STRING;

	body->kind = BODY_JSON;
	body->json =
		is_text ? action_read_json_text(reader, value) : action_read_json(reader, value);
	/* What is wrong is said; its placeholders count all the same. */
	if (body->json == NULL)
		compile_text(reader, value, PLACE_BODY_WHOLE);
}

static void read_form(struct action_reader *reader, uint32_t value)
{
	struct body_template *body = &reader->action->body;
	enum tape_type type = tape_type(reader->reader->tape, value);

	body->kind = BODY_FORM;
	if (type == TAPE_OBJECT)
		action_read_pairs(reader, value, &body->form);
	else
		reader_problem(reader->reader, "must be an object, not %s: a form is pairs",
			reader_type(reader->reader->tape, value));
}

static void read_text(struct action_reader *reader, uint32_t value)
{
	if (tape_type(reader->reader->tape, value) == TAPE_STRING)
		compile_text(reader, value, PLACE_BODY);
	else
		reader_problem(reader->reader,
			"must be a string, not %s: the content_type says that it is a text",
			reader_type(reader->reader->tape, value));
}

/* Of a content type that is none, which is said already. */
static void read_unknown(struct action_reader *reader, uint32_t value)
{
	if (tape_type(reader->reader->tape, value) == TAPE_STRING)
		compile_text(reader, value, PLACE_BODY_WHOLE);
	else
		read_json(reader, value);
}

void action_read_body(struct action_reader *reader, uint32_t value)
{
	static void (*const readers[])(struct action_reader * reader, uint32_t value) = {
		[CONTENT_JSON] = read_json,
		[CONTENT_FORM] = read_form,
		[CONTENT_TEXT] = read_text,
		[CONTENT_UNKNOWN] = read_unknown,
	};

	if (tape_type(reader->reader->tape, value) == TAPE_NULL)
		reader_problem(reader->reader, "may not be null: leave it out where there is none");
	else
		readers[reader->content](reader, value);
}

void body_template_release(struct body_template *body)
{
	body_node_free(body->json);
	pairs_release(&body->form);
	template_release(&body->text);
	*body = (struct body_template){0};
}
