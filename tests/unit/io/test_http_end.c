/* SPDX-License-Identifier: MIT */
/* How calls end that end badly: http_client against an upstream that misbehaves. */
#include "../unit.h"

#include <stdio.h>
#include <time.h>

#include "gzip.h"
#include "trip.h"

/* What the upstream says to each request; the connection is then closed. */
static const char *said;
static size_t said_len;

#define DEFAULT_LIMIT ((size_t)1024 * 1024)
static size_t limit = DEFAULT_LIMIT;

static void says(struct upstream *upstream, int fd, int nth)
{
	(void)nth;
	if (!upstream_read(upstream, fd))
		return;
	upstream_write(fd, said, said_len);
}

static struct trip hears_bytes(const char *text, size_t len)
{
	struct world world;
	struct trip trip;

	said = text;
	said_len = len;
	world_init(&world, says);
	trip_init(&trip, &world);
	trip.request.max_response_bytes = limit;
	trip_run(&trip);
	assert_int_equal(upstream_requests(world.upstream), 1);
	assert_true(trip.sent);
	world_release(&world);
	if (trip.end != HTTP_ANSWERED)
		assert_string_not_equal(trip.reason, "");
	return trip;
}

static struct trip hears(const char *text)
{
	return hears_bytes(text, strlen(text));
}

static void ends(const char *text, enum http_end end)
{
	struct trip trip = hears(text);

	assert_int_equal(trip.end, end);
	trip_release(&trip);
}

static void answers(const char *text, const char *body)
{
	struct trip trip = hears(text);

	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_string_equal(trip.body.data, body);
	trip_release(&trip);
}

static void every_whole_answer_is_one(void **state)
{
	(void)state;
	answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello");
	answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
		"chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
		"hello");
	answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: "
		"1\r\n\r\n",
		"a");
	answers("HTTP/1.0 200 OK\r\n\r\nhello", "hello");
	answers("HTTP/1.1 204 No Content\r\n\r\n", "");
	answers("HTTP/1.1 500\r\nContent-Length: 2\r\n\r\nno", "no");
}

static void a_redirect_is_an_answer_and_not_followed(void **state)
{
	struct trip trip = hears(
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");

	(void)state;
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_int_equal(trip.status, 302);
	trip_release(&trip);
}

static void interim_answers_are_passed_over(void **state)
{
	(void)state;
	answers("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
		"x");
	ends("HTTP/1.1 100 Continue\r\n\r\n", HTTP_LOST);
	ends("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nabc", HTTP_INVALID);
}

static void an_answer_cut_short_is_lost(void **state)
{
	(void)state;
	ends("", HTTP_LOST);
	ends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", HTTP_LOST);
	ends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", HTTP_LOST);
	ends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", HTTP_LOST);
	ends("HTTP/1.1 200 OK\r\nContent-Le", HTTP_LOST);
	ends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", HTTP_LOST);
}

static void broken_chunks_are_invalid(void **state)
{
	(void)state;
	ends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n",
		HTTP_INVALID);
	ends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
		HTTP_INVALID);
	ends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffffff\r\nh",
		HTTP_INVALID);
	ends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nh\r\n0\r\n\r\n",
		HTTP_INVALID);
}

static void what_is_not_http_1_is_invalid(void **state)
{
	(void)state;
	ends("hello", HTTP_INVALID);
	ends("<html><body>HTTP/0.9 lives</body></html>\n", HTTP_INVALID);
	ends("SSH-2.0-OpenSSH_9.2\r\n", HTTP_INVALID);
	ends("HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", HTTP_INVALID);
	ends("HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n", HTTP_INVALID);
	ends("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", HTTP_INVALID);
}

