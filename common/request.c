/* SPDX-License-Identifier: MIT */
/* request: a request's life, its JSON form, and the idempotency value of a job. */
#include "bellhop/request.h"

#include <sodium.h>
#include <stdlib.h>

#include "action_read.h"
#include "bellhop/json_out.h"
#include "character.h"
#include "header_name.h"
#include "request_render.h"

#define URL_MAX_BYTES	  (2048 + REQUEST_PATH_MAX_BYTES)
#define SCRATCH_MAX_BYTES (8 * 1024 * 1024)
#define KEEP_BYTES	  (8 * 1024)
#define KEEP_VALUES	  1024

void request_init(struct request *request)
{
	*request = (struct request){0};
	buf_init(&request->url, URL_MAX_BYTES);
	buf_init(&request->headers, REQUEST_HEADERS_MAX_BYTES);
	buf_init(&request->body, REQUEST_BODY_MAX_BYTES);
	buf_init(&request->scratch, SCRATCH_MAX_BYTES);
	buf_init(&request->filled, REQUEST_INPUTS_MAX_BYTES);
	json_tape_init(&request->filled_tape);
}

void request_release(struct request *request)
{
	buf_release(&request->url);
	buf_release(&request->headers);
	buf_release(&request->body);
	buf_release(&request->scratch);
	buf_release(&request->filled);
	json_tape_release(&request->filled_tape);
	free(request->values);
	request->values = NULL;
	request->value_capacity = 0;
}

void request_clear(struct request *request)
{
	request->method = NULL;
	request->header_count = 0;
	request->has_body = false;
	buf_shrink(&request->url, KEEP_BYTES);
	buf_shrink(&request->headers, KEEP_BYTES);
	buf_shrink(&request->body, KEEP_BYTES);
	buf_shrink(&request->scratch, KEEP_BYTES);
	buf_shrink(&request->filled, KEEP_BYTES);
	if (request->filled_tape.capacity > KEEP_VALUES)
		json_tape_release(&request->filled_tape);
	if (request->value_capacity > KEEP_VALUES) {
		free(request->values);
		request->values = NULL;
		request->value_capacity = 0;
	}
}

static void add_headers(const struct request *request, struct buf *out)
{
	const char *line = request->headers.data;

	for (size_t i = 0; i < request->header_count; i++) {
		const char *colon = strchr(line, ':');

		if (i > 0)
			buf_add_char(out, ',');
		json_out_string(out, (struct span){line, (size_t)(colon - line)});
		buf_add_char(out, ':');
		json_out_string(out, span_of(colon + 2));
		line += strlen(line) + 1;
	}
}

void request_json(const struct request *request, struct buf *out)
{
	buf_add_string(out, "{\"method\":");
	json_out_string(out, span_of(request->method));
	buf_add_string(out, ",\"url\":");
	json_out_string(out, (struct span){request->url.data, request->url.len});
	buf_add_string(out, ",\"headers\":{");
	add_headers(request, out);
	buf_add_char(out, '}');
	if (request->has_body) {
		buf_add_string(out, ",\"body\":");
		json_out_string(out, (struct span){request->body.data, request->body.len});
	}
	buf_add_char(out, '}');
}

/* A member that has to be a string; TAPE_NONE where it is none. */
static uint32_t string_member(const struct json_tape *tape, uint32_t object, const char *name)
{
	uint32_t value = tape_member(tape, object, name);

	return value != TAPE_NONE && tape_type(tape, value) == TAPE_STRING ? value : TAPE_NONE;
}

static int read_method(struct request *request, const struct json_tape *tape, uint32_t value)
{
	request->method = action_method(tape_string_span(tape, value, &request->scratch));
	return request->method == NULL ? -1 : 0;
}

static int read_url(struct request *request, const struct json_tape *tape, uint32_t value)
{
	tape_string(tape, value, &request->url);
	for (size_t i = 0; i < request->url.len; i++)
		if (request->url.data[i] <= 0x20 || request->url.data[i] > 0x7e)
			return -1;
	return request->url.overflowed || request->url.len == 0 ? -1 : 0;
}

static int read_headers(struct request *request, const struct json_tape *tape, uint32_t object)
{
	struct buf name;
	bool good = true;

	buf_init(&name, REQUEST_HEADER_MAX_BYTES);
	for (uint32_t at = tape_first(tape, object); at != TAPE_NONE && good;) {
		uint32_t value = tape_next(tape, object, at);
		struct span text;

		buf_clear(&name);
		tape_string(tape, at, &name);
		good = tape_type(tape, value) == TAPE_STRING &&
		       header_name_is_token((struct span){name.data, name.len});
		if (good) {
			text = tape_string_span(tape, value, &request->scratch);
			good = text.len > 0 && !character_finds_control(text, false);
		}
		if (good)
			request_add_header(request, (struct span){name.data, name.len}, text);
		at = tape_next(tape, object, value);
	}
	buf_release(&name);
	return good && !request->headers.overflowed ? 0 : -1;
}

static int read_members(struct request *request, const struct json_tape *tape, uint32_t value)
{
	uint32_t method, url, headers, body;

	if (tape_type(tape, value) != TAPE_OBJECT)
		return -1;
	method = string_member(tape, value, "method");
	url = string_member(tape, value, "url");
	body = string_member(tape, value, "body");
	headers = tape_member(tape, value, "headers");
	if (method == TAPE_NONE || url == TAPE_NONE || headers == TAPE_NONE ||
		tape_type(tape, headers) != TAPE_OBJECT ||
		tape->nodes[value].count != (body == TAPE_NONE ? 3 : 4))
		return -1;
	if (read_method(request, tape, method) != 0 || read_url(request, tape, url) != 0 ||
		read_headers(request, tape, headers) != 0)
		return -1;
	request->has_body = body != TAPE_NONE;
	if (request->has_body)
		tape_string(tape, body, &request->body);
	return request->body.overflowed ? -1 : 0;
}

int request_read(struct request *request, const struct json_tape *tape, uint32_t value)
{
	request_clear(request);
	if (read_members(request, tape, value) == 0)
		return 0;
	request_clear(request);
	return -1;
}

void request_idempotency_key(char key[REQUEST_KEY_BYTES], const char *org, const char *integration,
	const char *action, const char *id)
{
	const char *const names[] = {org, integration, action, id};
	unsigned char hash[(REQUEST_KEY_BYTES - 1) / 2];
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		/* With the NUL after each but the last, so that no two lists of names are one text. */
		size_t bytes = strlen(names[i]) + (i + 1 < sizeof(names) / sizeof(names[0]));

		crypto_generichash_update(&state, (const unsigned char *)names[i], bytes);
	}
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(key, REQUEST_KEY_BYTES, hash, sizeof(hash));
}
