/* SPDX-License-Identifier: MIT */
/* alloc: memory that is there or the process is not. */
#include "bellhop/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ELEMENTS 8

static void __attribute__((noreturn)) out_of_memory(void)
{
	/* Not BUG(): an operator should read that the machine is too small, not that the program is wrong. */
	fputs("out of memory\n", stderr);
	abort();
}

static size_t multiply(size_t count, size_t bytes)
{
	size_t product;

	if (__builtin_mul_overflow(count, bytes, &product))
		out_of_memory();
	return product;
}

void *xmalloc(size_t bytes)
{
	return xrealloc(NULL, bytes);
}

void *xcalloc(size_t count, size_t bytes)
{
	void *memory = count == 0 || bytes == 0 ? calloc(1, 1) : calloc(count, bytes);

	if (memory == NULL)
		out_of_memory();
	return memory;
}

void *xrealloc(void *old, size_t bytes)
{
	/* Of zero bytes realloc() may free and return NULL. */
	void *memory = realloc(old, bytes == 0 ? 1 : bytes);

	if (memory == NULL)
		out_of_memory();
	return memory;
}

char *xstrdup(const char *text)
{
	return xmemdup(text, strlen(text));
}

char *xmemdup(const char *data, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		out_of_memory();
	copy = xmalloc(len + 1);
	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

void *xgrow(void *array, size_t *capacity, size_t count, size_t bytes)
{
	size_t wanted;

	if (count < *capacity)
		return array;
	wanted = *capacity == 0 ? FIRST_ELEMENTS : multiply(*capacity, 2);
	if (wanted <= count)
		wanted = count + 1;
	array = xrealloc(array, multiply(wanted, bytes));
	*capacity = wanted;
	return array;
}