static void a_nul_in_a_header_is_invalid(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n";
	struct trip trip = hears_bytes(text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(trip.end, HTTP_INVALID);
	trip_release(&trip);
}

static void a_nul_in_the_body_is_a_byte_like_any(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\0b";
	struct trip trip = hears_bytes(text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_int_equal(trip.body.len, 3);
	assert_memory_equal(trip.body.data, "a\0b", 3);
	trip_release(&trip);
}

/* An answer of `coding` with what `gzip` holds. */
static struct trip hears_coded(const char *coding, const struct buf *coded)
{
	struct buf text;
	struct trip trip;

	buf_init(&text, 16 * 1024 * 1024);
	buf_printf(
		&text, "HTTP/1.1 200 OK\r\n%s\r\nContent-Length: %zu\r\n\r\n", coding, coded->len);
	buf_add(&text, coded->data, coded->len);
	trip = hears_bytes(text.data, text.len);
	buf_release(&text);
	return trip;
}

static void a_gzip_answer_is_decoded(void **state)
{
	struct buf coded;
	struct trip trip;

	(void)state;
	gzip_repeat(&coded, 'a', 100000);
	trip = hears_coded("Content-Encoding: gzip", &coded);
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_int_equal(trip.body.len, 100000);
	assert_int_equal(trip.body.data[99999], 'a');
	trip_release(&trip);
	buf_release(&coded);
}

static void a_bomb_is_too_large_by_what_it_decodes_to(void **state)
{
	struct buf coded;
	struct trip trip;

	(void)state;
	gzip_repeat(&coded, 0, 50 * 1024 * 1024);
	assert_true(coded.len < 1024 * 1024);
	trip = hears_coded("Content-Encoding: gzip", &coded);
	assert_int_equal(trip.end, HTTP_TOO_LARGE);
	assert_true(trip.body.len <= 1024 * 1024);
	trip_release(&trip);
	buf_release(&coded);
}

static void a_coding_that_cannot_be_decoded_is_invalid(void **state)
{
	struct buf coded;
	struct trip trip;

	(void)state;
	gzip_repeat(&coded, 'a', 1000);
	coded.data[12] ^= 0x7f;
	trip = hears_coded("Content-Encoding: gzip", &coded);
	assert_int_equal(trip.end, HTTP_INVALID);
	trip_release(&trip);
	buf_release(&coded);
	ends("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
		HTTP_INVALID);
	ends("HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\nContent-Length: 5\r\n\r\nhello",
		HTTP_INVALID);
}

/* Each layer can blow up a thousandfold inside libcurl, before a byte is counted. */
static void more_than_one_layer_of_coding_is_invalid(void **state)
{
	(void)state;
	ends("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\nx",
		HTTP_INVALID);
	ends("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\ncontent-encoding:deflate\r\n"
	     "Content-Length: 1\r\n\r\nx",
		HTTP_INVALID);
	ends("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: gzip, "
	     "chunked\r\n\r\n1\r\nx\r\n",
		HTTP_INVALID);
	answers("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nTransfer-Encoding: "
		"chunked\r\n\r\n"
		"1\r\nx\r\n0\r\n\r\n",
		"x");
}

static void a_body_of_just_the_limit_is_an_answer_and_one_byte_more_is_not(void **state)
{
	struct trip trip;

	(void)state;
	limit = 5;
	answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello");
	limit = 4;
	trip = hears("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	assert_int_equal(trip.end, HTTP_TOO_LARGE);
	assert_int_equal(trip.status, 200);
	trip_release(&trip);
	ends("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
	     "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
		HTTP_TOO_LARGE);
	limit = DEFAULT_LIMIT;
	/* Announced, it is not waited for. */
	ends("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\nx", HTTP_TOO_LARGE);
}

static void repeated(
	const char *start, const char *line, size_t times, const char *rest, enum http_end end)
{
	struct buf text;
	struct trip trip;

	buf_init(&text, 16 * 1024 * 1024);
	buf_add_string(&text, start);
	for (size_t i = 0; i < times; i++)
		buf_add_string(&text, line);
	buf_add_string(&text, rest);
	trip = hears_bytes(text.data, text.len);
	assert_int_equal(trip.end, end);
	trip_release(&trip);
	buf_release(&text);
}

static void a_flood_of_headers_is_too_large(void **state)
{
	const char *body = "Content-Length: 0\r\n\r\n";

	(void)state;
	repeated("HTTP/1.1 200 OK\r\n", "X-Flood: 0123456789\r\n", 3000, body, HTTP_ANSWERED);
	repeated("HTTP/1.1 200 OK\r\n", "X-Flood: 0123456789\r\n", 4000, body, HTTP_TOO_LARGE);
	repeated("HTTP/1.1 200 OK\r\nX: ", "0123456789", 7000, body, HTTP_TOO_LARGE);
	repeated("HTTP/1.1 200 OK\r\nX: ", "0123456789", 50000, body, HTTP_TOO_LARGE);
	repeated("", "HTTP/1.1 103 Early Hints\r\nX: 0123456789\r\n\r\n", 5000, "", HTTP_TOO_LARGE);
}

static void retry_after(const char *value, int64_t from_s, int64_t to_s)
{
	struct trip trip;
	char text[256];

	snprintf(text, sizeof(text),
		"HTTP/1.1 429 Too Many\r\nretry-after:%s\r\nContent-Length: 0\r\n\r\n", value);
	trip = hears(text);
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_in_range(trip.retry_after_s + 1, from_s + 1, to_s + 1);
	trip_release(&trip);
}

static void retry_after_is_read_as_seconds_and_as_a_date(void **state)
{
	char date[64];
	time_t then = time(NULL) + 100;

	(void)state;
	strftime(date, sizeof(date), " %a, %d %b %Y %H:%M:%S GMT", gmtime(&then));
	retry_after(" 120", 120, 120);
	retry_after("0", 0, 0);
	retry_after(" 7 \t", 7, 7);
	retry_after(date, 90, 100);
	retry_after(" Wed, 21 Oct 2015 07:28:00 GMT", 0, 0);
	retry_after(" 99999999999999999999999", 366 * 24 * 3600, 366 * 24 * 3600);
	retry_after(" soon", -1, -1);
	retry_after(" -5", -1, -1);
	retry_after(" 1.5", -1, -1);
	retry_after("", -1, -1);
}

static void a_date_in_retry_after_is_told_from_the_answers_own(void **state)
{
	(void)state;
	retry_after(
		" Wed, 21 Oct 2015 07:28:00 GMT\r\nDate: Wed, 21 Oct 2015 07:27:50 GMT", 10, 10);
	retry_after(" Wed, 21 Oct 2037 07:28:00 GMT\r\ndate:Wed, 21 Oct 2037 07:27:00 GMT", 60, 60);
	retry_after(" Wed, 21 Oct 2037 07:28:00 GMT\r\nDate: Wed, 21 Oct 2037 07:28:01 GMT", 0, 0);
	retry_after(" Wed, 21 Oct 2015 07:28:00 GMT\r\nDate: now", 0, 0);
	retry_after(" 5\r\nDate: Wed, 21 Oct 2037 07:28:01 GMT", 5, 5);
}

static void of_several_retry_afters_the_longest_counts(void **state)
{
	(void)state;
	retry_after(" 5\r\nRetry-After: 3", 5, 5);
	retry_after(" 3\r\nRetry-After: 5", 5, 5);
	retry_after(" 5\r\nRetry-After: soon", 5, 5);
	retry_after(" soon\r\nRetry-After: 5", 5, 5);
	retry_after(" 5\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT", 5, 5);
	retry_after(" 5, 7", -1, -1);
}

static void retry_after_of_a_trailer_or_an_interim_answer_is_none(void **state)
{
	struct trip trip = hears("HTTP/1.1 103 Hints\r\nRetry-After: 5\r\n\r\nHTTP/1.1 503 No\r\n"
				 "Transfer-Encoding: chunked\r\n\r\n0\r\nRetry-After: 6\r\n\r\n");

	(void)state;
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_int_equal(trip.status, 503);
	assert_int_equal(trip.retry_after_s, -1);
	trip_release(&trip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
		T(every_whole_answer_is_one),
		T(a_redirect_is_an_answer_and_not_followed),
		T(interim_answers_are_passed_over),
		T(an_answer_cut_short_is_lost),
		T(broken_chunks_are_invalid),
		T(what_is_not_http_1_is_invalid),
		T(a_nul_in_a_header_is_invalid),
		T(a_nul_in_the_body_is_a_byte_like_any),
		T(a_gzip_answer_is_decoded),
		T(a_bomb_is_too_large_by_what_it_decodes_to),
		T(a_coding_that_cannot_be_decoded_is_invalid),
		T(more_than_one_layer_of_coding_is_invalid),
		T(a_body_of_just_the_limit_is_an_answer_and_one_byte_more_is_not),
		T(a_flood_of_headers_is_too_large),
		T(retry_after_is_read_as_seconds_and_as_a_date),
		T(a_date_in_retry_after_is_told_from_the_answers_own),
		T(of_several_retry_afters_the_longest_counts),
		T(retry_after_of_a_trailer_or_an_interim_answer_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
