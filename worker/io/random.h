/* SPDX-License-Identifier: MIT */
/* random: what nobody can guess: tokens of confirmations, names of workers. */
#ifndef WORKER_IO_RANDOM_H
#define WORKER_IO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Writes `bytes` random bytes as hex and a NUL: 2 * bytes + 1 characters. `bytes` is at most 32. */
void random_hex(char *out, size_t bytes);
/* Evenly from 0 to below `limit`. */
uint32_t random_below(uint32_t limit);

#endif
