/* SPDX-License-Identifier: MIT */
/*
 * secret_keys: how many of a shard's secrets are sealed with which key, for `status`.
 *
 * Anybody can read the name of a sealed text's key, and the tool has no ring: it cannot tell whether a worker has the key, only whether it is the one that
 * --seal-with names. Of an integration the fields that secrets can have are looked at.
 */
#ifndef CLI_SECRET_KEYS_H
#define CLI_SECRET_KEYS_H

#include <stdbool.h>

#include "bellhop/seal.h"
#include "cli/command.h"

#define SECRET_KEYS_MAX 32 /* that are told apart: any text may claim to be of a key of its own */

struct secret_key {
	char id[SEAL_KEY_ID_BYTES];
	int64_t secrets;
};

struct secret_keys {
	bool known; /* else this user may not see them */
	struct secret_key keys[SECRET_KEYS_MAX];
	size_t count;
	int64_t other;	     /* no sealed texts, or of still other keys */
	const char *current; /* the id of the key to seal with, or NULL where none is named */
	struct public_key current_key;
};

/* EXIT_DONE, or EXIT_FAILED after the line that says why. */
int secret_keys_count(struct cli *cli, struct secret_keys *keys);
void secret_keys_lines(const struct secret_keys *keys, struct buf *out);
void secret_keys_json(const struct secret_keys *keys, struct buf *out);

#endif
