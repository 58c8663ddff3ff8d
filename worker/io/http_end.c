/* SPDX-License-Identifier: MIT */
/*
 * http_end: how a transfer ended, in our words.
 *
 * What our own callbacks decided stands first: libcurl then only says that a callback stopped it. After it comes libcurl's result, which
 * means one thing before the request may have left and another after. Reasons are sentences of ours, with
 * libcurl's own text only for TLS: elsewhere it may quote the URL.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/http_private.h"

static void say(struct http_call *call, enum http_end end, const char *reason, const char *detail)
{
	struct http_response *response = &call->response;

	response->end = end;
	snprintf(response->reason, sizeof(response->reason), "%.60s%s%.64s", reason,
		detail ? ": " : "", detail ? detail : "");
}

static bool error_has(const struct http_call *call, const char *text)
{
	return strstr(call->error, text) != NULL;
}

static void say_unreached(struct http_call *call)
{
	long number = 0;

	curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &number);
	if (call->blocked)
		say(call, HTTP_BLOCKED, "its address is not one that may be called", NULL);
	else
		say(call, HTTP_CONNECT_FAILED, "no connection could be made",
			number ? strerror((int)number) : NULL);
}

static void say_timed_out(struct http_call *call)
{
	int64_t limit_ms = call->timeout_ms;
	char text[64];

	if (!call->response.sent && call->response.duration_ms < limit_ms) {
		snprintf(text, sizeof(text), "no answer to it within %ld ms",
			HTTP_CONNECT_TIMEOUT_MS);
		say(call, HTTP_CONNECT_FAILED, "no connection could be made", text);
		return;
	}
	snprintf(text, sizeof(text), "%s %lld ms",
		call->response.sent ? "it took longer than" : "no connection was made within",
		(long long)limit_ms);
	say(call, HTTP_TIMED_OUT, text, NULL);
}

/* A handshake that was cut off is a connection that was not made; only a refused one is a matter of TLS. */
static bool handshake_was_cut(const struct http_call *call)
{
	return error_has(call, "SSL_ERROR_SYSCALL") || error_has(call, "unexpected eof") ||
	       error_has(call, strerror(ECONNRESET)) || error_has(call, strerror(EPIPE));
}

/* OpenSSL's `OpenSSL/3.0.11: error:0A00010B:SSL routines::wrong version number` ends in what a person can read. */
static const char *tls_problem(const struct http_call *call)
{
	const char *routines = strstr(call->error, " routines::");

	return routines ? routines + strlen(" routines::") : call->error;
}

static void say_tls(struct http_call *call)
{
	if (handshake_was_cut(call))
		say(call, HTTP_CONNECT_FAILED, "the TLS handshake broke off", NULL);
	else
		say(call, HTTP_TLS_FAILED, "TLS failed", call->error[0] ? tls_problem(call) : NULL);
}

static void say_before(struct http_call *call, CURLcode result)
{
	switch (result) {
	case CURLE_OPERATION_TIMEDOUT:
		say_timed_out(call);
		break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CLIENTCERT:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_ISSUER_ERROR:
		say_tls(call);
		break;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		say(call, HTTP_REFUSED, "the URL is not one that can be called", NULL);
		break;
	default:
		say_unreached(call);
	}
}

static void say_lost(struct http_call *call)
{
	say(call, HTTP_LOST,
		call->header_bytes ? "the connection was closed in the middle of the answer"
				   : "the connection was closed before an answer came",
		NULL);
}

/* libcurl takes headers that end in the middle for a whole answer, and so an interim one without a final one. */
static void say_complete(struct http_call *call)
{
	if (call->in_headers || !call->header_bytes)
		say_lost(call);
	else if (call->response.status < 200)
		say(call, HTTP_INVALID, "the answer is an interim one that ends the call", NULL);
	else if (call->succeeded && http_decode_is_cut(&call->decode))
		say(call, HTTP_INVALID, "the answer's content encoding breaks off", NULL);
	else
		say(call, HTTP_ANSWERED, "", NULL);
}

static void say_after(struct http_call *call, CURLcode result)
{
	switch (result) {
	case CURLE_OK:
		say_complete(call);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		say_timed_out(call);
		break;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
		say(call, HTTP_INVALID, "the answer is not HTTP/1.1", NULL);
		break;
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_WRITE_ERROR:
		say(call, HTTP_INVALID, "the answer's content encoding cannot be decoded", NULL);
		break;
	/* Our allocator never fails: one line of the headers was longer than libcurl takes. */
	case CURLE_OUT_OF_MEMORY:
#if LIBCURL_VERSION_NUM >= 0x080600
	case CURLE_TOO_LARGE:
#endif
		say(call, HTTP_TOO_LARGE, "the answer's headers are over 64 KiB", NULL);
		break;
	default:
		/* The one result stands for broken chunks and for a broken connection. */
		if (result == CURLE_RECV_ERROR && error_has(call, "chunk"))
			say(call, HTTP_INVALID, "the answer's chunked encoding is broken", NULL);
		else if (call->header_bytes)
			say(call, HTTP_LOST,
				"the connection was closed in the middle of the answer", NULL);
		else
			say(call, HTTP_LOST, "the connection was closed before an answer came",
				NULL);
	}
}

void http_end_judge(struct http_call *call, CURLcode result)
{
	struct http_response *response = &call->response;
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	response->duration_us = http_now_us() - call->started_us;
	response->duration_ms = response->duration_us / 1000;
	response->status = response->sent ? (int)status : 0;
	if (call->verdict != HTTP_VERDICT_NONE)
		say(call, (enum http_end)call->verdict, call->verdict_reason, NULL);
	else if (response->sent)
		say_after(call, result);
	else
		say_before(call, result);
}
