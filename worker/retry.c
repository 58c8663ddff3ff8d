/* SPDX-License-Identifier: MIT */
/* retry: whether a job whose attempt failed is tried again, when, and what is answered where it is not. */
#include "retry.h"

#include <stdlib.h>

#include "io/clock.h"
#include "io/metrics.h"
#include "io/random.h"

#define TRIES_MAX	   3
#define PAUSE_MS	   500 /* the longest before the second try; doubles with each */
#define RETRY_AFTER_MAX_MS 60000

bool retry_status_passes(int status)
{
	switch (status) {
	case 408:
	case 425:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
		return true;
	default:
		return false;
	}
}

enum sent retry_sent(const struct job *job)
{
	return job->sent > job->before.sent ? job->sent : job->before.sent;
}

unsigned retry_calls(const struct job *job)
{
	return job->before.calls + (job->called ? 1 : 0);
}

int64_t retry_version(const struct job *job)
{
	if (job->answers_as_before)
		return strtoll(job->before.version, NULL, 10);
	return job->integration != NULL ? strtoll(job->integration->version, NULL, 10) : 0;
}

/* Whether the error is what became of an attempt, as against what kept it from being made. */
static bool was_tried(const struct job *job)
{
	switch (job->error.code) {
	case ERROR_DNS_FAILED:
	case ERROR_TIMEOUT:
		return true;
	case ERROR_BLOCKED_ADDRESS:
	case ERROR_EXPIRED:
	case ERROR_INTERNAL:
		return false;
	default:
		return job->begun_at_ms != 0;
	}
}

/* The upstream refused a token that was taken for good: another one may do, once. */
static bool may_renew_token(const struct job *job)
{
	return job->token_serial != 0 && job->response.status == 401 &&
	       (job->before.tries == 0 || job->before.http_status != 401);
}

/* Another attempt may end otherwise. A call that may not be repeated has these codes only where nothing of it left. */
static bool may_pass(const struct job *job)
{
	switch (job->error.code) {
	case ERROR_DNS_FAILED:
	case ERROR_CONNECT_FAILED:
	case ERROR_TIMEOUT:
	case ERROR_CONNECTION_LOST:
		return true;
	case ERROR_UPSTREAM_STATUS:
		return job_is_repeatable(job) &&
		       (retry_status_passes(job->response.status) || may_renew_token(job));
	default:
		return false;
	}
}

/* When the next attempt is due, by Redis's clock; 0: never. */
static int64_t next_due_ms(const struct job *job)
{
	unsigned before = job->before.tries;
	int64_t wait_ms, due_ms;

	if (before >= TRIES_MAX - 1 || !may_pass(job) || job->retry_after_ms > RETRY_AFTER_MAX_MS)
		return 0;
	/* The upstream is well: nobody has to be spared. */
	wait_ms = may_renew_token(job) ? 0 : random_below(PAUSE_MS << before);
	if (wait_ms < job->retry_after_ms)
		wait_ms = job->retry_after_ms;
	due_ms = clock_redis_ms() + wait_ms;
	return job->message.deadline_ms > 0 && due_ms >= job->message.deadline_ms ? 0 : due_ms;
}

/* What this attempt came to goes with the job. */
static void carry(struct job *job)
{
	struct attempts *before = &job->before;

	before->tries++;
	before->calls = retry_calls(job);
	job->called = false; /* it is counted */
	before->sent = retry_sent(job);
	before->error = job->error;
	before->retryable = job->retryable;
	before->retry_after_ms = job->retry_after_ms;
	before->http_status = job->response.status;
	before->duration_ms = job->response.duration_ms;
	before->begun_at_ms = job->begun_at_ms;
	snprintf(before->version, sizeof(before->version), "%s", job->integration->version);
	buf_clear(&before->details);
	buf_add(&before->details, job->details.data, job->details.len);
}

static void try_again(struct job *job, int64_t due_ms)
{
	job->due_ms = due_ms;
	if (job->begun_at_ms == 0)
		job->end = JOB_DELAYED; /* it has no mark of its own yet, or an earlier one's */
	else if (retry_sent(job) == SENT_NO)
		job->end = JOB_UNSENT;
	else
		job->end = JOB_AGAIN;
	carry(job);
	metrics_add(METRICS_RETRIES, 1);
}

void retry_answer_as_before(struct job *job)
{
	const struct attempts *before = &job->before;

	job_error_clear(job);
	job->answers_as_before = true;
	job->error = before->error;
	job->status = REPLY_FAILED;
	job->sent = before->sent;
	job->retryable = before->retryable;
	job->retry_after_ms = before->retry_after_ms;
	job->response.status = before->http_status;
	job->response.duration_ms = before->duration_ms;
	buf_add(&job->details, before->details.data, before->details.len);
}

void retry_judge(struct job *job)
{
	int64_t due_ms;

	/* An earlier delivery's call whose end nobody knows is the last attempt, whatever was carried. */
	if (job->status != REPLY_FAILED || job->identity_done)
		return;
	if (!was_tried(job)) {
		if (job->before.tries > 0)
			retry_answer_as_before(job);
		return;
	}
	due_ms = next_due_ms(job);
	if (due_ms > 0)
		try_again(job, due_ms);
}
