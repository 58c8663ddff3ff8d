/* SPDX-License-Identifier: MIT */
/* keyring_keys: the keys of a key file, in locked memory; part of keyring, and nobody else includes it. */
#ifndef WORKER_IO_KEYRING_KEYS_H
#define WORKER_IO_KEYRING_KEYS_H

#include <stddef.h>

#include "bellhop/error.h"
#include "bellhop/seal.h"

struct keyring_key {
	char id[SEAL_KEY_ID_BYTES];
	unsigned char public[SEAL_PUBLIC_BYTES];
	unsigned char secret[SEAL_SECRET_BYTES];
	unsigned char freeze[32]; /* derived from `secret` */
};

struct keyring_keys {
	struct keyring_key *keys; /* the newest last; read-only, not in core dumps */
	size_t count;
};

/* 0, or -1 and `error` says what to do; then nothing is to be released. */
int keyring_keys_read(struct keyring_keys *keys, const char *path, struct error *error);
/* One random key. */
void keyring_keys_draw(struct keyring_keys *keys);
void keyring_keys_release(struct keyring_keys *keys);
/* By the 16 digits at `id`. NULL: not in the ring. */
const struct keyring_key *keyring_keys_find(const struct keyring_keys *keys, const char *id);

#endif
