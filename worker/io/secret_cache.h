/* SPDX-License-Identifier: MIT */
/*
 * secret_cache: the secrets that were opened last, each encrypted under a key drawn at the start of this process; part of keyring, and nobody
 * else includes it.
 *
 * An entry is found by a keyed hash over the sealed text and the binding it was opened for: whoever asks with another binding finds
 * nothing. At most 4096 entries and 8 MiB; the least recently used go.
 */
#ifndef WORKER_IO_SECRET_CACHE_H
#define WORKER_IO_SECRET_CACHE_H

#include <stddef.h>

#include "bellhop/seal.h"
#include "bellhop/span.h"

#define SECRET_CACHE_ID_BYTES 32

struct secret_cache;

struct secret_cache_id {
	unsigned char bytes[SECRET_CACHE_ID_BYTES];
};

struct secret_cache *secret_cache_new(void);
void secret_cache_free(struct secret_cache *cache);
void secret_cache_identify(const struct secret_cache *cache, struct secret_cache_id *id,
	struct span sealed, const struct seal_binding *binding);
/* Writes the value and a NUL where they fit into `size`. The length, or -1 where there is none. */
long secret_cache_get(
	struct secret_cache *cache, const struct secret_cache_id *id, char *out, size_t size);
void secret_cache_put(
	struct secret_cache *cache, const struct secret_cache_id *id, struct span value);

#endif
