/* SPDX-License-Identifier: MIT */
/*
 * pipeline: the one path every job takes, written once.
 *
 *   claim -> parse -> load -> render -> confirm -> authorize -> begin -> call -> map -> settle
 *              |        |        |         |           |          |       |      |       ^
 *              +--------+--------+---------+-----------+----------+-------+------+-------+  a failure, or all that
 *                                                                                           was to be done is done
 *
 * A step does its work and says what happens next. A step that must wait starts the waiting, calls job_wait(), returns
 * STEP_WAIT, and its callback calls pipeline_resume() once. Only the driver moves a job: steps never call each other. (The
 * claim is the worker's: io/turn.h and io/scripts/turn/.)
 */
#ifndef WORKER_PIPELINE_H
#define WORKER_PIPELINE_H

#include "job.h"

enum step_result {
	STEP_NEXT,  /* go on with the following step */
	STEP_AGAIN, /* run this step once more: it has a second wait */
	STEP_WAIT,  /* stop here; it will be resumed */
	STEP_SETTLE, /* straight to settle: job->error says what failed, or the job's status what was done */
	STEP_DONE, /* the job is over and freed; only settle says so */
};

#define PIPELINE(STEP)  \
	STEP(parse)     \
	STEP(load)      \
	STEP(render)    \
	STEP(confirm)   \
	STEP(authorize) \
	STEP(begin)     \
	STEP(call)      \
	STEP(map)       \
	STEP(settle)

#define STEP(name) enum step_result step_##name(struct job *job);
PIPELINE(STEP)
#undef STEP

/* Runs a job from its first step. */
void pipeline_start(struct job *job);
/* What a step's callback says instead of returning it. */
void pipeline_resume(struct job *job, enum step_result result);

/* The worker drains: a job whose call was not begun goes back to the queue, now or as soon as its wait ends. */
void pipeline_leave(struct job *job);
/* The time for draining is over: a call that runs is cut off. */
void pipeline_cut(struct job *job);
/* Redis does not know this worker any more: whatever the job waits for is stopped, and it is freed without an end. */
void pipeline_drop(struct job *job);

/* The step a job is in: "authorize". */
const char *pipeline_step_name(const struct job *job);

#endif
