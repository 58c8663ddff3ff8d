/* SPDX-License-Identifier: MIT */
/*
 * jwt: the assertion with which a key file asks for a token (RFC 7523, section 3), signed with RS256 or ES256 (RFC 7518, section 3) by
 * libcrypto. Not for reading one.
 */
#ifndef WORKER_IO_JWT_H
#define WORKER_IO_JWT_H

#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

#define JWT_LIFETIME_S	    3600 /* the most that token endpoints take */
#define JWT_SIGNATURE_BYTES 2048 /* of the largest key, as base64 */

struct jwt_key;

struct jwt_claims {
	struct span issuer;
	struct span subject;
	struct span audience;
	struct span scope;  /* empty: none */
	struct span key_id; /* likewise; of the header */
	int64_t issued_at_s;
	const char *id;
};

/* A private key as PEM: RSA of 2048 to 4096 bits and two primes, or P-256. One at a time: until it is freed, crypto_memory wipes. NULL: `*reason` is a static half sentence. */
struct jwt_key *jwt_key_read(struct span pem, const char **reason);
void jwt_key_free(struct jwt_key *key);
/* "RS256", "ES256" */
const char *jwt_algorithm(const struct jwt_key *key);

/* Adds `HEADER.CLAIMS`: what is signed. */
void jwt_write(const struct jwt_key *key, const struct jwt_claims *claims, struct buf *out);
/* Adds the signature over `text` as base64url. 0, or -1 where libcrypto cannot. */
int jwt_sign(const struct jwt_key *key, struct span text, struct buf *out);

#endif
