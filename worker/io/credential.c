/* SPDX-License-Identifier: MIT */
/* credential: an integration's sealed secret, opened for one call. */
#include "io/credential.h"

#include <stdio.h>

#include <sodium.h>

#include "bellhop/bug.h"
#include "bellhop/seal.h"

#define PREFIX_BYTES 32 /* "Authorization: Bearer " */

/* The block of secret memory, filled from its start: the opened values, the credential line, the redactor's patterns. */
struct block {
	char *at;
	size_t left;
};

static char *cut(struct block *block, size_t bytes)
{
	char *start = block->at;

	BUG_ON(bytes > block->left);
	block->at += bytes;
	block->left -= bytes;
	return start;
}

static size_t base64_bytes(size_t bytes)
{
	return sodium_base64_ENCODED_LEN(bytes, sodium_base64_VARIANT_ORIGINAL);
}

static size_t bytes_needed(const struct integration *integration)
{
	const char *header = integration->definition->auth_header;
	size_t values = 0, line, redactor = 0;

	for (size_t i = 0; i < integration->secret_count; i++) {
		size_t bytes = keyring_open_bytes(span_of(integration->secrets[i].sealed));

		values += bytes;
		redactor += redact_bytes(bytes);
	}
	line = PREFIX_BYTES + base64_bytes(values + 1) + values +
	       (header != NULL ? strlen(header) + 3 : 0);
	return 2 * values + line + redactor + redact_bytes(base64_bytes(values + 1));
}

static int open_value(const struct integration *integration, size_t index, struct keyring *keyring,
	struct block *block, struct span *value, struct error *error)
{
	const struct seal_binding binding = {
		.org = integration->org,
		.integration = integration->name,
		.field = integration->secrets[index].field,
		.origin = integration->definition->base.origin,
	};
	struct span sealed = span_of(integration->secrets[index].sealed);
	size_t size = keyring_open_bytes(sealed);
	char *out = cut(block, size);
	long len = keyring_open(keyring, sealed, &binding, out, size);

	if (len < 0 || seal_refuses(binding.field, out, (size_t)len) != NULL)
		return error_set(error, ERROR_SECRET_UNREADABLE,
			"The secret %s cannot be opened for this integration and origin: set it "
			"again.",
			binding.field);
	*value = (struct span){out, (size_t)len};
	return 0;
}

/* `Basic` and its base64 (RFC 7617). */
static struct span basic_token(struct block *block, struct span user, struct span password)
{
	BUG_ON(user.data == NULL || password.data == NULL);
	size_t len = user.len + 1 + password.len;
	char *plain = cut(block, len);
	char *token = cut(block, base64_bytes(len));

	memcpy(plain, user.data, user.len);
	plain[user.len] = ':';
	memcpy(plain + user.len + 1, password.data, password.len);
	sodium_bin2base64(token, base64_bytes(len), (const unsigned char *)plain, len,
		sodium_base64_VARIANT_ORIGINAL);
	return span_of(token);
}

static const char *line(
	struct block *block, const char *name, const char *scheme, struct span value)
{
	size_t size = strlen(name) + strlen(scheme) + value.len + 3;
	char *text = cut(block, size);

	snprintf(text, size, "%s: %s%.*s", name, scheme, (int)value.len, value.data);
	return text;
}

static void make_line(struct credential *credential, const struct integration *integration,
	struct block *block, const struct span values[INTEGRATION_SECRETS_MAX])
{
	const struct definition *definition = integration->definition;
	struct span token = {NULL, 0};

	switch (definition->auth) {
	case AUTH_BEARER:
		credential->line = line(block, "Authorization", "Bearer ", values[0]);
		break;
	case AUTH_API_KEY:
		credential->line = line(block, definition->auth_header, "", values[0]);
		break;
	case AUTH_BASIC:
		token = basic_token(block, values[0], values[1]);
		credential->line = line(block, "Authorization", "Basic ", token);
		break;
	case AUTH_SERVICE_ACCOUNT:
	case AUTH_NONE:
		BUG("no method with a line of its own");
	}
	redact_init(&credential->redactor, block->at, block->left);
	for (size_t i = 0; i < integration->secret_count; i++)
		redact_add(&credential->redactor, values[i]);
	if (token.len > 0)
		redact_add(&credential->redactor, token);
}

void credential_init(struct credential *credential)
{
	credential->block = NULL;
	credential->line = NULL;
	credential->has_account = false;
	redact_init(&credential->redactor, NULL, 0);
}

void credential_clear(struct credential *credential, struct secret_memory *memory)
{
	if (credential->block == NULL)
		return;
	if (credential->has_account)
		service_account_release(&credential->account);
	secret_memory_give(memory, credential->block);
	credential_init(credential);
}

/* The value, then the strings that are in it. */
static int open_account(struct credential *credential, const struct integration *integration,
	struct keyring *keyring, struct secret_memory *memory, struct error *error)
{
	size_t bytes = keyring_open_bytes(span_of(integration->secrets[0].sealed));
	struct error why = {0};
	struct block block = {.left = 2 * bytes};
	struct span value = {NULL, 0};

	credential->block = block.at = secret_memory_take(memory, block.left);
	if (open_value(integration, 0, keyring, &block, &value, error) < 0)
		return -1;
	if (service_account_read(&credential->account, value, cut(&block, value.len + 1),
		    value.len + 1, &why) < 0)
		return error_set(error, ERROR_SECRET_UNREADABLE,
			"The secret credential of this integration cannot be used (%s): an "
			"administrator can set it again.",
			why.text);
	credential->has_account = true;
	return 0;
}

void credential_use_token(
	struct credential *credential, struct secret_memory *memory, struct span token)
{
	struct span secret = credential->account.secret;
	struct block block = {.left = PREFIX_BYTES + token.len + redact_bytes(token.len) +
				      redact_bytes(secret.len)};
	char *opened = credential->block;

	BUG_ON(!credential->has_account);
	credential->block = block.at = secret_memory_take(memory, block.left);
	credential->line = line(&block, "Authorization", "Bearer ", token);
	redact_init(&credential->redactor, block.at, block.left);
	redact_add(&credential->redactor, token);
	redact_add(&credential->redactor, secret);
	service_account_release(&credential->account);
	credential->has_account = false;
	secret_memory_give(memory, opened);
}

int credential_open(struct credential *credential, const struct integration *integration,
	struct keyring *keyring, struct secret_memory *memory, struct error *error)
{
	struct span values[INTEGRATION_SECRETS_MAX] = {{NULL, 0}};
	struct block block;

	for (size_t i = 0; i < integration->secret_count; i++) {
		if (integration->secrets[i].sealed == NULL)
			return error_set(error, ERROR_SECRET_MISSING,
				"The secret %s of this integration is not set: an administrator "
				"can set it.",
				integration->secrets[i].field);
	}
	if (integration->secret_count == 0)
		return 0;
	if (integration->definition->auth == AUTH_SERVICE_ACCOUNT)
		return open_account(credential, integration, keyring, memory, error);
	block.left = bytes_needed(integration);
	credential->block = block.at = secret_memory_take(memory, block.left);
	for (size_t i = 0; i < integration->secret_count; i++) {
		if (open_value(integration, i, keyring, &block, &values[i], error) < 0)
			return -1;
	}
	make_line(credential, integration, &block, values);
	return 0;
}
