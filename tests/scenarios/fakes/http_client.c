/* SPDX-License-Identifier: MIT */
/* http_client: calls of the fake upstream, which go as a story has planned. */
#include "io/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io_calls.h"
#include "loop.h"
#include "upstream.h"

#define LEAVES_US  1000 /* until the first byte has left */
#define ANSWERS_US 20000
#define PLANS_MAX  64
#define SENT_MAX   64

struct http_client {
	struct event_base *base;
};

struct http_call {
	struct event_base *base;
	struct http_request request;
	struct plan plan;
	http_fn done;
	void *arg;
	struct http_response response;
	int64_t started_us;
	size_t sent; /* index + 1 */
	struct event *next, *timeout;
};

static struct plan plans[PLANS_MAX];
static size_t plan_count, plan_next;
static struct plan token_plan;
static bool gave_tokens;
static struct request_seen sent[SENT_MAX];
static size_t sent_count, open_count;

void upstream_reset(void)
{
	plan_count = plan_next = sent_count = 0;
	gave_tokens = false;
	upstream_plan_tokens(NULL);
	upstream_resolves_to("93.184.216.34", 1000);
}

void upstream_plan(const struct plan *plan)
{
	BUG_ON(plan_count == PLANS_MAX);
	plans[plan_count++] = *plan;
}

void upstream_plan_tokens(const struct plan *plan)
{
	static const struct plan usual = {.end = HTTP_ANSWERED,
		.status = 200,
		.body = "{\"access_token\":\"t0ken-t0ken\",\"token_type\":\"Bearer\",\"expires_"
			"in\":3600}",
		.retry_after_s = -1,
		.takes_us = ANSWERS_US};

	token_plan = plan != NULL ? *plan : usual;
}

bool upstream_gave_tokens(void)
{
	return gave_tokens;
}

size_t upstream_sent_count(void)
{
	return sent_count;
}

const struct request_seen *upstream_sent(size_t index)
{
	BUG_ON(index >= sent_count);
	return &sent[index];
}

size_t upstream_sent_for(const char *ref)
{
	char wanted[160];
	size_t count = 0;

	snprintf(wanted, sizeof(wanted), "ref=%s", ref);
	for (size_t i = 0; i < sent_count; i++) {
		const char *at = strstr(sent[i].url, wanted);
		char end = at != NULL ? at[strlen(wanted)] : 'x';

		count += end == '\0' || end == '&';
	}
	return count;
}

size_t upstream_calls_open(void)
{
	return open_count;
}

struct http_client *http_client_new(struct event_base *base, const struct address_policy *policy,
	const char *ca_file, struct error *error)
{
	struct http_client *client = xcalloc(1, sizeof(*client));

	(void)policy;
	(void)ca_file;
	(void)error;
	client->base = base;
	return client;
}

void http_client_free(struct http_client *client)
{
	free(client);
}

void http_client_forget(struct http_client *client, const char *pool)
{
	(void)client;
	(void)pool;
}

static void call_free(struct http_call *call)
{
	loop_never(&call->next);
	loop_never(&call->timeout);
	open_count--;
	free(call);
}

static void end(struct http_call *call, enum http_end how, const char *reason)
{
	struct http_response response = call->response;
	http_fn done = call->done;
	void *arg = call->arg;

	response.end = how;
	response.duration_ms = (loop_now_us() - call->started_us) / 1000;
	snprintf(response.reason, sizeof(response.reason), "%s", reason);
	call_free(call);
	done(arg, &response);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end(arg, HTTP_TIMED_OUT, "it took too long");
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct http_call *call = arg;
	enum io_fault fault = io_call(IO_HTTP_ANSWER, call->base, "an answer");

	(void)fd;
	(void)what;
	if (fault == IO_DIES_BEFORE)
		return;
	if (fault == IO_FAILS) {
		sent[call->sent - 1].status = call->plan.status; /* it answered, but how */
		end(call, HTTP_INVALID, "its framing is broken");
		return;
	}
	if (fault == IO_LOST_BEFORE || call->plan.end != HTTP_ANSWERED) {
		end(call, fault == IO_LOST_BEFORE ? HTTP_LOST : call->plan.end, "it broke off");
		return;
	}
	call->response.status = sent[call->sent - 1].status = call->plan.status;
	call->response.retry_after_s = call->plan.retry_after_s;
	buf_add_string(call->response.body, call->plan.body);
	/* Its own end comes from what it does after the answer, which is a Redis call: here the process stands still before. */
	io_done(fault, call->base);
	if (!loop_is_dead(call->base))
		end(call, HTTP_ANSWERED, "");
}

