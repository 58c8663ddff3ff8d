/* SPDX-License-Identifier: MIT */
/* http_server: there is none in a story; its workers listen nowhere. */
#include "io/http_server.h"

#include "bellhop/bug.h"

struct http_server *http_server_new(struct event_base *base, const char *listen,
	const struct http_page *pages, void *arg, struct error *error)
{
	(void)base;
	(void)listen;
	(void)pages;
	(void)arg;
	(void)error;
	BUG("a story's worker listens nowhere");
}

void http_server_free(struct http_server *server)
{
	(void)server;
}

const char *http_server_address(const struct http_server *server)
{
	(void)server;
	return "";
}

const struct sockaddr *http_server_sockaddr(const struct http_server *server)
{
	(void)server;
	return NULL;
}
