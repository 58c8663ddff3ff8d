/* SPDX-License-Identifier: MIT */
/* upstream: an HTTP server for tests that does to its clients just what a test says. */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "upstream.h"

struct connection {
	struct upstream *upstream;
	int fd, nth;
};

static void *serve(void *arg)
{
	struct connection connection = *(struct connection *)arg;
	struct upstream *upstream = connection.upstream;

	free(arg);
	upstream->serve(upstream, connection.fd, connection.nth);
	pthread_mutex_lock(&upstream->lock);
	upstream->fds[connection.nth] = -1;
	upstream->open--;
	close(connection.fd);
	pthread_cond_broadcast(&upstream->changed);
	pthread_mutex_unlock(&upstream->lock);
	return NULL;
}

static void *accept_all(void *arg)
{
	struct upstream *upstream = arg;

	for (;;) {
		int fd = accept(upstream->listener, NULL, NULL);
		struct connection *connection;

		if (fd < 0)
			return NULL;
		connection = xmalloc(sizeof(*connection));
		pthread_mutex_lock(&upstream->lock);
		BUG_ON(upstream->connections == UPSTREAM_CONNECTIONS);
		*connection = (struct connection){upstream, fd, upstream->connections};
		upstream->fds[upstream->connections] = fd;
		pthread_create(
			&upstream->threads[upstream->connections++], NULL, serve, connection);
		upstream->open++;
		pthread_mutex_unlock(&upstream->lock);
	}
}

struct upstream *upstream_start(upstream_fn fn)
{
	struct upstream *upstream = xcalloc(1, sizeof(*upstream));
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	upstream->serve = fn;
	upstream->last = xcalloc(1, UPSTREAM_TEXT_BYTES);
	pthread_mutex_init(&upstream->lock, NULL);
	pthread_cond_init(&upstream->changed, NULL);
	upstream->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	BUG_ON(bind(upstream->listener, (struct sockaddr *)&address, sizeof(address)));
	BUG_ON(listen(upstream->listener, 1024));
	BUG_ON(getsockname(upstream->listener, (struct sockaddr *)&address, &len));
	upstream->port = ntohs(address.sin_port);
	pthread_create(&upstream->acceptor, NULL, accept_all, upstream);
	return upstream;
}

void upstream_stop(struct upstream *upstream)
{
	shutdown(upstream->listener, SHUT_RDWR);
	pthread_join(upstream->acceptor, NULL);
	close(upstream->listener);
	pthread_mutex_lock(&upstream->lock);
	upstream->stopping = true;
	pthread_cond_broadcast(&upstream->changed);
	for (int i = 0; i < upstream->connections; i++)
		if (upstream->fds[i] >= 0)
			shutdown(upstream->fds[i], SHUT_RDWR);
	pthread_mutex_unlock(&upstream->lock);
	for (int i = 0; i < upstream->connections; i++)
		pthread_join(upstream->threads[i], NULL);
	pthread_mutex_destroy(&upstream->lock);
	pthread_cond_destroy(&upstream->changed);
	free(upstream->last);
	free(upstream);
}

/* Bytes of the body that the headers announce. */
static size_t body_bytes(const char *headers)
{
	const char *line = strcasestr(headers, "\r\nContent-Length:");

	return line ? strtoul(line + 17, NULL, 10) : 0;
}

bool upstream_read(struct upstream *upstream, int fd)
{
	char *text = xcalloc(1, UPSTREAM_TEXT_BYTES);
	size_t len = 0, whole = 0;

	while (!whole || len < whole) {
		ssize_t got = recv(fd, text + len, UPSTREAM_TEXT_BYTES - 1 - len, 0);
		char *end;

		if (got <= 0) {
			free(text);
			return false;
		}
		len += (size_t)got;
		end = strstr(text, "\r\n\r\n");
		if (end && !whole)
			whole = (size_t)(end - text) + 4 + body_bytes(text);
	}
	pthread_mutex_lock(&upstream->lock);
	memcpy(upstream->last, text, len + 1);
	upstream->last_len = len;
	upstream->requests++;
	pthread_cond_broadcast(&upstream->changed);
	pthread_mutex_unlock(&upstream->lock);
	free(text);
	return true;
}

void upstream_write(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t put = send(fd, at, len, MSG_NOSIGNAL);

		if (put <= 0)
			return;
		at += put;
		len -= (size_t)put;
	}
}

void upstream_say(int fd, const char *text)
{
	upstream_write(fd, text, strlen(text));
}

void upstream_reset(int fd)
{
	struct linger linger = {1, 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

void upstream_linger(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		;
}

int upstream_requests(struct upstream *upstream)
{
	int count;

	pthread_mutex_lock(&upstream->lock);
	count = upstream->requests;
	pthread_mutex_unlock(&upstream->lock);
	return count;
}

int upstream_connections(struct upstream *upstream)
{
	int count;

	pthread_mutex_lock(&upstream->lock);
	count = upstream->connections;
	pthread_mutex_unlock(&upstream->lock);
	return count;
}

void upstream_await(struct upstream *upstream, int requests)
{
	pthread_mutex_lock(&upstream->lock);
	while (upstream->requests < requests && !upstream->stopping)
		pthread_cond_wait(&upstream->changed, &upstream->lock);
	pthread_mutex_unlock(&upstream->lock);
}

void upstream_await_open(struct upstream *upstream, int at_most)
{
	pthread_mutex_lock(&upstream->lock);
	while (upstream->open > at_most && !upstream->stopping)
		pthread_cond_wait(&upstream->changed, &upstream->lock);
	pthread_mutex_unlock(&upstream->lock);
}
