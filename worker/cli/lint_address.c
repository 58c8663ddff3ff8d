/* SPDX-License-Identifier: MIT */
/*
 * lint_address: whether workers would call where a base URL leads.
 *
 * An address and `localhost` need no lookup. A name is looked up only where that was asked for: what a name server says
 * here may not be what it says to a worker, and a definition is checked where there is no network too.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "bellhop/allow_nets.h"
#include "cli/lint.h"

#define LOOKUP_SECONDS 2
#define PLACE	       "base_url"

struct leads {
	struct problems *problems;
	const struct url *base;
	struct allow_nets allowed;
};

static void judge(const struct leads *leads, struct ip *ip)
{
	char text[INET6_ADDRSTRLEN];
	ip->port = leads->base->port;
	if (ip_is_public(ip) || allow_nets_has(&leads->allowed, ip))
		return;
	inet_ntop(ip->len == 4 ? AF_INET : AF_INET6, ip->bytes, text, sizeof(text));
	problems_warn(leads->problems, PLACE,
		"leads to %s, which is no public address: workers call it only where ALLOW_NETS "
		"names it",
		text);
}

static bool read_literal(struct ip *ip, const char *host)
{
	*ip = (struct ip){0};
	ip->len = strchr(host, ':') ? 16 : 4;
	return inet_pton(ip->len == 4 ? AF_INET : AF_INET6, host, ip->bytes) == 1;
}

static void judge_found(const struct leads *leads, const struct addrinfo *found)
{
	for (; found; found = found->ai_next) {
		struct ip ip = {0};
		if (found->ai_family == AF_INET) {
			ip.len = 4;
			memcpy(ip.bytes, &((struct sockaddr_in *)found->ai_addr)->sin_addr, 4);
		} else if (found->ai_family == AF_INET6) {
			ip.len = 16;
			memcpy(ip.bytes, &((struct sockaddr_in6 *)found->ai_addr)->sin6_addr, 16);
		} else {
			continue;
		}
		judge(leads, &ip);
	}
}

/* A lookup that is not done in time is left alone: the program ends soon, and what it writes to is not on the stack. */
static void look_up(const struct leads *leads)
{
	static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	static struct gaicb request;
	struct gaicb *list[] = {&request};
	const struct timespec patience = {.tv_sec = LOOKUP_SECONDS};
	static char name[256]; /* a host has 253 at most */
	int code;
	snprintf(name, sizeof(name), "%s", leads->base->host);
	request = (struct gaicb){.ar_name = name, .ar_request = &hints};
	code = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (code == 0)
		(void)gai_suspend((const struct gaicb *const *)list, 1,
			&patience); /* what came of it is asked next */
	if (code == 0)
		code = gai_error(&request);
	if (code == 0)
		judge_found(leads, request.ar_result);
	else
		problems_warn(leads->problems, PLACE, "has a host that was not found here: %s",
			code == EAI_INPROGRESS ? "no answer within 2 s" : gai_strerror(code));
	if (code == 0)
		freeaddrinfo(request.ar_result);
}

static void judge_base(const struct leads *leads, bool resolve)
{
	const char *host = leads->base->host;
	struct ip ip;
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (read_literal(&ip, host))
		judge(leads, &ip);
	else if (resolve)
		look_up(leads);
}

/* Of a definition with errors too, where there is a URL in it. */
static bool read_base(const struct json_tape *tape, struct url *base)
{
	const char *reason;
	struct buf scratch;
	bool found = false;
	uint32_t value = TAPE_NONE;
	if (tape->count > 0 && tape_type(tape, 0) == TAPE_OBJECT)
		value = tape_member(tape, 0, PLACE);
	buf_init(&scratch, DEFINITION_MAX_BYTES);
	if (value != TAPE_NONE && tape_type(tape, value) == TAPE_STRING)
		found = url_parse(base, tape_string_span(tape, value, &scratch), &reason) == 0;
	buf_release(&scratch);
	return found;
}

int lint_address(struct document *document, const struct cli *cli, bool resolve)
{
	struct error error = {0};
	struct leads leads = {.problems = &document->problems};
	struct url base;
	if (allow_nets_parse(&leads.allowed, cli->options.allow_nets, &error) < 0)
		return misuse("%s", error.text);
	if (read_base(&document->tape, &base)) {
		leads.base = &base;
		judge_base(&leads, resolve);
		url_release(&base);
	}
	allow_nets_release(&leads.allowed);
	return EXIT_DONE;
}
