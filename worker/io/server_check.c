/* SPDX-License-Identifier: MIT */
/* server_check: says loudly where the Redis that was connected to is too old, or may throw keys away. */
#include "io/server_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "io/resp.h"

#define TIMEOUT_MS 1000

typedef void (*warn_fn)(const char *sentence, const char *seen);

/* The value of `name:` in INFO's text; "" where there is none. */
static void find(const char *info, const char *name, char *value, size_t size)
{
	const char *at = strstr(info, name);
	size_t len = 0;

	value[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(name);
	while (at[len] != '\0' && at[len] != '\r' && at[len] != '\n' && len + 1 < size)
		len++;
	memcpy(value, at, len);
	value[len] = '\0';
}

struct check {
	warn_fn warn;
};

static void on_info(void *arg, const struct redis_value *value)
{
	warn_fn warn = ((struct check *)arg)->warn;
	char version[32], policy[32];
	int major, minor;

	free(arg);
	if (value == NULL || redis_value_kind(value) != REDIS_KIND_TEXT)
		return;
	find(redis_value_text(value).data, "redis_version:", version, sizeof(version));
	find(redis_value_text(value).data, "maxmemory_policy:", policy, sizeof(policy));
	if (sscanf(version, "%d.%d", &major, &minor) == 2 &&
		(major < 6 || (major == 6 && minor < 2)))
		warn("Redis is too old: 6.2 or later is needed", version);
	if (policy[0] != '\0' && strcmp(policy, "noeviction") != 0)
		warn("Redis may evict keys, and with them jobs and marks: set maxmemory-policy to "
		     "noeviction",
			policy);
}

void server_check(struct redis_async *redis, warn_fn warn)
{
	struct check *check = xcalloc(1, sizeof(*check));
	struct buf command;

	check->warn = warn;
	buf_init(&command, 256);
	resp_head(&command, 1);
	resp_string(&command, "INFO");
	if (!redis_async_send(redis, &command, TIMEOUT_MS, on_info, check))
		free(check);
	buf_release(&command);
}
