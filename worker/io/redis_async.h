/* SPDX-License-Identifier: MIT */
/*
 * redis_async: one connection to Redis on the event loop; the one place of the worker that knows hiredis.
 *
 * It connects, authenticates and selects by itself, for ever: after a loss it tries again with a jittered pause of at most half a
 * second, which grows as long as no connection lives for a second. Every command has a deadline; a connection on which one passes is thrown away, because an answer that
 * comes late would be taken for another's. `up` comes each time it may be used, `down` each time it may no more.
 */
#ifndef WORKER_IO_REDIS_ASYNC_H
#define WORKER_IO_REDIS_ASYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>

#include "bellhop/buf.h"
#include "bellhop/redis_url.h"
#include "bellhop/span.h"

struct redis_async;

/* An answer, or a part of one: borrowed for the length of the callback. */
struct redis_value;

enum redis_kind {
	REDIS_KIND_NIL,
	REDIS_KIND_TEXT,
	REDIS_KIND_INTEGER,
	REDIS_KIND_LIST,
	REDIS_KIND_ERROR
};

enum redis_kind redis_value_kind(const struct redis_value *value);
/* Of a text, status or error; empty for the rest. */
struct span redis_value_text(const struct redis_value *value);
/* Of an integer, or of a text that is one; 0 for the rest. */
int64_t redis_value_integer(const struct redis_value *value);
/* Of a list. */
size_t redis_value_count(const struct redis_value *value);
const struct redis_value *redis_value_at(const struct redis_value *value, size_t index);
/* The error's text, or NULL where it is none. NUL-terminated. */
const char *redis_value_error(const struct redis_value *value);

/* `value` is NULL where the connection was lost before the answer: whether Redis did it is not known. */
typedef void (*redis_fn)(void *arg, const struct redis_value *value);

struct redis_async_events {
	void (*up)(void *arg);
	/* `reason` for a person; `refused`: Redis answered and said no (password, database), so trying again will not help
	 * until somebody changes something. */
	void (*down)(void *arg, const char *reason, bool refused);
};

/* Starts to connect at once. `url` is borrowed for the connection's life. */
struct redis_async *redis_async_new(struct event_base *base, const struct redis_url *url,
	const struct redis_async_events *events, void *arg);
/* Outstanding callbacks come with NULL before it returns; `down` does not. */
void redis_async_free(struct redis_async *redis);
bool redis_async_is_up(const struct redis_async *redis);

/* Sends one command (io/resp.h). False where the connection is not up: the callback will not come. */
bool redis_async_send(struct redis_async *redis, const struct buf *command, uint32_t timeout_ms,
	redis_fn done, void *arg);
/* Throws the connection away: outstanding callbacks come with NULL, then `down`, and it connects anew. */
void redis_async_drop(struct redis_async *redis, const char *reason);

/* The peer as connected, for address_policy_never(); false where it is a unix socket or not up. */
struct sockaddr_storage;
bool redis_async_peer(const struct redis_async *redis, struct sockaddr_storage *peer);

#endif
