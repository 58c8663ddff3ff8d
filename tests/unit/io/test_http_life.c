/* SPDX-License-Identifier: MIT */
/* The lives of calls, connections and pools: what is shared, cancelled, closed. */
#include "../unit.h"

#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "trip.h"

static void answers_ok(struct upstream *upstream, int fd, int nth)
{
	(void)nth;
	while (upstream_read(upstream, fd))
		upstream_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void never_answers(struct upstream *upstream, int fd, int nth)
{
	(void)nth;
	if (upstream_read(upstream, fd))
		upstream_linger(fd);
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

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void a_connection_is_used_again_within_its_pool_alone(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	gets(&trip);
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 1);
	trip.request.pool = "other tickets";
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 2);
	trip.request.pool = "acme tickets";
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 2);
	trip_release(&trip);
}

static void only_what_may_be_repeated_uses_a_connection_idle_for_long(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	gets(&trip);
	clock_advance(1900);
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 1);
	clock_advance(2100);
	trip.request.repeatable = true;
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 1);
	clock_advance(2100);
	trip.request.repeatable = false;
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 2);
	trip_release(&trip);
}

static void calls_at_once_have_their_own_connections(void **state)
{
	struct world *world = *state;
	struct trip trips[50];

	for (int i = 0; i < 50; i++) {
		trip_init(&trips[i], world);
		trip_start(&trips[i]);
	}
	for (int i = 0; i < 50; i++) {
		trip_finish(&trips[i]);
		assert_int_equal(trips[i].end, HTTP_ANSWERED);
		trip_release(&trips[i]);
	}
	assert_int_equal(upstream_requests(world->upstream), 50);
}

static void what_was_begun_too_long_ago_does_not_leave(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	gets(&trip);
	trip.request.begun_valid_us = 1000000;
	trip.request.begun_at_us = now_us() - 1000001;
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_STALE);
	assert_false(trip.sent);
	trip.request.begun_at_us = now_us();
	gets(&trip);
	/* On a new connection too. */
	http_client_forget(world->client, trip.request.pool);
	trip.request.begun_at_us = now_us() - 1000001;
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_STALE);
	assert_int_equal(upstream_requests(world->upstream), 2);
	trip_release(&trip);
}

static void turn(struct world *world)
{
	event_base_loop(world->base, EVLOOP_NONBLOCK);
}

static void a_call_cancelled_at_once_was_not_sent(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	trip_start(&trip);
	assert_false(http_cancel(trip.call));
	turn(world);
	assert_false(trip.done);
	assert_int_equal(upstream_requests(world->upstream), 0);
	gets(&trip);
	trip_release(&trip);
}

static void a_call_that_would_be_refused_can_be_cancelled(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	trip_header(&trip, "X: a\nb");
	trip_start(&trip);
	assert_false(http_cancel(trip.call));
	turn(world);
	assert_false(trip.done);
	trip_release(&trip);
}

static void a_call_cancelled_on_its_way_was_sent_and_its_connection_is_closed(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	world_init(&world, never_answers);
	trip_init(&trip, &world);
	trip_start(&trip);
	while (upstream_requests(world.upstream) == 0)
		turn(&world);
	assert_true(http_cancel(trip.call));
	upstream_await_open(world.upstream, 0);
	turn(&world);
	assert_false(trip.done);
	trip_release(&trip);
	world_release(&world);
}

static void cancels_its_neighbour(struct trip *trip)
{
	struct trip *neighbour = trip->arg;

	if (!neighbour->done)
		http_cancel(neighbour->call);
}

/* Both have ended when the first callback comes. */
static void a_callback_may_cancel_a_call_that_ended_with_it(void **state)
{
	struct world *world = *state;
	struct trip a, b;

	trip_init(&a, world);
	trip_init(&b, world);
	trip_header(&a, "X: a\nb");
	trip_header(&b, "X: a\nb");
	a.then = b.then = cancels_its_neighbour;
	a.arg = &b;
	b.arg = &a;
	trip_start(&a);
	trip_start(&b);
	turn(world);
	assert_true(a.done);
	assert_false(b.done);
	trip_release(&a);
	trip_release(&b);
}

static void callbacks_may_cancel_calls_of_their_pool(void **state)
{
	struct world *world = *state;
	struct trip a, b;

	for (int i = 0; i < 30; i++) {
		trip_init(&a, world);
		trip_init(&b, world);
		a.then = b.then = cancels_its_neighbour;
		a.arg = &b;
		b.arg = &a;
		trip_start(&a);
		trip_start(&b);
		while (!a.done && !b.done)
			event_base_loop(world->base, EVLOOP_ONCE);
		turn(world);
		assert_true(a.done != b.done);
		trip_release(&a);
		trip_release(&b);
	}
}

static void forgets_and_goes_on(struct trip *trip)
{
	int *left = trip->arg;

	http_client_forget(trip->world->client, trip->request.pool);
	if (--*left > 0) {
		buf_clear(&trip->body);
		trip_start(trip);
	}
}

