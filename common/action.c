/* SPDX-License-Identifier: MIT */
/* action: one HTTP call of an integration, read member by member. */
#include "action_read.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "header_name.h"
#include "lookup.h"

#define DEFAULT_IDEMPOTENCY_HEADER "Idempotency-Key"
#define DEFAULT_CONTENT_TYPE	   "application/json"

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE };

static const char *const methods[] = {
	[METHOD_GET] = "GET",
	[METHOD_POST] = "POST",
	[METHOD_PUT] = "PUT",
	[METHOD_PATCH] = "PATCH",
	[METHOD_DELETE] = "DELETE",
};

static const char *const idempotencies[] = {
	[IDEMPOTENCY_SAFE] = "safe",
	[IDEMPOTENCY_IDEMPOTENT] = "idempotent",
	[IDEMPOTENCY_KEY] = "key",
	[IDEMPOTENCY_NONE] = "none",
};

enum member {
	MEMBER_TITLE,
	MEMBER_DESCRIPTION,
	MEMBER_METHOD,
	MEMBER_PATH,
	MEMBER_QUERY,
	MEMBER_HEADERS,
	MEMBER_BODY,
	MEMBER_CONTENT_TYPE,
	MEMBER_INPUTS,
	MEMBER_OUTPUT,
	MEMBER_KIND,
	MEMBER_REQUIRES_CONFIRMATION,
	MEMBER_IDEMPOTENCY,
	MEMBER_IDEMPOTENCY_HEADER,
	MEMBER_TIMEOUT_MS,
	MEMBER_RATE_LIMIT,
	MEMBER_ENABLED,
	MEMBER_COUNT,
};

static const struct reader_member members[MEMBER_COUNT] = {
	[MEMBER_TITLE] = {.name = "title"},
	[MEMBER_DESCRIPTION] = {.name = "description"},
	[MEMBER_METHOD] = {.name = "method", .required = true},
	[MEMBER_PATH] = {.name = "path", .required = true},
	[MEMBER_QUERY] = {.name = "query"},
	[MEMBER_HEADERS] = {.name = "headers"},
	[MEMBER_BODY] = {.name = "body"},
	[MEMBER_CONTENT_TYPE] = {.name = "content_type"},
	[MEMBER_INPUTS] = {.name = "inputs"},
	[MEMBER_OUTPUT] = {.name = "output"},
	[MEMBER_KIND] = {.name = "kind"},
	[MEMBER_REQUIRES_CONFIRMATION] = {.name = "requires_confirmation"},
	[MEMBER_IDEMPOTENCY] = {.name = "idempotency"},
	[MEMBER_IDEMPOTENCY_HEADER] = {.name = "idempotency_header"},
	[MEMBER_TIMEOUT_MS] = {.name = "timeout_ms"},
	[MEMBER_RATE_LIMIT] = {.name = "rate_limit"},
	[MEMBER_ENABLED] = {.name = "enabled", .refusal = SWITCH_REFUSAL},
};

const char *action_method(struct span text)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (span_is(text, methods[i]))
			return methods[i];
	return NULL;
}

const char *idempotency_name(enum idempotency idempotency)
{
	return idempotencies[idempotency];
}

static void read_title(struct action_reader *reader, uint32_t value)
{
	reader->action->title = reader_string(reader->reader, value);
}

static void read_description(struct action_reader *reader, uint32_t value)
{
	reader->action->description = reader_string(reader->reader, value);
}

static bool has_method(const struct action *action, enum method method)
{
	return action->method == methods[method];
}

static void read_method(struct action_reader *reader, uint32_t value)
{
	int method = reader_word(reader->reader, value, methods, ARRAY_SIZE(methods));

	if (method >= 0)
		reader->action->method = methods[method];
}

static void read_kind(struct action_reader *reader, uint32_t value)
{
	static const char *const kinds[] = {"read", "write"};
	struct action *action = reader->action;
	int kind = reader_word(reader->reader, value, kinds, ARRAY_SIZE(kinds));

	if (kind < 0)
		return;
	action->write = kind == 1;
	if (action->write || has_method(action, METHOD_GET))
		return;
	if (has_method(action, METHOD_POST))
		reader_warn(reader->reader,
			"is read although the method is POST: it is sent without "
			"a confirmation, and may be sent twice");
	else if (action->method != NULL)
		reader_problem(reader->reader, "is read, but %s is a write", action->method);
}

static void read_confirmation(struct action_reader *reader, uint32_t value)
{
	struct action *action = reader->action;

	if (reader_boolean(reader->reader, value, &action->requires_confirmation) &&
		action->write && !action->requires_confirmation)
		reader_warn(reader->reader,
			"is false for a write: a chat changes things without asking a person");
}

static void read_idempotency(struct action_reader *reader, uint32_t value)
{
	int word = reader_word(reader->reader, value, idempotencies, ARRAY_SIZE(idempotencies));

	if (word >= 0)
		reader->action->idempotency = (enum idempotency)word;
}

static void read_idempotency_header(struct action_reader *reader, uint32_t value)
{
	struct reader *at = reader->reader;
	const char *auth_header = reader->definition->auth_header;
	char *text = reader_string(at, value);

	if (text == NULL)
		return;
	if (reader->action->idempotency != IDEMPOTENCY_KEY)
		reader_problem(at, "is only for idempotency `key`");
	else if (!header_name_is_token(span_of(text)))
		reader_problem(at, "is no header name");
	else if (header_name_is_owned(span_of(text)))
		reader_problem(at, "is a header that Bellhop sets itself");
	else if (auth_header != NULL && header_name_equals(span_of(text), auth_header))
		reader_problem(at, "is the header that carries the credential");
	free(reader->action->idempotency_header);
	reader->action->idempotency_header = text;
}

