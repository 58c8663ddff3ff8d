/* SPDX-License-Identifier: MIT */
/*
 * strays: claims that may be nobody's.
 *
 * Redis keeps each worker's claims in a hash of its own, and two lists say whose they are. Where a list was lost (removed by hand, restored
 * in part) no janitor would look there again. So each worker goes through the keys, a piece each time it is asked, and names what it
 * finds; who of them is alive, the script says that is given the names.
 */
#ifndef WORKER_IO_STRAYS_H
#define WORKER_IO_STRAYS_H

#include "bellhop/buf.h"
#include "bellhop/options.h"
#include "io/redis_async.h"

struct strays;

struct strays *strays_new(struct redis_async *redis, const struct options *options);
void strays_free(struct strays *strays);
/* Looks at the next piece, if it is time; what it holds is there when Redis has answered. */
void strays_look(struct strays *strays);
/* From the start, at once. */
void strays_look_anew(struct strays *strays);
/* A worker that Redis forgot while it held claims. */
void strays_add(struct strays *strays, const char *name);
/* How many names there are. */
size_t strays_count(const struct strays *strays);
/* Adds them to a command as words (io/resp.h), and forgets them. */
void strays_take(struct strays *strays, struct buf *command);

#endif
