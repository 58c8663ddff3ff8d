/* SPDX-License-Identifier: MIT */
/* parse: bytes and queue become a job or a decision. */
#include "pipeline.h"
#include "slot.h"
#include "worker.h"

#define DELIVERIES_MAX 3

enum step_result step_parse(struct job *job)
{
	struct error error = {0};

	if (message_read(&job->message, job->queue, job->payload.data, job->payload.len,
		    job->worker->options->max_job_bytes, &error) < 0) {
		job_error(job, ERROR_INVALID_JOB, "This is no %s: %s.",
			job->queue == QUEUE_DECISIONS ? "decision" : "job", error.text);
		job->bury = job->message.reply_to.len == 0;
		return STEP_SETTLE;
	}
	if (job->deliveries > DELIVERIES_MAX) {
		job_error(job, ERROR_INTERNAL,
			"The job was delivered %u times and no worker came to its end: do not push "
			"it "
			"again, tell Bellhop's operator.",
			job->deliveries - 1);
		job->bury = true;
		return STEP_SETTLE;
	}
	if (job_is_past_deadline(job)) {
		job_expired(job);
		/* Where an earlier delivery may have begun it, load still finds out whether its call may be repeated. */
		return strcmp(job->token, job->birth) == 0 ? STEP_SETTLE : STEP_NEXT;
	}
	return slot_take(job, LANE_ORG, job->message.org.text, 0, STEP_NEXT);
}
