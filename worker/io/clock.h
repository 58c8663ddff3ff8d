/* SPDX-License-Identifier: MIT */
/*
 * clock: what time it is, here and at Redis.
 *
 * Waiting is measured by the monotonic clock. What the contract calls time is Redis's: each answer of a script brings it,
 * and in between it is carried on by the monotonic clock, so a worker whose own calendar is wrong does not matter.
 */
#ifndef WORKER_IO_CLOCK_H
#define WORKER_IO_CLOCK_H

#include <stdint.h>

/* Monotonic. */
int64_t clock_now_us(void);
int64_t clock_now_ms(void);

/* Tells what Redis's clock showed in its answer to what was asked at `asked_us` (monotonic). How long the answer was on its way is not
 * known, so all of that is taken for it: Redis's time is never later than ours says, whoever stalled. */
void clock_set_redis_us(int64_t redis_us, int64_t asked_us);
/* Unix time by Redis's clock; by our own before Redis said anything. */
int64_t clock_redis_us(void);
int64_t clock_redis_ms(void);

#endif
