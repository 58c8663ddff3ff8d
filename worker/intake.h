/* SPDX-License-Identifier: MIT */
/*
 * intake: when a worker looks for new jobs, and how many it has room for.
 *
 * Each turn brings jobs as long as there is room, so a worker under load needs nothing else. Where a turn brought none, somebody has to
 * say when there is something: the waiter, whose look costs Redis a command for each job. So it is asked at once where jobs come
 * seldom, and where they come thick only when the turns brought none for a while.
 *
 *     turn brought some, or more are there -> next turn -> ...
 *     turn brought none -> waiter (at once, or after BUSY_WAIT) -> woken -> turn
 *     woken in vain: another worker was faster -> waiter, after a pause that doubles
 */
#ifndef WORKER_INTAKE_H
#define WORKER_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/waiter.h"

struct worker;

struct intake {
	struct worker *worker;
	struct waiter *waiter;
	struct event *timer; /* until the waiter is asked */
	bool woken;	     /* a list holds something, said Redis */
	unsigned vain;	     /* how often in a row there was nothing to take then */
	int64_t taken_us;    /* monotonic: the last time that there was */
	int64_t gap_us;	     /* between two jobs that were taken, lately */
	int64_t answered_ms; /* monotonic: the last answer to a claim, empty or not */
};

void intake_init(struct intake *intake, struct worker *worker);
void intake_release(struct intake *intake);
/* Nothing more is looked for. */
void intake_close(struct intake *intake);
/* Redis took us: what it answered before does not count. */
void intake_open(struct intake *intake);

/* Jobs that there is room for; those of workflows leave a tenth of it to whom a person waits for. */
size_t intake_room(const struct worker *worker);
size_t intake_workflow_room(const struct worker *worker);

/* A turn brought so many, and left more behind, or not. */
void intake_claims_over(struct intake *intake, size_t taken, bool more);
/* A job is over. */
void intake_room_again(struct intake *intake);

#endif
