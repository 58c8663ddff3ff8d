/* SPDX-License-Identifier: MIT */
/*
 * begin: the one moment at which Redis says that a call may be made: the id is free, the definition is still so, the token
 * unused, the window has room; and the mark is written before the first byte may leave. Policy about calls lives here, so a
 * worker's death, a redelivery and a duplicate all meet it.
 */
#include "pipeline.h"

#include <stdlib.h>

#include "io/clock.h"
#include "io/metrics.h"
#include "worker.h"

static bool begins_with(struct span answer, const char *word, struct span *rest)
{
	size_t len = strlen(word);

	if (answer.len < len || memcmp(answer.data, word, len) != 0)
		return false;
	if (answer.len == len) {
		*rest = (struct span){"", 0};
		return true;
	}
	if (answer.data[len] != ' ')
		return false;
	*rest = (struct span){answer.data + len + 1, answer.len - len - 1};
	return true;
}

static enum step_result give_back(struct job *job)
{
	integration_cache_forget(job->worker->integrations, job->integration);
	job->end = JOB_GIVEN_BACK;
	return STEP_SETTLE;
}

static enum step_result rate_limited(struct job *job, int64_t wait_ms)
{
	job_error(job, ERROR_RATE_LIMITED,
		"This action may be called %u times in %u s: try again in %lld ms.",
		job->action->limit_calls, job->action->limit_window_s, (long long)wait_ms);
	job->retry_after_ms = wait_ms;
	metrics_add(METRICS_LIMITED, 1);
	buf_printf(&job->details, "{\"limit\":%u,\"window_ms\":%lld}", job->action->limit_calls,
		(long long)job->action->limit_window_s * 1000);
	return STEP_SETTLE;
}

/* An earlier delivery may have sent this call, and it may not be sent again, or may no more. */
static enum step_result cut_off_before(struct job *job)
{
	job_cut_off_before(job);
	return STEP_SETTLE;
}

/* `ms who`: a job that was let in before waits for room in the window, where that comes before its deadline. */
static enum step_result wait_for_room(struct job *job, struct span answer)
{
	char *who;
	int64_t wait_ms = strtoll(answer.data, &who, 10);

	job->due_ms = clock_redis_ms() + wait_ms;
	if (job->message.deadline_ms == 0 || job->due_ms < job->message.deadline_ms) {
		job->end = JOB_DELAYED;
		return STEP_SETTLE;
	}
	return strcmp(who, " ours") == 0 ? cut_off_before(job) : rate_limited(job, wait_ms);
}

static enum step_result refused(struct job *job, struct span answer)
{
	struct span rest;

	if (job_token_refused(job, answer))
		return STEP_SETTLE;
	if (begins_with(answer, "expired", &rest) || begins_with(answer, "ended", &rest))
		job_expired(job);
	else /* duplicate, conflict, waiting, lost: settle asks and hears it again */
		job->id_is_taken = true;
	return STEP_SETTLE;
}

static enum step_result begun(struct job *job, struct span rest)
{
	char *end;
	int64_t at_us = strtoll(rest.data, &end, 10);

	job->begun_at_ms = at_us / 1000;
	job->begun_mono_us = clock_now_us() - (clock_redis_ms() - job->begun_at_ms) * 1000;
	job->began_before = end[0] == ' ' && end[1] == '1';
	return STEP_NEXT;
}

static void on_answer(void *arg, struct span answer)
{
	struct job *job = arg;
	struct span rest;
	enum step_result result;

	if (begins_with(answer, "ok", &rest))
		result = begun(job, rest);
	else if (begins_with(answer, "changed", &rest))
		result = give_back(job);
	else if (begins_with(answer, "rate_limited", &rest))
		result = rate_limited(job, strtoll(rest.data, NULL, 10));
	else if (begins_with(answer, "unknown", &rest) || begins_with(answer, "over", &rest))
		result = cut_off_before(job);
	else if (begins_with(answer, "error", &rest)) {
		job_error(job, ERROR_INTERNAL,
			"What Redis holds under a key of this job is not what it should be: tell "
			"Bellhop's "
			"operator.");
		result = STEP_SETTLE;
	} else if (begins_with(answer, "wait_room", &rest)) {
		result = wait_for_room(job, rest);
	} else {
		result = refused(job, answer);
	}
	pipeline_resume(job, result);
}

static bool cancel_begin(struct job *job)
{
	return turn_cancel(&job->item);
}

enum step_result step_begin(struct job *job)
{
	const bool decision = job->message.decision != DECISION_NONE;
	const struct turn_begin begin = {
		.claim = job_claim(job),
		.basis = job_basis(job),
		.repeatable = job_is_repeatable(job),
		.deadline_ms = job->message.deadline_ms,
		.limit_calls = job->action->limit_calls,
		.limit_window_s = job->action->limit_window_s,
		.confirm_token = decision ? job->message.token.text : NULL,
		.used = {job->used.data, job->used.len},
	};

	turn_add_begin(job->worker->turn, &job->item, &begin, on_answer, job);
	job_wait(job, "leave to begin", cancel_begin);
	return STEP_WAIT;
}
