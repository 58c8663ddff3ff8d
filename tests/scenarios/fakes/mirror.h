/* SPDX-License-Identifier: MIT */
/*
 * mirror: every command that the fake Redis does is also done by a real redis-server with the real scripts, on the same
 * clock, and has to be answered the same; at the end of a telling both have to hold the same. So the fake cannot lie.
 */
#ifndef SCENARIOS_FAKES_MIRROR_H
#define SCENARIOS_FAKES_MIRROR_H

#include <stddef.h>

#include "redis.h"

/* `path` of a unix socket; the server is emptied with each telling. Without this call nothing is mirrored. */
void mirror_open(const char *path);
void mirror_close(void);
void mirror_reset(void);
void mirror_forget_scripts(void);
/* `name` as redis_command_name() has it. */
void mirror_check(
	const char *name, struct word *words, size_t count, const struct redis_value *answer);
/* A key has expired on the story's clock. */
void mirror_drop(const char *key);
/* All keys of both. */
void mirror_compare(void);

#endif
