/* SPDX-License-Identifier: MIT */
/*
 * secret_memory: where opened secrets lie while a job needs them: locked, left out of core dumps, wiped when given back.
 *
 * One region made at the start (and another where it is full), handed out in blocks of powers of two. Giving a block back
 * wipes it at once. Where memory cannot be locked (RLIMIT_MEMLOCK) the region is used all the same and `locked` is false: the caller says so once.
 */
#ifndef WORKER_IO_SECRET_MEMORY_H
#define WORKER_IO_SECRET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct secret_memory;

struct secret_memory *secret_memory_new(size_t bytes);
void secret_memory_free(struct secret_memory *memory);
bool secret_memory_locked(const struct secret_memory *memory);
/* Never NULL. */
char *secret_memory_take(struct secret_memory *memory, size_t bytes);
/* Wipes. NULL is taken. */
void secret_memory_give(struct secret_memory *memory, char *data);

#endif
