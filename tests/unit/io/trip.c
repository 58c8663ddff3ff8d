/* SPDX-License-Identifier: MIT */
/* trip: one HTTP call of a test. */
#include "../unit.h"

#include <stdio.h>

#include "bellhop/error.h"
#include "trip.h"

void world_init(struct world *world, upstream_fn serve)
{
	struct error error = {0};

	world->base = event_base_new();
	world->policy = address_policy_new("127.0.0.0/8", &error);
	world->client = http_client_new(world->base, world->policy, NULL, &error);
	assert_non_null(world->client);
	world->upstream = serve ? upstream_start(serve) : NULL;
}

void world_release(struct world *world)
{
	http_client_free(world->client);
	if (world->upstream)
		upstream_stop(world->upstream);
	address_policy_free(world->policy);
	event_base_free(world->base);
}

void trip_host(struct trip *trip, const char *host)
{
	trip->request.host = host;
	snprintf(trip->url, sizeof(trip->url), "http://%s:%u/", host, trip->request.port);
}

void trip_init(struct trip *trip, struct world *world)
{
	struct sockaddr_in *address = &trip->addresses.items[0].v4;

	*trip = (struct trip){.world = world};
	buf_init(&trip->body, 8 * 1024 * 1024);
	buf_init(&trip->headers, 1024 * 1024);
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	trip->request = (struct http_request){.pool = "acme tickets",
		.method = "GET",
		.url = trip->url,
		.addresses = &trip->addresses,
		.timeout_ms = 8000,
		.max_response_bytes = 1024 * 1024};
	if (world->upstream)
		trip->request.port = (uint16_t)world->upstream->port;
	address->sin_port = htons(trip->request.port);
	trip->addresses.count = 1;
	trip_host(trip, "127.0.0.1");
}

void trip_release(struct trip *trip)
{
	buf_release(&trip->body);
	buf_release(&trip->headers);
}

void trip_header(struct trip *trip, const char *line)
{
	buf_add(&trip->headers, line, strlen(line) + 1);
	trip->request.header_count++;
}

static void trip_done(void *arg, const struct http_response *response)
{
	struct trip *trip = arg;

	assert_non_null(trip->call);
	assert_false(trip->done);
	trip->done = true;
	trip->end = response->end;
	trip->sent = response->sent;
	trip->status = response->status;
	trip->retry_after_s = response->retry_after_s;
	assert_ptr_equal(response->body, &trip->body);
	snprintf(trip->reason, sizeof(trip->reason), "%s", response->reason);
	if (trip->then)
		trip->then(trip);
	event_base_loopbreak(trip->world->base);
}

void trip_start(struct trip *trip)
{
	struct http_request request = trip->request;

	trip->done = false;
	trip->call = NULL;
	request.headers = trip->headers.data;
	trip->call = http_start(trip->world->client, &request, &trip->body, trip_done, trip);
	assert_false(trip->done);
}

static void too_long(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

void trip_finish(struct trip *trip)
{
	struct timeval limit = {10, 0};
	struct event *guard = evtimer_new(trip->world->base, too_long, trip->world->base);

	event_add(guard, &limit);
	while (!trip->done && event_pending(guard, EV_TIMEOUT, NULL))
		event_base_loop(trip->world->base, EVLOOP_ONCE);
	event_free(guard);
	assert_true(trip->done);
}

void trip_run(struct trip *trip)
{
	trip_start(trip);
	trip_finish(trip);
}

void trip_get(struct trip *trip, struct world *world)
{
	trip_init(trip, world);
	trip_run(trip);
}
