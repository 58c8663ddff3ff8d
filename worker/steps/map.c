/* SPDX-License-Identifier: MIT */
/* map: the upstream's answer becomes the job's output or its error, with the secret taken out of both; then it is wiped. */
#include "pipeline.h"

#include "bellhop/json_out.h"
#include "bellhop/response.h"
#include "retry.h"
#include "worker.h"

#define EXCERPT_BYTES 2048 /* of what an upstream said, in an error */
#define NOT_REACHED                                                       \
	"The upstream was not reached (%s): try again later, or correct " \
	"the integration's base_url."

static struct span body_of(const struct job *job)
{
	return (struct span){job->body.data, job->body.len};
}

/* Puts `text` (JSON) into the output; the rare one that holds a secret is read again and masked value by value. */
static void redact_output(struct job *job)
{
	static const struct tape_limits limits = {
		.depth = RESPONSE_MAX_DEPTH + 64, .values = UINT32_MAX};
	struct worker *worker = job->worker;
	struct span output = {job->output.data, job->output.len};

	if (job->credential.redactor.count == 0)
		return;
	/* Behind a backslash may be a secret that is escaped twice: only unescaped it is found. */
	if (memchr(output.data, '\\', output.len) == NULL &&
		!redact_finds(&job->credential.redactor, output))
		return;
	buf_clear(&worker->scratch);
	if (json_tape_read(&worker->response_tape, output.data, output.len, &limits, NULL) == 0)
		redact_json(&job->credential.redactor, &worker->response_tape, 0, &worker->scratch);
	else
		buf_add_string(&worker->scratch, "null");
	/* A mask may be longer than what it hides, and is not the upstream's. */
	job->output.max = worker->scratch.max;
	buf_clear(&job->output);
	buf_add(&job->output, worker->scratch.data, worker->scratch.len);
	if (worker->scratch.overflowed)
		job_error(job, ERROR_MAPPING_FAILED,
			"The upstream did it, but its answer is too large to hand on: map less of "
			"it.");
}

static void map_success(struct job *job)
{
	struct worker *worker = job->worker;
	struct error error = {0};

	if (response_output(job->action->output, body_of(job), worker->options->max_response_bytes,
		    &worker->response_tape, &job->output, &error) < 0)
		job_error(job, error.code, "%s", error.text);
	else
		redact_output(job);
}

/* At the end of what was cut may stand the start of a secret, which nothing finds. */
static size_t length_to_show(const struct job *job, const struct buf *text)
{
	size_t hidden = redact_longest(&job->credential.redactor), len = text->len;

	if (job->response.end == HTTP_TOO_LARGE)
		len -= hidden < len ? hidden : len;
	if (len > EXCERPT_BYTES)
		len = EXCERPT_BYTES;
	while (len > 0 && len < text->len && ((unsigned char)text->data[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* The start of what the upstream said, as text: rewritten where it is JSON, so that no spelling hides a secret. */
static void excerpt(struct job *job, struct buf *out)
{
	const struct tape_limits limits = {.depth = RESPONSE_MAX_DEPTH, .values = UINT32_MAX};
	struct json_tape *tape = &job->worker->response_tape;
	struct buf *text = &job->worker->scratch;
	struct span body = body_of(job);

	buf_clear(text);
	if (json_tape_read(tape, body.data, body.len, &limits, NULL) == 0)
		redact_json(&job->credential.redactor, tape, 0, text);
	else
		redact_text(&job->credential.redactor, body, text);
	json_out_string(out, (struct span){text->data, length_to_show(job, text)});
}

static void map_status(struct job *job)
{
	int status = job->response.status;

	if (status == 401 && job->token_serial != 0)
		token_cache_drop(job->worker->tokens, &job->token_id, job->token_serial);
	if (status >= 300 && status < 400) {
		job_error(job, ERROR_REDIRECT_REFUSED,
			"The upstream answered with a redirect (%d), and redirects are not "
			"followed: let base_url and path say where it leads.",
			status);
		buf_printf(&job->details, "{\"status\":%d}", status);
		return;
	}
	job_error(job, ERROR_UPSTREAM_STATUS,
		"The upstream answered with status %d: `details` holds what it said of it.",
		status);
	job->retryable = job_is_repeatable(job) && retry_status_passes(status);
	if (job->response.retry_after_s >= 0)
		job->retry_after_ms = job->response.retry_after_s * 1000;
	buf_printf(&job->details, "{\"status\":%d,\"body\":", status);
	excerpt(job, &job->details);
	buf_add_char(&job->details, '}');
}

/* It was on its way and no whole answer came. */
static void map_lost(struct job *job, enum error_code code, const char *cause)
{
	const char *reason = job->response.reason;

	if (!job->response.sent) {
		job_error(job, code == ERROR_TIMEOUT ? ERROR_TIMEOUT : ERROR_CONNECT_FAILED,
			NOT_REACHED, reason);
	} else if (job_is_repeatable(job)) {
		job_error(job, code, "No whole answer came (%s): try again.", reason);
		job->sent = SENT_MAYBE;
	} else {
		job_error(job, ERROR_OUTCOME_UNKNOWN,
			"The call was sent and its end is not known (%s): look at the upstream "
			"before you repeat it.",
			reason);
		buf_printf(&job->details, "{\"cause\":\"%s\"}", cause);
	}
}

static void map_end(struct job *job)
{
	const char *reason = job->response.reason;

	switch (job->response.end) {
	case HTTP_ANSWERED:
		job->sent = SENT_YES;
		if (job->response.status >= 200 && job->response.status < 300)
			map_success(job);
		else
			map_status(job);
		return;
	case HTTP_BLOCKED:
		job_error(job, ERROR_BLOCKED_ADDRESS,
			"The integration's host has an address that is not called from here: "
			"correct its base_url, or let the operator allow the network.");
		return;
	case HTTP_CONNECT_FAILED:
		job_error(job, ERROR_CONNECT_FAILED, NOT_REACHED, reason);
		return;
	case HTTP_TLS_FAILED:
		job_error(job, ERROR_TLS_FAILED,
			"The upstream's certificate or handshake was refused (%s): mend it there, "
			"or correct the integration's base_url.",
			reason);
		return;
	case HTTP_TIMED_OUT:
		map_lost(job, ERROR_TIMEOUT, "timeout");
		return;
	case HTTP_LOST:
		map_lost(job, ERROR_CONNECTION_LOST, "connection_lost");
		return;
	case HTTP_TOO_LARGE:
		if (job->response.status >= 300) {
			map_status(job);
			return;
		}
		job_error(job, ERROR_RESPONSE_TOO_LARGE,
			"The answer is larger than %zu bytes: ask the upstream for less.",
			job->worker->options->max_response_bytes);
		return;
	case HTTP_INVALID:
		job_error(job, ERROR_INVALID_RESPONSE,
			"The answer is not valid HTTP (%s): the upstream has to be mended.",
			reason);
		return;
	case HTTP_REFUSED:
		job_error(job, ERROR_INTERNAL,
			"The request could not be sent as it was made (%s): tell Bellhop's "
			"operator.",
			reason);
		return;
	case HTTP_STALE:
		break; /* never comes here: call put it back */
	}
}

enum step_result step_map(struct job *job)
{
	/* What we refuse is no attempt: the one before it counts. */
	if (job->began_before &&
		(job->response.end == HTTP_BLOCKED || job->response.end == HTTP_REFUSED))
		job_cut_off_before(job);
	else
		map_end(job);
	if (job->began_before && job->sent == SENT_NO)
		job->sent = SENT_MAYBE;
	job_forget_secret(job);
	return STEP_NEXT;
}
