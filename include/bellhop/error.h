/* SPDX-License-Identifier: MIT */
/*
 * error: what went wrong, in the contract's codes (section 3), with one sentence for a person or a model.
 *
 * A `struct error` belongs to the caller, is the last argument, and keeps its first cause: setting one that is
 * set changes nothing. Functions that take one return 0 or -1 and write their out-parameters on success only.
 * The table below is the one source of codes: the replies, the README's table and the tests come from it.
 */
#ifndef BELLHOP_ERROR_H
#define BELLHOP_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum sent {
	SENT_NO,    /* no byte of any attempt left */
	SENT_MAYBE, /* the upstream may have been asked */
	SENT_YES,   /* it answered */
};

/* X(symbol, code, sent unless the attempt says more, retryable unless the cause says otherwise) */
#define ERROR_CODES(X)                                                  \
	X(INVALID_JOB, "invalid_job", SENT_NO, false)                   \
	X(ID_CONFLICT, "id_conflict", SENT_NO, false)                   \
	X(EXPIRED, "expired", SENT_NO, false)                           \
	X(UNKNOWN_INTEGRATION, "unknown_integration", SENT_NO, false)   \
	X(UNKNOWN_ACTION, "unknown_action", SENT_NO, false)             \
	X(DISABLED, "disabled", SENT_NO, false)                         \
	X(INVALID_DEFINITION, "invalid_definition", SENT_NO, false)     \
	X(INVALID_INPUTS, "invalid_inputs", SENT_NO, false)             \
	X(RATE_LIMITED, "rate_limited", SENT_NO, true)                  \
	X(TOO_MANY_PENDING, "too_many_pending", SENT_NO, true)          \
	X(CONFIRMATION_UNKNOWN, "confirmation_unknown", SENT_NO, false) \
	X(CONFIRMATION_EXPIRED, "confirmation_expired", SENT_NO, false) \
	X(CONFIRMATION_USED, "confirmation_used", SENT_NO, false)       \
	X(CONFIRMATION_VOID, "confirmation_void", SENT_NO, false)       \
	X(SECRET_MISSING, "secret_missing", SENT_NO, false)             \
	X(SECRET_UNREADABLE, "secret_unreadable", SENT_NO, false)       \
	X(AUTH_FAILED, "auth_failed", SENT_NO, false)                   \
	X(BLOCKED_ADDRESS, "blocked_address", SENT_NO, false)           \
	X(DNS_FAILED, "dns_failed", SENT_NO, true)                      \
	X(CONNECT_FAILED, "connect_failed", SENT_NO, true)              \
	X(TLS_FAILED, "tls_failed", SENT_NO, false)                     \
	X(TIMEOUT, "timeout", SENT_NO, true)                            \
	X(CONNECTION_LOST, "connection_lost", SENT_MAYBE, true)         \
	X(OUTCOME_UNKNOWN, "outcome_unknown", SENT_MAYBE, false)        \
	X(UPSTREAM_STATUS, "upstream_status", SENT_YES, false)          \
	X(REDIRECT_REFUSED, "redirect_refused", SENT_YES, false)        \
	X(RESPONSE_TOO_LARGE, "response_too_large", SENT_YES, false)    \
	X(INVALID_RESPONSE, "invalid_response", SENT_YES, false)        \
	X(MAPPING_FAILED, "mapping_failed", SENT_YES, false)            \
	X(INTERNAL, "internal", SENT_NO, false)

enum error_code {
	ERROR_NONE,
#define X(symbol, code, sent, retryable) ERROR_##symbol,
	ERROR_CODES(X)
#undef X
		ERROR_CODE_COUNT
};

#define ERROR_TEXT_BYTES 320

struct error {
	enum error_code code;	     /* ERROR_NONE: nothing happened */
	char text[ERROR_TEXT_BYTES]; /* cut at a character, never in one */
};

struct error_info {
	const char *name; /* "invalid_job" */
	enum sent sent;
	bool retryable;
};

const struct error_info *error_info(enum error_code code);
/* "no", "maybe", "yes" */
const char *sent_name(enum sent sent);

/* Sets code and text where none is set. Returns -1, so that a failing function can return it. */
int error_set(struct error *error, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void error_clear(struct error *error);

#endif
