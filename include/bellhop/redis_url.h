/* SPDX-License-Identifier: MIT */
/*
 * redis_url: where Redis is: `redis://[user[:password]@]host[:port][/db]` or `unix:///path[?db=N]`.
 *
 * `rediss://` and `redis+sentinel://` are refused with one clear line. User and password are percent-decoded; a password
 * file's first line wins over a password in the URL.
 */
#ifndef BELLHOP_REDIS_URL_H
#define BELLHOP_REDIS_URL_H

#include <stdint.h>

#include "bellhop/error.h"

struct redis_url {
	char *host; /* NULL where `path` is set */
	uint16_t port;
	char *path;	/* of a unix socket, or NULL */
	char *user;	/* or NULL */
	char *password; /* or NULL; wiped by redis_url_release() */
	unsigned db;
	char *shown; /* for logs and errors: the URL without its password */
};

int redis_url_parse(
	struct redis_url *url, const char *text, const char *password_file, struct error *error);
/* Reads a password file again, which may hold another one by now; where it cannot be read, all stays as it is. */
void redis_url_read_password(struct redis_url *url, const char *password_file);
void redis_url_release(struct redis_url *url);

#endif
