/* SPDX-License-Identifier: MIT */
/*
 * http_pin: the judged addresses of a host, put into libcurl's name cache so that it never looks one up.
 *
 * An entry of the cache is permanent and only replaced by a later call's, so a call says its addresses only where they are not
 * known to be there already: saying costs libcurl a parse and some allocations each time. They are known once a call that
 * said them has come as far as a socket, and no other call has said anything since.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/http_private.h"

bool http_pin_same(const struct sockaddr *a, const struct sockaddr *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr && a4->sin_port == b4->sin_port;
	return memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0 &&
	       a6->sin6_port == b6->sin6_port;
}

static bool same_list(const struct address_list *a, const struct address_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!http_pin_same(&a->items[i].any, &b->items[i].any))
			return false;
	return true;
}

static bool pin_write(struct http_call *call)
{
	const struct http_request *request = &call->request;
	size_t room = sizeof(call->pin_text), len;
	char text[INET6_ADDRSTRLEN];

	len = (size_t)snprintf(call->pin_text, room, "%s:%u:", request->host, request->port);
	for (size_t i = 0; i < request->addresses->count && len < room; i++) {
		const union address *address = &request->addresses->items[i];
		bool six = address->any.sa_family == AF_INET6;

		inet_ntop(address->any.sa_family,
			six ? (const void *)&address->v6.sin6_addr
			    : (const void *)&address->v4.sin_addr,
			text, sizeof(text));
		len += (size_t)snprintf(call->pin_text + len, room - len, "%s%s%s%s", i ? "," : "",
			six ? "[" : "", text, six ? "]" : "");
	}
	return len < room;
}

bool http_pin_set(struct http_call *call, struct http_pool *pool)
{
	const struct http_request *request = &call->request;
	struct http_pin *pin = &pool->pin;
	union address literal;

	BUG_ON(!request->addresses->count);
	call->literal = address_parse(&literal, request->host, request->port);
	if (call->literal)
		return true;
	if (pin->host && pin->port == request->port && strcmp(pin->host, request->host) == 0 &&
		same_list(&pin->addresses, request->addresses))
		return true;
	if (!pin_write(call)) {
		http_call_verdict(call, HTTP_REFUSED, "its host's name is too long");
		return false;
	}
	call->pin_line.data = call->pin_text;
	SET(call, CURLOPT_RESOLVE, &call->pin_line);
	call->pin_serial = ++pin->serial ? pin->serial : ++pin->serial;
	free(pin->host);
	pin->host = NULL;
	return true;
}

void http_pin_loaded(struct http_call *call)
{
	const struct http_request *request = &call->request;
	struct http_pin *pin = &call->pool->pin;

	if (!call->pin_serial || call->pin_serial != pin->serial || pin->host)
		return;
	pin->host = xstrdup(request->host);
	pin->port = request->port;
	pin->addresses = *request->addresses;
}
