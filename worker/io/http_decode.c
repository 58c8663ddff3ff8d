/* SPDX-License-Identifier: MIT */
/*
 * http_decode: undoes the content coding of an answer's body.
 *
 * libcurl would do it, but takes a body that was cut anywhere for a whole one, and knows gzip of one member only. So it hands bodies
 * over as they came, and here is known whether the coding came to its end. What inflates is in memory that is wiped when freed.
 */
#include <string.h>
#include <strings.h>

#include "bellhop/bug.h"
#include "io/http_private.h"

#define PIECE_BYTES 16384

static const struct {
	const char *name;
	enum http_coding coding;
} known[] = {
	{"gzip", HTTP_CODING_GZIP},
	{"x-gzip", HTTP_CODING_GZIP},
	{"deflate", HTTP_CODING_DEFLATE},
};

void http_decode_name(struct http_decode *decode, const char *name, size_t len)
{
	decode->coding = HTTP_CODING_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (len == strlen(known[i].name) && strncasecmp(name, known[i].name, len) == 0)
			decode->coding = known[i].coding;
}

void http_decode_clear(struct http_decode *decode)
{
	if (decode->inflates)
		(void)inflateEnd(&decode->stream); /* says only whether it was at its end */
	*decode = (struct http_decode){.coding = HTTP_CODING_NONE};
}

bool http_decode_is_cut(const struct http_decode *decode)
{
	return decode->began && !decode->ended;
}

static void begin(struct http_decode *decode, int window_bits)
{
	int result;

	decode->stream = (z_stream){.zalloc = http_memory_take, .zfree = http_memory_give};
	result = inflateInit2(&decode->stream, window_bits);
	if (result != Z_OK)
		BUG("inflateInit2: %d", result);
	decode->inflates = true;
}

/* Most send a deflate stream in zlib's wrapping, as they should, some without: the first two bytes tell. */
static int deflate_window_bits(const unsigned char head[2])
{
	bool wrapped = (head[0] & 0x0f) == 8 && (head[0] << 8 | head[1]) % 31 == 0;

	return wrapped ? MAX_WBITS : -MAX_WBITS;
}

/* Another member may follow a gzip member's end; nothing may follow elsewhere. */
static bool next_member(struct http_decode *decode)
{
	decode->ended = false;
	return decode->coding == HTTP_CODING_GZIP && inflateReset(&decode->stream) == Z_OK;
}

static bool inflate_piece(struct http_call *call, bool *more)
{
	struct http_decode *decode = &call->decode;
	z_stream *stream = &decode->stream;
	char piece[PIECE_BYTES];
	size_t len;
	int result;
	bool taken;

	stream->next_out = (unsigned char *)piece;
	stream->avail_out = sizeof(piece);
	result = inflate(stream, Z_NO_FLUSH);
	len = sizeof(piece) - stream->avail_out;
	/* cppcheck-suppress uninitvar ; inflate() filled it, by way of next_out */
	taken = http_answer_add(call, piece, len);
	explicit_bzero(piece, len);
	decode->ended = result == Z_STREAM_END;
	*more = stream->avail_in > 0 || (!decode->ended && stream->avail_out == 0);
	if (!taken)
		return false;
	if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR)
		return true;
	http_call_verdict(call, HTTP_INVALID, HTTP_BAD_CODING);
	return false;
}

static bool decode_bytes(struct http_call *call, const char *data, size_t len)
{
	struct http_decode *decode = &call->decode;
	bool more = len > 0;

	decode->stream.next_in = (unsigned char *)data;
	decode->stream.avail_in = (unsigned)len;
	while (more) {
		if (decode->ended && !next_member(decode)) {
			http_call_verdict(call, HTTP_INVALID, HTTP_BAD_CODING);
			return false;
		}
		if (!inflate_piece(call, &more))
			return false;
	}
	return true;
}

/* Bytes that were held back go first. */
static bool begin_deflate(struct http_call *call, const char *data, size_t len)
{
	struct http_decode *decode = &call->decode;
	bool was_held = decode->holds;
	unsigned char head[2] = {was_held ? decode->held : (unsigned char)data[0]};
	char held = (char)head[0];

	if (!was_held && len == 1) {
		decode->held = head[0];
		decode->holds = true;
		return true;
	}
	head[1] = (unsigned char)data[was_held ? 0 : 1];
	begin(decode, deflate_window_bits(head));
	return !was_held || decode_bytes(call, &held, 1);
}

bool http_decode_body(struct http_call *call, const char *data, size_t len)
{
	struct http_decode *decode = &call->decode;

	if (len == 0)
		return true;
	decode->began = true;
	if (decode->coding == HTTP_CODING_UNKNOWN) {
		http_call_verdict(call, HTTP_INVALID, HTTP_BAD_CODING);
		return false;
	}
	if (!decode->inflates && decode->coding == HTTP_CODING_GZIP)
		begin(decode, MAX_WBITS + 16);
	if (!decode->inflates && !begin_deflate(call, data, len))
		return false;
	return !decode->inflates || decode_bytes(call, data, len);
}
