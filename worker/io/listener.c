/* SPDX-License-Identifier: MIT */
/* listener: a listening TCP socket made from `address:port`. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/listener.h"

/* `[::1]:9464` without its brackets; `localhost` is an address too. */
static bool address_read(union address *address, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2], *end, *start = host;
	size_t len = colon ? (size_t)(colon - text) : 0;
	unsigned long port;

	if (!len || len >= sizeof(host) || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port > 65535)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		start++;
	} else if (strchr(host, ':')) {
		return false;
	}
	if (strcmp(start, "localhost") == 0)
		start = strcpy(host, "127.0.0.1");
	return address_parse(address, start, (uint16_t)port);
}

static socklen_t address_bytes(const union address *address)
{
	return address->any.sa_family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
}

static void text_set(struct listener *listener)
{
	const union address *address = &listener->address;
	bool six = address->any.sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN];

	inet_ntop(address->any.sa_family,
		six ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr,
		host, sizeof(host));
	snprintf(listener->text, sizeof(listener->text), six ? "[%s]:%u" : "%s:%u", host,
		ntohs(six ? address->v6.sin6_port : address->v4.sin_port));
}

static int socket_open(const union address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, why;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &address->any, address_bytes(address)) == 0 && listen(fd, 128) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

int listener_open(struct listener *listener, const char *listen_at, struct error *error)
{
	union address address;
	socklen_t len = sizeof(address);
	int fd;

	if (!address_read(&address, listen_at))
		return error_set(error, ERROR_INTERNAL,
			"LISTEN is not an address with a port: `%.100s`; write 127.0.0.1:9464, "
			"[::1]:9464 or off",
			listen_at);
	fd = socket_open(&address);
	if (fd < 0)
		return error_set(error, ERROR_INTERNAL, "cannot listen on %s: %s", listen_at,
			strerror(errno));
	*listener = (struct listener){.fd = fd};
	if (getsockname(fd, &listener->address.any, &len))
		listener->address = address;
	text_set(listener);
	return 0;
}

void listener_close(struct listener *listener)
{
	close(listener->fd);
}
