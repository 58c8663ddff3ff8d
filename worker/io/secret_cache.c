/* SPDX-License-Identifier: MIT */
/* secret_cache: the secrets that were opened last, each encrypted under a key of this process (XChaCha20-Poly1305). */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/secret_cache.h"

#define ENTRIES_MAX 4096
#define BYTES_MAX   ((size_t)8 * 1024 * 1024)
#define BUCKETS	    4096 /* a power of two */
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES   crypto_aead_xchacha20poly1305_ietf_ABYTES

struct entry {
	struct entry *next; /* of its bucket */
	TAILQ_ENTRY(entry) used;
	struct secret_cache_id id;
	unsigned char nonce[NONCE_BYTES];
	size_t len; /* of the value; the box is TAG_BYTES longer */
	unsigned char box[];
};

TAILQ_HEAD(entry_list, entry);

struct keys {
	unsigned char hash[crypto_generichash_KEYBYTES];
	unsigned char box[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
};

struct secret_cache {
	struct keys *keys; /* locked */
	uint64_t nonces;   /* counted: the key is this process's alone */
	struct entry *buckets[BUCKETS];
	struct entry_list used; /* longest ago first */
	size_t count, bytes;
};

struct secret_cache *secret_cache_new(void)
{
	struct secret_cache *cache = xcalloc(1, sizeof(*cache));

	cache->keys = sodium_malloc(sizeof(*cache->keys));
	BUG_ON(!cache->keys);
	randombytes_buf(cache->keys, sizeof(*cache->keys));
	TAILQ_INIT(&cache->used);
	return cache;
}

static struct entry **entry_slot(struct secret_cache *cache, const struct secret_cache_id *id)
{
	struct entry **slot;
	uint32_t hash;

	memcpy(&hash, id->bytes, sizeof(hash));
	slot = &cache->buckets[hash & (BUCKETS - 1)];
	while (*slot && memcmp(&(*slot)->id, id, sizeof(*id)) != 0)
		slot = &(*slot)->next;
	return slot;
}

static size_t entry_bytes(size_t len)
{
	return sizeof(struct entry) + len + TAG_BYTES;
}

static void entry_free(struct secret_cache *cache, struct entry *entry)
{
	*entry_slot(cache, &entry->id) = entry->next;
	TAILQ_REMOVE(&cache->used, entry, used);
	cache->count--;
	cache->bytes -= entry_bytes(entry->len);
	free(entry);
}

void secret_cache_free(struct secret_cache *cache)
{
	if (!cache)
		return;
	while (!TAILQ_EMPTY(&cache->used))
		entry_free(cache, TAILQ_FIRST(&cache->used));
	sodium_free(cache->keys);
	free(cache);
}

static void hash_part(crypto_generichash_state *state, const void *data, size_t len)
{
	uint64_t length = len;

	crypto_generichash_update(state, (const unsigned char *)&length, sizeof(length));
	crypto_generichash_update(state, data, len);
}

void secret_cache_identify(const struct secret_cache *cache, struct secret_cache_id *id,
	struct span sealed, const struct seal_binding *binding)
{
	crypto_generichash_state state;

	crypto_generichash_init(
		&state, cache->keys->hash, sizeof(cache->keys->hash), sizeof(id->bytes));
	hash_part(&state, sealed.data, sealed.len);
	hash_part(&state, binding->org, strlen(binding->org));
	hash_part(&state, binding->integration, strlen(binding->integration));
	hash_part(&state, binding->field, strlen(binding->field));
	hash_part(&state, binding->origin, strlen(binding->origin));
	crypto_generichash_final(&state, id->bytes, sizeof(id->bytes));
}

long secret_cache_get(
	struct secret_cache *cache, const struct secret_cache_id *id, char *out, size_t size)
{
	struct entry *entry = *entry_slot(cache, id);
	int status;

	if (!entry || entry->len >= size)
		return -1;
	status = crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)out, NULL, NULL,
		entry->box, entry->len + TAG_BYTES, id->bytes, sizeof(id->bytes), entry->nonce,
		cache->keys->box);
	BUG_ON(status);
	out[entry->len] = '\0';
	TAILQ_REMOVE(&cache->used, entry, used);
	TAILQ_INSERT_TAIL(&cache->used, entry, used);
	return (long)entry->len;
}

void secret_cache_put(
	struct secret_cache *cache, const struct secret_cache_id *id, struct span value)
{
	size_t bytes = entry_bytes(value.len);
	struct entry **slot = entry_slot(cache, id);
	struct entry *entry;

	if (*slot || bytes > BYTES_MAX)
		return;
	while (cache->count >= ENTRIES_MAX || cache->bytes + bytes > BYTES_MAX)
		entry_free(cache, TAILQ_FIRST(&cache->used));
	entry = xcalloc(1, bytes);
	entry->id = *id;
	entry->len = value.len;
	cache->nonces++;
	memcpy(entry->nonce, &cache->nonces, sizeof(cache->nonces));
	crypto_aead_xchacha20poly1305_ietf_encrypt(entry->box, NULL,
		(const unsigned char *)value.data, value.len, id->bytes, sizeof(id->bytes), NULL,
		entry->nonce, cache->keys->box);
	/* Only now: making room may have emptied the place found first. */
	slot = entry_slot(cache, id);
	*slot = entry;
	TAILQ_INSERT_TAIL(&cache->used, entry, used);
	cache->count++;
	cache->bytes += bytes;
}
