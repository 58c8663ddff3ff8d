/* SPDX-License-Identifier: MIT */
/*
 * upstream: an HTTP server for tests that does to its clients just what a test says, byte by byte.
 *
 * Each connection is served on a thread of its own by the test's function, which reads requests and writes whatever it likes; when it
 * returns, the connection is closed. upstream_stop() wakes all of them.
 */
#ifndef TESTS_UPSTREAM_H
#define TESTS_UPSTREAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define UPSTREAM_CONNECTIONS 1024
#define UPSTREAM_TEXT_BYTES  (4 * 1024 * 1024)

struct upstream;

/* `nth` counts connections from 0. */
typedef void (*upstream_fn)(struct upstream *upstream, int fd, int nth);

struct upstream {
	int listener, port;
	upstream_fn serve;
	pthread_t acceptor;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t threads[UPSTREAM_CONNECTIONS];
	int fds[UPSTREAM_CONNECTIONS]; /* -1: closed */
	int connections, requests, open;
	bool stopping;
	char *last; /* the newest request, whole */
	size_t last_len;
};

struct upstream *upstream_start(upstream_fn serve);
void upstream_stop(struct upstream *upstream);
/* Reads one request with its body. False: the client has gone. */
bool upstream_read(struct upstream *upstream, int fd);
void upstream_write(int fd, const void *data, size_t len);
void upstream_say(int fd, const char *text);
/* Closes with a reset. */
void upstream_reset(int fd);
/* Waits until the client closes or the upstream is stopped. */
void upstream_linger(int fd);
/* Both counts, as they are now. */
int upstream_requests(struct upstream *upstream);
int upstream_connections(struct upstream *upstream);
/* Waits until there were that many requests. */
void upstream_await(struct upstream *upstream, int requests);
/* Waits until no more connections than that are open. */
void upstream_await_open(struct upstream *upstream, int at_most);

#endif
