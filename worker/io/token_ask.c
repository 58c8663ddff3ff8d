/* SPDX-License-Identifier: MIT */
/* token_ask: what a token endpoint is sent: a signed assertion, or the client's id and secret. */
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/form.h"
#include "io/clock.h"
#include "io/jwt.h"
#include "io/random.h"
#include "io/token_fetch_private.h"

#define JWT_GRANT    "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define CLIENT_GRANT "client_credentials"
#define BASIC	     "Authorization: Basic "
#define NAMES_BYTES  512 /* of a form, without the values */
#define BASE64	     sodium_base64_VARIANT_ORIGINAL

static struct span optional(const char *text)
{
	return text != NULL ? span_of(text) : (struct span){"", 0};
}

static void add_optional(struct buf *form, const char *name, const char *value)
{
	if (value != NULL)
		form_pair(form, name, span_of(value));
}

static size_t value_bytes(const struct definition *definition)
{
	return FORM_RATIO *
	       (optional(definition->auth_scope).len + optional(definition->auth_audience).len);
}

/* One block of secret memory for all that is secret of the fetch. `redacted`: bytes of the patterns. */
static void take_block(struct token_fetch *fetch, size_t body, size_t line, size_t redacted)
{
	char *at;

	at = fetch->block = secret_memory_take(
		fetch->tools->secrets, body + line + redacted + 2 * (size_t)TOKEN_ANSWER_BYTES);
	buf_over(&fetch->body, at, body);
	buf_over(&fetch->line, at + body, line);
	redact_init(&fetch->redactor, at + body + line, redacted);
	at += body + line + redacted;
	buf_over(&fetch->answer, at, TOKEN_ANSWER_BYTES);
	fetch->unescaped = at + TOKEN_ANSWER_BYTES;
}

static void redact_body(struct token_fetch *fetch, size_t from)
{
	redact_add(
		&fetch->redactor, (struct span){fetch->body.data + from, fetch->body.len - from});
}

static int add_assertion(
	struct token_fetch *fetch, const struct token_request *request, const struct jwt_key *key)
{
	const struct service_account *account = request->account;
	const struct definition *definition = request->definition;
	size_t start;
	char id[33];
	struct jwt_claims claims = {
		.issuer = account->client,
		.subject = account->client,
		.audience = account->token_uri,
		.scope = optional(definition->auth_scope),
		.key_id = account->key_id,
		.issued_at_s = clock_redis_ms() / 1000,
		.id = id,
	};

	if (definition->auth_subject != NULL)
		claims.subject = span_of(definition->auth_subject);
	if (definition->auth_audience != NULL)
		claims.audience = span_of(definition->auth_audience);
	random_hex(id, 16);
	/* Nothing of it needs an escape in a form. */
	form_pair(&fetch->body, "assertion", (struct span){"", 0});
	start = fetch->body.len;
	jwt_write(key, &claims, &fetch->body);
	struct span text = {fetch->body.data + start, fetch->body.len - start};
	buf_add_char(&fetch->body, '.');
	if (jwt_sign(key, text, &fetch->body) < 0)
		return error_set(&fetch->failure.error, ERROR_AUTH_FAILED,
			"The credential's private_key cannot sign: set another one.");
	redact_body(fetch, start);
	return 0;
}

/* Of the claims, which are JSON in base64: each byte may be escaped as six. */
static size_t assertion_bytes(const struct token_request *request)
{
	const struct service_account *account = request->account;
	const struct definition *definition = request->definition;
	size_t text = account->client.len * 2 + account->token_uri.len + account->key_id.len +
		      optional(definition->auth_scope).len +
		      optional(definition->auth_audience).len +
		      optional(definition->auth_subject).len;

	return (6 * text + NAMES_BYTES) * 4 / 3 + JWT_SIGNATURE_BYTES;
}

