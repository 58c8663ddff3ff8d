/* SPDX-License-Identifier: MIT */
/*
 * worker: one process's loop: it registers with Redis, takes jobs while it has room, starts them on the pipeline, and
 * stops without losing one.
 *
 *   connecting -> registered -> (draining) -> gone
 *        ^            |
 *        +------------+  the connection is lost: jobs go on, their settles wait; when Redis no longer knows this
 *                        worker, all jobs are dropped, because by then they are somebody else's
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <event2/event.h>

#include "bellhop/options.h"
#include "bellhop/redis_url.h"
#include "complaint.h"
#include "intake.h"
#include "io/address_policy.h"
#include "io/http_client.h"
#include "io/http_server.h"
#include "io/integration_cache.h"
#include "io/janitor.h"
#include "io/keyring.h"
#include "io/lanes.h"
#include "io/redis_async.h"
#include "io/resolver.h"
#include "io/secret_memory.h"
#include "io/token_cache.h"
#include "io/turn.h"
#include "job.h"
#include "losses.h"
#include "membership.h"
#include "trouble.h"

struct worker {
	const struct options *options;
	struct event_base *base;
	struct redis_url redis_url;

	/* what the steps use */
	struct redis_async *redis;
	struct turn *turn;
	struct integration_cache *integrations;
	struct keyring *keyring;
	struct secret_memory *secrets;
	struct lanes *lanes;
	struct resolver *resolver;
	struct address_policy *policy;
	struct http_client *http;
	struct token_cache *tokens;
	struct json_tape
		response_tape; /* of the one step that reads answers, which does not wait */
	struct buf scratch;

	/* its life */
	struct janitor *janitor;
	struct intake intake;
	struct http_server *server;
	struct event *signals[2];
	struct event *drain_timer;
	struct membership membership;
	bool started; /* it was said that it is there */
	bool was_up;  /* since the start */
	bool is_away; /* Redis is, and it was said */
	bool draining;
	bool cut;     /* the time for draining is over: calls were cut off */
	bool leaving; /* its `leave` is under way */
	int exit_code;
	int64_t last_renewed_ms; /* monotonic */
	struct losses losses;
	struct trouble trouble;

	struct job *oldest, *newest; /* in flight */
	struct job *spare;
	size_t in_flight, workflows, spare_count;
};

/* Everything but the loop: opens what is to be opened. -1: `error` is one line that says what to do. */
int worker_init(struct worker *worker, const struct options *options, struct error *error);
/* Runs until a signal ended it; returns the exit code. */
int worker_run(struct worker *worker);
void worker_release(struct worker *worker);

void worker_set_timer(struct event *timer, int64_t us);
/* A job is over: there is room for another. */
void worker_job_over(struct worker *worker);

#endif
