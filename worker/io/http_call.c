/* SPDX-License-Identifier: MIT */
/*
 * http_call: one transfer and its easy handle.
 *
 * Easy handles are used again and again: what never changes is set once, what a request needs is set by difference. Setting everything anew
 * costs more than the rest of a call.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/http_private.h"

int http_call_verdict(struct http_call *call, enum http_end end, const char *reason)
{
	if (call->verdict == HTTP_VERDICT_NONE) {
		call->verdict = (int)end;
		call->verdict_reason = reason;
	}
	return CURL_PREREQFUNC_ABORT;
}

static bool call_judges(const struct http_call *call, const struct sockaddr *address)
{
	return address_policy_allows(call->client->policy, address);
}

/*
 * The last moment before the first byte of the request, on a new connection and on one that is used again (where
 * OPENSOCKETFUNCTION is not called). A second time within one transfer means that libcurl is about to send the request again by itself, because a
 * reused connection died: it must not.
 */
static int call_before_request(void *arg, char *peer, char *local_ip, int peer_port, int local_port)
{
	struct http_call *call = arg;
	const struct http_request *request = &call->request;
	union address address;
	int64_t now_us;

	(void)local_ip;
	(void)local_port;
	if (call->response.sent)
		return http_call_verdict(
			call, HTTP_LOST, "the connection was closed before an answer came");
	/* It was reset before libcurl could ask whom it reaches. */
	if (peer[0] == '\0')
		return http_call_verdict(
			call, HTTP_CONNECT_FAILED, "the connection was reset as it was made");
	if (!address_parse(&address, peer, (uint16_t)peer_port) || !call_judges(call, &address.any))
		return http_call_verdict(
			call, HTTP_BLOCKED, "its address is not one that may be called");
	now_us = http_now_us();
	if (request->begun_valid_us && now_us - request->begun_at_us > request->begun_valid_us)
		return http_call_verdict(
			call, HTTP_STALE, "too long after it was begun to be sent");
	http_pin_loaded(call);
	call->response.connected_us = now_us - call->started_us;
	call->response.sent = true;
	return CURL_PREREQFUNC_OK;
}

/* Refused unless the policy allows it, and where the URL holds a literal, unless it is the one that was judged. */
static curl_socket_t call_open_socket(
	void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_call *call = arg;
	const struct address_list *judged = call->request.addresses;
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN || !call_judges(call, &address->addr) ||
		(call->literal && !http_pin_same(&judged->items[0].any, &address->addr))) {
		call->blocked = true;
		return CURL_SOCKET_BAD;
	}
	http_pin_loaded(call);
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		address->protocol);
	if (fd >= 0)
		http_socket_opened(call->pool, fd);
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* libcurl must never look a name up: all that it may reach is pinned. */
static int call_before_lookup(void *state, void *reserved, void *arg)
{
	struct http_call *call = arg;

	(void)state;
	(void)reserved;
	if (call->literal)
		return 0;
	http_call_verdict(call, HTTP_REFUSED, "the URL's host is not the one that was looked up");
	return 1;
}

static void call_set_callbacks(struct http_call *call)
{
	SET(call, CURLOPT_PRIVATE, call);
	SET(call, CURLOPT_ERRORBUFFER, call->error);
	SET(call, CURLOPT_PREREQFUNCTION, call_before_request);
	SET(call, CURLOPT_PREREQDATA, call);
	SET(call, CURLOPT_OPENSOCKETFUNCTION, call_open_socket);
	SET(call, CURLOPT_OPENSOCKETDATA, call);
	/* Outlives the call: a connection keeps it. */
	SET(call, CURLOPT_CLOSESOCKETFUNCTION, http_socket_closes);
	SET(call, CURLOPT_CLOSESOCKETDATA, call->client);
	SET(call, CURLOPT_RESOLVER_START_FUNCTION, call_before_lookup);
	SET(call, CURLOPT_RESOLVER_START_DATA, call);
	SET(call, CURLOPT_HEADERFUNCTION, http_answer_header);
	SET(call, CURLOPT_HEADERDATA, call);
	SET(call, CURLOPT_WRITEFUNCTION, http_answer_body);
	SET(call, CURLOPT_WRITEDATA, call);
}

