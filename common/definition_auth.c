/* SPDX-License-Identifier: MIT */
/* definition_auth: how an integration proves who it is, and where that may be sent. */
#include "action_read.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "header_name.h"

struct method {
	const char *name;
	const char *fields[2];
	size_t field_count;
};

static const struct method methods[] = {
	[AUTH_NONE] = {"none", {NULL}, 0},
	[AUTH_BEARER] = {"bearer", {"token"}, 1},
	[AUTH_API_KEY] = {"api_key", {"key"}, 1},
	[AUTH_BASIC] = {"basic", {"username", "password"}, 2},
};

enum member {
	MEMBER_METHOD,
	MEMBER_HEADER,
	MEMBER_SCOPE,
	MEMBER_AUDIENCE,
	MEMBER_SUBJECT,
	MEMBER_CLIENT_AUTH,
	MEMBER_COUNT,
};

#define SERVICE_ACCOUNT_ONLY "is only for the method service_account, which is not supported yet"

static const struct reader_member members[MEMBER_COUNT] = {
	[MEMBER_METHOD] = {.name = "method", .required = true},
	[MEMBER_HEADER] = {.name = "header"},
	[MEMBER_SCOPE] = {.name = "scope", .refusal = SERVICE_ACCOUNT_ONLY},
	[MEMBER_AUDIENCE] = {.name = "audience", .refusal = SERVICE_ACCOUNT_ONLY},
	[MEMBER_SUBJECT] = {.name = "subject", .refusal = SERVICE_ACCOUNT_ONLY},
	[MEMBER_CLIENT_AUTH] = {.name = "client_auth", .refusal = SERVICE_ACCOUNT_ONLY},
};

const char *const *auth_fields(enum auth_method auth, size_t *count)
{
	*count = methods[auth].field_count;
	return methods[auth].fields;
}

const char *auth_name(enum auth_method auth)
{
	return methods[auth].name;
}

/* True where the method is one that is known. */
static bool read_method(struct reader *reader, struct definition *definition, uint32_t value)
{
	const struct json_tape *tape = reader->tape;

	if (!reader_is(reader, value, TAPE_STRING))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (tape_string_equals(tape, value, span_of(methods[i].name))) {
			definition->auth = (enum auth_method)i;
			return true;
		}
	if (tape_string_equals(tape, value, span_of("service_account")))
		reader_problem(reader, "service_account is not supported yet: use bearer, api_key, "
				       "basic or none");
	else
		reader_problem(reader, "must be one of bearer, api_key, basic, none");
	return false;
}

static void read_header(struct reader *reader, struct definition *definition, uint32_t value)
{
	char *text;

	if (definition->auth != AUTH_API_KEY) {
		reader_problem(reader, "is only for the method api_key");
		return;
	}
	text = reader_string(reader, value);
	if (text == NULL)
		return;
	if (!header_name_is_token(span_of(text)))
		reader_problem(reader, "is no header name");
	else if (header_name_is_owned(span_of(text)) &&
		 !header_name_equals(span_of(text), "Authorization"))
		reader_problem(reader, "is a header that Bellhop sets itself");
	definition->auth_header = text;
}

void definition_read_auth(struct reader *reader, struct definition *definition, uint32_t value)
{
	uint32_t found[MEMBER_COUNT];
	bool known = false;
	size_t mark;

	if (!reader_members(reader, value, members, MEMBER_COUNT, NULL, found))
		return;
	if (found[MEMBER_METHOD] != TAPE_NONE) {
		mark = reader_enter(reader, span_of("method"));
		known = read_method(reader, definition, found[MEMBER_METHOD]);
		reader_leave(reader, mark);
	}
	if (known && found[MEMBER_HEADER] != TAPE_NONE) {
		mark = reader_enter(reader, span_of("header"));
		read_header(reader, definition, found[MEMBER_HEADER]);
		reader_leave(reader, mark);
	} else if (known && definition->auth == AUTH_API_KEY) {
		reader_problem_at(reader, "header",
			"is required: the name of the header that carries the key");
	}
}

void definition_check_clear(struct reader *reader, const struct definition *definition,
	const struct definition_rules *rules)
{
	const struct url *base = &definition->base;

	if (base->origin == NULL || base->https || definition->auth == AUTH_NONE)
		return;
	if (rules->allow_http != NULL && origin_list_has(rules->allow_http, base->origin))
		return;
	reader_problem_at(reader, "base_url",
		"sends the credential in clear: use https://, or ask the operator to allow %s",
		base->origin);
}
