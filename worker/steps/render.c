/* SPDX-License-Identifier: MIT */
/* render: the inputs become the exact request; a decision's request is the one that was shown. */
#include "pipeline.h"

#include "bellhop/json_tape.h"
#include "bellhop/url.h"
#include "worker.h"

static enum step_result render_frozen(struct job *job)
{
	uint32_t request = tape_member(&job->frozen_tape, 0, "request");
	struct span url;

	if (request == TAPE_NONE || request_read(&job->request, &job->frozen_tape, request) < 0) {
		job_error(job, ERROR_CONFIRMATION_UNKNOWN,
			"What was stored for this token is not a request: ask for a new one.");
		return STEP_SETTLE;
	}
	/* A definition written past the tool may have kept its version: the credential still goes to its origin only. */
	url = (struct span){job->request.url.data, job->request.url.len};
	if (!url_is_under(&job->integration->definition->base, url)) {
		job_token_error(job, ERROR_CONFIRMATION_VOID);
		return STEP_SETTLE;
	}
	return STEP_NEXT;
}

static void refuse_inputs(struct job *job, const struct problems *problems)
{
	struct buf sentence;

	buf_init(&sentence, ERROR_TEXT_BYTES * 2);
	problems_sentence(problems, &sentence);
	job_error(job, ERROR_INVALID_INPUTS, "Correct the inputs: %s.", sentence.data);
	problems_json(problems, &job->details);
	buf_release(&sentence);
}

enum step_result step_render(struct job *job)
{
	const struct message *message = &job->message;
	char key[REQUEST_KEY_BYTES] = "";
	struct problems problems;
	int rendered;

	if (message->decision != DECISION_NONE)
		return render_frozen(job);
	if (!integration_is_on(job->integration, job->action->name)) {
		job_error(job, ERROR_DISABLED,
			"The %s is switched off: an administrator may enable it.",
			job->integration->enabled ? "action" : "integration");
		return STEP_SETTLE;
	}
	if (job->action->idempotency == IDEMPOTENCY_KEY)
		request_idempotency_key(key, message->org.text, message->integration.text,
			message->action.text, message->id.text);
	problems_init(&problems);
	rendered = request_render(&job->request, job->integration->definition, job->action,
		&message->tape, message->inputs, key, &problems);
	if (rendered < 0)
		refuse_inputs(job, &problems);
	problems_release(&problems);
	return rendered < 0 ? STEP_SETTLE : STEP_NEXT;
}
