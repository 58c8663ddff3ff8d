/* SPDX-License-Identifier: MIT */
/*
 * http_memory: the allocator of libcurl and zlib, which wipes what it frees.
 *
 * libcurl copies header lines, and with them credentials, into buffers that it frees when a request is over. A call takes and frees some
 * thirty blocks, so they are kept in lists by size, wiped: that is faster than malloc(3), and calloc has nothing to clear. libcurl runs
 * out of memory quietly; here that aborts, as everywhere in Bellhop. One thread only: libcurl starts none, as it never
 * looks up a name.
 */
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/http_private.h"

#define STEP	    32u
#define STEPPED	    32u			     /* classes of 32, 64, … 1024 bytes */
#define CLASS_COUNT (STEPPED + 5)	     /* and 2048 … 32768 */
#define LARGE	    CLASS_COUNT		     /* not kept */
#define SMALL_MAX   ((size_t)STEP * STEPPED) /* 1024 */

/* The sanitizers see more where nothing is used again. */
#if defined(__SANITIZE_ADDRESS__)
#define KEPT_MAX_BYTES 0
#else
#define KEPT_MAX_BYTES ((size_t)16 * 1024 * 1024)
#endif

struct block {
	alignas(16) uint32_t class;
	uint32_t dirty;	    /* bytes that may have been written */
	struct block *next; /* while kept */
};

#define HEADER_BYTES 16
_Static_assert(sizeof(struct block) == HEADER_BYTES, "what is handed out is aligned to 16 bytes");

static struct block *kept[CLASS_COUNT];
static size_t kept_bytes;

static size_t class_bytes(uint32_t class)
{
	return class < STEPPED ? (size_t)STEP * (class + 1) : SMALL_MAX << (class - STEPPED + 1);
}

static uint32_t class_of(size_t bytes)
{
	uint32_t class = STEPPED;

	if (bytes <= SMALL_MAX)
		return bytes ? (uint32_t)((bytes - 1) / STEP) : 0;
	while (class < CLASS_COUNT && class_bytes(class) < bytes)
		class ++;
	return class;
}

static struct block *block_of(void *data)
{
	return (struct block *)(void *)((char *)data - HEADER_BYTES);
}

/* Every block that is handed out is all zeros. */
static void *block_take(size_t bytes)
{
	uint32_t class = class_of(bytes);
	struct block *block;

	if (bytes > UINT32_MAX - HEADER_BYTES)
		BUG("libcurl wants %zu bytes", bytes);
	if (class < CLASS_COUNT && kept[class]) {
		block = kept[class];
		kept[class] = block->next;
		kept_bytes -= class_bytes(class);
	} else {
		block = xcalloc(1, HEADER_BYTES + (class < LARGE ? class_bytes(class) : bytes));
		block->class = class;
	}
	block->dirty = (uint32_t)bytes;
	return (char *)block + HEADER_BYTES;
}

static void block_give(void *data)
{
	struct block *block;

	if (!data)
		return;
	block = block_of(data);
	explicit_bzero(data, block->dirty);
	if (block->class == LARGE || kept_bytes + block->dirty > KEPT_MAX_BYTES) {
		free(block);
		return;
	}
	kept_bytes += class_bytes(block->class);
	block->next = kept[block->class];
	kept[block->class] = block;
}

static void *block_calloc(size_t count, size_t bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, bytes, &total))
		BUG("libcurl wants %zu times %zu bytes", count, bytes);
	return block_take(total);
}

void *http_memory_take(void *unused, unsigned count, unsigned bytes)
{
	(void)unused;
	return block_calloc(count, bytes);
}

void http_memory_give(void *unused, void *data)
{
	(void)unused;
	block_give(data);
}

/* Never realloc(3): what that moves, it leaves behind unwiped. */
static void *block_resize(void *old, size_t bytes)
{
	struct block *block;
	void *grown;

	if (!old)
		return block_take(bytes);
	block = block_of(old);
	if (bytes <= (block->class < LARGE ? class_bytes(block->class) : block->dirty)) {
		if (bytes > block->dirty)
			block->dirty = (uint32_t)bytes;
		return old;
	}
	grown = block_take(bytes);
	memcpy(grown, old, block->dirty);
	block_give(old);
	return grown;
}

static char *block_strdup(const char *text)
{
	size_t bytes = strlen(text) + 1;

	return memcpy(block_take(bytes), text, bytes);
}

void http_memory_init(void)
{
	CURLcode result;

	/* It would have TLS secrets written to the file that it names. */
	unsetenv("SSLKEYLOGFILE");
	result = curl_global_init_mem(CURL_GLOBAL_DEFAULT, block_take, block_give, block_resize,
		block_strdup, block_calloc);
	BUG_ON(result != CURLE_OK);
}

void http_memory_release(void)
{
	curl_global_cleanup();
	for (uint32_t class = 0; class < CLASS_COUNT; class ++)
		while (kept[class]) {
			struct block *block = kept[class];

			kept[class] = block->next;
			free(block);
		}
	kept_bytes = 0;
}
