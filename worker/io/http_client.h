/* SPDX-License-Identifier: MIT */
/*
 * http_client: HTTP calls on the event loop; the one place that knows libcurl.
 *
 * One curl multi handle for each pool name (org and integration), so connections are never shared between orgs; pools
 * without a transfer are closed least recently used first. Each transfer: the host pinned to the addresses that were judged, every
 * connection's peer judged again at connect and at reuse; no redirect, no proxy, no cookie, no netrc, HTTP/1.1; decoded
 * bytes counted; one deadline over all. A request is handed to the network once: libcurl's own resending on a dead reused
 * connection is stopped before a byte of it leaves.
 */
#ifndef WORKER_IO_HTTP_CLIENT_H
#define WORKER_IO_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <event2/event.h>

#include "bellhop/buf.h"
#include "bellhop/error.h"
#include "io/address.h"
#include "io/address_policy.h"

struct http_client;
struct http_call;

/* Everything is borrowed until the callback came or http_cancel() returned. */
struct http_request {
	const char *pool; /* "acme tickets" */
	const char *method;
	const char *url;
	const char *host; /* as in the URL, without brackets: what `addresses` are pinned to */
	uint16_t port;
	const char
		*headers; /* header_count times `Name: value` and a NUL byte, one after the other */
	size_t header_count;
	const char *credential; /* one more header line, or NULL */
	const char *body;	/* NULL: none */
	size_t body_len;
	const struct address_list *addresses;
	bool repeatable; /* else only connections idle for 2 s at most are used again */
	uint32_t timeout_ms;
	size_t max_response_bytes;
	int64_t begun_at_us; /* monotonic; where the first byte would leave over `begun_valid_us` later, it does not leave */
	int64_t begun_valid_us; /* 0: no such bound */
};

enum http_end {
	HTTP_ANSWERED,	     /* a whole answer */
	HTTP_BLOCKED,	     /* the peer's address is not one we call */
	HTTP_CONNECT_FAILED, /* nothing sent in the next three either, where `sent` is false */
	HTTP_TLS_FAILED,
	HTTP_TIMED_OUT,
	HTTP_LOST, /* broke off before a whole answer */
	HTTP_TOO_LARGE, /* over max_response_bytes, decoded: `body` is its start; or headers over 64 KiB */
	HTTP_INVALID, /* not HTTP/1, broken framing or content encoding */
	HTTP_STALE,   /* `begun_valid_us` had passed before the first byte */
	HTTP_REFUSED, /* not a request that may be sent (a line break in a header …): a defect of ours */
};

struct http_response {
	enum http_end end;
	bool sent;	  /* a byte of the request may have left */
	int status;	  /* 0: no status line came */
	struct buf *body; /* decoded; the caller's, given to http_start() */
	int64_t retry_after_s; /* Retry-After in seconds or as a date, from now; -1: none or not readable */
	int64_t duration_ms;
	int64_t duration_us; /* the same */
	int64_t connected_us; /* of it, until the request could be sent: little on a connection that is used again; -1: never */
	char reason
		[128]; /* why it did not end in an answer, for a person: never holds a credential or a URL */
};

/* Called from the loop, once, never before http_start() returned. `response` is the client's. */
typedef void (*http_fn)(void *arg, const struct http_response *response);

/* `ca_file` NULL: the system's. Calls curl_global_init with an allocator that wipes what it frees. */
struct http_client *http_client_new(struct event_base *base, const struct address_policy *policy,
	const char *ca_file, struct error *error);
void http_client_free(struct http_client *client);

/* `body` is cleared and filled with the decoded answer. */
struct http_call *http_start(struct http_client *client, const struct http_request *request,
	struct buf *body, http_fn done, void *arg);
/* The callback will not come; the connection is closed. Returns whether a byte of the request may have left. */
bool http_cancel(struct http_call *call);
/* Closes idle connections of one pool: after its definition or secret changed. */
void http_client_forget(struct http_client *client, const char *name);

#endif
