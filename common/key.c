/* SPDX-License-Identifier: MIT */
/* key: the Redis keys of one shard, made in one place. */
#include "bellhop/key.h"

#include <stdarg.h>
#include <stddef.h>

/* `bellhop:{SHARD}`, then a colon and the text for each of the texts up to NULL. */
static void __attribute__((sentinel)) add(struct buf *key, const char *shard, ...)
{
	const char *part;
	va_list parts;

	buf_add_string(key, "bellhop:{");
	buf_add_string(key, shard);
	buf_add_char(key, '}');
	va_start(parts, shard);
	while ((part = va_arg(parts, const char *)) != NULL) {
		buf_add_char(key, ':');
		buf_add_string(key, part);
	}
	va_end(parts);
}

void key_shard(struct buf *key, const char *shard, const char *tail)
{
	add(key, shard, tail, (char *)NULL);
}

void key_replies(struct buf *key, const char *shard, const char *reply_to)
{
	add(key, shard, "replies", reply_to, (char *)NULL);
}

void key_result(struct buf *key, const char *shard, const char *org, const char *id)
{
	add(key, shard, "result", org, id, (char *)NULL);
}

void key_waiting(struct buf *key, const char *shard, const char *org, const char *id)
{
	add(key, shard, "waiting", org, id, (char *)NULL);
}

void key_claims(struct buf *key, const char *shard, const char *worker)
{
	add(key, shard, "claims", worker, (char *)NULL);
}

void key_lane(struct buf *key, const char *shard, const char *lane, bool workflow)
{
	add(key, shard, "parked", lane, workflow ? "workflow" : "chat", (char *)NULL);
}

void key_org(struct buf *key, const char *shard, const char *org, const char *tail)
{
	add(key, shard, "org", org, tail, (char *)NULL);
}

void key_integration(struct buf *key, const char *shard, const char *org, const char *integration)
{
	add(key, shard, "org", org, "integration", integration, (char *)NULL);
}

void key_secrets(struct buf *key, const char *shard, const char *org, const char *integration)
{
	add(key, shard, "org", org, "secrets", integration, (char *)NULL);
}

void key_window(struct buf *key, const char *shard, const char *org, const char *integration,
	const char *action)
{
	add(key, shard, "org", org, "window", integration, action, (char *)NULL);
}

void key_confirm(struct buf *key, const char *shard, const char *org, const char *token)
{
	add(key, shard, "org", org, "confirm", token, (char *)NULL);
}
