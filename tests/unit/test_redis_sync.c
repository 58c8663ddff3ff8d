/* SPDX-License-Identifier: MIT */
/* The tool's connection to Redis. getaddrinfo() is the test's here: it has no /etc/hosts. */
#include "unit.h"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bellhop/redis_sync.h"

typedef int (*getaddrinfo_fn)(
	const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
	struct addrinfo **found)
{
	getaddrinfo_fn real;

	if (host[0] != '1')
		return EAI_NONAME;
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(host, service, hints, found);
}

/* A server that says yes to one command. */
static void *agree(void *arg)
{
	char command[256];
	int peer = accept(*(int *)arg, NULL, NULL);

	if (read(peer, command, sizeof(command)) > 0 && write(peer, "+OK\r\n", 5) < 0)
		perror("write");
	close(peer);
	return NULL;
}

static int listen_on(unsigned *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static struct redis_sync *open_at(const char *host, unsigned port, struct error *error)
{
	struct redis_sync *redis;
	struct redis_url url;
	char text[64];

	snprintf(text, sizeof(text), "redis://%s:%u/0", host, port);
	assert_int_equal(redis_url_parse(&url, text, NULL, error), 0);
	redis = redis_sync_open(&url, error);
	redis_url_release(&url);
	return redis;
}

static void localhost_is_this_machine_where_nothing_says_so(void **state)
{
	struct error error = {0};
	struct redis_sync *redis;
	pthread_t server;
	unsigned port;
	int fd = listen_on(&port);

	(void)state;
	pthread_create(&server, NULL, agree, &fd);
	redis = open_at("localhost", port, &error);
	if (redis == NULL)
		fail_msg("%s", error.text);
	redis_sync_close(redis);
	pthread_join(server, NULL);
	close(fd);
}

static void another_name_that_nobody_knows_is_said_to_be_unreachable(void **state)
{
	struct error error = {0};

	(void)state;
	assert_null(open_at("elsewhere", 6379, &error));
	assert_non_null(strstr(error.text, "cannot reach Redis at redis://elsewhere:6379/0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(localhost_is_this_machine_where_nothing_says_so),
		cmocka_unit_test(another_name_that_nobody_knows_is_said_to_be_unreachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
