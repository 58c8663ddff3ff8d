/* SPDX-License-Identifier: MIT */
/*
 * upstream: what the fake http_client and resolver talk to: it notes each request that reached it, and answers as a story has
 * planned, or with 200 and `{"ok":true}`.
 */
#ifndef SCENARIOS_FAKES_UPSTREAM_H
#define SCENARIOS_FAKES_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/http_client.h"

/* One request's fate, in the order of the requests. */
struct plan {
	enum http_end end;
	bool unsent; /* it never got there */
	int status;  /* HTTP_ANSWERED */
	const char *body;
	int64_t retry_after_s; /* -1: none */
	int64_t takes_us;      /* a time over the call's own: it times out */
};

void upstream_plan(const struct plan *plan);
/* What is asked of a URL that ends in `/token` has a fate of its own, the same each time; NULL: it is a token. */
void upstream_plan_tokens(const struct plan *plan);
/* Whether tokens were asked for: they are kept beyond the jobs, and a fetch that nobody waits for goes on. */
bool upstream_gave_tokens(void);

/* One request of which a byte left. */
struct request_seen {
	char method[8];
	char url[512];
	char body[1024];
	char credential[128];
	int64_t redis_us;
	int status; /* its answer got back to the worker; 0: it did not */
};

size_t upstream_sent_count(void);
const struct request_seen *upstream_sent(size_t index);
/* Of those whose url holds `ref=REF`; the contract's "leaves at most once" is counted here. */
size_t upstream_sent_for(const char *ref);

/* What names resolve to from now on, NULL: nothing does; and how long that takes. */
void upstream_resolves_to(const char *address, int64_t takes_us);

/* Calls and look-ups that are under way. */
size_t upstream_calls_open(void);
size_t upstream_lookups_open(void);

void upstream_reset(void);

#endif
