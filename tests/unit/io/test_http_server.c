/* SPDX-License-Identifier: MIT */
/* The listener for operators, asked by clients good and bad. */
#include "../unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "io/address.h"
#include "io/http_server.h"

static struct event_base *base;
static struct http_server *server;
static int ready_status;
static char answer[8192];

static int livez(void *arg, struct buf *out)
{
	buf_add_string(out, arg);
	return 200;
}

static int readyz(void *arg, struct buf *out)
{
	(void)arg;
	if (ready_status != 200)
		buf_add_string(out, "no Redis\n");
	return ready_status;
}

static int large(void *arg, struct buf *out)
{
	(void)arg;
	for (int i = 0; i < 200000; i++)
		buf_add_string(out, "0123456789");
	return 200;
}

static const struct http_page PAGES[] = {{"/livez", livez, NULL}, {"/readyz", readyz, NULL},
	{"/large", large, "text/x-large"}, {NULL, NULL, NULL}};

static int begin(void **state)
{
	struct error error = {0};
	static char ok[] = "ok\n";

	(void)state;
	base = event_base_new();
	server = http_server_new(base, "127.0.0.1:0", PAGES, ok, &error);
	return server ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	http_server_free(server);
	event_base_free(base);
	return 0;
}

static int connected(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, http_server_sockaddr(server), sizeof(struct sockaddr_in)), 0);
	return fd;
}

static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Reads until the server closes; keeps the start. Whether it closed in order. */
static bool read_all(int fd, size_t *total)
{
	char part[4096];
	size_t len = 0;

	*total = 0;
	for (;;) {
		ssize_t got = recv(fd, part, sizeof(part), MSG_DONTWAIT);
		struct pollfd wait = {fd, POLLIN, 0};

		turn();
		if (got == 0)
			break;
		if (got < 0 && errno != EAGAIN)
			return false;
		if (got < 0)
			poll(&wait, 1, 1);
		for (ssize_t i = 0; i < got && len < sizeof(answer) - 1; i++)
			answer[len++] = part[i];
		*total += got > 0 ? (size_t)got : 0;
	}
	answer[len] = '\0';
	return true;
}

static void ask(const char *request)
{
	int fd = connected();
	size_t total;

	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	assert_true(read_all(fd, &total));
	close(fd);
}

static void starts(const char *status)
{
	assert_memory_equal(answer, status, strlen(status));
}

static void a_page_is_given(void **state)
{
	(void)state;
	ask("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_string_equal(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; "
				    "charset=utf-8\r\nContent-Length: 3\r\n"
				    "Cache-Control: no-store\r\nConnection: close\r\n\r\nok\n");
	ask("GET /livez?verbose=1 HTTP/1.0\r\n\r\n");
	starts("HTTP/1.1 200 OK\r\n");
}

static void head_gives_the_same_without_the_body(void **state)
{
	(void)state;
	ask("HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n");
	starts("HTTP/1.1 200 OK\r\n");
	assert_non_null(strstr(answer, "Content-Length: 3\r\n"));
	assert_string_equal(answer + strlen(answer) - 4, "\r\n\r\n");
}

static void a_pages_status_is_given(void **state)
{
	(void)state;
	ready_status = 503;
	ask("GET /readyz HTTP/1.1\r\n\r\n");
	starts("HTTP/1.1 503 Service Unavailable\r\n");
	assert_non_null(strstr(answer, "\r\n\r\nno Redis\n"));
	ready_status = 200;
	ask("GET /readyz HTTP/1.1\r\n\r\n");
	starts("HTTP/1.1 200 OK\r\n");
}

