/* SPDX-License-Identifier: MIT */
/*
 * name: what may become part of a Redis key: org, integration, action, id, reply_to, shard.
 *
 * 1 to 128 of `A-Z a-z 0-9 . _ -`, the first one a letter or a digit (contract, section 1). Whatever comes
 * from outside passes through here before it touches a key.
 */
#ifndef BELLHOP_NAME_H
#define BELLHOP_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_MAX_BYTES 128

struct name {
	char text[NAME_MAX_BYTES + 1]; /* NUL-terminated; empty: not set */
	size_t len;
};

bool name_valid(const char *text, size_t len);
/* 0, or -1 with `name` untouched where the text is no name. */
int name_set(struct name *name, const char *text, size_t len);
bool name_equals(const struct name *a, const struct name *b);

#endif
