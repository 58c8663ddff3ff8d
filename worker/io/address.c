/* SPDX-License-Identifier: MIT */
/* address: where a host may be reached: IP addresses with their port. */
#include <arpa/inet.h>
#include <string.h>

#include "io/address.h"

bool address_parse(union address *address, const char *text, uint16_t port)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1)
		address->any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1)
		address->any.sa_family = AF_INET6;
	else
		return false;
	address_set_port(address, port);
	return true;
}

void address_set_port(union address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET)
		address->v4.sin_port = htons(port);
	else
		address->v6.sin6_port = htons(port);
}
