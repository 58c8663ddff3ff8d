/* SPDX-License-Identifier: MIT */
/*
 * request: the exact HTTP request of an action, the credential apart.
 *
 * One renderer makes what a person is shown, what `bellhop render` prints and what is sent. Its JSON form is all three:
 * the preview of a confirmation, and the frozen request that is read back when it is approved.
 */
#ifndef BELLHOP_REQUEST_H
#define BELLHOP_REQUEST_H

#include <stdbool.h>

#include "bellhop/buf.h"
#include "bellhop/definition.h"
#include "bellhop/json_tape.h"
#include "bellhop/problems.h"

#define REQUEST_PATH_MAX_BYTES \
	(8 * 1024) /* what follows the origin: the base URL's path, path, query */
#define REQUEST_HEADER_MAX_BYTES  (8 * 1024) /* of one line */
#define REQUEST_HEADERS_MAX_BYTES (64 * 1024)
#define REQUEST_BODY_MAX_BYTES	  (1024 * 1024)
#define REQUEST_INPUTS_MAX_BYTES  (4 * 1024 * 1024) /* with their defaults filled in */

struct request {
	const char *method; /* static */
	struct buf url;
	struct buf
		headers; /* `Name: value` and a NUL byte each, in the order they are sent; Content-Type included */
	size_t header_count;
	struct buf body;
	bool has_body;
	/* What rendering works with, kept from one to the next. */
	struct buf scratch;
	struct buf filled;
	struct json_tape filled_tape;
	uint32_t *values;
	size_t value_capacity;
};

void request_init(struct request *request);
void request_release(struct request *request);
/* Empty again; memory is kept up to a few KiB of each kind. */
void request_clear(struct request *request);

/*
 * Checks `inputs` (an object's index on the tape; TAPE_NONE stands for an empty one) against the action's schema, fills
 * the templates, and holds the URL against the base. `idempotency_value` goes into the action's idempotency header, and
 * may be NULL where it has none. 0, or -1 with every problem added under its JSON Pointer; the request is then empty.
 */
int request_render(struct request *request, const struct definition *definition,
	const struct action *action, const struct json_tape *tape, uint32_t inputs,
	const char *idempotency_value, struct problems *problems);

/* Adds `{"method","url","headers","body"?}`. */
void request_json(const struct request *request, struct buf *out);
/* Reads that form back, byte for byte. 0, or -1 where it is not one. */
int request_read(struct request *request, const struct json_tape *tape, uint32_t value);

/* The idempotency value of a job: the same for the same org, integration, action and id. 32 hex digits. */
#define REQUEST_KEY_BYTES 33
void request_idempotency_key(char key[REQUEST_KEY_BYTES], const char *org, const char *integration,
	const char *action, const char *id);

#endif