static void read_body(struct action_reader *reader, uint32_t value)
{
	if (has_method(reader->action, METHOD_GET))
		reader_problem(reader->reader, "may not be there with GET");
	action_read_body(reader, value);
}

static void read_query(struct action_reader *reader, uint32_t value)
{
	if (reader_is(reader->reader, value, TAPE_OBJECT))
		action_read_pairs(reader, value, &reader->action->query);
}

static void read_output(struct action_reader *reader, uint32_t value)
{
	struct reader *at = reader->reader;

	reader->action->output = mapping_compile(at->tape, value, at->place.data, at->problems);
}

static void read_member(struct action_reader *reader, const uint32_t *found, enum member member,
	void (*read)(struct action_reader *reader, uint32_t value))
{
	size_t mark;

	if (found[member] == TAPE_NONE)
		return;
	mark = reader_enter(reader->reader, span_of(members[member].name));
	read(reader, found[member]);
	reader_leave(reader->reader, mark);
}

/* What may the same call do twice? The defaults need the kind, the kind needs the method. */
static void read_behavior(struct action_reader *reader, const uint32_t *found)
{
	struct action *action = reader->action;

	read_member(reader, found, MEMBER_METHOD, read_method);
	action->write = !has_method(action, METHOD_GET);
	read_member(reader, found, MEMBER_KIND, read_kind);
	action->requires_confirmation = action->write;
	read_member(reader, found, MEMBER_REQUIRES_CONFIRMATION, read_confirmation);
	action->idempotency = IDEMPOTENCY_NONE;
	if (!action->write)
		action->idempotency = IDEMPOTENCY_SAFE;
	else if (has_method(action, METHOD_PUT) || has_method(action, METHOD_DELETE))
		action->idempotency = IDEMPOTENCY_IDEMPOTENT;
	read_member(reader, found, MEMBER_IDEMPOTENCY, read_idempotency);
	if (action->idempotency == IDEMPOTENCY_KEY)
		action->idempotency_header = xstrdup(DEFAULT_IDEMPOTENCY_HEADER);
	read_member(reader, found, MEMBER_IDEMPOTENCY_HEADER, read_idempotency_header);
	action->timeout_ms = DEFINITION_TIMEOUT_MS;
	read_member(reader, found, MEMBER_TIMEOUT_MS, action_read_timeout);
	action->limit_calls = reader->rules->limit_calls;
	action->limit_window_s = reader->rules->limit_window_s;
	read_member(reader, found, MEMBER_RATE_LIMIT, action_read_rate_limit);
}

/* The default header may be the one that carries the credential; only a named one was checked. */
static void check_default_header(struct action_reader *reader, const uint32_t *found)
{
	const char *auth_header = reader->definition->auth_header;

	if (reader->action->idempotency == IDEMPOTENCY_KEY &&
		found[MEMBER_IDEMPOTENCY_HEADER] == TAPE_NONE && auth_header != NULL &&
		header_name_equals(span_of(auth_header), DEFAULT_IDEMPOTENCY_HEADER))
		reader_problem_at(reader->reader, "idempotency_header",
			"is needed, for the header %s carries the credential", auth_header);
}

static void read_request(struct action_reader *reader, const uint32_t *found)
{
	struct action *action = reader->action;

	read_member(reader, found, MEMBER_PATH, action_read_path);
	read_member(reader, found, MEMBER_QUERY, read_query);
	action_read_headers(reader, found[MEMBER_HEADERS]);
	read_member(reader, found, MEMBER_CONTENT_TYPE, action_read_content_type);
	read_member(reader, found, MEMBER_BODY, read_body);
	if (action->content_type != NULL && found[MEMBER_BODY] == TAPE_NONE) {
		size_t mark = reader_enter(reader->reader, span_of("content_type"));

		reader_warn(reader->reader, "is not sent, for there is no body");
		reader_leave(reader->reader, mark);
		free(action->content_type);
		action->content_type = NULL;
	}
	if (action->body.kind != BODY_NONE && action->content_type == NULL)
		action->content_type = xstrdup(DEFAULT_CONTENT_TYPE);
}

void action_read(struct action_reader *reader, struct span name, uint32_t value)
{
	struct action *action = reader->action;
	uint32_t found[MEMBER_COUNT];

	action->name = xmemdup(name.data, name.len);
	(void)reader_members(reader->reader, value, members, MEMBER_COUNT, NULL, found);
	read_member(reader, found, MEMBER_TITLE, read_title);
	read_member(reader, found, MEMBER_DESCRIPTION, read_description);
	if (action->title == NULL)
		action->title = xstrdup(action->name);
	if (action->description == NULL)
		action->description = xstrdup("");
	read_behavior(reader, found);
	check_default_header(reader, found);
	read_request(reader, found);
	action_read_inputs(reader, found[MEMBER_INPUTS]);
	read_member(reader, found, MEMBER_OUTPUT, read_output);
}

void action_release(struct action *action)
{
	free(action->name);
	free(action->title);
	free(action->description);
	free(action->idempotency_header);
	template_release(&action->path);
	pairs_release(&action->query);
	for (size_t i = 0; i < action->header_count; i++) {
		free(action->headers[i].name);
		template_release(&action->headers[i].value);
	}
	free(action->headers);
	free(action->content_type);
	body_template_release(&action->body);
	schema_free(action->inputs);
	if (action->lookup != NULL)
		lookup_release(action->lookup);
	free(action->lookup);
	mapping_free(action->output);
	*action = (struct action){0};
}
