/* SPDX-License-Identifier: MIT */
/*
 * script: a change of an org's integrations in Redis, whole or not at all.
 *
 * Each is one EVAL, so nothing comes between what it looks at and what it writes, and a version is taken with the change.
 * A script looks at the types of its keys before it writes: Redis undoes nothing.
 */
#ifndef CLI_SCRIPT_H
#define CLI_SCRIPT_H

#include "cli/answer.h"
#include "cli/command.h"

/* The keys of one integration, in this order in KEYS of every script. */
struct script {
	struct span *words; /* EVAL, the source, the number of keys, keys, arguments */
	size_t count;
	size_t capacity;
	struct buf keys[5];
};

/* A script on the integration's hash, its secrets, the org's names, the org's versions, the shard's orgs. */
void script_init(struct script *script, const char *source, const struct options *options,
	const char *integration);
/* Borrowed until the script is run. */
void script_argument(struct script *script, struct span argument);
/* Runs and releases it. An answer is an array whose first item is a word; NULL after the line that says what failed. */
struct redis_answer *script_run(struct script *script, struct cli *cli);

/* What every script begins with. */
#define SCRIPT_HEAD                                                            \
	"for i, kind in ipairs({'hash', 'hash', 'set', 'string', 'set'}) do\n" \
	"  local found = redis.call('TYPE', KEYS[i]).ok\n"                     \
	"  if found ~= 'none' and found ~= kind then\n"                        \
	"    return {'type', KEYS[i], found, kind}\n"                          \
	"  end\n"                                                              \
	"end\n"                                                                \
	"local integration, secrets, names, counter, orgs = unpack(KEYS)\n"    \
	"local exists = redis.call('EXISTS', integration) == 1\n"              \
	"local function take_version()\n"                                      \
	"  return string.format('%.0f', redis.call('INCR', counter))\n"        \
	"end\n"

#endif
