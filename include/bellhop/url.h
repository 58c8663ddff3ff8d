/* SPDX-License-Identifier: MIT */
/*
 * url: the base URL of an integration, read by a grammar stricter than RFC 3986's.
 *
 * `http(s)://host[:port][/path]`, ASCII. The host is a name of two labels or more whose last one is not numeric, or
 * `localhost`, or a canonical IPv4 or bracketed IPv6 literal. Refused, because parsers differ about them: user info,
 * query, fragment, backslash, percent-encoding in the host, an empty port, a zone, dot segments plain or encoded.
 * The scheme and the host are kept in lower case, a default port is dropped.
 */
#ifndef BELLHOP_URL_H
#define BELLHOP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

struct url {
	bool https;
	bool literal;  /* the host is an IP address */
	uint16_t port; /* as connected to: 443 or 80 where none is written */
	char *host;    /* as looked up: lower case, no brackets, no final dot */
	char *origin;  /* "https://api.acme.com", "http://[::1]:8080": what a secret is bound to */
	char *path;    /* "" or "/v1": no final slash */
};

/* 0, or -1 and `*reason` a static sentence without a full stop ("has a query"). Release only after success. */
int url_parse(struct url *url, struct span text, const char **reason);
void url_release(struct url *url);

/* Whether a path holds a segment that is `.` or `..`, plain or percent-encoded in any mixture, between slashes or
 * backslashes, themselves plain or encoded. */
bool url_has_dot_segment(struct span path);

/* Whether a rendered URL still has the base URL's origin and lies under its path: the last check before a call. */
bool url_is_under(const struct url *base, struct span rendered);

/* A list of origins as an option gives it: `http://a.example,http://b.example:8080`. */
struct origin_list {
	char **origins;
	size_t count;
};

int origin_list_parse(struct origin_list *list, const char *text, const char **reason);
bool origin_list_has(const struct origin_list *list, const char *origin);
void origin_list_release(struct origin_list *list);

#endif
