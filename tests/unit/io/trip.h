/* SPDX-License-Identifier: MIT */
/* trip: one HTTP call of a test: what it asks, and what came of it. */
#ifndef TESTS_TRIP_H
#define TESTS_TRIP_H

#include <stdbool.h>

#include "bellhop/buf.h"
#include "io/http_client.h"
#include "upstream.h"

/* The world of one test: a loop, a policy, a client, an upstream. */
struct world {
	struct event_base *base;
	struct address_policy *policy;
	struct http_client *client;
	struct upstream *upstream;
};

struct trip {
	struct http_request
		request; /* filled with defaults by trip_init(); change what the test is about */
	struct address_list addresses;
	struct buf body, headers;
	char url[256];
	struct world *world;
	struct http_call *call;
	bool done;
	enum http_end end;
	bool sent;
	int status;
	int64_t retry_after_s;
	char reason[128];
	void (*then)(struct trip *trip); /* called from the callback */
	void *arg;
};

/* Loopback allowed. */
void world_init(struct world *world, upstream_fn serve);
void world_release(struct world *world);

/* A GET of http://127.0.0.1:PORT/ in pool "acme tickets". */
void trip_init(struct trip *trip, struct world *world);
void trip_release(struct trip *trip);
void trip_header(struct trip *trip, const char *line);
/* As http://HOST:PORT/ */
void trip_host(struct trip *trip, const char *host);
void trip_start(struct trip *trip);
/* Runs the loop until it is done; fails the test after 10 s. */
void trip_finish(struct trip *trip);
void trip_run(struct trip *trip);
/* init, run, of a plain GET */
void trip_get(struct trip *trip, struct world *world);

#endif
