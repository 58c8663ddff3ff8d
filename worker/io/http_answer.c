/* SPDX-License-Identifier: MIT */
/*
 * http_answer: what comes back, as libcurl hands it over: header lines and the body, both counted, the body once it is decoded.
 *
 * Since each layer of coding may blow up a thousandfold, more than one is refused; and one of the transfer, which nobody asked for and
 * libcurl would undo.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "io/clock.h"
#include "io/http_private.h"

#define RETRY_AFTER_MAX_S (366LL * 24 * 3600)

struct header {
	const char *value;
	size_t len;
};

static bool header_is(const char *line, size_t len, const char *name, struct header *header)
{
	size_t name_len = strlen(name);

	if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
		return false;
	header->value = line + name_len + 1;
	header->len = len - name_len - 1;
	while (header->len && isspace((unsigned char)*header->value)) {
		header->value++;
		header->len--;
	}
	while (header->len && isspace((unsigned char)header->value[header->len - 1]))
		header->len--;
	return true;
}

/* -1: it is none. */
static time_t date_read(const struct header *header)
{
	char text[64];

	if (header->len == 0 || header->len >= sizeof(text) ||
		isdigit((unsigned char)header->value[0]))
		return -1;
	memcpy(text, header->value, header->len);
	text[header->len] = '\0';
	return curl_getdate(text, NULL);
}

/* Of several the longest. */
static void come_again_after(struct http_call *call, int64_t seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds > RETRY_AFTER_MAX_S)
		seconds = RETRY_AFTER_MAX_S;
	if (call->response.retry_after_s < seconds)
		call->response.retry_after_s = seconds;
}

/* Seconds or a date. */
static void retry_after_read(struct http_call *call, const struct header *header)
{
	int64_t seconds = 0;
	size_t digits = 0;
	time_t date;

	for (; digits < header->len && isdigit((unsigned char)header->value[digits]); digits++)
		if (seconds <= RETRY_AFTER_MAX_S)
			seconds = seconds * 10 + (header->value[digits] - '0');
	if (digits && digits == header->len) {
		come_again_after(call, seconds);
		return;
	}
	date = date_read(header);
	if (call->come_again_at < date)
		call->come_again_at = date;
}

/* Kept as it is: reading one takes longer than all else about an answer's header, and few answers need it. */
static void date_keep(struct http_call *call, const struct header *header)
{
	call->date_len = header->len < sizeof(call->date) ? header->len : 0;
	memcpy(call->date, header->value, call->date_len);
}

/* A date is told from the answer's own, so it does not matter whose clock is wrong. */
static void retry_after_end(struct http_call *call)
{
	struct header date = {call->date, call->date_len};
	time_t said_at;

	if (call->come_again_at < 0)
		return;
	said_at = date_read(&date);
	come_again_after(
		call, call->come_again_at - (said_at >= 0 ? said_at : clock_redis_ms() / 1000));
}

/* Names in a list, those that change nothing apart. */
static unsigned codings(struct http_call *call, const struct header *header)
{
	const char *at = header->value, *end = at + header->len;
	unsigned count = 0;

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;

		while (at < stop && isspace((unsigned char)*at))
			at++;
		if (at < stop && strncasecmp(at, "identity", 8) != 0 &&
			strncasecmp(at, "chunked", 7) != 0) {
			const char *last = stop;

			while (isspace((unsigned char)last[-1]))
				last--;
			http_decode_name(&call->decode, at, (size_t)(last - at));
			count++;
		}
		at = stop + 1;
	}
	return count;
}

/* Two lengths that differ, or one that is none, leave it open where the answer ends (RFC 9112, section 6.3). */
static void length_read(struct http_call *call, const struct header *header)
{
	size_t digits = 0;
	int64_t length = 0;

	for (; digits < header->len && isdigit((unsigned char)header->value[digits]); digits++)
		if (length < INT64_MAX / 100)
			length = length * 10 + (header->value[digits] - '0');
	if (digits == 0 || digits != header->len ||
		(call->content_length >= 0 && call->content_length != length))
		call->framing_is_broken = true;
	call->content_length = length;
}

