/* SPDX-License-Identifier: MIT */
/*
 * credential: an integration's sealed secret, opened for one call: the header line that carries it, and the redactor that
 * finds it again in what the upstream says. All of it lies in secret memory, wiped by credential_clear().
 *
 * A service account's line carries a token, which somebody else has: first there is the `account` to ask with, and
 * credential_use_token() makes the rest of what came of it.
 */
#ifndef WORKER_IO_CREDENTIAL_H
#define WORKER_IO_CREDENTIAL_H

#include "bellhop/error.h"
#include "bellhop/redact.h"
#include "bellhop/service_account.h"
#include "io/integration.h"
#include "io/keyring.h"
#include "io/secret_memory.h"

struct credential {
	char *block;
	const char *
		line; /* `Authorization: Bearer …`; NULL: the integration needs none, or no token came yet */
	bool has_account; /* opened, and its token not there yet */
	struct service_account account;
	struct redactor redactor;
};

void credential_init(struct credential *credential);
/* Wipes. Of an empty one nothing happens. */
void credential_clear(struct credential *credential, struct secret_memory *memory);
/* Opens what the integration's auth method needs. -1: ERROR_SECRET_MISSING or ERROR_SECRET_UNREADABLE. */
int credential_open(struct credential *credential, const struct integration *integration,
	struct keyring *keyring, struct secret_memory *memory, struct error *error);
/* Makes the line of a service account; from here on `account` is gone. */
void credential_use_token(
	struct credential *credential, struct secret_memory *memory, struct span token);

#endif
