/* SPDX-License-Identifier: MIT */
/*
 * wire: the messages on the queues: jobs, decisions, replies (contract, sections 2, 3 and 8).
 *
 * A message is read in place and borrows its payload. The queue says what it is: what arrives on the decisions queue is
 * a decision, everything else a job, whatever it says inside.
 */
#ifndef BELLHOP_WIRE_H
#define BELLHOP_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/error.h"
#include "bellhop/json_tape.h"
#include "bellhop/name.h"
#include "bellhop/span.h"

enum queue { QUEUE_DECISIONS, QUEUE_CHAT, QUEUE_WORKFLOW, QUEUE_COUNT };

/* "decisions", "chat", "workflow" */
const char *queue_name(enum queue queue);

#define WIRE_MAX_DEPTH	     32
#define WIRE_MAX_META_BYTES  4096
#define WIRE_MAX_TRACEPARENT 256
#define WIRE_MAX_BY_BYTES    256
#define WIRE_DIGEST_BYTES    33 /* 32 characters of base64url and a NUL */

enum decision {
	DECISION_NONE, /* a job */
	DECISION_APPROVE,
	DECISION_DECLINE,
};

struct message {
	struct json_tape tape;
	struct buf scratch; /* where the digest's content is laid out */
	enum queue queue;
	struct name id;
	struct name org;
	struct name integration; /* a job's */
	struct name action;
	struct name reply_to; /* empty: only result: is written */
	uint32_t inputs;      /* index on the tape, TAPE_NONE where absent */
	int64_t deadline_ms; /* Unix time by Redis's clock; 0: none (one that says 0 is read as 1: past) */
	struct span traceparent; /* as JSON, quotes included; empty: none */
	struct span meta;	 /* as JSON, as it came; empty: none */
	enum decision decision;
	struct name token;		/* a decision's */
	struct span by;			/* as JSON; empty: none */
	char digest[WIRE_DIGEST_BYTES]; /* the same for the same content */
};

void message_init(struct message *message);
void message_release(struct message *message);
/* As after message_init(), memory kept up to some KiB: where the next job may be long in coming. */
void message_clear(struct message *message);

/*
 * Reads one payload; a message may be read into again and again. -1: ERROR_INVALID_JOB; then only those of id, org, reply_to and meta that could be read are set
 * (by a scan that goes as far into a broken text as it can), and the digest is that of the bytes. A payload of more
 * than `max_bytes` is invalid whatever it holds.
 */
int message_read(struct message *message, enum queue queue, const char *payload, size_t len,
	size_t max_bytes, struct error *error);

enum reply_status {
	REPLY_SUCCEEDED,
	REPLY_FAILED,
	REPLY_PENDING,
	REPLY_DECLINED,
};

const char *reply_status_name(enum reply_status status);

/* What a reply says. Texts that are JSON already are borrowed spans; an empty one is left out. */
struct reply {
	enum reply_status status;
	enum sent sent;
	const char *digest;
	const char *id; /* "" or NULL: left out; so are the next three */
	const char *org;
	const char *integration;
	const char *action;
	const char *confirms;	   /* the first job's id, where a decision ran it */
	struct span output;	   /* JSON; REPLY_SUCCEEDED */
	struct span confirmation;  /* JSON; REPLY_PENDING */
	const struct error *error; /* REPLY_FAILED */
	bool retryable;
	int64_t retry_after_ms; /* below 0: left out */
	struct span details;	/* JSON */
	int http_status;	/* 0: no answer came */
	unsigned attempts;	/* 0: no `http` member */
	int64_t duration_ms;
	int64_t definition_version; /* 0: left out */
	struct span traceparent;
	struct span meta;
};

/* Adds the reply. `v`, `status`, `sent` and `digest` stand first, in this order, so that a script can read them. */
void reply_write(const struct reply *reply, struct buf *out);

#endif
