/* SPDX-License-Identifier: MIT */
/* arena: memory that is taken piece by piece and given back all at once, for common/ only. */
#ifndef BELLHOP_COMMON_ARENA_H
#define BELLHOP_COMMON_ARENA_H

#include <stddef.h>

struct arena_block;

/* All zeros is an empty one. */
struct arena {
	struct arena_block *blocks;
	size_t used; /* of the newest block */
	size_t size;
};

/* Zeroed memory for pointers, integers and what is made of them; lives until the arena is released. */
void *arena_take(struct arena *arena, size_t bytes);
/* A copy; `len` may be 0. */
char *arena_copy(struct arena *arena, const char *data, size_t len);
void arena_release(struct arena *arena);

#endif
