/* SPDX-License-Identifier: MIT */
/*
 * http_server: the listener for operators.
 *
 * One request a connection: read its head into a fixed buffer, answer, say that no more is sent, and wait for the other side to close (closing
 * with unread bytes would reset the answer away). 2 s over all of it, 64 connections at once; one more takes the place of the longest silent
 * one, so that connections which say nothing keep no probe waiting. evhttp is not used: it has no deadline for a whole
 * request and tells nobody of a connection before its request is read.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/event_struct.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/http_server.h"
#include "io/listener.h"

#define CONNECTIONS_MAX 64
#define HEAD_MAX_BYTES	8192
#define PAGE_MAX_BYTES	((size_t)4 * 1024 * 1024)

static const struct timeval WHOLE_REQUEST = {2, 0};
/* Where accepting fails for want of file descriptors. */
static const struct timeval ACCEPT_AGAIN = {1, 0};

struct connection {
	TAILQ_ENTRY(connection) link;
	struct http_server *server;
	int fd;
	struct event readable, writable, deadline;
	char head[HEAD_MAX_BYTES + 1];
	size_t head_len;
	bool answered;
	struct buf answer;
	size_t written;
};

TAILQ_HEAD(connection_list, connection);

struct http_server {
	struct event_base *base;
	const struct http_page *pages;
	void *arg;
	struct listener listener;
	struct event acceptable, again;
	struct connection_list connections; /* the oldest first */
	unsigned count;
};

static void connection_free(struct connection *connection)
{
	struct http_server *server = connection->server;

	event_del(&connection->readable);
	event_del(&connection->writable);
	event_del(&connection->deadline);
	close(connection->fd);
	TAILQ_REMOVE(&server->connections, connection, link);
	buf_release(&connection->answer);
	free(connection);
	server->count--;
}

static const char *status_text(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

static void answer_set(struct connection *connection, int status, const char *type,
	const struct buf *body, bool head)
{
	struct buf *answer = &connection->answer;

	buf_printf(answer,
		"HTTP/1.1 %d %s\r\nContent-Type: %s\r\n"
		"Content-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n%s\r\n",
		status, status_text(status), type != NULL ? type : "text/plain; charset=utf-8",
		body->len, status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (!head)
		buf_add(answer, body->data, body->len);
	connection->answered = true;
}

static int page_render(
	struct http_server *server, const char *path, const char **type, struct buf *body)
{
	size_t len = strcspn(path, "?");

	for (const struct http_page *page = server->pages; page->path; page++)
		if (strlen(page->path) == len && memcmp(page->path, path, len) == 0) {
			*type = page->type;
			return page->render(server->arg, body);
		}
	return 404;
}

/* `GET /path HTTP/1.1`; cuts the line up. */
static int request_answer(
	struct http_server *server, char *line, const char **type, struct buf *body, bool *head)
{
	char *path = strchr(line, ' ');
	char *version = path ? strchr(path + 1, ' ') : NULL;

	if (!version || path[1] != '/' || strncmp(version + 1, "HTTP/1.", 7) != 0)
		return 400;
	*path++ = *version = '\0';
	*head = strcmp(line, "HEAD") == 0;
	if (!*head && strcmp(line, "GET") != 0)
		return 405;
	return page_render(server, path, type, body);
}

static void connection_answer(struct connection *connection, char *head_end)
{
	const char *type = NULL;
	struct buf body;
	bool head = false;
	int status = 431;

	buf_init(&body, PAGE_MAX_BYTES);
	if (head_end) {
		*strchr(connection->head, '\r') = '\0';
		status = request_answer(connection->server, connection->head, &type, &body, &head);
	}
	if (!body.len && status != 200)
		buf_printf(&body, "%s\n", status_text(status));
	answer_set(connection, status, type, &body, head);
	buf_release(&body);
	event_add(&connection->writable, NULL);
}

static void connection_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;
	char *head = connection->head, *end;
	ssize_t got;

	(void)what;
	/* After the answer, what still comes only has to be taken. */
	if (connection->answered)
		connection->head_len = 0;
	got = recv(fd, head + connection->head_len, HEAD_MAX_BYTES - connection->head_len, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		connection_free(connection);
		return;
	}
	connection->head_len += (size_t)got;
	head[connection->head_len] = '\0';
	end = strstr(head, "\r\n\r\n");
	if (!connection->answered && (end || connection->head_len == HEAD_MAX_BYTES))
		connection_answer(connection, end);
}

static void connection_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;
	const struct buf *answer = &connection->answer;
	ssize_t put = send(fd, answer->data + connection->written,
		answer->len - connection->written, MSG_NOSIGNAL);

	(void)what;
	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (put < 0) {
		connection_free(connection);
		return;
	}
	connection->written += (size_t)put;
	if (connection->written < answer->len)
		return;
	event_del(&connection->writable);
	shutdown(fd, SHUT_WR);
}

static void connection_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	connection_free(arg);
}

/* The oldest that has said nothing yet, else the oldest. */
static struct connection *connection_least(struct http_server *server)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &server->connections, link)
	{
		/* cppcheck-suppress uninitvar ; it does not follow the list */
		if (connection->head_len == 0 && !connection->answered)
			return connection;
	}
	return TAILQ_FIRST(&server->connections);
}

static void connection_new(struct http_server *server, int fd)
{
	struct connection *connection = xcalloc(1, sizeof(*connection));

	connection->server = server;
	connection->fd = fd;
	buf_init(&connection->answer, PAGE_MAX_BYTES + 1024);
	event_assign(&connection->readable, server->base, fd, EV_READ | EV_PERSIST,
		connection_readable, connection);
	event_assign(&connection->writable, server->base, fd, EV_WRITE | EV_PERSIST,
		connection_writable, connection);
	evtimer_assign(&connection->deadline, server->base, connection_late, connection);
	event_add(&connection->readable, NULL);
	event_add(&connection->deadline, &WHOLE_REQUEST);
	TAILQ_INSERT_TAIL(&server->connections, connection, link);
	server->count++;
}

static void server_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (client >= 0) {
		if (server->count == CONNECTIONS_MAX)
			connection_free(connection_least(server));
		connection_new(server, client);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		event_del(&server->acceptable);
		event_add(&server->again, &ACCEPT_AGAIN);
	}
}

static void server_again(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;

	(void)fd;
	(void)what;
	event_add(&server->acceptable, NULL);
}

struct http_server *http_server_new(struct event_base *base, const char *listen_at,
	const struct http_page *pages, void *arg, struct error *error)
{
	struct listener listener;
	struct http_server *server;

	if (listener_open(&listener, listen_at, error))
		return NULL;
	server = xcalloc(1, sizeof(*server));
	server->base = base;
	server->pages = pages;
	server->arg = arg;
	server->listener = listener;
	TAILQ_INIT(&server->connections);
	event_assign(&server->acceptable, base, listener.fd, EV_READ | EV_PERSIST,
		server_acceptable, server);
	evtimer_assign(&server->again, base, server_again, server);
	event_add(&server->acceptable, NULL);
	return server;
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	while (!TAILQ_EMPTY(&server->connections))
		connection_free(TAILQ_FIRST(&server->connections));
	event_del(&server->acceptable);
	event_del(&server->again);
	listener_close(&server->listener);
	free(server);
}

const char *http_server_address(const struct http_server *server)
{
	return server->listener.text;
}

const struct sockaddr *http_server_sockaddr(const struct http_server *server)
{
	return &server->listener.address.any;
}
