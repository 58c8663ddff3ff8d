/* SPDX-License-Identifier: MIT */
/*
 * integration_cache: what Redis holds of an integration: the compiled definition, its switches, its sealed secrets.
 *
 * Compiled once for each version. What is kept may be old: every begin and every end without one tells the script the version and the
 * ends of the sealed secrets that it used, and hears `changed` where they are so no more; then integration_cache_forget().
 * What is not there is never kept. Bounded; the least recently used goes.
 */
#ifndef WORKER_IO_INTEGRATION_CACHE_H
#define WORKER_IO_INTEGRATION_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/definition.h"
#include "bellhop/options.h"
#include "io/redis_async.h"

#define INTEGRATION_SECRETS_MAX 2

/* Borrowed with integration_hold(), given back with integration_release(). Never changes. */
struct integration {
	char *org;
	char *name;
	bool exists;
	bool enabled;
	char *version;		       /* as in the hash, "" where there is none */
	struct definition *definition; /* NULL: not there, or not valid: then `invalid` says why */
	char *invalid;
	char **disabled; /* names of actions that are off */
	size_t disabled_count;
	const char *fields[INTEGRATION_SECRETS_MAX]; /* of the auth method */
	char *sealed[INTEGRATION_SECRETS_MAX];	     /* NULL: not set */
	size_t secrets;
	/* the cache's own */
	size_t refs;
	size_t bytes;
	bool kept;
	struct integration *next, *newer, *older;
};

struct integration_cache;
struct integration_wait;

/* `integration` is held for the receiver; NULL where Redis did not answer: `error` is its text, or NULL where the
 * connection was lost. */
typedef void (*integration_fn)(void *arg, struct integration *integration, const char *error);

struct integration_cache *integration_cache_new(
	struct redis_async *redis, const struct options *options);
void integration_cache_free(struct integration_cache *cache);

/* What is known now, held; NULL: it has to be loaded. */
struct integration *integration_cache_find(
	struct integration_cache *cache, const char *org, const char *name);
/* Loads it; those who wait for the same one share the answer. NULL where the connection is not up. */
struct integration_wait *integration_cache_load(struct integration_cache *cache, const char *org,
	const char *name, integration_fn done, void *arg);
/* The callback will not come. */
void integration_cache_cancel(struct integration_wait *wait);
/* It is no longer what Redis holds: the next one loads it anew. */
void integration_cache_forget(struct integration_cache *cache, struct integration *integration);

void integration_release(struct integration *integration);
bool integration_is_on(const struct integration *integration, const char *action);

#endif