static void call_set_constants(struct http_call *call)
{
	SET(call, CURLOPT_NOSIGNAL, 1L);
	/* Not NULL, which would leave http_proxy of the environment in force. */
	SET(call, CURLOPT_PROXY, "");
	SET(call, CURLOPT_NOPROXY, "*");
	SET(call, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(call, CURLOPT_FOLLOWLOCATION, 0L);
	SET(call, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(call, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(call, CURLOPT_HTTP09_ALLOWED, 0L);
	SET(call, CURLOPT_PATH_AS_IS, 1L);
	SET(call, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	SET(call, CURLOPT_HTTP_CONTENT_DECODING, 0L); /* http_decode does it */
	SET(call, CURLOPT_CONNECTTIMEOUT_MS, HTTP_CONNECT_TIMEOUT_MS);
	/* What http_pin puts there is for ever. */
	SET(call, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
	/* The smallest: it is allocated and wiped once a call over TLS. */
	SET(call, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
	SET(call, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(call, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(call, CURLOPT_SSL_VERIFYHOST, 2L);
	/* libcurl 7.88 keeps TLS sessions with the easy handle, which serves one org after the other. */
	SET(call, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(call, CURLOPT_CAINFO, NULL);
	SET(call, CURLOPT_CAPATH, NULL);
	SET(call, CURLOPT_SSL_CTX_FUNCTION, http_tls_trust);
	SET(call, CURLOPT_SSL_CTX_DATA, call->client->trusted);
}

struct http_call *http_call_new(struct http_client *client)
{
	struct http_call *call = xcalloc(1, sizeof(*call));

	call->client = client;
	call->easy = curl_easy_init();
	BUG_ON(!call->easy);
	call_set_callbacks(call);
	call_set_constants(call);
	call->lines = call->lines_inline;
	call->lines_capacity = HTTP_INLINE_HEADERS;
	return call;
}

void http_call_free(struct http_call *call)
{
	http_call_clear(call);
	curl_easy_cleanup(call->easy);
	if (call->lines != call->lines_inline)
		free(call->lines);
	free(call);
}

void http_call_clear(struct http_call *call)
{
	if (call->pin_serial)
		SET(call, CURLOPT_RESOLVE, NULL);
	call->pin_serial = 0;
	if (call->emptied)
		curl_slist_free_all(call->emptied);
	call->emptied = NULL;
	call->pool = NULL;
	http_decode_clear(&call->decode);
}

static bool method_has_body(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
	       strcmp(method, "PATCH") == 0;
}

/* POST and GET are libcurl's two shapes; another method is a name that one of them carries. */
static void call_set_method(struct http_call *call)
{
	const struct http_request *request = &call->request;
	bool posts = request->body || method_has_body(request->method);
	bool custom = strcmp(request->method, posts ? "POST" : "GET") != 0;

	if (posts) {
		if (!call->posts)
			SET(call, CURLOPT_POST, 1L);
		SET(call, CURLOPT_POSTFIELDSIZE_LARGE,
			(curl_off_t)(request->body ? request->body_len : 0));
		SET(call, CURLOPT_POSTFIELDS, request->body ? request->body : "");
	} else if (call->posts) {
		SET(call, CURLOPT_HTTPGET, 1L);
	}
	call->posts = posts;
	if (custom || call->has_custom_method)
		SET(call, CURLOPT_CUSTOMREQUEST, custom ? request->method : NULL);
	call->has_custom_method = custom;
}

static void call_set_times(struct http_call *call)
{
	const struct http_request *request = &call->request;
	long timeout_ms = request->timeout_ms ? (long)request->timeout_ms : 1;
	/* Whole seconds, rounded down by libcurl: 1 is anything under 2. */
	long max_age_s = request->repeatable ? HTTP_POOL_IDLE_US / 1000000 : 1;

	if (timeout_ms != call->timeout_ms)
		SET(call, CURLOPT_TIMEOUT_MS, timeout_ms);
	if (max_age_s != call->max_age_s)
		SET(call, CURLOPT_MAXAGE_CONN, max_age_s);
	call->timeout_ms = timeout_ms;
	call->max_age_s = max_age_s;
}

static const char *after_host(const char *at, const char *host)
{
	size_t len = strlen(host);
	bool bracketed = *at == '[';

	if (strncasecmp(at + bracketed, host, len) != 0)
		return NULL;
	at += bracketed + len;
	if (bracketed && *at != ']')
		return NULL;
	return at + bracketed;
}

/* Whether the URL begins with a scheme of ours and just that host and port: read so, no two readers can differ about where it goes. */
static bool url_goes_there(const struct http_request *request)
{
	bool tls = strncmp(request->url, "https://", 8) == 0;
	unsigned long port = tls ? 443 : 80;
	const char *at;
	char *end;

	if (!tls && strncmp(request->url, "http://", 7) != 0)
		return false;
	at = after_host(request->url + (tls ? 8 : 7), request->host);
	if (at && at[0] == ':' && at[1] >= '0' && at[1] <= '9') {
		port = strtoul(at + 1, &end, 10);
		at = end;
	}
	return at && port == request->port && (*at == '/' || *at == '?' || !*at);
}

bool http_call_prepare(
	struct http_call *call, const struct http_request *request, struct http_pool *pool)
{
	call->request = *request;
	call->started_us = http_now_us();
	call->verdict = HTTP_VERDICT_NONE;
	call->blocked = call->called_back = call->in_headers = false;
	call->header_bytes = 0;
	call->codings = 0;
	call->error[0] = '\0';
	call->response.sent = false;
	call->response.status = 0;
	call->response.retry_after_s = -1;
	call->response.connected_us = -1;
	if (!url_goes_there(request)) {
		http_call_verdict(call, HTTP_REFUSED, "the URL is not of the host that was judged");
		return false;
	}
	call_set_method(call);
	call_set_times(call);
	SET(call, CURLOPT_URL, request->url);
	return http_lines_set(call) && http_pin_set(call, pool);
}
