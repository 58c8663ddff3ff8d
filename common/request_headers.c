/* SPDX-License-Identifier: MIT */
/* request_headers: the headers of a request, the credential apart. */
#include "request_render.h"

#include "character.h"

void request_add_header(struct request *request, struct span name, struct span value)
{
	struct buf *headers = &request->headers;

	buf_add(headers, name.data, name.len);
	buf_add(headers, ": ", 2);
	buf_add(headers, value.data, value.len);
	buf_add_char(headers, '\0');
	request->header_count++;
}

enum added {
	ADDED,
	ABSENT, /* and optional: the header is dropped */
	REFUSED,
};

static enum added refuse(
	struct renderer *renderer, const struct placeholder *placeholder, const char *text)
{
	renderer_problem(renderer, placeholder, text);
	return REFUSED;
}

static enum added add_value(struct renderer *renderer, const struct placeholder *placeholder)
{
	struct span text;

	switch (renderer_text(renderer, renderer_value(renderer, placeholder), &text)) {
	case SCALAR_NULL:
		return placeholder->optional ? ABSENT
					     : refuse(renderer, placeholder,
						       "is required: it stands in a header");
	case SCALAR_COMPOUND:
		return refuse(renderer, placeholder,
			"must be a string, a number or a boolean: it stands in a header");
	case SCALAR_TEXT:
		break;
	}
	if (character_finds_control(text, false))
		return refuse(renderer, placeholder,
			"has a control character, which may not stand in a header");
	buf_add(&renderer->request->headers, text.data, text.len);
	return ADDED;
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '\t')
			return false;
	return true;
}

/* Adds the parts of a value. */
static enum added add_parts(struct renderer *renderer, const struct template *value)
{
	enum added all = ADDED;

	for (size_t i = 0; i < value->count; i++) {
		const struct template_part *part = &value->parts[i];
		enum added added = ADDED;

		if (part->literal != NULL)
			buf_add(&renderer->request->headers, part->literal, part->len);
		else
			added = add_value(renderer, &part->placeholder);
		if (added == ABSENT)
			return ABSENT;
		if (added == REFUSED)
			all = REFUSED;
	}
	return all;
}

static void add_header(struct renderer *renderer, const struct header_template *header)
{
	struct request *request = renderer->request;
	struct buf *headers = &request->headers;
	size_t mark = headers->len, value;

	buf_add_string(headers, header->name);
	buf_add(headers, ": ", 2);
	value = headers->len;
	switch (add_parts(renderer, &header->value)) {
	case ABSENT:
		buf_truncate(headers, mark);
		return;
	case REFUSED:
		return;
	case ADDED:
		break;
	}
	if (headers->overflowed)
		return; /* is said once, of all */
	if (is_blank(headers->data + value, headers->len - value))
		renderer_problem_each(
			renderer, &header->value, "may not be empty: an empty header is not sent");
	if (headers->len - mark > REQUEST_HEADER_MAX_BYTES)
		renderer_problem_each(
			renderer, &header->value, "would make a header of over 8 KiB");
	buf_add_char(headers, '\0');
	request->header_count++;
}

void render_headers(struct renderer *renderer, const char *idempotency_value)
{
	const struct action *action = renderer->action;
	struct request *request = renderer->request;

	for (size_t i = 0; i < action->header_count && !request->headers.overflowed; i++)
		add_header(renderer, &action->headers[i]);
	if (request->has_body)
		request_add_header(request, span_of("Content-Type"), span_of(action->content_type));
	if (action->idempotency_header != NULL)
		request_add_header(
			request, span_of(action->idempotency_header), span_of(idempotency_value));
	if (request->headers.overflowed)
		renderer_problem_whole(
			renderer, "the inputs would make headers of over 64 KiB together");
}