static void header_read(struct http_call *call, const char *line, size_t len)
{
	struct header header;

	switch (line[0] | 0x20) {
	case 'r':
		if (header_is(line, len, "Retry-After", &header))
			retry_after_read(call, &header);
		break;
	case 'd':
		if (header_is(line, len, "Date", &header))
			date_keep(call, &header);
		break;
	case 'c':
		if (header_is(line, len, "Content-Encoding", &header))
			call->codings += codings(call, &header);
		else if (header_is(line, len, "Content-Length", &header))
			length_read(call, &header);
		break;
	case 't':
		if (header_is(line, len, "Transfer-Encoding", &header))
			call->transfer_is_coded |= codings(call, &header) > 0;
		break;
	default:
		break;
	}
}

/* libcurl would take an answer that calls itself HTTP/2. */
static bool status_read(struct http_call *call, const char *line, size_t len)
{
	if (len < 12 || memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ') {
		http_call_verdict(call, HTTP_INVALID, "the answer is not HTTP/1.1");
		return false;
	}
	call->in_headers = true;
	call->succeeded = line[9] == '2';
	call->codings = 0;
	call->transfer_is_coded = false;
	http_decode_clear(&call->decode);
	call->content_length = -1;
	call->framing_is_broken = false;
	call->response.retry_after_s = -1;
	call->come_again_at = -1;
	call->date_len = 0;
	return true;
}

static int too_large(struct http_call *call)
{
	return http_call_verdict(call, HTTP_TOO_LARGE, "the answer is larger than may be read");
}

/* An answer that says it is too large is not waited for, unless it is an error: then its start says why. */
static bool headers_end(struct http_call *call)
{
	call->in_headers = false;
	retry_after_end(call);
	if (!call->succeeded || call->content_length < 0 ||
		(uint64_t)call->content_length <= call->request.max_response_bytes)
		return true;
	too_large(call);
	return false;
}

size_t http_answer_header(char *line, size_t size, size_t count, void *arg)
{
	struct http_call *call = arg;
	size_t len = size * count;

	call->header_bytes += len;
	if (call->header_bytes > HTTP_ANSWER_HEADERS_MAX) {
		http_call_verdict(call, HTTP_TOO_LARGE, "the answer's headers are over 64 KiB");
		return 0;
	}
	/* A status line begins the headers of an interim or the final answer; anything else is a trailer. */
	if (!call->in_headers && len > 5 && memcmp(line, "HTTP/", 5) == 0)
		return status_read(call, line, len) ? len : 0;
	if (!call->in_headers)
		return len;
	if (line[0] == '\r' || line[0] == '\n')
		return headers_end(call) ? len : 0;
	header_read(call, line, len);
	if (call->framing_is_broken) {
		http_call_verdict(call, HTTP_INVALID, "it is not clear where the answer ends");
		return 0;
	}
	if (call->transfer_is_coded) {
		http_call_verdict(call, HTTP_INVALID,
			"the answer has a transfer coding that was not asked for");
		return 0;
	}
	if (call->codings > 1) {
		http_call_verdict(
			call, HTTP_INVALID, "the answer has more than one layer of content coding");
		return 0;
	}
	return len;
}

bool http_answer_add(struct http_call *call, const char *data, size_t len)
{
	struct buf *body = call->response.body;
	size_t room = call->request.max_response_bytes - body->len;

	buf_add(body, data, len < room ? len : room);
	if (len <= room && !body->overflowed)
		return true;
	too_large(call);
	return false;
}

size_t http_answer_body(char *data, size_t size, size_t count, void *arg)
{
	struct http_call *call = arg;
	size_t len = size * count;
	bool added = call->decode.coding == HTTP_CODING_NONE ? http_answer_add(call, data, len)
							     : http_decode_body(call, data, len);

	return added ? len : 0;
}
