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
	[AUTH_SERVICE_ACCOUNT] = {"service_account", {"credential"}, 1},
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

#define TEXT_MAX_BYTES 2048

static const struct reader_member members[MEMBER_COUNT] = {
	[MEMBER_METHOD] = {.name = "method", .required = true},
	[MEMBER_HEADER] = {.name = "header"},
	[MEMBER_SCOPE] = {.name = "scope"},
	[MEMBER_AUDIENCE] = {.name = "audience"},
	[MEMBER_SUBJECT] = {.name = "subject"},
	[MEMBER_CLIENT_AUTH] = {.name = "client_auth"},
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
	reader_problem(reader, "must be one of bearer, api_key, basic, service_account, none");
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

/* RFC 6749, section 3.3: words of these, with a space between two. */
static bool is_scope(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if (*at < 0x20 || *at > 0x7e || *at == '"' || *at == '\\')
			return false;
		if (*at == ' ' && (at == text || at[1] == ' ' || at[1] == '\0'))
			return false;
	}
	return true;
}

static bool has_control(const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return true;
	return false;
}

/* One of the texts of a service account. */
static char *read_text(struct reader *reader, uint32_t value, bool scope)
{
	char *text = reader_string(reader, value);

	if (text == NULL)
		return NULL;
	if (text[0] == '\0')
		reader_problem(reader, "is empty: leave it out where none is needed");
	else if (strlen(text) > TEXT_MAX_BYTES)
		reader_problem(reader, "is over 2 KiB");
	else if (has_control(text))
		reader_problem(reader, "holds a control character");
	else if (scope && !is_scope(text))
		reader_problem(reader, "must be words of ASCII without quotes and backslashes, "
				       "with one space between two");
	return text;
}

static void read_client_auth(struct reader *reader, struct definition *definition, uint32_t value)
{
	if (!reader_is(reader, value, TAPE_STRING))
		return;
	definition->auth_client_in_body = tape_string_equals(reader->tape, value, span_of("body"));
	if (!definition->auth_client_in_body)
		reader_problem(reader, "must be \"body\": without it the client's id and secret "
				       "go into HTTP Basic");
}

static void read_service_account(
	struct reader *reader, struct definition *definition, enum member member, uint32_t value)
{
	if (definition->auth != AUTH_SERVICE_ACCOUNT)
		reader_problem(reader, "is only for the method service_account");
	else if (member == MEMBER_SCOPE)
		definition->auth_scope = read_text(reader, value, true);
	else if (member == MEMBER_AUDIENCE)
		definition->auth_audience = read_text(reader, value, false);
	else if (member == MEMBER_SUBJECT)
		definition->auth_subject = read_text(reader, value, false);
	else
		read_client_auth(reader, definition, value);
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
	for (enum member member = MEMBER_SCOPE; known && member < MEMBER_COUNT; member++) {
		if (found[member] == TAPE_NONE)
			continue;
		mark = reader_enter(reader, span_of(members[member].name));
		read_service_account(reader, definition, member, found[member]);
		reader_leave(reader, mark);
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
