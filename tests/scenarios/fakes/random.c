/* SPDX-License-Identifier: MIT */
/* random: what anybody can guess: a number after the other, so that each run is the same. */
#include "random.h"

#include <stdint.h>
#include <stdio.h>

#include "io/random.h"

static uint64_t drawn;

void random_reset(void)
{
	drawn = 0;
}

void random_hex(char *out, size_t bytes)
{
	snprintf(out, 2 * bytes + 1, "%0*llx", (int)(2 * bytes), (unsigned long long)++drawn);
}

uint32_t random_below(uint32_t limit)
{
	return (uint32_t)(++drawn * 7919 % limit);
}
