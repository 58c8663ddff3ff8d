/* SPDX-License-Identifier: MIT */
/* token_fetch_private: what the files of token_fetch share; nobody else includes it. */
#ifndef WORKER_IO_TOKEN_FETCH_PRIVATE_H
#define WORKER_IO_TOKEN_FETCH_PRIVATE_H

#include "io/token_fetch.h"

#define TOKEN_ANSWER_BYTES (16 * 1024)

struct token_fetch {
	const struct token_tools *tools;
	token_fetch_fn done;
	void *arg;
	char *org;
	char *pool;
	char *url;
	char *host;
	uint16_t port;
	char *block; /* secret memory: all of the three, the patterns, and room for the token */
	struct buf body, line, answer;
	char *unescaped; /* TOKEN_ANSWER_BYTES */
	struct redactor redactor;
	struct event *turn; /* ends a fetch that fails at once */
	int64_t started_us;
	struct resolver_query *lookup;
	struct address_list addresses;
	struct http_call *call;
	struct token_failure failure;
};

/* token_ask.c: fills in what is sent. -1: `failure` is set. */
int token_ask(struct token_fetch *fetch, const struct token_request *request);

#endif
