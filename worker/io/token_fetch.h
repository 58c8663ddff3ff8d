/* SPDX-License-Identifier: MIT */
/*
 * token_fetch: asks a token endpoint once (RFC 7523, section 2.1; RFC 6749, section 4.4.2), under the rules of any call: its addresses
 * judged, no redirect, one deadline, a bounded answer. What is secret of it lies in secret memory and is wiped with it.
 */
#ifndef WORKER_IO_TOKEN_FETCH_H
#define WORKER_IO_TOKEN_FETCH_H

#include <stdbool.h>
#include <stdint.h>
#include <event2/event.h>

#include "bellhop/definition.h"
#include "bellhop/error.h"
#include "bellhop/service_account.h"
#include "bellhop/token_answer.h"
#include "io/address_policy.h"
#include "io/http_client.h"
#include "io/resolver.h"
#include "io/secret_memory.h"

#define TOKEN_FETCH_TIMEOUT_MS 10000
#define TOKEN_DETAILS_BYTES    (32 * 1024)

struct token_fetch;

/* What it works with; outlives every fetch. */
struct token_tools {
	struct event_base *base;
	struct http_client *http;
	struct resolver *resolver;
	const struct address_policy *policy;
	struct secret_memory *secrets;
};

/* Borrowed until token_fetch_start() returned. */
struct token_request {
	const char *org, *integration;
	const struct service_account *account;
	const struct definition *definition; /* its auth's scope, audience, subject, client_auth */
};

/* Why there is no token, as a job tells it. `details` is JSON, or empty. */
struct token_failure {
	struct error error;
	bool retryable;
	bool out_of_time;	/* whoever waited had no more of it; the fetch goes on */
	int64_t retry_after_ms; /* below 0: none */
	struct buf details;
};

void token_failure_init(struct token_failure *failure);
void token_failure_release(struct token_failure *failure);
void token_failure_clear(struct token_failure *failure);

/* `answer` is NULL on failure. Both are the fetch's, which is freed when the callback returns. Called from the loop, once, never before
 * token_fetch_start() returned. */
typedef void (*token_fetch_fn)(
	void *arg, const struct token_answer *answer, const struct token_failure *failure);

struct token_fetch *token_fetch_start(const struct token_tools *tools,
	const struct token_request *request, token_fetch_fn done, void *arg);
/* The callback will not come. NULL is taken. */
void token_fetch_cancel(struct token_fetch *fetch);

#endif
