/* SPDX-License-Identifier: MIT */
/*
 * alloc: memory that is there or the process is not.
 *
 * Jobs live in Redis and a call that was begun is marked there, so running out of memory may abort: a restart
 * loses nothing. No caller checks for NULL. Free with free(3).
 */
#ifndef BELLHOP_ALLOC_H
#define BELLHOP_ALLOC_H

#include <stddef.h>

void *xmalloc(size_t bytes);
void *xcalloc(size_t count, size_t bytes);
void *xrealloc(void *old, size_t bytes);
char *xstrdup(const char *text);
/* A NUL-terminated copy of `len` bytes. */
char *xmemdup(const char *data, size_t len);

/* Grows `array` (elements of `bytes` each) to hold one more than `count`; `*capacity` is kept for it. */
void *xgrow(void *array, size_t *capacity, size_t count, size_t bytes);

#endif
