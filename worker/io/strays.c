/* SPDX-License-Identifier: MIT */
/*
 * strays: claims that may be nobody's.
 *
 * The happy path: a SCAN for each look -> names -> after the last piece a rest. What can fail: the connection is lost, or Redis says
 * no: then the pass is begun again at its time.
 */
#include "io/strays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/key.h"
#include "io/clock.h"
#include "io/resp.h"

#define PIECE	    "1000" /* keys that Redis looks at for one answer: some 0.1 ms of its time */
#define TIMEOUT_MS  1000
#define REST_LEASES 2
#define NAMES_BYTES (256 * 1024)

struct strays {
	struct redis_async *redis;
	struct buf prefix, pattern; /* of the keys */
	int64_t rest_ms, rests_until_ms;
	char cursor[24];
	bool looking;
	struct buf names; /* words */
	size_t count;
};

struct strays *strays_new(struct redis_async *redis, const struct options *options)
{
	struct strays *strays = xcalloc(1, sizeof(*strays));

	strays->redis = redis;
	strays->rest_ms = (int64_t)options->lease_ms * REST_LEASES;
	buf_init(&strays->prefix, 1024);
	buf_init(&strays->pattern, 1024);
	buf_init(&strays->names, NAMES_BYTES);
	key_claims(&strays->prefix, options->shard, "");
	key_claims(&strays->pattern, options->shard, "*");
	strays_look_anew(strays);
	return strays;
}

void strays_free(struct strays *strays)
{
	if (strays == NULL)
		return;
	buf_release(&strays->prefix);
	buf_release(&strays->pattern);
	buf_release(&strays->names);
	free(strays);
}

static void start_over(struct strays *strays, int64_t rest_ms)
{
	strcpy(strays->cursor, "0");
	strays->rests_until_ms = clock_now_ms() + rest_ms;
}

void strays_look_anew(struct strays *strays)
{
	start_over(strays, 0);
}

static void add(struct strays *strays, struct span name)
{
	if (strays->names.len + name.len + 32 > NAMES_BYTES)
		return; /* the next pass has room */
	resp_word(&strays->names, name.data, name.len);
	strays->count++;
}

static void on_piece(void *arg, const struct redis_value *value)
{
	struct strays *strays = arg;
	const struct redis_value *keys;
	struct span cursor;

	strays->looking = false;
	if (value == NULL || redis_value_count(value) != 2) {
		start_over(strays, strays->rest_ms);
		return;
	}
	cursor = redis_value_text(redis_value_at(value, 0));
	keys = redis_value_at(value, 1);
	for (size_t i = 0; i < redis_value_count(keys); i++) {
		struct span key = redis_value_text(redis_value_at(keys, i));

		if (key.len > strays->prefix.len)
			add(strays, (struct span){key.data + strays->prefix.len,
					    key.len - strays->prefix.len});
	}
	snprintf(strays->cursor, sizeof(strays->cursor), "%.*s", (int)cursor.len, cursor.data);
	if (strcmp(strays->cursor, "0") == 0)
		start_over(strays, strays->rest_ms);
}

void strays_look(struct strays *strays)
{
	struct buf command;

	if (strays->looking || clock_now_ms() < strays->rests_until_ms)
		return;
	buf_init(&command, 2048);
	resp_head(&command, 8);
	resp_string(&command, "SCAN");
	resp_string(&command, strays->cursor);
	resp_string(&command, "MATCH");
	resp_word(&command, strays->pattern.data, strays->pattern.len);
	resp_string(&command, "COUNT");
	resp_string(&command, PIECE);
	resp_string(&command, "TYPE");
	resp_string(&command, "hash");
	strays->looking = redis_async_send(strays->redis, &command, TIMEOUT_MS, on_piece, strays);
	buf_release(&command);
}

void strays_add(struct strays *strays, const char *name)
{
	add(strays, span_of(name));
}

size_t strays_count(const struct strays *strays)
{
	return strays->count;
}

void strays_take(struct strays *strays, struct buf *command)
{
	buf_add(command, strays->names.data, strays->names.len);
	buf_clear(&strays->names);
	strays->count = 0;
}
