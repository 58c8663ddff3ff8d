/* SPDX-License-Identifier: MIT */
/*
 * integration_cache: the integrations that were used last, each read and compiled once for each version.
 *
 * What is kept may be old: every begin and every end without one tells the script the version and the
 * ends of the sealed secrets that it used, and hears `changed` where they are so no more; then integration_cache_forget().
 * What is not there, or has no version, is never kept. Bounded; the least recently used goes.
 */
#ifndef WORKER_IO_INTEGRATION_CACHE_H
#define WORKER_IO_INTEGRATION_CACHE_H

#include "bellhop/options.h"
#include "io/integration.h"

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

#endif
