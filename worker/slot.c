/* SPDX-License-Identifier: MIT */
/* slot: a job's part in the share that its org and its host have of the worker. */
#include "slot.h"

#include "worker.h"

static bool cancel(struct job *job)
{
	slot_give_back(job);
	return true;
}

enum step_result slot_take(struct job *job, enum lane_kind kind, const char *what, uint16_t port,
	enum step_result then)
{
	/* What was here before, or with another worker, has waited already. */
	const bool newcomer = strcmp(job->token, job->birth) == 0;

	lane_name(job->full_lane, kind, what, port);
	switch (lanes_enter(job->worker->lanes, &job->places[kind], job->full_lane,
		job->queue == QUEUE_WORKFLOW, newcomer, job)) {
	case LANE_ENTERED:
		return then;
	case LANE_WAITS:
		job->then = then;
		job_wait(job, "a slot of its org or host", cancel);
		return STEP_WAIT;
	case LANE_IS_FULL:
		break;
	}
	job->end = JOB_PARKED;
	return STEP_SETTLE;
}

void slot_answered(struct job *job, bool has_slot)
{
	if (!has_slot)
		job->end = JOB_PARKED;
	pipeline_resume(job, has_slot ? job->then : STEP_SETTLE);
}

void slot_give_back(struct job *job)
{
	for (int kind = 0; kind < LANE_KINDS; kind++)
		lanes_leave(job->worker->lanes, &job->places[kind]);
}
