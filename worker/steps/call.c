/* SPDX-License-Identifier: MIT */
/* call: the HTTP request. It was begun: whatever happens now, its end is told truly. */
#include "pipeline.h"

#include "io/clock.h"
#include "io/metrics.h"
#include "worker.h"

#define BEGUN_FRESH_US \
	1000000 /* of begin's answer: what was begun longer ago is no longer what the window says */

/* Nothing of this delivery left. What an earlier one may have sent stays marked. */
static void put_back(struct job *job)
{
	job->end = job->began_before ? JOB_GIVEN_BACK : JOB_UNSENT;
	job->due_ms = clock_redis_ms();
}

static void on_done(void *arg, const struct http_response *response)
{
	struct job *job = arg;

	job->call = NULL;
	job->response = *response;
	job->called = true;
	metrics_call_ended(response->status, response->duration_us);
	if (response->end == HTTP_STALE) {
		put_back(job);
		pipeline_resume(job, STEP_SETTLE);
		return;
	}
	pipeline_resume(job, STEP_NEXT);
}

/* Cut off at the end of draining: what may be repeated, or never left, goes back; what may not is told. */
static bool cut_off(struct job *job)
{
	bool sent = http_cancel(job->call);

	job->call = NULL;
	job->called = sent;
	if (!sent) {
		put_back(job);
	} else if (job_is_repeatable(job)) {
		job->end = JOB_GIVEN_BACK;
	} else {
		job_error(job, ERROR_OUTCOME_UNKNOWN,
			"The call was cut off when the worker stopped, and its end is not known: "
			"look at the upstream before you repeat it.");
		buf_add_string(&job->details, "{\"cause\":\"worker_stopped\"}");
	}
	return true;
}

static int64_t time_left_ms(const struct job *job, int64_t now_us)
{
	int64_t left = job->action->timeout_ms - (now_us - job->call_started_us) / 1000;
	int64_t deadline = job->message.deadline_ms;

	if (deadline > 0 && deadline - clock_redis_ms() < left)
		left = deadline - clock_redis_ms();
	return left;
}

static enum step_result too_late(struct job *job)
{
	if (job->began_before)
		job_cut_off_before(job);
	else if (job_is_past_deadline(job))
		job_expired(job);
	else
		job_error(job, ERROR_TIMEOUT,
			"The action's timeout_ms was over before anything was sent: try again.");
	return STEP_SETTLE;
}

enum step_result step_call(struct job *job)
{
	const struct url *base = &job->integration->definition->base;
	struct worker *worker = job->worker;
	int64_t now_us = clock_now_us();
	int64_t left = time_left_ms(job, now_us);
	char pool[2 * NAME_MAX_BYTES + 2];

	if (now_us - job->begun_mono_us > BEGUN_FRESH_US) {
		put_back(job);
		return STEP_SETTLE;
	}
	if (left <= 0)
		return too_late(job);
	snprintf(pool, sizeof(pool), "%s %s", job->message.org.text, job->integration->name);
	job->call = http_start(worker->http,
		&(struct http_request){
			.pool = pool,
			.method = job->request.method,
			.url = job->request.url.data,
			.host = base->host,
			.port = base->port,
			.headers = job->request.headers.data,
			.header_count = job->request.header_count,
			.credential = job->credential.line,
			.body = job->request.has_body ? job->request.body.data : NULL,
			.body_len = job->request.body.len,
			.addresses = &job->addresses,
			.repeatable = job_is_repeatable(job),
			.timeout_ms = (uint32_t)left,
			.max_response_bytes = worker->options->max_response_bytes,
			.begun_at_us = job->begun_mono_us,
			.begun_valid_us = (int64_t)worker->options->lease_ms * 1000,
		},
		&job->body, on_done, job);
	job_wait(job, "the upstream's answer", cut_off);
	return STEP_WAIT;
}
