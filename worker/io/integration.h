/* SPDX-License-Identifier: MIT */
/*
 * integration: what Redis holds of one integration: the compiled definition, its switches, its sealed secrets, and by what to tell
 * later that it is still so. Made of the answers to two HGETALL; whatever stands in them, none of it is trusted.
 */
#ifndef WORKER_IO_INTEGRATION_H
#define WORKER_IO_INTEGRATION_H

#include <stdbool.h>
#include <stddef.h>

#include "bellhop/definition.h"
#include "bellhop/span.h"
#include "io/redis_async.h"

#define INTEGRATION_SECRETS_MAX	  2
#define INTEGRATION_VERSION_BYTES 24
#define INTEGRATION_TAG_BYTES	  16

/* The sealed text as it is in Redis. */
struct integration_secret {
	const char *field;		 /* of the auth method */
	char *sealed;			 /* NULL: not set; "" for what cannot be a sealed text */
	char tag[INTEGRATION_TAG_BYTES]; /* its last bytes, by which a script knows it again */
	size_t tag_len;
};

/* Held by counting references. Never changes once it is read. */
struct integration {
	char *org;
	char *name;
	bool exists;
	bool enabled;
	/* "" where there is none. `versioned` is false where it exists and its version is none: then nobody can tell whether it is still
	 * so, and it is not valid. */
	char version[INTEGRATION_VERSION_BYTES];
	bool versioned;
	struct definition *definition; /* NULL: not there, or not valid: then `invalid` says why */
	char *invalid;
	const char **off; /* names of the definition's actions that are switched off */
	size_t off_count;
	struct integration_secret secrets[INTEGRATION_SECRETS_MAX];
	size_t secret_count; /* that the auth method needs */
	size_t bytes;	     /* of memory, about */
	/* the cache's own */
	size_t refs;
	bool kept;
	struct integration *next, *newer, *older;
};

/* One that nobody looked for yet, held once. */
struct integration *integration_new(const char *org, const char *name);
void integration_hold(struct integration *integration);
void integration_release(struct integration *integration);

/* Reads the answer to HGETALL of its hash; WRONGTYPE too is an answer. */
void integration_read(struct integration *integration, const struct redis_value *fields,
	const struct definition_rules *rules);
/* Reads the answer to HGETALL of its secrets; of another answer than a list nothing is taken. */
void integration_read_secrets(struct integration *integration, const struct redis_value *fields);

/* An action of its definition, or all of it where that is off. */
bool integration_is_on(const struct integration *integration, const char *action);

#endif
