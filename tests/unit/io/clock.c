/* SPDX-License-Identifier: MIT */
/* clock: stands before libc's clock_gettime(), so that a test can move the monotonic time. */
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

static atomic_long ahead_ms;

void clock_advance(long ms)
{
	atomic_fetch_add(&ahead_ms, ms);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	long ahead = atomic_load(&ahead_ms);
	int status = (int)syscall(SYS_clock_gettime, clock, now);

	if (status || clock == CLOCK_REALTIME)
		return status;
	now->tv_sec += ahead / 1000;
	now->tv_nsec += ahead % 1000 * 1000000;
	if (now->tv_nsec >= 1000000000) {
		now->tv_sec++;
		now->tv_nsec -= 1000000000;
	}
	return 0;
}