static void a_callback_may_start_a_call_and_forget_its_pool(void **state)
{
	struct world *world = *state;
	struct trip trip;
	int left = 20;

	trip_init(&trip, world);
	trip.then = forgets_and_goes_on;
	trip.arg = &left;
	trip_start(&trip);
	while (left)
		event_base_loop(world->base, EVLOOP_ONCE);
	assert_true(trip.done);
	assert_int_equal(upstream_requests(world->upstream), 20);
	trip_release(&trip);
}

static void a_forgotten_pool_serves_its_calls_to_the_end(void **state)
{
	struct world *world = *state;
	struct trip trips[10];

	for (int i = 0; i < 10; i++) {
		trip_init(&trips[i], world);
		trip_start(&trips[i]);
		if (i == 5) {
			turn(world);
			http_client_forget(world->client, trips[i].request.pool);
		}
	}
	for (int i = 0; i < 10; i++) {
		trip_finish(&trips[i]);
		assert_int_equal(trips[i].end, HTTP_ANSWERED);
		trip_release(&trips[i]);
	}
	http_client_forget(world->client, "never heard of");
}

static void a_forgotten_pools_idle_connections_are_closed(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	gets(&trip);
	http_client_forget(world->client, trip.request.pool);
	upstream_await_open(world->upstream, 0);
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 2);
	trip_release(&trip);
}

static void a_pool_idle_for_a_minute_is_closed(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	gets(&trip);
	clock_advance(50000);
	turn(world);
	trip.request.repeatable = true;
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 1);
	clock_advance(71000);
	turn(world);
	upstream_await_open(world->upstream, 0);
	trip_release(&trip);
}

/* 600 orgs one after the other: the pools of those that were first are closed. */
static void pools_are_bounded(void **state)
{
	struct world *world = *state;
	struct trip trip;
	char pool[32];

	trip_init(&trip, world);
	trip.request.pool = pool;
	for (int i = 0; i < 600; i++) {
		snprintf(pool, sizeof(pool), "org%d tickets", i);
		gets(&trip);
	}
	upstream_await_open(world->upstream, 512);
	strcpy(pool, "org599 tickets");
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 600);
	strcpy(pool, "org0 tickets");
	gets(&trip);
	assert_int_equal(upstream_connections(world->upstream), 601);
	trip_release(&trip);
}

static void a_pool_with_a_call_is_not_closed_for_room(void **state)
{
	struct world world;
	static struct trip trips[600];
	char pools[600][32];

	(void)state;
	world_init(&world, answers_ok);
	for (int i = 0; i < 600; i++) {
		trip_init(&trips[i], &world);
		snprintf(pools[i], sizeof(pools[i]), "org%d tickets", i);
		trips[i].request.pool = pools[i];
		trip_start(&trips[i]);
	}
	for (int i = 0; i < 600; i++) {
		trip_finish(&trips[i]);
		assert_int_equal(trips[i].end, HTTP_ANSWERED);
		trip_release(&trips[i]);
	}
	world_release(&world);
}

static void nothing_is_left_of_calls_that_still_run_at_the_end(void **state)
{
	struct world world;
	static struct trip trips[20];

	(void)state;
	world_init(&world, never_answers);
	for (int i = 0; i < 20; i++) {
		trip_init(&trips[i], &world);
		trip_host(&trips[i], i % 2 ? "api.test" : "127.0.0.1");
		if (i % 4 == 3)
			trips[i].request.pool = "other tickets";
		if (i == 19)
			trip_header(&trips[i], "X: a\nb");
		trip_start(&trips[i]);
		if (i == 10)
			http_client_forget(world.client, "acme tickets");
		if (i == 15)
			turn(&world);
	}
	world_release(&world);
	for (int i = 0; i < 20; i++)
		trip_release(&trips[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(a_connection_is_used_again_within_its_pool_alone),
		T(only_what_may_be_repeated_uses_a_connection_idle_for_long),
		T(calls_at_once_have_their_own_connections),
		T(what_was_begun_too_long_ago_does_not_leave),
		T(a_call_cancelled_at_once_was_not_sent),
		T(a_call_that_would_be_refused_can_be_cancelled),
		T(a_call_cancelled_on_its_way_was_sent_and_its_connection_is_closed),
		T(a_callback_may_cancel_a_call_that_ended_with_it),
		T(callbacks_may_cancel_calls_of_their_pool),
		T(a_callback_may_start_a_call_and_forget_its_pool),
		T(a_forgotten_pool_serves_its_calls_to_the_end),
		T(a_forgotten_pools_idle_connections_are_closed),
		T(a_pool_idle_for_a_minute_is_closed),
		T(pools_are_bounded),
		T(a_pool_with_a_call_is_not_closed_for_room),
		T(nothing_is_left_of_calls_that_still_run_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
