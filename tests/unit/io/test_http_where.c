/* SPDX-License-Identifier: MIT */
/* Where a call goes: addresses that are pinned and judged, and URLs that must not lead elsewhere. */
#include "../unit.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "trip.h"

static void answers_ok(struct upstream *upstream, int fd, int nth)
{
	(void)nth;
	while (upstream_read(upstream, fd))
		upstream_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static int begin(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world_init(world, answers_ok);
	*state = world;
	return 0;
}

static int end(void **state)
{
	world_release(*state);
	free(*state);
	return 0;
}

static void gets(struct trip *trip)
{
	trip_run(trip);
	assert_int_equal(trip->end, HTTP_ANSWERED);
	assert_string_equal(trip->body.data, "ok");
}

static void an_address_that_is_not_allowed_is_not_connected_to(void **state)
{
	struct world *world = *state;
	struct trip trip;

	address_policy_never(world->policy,
		&(union address){.v4 = {.sin_family = AF_INET,
					 .sin_port = htons((uint16_t)world->upstream->port),
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}}
			 .any);
	trip_get(&trip, world);
	assert_int_equal(trip.end, HTTP_BLOCKED);
	assert_false(trip.sent);
	trip_release(&trip);
	trip_init(&trip, world);
	trip_host(&trip, "api.test");
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_BLOCKED);
	trip_release(&trip);
	assert_int_equal(upstream_connections(world->upstream), 0);
}

/* A connection that is used again is not opened again. */
static void the_peer_of_a_used_connection_is_judged_too(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	gets(&trip);
	address_policy_never(world->policy, &trip.addresses.items[0].any);
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_BLOCKED);
	assert_false(trip.sent);
	assert_int_equal(upstream_requests(world->upstream), 1);
	trip_release(&trip);
}

static void a_name_goes_to_the_addresses_it_is_given(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	trip_host(&trip, "api.test");
	gets(&trip);
	assert_non_null(strstr(world->upstream->last, "Host: api.test:"));
	gets(&trip);
	/* Others from now on, where nobody listens; the connection is still good. */
	inet_pton(AF_INET, "127.0.0.77", &trip.addresses.items[0].v4.sin_addr);
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 1);
	http_client_forget(world->client, trip.request.pool);
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_CONNECT_FAILED);
	/* And back, in the same pool. */
	inet_pton(AF_INET, "127.0.0.1", &trip.addresses.items[0].v4.sin_addr);
	gets(&trip);
	trip_release(&trip);
}

static void a_dead_address_is_passed_over_for_the_next(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	trip_host(&trip, "api.test");
	trip.addresses.items[1] = trip.addresses.items[0];
	inet_pton(AF_INET, "127.0.0.77", &trip.addresses.items[0].v4.sin_addr);
	trip.addresses.count = 2;
	gets(&trip);
	trip_release(&trip);
}

static void hosts_and_addresses_may_change_from_call_to_call(void **state)
{
	struct world *world = *state;
	struct trip trips[40];

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 40; i++) {
			trip_init(&trips[i], world);
			trip_host(&trips[i], i % 3 ? "api.test" : "token.test");
			trips[i].addresses.items[1] = trips[i].addresses.items[0];
			trips[i].addresses.count = 1 + (size_t)(i % 2);
			trip_start(&trips[i]);
			/* Some never get as far as the network. */
			if (i % 5 == 4)
				http_cancel(trips[i].call);
		}
		for (int i = 0; i < 40; i++) {
			if (i % 5 != 4) {
				trip_finish(&trips[i]);
				assert_int_equal(trips[i].end, HTTP_ANSWERED);
			}
			trip_release(&trips[i]);
		}
		if (round == 2)
			http_client_forget(world->client, "acme tickets");
	}
}

static void goes_nowhere(struct world *world, const char *url, const char *host)
{
	struct trip trip;

	trip_init(&trip, world);
	trip.request.host = host;
	snprintf(trip.url, sizeof(trip.url), url, world->upstream->port);
	trip_run(&trip);
	if (trip.end != HTTP_REFUSED)
		fail_msg("%s ended in %d", trip.url, trip.end);
	assert_false(trip.sent);
	assert_int_equal(upstream_connections(world->upstream), 0);
	trip_release(&trip);
}

/* Nobody may read the URL otherwise than those who judged it. */
static void a_url_that_goes_elsewhere_is_refused(void **state)
{
	goes_nowhere(*state, "http://localhost:%d/", "api.test");
	goes_nowhere(*state, "http://127.0.0.1:%d/", "api.test");
	goes_nowhere(*state, "http://127.0.0.1:%d/", "127.0.0.2");
	goes_nowhere(*state, "http://127.0.0.1:%d@api.test/", "127.0.0.1");
	goes_nowhere(*state, "http://api.test@127.0.0.1:%d/", "api.test");
	goes_nowhere(*state, "http://127.0.0.1:%d\\@api.test/", "127.0.0.1");
	goes_nowhere(*state, "http://127.0.0.1:%d#/", "127.0.0.1");
	goes_nowhere(*state, "http://127.0.0.1:%d0/", "127.0.0.1");
	goes_nowhere(*state, "http://127.0.0.1/%d", "127.0.0.1");
	goes_nowhere(*state, "http://127.0.0.1:/%d", "127.0.0.1");
	goes_nowhere(*state, "http://127.0.0.1.:%d/", "127.0.0.1");
	goes_nowhere(*state, "http://127.0.0.10:%d/", "127.0.0.1");
	goes_nowhere(*state, "http://[127.0.0.1:%d/", "127.0.0.1");
	goes_nowhere(*state, "http:///127.0.0.1:%d/", "127.0.0.1");
	goes_nowhere(*state, "HTTP://127.0.0.1:%d/", "127.0.0.1");
	goes_nowhere(*state, " http://127.0.0.1:%d/", "127.0.0.1");
}

static void a_url_that_is_none_is_refused(void **state)
{
	struct world *world = *state;
	static const char *const urls[] = {"", "ftp://127.0.0.1/", "file:///etc/passwd", "http://",
		"gopher://127.0.0.1/", "//"};
	struct trip trip;

	trip_init(&trip, world);
	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		strcpy(trip.url, urls[i]);
		trip_run(&trip);
		assert_int_equal(trip.end, HTTP_REFUSED);
		assert_false(trip.sent);
	}
	trip_release(&trip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(an_address_that_is_not_allowed_is_not_connected_to),
		T(the_peer_of_a_used_connection_is_judged_too),
		T(a_name_goes_to_the_addresses_it_is_given),
		T(a_dead_address_is_passed_over_for_the_next),
		T(hosts_and_addresses_may_change_from_call_to_call),
		T(a_url_that_goes_elsewhere_is_refused),
		T(a_url_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
