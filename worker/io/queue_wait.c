/* SPDX-License-Identifier: MIT */
/* queue_wait: how long a job waited in its queue, as far as a worker can know. */
#include "io/queue_wait.h"

#include <string.h>

static int64_t none_before_us[QUEUE_COUNT]; /* 0: nothing is known */
static int64_t claimed_us;

void queue_wait_none_before(enum queue queue, int64_t redis_us)
{
	if (redis_us > none_before_us[queue])
		none_before_us[queue] = redis_us;
}

void queue_wait_claimed_at(int64_t redis_us)
{
	claimed_us = redis_us;
}

void queue_wait_emptied(void)
{
	for (int queue = 0; queue < QUEUE_COUNT; queue++)
		queue_wait_none_before((enum queue)queue, claimed_us);
}

int64_t queue_wait_us(enum queue queue)
{
	int64_t since_us = none_before_us[queue];

	if (since_us == 0)
		return -1;
	return claimed_us > since_us ? claimed_us - since_us : 0;
}

void queue_wait_clear(void)
{
	memset(none_before_us, 0, sizeof(none_before_us));
	claimed_us = 0;
}
