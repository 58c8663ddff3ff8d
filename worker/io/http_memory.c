/* SPDX-License-Identifier: MIT */
/*
 * http_memory: libcurl's allocator, which wipes what it frees.
 *
 * libcurl copies header lines, and with them credentials, into buffers that it frees when a request is over. It also runs
 * out of memory quietly; here that aborts, as everywhere in Bellhop.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/http_private.h"

static void wiping_free(void *block)
{
	if (!block)
		return;
	explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

static void *plain_malloc(size_t bytes)
{
	return xmalloc(bytes ? bytes : 1);
}

static void *plain_calloc(size_t count, size_t bytes)
{
	return xcalloc(count ? count : 1, bytes ? bytes : 1);
}

/* Never realloc(3): what that moves, it leaves behind unwiped. */
static void *wiping_realloc(void *old, size_t bytes)
{
	size_t had = old ? malloc_usable_size(old) : 0;
	void *grown;

	if (old && bytes <= had && bytes > had / 4)
		return old;
	grown = plain_malloc(bytes);
	if (old) {
		memcpy(grown, old, had < bytes ? had : bytes);
		wiping_free(old);
	}
	return grown;
}

static char *plain_strdup(const char *text)
{
	return xstrdup(text);
}

void http_memory_init(void)
{
	CURLcode result;

	/* It would have TLS secrets written to the file that it names. */
	unsetenv("SSLKEYLOGFILE");
	result = curl_global_init_mem(CURL_GLOBAL_DEFAULT, plain_malloc, wiping_free,
		wiping_realloc, plain_strdup, plain_calloc);
	BUG_ON(result != CURLE_OK);
}
