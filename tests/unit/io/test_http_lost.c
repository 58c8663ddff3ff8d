/* SPDX-License-Identifier: MIT */
/* Connections that fail, and when: http_client against hosts that are slow, silent or gone. */
#include "../unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trip.h"

static void drips(struct upstream *upstream, int fd, int nth)
{
	(void)nth;
	if (!upstream_read(upstream, fd))
		return;
	upstream_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	/* A byte at a time for as long as the client listens. */
	while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
		usleep(1000);
}

static void one_deadline_is_over_a_slow_drip(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	world_init(&world, drips);
	trip_init(&trip, &world);
	trip.request.timeout_ms = 150;
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_TIMED_OUT);
	assert_true(trip.sent);
	trip_release(&trip);
	world_release(&world);
}

static void reads_and_waits(struct upstream *upstream, int fd, int nth)
{
	(void)nth;
	upstream_read(upstream, fd);
	upstream_linger(fd);
}

static void a_silent_upstream_times_out_after_it_was_asked(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	world_init(&world, reads_and_waits);
	trip_init(&trip, &world);
	trip.request.timeout_ms = 100;
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_TIMED_OUT);
	assert_true(trip.sent);
	assert_int_equal(trip.status, 0);
	trip_release(&trip);
	world_release(&world);
}

/* A listener whose queue is full does not answer a new connection. */
static void a_host_that_does_not_connect_times_out_before_it_was_asked(void **state)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fill[3];
	struct world world;
	struct trip trip;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	for (int i = 0; i < 3; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fill[i], (struct sockaddr *)&address, len);
	}
	world_init(&world, NULL);
	trip_init(&trip, &world);
	trip.request.port = ntohs(address.sin_port);
	trip_host(&trip, "127.0.0.1");
	trip.addresses.items[0].v4 = address;
	trip.request.timeout_ms = 100;
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_TIMED_OUT);
	assert_false(trip.sent);
	trip_release(&trip);
	world_release(&world);
	for (int i = 0; i < 3; i++)
		close(fill[i]);
	close(listener);
}

static void a_refused_connection_was_never_asked(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	world_init(&world, NULL);
	trip_init(&trip, &world);
	trip.request.port = 1;
	trip_host(&trip, "127.0.0.1");
	trip.addresses.items[0].v4.sin_port = htons(1);
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_CONNECT_FAILED);
	assert_false(trip.sent);
	assert_non_null(strstr(trip.reason, "Connection refused"));
	trip_release(&trip);
	world_release(&world);
}

static void resets_after_reading(struct upstream *upstream, int fd, int nth)
{
	(void)nth;
	upstream_read(upstream, fd);
	upstream_reset(fd);
}

static void resets_at_once(struct upstream *upstream, int fd, int nth)
{
	(void)upstream;
	(void)nth;
	upstream_reset(fd);
}

static void a_reset_after_the_request_is_a_loss(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	world_init(&world, resets_after_reading);
	trip_get(&trip, &world);
	assert_int_equal(trip.end, HTTP_LOST);
	assert_true(trip.sent);
	assert_int_equal(upstream_requests(world.upstream), 1);
	trip_release(&trip);
	world_release(&world);
}

static void a_reset_before_reading_is_a_loss_where_a_byte_may_have_left(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	world_init(&world, resets_at_once);
	trip_get(&trip, &world);
	assert_true(trip.end == HTTP_LOST || trip.end == HTTP_CONNECT_FAILED);
	assert_int_equal(trip.sent, trip.end == HTTP_LOST);
	assert_int_equal(upstream_connections(world.upstream), 1);
	trip_release(&trip);
	world_release(&world);
}

/* Keeps the connection after the first answer, then closes it on reading the second request. */
static void closes_on_the_second(struct upstream *upstream, int fd, int nth)
{
	if (!upstream_read(upstream, fd))
		return;
	upstream_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	if (nth == 0)
		upstream_read(upstream, fd);
	else
		upstream_linger(fd);
}

/* Left alone, libcurl would send it again on a new connection and say 200. */
static void a_post_on_a_connection_that_dies_arrives_once(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	world_init(&world, closes_on_the_second);
	trip_get(&trip, &world);
	assert_int_equal(trip.end, HTTP_ANSWERED);
	trip.request.method = "POST";
	trip.request.body = "x";
	trip.request.body_len = 1;
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_LOST);
	assert_true(trip.sent);
	assert_int_equal(upstream_requests(world.upstream), 2);
	/* And the next one goes through. */
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_int_equal(upstream_requests(world.upstream), 3);
	trip_release(&trip);
	world_release(&world);
}

static void neither_is_one_without_a_body_or_a_read_sent_twice(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	for (int i = 0; i < 2; i++) {
		world_init(&world, closes_on_the_second);
		trip_get(&trip, &world);
		trip.request.method = i ? "POST" : "GET";
		trip.request.repeatable = !i;
		trip_run(&trip);
		assert_int_equal(trip.end, HTTP_LOST);
		assert_int_equal(upstream_requests(world.upstream), 2);
		trip_release(&trip);
		world_release(&world);
	}
}

static void closes_after_the_answer(struct upstream *upstream, int fd, int nth)
{
	(void)nth;
	if (upstream_read(upstream, fd))
		upstream_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

/* The close is noticed while the connection is idle: no call is lost to it. */
static void an_idle_connection_that_was_closed_is_not_used(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	world_init(&world, closes_after_the_answer);
	trip_init(&trip, &world);
	for (int i = 1; i <= 3; i++) {
		trip_run(&trip);
		assert_int_equal(trip.end, HTTP_ANSWERED);
		assert_int_equal(upstream_connections(world.upstream), i);
		upstream_await_open(world.upstream, 0);
		event_base_loop(world.base, EVLOOP_NONBLOCK);
	}
	trip_release(&trip);
	world_release(&world);
}

static bool connections_are_reset_as_they_are_made, a_peer_was_asked_for;

/* In place of the C library's: a reset that comes just after libcurl saw the connection made leaves no peer to ask for. */
int getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
	if (connections_are_reset_as_they_are_made) {
		a_peer_was_asked_for = true;
		errno = ENOTCONN;
		return -1;
	}
	return (int)syscall(SYS_getpeername, fd, address, len);
}

/* A libcurl that asks for no peer (8.14) cannot be met in that moment, and its request goes out. */
static void a_connection_that_is_reset_as_it_is_made_was_never_asked(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	world_init(&world, closes_after_the_answer);
	connections_are_reset_as_they_are_made = true;
	trip_get(&trip, &world);
	connections_are_reset_as_they_are_made = false;
	assert_int_equal(trip.end, a_peer_was_asked_for ? HTTP_CONNECT_FAILED : HTTP_ANSWERED);
	assert_int_equal(trip.sent, !a_peer_was_asked_for);
	assert_int_equal(upstream_requests(world.upstream), a_peer_was_asked_for ? 0 : 1);
	trip_release(&trip);
	world_release(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
		T(one_deadline_is_over_a_slow_drip),
		T(a_silent_upstream_times_out_after_it_was_asked),
		T(a_host_that_does_not_connect_times_out_before_it_was_asked),
		T(a_refused_connection_was_never_asked),
		T(a_reset_after_the_request_is_a_loss),
		T(a_reset_before_reading_is_a_loss_where_a_byte_may_have_left),
		T(a_post_on_a_connection_that_dies_arrives_once),
		T(neither_is_one_without_a_body_or_a_read_sent_twice),
		T(an_idle_connection_that_was_closed_is_not_used),
		T(a_connection_that_is_reset_as_it_is_made_was_never_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
