/* SPDX-License-Identifier: MIT */
/*
 * The network of `make chaos` between workers and Redis: a port for each worker, on which bytes pass until it is told otherwise.
 *
 *   proxy REDIS_PORT COUNT    prints COUNT ports, then reads commands from its standard input until that ends
 *
 *   cut PORT_INDEX 0|1       ends all connections of that worker, with 1 by a reset
 *   hold PORT_INDEX MS       nothing passes, and nobody is told
 *   drop PORT_INDEX MS       what Redis answers is lost; after that the connections are reset
 */
#include <arpa/inet.h>
#include <errno.h>
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

#define BYTES	  (256 * 1024)
#define PORTS_MAX 64
#define NEAR	  0 /* the worker */
#define FAR	  1 /* Redis */

enum mode { PASS, HOLD, DROP };

struct side {
	struct pair *pair;
	int fd;
	size_t from, to; /* of what came in here and has not gone out at the other side */
	char bytes[BYTES];
};

struct pair {
	LIST_ENTRY(pair) link;
	struct port *port;
	struct side sides[2];
};

struct port {
	int listener;
	enum mode mode;
	uint64_t until_ms;
	LIST_HEAD(, pair) pairs;
};

static struct port ports[PORTS_MAX];
static unsigned port_count;
static uint16_t redis_port;
static int epoll_fd;

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void end_pair(struct pair *pair, bool reset)
{
	struct linger now = {1, 0};

	for (int i = 0; i < 2; i++) {
		if (reset)
			setsockopt(pair->sides[i].fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(pair->sides[i].fd);
	}
	LIST_REMOVE(pair, link);
	free(pair);
}

static void cut(struct port *port, bool reset)
{
	while (!LIST_EMPTY(&port->pairs))
		end_pair(LIST_FIRST(&port->pairs), reset);
}

static struct side *other(struct side *side)
{
	return &side->pair->sides[side == &side->pair->sides[NEAR] ? FAR : NEAR];
}

static void set_events(struct side *side, int operation)
{
	struct side *peer = other(side);
	struct epoll_event event = {.data.ptr = side};

	if (side->pair->port->mode != HOLD) {
		event.events = side->to == 0 ? EPOLLIN : 0;
		event.events |= peer->to > 0 ? EPOLLOUT : 0;
	}
	epoll_ctl(epoll_fd, operation, side->fd, &event);
}

static void set_all_events(struct port *port)
{
	struct pair *pair;

	LIST_FOREACH(pair, &port->pairs, link)
	{
		set_events(&pair->sides[NEAR], EPOLL_CTL_MOD);
		set_events(&pair->sides[FAR], EPOLL_CTL_MOD);
	}
}

/* Whether the connection is still there. */
static bool give(struct side *side)
{
	ssize_t gone = send(
		other(side)->fd, side->bytes + side->from, side->to - side->from, MSG_NOSIGNAL);

	if (gone < 0)
		return errno == EAGAIN;
	side->from += (size_t)gone;
	if (side->from == side->to)
		side->from = side->to = 0;
	return true;
}

static bool take(struct side *side)
{
	ssize_t got = recv(side->fd, side->bytes, BYTES, 0);

	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	if (side->pair->port->mode == DROP && side == &side->pair->sides[FAR])
		return true;
	side->to = (size_t)got;
	return give(side);
}

static void pass(struct side *side, uint32_t events)
{
	bool lives = !(events & EPOLLERR) && side->pair->port->mode != HOLD;

	if (lives && (events & EPOLLOUT) && other(side)->to > 0)
		lives = give(other(side));
	if (lives && (events & (EPOLLIN | EPOLLHUP)) && side->to == 0)
		lives = take(side);
	if (!lives) {
		end_pair(side->pair, (events & EPOLLERR) != 0);
		return;
	}
	set_events(side, EPOLL_CTL_MOD);
	set_events(other(side), EPOLL_CTL_MOD);
}

static void accept_worker(struct port *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(redis_port)};
	int near = accept4(port->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
	int far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pair *pair;

	if (near < 0 || far < 0 || connect(far, (struct sockaddr *)&address, sizeof(address))) {
		close(near);
		close(far);
		return;
	}
	pair = malloc(sizeof(*pair));
	if (!pair)
		abort();
	pair->port = port;
	for (int i = 0; i < 2; i++) {
		struct side *side = &pair->sides[i];

		side->pair = pair;
		side->fd = i == NEAR ? near : far;
		side->from = side->to = 0;
		setsockopt(side->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	LIST_INSERT_HEAD(&port->pairs, pair, link);
	set_events(&pair->sides[NEAR], EPOLL_CTL_ADD);
	set_events(&pair->sides[FAR], EPOLL_CTL_ADD);
}

static void back_to_normal(struct port *port)
{
	if (port->mode == DROP)
		cut(port, true);
	port->mode = PASS;
	set_all_events(port);
}

/* False at the end. */
static bool obey(void)
{
	static char line[4096];
	static size_t have;
	ssize_t got = read(STDIN_FILENO, line + have, sizeof(line) - 1 - have);
	char *next, *at = line, word[16];
	unsigned index, number;

	if (got <= 0)
		return false;
	have += (size_t)got;
	line[have] = '\0';
	for (; (next = strchr(at, '\n')); at = next + 1) {
		if (sscanf(at, "%15s %u %u", word, &index, &number) != 3 || index >= port_count)
			exit(2);
		if (word[0] == 'c') {
			cut(&ports[index], number == 1);
			continue;
		}
		ports[index].mode = word[0] == 'h' ? HOLD : DROP;
		ports[index].until_ms = clock_ms() + number;
		set_all_events(&ports[index]);
	}
	have = strlen(at);
	memmove(line, at, have);
	return true;
}

/* What stands in an event: NULL is the standard input, a port its listener, else a side. */
static bool handle(const struct epoll_event *event)
{
	struct port *port = event->data.ptr;

	if (!event->data.ptr)
		return obey();
	if (port >= ports && port < ports + port_count)
		accept_worker(port);
	else
		pass(event->data.ptr, event->events);
	return true;
}

static void run(void)
{
	struct epoll_event event;
	bool more = true;

	while (more) {
		int count = epoll_wait(epoll_fd, &event, 1, 10);
		uint64_t now_ms = clock_ms();

		if (count > 0)
			more = handle(&event);
		for (unsigned i = 0; i < port_count; i++)
			if (ports[i].mode != PASS && now_ms >= ports[i].until_ms)
				back_to_normal(&ports[i]);
	}
}

static void open_port(struct port *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = port};

	LIST_INIT(&port->pairs);
	port->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(port->listener, (struct sockaddr *)&address, len) != 0 ||
		listen(port->listener, 128) != 0 ||
		getsockname(port->listener, (struct sockaddr *)&address, &len) != 0) {
		perror("listen");
		exit(1);
	}
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, port->listener, &event);
	printf("%u ", ntohs(address.sin_port));
}

int main(int argc, char **argv)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (argc != 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	redis_port = (uint16_t)strtoul(argv[1], NULL, 10);
	port_count = (unsigned)strtoul(argv[2], NULL, 10);
	if (port_count > PORTS_MAX)
		return 2;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event);
	for (unsigned i = 0; i < port_count; i++)
		open_port(&ports[i]);
	printf("\n");
	fflush(stdout);
	run();
	return 0;
}
