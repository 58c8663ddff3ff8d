/* SPDX-License-Identifier: MIT */
/*
 * keyring: seals that can be read: `sealed for ORG INTEGRATION FIELD ORIGIN: VALUE`, `frozen for CONTEXT: TEXT`. All workers of a
 * story have the same ring.
 */
#include "io/keyring.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "io_calls.h"
#include "loop.h"

struct keyring {
	int one;
};

struct keyring *keyring_load(const char *path, struct error *error)
{
	(void)path;
	(void)error;
	return keyring_new();
}

struct keyring *keyring_new(void)
{
	return xcalloc(1, sizeof(struct keyring));
}

void keyring_free(struct keyring *keyring)
{
	free(keyring);
}

static bool fails(const char *what)
{
	enum io_fault fault = io_call(IO_OPEN, loop_running(), what);

	return fault == IO_FAILS || fault == IO_DIES_BEFORE;
}

long keyring_open(struct keyring *keyring, struct span sealed, const struct seal_binding *binding,
	char *out, size_t size)
{
	char head[512];
	size_t len = (size_t)snprintf(head, sizeof(head), "sealed for %s %s %s %s: ", binding->org,
		binding->integration, binding->field, binding->origin);

	(void)keyring;
	if (fails("a secret is opened") || sealed.len < len ||
		memcmp(sealed.data, head, len) != 0 || sealed.len - len >= size)
		return -1;
	memcpy(out, sealed.data + len, sealed.len - len);
	out[sealed.len - len] = '\0';
	return (long)(sealed.len - len);
}

size_t keyring_open_bytes(struct span sealed)
{
	return sealed.len + 1;
}

void keyring_freeze(struct keyring *keyring, struct span text, struct span context, struct buf *out)
{
	(void)keyring;
	buf_printf(out, "frozen for %.*s: ", (int)context.len, context.data);
	buf_add(out, text.data, text.len);
}

int keyring_thaw(struct keyring *keyring, struct span frozen, struct span context, struct buf *out)
{
	char head[512];
	size_t len = (size_t)snprintf(
		head, sizeof(head), "frozen for %.*s: ", (int)context.len, context.data);

	(void)keyring;
	if (fails("a request is thawed") || frozen.len < len || memcmp(frozen.data, head, len) != 0)
		return -1;
	buf_add(out, frozen.data + len, frozen.len - len);
	return 0;
}
