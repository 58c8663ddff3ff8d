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

static bool used_by_this(const struct job *job)
{
	char mine[NAME_MAX_BYTES + 24];
	int len = snprintf(mine, sizeof(mine), "\"decision_id\":\"%s\"}", job->message.id.text);

	return job->confirmation.len >= (size_t)len &&
	       memcmp(job->confirmation.data + job->confirmation.len - len, mine, (size_t)len) == 0;
}

/* What the token says before anything else is asked of Redis; begin asks again, atomically. */
static void check_token(struct job *job)
{
	if (job->confirmation.len > 0 && !used_by_this(job)) {
		job_token_error(job, ERROR_CONFIRMATION_USED);
		buf_add(&job->details, job->confirmation.data, job->confirmation.len);
	} else if (job->confirmation.len > 0) {
		return; /* by an earlier delivery of this decision: begin knows what became of it */
	} else if (clock_redis_ms() >= job->confirm_expires_ms) {
		job_token_error(job, ERROR_CONFIRMATION_EXPIRED);
	} else if (strcmp(job->confirm_version, job->integration->version) != 0 ||
		   !integration_is_on(job->integration, job->action->name)) {
		job_token_error(job, ERROR_CONFIRMATION_VOID);
	}
}

static enum step_result decide(struct job *job)
{
	struct buf *used = &job->used;

	check_token(job);
	if (job->error.code != ERROR_NONE)
		return STEP_SETTLE;
	buf_printf(used, "{\"decision\":\"%s\",",
		job->message.decision == DECISION_APPROVE ? "approve" : "decline");
	if (job->message.by.len > 0) {
		buf_add_string(used, "\"by\":");
		buf_add(used, job->message.by.data, job->message.by.len);
		buf_add_char(used, ',');
	}
	buf_printf(used, "\"decision_id\":\"%s\"}", job->message.id.text);
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
