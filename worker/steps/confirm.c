/* SPDX-License-Identifier: MIT */
/*
 * confirm: a job from chat that needs a person is frozen and shown instead of sent; a person's no is an end of its own; a
 * yes goes on. Nothing inside a message can skip this: the queue says who asked, the definition what needs a person.
 */
#include "pipeline.h"

#include <stdio.h>

#include "bellhop/json_out.h"
#include "io/clock.h"
#include "io/random.h"
#include "worker.h"

/* `{"id","integration","action","version","request"}`, encrypted and bound to this org and token. */
static void freeze(struct job *job)
{
	char context[2 * NAME_MAX_BYTES + 2];
	int len = snprintf(
		context, sizeof(context), "%s %s", job->message.org.text, job->confirm_token);

	buf_printf(&job->frozen,
		"{\"id\":\"%s\",\"integration\":\"%s\",\"action\":\"%s\",\"version\":",
		job->message.id.text, job->integration->name, job->action->name);
	json_out_string(&job->frozen, span_of(job->integration->version));
	buf_add_string(&job->frozen, ",\"request\":");
	request_json(&job->request, &job->frozen);
	buf_add_char(&job->frozen, '}');
	keyring_freeze(job->worker->keyring, (struct span){job->frozen.data, job->frozen.len},
		(struct span){context, (size_t)len}, &job->sealed);
}

static enum step_result ask(struct job *job)
{
	struct buf *out = &job->confirmation;

	random_hex(job->confirm_token, (JOB_TOKEN_BYTES - 1) / 2);
	job->confirm_expires_ms =
		clock_redis_ms() + (int64_t)job->worker->options->confirm_ttl_s * 1000;
	buf_printf(out, "{\"token\":\"%s\",\"expires_at_ms\":%lld,\"title\":", job->confirm_token,
		(long long)job->confirm_expires_ms);
	json_out_string(out, span_of(job->action->title));
	buf_printf(out, ",\"kind\":\"%s\",\"request\":", job->action->write ? "write" : "read");
	request_json(&job->request, out);
	buf_add_char(out, '}');
	freeze(job);
	job->status = REPLY_PENDING;
	return STEP_SETTLE;
}

/* What may have changed since it was shown; begin asks again, atomically. A token that this very decision used before is begin's. */
static bool is_void(const struct job *job)
{
	return job->confirmation.len == 0 &&
	       (strcmp(job->confirm_version, job->integration->version) != 0 ||
		       !integration_is_on(job->integration, job->action->name));
}

static enum step_result decide(struct job *job)
{
	if (is_void(job)) {
		job_token_error(job, ERROR_CONFIRMATION_VOID);
		return STEP_SETTLE;
	}
	job_write_used(job);
	if (job->message.decision == DECISION_APPROVE)
		return STEP_NEXT;
	job->status = REPLY_DECLINED;
	return STEP_SETTLE;
}

enum step_result step_confirm(struct job *job)
{
	if (job->message.decision != DECISION_NONE)
		return decide(job);
	if (job->queue == QUEUE_CHAT && job->action->requires_confirmation)
		return ask(job);
	return STEP_NEXT;
}
