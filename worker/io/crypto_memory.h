/* SPDX-License-Identifier: MIT */
/*
 * crypto_memory: libcrypto's allocator, which wipes what it frees while a private key is in use.
 *
 * libcrypto frees copies of a key that it read (its DER, above all) as they are. What TLS frees is not wiped: that would cost each call.
 */
#ifndef WORKER_IO_CRYPTO_MEMORY_H
#define WORKER_IO_CRYPTO_MEMORY_H

#include <stdbool.h>

/* Before all else that uses libcrypto. False: something used it before, and nothing will be wiped. */
bool crypto_memory_init(void);
/* From here on, or no more. */
void crypto_memory_wipe(bool wipes);

#endif
