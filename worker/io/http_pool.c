/* SPDX-License-Identifier: MIT */
/*
 * http_pool: one curl multi handle, with its timer and its calls; found by name.
 *
 * A multi handle's connections serve every call in it, so a pool is one org's one integration. libcurl asks for its timer
 * to be set anew with nearly every step. "At once" costs no timer, only a place on the client's list `due`; a later deadline
 * leaves an alarm as it is that rings before it, and the alarm then looks how much is left.
 */
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/http_private.h"

static struct http_pool **pool_slot(struct http_client *client, const char *name)
{
	uint32_t hash = 2166136261u;
	struct http_pool **slot;

	for (const char *byte = name; *byte; byte++)
		hash = (hash ^ (unsigned char)*byte) * 16777619u;
	slot = &client->buckets[(hash ^ hash >> 16) & (HTTP_POOL_BUCKETS - 1)];
	while (*slot && strcmp((*slot)->name, name) != 0)
		slot = &(*slot)->next;
	return slot;
}

static void pool_set_due(struct http_pool *pool, bool due)
{
	struct http_client *client = pool->client;

	if (pool->due == due)
		return;
	pool->due = due;
	if (due) {
		TAILQ_INSERT_TAIL(&client->due, pool, due_link);
		client->due_count++;
		http_client_wants_turn(client);
	} else {
		TAILQ_REMOVE(&client->due, pool, due_link);
		client->due_count--;
	}
}

static void pool_set_alarm(struct http_pool *pool, int64_t now_us)
{
	int64_t wait_us = pool->deadline_us - now_us;
	struct timeval wait = {wait_us / 1000000, wait_us % 1000000};

	pool->alarm_us = pool->deadline_us;
	event_add(pool->alarm, &wait);
}

static void pool_alarm(evutil_socket_t fd, short what, void *arg)
{
	struct http_pool *pool = arg;
	int64_t now_us = http_now_us();

	(void)fd;
	(void)what;
	pool->alarm_us = 0;
	if (pool->deadline_us > now_us)
		pool_set_alarm(pool, now_us);
	else if (pool->deadline_us)
		pool_set_due(pool, true);
}

static int pool_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_pool *pool = arg;
	int64_t now_us;

	(void)multi;
	pool->deadline_us = 0;
	pool_set_due(pool, timeout_ms == 0);
	if (timeout_ms <= 0)
		return 0;
	now_us = http_now_us();
	pool->deadline_us = now_us + timeout_ms * 1000;
	if (!pool->alarm_us || pool->alarm_us > pool->deadline_us)
		pool_set_alarm(pool, now_us);
	return 0;
}

static void pool_setopt(CURLM *multi, struct http_pool *pool)
{
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, http_socket_wants);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, pool_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pool);
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)HTTP_POOL_CONNECTIONS);
}

static struct http_pool *pool_new(struct http_client *client, const char *name)
{
	struct http_pool *pool = xcalloc(1, sizeof(*pool));

	pool->client = client;
	pool->name = xstrdup(name);
	pool->multi = curl_multi_init();
	pool->alarm = evtimer_new(client->base, pool_alarm, pool);
	BUG_ON(!pool->multi || !pool->alarm);
	TAILQ_INIT(&pool->calls);
	pool_setopt(pool->multi, pool);
	pool->idle_since_us = http_now_us();
	TAILQ_INSERT_TAIL(&client->idle, pool, life_link);
	client->pool_count++;
	return pool;
}

static bool too_many_files(const struct http_client *client)
{
	return client->socket_count + HTTP_POOL_FILES * client->pool_count > client->sockets_max;
}

struct http_pool *http_pool_find(struct http_client *client, const char *name)
{
	return *pool_slot(client, name);
}

struct http_pool *http_pool_get(struct http_client *client, const char *name)
{
	struct http_pool **slot = pool_slot(client, name);

	if (!*slot || too_many_files(client)) {
		http_pool_sweep(client);
		/* The sweep may have taken the pool before this place, or this one. */
		slot = pool_slot(client, name);
	}
	if (!*slot)
		*slot = pool_new(client, name);
	return *slot;
}

void http_pool_free(struct http_pool *pool)
{
	struct http_client *client = pool->client;

	BUG_ON(pool->active);
	if (!pool->retired)
		*pool_slot(client, pool->name) = pool->next;
	TAILQ_REMOVE(&client->idle, pool, life_link);
	client->pool_count--;
	curl_multi_cleanup(pool->multi);
	/* Only now: closing has libcurl call back. */
	pool_set_due(pool, false);
	if (pool->ended)
		TAILQ_REMOVE(&client->ended, pool, ended_link);
	event_free(pool->alarm);
	free(pool->pin.host);
	free(pool->name);
	free(pool);
}

void http_pool_retire(struct http_pool *pool)
{
	if (!pool->active) {
		http_pool_free(pool);
		return;
	}
	*pool_slot(pool->client, pool->name) = pool->next;
	pool->retired = true;
}

void http_pool_sweep(struct http_client *client)
{
	int64_t now_us = http_now_us();
	struct http_pool *pool;

	while ((pool = TAILQ_FIRST(&client->idle)) &&
		(client->pool_count >= HTTP_POOLS_MAX || too_many_files(client) ||
			now_us - pool->idle_since_us > HTTP_POOL_IDLE_US))
		http_pool_free(pool);
}

void http_pool_add(struct http_pool *pool, struct http_call *call)
{
	CURLMcode result;

	if (pool->active++ == 0) {
		TAILQ_REMOVE(&pool->client->idle, pool, life_link);
		TAILQ_INSERT_TAIL(&pool->client->busy, pool, life_link);
	}
	TAILQ_INSERT_TAIL(&pool->calls, call, link);
	call->pool = pool;
	result = curl_multi_add_handle(pool->multi, call->easy);
	BUG_ON(result != CURLM_OK);
}

void http_pool_remove(struct http_pool *pool, struct http_call *call)
{
	TAILQ_REMOVE(&pool->calls, call, link);
	curl_multi_remove_handle(pool->multi, call->easy);
	call->pool = NULL;
	if (--pool->active > 0)
		return;
	pool->idle_since_us = http_now_us();
	TAILQ_REMOVE(&pool->client->busy, pool, life_link);
	TAILQ_INSERT_TAIL(&pool->client->idle, pool, life_link);
	if (pool->retired)
		http_pool_free(pool);
}

void http_pool_progress(struct http_pool *pool, int running)
{
	if (running >= pool->active || pool->ended)
		return;
	pool->ended = true;
	TAILQ_INSERT_TAIL(&pool->client->ended, pool, ended_link);
	http_client_wants_turn(pool->client);
}

void http_pool_act(struct http_pool *pool)
{
	int running = pool->active;

	pool_set_due(pool, false);
	curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	http_pool_progress(pool, running);
}

void http_pool_collect(struct http_pool *pool)
{
	struct http_client *client = pool->client;
	CURLMsg *message;
	int left = 1;

	pool->ended = false;
	TAILQ_REMOVE(&client->ended, pool, ended_link);
	while (left && (message = curl_multi_info_read(pool->multi, &left))) {
		CURLcode result = message->data.result;
		char *private = NULL;
		struct http_call *call;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		call = (struct http_call *)(void *)private;
		http_end_judge(call, result);
		http_pool_remove(pool, call);
		TAILQ_INSERT_TAIL(&client->finished, call, link);
	}
}
