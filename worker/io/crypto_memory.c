/* SPDX-License-Identifier: MIT */
/* crypto_memory: libcrypto's allocator, which wipes what it frees while a private key is in use. */
#include "io/crypto_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

static bool wiping;

static void *take(size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(bytes);
}

static void give(void *data, const char *file, int line)
{
	(void)file;
	(void)line;
	if (wiping && data != NULL)
		explicit_bzero(data, malloc_usable_size(data));
	free(data);
}

/* Not realloc(3) while it wipes: what that moves, it leaves behind. */
static void *resize(void *data, size_t bytes, const char *file, int line)
{
	size_t held;
	void *grown;

	if (!wiping || data == NULL)
		return realloc(data, bytes);
	held = malloc_usable_size(data);
	grown = malloc(bytes);
	if (grown == NULL)
		return NULL;
	memcpy(grown, data, held < bytes ? held : bytes);
	give(data, file, line);
	return grown;
}

bool crypto_memory_init(void)
{
	return CRYPTO_set_mem_functions(take, resize, give) == 1;
}

void crypto_memory_wipe(bool wipes)
{
	wiping = wipes;
}