static void what_is_not_there_or_not_allowed_is_said(void **state)
{
	(void)state;
	ask("GET / HTTP/1.1\r\n\r\n");
	starts("HTTP/1.1 404 Not Found\r\n");
	ask("GET /livez/ HTTP/1.1\r\n\r\n");
	starts("HTTP/1.1 404 Not Found\r\n");
	ask("POST /livez HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
	starts("HTTP/1.1 405 Method Not Allowed\r\n");
	assert_non_null(strstr(answer, "\r\nAllow: GET, HEAD\r\n"));
	ask("GET /livez\r\n\r\n");
	starts("HTTP/1.1 400 Bad Request\r\n");
	ask("GET http://x/livez HTTP/1.1\r\n\r\n");
	starts("HTTP/1.1 400 Bad Request\r\n");
	ask("\r\n\r\n");
	starts("HTTP/1.1 400 Bad Request\r\n");
	ask("GET /livez HTTP/2\r\n\r\n");
	starts("HTTP/1.1 400 Bad Request\r\n");
}

static void a_request_that_is_too_large_is_refused(void **state)
{
	static char request[200000];

	(void)state;
	memset(request, 'x', sizeof(request) - 1);
	memcpy(request, "GET /livez HTTP/1.1\r\nX: ", 24);
	ask(request);
	starts("HTTP/1.1 431 ");
}

static void a_request_in_pieces_is_put_together(void **state)
{
	const char *request = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = connected();
	size_t total;

	(void)state;
	for (const char *at = request; *at; at++) {
		assert_int_equal(send(fd, at, 1, 0), 1);
		turn();
	}
	assert_true(read_all(fd, &total));
	starts("HTTP/1.1 200 OK\r\n");
	close(fd);
}

static void a_large_page_arrives_whole(void **state)
{
	int fd = connected();
	size_t total;

	(void)state;
	assert_int_equal(send(fd, "GET /large HTTP/1.1\r\n\r\n", 23, 0), 23);
	assert_true(read_all(fd, &total));
	assert_true(total > 2000000);
	assert_non_null(strstr(answer, "\r\nContent-Type: text/x-large\r\n"));
	close(fd);
}

/* A byte now and then does not hold a connection. */
static void two_seconds_are_over_a_whole_request(void **state)
{
	int fd = connected();
	char byte;
	ssize_t got = -1;

	(void)state;
	for (int i = 0; i < 30 && got != 0; i++) {
		(void)send(fd, "x", 1, MSG_NOSIGNAL);
		turn();
		clock_advance(100);
		got = recv(fd, &byte, 1, MSG_DONTWAIT);
		if (i < 15)
			assert_int_equal(got, -1);
	}
	turn();
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	close(fd);
}

static void a_reader_that_does_not_read_is_given_up(void **state)
{
	int fd = connected();
	size_t total;

	(void)state;
	assert_int_equal(send(fd, "GET /large HTTP/1.1\r\n\r\n", 23, 0), 23);
	for (int i = 0; i < 10; i++)
		turn();
	clock_advance(2100);
	turn();
	/* The start of it, then the end of the connection. */
	(void)read_all(fd, &total);
	close(fd);
	ask("GET /livez HTTP/1.1\r\n\r\n");
	starts("HTTP/1.1 200 OK\r\n");
}

static void connections_that_say_nothing_keep_nobody_waiting(void **state)
{
	int silent[100];
	char byte;

	(void)state;
	for (int i = 0; i < 100; i++) {
		silent[i] = connected();
		turn();
	}
	/* No time passes. */
	ask("GET /livez HTTP/1.1\r\n\r\n");
	starts("HTTP/1.1 200 OK\r\n");
	/* The oldest made room; the youngest is still there. */
	assert_int_equal(recv(silent[0], &byte, 1, MSG_DONTWAIT), 0);
	assert_int_equal(recv(silent[99], &byte, 1, MSG_DONTWAIT), -1);
	for (int i = 0; i < 100; i++)
		close(silent[i]);
}

static void who_began_to_ask_is_not_sent_away_for_who_is_silent(void **state)
{
	int asking = connected(), silent[100];
	size_t total;

	(void)state;
	assert_int_equal(send(asking, "GET /livez", 10, 0), 10);
	for (int i = 0; i < 10; i++)
		turn();
	for (int i = 0; i < 100; i++) {
		silent[i] = connected();
		turn();
	}
	assert_int_equal(send(asking, " HTTP/1.1\r\n\r\n", 13, 0), 13);
	assert_true(read_all(asking, &total));
	starts("HTTP/1.1 200 OK\r\n");
	close(asking);
	for (int i = 0; i < 100; i++)
		close(silent[i]);
}

/* Each drips: none is silent, so the oldest goes. */
static void a_table_full_of_drips_has_room_for_one_more(void **state)
{
	int dripping[64];

	(void)state;
	for (int i = 0; i < 64; i++) {
		dripping[i] = connected();
		assert_int_equal(send(dripping[i], "G", 1, 0), 1);
		turn();
		turn();
	}
	ask("GET /livez HTTP/1.1\r\n\r\n");
	starts("HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 64; i++)
		close(dripping[i]);
}

static void it_says_where_it_listens(void **state)
{
	const struct sockaddr_in *address = (const void *)http_server_sockaddr(server);
	char expected[32];

	(void)state;
	assert_int_equal(address->sin_family, AF_INET);
	assert_int_not_equal(address->sin_port, 0);
	snprintf(expected, sizeof(expected), "127.0.0.1:%u", ntohs(address->sin_port));
	assert_string_equal(http_server_address(server), expected);
}

static void refused(const char *listen_at, const char *why)
{
	struct error error = {0};

	assert_null(http_server_new(base, listen_at, PAGES, NULL, &error));
	if (!strstr(error.text, why))
		fail_msg("%s", error.text);
}

static void where_it_cannot_listen_is_one_clear_line(void **state)
{
	(void)state;
	refused(http_server_address(server), "Address already in use");
	refused("192.0.2.1:80", "cannot listen on 192.0.2.1:80: ");
	refused("127.0.0.1", "not an address with a port");
	refused("127.0.0.1:", "not an address with a port");
	refused("127.0.0.1:x", "not an address with a port");
	refused("127.0.0.1:80x", "not an address with a port");
	refused("127.0.0.1:65536", "not an address with a port");
	refused("127.0.0.1:-1", "not an address with a port");
	refused(":80", "not an address with a port");
	refused("::1:80", "not an address with a port");
	refused("[::1:80", "not an address with a port");
	refused("example.com:80", "not an address with a port");
	refused("", "not an address with a port");
}

static void localhost_and_ipv6_are_addresses(void **state)
{
	struct error error = {0};
	struct http_server *other = http_server_new(base, "localhost:0", PAGES, NULL, &error);

	(void)state;
	assert_non_null(other);
	http_server_free(other);
	other = http_server_new(base, "[::1]:0", PAGES, NULL, &error);
	/* Where this machine has IPv6. */
	if (other)
		assert_memory_equal(http_server_address(other), "[::1]:", 6);
	http_server_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(a_page_is_given),
		T(head_gives_the_same_without_the_body),
		T(a_pages_status_is_given),
		T(what_is_not_there_or_not_allowed_is_said),
		T(a_request_that_is_too_large_is_refused),
		T(a_request_in_pieces_is_put_together),
		T(a_large_page_arrives_whole),
		T(two_seconds_are_over_a_whole_request),
		T(a_reader_that_does_not_read_is_given_up),
		T(connections_that_say_nothing_keep_nobody_waiting),
		T(who_began_to_ask_is_not_sent_away_for_who_is_silent),
		T(a_table_full_of_drips_has_room_for_one_more),
		T(it_says_where_it_listens),
		T(where_it_cannot_listen_is_one_clear_line),
		T(localhost_and_ipv6_are_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
