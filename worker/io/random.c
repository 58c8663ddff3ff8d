/* SPDX-License-Identifier: MIT */
/* random: what nobody can guess. */
#include "io/random.h"

#include <sodium.h>

#include "bellhop/bug.h"

void random_hex(char *out, size_t bytes)
{
	unsigned char random[32];

	BUG_ON(bytes > sizeof(random));
	randombytes_buf(random, bytes);
	sodium_bin2hex(out, 2 * bytes + 1, random, bytes);
}

uint32_t random_below(uint32_t limit)
{
	return randombytes_uniform(limit);
}
