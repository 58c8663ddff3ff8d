/* SPDX-License-Identifier: MIT */
/*
 * http_client: the client, the lives of its calls, and what is done once a loop turn.
 *
 * The happy path of a call: http_start() takes a spare call (its easy handle has all that never changes), sets what this request needs and adds
 * it to its pool; libcurl asks for "now", so the pool is due; the turn lets libcurl send; the socket gets readable, libcurl reads
 * and says that the transfer ended; the turn judges how, calls back, and puts the call back among the spare ones.
 * What can fail is in http_end.c. A call that may not be sent at all ends in the next turn, like any other.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/http_private.h"

static const struct timeval SWEEP_EVERY = {10, 0};

void http_client_wants_turn(struct http_client *client)
{
	if (client->turn_wanted)
		return;
	client->turn_wanted = true;
	event_active(client->turn, EV_TIMEOUT, 0);
}

static void client_spare(struct http_client *client, struct http_call *call)
{
	http_call_clear(call);
	if (client->spare_count >= HTTP_SPARE_CALLS_MAX) {
		http_call_free(call);
		return;
	}
	TAILQ_INSERT_HEAD(&client->spare, call, link);
	client->spare_count++;
}

/* Each pool once: what libcurl wants again "at once" meanwhile has its place behind. */
static void client_act(struct http_client *client)
{
	for (size_t left = client->due_count; left && client->due_count; left--)
		http_pool_act(TAILQ_FIRST(&client->due));
}

static void client_call_back(struct http_client *client)
{
	struct http_call *call;

	while ((call = TAILQ_FIRST(&client->finished))) {
		TAILQ_REMOVE(&client->finished, call, link);
		call->called_back = true;
		call->done(call->arg, &call->response);
		client_spare(client, call);
	}
}

static void client_turn(evutil_socket_t fd, short what, void *arg)
{
	struct http_client *client = arg;

	(void)fd;
	(void)what;
	client->turn_wanted = false;
	client_act(client);
	while (!TAILQ_EMPTY(&client->ended))
		http_pool_collect(TAILQ_FIRST(&client->ended));
	client_call_back(client);
}

static void client_sweep(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	http_pool_sweep(arg);
}

static size_t client_sockets_max(void)
{
	struct rlimit limit;

	/* Half of what the process may open, so that Redis and the listener are never without. */
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur / 2 > 4096)
		return 4096;
	return limit.rlim_cur / 2;
}

struct http_client *http_client_new(struct event_base *base, const struct address_policy *policy,
	const char *ca_file, struct error *error)
{
	struct http_client *client;
	X509_STORE *trusted = http_tls_trusted(ca_file, error);

	if (!trusted)
		return NULL;
	http_memory_init();
	client = xcalloc(1, sizeof(*client));
	client->base = base;
	client->policy = policy;
	client->trusted = trusted;
	client->sockets_max = client_sockets_max();
	TAILQ_INIT(&client->idle);
	TAILQ_INIT(&client->busy);
	TAILQ_INIT(&client->due);
	TAILQ_INIT(&client->ended);
	TAILQ_INIT(&client->finished);
	TAILQ_INIT(&client->spare);
	client->turn = event_new(base, -1, 0, client_turn, client);
	client->sweep = event_new(base, -1, EV_PERSIST, client_sweep, client);
	BUG_ON(!client->turn || !client->sweep);
	event_add(client->sweep, &SWEEP_EVERY);
	return client;
}

static void client_drop_calls(struct http_client *client)
{
	struct http_pool *pool;
	struct http_call *call;

	while ((pool = TAILQ_FIRST(&client->busy))) {
		/* The pool goes with its last call where it was retired. */
		for (int left = pool->active; left; left--) {
			call = TAILQ_FIRST(&pool->calls);
			http_pool_remove(pool, call);
			http_call_free(call);
		}
	}
	while ((call = TAILQ_FIRST(&client->finished))) {
		TAILQ_REMOVE(&client->finished, call, link);
		http_call_free(call);
	}
	while ((call = TAILQ_FIRST(&client->spare))) {
		TAILQ_REMOVE(&client->spare, call, link);
		http_call_free(call);
	}
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	client_drop_calls(client);
	while (!TAILQ_EMPTY(&client->idle))
		http_pool_free(TAILQ_FIRST(&client->idle));
	for (size_t fd = 0; fd < client->sockets_capacity; fd++)
		http_socket_free(client, (int)fd);
	free(client->sockets);
	event_free(client->turn);
	event_free(client->sweep);
	X509_STORE_free(client->trusted);
	http_memory_release();
	free(client);
}

static struct http_call *client_take_spare(struct http_client *client)
{
	struct http_call *call = TAILQ_FIRST(&client->spare);

	if (!call)
		return http_call_new(client);
	TAILQ_REMOVE(&client->spare, call, link);
	client->spare_count--;
	return call;
}

struct http_call *http_start(struct http_client *client, const struct http_request *request,
	struct buf *body, http_fn done, void *arg)
{
	struct http_call *call = client_take_spare(client);
	struct http_pool *pool = http_pool_get(client, request->pool);

	buf_clear(body);
	call->response.body = body;
	call->done = done;
	call->arg = arg;
	if (http_call_prepare(call, request, pool)) {
		http_pool_add(pool, call);
	} else {
		http_end_judge(call, CURLE_ABORTED_BY_CALLBACK);
		TAILQ_INSERT_TAIL(&client->finished, call, link);
		http_client_wants_turn(client);
	}
	return call;
}

bool http_cancel(struct http_call *call)
{
	struct http_client *client = call->client;
	bool sent = call->response.sent;

	BUG_ON(call->called_back);
	if (call->pool)
		http_pool_remove(call->pool, call);
	else
		TAILQ_REMOVE(&client->finished, call, link);
	client_spare(client, call);
	return sent;
}

void http_client_forget(struct http_client *client, const char *name)
{
	struct http_pool *pool = http_pool_find(client, name);

	if (pool)
		http_pool_retire(pool);
}
