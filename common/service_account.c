/* SPDX-License-Identifier: MIT */
/* service_account: what the credential of an integration with the method service_account says. */
#include "bellhop/service_account.h"

#include <sodium.h>

#include "bellhop/bug.h"
#include "bellhop/json_tape.h"
#include "bellhop/redact.h"

#define STRING_MAX_BYTES 2048 /* of all but the secret */

enum member {
	CLIENT_EMAIL,
	PRIVATE_KEY,
	PRIVATE_KEY_ID,
	CLIENT_ID,
	CLIENT_SECRET,
	TOKEN_URI,
	MEMBER_COUNT,
};

static const char *const names[MEMBER_COUNT] = {
	[CLIENT_EMAIL] = "client_email",
	[PRIVATE_KEY] = "private_key",
	[PRIVATE_KEY_ID] = "private_key_id",
	[CLIENT_ID] = "client_id",
	[CLIENT_SECRET] = "client_secret",
	[TOKEN_URI] = "token_uri",
};

struct credential_reader {
	struct json_tape tape;
	char *memory;
	size_t size, used;
	struct error *error;
};

#define REFUSE(reader, ...) error_set((reader)->error, ERROR_SECRET_UNREADABLE, __VA_ARGS__)

static bool has_control(struct span text, bool lines)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		if ((byte < 0x20 && !(lines && (byte == '\n' || byte == '\r' || byte == '\t'))) ||
			byte == 0x7f)
			return true;
	}
	return false;
}

/* Unescaped, into the memory that the caller gave. */
static int read_string(struct credential_reader *reader, enum member member, struct span *out)
{
	uint32_t value = tape_member(&reader->tape, 0, names[member]);
	bool secret = member == PRIVATE_KEY || member == CLIENT_SECRET;
	struct buf text;

	*out = (struct span){"", 0};
	if (value == TAPE_NONE)
		return REFUSE(reader, "it has no %s", names[member]);
	if (tape_type(&reader->tape, value) != TAPE_STRING)
		return REFUSE(reader, "its %s is not a string", names[member]);
	buf_over(&text, reader->memory + reader->used, reader->size - reader->used);
	tape_string(&reader->tape, value, &text);
	BUG_ON(text.overflowed);
	reader->used += text.len;
	*out = (struct span){text.data, text.len};
	if (text.len == 0)
		return REFUSE(reader, "its %s is empty", names[member]);
	if (!secret && text.len > STRING_MAX_BYTES)
		return REFUSE(reader, "its %s is too long", names[member]);
	if (has_control(*out, member == PRIVATE_KEY))
		return REFUSE(reader, "its %s holds a control character", names[member]);
	return 0;
}

static bool has(const struct credential_reader *reader, enum member member)
{
	return tape_member(&reader->tape, 0, names[member]) != TAPE_NONE;
}

static bool is_pem(struct span text)
{
	static const char end[] = "-----END ";
	size_t begin = strspn(text.data, " \t\r\n");

	return strncmp(text.data + begin, "-----BEGIN ", 11) == 0 &&
	       memmem(text.data, text.len, end, strlen(end)) != NULL;
}

static int read_key_file(struct credential_reader *reader, struct service_account *account)
{
	account->has_key = true;
	if (read_string(reader, CLIENT_EMAIL, &account->client) < 0)
		return -1;
	if (has(reader, PRIVATE_KEY_ID) &&
		read_string(reader, PRIVATE_KEY_ID, &account->key_id) < 0)
		return -1;
	/* The last one: a NUL follows it. */
	if (read_string(reader, PRIVATE_KEY, &account->secret) < 0)
		return -1;
	if (!is_pem(account->secret))
		return REFUSE(reader, "its private_key is not PEM (-----BEGIN PRIVATE KEY-----)");
	return 0;
}

static int read_client(struct credential_reader *reader, struct service_account *account)
{
	if (read_string(reader, CLIENT_ID, &account->client) < 0)
		return -1;
	return read_string(reader, CLIENT_SECRET, &account->secret);
}

static int read_endpoint(struct credential_reader *reader, struct service_account *account)
{
	const char *reason;

	if (read_string(reader, TOKEN_URI, &account->token_uri) < 0)
		return -1;
	if (url_parse(&account->endpoint, account->token_uri, &reason) < 0)
		return REFUSE(reader, "its token_uri %s", reason);
	return 0;
}

static int read_members(struct credential_reader *reader, struct service_account *account)
{
	bool key = has(reader, PRIVATE_KEY), secret = has(reader, CLIENT_SECRET);
	int status;

	if (tape_type(&reader->tape, 0) != TAPE_OBJECT)
		return REFUSE(reader, "it is not a JSON object");
	if (key && secret)
		return REFUSE(reader, "it holds both a private_key and a client_secret: which one "
				      "is it?");
	if (!key && !secret)
		return REFUSE(reader, "it is neither a key file (client_email, private_key, "
				      "token_uri) nor a client's credentials (client_id, "
				      "client_secret, token_uri)");
	/* The secret before the URL: what is released after a success alone comes last. */
	status = key ? read_key_file(reader, account) : read_client(reader, account);
	return status < 0 ? -1 : read_endpoint(reader, account);
}

int service_account_read(struct service_account *account, struct span text, char *memory,
	size_t size, struct error *error)
{
	static const struct tape_limits limits = {.depth = 16, .values = 1024};
	struct credential_reader reader = {.memory = memory, .size = size, .error = error};
	struct tape_error why;
	int status;

	BUG_ON(size <= text.len);
	*account = (struct service_account){0};
	json_tape_init(&reader.tape);
	if (json_tape_read(&reader.tape, text.data, text.len, &limits, &why) < 0)
		status = REFUSE(&reader, "it is not JSON (%s)", why.reason);
	else
		status = read_members(&reader, account);
	json_tape_release(&reader.tape);
	return status;
}

void service_account_release(struct service_account *account)
{
	url_release(&account->endpoint);
}

int service_account_fits(const struct service_account *account, bool has_subject,
	const struct origin_list *allow_http, struct error *error)
{
	const struct url *endpoint = &account->endpoint;

	if (!account->has_key && has_subject)
		return error_set(error, ERROR_SECRET_UNREADABLE,
			"it is a client's, which cannot act for the `subject` that the definition "
			"names: that takes a key file");
	if (!endpoint->https &&
		(allow_http == NULL || !origin_list_has(allow_http, endpoint->origin)))
		return error_set(error, ERROR_SECRET_UNREADABLE,
			"its token_uri would send it in clear: use https://, or ask the operator "
			"to allow %s",
			endpoint->origin);
	return 0;
}

int service_account_check(struct span text, bool has_subject, const struct origin_list *allow_http,
	bool *redactable, struct error *error)
{
	struct service_account account;
	char *memory;
	int status;

	if (sodium_init() < 0 || (memory = sodium_malloc(text.len + 1)) == NULL)
		BUG("no memory to read a secret in");
	status = service_account_read(&account, text, memory, text.len + 1, error);
	if (status == 0) {
		status = service_account_fits(&account, has_subject, allow_http, error);
		if (status == 0)
			*redactable = account.secret.len >= REDACT_MIN_BYTES;
		service_account_release(&account);
	}
	sodium_free(memory);
	return status;
}
