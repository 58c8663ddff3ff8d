/* SPDX-License-Identifier: MIT */
/*
 * job: one message on its way through the pipeline. Its fields are grouped by the step that writes them; later steps only
 * read them. Jobs are kept and used again with their buffers, so a job on its usual way allocates nothing.
 */
#ifndef WORKER_JOB_H
#define WORKER_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/error.h"
#include "bellhop/request.h"
#include "bellhop/wire.h"
#include "io/credential.h"
#include "io/http_client.h"
#include "io/integration_cache.h"
#include "io/lanes.h"
#include "io/resolver.h"
#include "io/token_cache.h"
#include "io/turn.h"
#include "attempts.h"

struct worker;
struct confirmation_read;

#define JOB_TOKEN_BYTES 33 /* of a confirmation: 128 bits in hex and a NUL */

/* How a job leaves the pipeline. */
enum job_end {
	JOB_REPLIES,	/* a reply, the usual end */
	JOB_GIVEN_BACK, /* back to the front of the line: it was not begun, or may be repeated */
	JOB_DELAYED, /* back with a due time, its mark as it is: it waits for room in the window */
	JOB_UNSENT,  /* back with a due time, its mark taken back: nothing of it left */
	JOB_PARKED,  /* to the list of a lane that is full: it is woken when there is room */
	JOB_AGAIN, /* back with a due time, its mark says that the attempt ended: it is made again */
};

struct job {
	struct worker *worker;
	struct job *newer, *older; /* all jobs in flight; `newer` also links the spare ones */

	/* the driver */
	unsigned step;
	bool waiting;
	const char *waiting_for; /* "the upstream's answer" */
	bool (*cancel)(struct job *job);
	bool leaving; /* it will be given back as soon as its wait ends */

	/* claim */
	struct buf field; /* `token queue deliveries birth carry` */
	struct buf parts; /* the same, cut into the next four and `before` */
	const char *token, *birth;
	struct attempts before; /* what earlier deliveries tried */
	enum queue queue;
	unsigned deliveries;
	struct buf payload;
	int64_t claimed_at_us;
	int64_t waited_us; /* in its queue, as far as is known; -1: not known, or not its first claim */

	/* parse */
	struct message message;

	/* parse, authorize: its slots; a lane that is full is named */
	struct lane_place places[LANE_KINDS];
	unsigned then; /* enum step_result: how it goes on once it has the slot that it waits for */
	char full_lane[LANE_NAME_BYTES];

	/* load: a decision's frozen request too */
	struct confirmation_read *reading;
	struct integration_wait *load;
	struct integration *integration;
	const struct action *action;
	struct name confirms; /* the first job's id */
	char confirm_version[24];
	struct json_tape frozen_tape;
	struct buf frozen; /* `{"id","integration","action","request"}` */
	struct buf
		used; /* `{"decision","by","decision_id"}`: what this decision would leave behind */

	/* render */
	struct request request;

	/* confirm */
	char confirm_token[JOB_TOKEN_BYTES];
	int64_t confirm_expires_ms;
	struct buf
		confirmation; /* the reply's; of a decision: how its token was used before, empty: not */
	struct buf sealed; /* the frozen request as it is stored */

	/* authorize */
	struct credential credential;
	struct token_wait *token_wait;
	struct event
		*token_turn; /* NULL: it never had to wait until its org may ask for one more */
	struct token_id token_id;  /* with its serial: the token that the call carries */
	uint64_t token_serial;	   /* 0: none */
	bool token_until_deadline; /* it is the deadline that ends the wait for it */
	struct resolver_query *lookup;
	struct address_list addresses;
	int64_t token_us; /* -1: no token was waited for */
	int64_t lookup_started_us;
	int64_t lookup_us; /* -1: no name was looked up */
	int64_t call_started_us; /* the call's time runs from here, token and lookup included; 0: not yet */

	/* begin */
	int64_t begun_at_ms; /* Unix time by Redis; 0: not begun */
	int64_t begun_mono_us;
	bool began_before; /* an earlier delivery had begun too, and how that ended is not known */
	int64_t retry_after_ms; /* below 0: none */

	/* call */
	struct http_call *call;
	struct buf body;
	struct http_response response; /* `body` is the above */
	bool called;

	/* map */
	struct buf output; /* JSON */

	/* settle */
	enum job_end end;
	int64_t due_ms; /* of all but the first two */
	enum reply_status status;
	struct error error;
	enum sent sent;
	bool retryable;
	bool bury;		/* also to `dead` */
	bool identity_done;	/* the script told who has the id: it is not asked again */
	bool id_is_taken;	/* begin found another job's: it has no end of its own */
	bool answers_as_before; /* with the error of an earlier attempt */
	bool keys_are_wrong;	/* a key that settling needs is of another type */
	struct buf details;	/* JSON, of the error */
	struct buf reply;
	struct buf dead_entry;
	struct turn_item item;
	struct event *pause; /* NULL: it never had to wait for a key to be mended */
};

/* A job for one claim. Its field and payload are copied. NULL where the field is none. */
struct job *job_new(struct worker *worker, struct span field, struct span payload);
/* Frees it or keeps it for the next claim. It must not be waiting. */
void job_free(struct job *job);
/* Frees the memory of a job that is not used again. */
void job_destroy(struct job *job);

/* Notes what it waits for, in words an operator reads after "waiting for", and how to stop it: `cancel` returns true where the
 * callback will not come any more, and false where it cannot be stopped and will still come. Only what goes through the turn
 * may be false: a job that is dropped is freed all the same, and the turn has forgotten it by then. */
void job_wait(struct job *job, const char *what, bool (*cancel)(struct job *job));

/* What the scripts know it by. */
struct turn_claim job_claim(const struct job *job);
struct turn_basis job_basis(const struct job *job);

/* Sets the error with the code's own `sent` and `retryable`, unless one is set. */
void job_error(struct job *job, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* One of the four CONFIRMATION_ codes, with its sentence. */
void job_token_error(struct job *job, enum error_code code);
/* Whether a script's answer says why a token may not be used (its first word is the code); then it is the job's error. */
bool job_token_refused(struct job *job, struct span answer);
/* Writes what a decision leaves with the token that it uses. */
void job_write_used(struct job *job);
/* The error of a job whose deadline passed before anything was sent. */
void job_expired(struct job *job);
/* The error of a job whose call an earlier delivery had begun, and that is not made again. */
void job_cut_off_before(struct job *job);
/* Takes the error back, to answer with another. */
void job_error_clear(struct job *job);
/* Whether the action's call may be sent twice; false where the action is not known. */
bool job_is_repeatable(const struct job *job);
/* Gives back what authorize took: wipes the secret. */
void job_forget_secret(struct job *job);
/* Deadline of the job has passed, by Redis's clock. */
bool job_is_past_deadline(const struct job *job);

#endif
