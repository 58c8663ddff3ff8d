/* SPDX-License-Identifier: MIT */
/* depths: looks once in a while how much waits in the shard's lists, for the gauges of metrics. */
#ifndef WORKER_IO_DEPTHS_H
#define WORKER_IO_DEPTHS_H

#include "io/redis_async.h"

/* Asks; the gauges are set when the answers come. What cannot be asked keeps its last value. */
void depths_look(struct redis_async *redis, const char *shard);

#endif
