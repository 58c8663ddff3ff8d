/* SPDX-License-Identifier: MIT */
/* url_host: the grammar of a host: what every parser reads alike, and nothing else. */
#include "url_host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"

#define NAME_MAX  253
#define LABEL_MAX 63

/* The text of an address as inet_ntop() writes it, or NULL where it is none. */
static const char *canonical_address(int family, const char *text, char out[INET6_ADDRSTRLEN])
{
	unsigned char bytes[sizeof(struct in6_addr)];

	if (inet_pton(family, text, bytes) != 1)
		return NULL;
	return inet_ntop(family, bytes, out, INET6_ADDRSTRLEN);
}

static const char *parse_ipv6(char *host)
{
	char canonical[INET6_ADDRSTRLEN];
	size_t len = strlen(host);

	memmove(host, host + 1, len - 2);
	host[len - 2] = '\0';
	if (strchr(host, '%') != NULL)
		return "has a zone in its IPv6 address";
	if (canonical_address(AF_INET6, host, canonical) == NULL)
		return "has brackets around what is no IPv6 address";
	if (strcmp(host, canonical) != 0)
		return "has an IPv6 address that is not in its canonical form (RFC 5952)";
	return NULL;
}

/* Digits, or 0x and hex digits: what some parsers take for an IPv4 address. */
static bool is_numeric(struct span label)
{
	size_t i = 0;

	if (label.len >= 2 && label.data[0] == '0' && label.data[1] == 'x') {
		for (i = 2; i < label.len && isxdigit((unsigned char)label.data[i]); i++)
			;
	} else {
		for (; i < label.len && isdigit((unsigned char)label.data[i]); i++)
			;
	}
	return i == label.len;
}

static bool is_label(struct span label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.data[0] == '-' ||
		label.data[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char byte = label.data[i];

		if (!isalnum((unsigned char)byte) && byte != '-' && byte != '_')
			return false;
	}
	return true;
}

static const char *name_problem(const char *host)
{
	struct span label = {host, 0};
	size_t labels = 0, len = strlen(host);

	if (len > NAME_MAX)
		return "has a host of over 253 characters";
	if (host[len - 1] == '.')
		return "has a host that ends in a dot";
	for (const char *from = host; from != NULL; labels++) {
		const char *dot = strchr(from, '.');

		label = (struct span){from, dot == NULL ? strlen(from) : (size_t)(dot - from)};
		if (!is_label(label))
			return "has a host that is no name of letters, digits, hyphens and dots";
		from = dot == NULL ? NULL : dot + 1;
	}
	if (is_numeric(label))
		return "has a host that is neither a name nor a plain IPv4 address";
	if (labels == 1 && strcmp(host, "localhost") != 0)
		return "has a host of a single label: write its whole name";
	return NULL;
}

static const char *parse_host(char *host, bool *literal)
{
	char canonical[INET6_ADDRSTRLEN];

	*literal = true;
	if (host[0] == '[')
		return parse_ipv6(host);
	if (canonical_address(AF_INET, host, canonical) != NULL && strcmp(host, canonical) == 0)
		return NULL;
	*literal = false;
	return name_problem(host);
}

const char *url_host_parse(struct span text, char **host, bool *literal)
{
	const char *problem;
	char *lower;

	if (text.len == 0)
		return "has no host";
	lower = xmemdup(text.data, text.len);
	for (char *at = lower; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	problem = parse_host(lower, literal);
	if (problem != NULL)
		free(lower);
	else
		*host = lower;
	return problem;
}
