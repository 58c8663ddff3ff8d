/* SPDX-License-Identifier: MIT */
/*
 * The upstream of `make chaos`: an HTTP/1.1 server that writes down every request it read, and answers as the request's own path says.
 *
 *   upstream HISTORY SEED     prints its port, then serves until SIGTERM; SIGUSR1: resets every connection that waits for a request
 *
 * A path is /KIND/NUMBER/PLAN. PLAN has a letter for each time that this job is seen, the last one for all that follow:
 *   o 200   s 200 after 20 to 300 ms   l 200 after 1.3 s   e 500   n 404   q 429, Retry-After: 0   u 503, Retry-After: 1
 *   x 503, Retry-After: 1000000000   r reads, then resets   d reads, then closes   h half an answer, then closes
 *   c 200, then closes without a word   k 200, then closes 1 to 20 ms later
 * A line of HISTORY is `number time_us hash answered`: the hash is of all that must be the same in a repeat. Now and then a new
 * connection is reset before anything is read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES 16384
#define SLOTS	      4096 /* of a millisecond */
#define RESET_ONE_IN  200

enum later { NOTHING, ANSWER, CLOSE };

struct connection {
	LIST_ENTRY(connection) all, due;
	int fd;
	enum later later;
	bool close_after;
	size_t have;
	unsigned long number; /* of the request that is being answered */
	char request[REQUEST_BYTES + 1];
};

LIST_HEAD(connections, connection);

static struct connections all = LIST_HEAD_INITIALIZER(all);
static struct connections wheel[SLOTS];
static uint8_t *seen;
static size_t seen_max;
static FILE *history;
static uint64_t rng;
static int epoll_fd, listener;
static uint64_t now_ms, wheel_ms, later_count;
static volatile sig_atomic_t stopping, resetting;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		resetting = 1;
	else
		stopping = 1;
}

static uint64_t draw(uint64_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng % below;
}

