/* SPDX-License-Identifier: MIT */
/* action_headers: the headers of a definition and of its actions, merged. */
#include "action_read.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/request.h"
#include "character.h"
#include "header_name.h"

static bool name_is_allowed(struct reader *reader, const char *auth_header, struct span name)
{
	if (!header_name_is_token(name))
		reader_problem(reader, "is no header name");
	else if (auth_header != NULL && header_name_equals(name, auth_header))
		reader_problem(reader, "carries the credential, so it may not be set");
	else if (header_name_is_owned(name))
		reader_problem(reader, "is a header that Bellhop sets itself");
	else
		return true;
	return false;
}

static bool is_blank(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] != ' ' && text.data[i] != '\t')
			return false;
	return true;
}

static void check_literals(struct reader *reader, const struct template *value)
{
	for (size_t i = 0; i < value->count; i++) {
		const struct template_part *part = &value->parts[i];

		if (part->literal != NULL &&
			character_finds_control((struct span){part->literal, part->len}, false)) {
			reader_problem(reader, "has a control character");
			return;
		}
	}
}

/* Compiles the value of a header; false where it is none. The template is to be released either way. */
static bool read_value(struct reader *reader, uint32_t value, struct template *out)
{
	struct span text;

	*out = (struct template){0};
	if (!reader_is(reader, value, TAPE_STRING))
		return false;
	text = tape_string_span(reader->tape, value, &reader->scratch);
	if (is_blank(text))
		reader_problem(reader, "is empty, and an empty header is not sent");
	if (text.len > REQUEST_HEADER_MAX_BYTES) {
		reader_problem(reader, "is over 8 KiB");
		return false;
	}
	template_compile(out, text, reader->place.data, reader->problems);
	check_literals(reader, out);
	return true;
}

/* Calls `read` with each member of `headers` that has a name of its own, at its place. */
static void each_header(struct reader *reader, uint32_t headers, const char *auth_header,
	void (*read)(void *arg, struct span name, uint32_t value), void *arg)
{
	const struct json_tape *tape = reader->tape;

	if (!reader_is(reader, headers, TAPE_OBJECT))
		return;
	if (tape->nodes[headers].count > DEFINITION_MAX_HEADERS) {
		reader_problem(reader, "has over %d headers", DEFINITION_MAX_HEADERS);
		return;
	}
	for (uint32_t name = tape_first(tape, headers); name != TAPE_NONE;) {
		uint32_t value = tape_next(tape, headers, name);
		struct buf text;
		struct span span;
		size_t mark;

		buf_init(&text, DEFINITION_MAX_BYTES);
		tape_string(tape, name, &text);
		span = (struct span){text.data, text.len};
		mark = reader_enter(reader, span);
		if (name_is_allowed(reader, auth_header, span))
			read(arg, span, value);
		reader_leave(reader, mark);
		buf_release(&text);
		name = tape_next(tape, headers, value);
	}
}

static bool shared_has(const struct shared_headers *headers, struct span name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (header_name_equals(name, headers->items[i].name))
			return true;
	return false;
}

struct shared_reader {
	struct reader *reader;
	struct shared_headers *headers;
};

static void read_shared(void *arg, struct span name, uint32_t value)
{
	struct shared_reader *shared = arg;
	struct shared_headers *headers = shared->headers;
	struct template template;

	if (shared_has(headers, name)) {
		reader_problem(shared->reader, "is there twice, in different case");
		return;
	}
	if (read_value(shared->reader, value, &template)) {
		headers->items =
			xrealloc(headers->items, (headers->count + 1) * sizeof(*headers->items));
		headers->items[headers->count++] =
			(struct shared_header){xmemdup(name.data, name.len), value};
		headers->bytes += name.len + shared->reader->tape->nodes[value].len;
		for (size_t i = 0; i < template.count; i++)
			headers->placeholders += template.parts[i].literal == NULL;
	}
	template_release(&template);
}

void shared_headers_read(struct reader *reader, const char *auth_header, uint32_t value,
	struct shared_headers *headers)
{
	struct shared_reader shared = {reader, headers};

	each_header(reader, value, auth_header, read_shared, &shared);
	if (headers->bytes > REQUEST_HEADERS_MAX_BYTES)
		reader_problem(reader, "are over 64 KiB together");
	else if (headers->placeholders > DEFINITION_MAX_PLACEHOLDERS)
		reader_problem(reader, "have over %d placeholders", DEFINITION_MAX_PLACEHOLDERS);
	else
		return;
	shared_headers_release(headers); /* each action would have a copy */
}

void shared_headers_release(struct shared_headers *headers)
{
	for (size_t i = 0; i < headers->count; i++)
		free(headers->items[i].name);
	free(headers->items);
	*headers = (struct shared_headers){0};
}

static struct header_template *add_header(struct action *action, struct span name)
{
	struct header_template *header;

	action->headers =
		xrealloc(action->headers, (action->header_count + 1) * sizeof(*action->headers));
	header = &action->headers[action->header_count++];
	*header = (struct header_template){.name = xmemdup(name.data, name.len)};
	return header;
}

/* A header of the definition that the action does not replace. */
static void add_shared(struct action_reader *reader, const struct shared_header *shared)
{
	struct action *action = reader->action;
	struct header_template *header = add_header(action, span_of(shared->name));
	struct reader *at = reader->reader;
	struct problems said; /* when the definition's headers were read */
	struct buf place;

	buf_init(&place, 1024);
	buf_printf(&place, "headers.%s", shared->name);
	if (action->idempotency_header != NULL &&
		header_name_equals(span_of(shared->name), action->idempotency_header))
		problems_add(at->problems, place.data, "is the idempotency header of the action %s",
			action->name);
	problems_init(&said);
	template_compile(
		&header->value, tape_string_span(at->tape, shared->value, &at->scratch), "", &said);
	action_note_shared(reader, &header->value, place.data);
	problems_release(&said);
	buf_release(&place);
}

static struct header_template *find_header(struct action *action, struct span name)
{
	for (size_t i = 0; i < action->header_count; i++)
		if (header_name_equals(name, action->headers[i].name))
			return &action->headers[i];
	return NULL;
}

static void read_own(void *arg, struct span name, uint32_t value)
{
	struct action_reader *reader = arg;
	struct action *action = reader->action;
	struct header_template *header;

	if (find_header(action, name) != NULL) {
		reader_problem(reader->reader, "is there twice, in different case");
		return;
	}
	if (action->idempotency_header != NULL &&
		header_name_equals(name, action->idempotency_header))
		reader_problem(reader->reader, "is the idempotency header, so it may not be set");
	header = add_header(action, name);
	(void)read_value(reader->reader, value, &header->value); /* says what is wrong */
	action_note(reader, &header->value, PLACE_HEADER);
}

void action_read_headers(struct action_reader *reader, uint32_t value)
{
	struct action *action = reader->action;
	const struct shared_headers *shared = reader->shared;
	size_t mark;

	if (value != TAPE_NONE) {
		mark = reader_enter(reader->reader, span_of("headers"));
		each_header(
			reader->reader, value, reader->definition->auth_header, read_own, reader);
		reader_leave(reader->reader, mark);
	}
	for (size_t i = 0; i < shared->count; i++)
		if (find_header(action, span_of(shared->items[i].name)) == NULL)
			add_shared(reader, &shared->items[i]);
	if (action->header_count > DEFINITION_MAX_HEADERS)
		reader_problem_at(reader->reader, "headers",
			"has over %d headers, the definition's included", DEFINITION_MAX_HEADERS);
}
