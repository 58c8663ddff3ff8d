/* SPDX-License-Identifier: MIT */
/*
 * queue_wait: how long a job waited in its queue, as far as a worker can know.
 *
 * A job carries no time of its push. But a worker sees again and again what a queue cannot hold: a claim that emptied the queues, a blocking wait that
 * was served by a push, the age of the oldest job that comes with each renewal. Each says: what the queue holds from now on was
 * not pushed before then. A job's wait is reckoned from the latest such moment. Where workers keep up, that is a round trip or a turn of the
 * loop before the push; where jobs pile up, it is as good as the ages are: to a second and a hundredth. What was pushed while no
 * worker ran is reckoned from when one first saw it.
 *
 * One process has one set, of one shard. Times are Unix microseconds by Redis's clock.
 */
#ifndef WORKER_IO_QUEUE_WAIT_H
#define WORKER_IO_QUEUE_WAIT_H

#include <stdint.h>

#include "bellhop/wire.h"

/* What this queue holds from now on was not pushed before then. */
void queue_wait_none_before(enum queue queue, int64_t redis_us);
/* The claims that are read next were taken then. */
void queue_wait_claimed_at(int64_t redis_us);
/* By that claim every queue was emptied. */
void queue_wait_emptied(void);
/* How long a job has waited that was taken by that claim for the first time; -1: not known. */
int64_t queue_wait_us(enum queue queue);
/* Nothing is known. */
void queue_wait_clear(void);

#endif
