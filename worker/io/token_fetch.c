/* SPDX-License-Identifier: MIT */
/*
 * token_fetch: asks a token endpoint once.
 *
 * The happy path: token_ask() writes what is sent; the host is looked up and judged; the call is made; its answer is read.
 * What can fail: the key (at once, told in the next turn of the loop); the name, the address, the call; an answer that is none; a refusal.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/clock.h"
#include "io/metrics.h"
#include "io/token_fetch_private.h"

#define HEADERS                                             \
	"Content-Type: application/x-www-form-urlencoded\0" \
	"Accept: application/json\0"

void token_failure_init(struct token_failure *failure)
{
	*failure = (struct token_failure){.retry_after_ms = -1};
	buf_init(&failure->details, TOKEN_DETAILS_BYTES);
}

void token_failure_release(struct token_failure *failure)
{
	buf_release(&failure->details);
}

void token_failure_clear(struct token_failure *failure)
{
	buf_release(&failure->details);
	token_failure_init(failure);
}

static void fetch_free(struct token_fetch *fetch)
{
	secret_memory_give(fetch->tools->secrets, fetch->block);
	if (fetch->turn != NULL)
		event_free(fetch->turn);
	token_failure_release(&fetch->failure);
	free(fetch->org);
	free(fetch->pool);
	free(fetch->url);
	free(fetch->host);
	free(fetch);
}

static void finish(struct token_fetch *fetch, const struct token_answer *answer)
{
	metrics_token_fetched(answer != NULL		 ? METRICS_TOKEN_FETCHED
			      : fetch->failure.retryable ? METRICS_TOKEN_UNAVAILABLE
							 : METRICS_TOKEN_REFUSED);
	fetch->done(fetch->arg, answer, answer == NULL ? &fetch->failure : NULL);
	fetch_free(fetch);
}

static void fail(struct token_fetch *fetch, bool retryable, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void fail(struct token_fetch *fetch, bool retryable, const char *format, ...)
{
	char text[ERROR_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(&fetch->failure.error, ERROR_AUTH_FAILED, "%s", text);
	fetch->failure.retryable = retryable;
	finish(fetch, NULL);
}

static void blocked(struct token_fetch *fetch)
{
	error_set(&fetch->failure.error, ERROR_BLOCKED_ADDRESS,
		"The credential's token_uri has an address that is not called from here: set "
		"another credential, or let the operator allow the network.");
	finish(fetch, NULL);
}

static void read_token(struct token_fetch *fetch, int status)
{
	struct token_answer answer;
	struct span body = {fetch->answer.data, fetch->answer.len};
	const char *reason;

	if (token_answer_read(&answer, body, fetch->unescaped, TOKEN_ANSWER_BYTES, &reason) == 0) {
		finish(fetch, &answer);
		return;
	}
	buf_printf(&fetch->failure.details, "{\"status\":%d}", status);
	fail(fetch, false,
		"The answer of the credential's token endpoint cannot be used (%s): correct its "
		"token_uri, or mend the endpoint.",
		reason);
}

static bool passes(int status)
{
	return status >= 500 || status == 408 || status == 425 || status == 429;
}

static void refused(struct token_fetch *fetch, const struct http_response *response)
{
	struct token_failure *failure = &fetch->failure;
	struct buf said;

	if (response->status >= 300 && response->status < 400) {
		buf_printf(&failure->details, "{\"status\":%d}", response->status);
		fail(fetch, false,
			"The credential's token endpoint answered with a redirect (%d), and "
			"redirects are not followed: let token_uri say where it leads.",
			response->status);
		return;
	}
	buf_init(&said, ERROR_TEXT_BYTES);
	token_answer_refusal((struct span){fetch->answer.data, fetch->answer.len}, response->status,
		&fetch->redactor, &said, &failure->details);
	if (response->retry_after_s >= 0 && passes(response->status))
		failure->retry_after_ms = response->retry_after_s * 1000;
	fail(fetch, passes(response->status), "The token endpoint refused (status %d%s%s): %s",
		response->status, said.len > 0 ? ", " : "", said.data,
		passes(response->status)
			? "try again later."
			: "correct the credential, or the `auth` of the definition.");
	buf_release(&said);
}

/* Of an answer that was cut: there may stand the start of a secret, which nothing finds. */
static void hide_end(struct token_fetch *fetch)
{
	size_t hidden = redact_longest(&fetch->redactor), len = fetch->answer.len;

	buf_truncate(&fetch->answer, len - (hidden < len ? hidden : len));
}

