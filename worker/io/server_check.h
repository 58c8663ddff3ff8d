/* SPDX-License-Identifier: MIT */
/* server_check: says loudly where the Redis that was connected to is too old, or may throw keys away. */
#ifndef WORKER_IO_SERVER_CHECK_H
#define WORKER_IO_SERVER_CHECK_H

#include "io/redis_async.h"

/* `warn` gets a sentence and what was seen, for each thing that is not as it should be; maybe never. */
void server_check(struct redis_async *redis, void (*warn)(const char *sentence, const char *seen));

#endif
