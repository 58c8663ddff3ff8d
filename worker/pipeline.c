/* SPDX-License-Identifier: MIT */
/* pipeline: the one path every job takes: the table of steps and the one driver. */
#include "pipeline.h"

#include "bellhop/bug.h"
#include "log.h"

enum {
#define STEP(name) STEP_##name,
	PIPELINE(STEP)
#undef STEP
		STEP_COUNT
};

static const struct {
	const char *name;
	enum step_result (*run)(struct job *job);
} steps[STEP_COUNT] = {
#define STEP(name) {#name, step_##name},
	PIPELINE(STEP)
#undef STEP
};

static void run(struct job *job, enum step_result result)
{
	for (;;) {
		switch (result) {
		case STEP_NEXT:
			BUG_ON(job->step >= STEP_settle);
			job->step++;
			break;
		case STEP_AGAIN:
			break;
		case STEP_SETTLE:
			job->step = STEP_settle;
			break;
		case STEP_WAIT:
			BUG_ON(!job->waiting);
			return;
		case STEP_DONE:
			BUG_ON(job->step != STEP_settle);
			job_free(job);
			return;
		}
		log_event(LOG_DEBUG, "step", "claim", 's', job->token, "step", 's',
			steps[job->step].name);
		result = steps[job->step].run(job);
	}
}

void pipeline_start(struct job *job)
{
	job->step = STEP_parse;
	run(job, steps[job->step].run(job));
}

void pipeline_resume(struct job *job, enum step_result result)
{
	BUG_ON(!job->waiting); /* resumed twice, or before its step returned */
	job->waiting = false;
	if (job->leaving && job->step < STEP_begin &&
		(result == STEP_NEXT || result == STEP_AGAIN)) {
		job->end = JOB_GIVEN_BACK;
		result = STEP_SETTLE;
	}
	run(job, result);
}

void pipeline_leave(struct job *job)
{
	if (job->step > STEP_begin)
		return;
	job->leaving = true;
	if (job->cancel(job)) {
		job->end = JOB_GIVEN_BACK;
		pipeline_resume(job, STEP_SETTLE);
	}
}

void pipeline_cut(struct job *job)
{
	if (job->step == STEP_call && job->cancel(job))
		pipeline_resume(job, STEP_SETTLE);
}

void pipeline_drop(struct job *job)
{
	(void)job->cancel(
		job); /* the turn has forgotten its items, so nothing comes of those that could not be stopped */
	job->waiting = false;
	job_free(job);
}

const char *pipeline_step_name(const struct job *job)
{
	return steps[job->step].name;
}
