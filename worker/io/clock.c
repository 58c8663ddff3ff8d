/* SPDX-License-Identifier: MIT */
/* clock: what time it is, here and at Redis. */
#include "io/clock.h"

#include <stdbool.h>
#include <time.h>

static bool told;
static int64_t ahead_us; /* Redis's clock less our monotonic one, at most */

static int64_t read_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_now_ms(void)
{
	return clock_now_us() / 1000;
}

void clock_set_redis_us(int64_t redis_us, int64_t asked_us)
{
	told = true;
	ahead_us = redis_us - asked_us;
}

int64_t clock_redis_us(void)
{
	return told ? clock_now_us() + ahead_us : read_us(CLOCK_REALTIME);
}

int64_t clock_redis_ms(void)
{
	return clock_redis_us() / 1000;
}
