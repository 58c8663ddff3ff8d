/* SPDX-License-Identifier: MIT */
/*
 * seal: closes a secret so that only the holder of the key ring can open it, and only where it belongs.
 *
 * A libsodium sealed box (X25519, XSalsa20-Poly1305) over the value and its binding: org, integration, field, origin of
 * the base URL. The sealed text is `bh1.KEYID.BASE64URL`; KEYID names the public key, so keys rotate. What is inside:
 * `bh1` NUL org NUL integration NUL field NUL origin NUL value, padded to a multiple of 64 bytes (sodium_pad) so that the
 * length of a secret does not show. Opening is in the worker's keyring.c alone: the tool cannot do it.
 */
#ifndef BELLHOP_SEAL_H
#define BELLHOP_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "bellhop/buf.h"
#include "bellhop/error.h"
#include "bellhop/span.h"

#define SEAL_PUBLIC_BYTES 32
#define SEAL_SECRET_BYTES 32
#define SEAL_KEY_ID_BYTES 17 /* 16 hex digits (BLAKE2b of the public key) and a NUL */
#define SEAL_HEAD_BYTES	  21 /* of a sealed text: what seal_parse() needs of it */
#define SEAL_VALUE_MAX	  (64 * 1024)
#define SEAL_PAD	  64

struct seal_binding {
	const char *org;
	const char *integration;
	const char *field;
	const char *origin;
};

struct public_key {
	unsigned char bytes[SEAL_PUBLIC_BYTES];
	char id[SEAL_KEY_ID_BYTES];
};

void public_key_id(struct public_key *key);
/* Reads a `.pub` file: one line, `bellhop-public-1 KEYID BASE64`. -1: `error` (ERROR_INTERNAL) says what to do. */
int public_key_load(struct public_key *key, const char *path, struct error *error);

/* Adds the sealed text. The value is wiped by the caller. */
void seal_value(const struct public_key *key, const struct seal_binding *binding, const char *value,
	size_t len, struct buf *out);
/* The same for what is inside, bound and padded already. */
void seal_bound(
	const struct public_key *key, const unsigned char *bound, size_t len, struct buf *out);

/* A sealed text as anybody can read it. */
struct seal_parts {
	char key_id[SEAL_KEY_ID_BYTES];
	struct span box; /* base64, not looked at */
};

/* Whether it has the form of one. It need not be whole for its key to be told: a start will do. */
bool seal_parse(struct seal_parts *parts, struct span sealed);

/* Why a value may not be a secret of that field: a static sentence, or NULL. Empty, a control character (a credential is
 * JSON and may hold white space), a colon in a username, over SEAL_VALUE_MAX, a mask typed back in. */
const char *seal_refuses(const char *field, const char *value, size_t len);

#endif
