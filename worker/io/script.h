/* SPDX-License-Identifier: MIT */
/*
 * script: calls of the Lua scripts in scripts/, which the build embeds.
 *
 * A call is put together word by word, sent by the script's SHA-1, and sent again with the script loaded first where Redis
 * does not know it (after its restart, a failover, SCRIPT FLUSH): a script that is not known did nothing. The call
 * belongs to its owner and must stay until its callback came; then it may be used again.
 */
#ifndef WORKER_IO_SCRIPT_H
#define WORKER_IO_SCRIPT_H

#include "io/redis_async.h"

/* X(symbol, the name of its file): a row and a file in scripts/. */
#define SCRIPTS(X)            \
	X(TURN, turn)         \
	X(REGISTER, register) \
	X(RENEW, renew)       \
	X(REAP, reap)         \
	X(LEAVE, leave)       \
	X(WAKE, wake)

enum script {
#define X(symbol, file) SCRIPT_##symbol,
	SCRIPTS(X)
#undef X
		SCRIPT_COUNT
};

struct script_call {
	struct redis_async *redis;
	enum script script;
	struct buf command;
	uint32_t timeout_ms;
	int64_t asked_us; /* when it was sent; monotonic */
	redis_fn done;
	void *arg;
	bool under_way;
};

void script_call_init(struct script_call *call, struct redis_async *redis);
void script_call_release(struct script_call *call);
/* Starts the command; `keys` words and then `args` words are to be added to call->command. */
void script_call_begin(struct script_call *call, enum script script, size_t keys, size_t args);
/* False where the connection is not up. */
bool script_call_send(struct script_call *call, uint32_t timeout_ms, redis_fn done, void *arg);

/* How often a script had to be loaded, the first time of each apart. */
unsigned long script_reloads(void);

#endif
