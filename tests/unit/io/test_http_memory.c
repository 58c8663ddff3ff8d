/* SPDX-License-Identifier: MIT */
/* A credential that was sent is nowhere in this process afterwards. */
#include "../unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "own_memory.h"
#include "trip.h"

#define SECRET_LEN 24

/* So that the secret is nowhere but where a test writes it. */
static void secret_write(char *out)
{
	for (int i = 0; i < SECRET_LEN; i++)
		out[i] = (char)('a' + (i * 7 + 3) % 26);
	out[SECRET_LEN] = '\0';
}

static bool secret_at(const char *text)
{
	for (int i = 0; i < SECRET_LEN; i++)
		if (text[i] != (char)('a' + (i * 7 + 3) % 26))
			return false;
	return true;
}

/* The upstream is a process of its own: what it read is not ours. */
static pid_t upstream_fork(int *port, int *heard)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), pipe_ends[2];
	pid_t child;

	assert_int_equal(pipe(pipe_ends), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 4), 0);
	getsockname(listener, (struct sockaddr *)&address, &len);
	*port = ntohs(address.sin_port);
	child = fork();
	if (child == 0) {
		char text[4096] = {0};
		int fd = accept(listener, NULL, NULL);
		bool found = false;
		ssize_t got = recv(fd, text, sizeof(text) - 1, 0);

		for (ssize_t i = 0; i + SECRET_LEN <= got; i++)
			found = found || secret_at(text + i);
		upstream_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
		_exit(write(pipe_ends[1], found ? "y" : "n", 1) == 1 ? 0 : 1);
	}
	close(listener);
	close(pipe_ends[1]);
	*heard = pipe_ends[0];
	return child;
}

static void a_credential_is_nowhere_once_its_call_is_over(void **state)
{
	struct world world;
	struct trip trip;
	char credential[64] = "Authorization: Bearer ", heard_it = '?';
	int port, heard, status;
	pid_t child = upstream_fork(&port, &heard);

	(void)state;
	assert_int_equal(own_memory_count(secret_at, SECRET_LEN), 0);
	world_init(&world, NULL);
	trip_init(&trip, &world);
	trip.request.port = (uint16_t)port;
	trip.addresses.items[0].v4.sin_port = htons((uint16_t)port);
	trip_host(&trip, "127.0.0.1");
	secret_write(credential + strlen(credential));
	assert_true(own_memory_count(secret_at, SECRET_LEN) > 0);
	trip.request.credential = credential;
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_ANSWERED);
	explicit_bzero(credential, sizeof(credential));
	/* While the connection and the handle wait for the next call. */
	assert_int_equal(own_memory_count(secret_at, SECRET_LEN), 0);
	assert_int_equal(read(heard, &heard_it, 1), 1);
	assert_int_equal(heard_it, 'y');
	trip_release(&trip);
	world_release(&world);
	close(heard);
	waitpid(child, &status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_credential_is_nowhere_once_its_call_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
