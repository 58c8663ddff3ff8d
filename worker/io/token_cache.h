/* SPDX-License-Identifier: MIT */
/*
 * token_cache: the access tokens of service accounts, fetched once however many wait, renewed before they expire.
 *
 * An entry is found by a keyed hash over all that the token depends on, the sealed credential too: what is set anew is another
 * entry. Tokens lie in secret memory. At most TOKEN_ENTRIES_MAX entries; the least recently used go, and an org
 * that has more than half of them drives out its own. A failure is kept for a second or two, so
 * that an endpoint that is down is not asked by each job. An org has at most TOKEN_ORG_MAX fetches under way.
 */
#ifndef WORKER_IO_TOKEN_CACHE_H
#define WORKER_IO_TOKEN_CACHE_H

#include "io/token_fetch.h"

#define TOKEN_ENTRIES_MAX 1024
#define TOKEN_ORG_MAX	  32

struct token_cache;
struct token_wait;

/* Which token: all that it depends on. */
struct token_id {
	unsigned char bytes[32];
};

/* What it depends on beside the definition's `auth`. */
struct token_owner {
	const char *org, *integration;
	struct span sealed; /* the credential as it is in Redis */
	const struct definition *definition;
};

struct token {
	struct span text; /* the cache's, until control returns to the loop */
	uint64_t serial;  /* by which it is dropped again, and no newer one */
};

/* One of both is NULL. Called from the loop, once, never before token_cache_wait() returned. */
typedef void (*token_fn)(void *arg, const struct token *token, const struct token_failure *failure);

struct token_cache *token_cache_new(const struct token_tools *tools);
void token_cache_free(struct token_cache *cache);
/* Entries: tokens, failures, fetches. */
size_t token_cache_count(const struct token_cache *cache);
void token_cache_identify(
	const struct token_cache *cache, struct token_id *id, const struct token_owner *owner);

/* The token that is there. False: none. `newer_than_ms` (Redis's clock; 0: whatever): one that was asked for until then was refused since, and is
 * dropped. Where it is to be renewed, and nobody is about it, `*renew` says so: then call token_cache_renew(). */
bool token_cache_find(struct token_cache *cache, const struct token_id *id, int64_t newer_than_ms,
	struct token *token, bool *renew);
/* The failure that was met a moment ago; NULL: none. The cache's. */
const struct token_failure *token_cache_failure(
	struct token_cache *cache, const struct token_id *id);
void token_cache_renew(
	struct token_cache *cache, const struct token_id *id, const struct token_request *request);
/* Waits for the fetch that is under way, or for one that it starts. After `timeout_ms` the callback gets a failure, and the fetch goes on
 * for others. NULL: too many, of this org or altogether. */
struct token_wait *token_cache_wait(struct token_cache *cache, const struct token_id *id,
	const struct token_request *request, uint32_t timeout_ms, token_fn done, void *arg);
/* The callback will not come. */
void token_cache_cancel(struct token_wait *wait);
/* The upstream refused this token: it is used no more. */
void token_cache_drop(struct token_cache *cache, const struct token_id *id, uint64_t serial);

#endif
