/* SPDX-License-Identifier: MIT */
/*
 * bellhop_client: one process, one reply queue, any number of waiting threads. Needs hiredis, jansson and pthreads.
 *
 * Every function may be called from any thread. What is given is borrowed; what is returned is the caller's.
 */
#ifndef BELLHOP_CLIENT_H
#define BELLHOP_CLIENT_H

#include <jansson.h>

struct bellhop_options {
	const char *host;
	int port;
	const char *password; /* NULL: none */
	int db;
	const char *shard; /* "main" */
};

struct bellhop;

/*
 * Starts the reader of replies; where Redis is away it connects once it is back. The options are borrowed until
 * bellhop_free(). The process must ignore SIGPIPE, for hiredis writes to connections that are gone too.
 */
struct bellhop *bellhop_new(const struct bellhop_options *options);
/* No thread may wait any more. */
void bellhop_free(struct bellhop *bellhop);

/*
 * Pushes a job ("chat", "workflow") or a decision ("decisions") and waits for its reply. NULL: there is none yet. Then it
 * may still run; ask bellhop_result() later, or run the same again: under the same id that is safe. No two threads may
 * wait for one id at once.
 */
json_t *bellhop_run(struct bellhop *bellhop, const char *queue, json_t *message, int wait_ms);
/* The newest reply of an id, kept for an hour (RESULT_TTL), or NULL. */
json_t *bellhop_result(struct bellhop *bellhop, const char *org, const char *id);
/* Redis's clock, the one that deadlines go by; -1 where Redis is away. */
json_int_t bellhop_now_ms(struct bellhop *bellhop);

#endif
