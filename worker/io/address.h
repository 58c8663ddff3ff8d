/* SPDX-License-Identifier: MIT */
/* address: where a host may be reached: IP addresses with their port. */
#ifndef WORKER_IO_ADDRESS_H
#define WORKER_IO_ADDRESS_H

#include <stddef.h>
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

#endif
