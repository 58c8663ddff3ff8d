/* SPDX-License-Identifier: MIT */
/* depths: looks once in a while how much waits in the shard's lists. */
#include "io/depths.h"

#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "io/metrics.h"
#include "io/resp.h"

#define TIMEOUT_MS 1000

static const struct row {
	enum metrics_gauge gauge;
	const char *command, *tail;
} rows[] = {
	{METRICS_DEPTH_DECISIONS, "LLEN", "jobs:decisions"},
	{METRICS_DEPTH_CHAT, "LLEN", "jobs:chat"},
	{METRICS_DEPTH_WORKFLOW, "LLEN", "jobs:workflow"},
	{METRICS_DEPTH_RETRY, "LLEN", "retry"},
	{METRICS_DELAYED, "ZCARD", "delayed"},
	{METRICS_DEAD, "LLEN", "dead"},
};

static void on_length(void *arg, const struct redis_value *value)
{
	const struct row *row = arg;

	if (value != NULL && redis_value_kind(value) == REDIS_KIND_INTEGER)
		metrics_set(row->gauge, redis_value_integer(value));
}

void depths_look(struct redis_async *redis, const char *shard)
{
	struct buf key, command;

	buf_init(&key, 1024);
	buf_init(&command, 2048);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_clear(&key);
		buf_clear(&command);
		key_shard(&key, shard, rows[i].tail);
		resp_head(&command, 2);
		resp_string(&command, rows[i].command);
		resp_word(&command, key.data, key.len);
		/* Where it is not up, the gauge keeps its last value. */
		(void)redis_async_send(
			redis, &command, TIMEOUT_MS, on_length, (void *)(uintptr_t)&rows[i]);
	}
	buf_release(&key);
	buf_release(&command);
}
