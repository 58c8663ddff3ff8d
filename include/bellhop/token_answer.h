/* SPDX-License-Identifier: MIT */
/*
 * token_answer: what a token endpoint says (RFC 6749, sections 5.1 and 5.2), checked like any input.
 */
#ifndef BELLHOP_TOKEN_ANSWER_H
#define BELLHOP_TOKEN_ANSWER_H

#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/redact.h"
#include "bellhop/span.h"

#define TOKEN_MAX_BYTES	     8000 /* of an access token: it has to fit in a header */
#define TOKEN_LIFETIME_S     300  /* where the endpoint does not say */
#define TOKEN_LIFETIME_MAX_S (24 * 3600)

struct token_answer {
	struct span token;  /* in the body, or in the memory given */
	int64_t lifetime_s; /* 0: good for those who wait for it, and no longer */
};

/* Reads the body of a 2xx answer. `memory` has as many bytes as the body and one more. 0, or -1 and `*reason`: a static half sentence
 * ("its access_token is not a string"). */
int token_answer_read(struct token_answer *answer, struct span body, char *memory, size_t size,
	const char **reason);

/* Whether the body is an error as RFC 6749 has it: some endpoints answer 200 with one. */
bool token_answer_is_error(struct span body);
/* Any other answer, for a person: adds `invalid_client: no such client` to `said` where it is an error as the RFC has it, without
 * control characters, redacted, cut; and to `details` `{"status","error"?,"error_description"?}`, or with `"body"` the start of
 * anything else. */
void token_answer_refusal(struct span body, int status, const struct redactor *redactor,
	struct buf *said, struct buf *details);

#endif
