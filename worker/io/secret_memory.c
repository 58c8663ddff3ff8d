/* SPDX-License-Identifier: MIT */
/*
 * secret_memory: locked memory for opened secrets, in blocks of powers of two.
 *
 * A block given back is wiped and waits for the next of its size; blocks are never joined or cut, so the most that is ever held is the most
 * that was ever taken at once of each size. A header before each block says its size, and whether it is taken.
 */
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/secret_memory.h"

#define SMALLEST_SHIFT 6
#define CLASS_COUNT    26
#define TAKEN	       0x7a6b656eu
#define GIVEN	       0x6769766eu

struct block {
	alignas(16) uint32_t class;
	uint32_t state;
	SLIST_ENTRY(block) link; /* while given back */
};

#define HEADER_BYTES 16
_Static_assert(sizeof(struct block) == HEADER_BYTES, "what is handed out is aligned to 16 bytes");

SLIST_HEAD(block_list, block);

struct region {
	struct region *next;
	char *start;
	size_t bytes, used;
};

struct secret_memory {
	struct region *regions; /* the newest first: only that has room */
	struct block_list given[CLASS_COUNT];
	size_t region_bytes;
	bool locked;
};

static size_t class_bytes(uint32_t class)
{
	return (size_t)1 << (class + SMALLEST_SHIFT);
}

static uint32_t class_of(size_t bytes)
{
	uint32_t class = 0;

	while (class_bytes(class) < bytes)
		if (++class == CLASS_COUNT)
			BUG("a secret of %zu bytes", bytes);
	return class;
}

static void region_add(struct secret_memory *memory, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct region *region = xcalloc(1, sizeof(*region));

	region->bytes = (bytes + page - 1) / page * page;
	region->start = mmap(
		NULL, region->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (region->start == MAP_FAILED)
		BUG("no memory for secrets");
	if (mlock(region->start, region->bytes))
		memory->locked = false;
	/* Best effort: core dumps are also switched off for the process. */
	(void)madvise(region->start, region->bytes, MADV_DONTDUMP);
	region->next = memory->regions;
	memory->regions = region;
}

struct secret_memory *secret_memory_new(size_t bytes)
{
	struct secret_memory *memory = xcalloc(1, sizeof(*memory));

	memory->locked = true;
	memory->region_bytes = bytes;
	region_add(memory, bytes);
	return memory;
}

void secret_memory_free(struct secret_memory *memory)
{
	struct region *region;

	if (!memory)
		return;
	while ((region = memory->regions)) {
		memory->regions = region->next;
		explicit_bzero(region->start, region->used);
		munmap(region->start, region->bytes);
		free(region);
	}
	free(memory);
}

bool secret_memory_locked(const struct secret_memory *memory)
{
	return memory->locked;
}

static struct block *block_cut(struct secret_memory *memory, uint32_t class)
{
	size_t bytes = HEADER_BYTES + class_bytes(class);
	struct region *region = memory->regions;
	struct block *block;

	if (region->bytes - region->used < bytes) {
		region_add(memory, bytes > memory->region_bytes ? bytes : memory->region_bytes);
		region = memory->regions;
	}
	block = (void *)(region->start + region->used);
	region->used += bytes;
	block->class = class;
	return block;
}

char *secret_memory_take(struct secret_memory *memory, size_t bytes)
{
	uint32_t class = class_of(bytes);
	struct block *block = SLIST_FIRST(&memory->given[class]);

	if (block)
		SLIST_REMOVE_HEAD(&memory->given[class], link);
	else
		block = block_cut(memory, class);
	block->state = TAKEN;
	return (char *)block + HEADER_BYTES;
}

void secret_memory_give(struct secret_memory *memory, char *data)
{
	struct block *block;

	if (!data)
		return;
	block = (void *)(data - HEADER_BYTES);
	if (block->state != TAKEN || block->class >= CLASS_COUNT)
		BUG("what is given back was not taken");
	explicit_bzero(data, class_bytes(block->class));
	block->state = GIVEN;
	SLIST_INSERT_HEAD(&memory->given[block->class], block, link);
}
