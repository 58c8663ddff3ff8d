/* SPDX-License-Identifier: MIT */
/* redis_async: what a story may do to the connections to the fake Redis. */
#ifndef SCENARIOS_FAKES_REDIS_ASYNC_H
#define SCENARIOS_FAKES_REDIS_ASYNC_H

#include <stddef.h>
#include <stdint.h>

/* All connections break, and no new one comes up before then. */
void redis_async_cut_all(int64_t until_us);
/* Those that were opened and not closed. */
size_t redis_async_count(void);
/* A new run. */
void redis_async_reset(void);
/* Something was pushed: whoever waits for it may hear. */
void redis_async_wake(void);

#endif