static void note_sent(struct http_call *call)
{
	struct request_seen *note = &sent[sent_count++];

	BUG_ON(sent_count == SENT_MAX);
	snprintf(note->method, sizeof(note->method), "%s", call->request.method);
	snprintf(note->url, sizeof(note->url), "%s", call->request.url);
	snprintf(note->body, sizeof(note->body), "%.*s", (int)call->request.body_len,
		call->request.body != NULL ? call->request.body : "");
	snprintf(note->credential, sizeof(note->credential), "%s",
		call->request.credential != NULL ? call->request.credential : "");
	note->redis_us = loop_redis_us();
	note->status = 0;
	call->sent = sent_count;
	call->response.sent = true;
}

static bool is_stale(const struct http_call *call)
{
	return call->request.begun_valid_us > 0 &&
	       loop_now_us() - call->request.begun_at_us > call->request.begun_valid_us;
}

/* The moment in which the first byte leaves, or does not. */
static void on_leaves(evutil_socket_t fd, short what, void *arg)
{
	struct http_call *call = arg;
	enum io_fault fault = io_call(IO_HTTP_LEAVES, call->base, "the first byte");

	(void)fd;
	(void)what;
	if (fault == IO_DIES_BEFORE)
		return;
	if (is_stale(call)) {
		end(call, HTTP_STALE, "it was begun too long ago");
		return;
	}
	if (call->plan.unsent || fault == IO_LOST_BEFORE) {
		end(call, fault == IO_LOST_BEFORE ? HTTP_CONNECT_FAILED : call->plan.end,
			"nobody answered");
		return;
	}
	note_sent(call);
	if (fault == IO_LOST_AFTER) {
		end(call, HTTP_LOST, "it broke off");
		return;
	}
	if (fault != IO_LATE)
		loop_later(call->base, call->plan.takes_us, on_answer, call, &call->next);
	io_done(fault, call->base);
}

static bool asks_for_token(const struct http_request *request)
{
	size_t len = strlen(request->url);

	return len > 6 && strcmp(request->url + len - 6, "/token") == 0;
}

static struct plan next_plan(const struct http_request *request)
{
	static const struct plan usual = {.end = HTTP_ANSWERED,
		.status = 200,
		.body = "{\"ok\":true}",
		.retry_after_s = -1,
		.takes_us = ANSWERS_US};

	if (asks_for_token(request)) {
		gave_tokens = true;
		return token_plan;
	}
	return plan_next < plan_count ? plans[plan_next++] : usual;
}

struct http_call *http_start(struct http_client *client, const struct http_request *request,
	struct buf *body, http_fn done, void *arg)
{
	struct http_call *call = xcalloc(1, sizeof(*call));
	enum io_fault fault;

	open_count++;
	call->base = client->base;
	call->request = *request;
	call->done = done;
	call->arg = arg;
	call->response.body = body;
	call->response.retry_after_s = -1;
	buf_clear(body);
	call->started_us = loop_now_us();
	if (loop_is_dead(client->base))
		return call;
	fault = io_call(IO_HTTP_START, client->base, "http_start");
	if (fault == IO_DIES_BEFORE)
		return call;
	call->plan = next_plan(request);
	if (fault == IO_FAILS || fault == IO_LOST_BEFORE) {
		call->plan.unsent = true;
		call->plan.end = fault == IO_FAILS ? HTTP_BLOCKED : HTTP_TLS_FAILED;
	}
	loop_later(client->base, LEAVES_US, on_leaves, call, &call->next);
	loop_later(
		client->base, call->request.timeout_ms * 1000LL, on_timeout, call, &call->timeout);
	return call;
}

bool http_cancel(struct http_call *call)
{
	bool left = call->response.sent;

	call_free(call);
	return left;
}
