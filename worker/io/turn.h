/* SPDX-License-Identifier: MIT */
/*
 * turn: what the jobs of one loop turn want of Redis goes out as one script call: settles, begins and a claim.
 *
 * An item is one job's wish, written as soon as it is known and answered by a callback with the script's text for it
 * (scripts/turn/). One call is under way at a time; what comes meanwhile goes with the next, so the busier the worker, the
 * larger the turns. An item whose answer was lost with the connection is asked again after the worker is registered
 * anew; the script gives the same answer.
 */
#ifndef WORKER_IO_TURN_H
#define WORKER_IO_TURN_H

#include <stdbool.h>
#include <stdint.h>
#include <event2/event.h>

#include "bellhop/buf.h"
#include "bellhop/options.h"
#include "bellhop/span.h"
#include "bellhop/wire.h"
#include "io/redis_async.h"

struct turn;

/* `answer` is borrowed: a word, maybe followed by a space and more. */
typedef void (*turn_fn)(void *arg, struct span answer);

struct turn_item {
	struct turn_item *next;
	struct turn_item **list; /* the list it is in; NULL: none */
	bool begin;
	bool asked;	   /* in the call under way */
	size_t keys, args; /* words */
	struct buf key_words, arg_words;
	turn_fn done;
	void *arg;
};

void turn_item_init(struct turn_item *item);
void turn_item_release(struct turn_item *item);

/* What a job knew of its integration, for the script to compare: the version and the ends of the sealed secrets. */
struct turn_basis {
	const char *org, *integration, *action;
	const char *version; /* as in the hash; "" where there is none */
	size_t secrets;
	const char *fields[2];
	struct span tags
		[2]; /* the last 16 bytes of the sealed text, or all of a shorter one; empty: not set */
};

/* Who a job is to the scripts. */
struct turn_claim {
	const char *field; /* `token queue deliveries birth carry` */
	const char *token, *birth;
	const char *org, *id;
	const char *digest;
};

struct turn_begin {
	struct turn_claim claim;
	struct turn_basis basis;
	bool repeatable;
	int64_t deadline_ms; /* 0: none */
	uint32_t limit_calls, limit_window_s;
	const char *confirm_token; /* a decision's, or NULL */
	struct span used;	   /* JSON, kept with the token: who used it */
};

enum turn_flags {
	TURN_STORE = 1, /* write result: and take the mark back */
	TURN_REPLY = 2, /* push onto reply_to */
	TURN_AUDIT = 4,
	TURN_IDENTITY = 8, /* not begun: is the id known? */
	TURN_BASIS = 16,   /* not begun: is the definition still so? */
	TURN_PENDING = 32,
	TURN_DECLINE = 64,
	TURN_DEAD = 128,
	TURN_UNUSE =
		256, /* begun, and provably nothing was sent: a decision's token is good again */
};

struct turn_settle {
	struct turn_claim claim;
	unsigned flags;
	const char *reply_to;
	struct span reply;
	struct {
		const char *integration, *action;
		int64_t version;
		const char *status, *code, *sent;
		unsigned attempts;
		int64_t begun_at_ms; /* 0: never */
		int http_status;
		int64_t ms;
		struct span by;
	} audit;
	struct turn_basis basis;
	const char *confirm_token; /* TURN_PENDING, TURN_DECLINE, TURN_UNUSE */
	int64_t expires_at_ms;	   /* TURN_PENDING, TURN_UNUSE */
	struct span frozen;
	const char *confirm_version; /* TURN_DECLINE: the version it was made for */
	struct span used;	     /* TURN_DECLINE, TURN_UNUSE */
	struct span dead;	     /* TURN_DEAD: the entry */
};

/* What a call let go of, or met where it should not be. */
struct turn_losses {
	int64_t replies, dead_letters; /* fell out of a list at its maximum */
	int64_t audit_trimmed;	       /* entries that fell out of audit logs at their maximum */
	int64_t audit_lost;	       /* entries that could not be written: the log is no stream */
	struct span not_lists; /* keys of lists that are none, with a space between; borrowed */
};

/* How a job is put back. */
enum turn_back {
	TURN_GIVE,   /* to the front of the line */
	TURN_DELAY,  /* due later, its mark as it is */
	TURN_UNSENT, /* due later, its mark taken back: nothing was sent */
	TURN_PARK,   /* into the list of a lane that is full (io/lanes.h) */
	TURN_AGAIN,  /* due later, its mark says that the attempt has ended */
};

struct turn_putting_back {
	enum turn_back back;
	const char *envelope; /* `queue deliveries birth carry` */
	int64_t due_ms;	      /* of those that are due later */
	const char *lane;     /* TURN_PARK, and the next two */
	bool workflow;
	bool first; /* it is the next that is woken */
};

struct turn_events {
	/* How many jobs it may take now, and how many of workflows. */
	size_t (*room)(void *arg);
	size_t (*workflow_room)(void *arg);
	/* One claimed job; both are borrowed. */
	void (*claimed)(void *arg, struct span field, struct span payload);
	/* The claims of an answer are over: `more` where the queues probably hold more. */
	void (*claims_over)(void *arg, size_t taken, bool more);
	/* Redis does not know this worker any more: every item is dropped without its callback. */
	void (*dead)(void *arg);
	/* Not called where there is none. */
	void (*lost)(void *arg, const struct turn_losses *losses);
	/* An error answer, to the call or to an item of it: a sentence for the log. It is asked again a little later. */
	void (*failed)(void *arg, const char *error);
};

struct turn *turn_new(struct event_base *base, struct redis_async *redis,
	const struct options *options, const struct turn_events *events, void *arg);
void turn_free(struct turn *turn);

/* From here on the worker is W, with this member (W:epoch): calls may go out. */
void turn_open(struct turn *turn, const char *worker, const char *member);
/* The connection is gone or not yet registered: nothing goes out; items stay. */
void turn_close(struct turn *turn);
/* Forgets all items; no callback comes. */
void turn_clear(struct turn *turn);

/* Writes the wish into the item and queues it. */
void turn_add_begin(struct turn *turn, struct turn_item *item, const struct turn_begin *begin,
	turn_fn done, void *arg);
void turn_add_settle(struct turn *turn, struct turn_item *item, const struct turn_settle *settle,
	turn_fn done, void *arg);
/* Puts the job back. */
void turn_add_back(struct turn *turn, struct turn_item *item, const struct turn_claim *claim,
	const struct turn_putting_back *how, turn_fn done, void *arg);
/* Takes an item out that is not in the call under way. False: it is, and its answer will come. */
bool turn_cancel(struct turn_item *item);
/* Sends what there is, at the latest at the end of this loop turn; also asks for jobs where there is room. */
void turn_kick(struct turn *turn);
/* Whether Redis refused an item of the last call, which is asked again. */
bool turn_is_refused(const struct turn *turn);
/* Whether a claim was asked for and not answered. */
bool turn_is_claiming(const struct turn *turn);

#endif
