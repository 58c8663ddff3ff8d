/* SPDX-License-Identifier: MIT */
/*
 * keyring: the only file that opens a secret, and the only one that reads the key ring.
 *
 * Keys lie in locked memory (sodium_malloc). An opened value goes into memory that the caller names (secret_memory.h), never into a
 * buf. Opening a sealed box costs two curve operations, so the last values opened are kept, each encrypted under a key that this process drew at
 * its start: no plain value outlives its job.
 */
#ifndef WORKER_IO_KEYRING_H
#define WORKER_IO_KEYRING_H

#include <stdbool.h>
#include <stddef.h>

#include "bellhop/buf.h"
#include "bellhop/error.h"
#include "bellhop/seal.h"
#include "bellhop/span.h"

struct keyring;

/* Reads a key file (bellhop/key_file.h). NULL: `error` says what to do: not there, readable by others, not a ring. */
struct keyring *keyring_load(const char *path, struct error *error);
/* A ring of one key that was never written down: for a worker without a key file. */
struct keyring *keyring_new(void);
void keyring_free(struct keyring *keyring);

/* Opens `sealed` where `binding` is what it was sealed for. Writes at most `size` bytes and a NUL. The length, or -1: not ours, damaged,
 * sealed for something else, or too long: nobody is told which. */
long keyring_open(struct keyring *keyring, struct span sealed, const struct seal_binding *binding,
	char *out, size_t size);
/* Bytes that opening `sealed` needs at most, the NUL included. */
size_t keyring_open_bytes(struct span sealed);

enum keyring_reseal {
	KEYRING_RESEALED,
	KEYRING_ALREADY_NEW, /* it opens with the newest key */
	KEYRING_NOT_SEALED,  /* not of the form of a sealed text */
	KEYRING_KEY_UNKNOWN, /* its key is not in the ring */
	KEYRING_NOT_OPENED,  /* damaged, or sealed for another org, integration or field */
};

/* Seals to the newest key what another one of the ring sealed for the binding's org, integration and field. The origin (of `binding` it
 * is not read) and the value stay what they are: no binding is widened. `out` is written to for KEYRING_RESEALED alone. */
enum keyring_reseal keyring_reseal(struct keyring *keyring, struct span sealed,
	const struct seal_binding *binding, struct buf *out);
const char *keyring_newest_id(const struct keyring *keyring);

/* Encrypts and authenticates a frozen request under a key derived from the newest key (XChaCha20-Poly1305), bound to `context`. */
void keyring_freeze(
	struct keyring *keyring, struct span text, struct span context, struct buf *out);
/* 0, or -1 where any key of the ring does not open it for that context. */
int keyring_thaw(struct keyring *keyring, struct span frozen, struct span context, struct buf *out);

#endif
