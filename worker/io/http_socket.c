/* SPDX-License-Identifier: MIT */
/*
 * http_socket: libcurl's sockets on the event loop.
 *
 * A connection's read event stays armed from its first use until the socket is closed, also while libcurl says REMOVE: that saves
 * two system calls a call. An event that nobody wants any more disarms itself when it fires. So a socket is known by its number, from
 * OPENSOCKETFUNCTION to CLOSESOCKETFUNCTION, and libcurl's own per-socket pointer is of no use.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/http_private.h"

static void socket_ready(evutil_socket_t fd, short what, void *arg)
{
	struct http_socket *sock = arg;
	struct http_pool *pool = sock->pool;
	int running = pool->active;

	if (!(what & sock->wanted)) {
		if (what & EV_READ) {
			event_del(&sock->reading);
			sock->reads = false;
		} else {
			event_del(&sock->writing);
			sock->writes = false;
		}
		return;
	}
	/* The socket may be gone when this returns. */
	curl_multi_socket_action(
		pool->multi, fd, what & EV_READ ? CURL_CSELECT_IN : CURL_CSELECT_OUT, &running);
	http_pool_progress(pool, running);
}

static struct http_socket *socket_at(struct http_client *client, int fd)
{
	return (size_t)fd < client->sockets_capacity ? client->sockets[fd] : NULL;
}

static struct http_socket *socket_new(struct http_pool *pool, int fd, bool ours)
{
	struct http_client *client = pool->client;
	struct http_socket *sock = xcalloc(1, sizeof(*sock));
	size_t capacity = client->sockets_capacity;

	if ((size_t)fd >= capacity) {
		capacity = ((size_t)fd + 64) * 2;
		client->sockets = xrealloc(client->sockets, capacity * sizeof(*client->sockets));
		memset(client->sockets + client->sockets_capacity, 0,
			(capacity - client->sockets_capacity) * sizeof(*client->sockets));
		client->sockets_capacity = capacity;
	}
	sock->pool = pool;
	sock->ours = ours;
	event_assign(&sock->reading, client->base, fd, EV_READ | EV_PERSIST, socket_ready, sock);
	event_assign(&sock->writing, client->base, fd, EV_WRITE | EV_PERSIST, socket_ready, sock);
	client->sockets[fd] = sock;
	client->socket_count++;
	return sock;
}

void http_socket_free(struct http_client *client, int fd)
{
	struct http_socket *sock = socket_at(client, fd);

	if (!sock)
		return;
	if (sock->reads)
		event_del(&sock->reading);
	if (sock->writes)
		event_del(&sock->writing);
	client->sockets[fd] = NULL;
	client->socket_count--;
	free(sock);
}

void http_socket_opened(struct http_pool *pool, int fd)
{
	/* One of the same number that libcurl closed without a word. */
	http_socket_free(pool->client, fd);
	socket_new(pool, fd, true);
}

int http_socket_closes(void *client, curl_socket_t fd)
{
	http_socket_free(client, fd);
	return close(fd);
}

static void socket_arm(struct http_socket *sock, bool reads, bool writes)
{
	if (reads && !sock->reads)
		event_add(&sock->reading, NULL);
	if (writes && !sock->writes)
		event_add(&sock->writing, NULL);
	if (!writes && sock->writes)
		event_del(&sock->writing);
	sock->reads = sock->reads || reads;
	sock->writes = writes;
}

int http_socket_wants(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct http_pool *pool = arg;
	struct http_socket *sock = socket_at(pool->client, fd);
	bool reads = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
	bool writes = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;

	(void)easy;
	(void)unused;
	if (!sock && what == CURL_POLL_REMOVE)
		return 0;
	if (!sock)
		sock = socket_new(pool, fd, false);
	sock->wanted = (short)((reads ? EV_READ : 0) | (writes ? EV_WRITE : 0));
	if (what == CURL_POLL_REMOVE && !sock->ours)
		http_socket_free(pool->client, fd);
	else
		socket_arm(sock, reads, writes);
	return 0;
}
