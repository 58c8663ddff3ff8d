/* SPDX-License-Identifier: MIT */
/*
 * credential: an integration's sealed secret, opened for one call: the header line that carries it, and the redactor that
 * finds it again in what the upstream says. All of it lies in one block of secret memory, wiped by credential_clear().
 */
#ifndef WORKER_IO_CREDENTIAL_H
#define WORKER_IO_CREDENTIAL_H

#include "bellhop/error.h"
#include "bellhop/redact.h"
#include "io/integration.h"
#include "io/keyring.h"
#include "io/secret_memory.h"

struct credential {
	char *block;
	const char *line; /* `Authorization: Bearer …`; NULL: the integration needs none */
	struct redactor redactor;
};

void credential_init(struct credential *credential);
/* Wipes. Of an empty one nothing happens. */
void credential_clear(struct credential *credential, struct secret_memory *memory);
/* Opens what the integration's auth method needs. -1: ERROR_SECRET_MISSING or ERROR_SECRET_UNREADABLE. */
int credential_open(struct credential *credential, const struct integration *integration,
	struct keyring *keyring, struct secret_memory *memory, struct error *error);

#endif
