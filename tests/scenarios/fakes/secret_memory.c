/* SPDX-License-Identifier: MIT */
/* secret_memory: each block an allocation of its own, counted. */
#include "io/secret_memory.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "secret_memory.h"

struct secret_memory {
	int one;
};

static size_t held;

size_t secret_memory_held(void)
{
	return held;
}

struct secret_memory *secret_memory_new(size_t bytes)
{
	(void)bytes;
	return xcalloc(1, sizeof(struct secret_memory));
}

void secret_memory_free(struct secret_memory *memory)
{
	free(memory);
}

bool secret_memory_locked(const struct secret_memory *memory)
{
	(void)memory;
	return true;
}

char *secret_memory_take(struct secret_memory *memory, size_t bytes)
{
	(void)memory;
	held++;
	return xmalloc(bytes);
}

void secret_memory_give(struct secret_memory *memory, char *block)
{
	(void)memory;
	held -= block != NULL;
	free(block);
}
