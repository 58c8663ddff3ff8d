/* SPDX-License-Identifier: MIT */
/* url_host: the inner parts of url.c that others in common/ need, and the grammar of a host. */
#ifndef BELLHOP_COMMON_URL_HOST_H
#define BELLHOP_COMMON_URL_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "bellhop/span.h"

/* Reads a host as it stands in a URL, an IPv6 address in its brackets. NULL and `*host` as it is looked up (the
 * caller's), or what is wrong with it. */
const char *url_host_parse(struct span text, char **host, bool *literal);

/* As url_has_dot_segment(), and where the first one begins and ends. */
bool url_find_dot_segment(struct span path, size_t *from, size_t *to);

#endif
