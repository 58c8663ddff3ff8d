/* SPDX-License-Identifier: MIT */
/* A clock that is wrong by CHAOS_CLOCK seconds, for a worker that has this in LD_PRELOAD. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int (*real_clock)(clockid_t id, struct timespec *now);
static long wrong_by_s;

__attribute__((constructor)) static void start(void)
{
	const char *text = getenv("CHAOS_CLOCK");

	*(void **)&real_clock = dlsym(RTLD_NEXT, "clock_gettime");
	wrong_by_s = text ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result;

	if (!real_clock)
		start();
	result = real_clock(id, now);
	if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		now->tv_sec += wrong_by_s;
	return result;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}
