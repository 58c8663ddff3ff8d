/* SPDX-License-Identifier: MIT */
/* slot: a job's part in the share that its org and its host have of the worker (io/lanes.h). */
#ifndef WORKER_SLOT_H
#define WORKER_SLOT_H

#include "pipeline.h"

/*
 * Takes one, and says what the step returns: `then` where the job has it, STEP_WAIT where it will be resumed with `then`, STEP_SETTLE where it
 * waits in Redis (JOB_PARKED).
 */
enum step_result slot_take(struct job *job, enum lane_kind kind, const char *what, uint16_t port,
	enum step_result then);
/* What the lanes answer to a job that waited. */
void slot_answered(struct job *job, bool has_slot);
/* All that it has, or waits for. */
void slot_give_back(struct job *job);

#endif