static uint64_t clock_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void reset_at_close(int fd)
{
	struct linger now = {1, 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void end(struct connection *connection, bool reset)
{
	if (reset)
		reset_at_close(connection->fd);
	if (connection->later != NOTHING) {
		LIST_REMOVE(connection, due);
		later_count--;
	}
	LIST_REMOVE(connection, all);
	close(connection->fd);
	free(connection);
}

static void do_later(struct connection *connection, enum later what, uint64_t ms)
{
	connection->later = what;
	later_count++;
	LIST_INSERT_HEAD(&wheel[(now_ms + (ms ? ms : 1)) % SLOTS], connection, due);
}

/* False where the connection is gone. A short answer always fits into a socket's buffer. */
static bool say(struct connection *connection, const char *text, size_t len)
{
	if (send(connection->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len)
		return true;
	end(connection, true);
	return false;
}

static bool answer(struct connection *connection, const char *status, const char *header)
{
	char body[64], text[512];
	int body_len = snprintf(body, sizeof(body), "{\"n\":%lu}", connection->number);
	int len = snprintf(text, sizeof(text),
		"HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s",
		status, header, body_len, body);

	return say(connection, text, (size_t)len);
}

static bool play(struct connection *connection, char act)
{
	static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"n\":";

	switch (act) {
	case 's':
		do_later(connection, ANSWER, 20 + draw(280));
		return true;
	case 'l':
		do_later(connection, ANSWER, 1300);
		return true;
	case 'e':
		return answer(connection, "500 Fire", "");
	case 'n':
		return answer(connection, "404 Not here", "");
	case 'q':
		return answer(connection, "429 Too many", "Retry-After: 0\r\n");
	case 'u':
		return answer(connection, "503 Later", "Retry-After: 1\r\n");
	case 'x':
		return answer(connection, "503 Much later", "Retry-After: 1000000000\r\n");
	case 'r':
	case 'd':
		end(connection, act == 'r');
		return false;
	case 'h':
		if (say(connection, half, sizeof(half) - 1))
			end(connection, false);
		return false;
	case 'c':
		if (answer(connection, "200 OK", ""))
			end(connection, false);
		return false;
	case 'k':
		if (!answer(connection, "200 OK", ""))
			return false;
		do_later(connection, CLOSE, 1 + draw(20));
		return true;
	default:
		return answer(connection, "200 OK", "");
	}
}

static uint64_t hash(uint64_t sum, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (uint8_t)bytes[i]) * 1099511628211u;
	return sum;
}

/* Everything but the headers whose value may be another one each time: there are none. */
static char note(unsigned long number, const char *plan, const char *request, size_t len)
{
	size_t times, letters = strcspn(plan, " ?");
	char act;

	if (number >= seen_max) {
		size_t max = (number + 1) * 2;

		seen = realloc(seen, max);
		if (!seen)
			abort();
		memset(seen + seen_max, 0, max - seen_max);
		seen_max = max;
	}
	times = seen[number] < UINT8_MAX ? seen[number]++ : seen[number];
	act = letters == 0 ? 'o' : plan[times < letters ? times : letters - 1];
	fprintf(history, "%lu %" PRIu64 " %016" PRIx64 " %c\n", number, clock_us(CLOCK_REALTIME),
		hash(14695981039346656037u, request, len), act);
	return act;
}

/* The length of the first whole request; 0: it is not all there. */
static size_t whole(const struct connection *connection)
{
	const char *body = strstr(connection->request, "\r\n\r\n"), *at;
	size_t len;

	if (!body)
		return 0;
	len = (size_t)(body + 4 - connection->request);
	at = strcasestr(connection->request, "\r\nContent-Length:");
	if (at && at < body)
		len += strtoul(at + 17, NULL, 10);
	return connection->have >= len ? len : 0;
}

static bool serve(struct connection *connection)
{
	size_t len;

	while (connection->later == NOTHING && (len = whole(connection)) > 0) {
		char *kind = strchr(connection->request, '/');
		char *number = kind ? strchr(kind + 1, '/') : NULL;
		char *plan = NULL, act;

		if (number)
			connection->number = strtoul(number + 1, &plan, 10);
		if (!plan || *plan != '/') {
			end(connection, true);
			return false;
		}
		act = note(connection->number, plan + 1, connection->request, len);
		connection->have -= len;
		memmove(connection->request, connection->request + len, connection->have + 1);
		if (!play(connection, act))
			return false;
	}
	return true;
}

static void receive(struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->request + connection->have,
		REQUEST_BYTES - connection->have, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		end(connection, false);
		return;
	}
	connection->have += (size_t)got;
	connection->request[connection->have] = '\0';
	serve(connection);
}

static void take(void)
{
	int fd, one = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct connection *connection;
		struct epoll_event event = {.events = EPOLLIN};

		if (draw(RESET_ONE_IN) == 0) {
			reset_at_close(fd);
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		connection = calloc(1, sizeof(*connection));
		if (!connection)
			abort();
		connection->fd = fd;
		event.data.ptr = connection;
		LIST_INSERT_HEAD(&all, connection, all);
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
	}
}

static void turn_wheel(void)
{
	for (; wheel_ms < now_ms; wheel_ms++) {
		struct connections *slot = &wheel[(wheel_ms + 1) % SLOTS];
		struct connection *connection;

		while ((connection = LIST_FIRST(slot))) {
			enum later what = connection->later;

			LIST_REMOVE(connection, due);
			later_count--;
			connection->later = NOTHING;
			if (what == CLOSE)
				end(connection, false);
			else if (answer(connection, "200 OK", ""))
				serve(connection);
		}
	}
}

static void reset_idle(void)
{
	struct connection *connection, *next;

	for (connection = LIST_FIRST(&all); connection; connection = next) {
		next = LIST_NEXT(connection, all);
		if (connection->later == NOTHING && connection->have == 0)
			end(connection, true);
	}
	resetting = 0;
}

static void listen_somewhere(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	struct epoll_event event = {.events = EPOLLIN};

	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, len) != 0 || listen(listener, 4096) != 0 ||
		getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
		perror("listen");
		exit(1);
	}
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
}

/* One event a turn, and that first: what is done may end another's connection. */
static void run(void)
{
	struct epoll_event event;

	while (!stopping) {
		int count = epoll_wait(epoll_fd, &event, 1, later_count ? 1 : 100);

		now_ms = clock_us(CLOCK_MONOTONIC) / 1000;
		if (count > 0 && event.data.ptr)
			receive(event.data.ptr);
		else if (count > 0)
			take();
		turn_wheel();
		if (resetting)
			reset_idle();
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (argc != 3 || !(history = fopen(argv[1], "w"))) {
		fprintf(stderr, "usage: upstream HISTORY SEED\n");
		return 2;
	}
	rng = strtoull(argv[2], NULL, 10) * 2654435761u + 88172645463325252u;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	wheel_ms = now_ms = clock_us(CLOCK_MONOTONIC) / 1000;
	listen_somewhere();
	run();
	return fclose(history) == 0 ? 0 : 1;
}
