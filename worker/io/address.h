/* SPDX-License-Identifier: MIT */
/* address: where a host may be reached: IP addresses with their port. */
#ifndef WORKER_IO_ADDRESS_H
#define WORKER_IO_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define ADDRESS_LIST_MAX 16

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct address_list {
	union address items[ADDRESS_LIST_MAX];
	size_t count;
};

/* Reads an IP address as text, without brackets. False where it is none. */
bool address_parse(union address *address, const char *text, uint16_t port);
void address_set_port(union address *address, uint16_t port);

#endif
