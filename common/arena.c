/* SPDX-License-Identifier: MIT */
/* arena: blocks that grow, each used from its start to its end. */
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"

#define FIRST_BYTES 256
#define MOST_BYTES  (64 * 1024)

struct arena_block {
	struct arena_block *older;
	uint64_t memory[];
};

static void add_block(struct arena *arena, size_t at_least)
{
	size_t size = arena->size == 0 ? FIRST_BYTES : arena->size * 2;
	struct arena_block *block;

	if (size > MOST_BYTES)
		size = MOST_BYTES;
	if (size < at_least)
		size = at_least;
	block = xcalloc(1, sizeof(*block) + size);
	block->older = arena->blocks;
	arena->blocks = block;
	arena->size = size;
	arena->used = 0;
}

void *arena_take(struct arena *arena, size_t bytes)
{
	void *memory;

	bytes = (bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
	if (arena->blocks == NULL || bytes > arena->size - arena->used)
		add_block(arena, bytes);
	memory = (char *)arena->blocks->memory + arena->used;
	arena->used += bytes;
	return memory;
}

char *arena_copy(struct arena *arena, const char *data, size_t len)
{
	char *copy = arena_take(arena, len + 1);

	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

void arena_release(struct arena *arena)
{
	while (arena->blocks != NULL) {
		struct arena_block *older = arena->blocks->older;

		free(arena->blocks);
		arena->blocks = older;
	}
	*arena = (struct arena){0};
}