static int ask_with_key(struct token_fetch *fetch, const struct token_request *request)
{
	const struct service_account *account = request->account;
	size_t assertion = assertion_bytes(request);
	struct jwt_key *key;
	const char *reason;
	int status;

	take_block(fetch, NAMES_BYTES + assertion + value_bytes(request->definition), 1,
		redact_bytes(assertion) + redact_bytes(account->secret.len));
	redact_add(&fetch->redactor, account->secret);
	key = jwt_key_read(account->secret, &reason);
	if (key == NULL)
		return error_set(&fetch->failure.error, ERROR_AUTH_FAILED,
			"The secret credential cannot be used (%s): set it again.", reason);
	form_pair(&fetch->body, "grant_type", span_of(JWT_GRANT));
	status = add_assertion(fetch, request, key);
	jwt_key_free(key);
	add_optional(&fetch->body, "scope", request->definition->auth_scope);
	return status;
}

/* RFC 6749, section 2.3.1: both are encoded as in a form first. */
static void add_basic(struct token_fetch *fetch, const struct service_account *account)
{
	size_t bytes = FORM_RATIO * (account->client.len + account->secret.len) + 2, room;
	char *plain = secret_memory_take(fetch->tools->secrets, bytes), *at;
	struct buf text;

	buf_over(&text, plain, bytes);
	form_encode(&text, account->client);
	buf_add_char(&text, ':');
	form_encode(&text, account->secret);
	buf_add_string(&fetch->line, BASIC);
	room = sodium_base64_encoded_len(text.len, BASE64);
	at = buf_reserve(&fetch->line, room);
	BUG_ON(at == NULL);
	sodium_bin2base64(at, room, (const unsigned char *)text.data, text.len, BASE64);
	buf_commit(&fetch->line, room - 1);
	secret_memory_give(fetch->tools->secrets, plain);
	redact_add(&fetch->redactor, (struct span){at, room - 1});
}

static int ask_as_client(struct token_fetch *fetch, const struct token_request *request)
{
	const struct service_account *account = request->account;
	const struct definition *definition = request->definition;
	size_t encoded = FORM_RATIO * (account->client.len + account->secret.len) + 2;
	size_t basic = sodium_base64_encoded_len(encoded, BASE64);

	take_block(fetch, NAMES_BYTES + encoded + value_bytes(definition), sizeof(BASIC) + basic,
		redact_bytes(basic) + redact_bytes(account->secret.len));
	redact_add(&fetch->redactor, account->secret);
	form_pair(&fetch->body, "grant_type", span_of(CLIENT_GRANT));
	if (definition->auth_client_in_body) {
		form_pair(&fetch->body, "client_id", account->client);
		form_pair(&fetch->body, "client_secret", account->secret);
	} else {
		add_basic(fetch, account);
	}
	add_optional(&fetch->body, "scope", definition->auth_scope);
	add_optional(&fetch->body, "audience", definition->auth_audience);
	return 0;
}

/* As it is written, but for the scheme and the host: of the path a final slash counts. */
static char *url_of(const struct service_account *account)
{
	const char *origin = account->endpoint.origin, *path = account->endpoint.path;
	const struct span uri = account->token_uri;
	const char *slash = uri.data[uri.len - 1] == '/' || path[0] == '\0' ? "/" : "";
	size_t size = strlen(origin) + strlen(path) + 2;
	char *url = xmalloc(size);

	snprintf(url, size, "%s%s%s", origin, path, slash);
	return url;
}

int token_ask(struct token_fetch *fetch, const struct token_request *request)
{
	const struct service_account *account = request->account;
	size_t size = strlen(request->org) + strlen(request->integration) + 16;
	int status;

	fetch->org = xstrdup(request->org);
	fetch->pool = xmalloc(size);
	snprintf(fetch->pool, size, "%s %s token", request->org, request->integration);
	fetch->url = url_of(account);
	fetch->host = xstrdup(account->endpoint.host);
	fetch->port = account->endpoint.port;
	status = account->has_key ? ask_with_key(fetch, request) : ask_as_client(fetch, request);
	BUG_ON(status == 0 && (fetch->body.overflowed || fetch->line.overflowed));
	return status;
}