static void on_answer(void *arg, const struct http_response *response)
{
	struct token_fetch *fetch = arg;
	const char *reason = response->reason;

	fetch->call = NULL;
	switch (response->end) {
	case HTTP_ANSWERED:
		if (response->status >= 200 && response->status < 300 &&
			!token_answer_is_error(
				(struct span){fetch->answer.data, fetch->answer.len}))
			read_token(fetch, response->status);
		else
			refused(fetch, response);
		return;
	case HTTP_BLOCKED:
		blocked(fetch);
		return;
	case HTTP_TLS_FAILED:
		fail(fetch, false,
			"The certificate or handshake of the credential's token endpoint was "
			"refused (%s): mend it there, or correct the token_uri.",
			reason);
		return;
	case HTTP_TOO_LARGE:
		if (response->status >= 300) {
			hide_end(fetch);
			refused(fetch, response);
			return;
		}
		fail(fetch, false,
			"The answer of the credential's token endpoint is larger than 16 KiB: "
			"correct its token_uri.");
		return;
	case HTTP_INVALID:
	case HTTP_REFUSED:
		fail(fetch, false,
			"The credential's token endpoint cannot be asked, or its answer is not "
			"HTTP (%s): correct the credential.",
			reason);
		return;
	default: /* not reached, too slow, broken off */
		fail(fetch, true,
			"The credential's token endpoint did not answer (%s): try again later, or "
			"correct its token_uri.",
			reason);
	}
}

static void call(struct token_fetch *fetch)
{
	int64_t left_ms = TOKEN_FETCH_TIMEOUT_MS - (clock_now_us() - fetch->started_us) / 1000;

	fetch->call = http_start(fetch->tools->http,
		&(struct http_request){
			.pool = fetch->pool,
			.method = "POST",
			.url = fetch->url,
			.host = fetch->host,
			.port = fetch->port,
			.headers = HEADERS,
			.header_count = 2,
			.credential = fetch->line.len > 0 ? fetch->line.data : NULL,
			.body = fetch->body.data,
			.body_len = fetch->body.len,
			.addresses = &fetch->addresses,
			.timeout_ms = (uint32_t)(left_ms > 1 ? left_ms : 1),
			.max_response_bytes = TOKEN_ANSWER_BYTES - 1,
		},
		&fetch->answer, on_answer, fetch);
}

static void on_addresses(void *arg, const struct address_list *addresses, const struct error *error)
{
	struct token_fetch *fetch = arg;

	fetch->lookup = NULL;
	if (addresses == NULL) {
		fail(fetch, true,
			"The name of the credential's token endpoint cannot be looked up (%s): try "
			"again later, or correct its token_uri.",
			error->text);
		return;
	}
	fetch->addresses = *addresses;
	if (address_policy_allows_all(fetch->tools->policy, &fetch->addresses))
		call(fetch);
	else
		blocked(fetch);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct token_fetch *fetch = arg;

	(void)fd;
	(void)what;
	if (fetch->failure.error.code != ERROR_NONE)
		finish(fetch, NULL);
	else
		blocked(fetch);
}

static void next_turn(struct token_fetch *fetch)
{
	static const struct timeval now = {0, 0};

	fetch->turn = evtimer_new(fetch->tools->base, on_turn, fetch);
	BUG_ON(fetch->turn == NULL);
	event_add(fetch->turn, &now);
}

struct token_fetch *token_fetch_start(const struct token_tools *tools,
	const struct token_request *request, token_fetch_fn done, void *arg)
{
	struct token_fetch *fetch = xcalloc(1, sizeof(*fetch));

	fetch->tools = tools;
	fetch->done = done;
	fetch->arg = arg;
	fetch->started_us = clock_now_us();
	token_failure_init(&fetch->failure);
	if (token_ask(fetch, request) < 0) {
		next_turn(fetch);
		return fetch;
	}
	if (!resolver_knows(tools->resolver, fetch->host, fetch->port, &fetch->addresses))
		fetch->lookup = resolver_start(tools->resolver, fetch->org, fetch->host,
			fetch->port, TOKEN_FETCH_TIMEOUT_MS, on_addresses, fetch);
	else if (address_policy_allows_all(tools->policy, &fetch->addresses))
		call(fetch);
	else
		next_turn(fetch);
	return fetch;
}

void token_fetch_cancel(struct token_fetch *fetch)
{
	if (fetch == NULL)
		return;
	if (fetch->lookup != NULL)
		resolver_cancel(fetch->lookup);
	if (fetch->call != NULL)
		(void)http_cancel(fetch->call); /* a token that nobody waits for is no harm */
	fetch_free(fetch);
}
