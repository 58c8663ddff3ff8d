/* SPDX-License-Identifier: MIT */
/* What http_client puts on the wire, byte for byte. */
#include "../unit.h"

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

/* What arrived, with the port cut out of the Host line. */
static const char *arrived(struct world *world)
{
	char *text = world->upstream->last;
	char *port = strstr(text, "Host: 127.0.0.1:");
	char *line_end = port ? strchr(port, '\r') : NULL;

	if (line_end)
		memmove(port + 15, line_end, strlen(line_end) + 1);
	return text;
}

static void sends(struct world *world, struct trip *trip, const char *expected)
{
	trip_run(trip);
	assert_int_equal(trip->end, HTTP_ANSWERED);
	assert_int_equal(trip->status, 200);
	assert_string_equal(trip->body.data, "ok");
	assert_string_equal(arrived(world), expected);
	trip_release(trip);
}

static void a_get_sends_nothing_of_its_own_but_what_it_must(void **state)
{
	struct trip trip;

	trip_init(&trip, *state);
	trip_header(&trip, "X-One: 1");
	trip.request.credential = "Authorization: Bearer secret";
	sends(*state, &trip,
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate\r\n"
		"X-One: 1\r\nAuthorization: Bearer secret\r\n\r\n");
}

static void the_requests_own_accept_and_user_agent_are_sent(void **state)
{
	struct trip trip;

	trip_init(&trip, *state);
	trip_header(&trip, "accept: text/plain");
	trip_header(&trip, "User-Agent: bellhop");
	sends(*state, &trip,
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate\r\n"
		"accept: text/plain\r\nUser-Agent: bellhop\r\n\r\n");
}

static void a_header_with_an_empty_value_is_sent(void **state)
{
	struct trip trip;

	trip_init(&trip, *state);
	trip_header(&trip, "X-Empty: ");
	trip_header(&trip, "X-Bare:");
	trip_header(&trip, "X-Colon: a:");
	sends(*state, &trip,
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate\r\n"
		"X-Empty:\r\nX-Bare:\r\nX-Colon: a:\r\n\r\n");
}

static void a_post_sends_its_body_and_type(void **state)
{
	struct trip trip;

	trip_init(&trip, *state);
	trip.request.method = "POST";
	trip_header(&trip, "Content-Type: application/json");
	trip.request.body = "{\"a\":1}";
	trip.request.body_len = 7;
	sends(*state, &trip,
		"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate\r\n"
		"Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
}

static void bodiless(struct world *world, const char *method, const char *expected)
{
	struct trip trip;

	trip_init(&trip, world);
	trip.request.method = method;
	sends(world, &trip, expected);
}

static void a_write_without_a_body_says_that_it_has_none(void **state)
{
	bodiless(*state, "POST",
		"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate\r\n"
		"Content-Length: 0\r\n\r\n");
	bodiless(*state, "PUT",
		"PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate\r\n"
		"Content-Length: 0\r\n\r\n");
	bodiless(*state, "PATCH",
		"PATCH / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate\r\n"
		"Content-Length: 0\r\n\r\n");
}

static void a_delete_is_sent_with_and_without_a_body(void **state)
{
	struct trip trip;

	bodiless(*state, "DELETE",
		"DELETE / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate\r\n\r\n");
	trip_init(&trip, *state);
	trip.request.method = "DELETE";
	trip_header(&trip, "content-type: application/json");
	trip.request.body = "[1]";
	trip.request.body_len = 3;
	sends(*state, &trip,
		"DELETE / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate\r\n"
		"content-type: application/json\r\nContent-Length: 3\r\n\r\n[1]");
}

/* Handles are used again: nothing of one call may be in the next. */
static void nothing_of_a_call_is_left_in_the_next(void **state)
{
	a_post_sends_its_body_and_type(state);
	a_get_sends_nothing_of_its_own_but_what_it_must(state);
	a_delete_is_sent_with_and_without_a_body(state);
	a_write_without_a_body_says_that_it_has_none(state);
	a_header_with_an_empty_value_is_sent(state);
	a_get_sends_nothing_of_its_own_but_what_it_must(state);
	assert_int_equal(upstream_connections(((struct world *)*state)->upstream), 1);
}

static void a_large_body_waits_for_no_continue(void **state)
{
	struct world *world = *state;
	size_t len = 3 * 1024 * 1024;
	char *body = malloc(len);
	struct trip trip;

	memset(body, 'x', len);
	trip_init(&trip, world);
	trip.request.method = "POST";
	trip.request.body = body;
	trip.request.body_len = len;
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_null(strstr(world->upstream->last, "Expect"));
	assert_true(world->upstream->last_len > len);
	trip_release(&trip);
	free(body);
}

static void a_path_is_sent_as_it_is(void **state)
{
	struct world *world = *state;
	struct trip trip;

	trip_init(&trip, world);
	strcat(trip.url, "a/./b/%2e%2e/c?q=%20");
	trip_run(&trip);
	assert_ptr_equal(strstr(world->upstream->last, "GET /a/./b/%2e%2e/c?q=%20 HTTP/1.1\r\n"),
		world->upstream->last);
	trip_release(&trip);
}

static void many_headers_are_all_sent(void **state)
{
	struct world *world = *state;
	struct trip trip;
	char line[32];

	trip_init(&trip, world);
	for (int i = 0; i < 200; i++) {
		snprintf(line, sizeof(line), "X-%d: %d", i, i);
		trip_header(&trip, line);
	}
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_non_null(strstr(world->upstream->last, "X-0: 0\r\nX-1: 1\r\n"));
	assert_non_null(strstr(world->upstream->last, "X-198: 198\r\nX-199: 199\r\n\r\n"));
	trip_release(&trip);
}

static void refused(struct world *world, const char *line)
{
	struct trip trip;

	trip_init(&trip, world);
	trip_header(&trip, line);
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_REFUSED);
	assert_false(trip.sent);
	assert_string_not_equal(trip.reason, "");
	trip_release(&trip);
}

static void a_header_that_is_not_one_line_never_leaves(void **state)
{
	struct world *world = *state;

	refused(world, "X: a\r\nY: b");
	refused(world, "X: a\nY: b");
	refused(world, "X: a\r");
	refused(world, "no colon");
	refused(world, ": no name");
	refused(world, "");
	assert_int_equal(upstream_connections(world->upstream), 0);
}

static void a_proxy_of_the_environment_is_not_used(void **state)
{
	struct trip trip;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	trip_get(&trip, *state);
	assert_int_equal(trip.end, HTTP_ANSWERED);
	trip_release(&trip);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(a_get_sends_nothing_of_its_own_but_what_it_must),
		T(the_requests_own_accept_and_user_agent_are_sent),
		T(a_header_with_an_empty_value_is_sent),
		T(a_post_sends_its_body_and_type),
		T(a_write_without_a_body_says_that_it_has_none),
		T(a_delete_is_sent_with_and_without_a_body),
		T(nothing_of_a_call_is_left_in_the_next),
		T(a_large_body_waits_for_no_continue),
		T(a_path_is_sent_as_it_is),
		T(many_headers_are_all_sent),
		T(a_header_that_is_not_one_line_never_leaves),
		T(a_proxy_of_the_environment_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
