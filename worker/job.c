/* SPDX-License-Identifier: MIT */
/* job: one message on its way through the pipeline. */
#include "job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/clock.h"
#include "slot.h"
#include "io/metrics.h"
#include "io/queue_wait.h"
#include "worker.h"

#define SPARE_MAX      1024
#define BUFFERS	       12
#define KEEP_BYTES     (16 * 1024)
#define PAYLOAD_MAX    (64 * 1024 * 1024 + 1)
#define TEXT_MAX_BYTES (32 * 1024 * 1024)
#define ESCAPED_RATIO  6 /* a control character of one byte becomes \u00XX */

static struct buf *const *buffers_of(struct job *job, struct buf *list[BUFFERS])
{
	struct buf *all[BUFFERS] = {&job->field, &job->parts, &job->payload, &job->frozen,
		&job->used, &job->confirmation, &job->sealed, &job->body, &job->output,
		&job->details, &job->reply, &job->dead_entry};

	memcpy(list, all, sizeof(all));
	return list;
}

static struct job *make(struct worker *worker)
{
	struct job *job = xcalloc(1, sizeof(*job));
	struct buf *buffers[BUFFERS];

	job->worker = worker;
	buffers_of(job, buffers);
	for (size_t i = 0; i < ARRAY_SIZE(buffers); i++)
		buf_init(buffers[i], TEXT_MAX_BYTES);
	attempts_init(&job->before);
	job->payload.max = PAYLOAD_MAX;
	job->body.max = worker->options->max_response_bytes;
	job->reply.max =
		2 * TEXT_MAX_BYTES + (size_t)worker->options->max_response_bytes * ESCAPED_RATIO;
	message_init(&job->message);
	json_tape_init(&job->frozen_tape);
	request_init(&job->request);
	turn_item_init(&job->item);
	return job;
}

void job_destroy(struct job *job)
{
	struct buf *buffers[BUFFERS];

	buffers_of(job, buffers);
	for (size_t i = 0; i < ARRAY_SIZE(buffers); i++)
		buf_release(buffers[i]);
	attempts_release(&job->before);
	message_release(&job->message);
	json_tape_release(&job->frozen_tape);
	request_release(&job->request);
	turn_item_release(&job->item);
	if (job->pause != NULL)
		event_free(job->pause);
	if (job->token_turn != NULL)
		event_free(job->token_turn);
	free(job);
}

static void clear(struct job *job)
{
	struct buf *buffers[BUFFERS];

	buffers_of(job, buffers);
	for (size_t i = 0; i < ARRAY_SIZE(buffers); i++)
		buf_shrink(buffers[i], KEEP_BYTES);
	message_clear(&job->message);
	request_clear(&job->request);
	job->waiting_for = NULL;
	job->cancel = NULL;
	job->leaving = false;
	memset(job->places, 0, sizeof(job->places));
	job->reading = NULL;
	job->load = NULL;
	job->integration = NULL;
	job->action = NULL;
	job->confirms.len = 0;
	job->confirms.text[0] = '\0';
	job->confirm_version[0] = '\0';
	job->confirm_token[0] = '\0';
	job->confirm_expires_ms = 0;
	credential_init(&job->credential);
	job->token_wait = NULL;
	job->token_serial = 0;
	job->token_us = -1;
	job->lookup = NULL;
	job->addresses.count = 0;
	job->lookup_us = -1;
	job->call_started_us = 0;
	job->begun_at_ms = 0;
	job->began_before = false;
	job->retry_after_ms = -1;
	job->call = NULL;
	job->response = (struct http_response){.retry_after_s = -1, .connected_us = -1};
	job->called = false;
	job->end = JOB_REPLIES;
	job->status = REPLY_SUCCEEDED;
	error_clear(&job->error);
	job->sent = SENT_NO;
	job->retryable = false;
	job->bury = false;
	job->identity_done = false;
	job->id_is_taken = false;
	job->answers_as_before = false;
	job->keys_are_wrong = false;
}

/* Cuts `token queue deliveries birth carry`. */
static bool read_field(struct job *job, struct span field)
{
	char *parts[5], *rest;

	buf_add(&job->field, field.data, field.len);
	buf_add(&job->parts, field.data, field.len);
	rest = job->parts.data;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		parts[i] = strsep(&rest, " ");
		if (parts[i] == NULL)
			return false;
	}
	job->token = parts[0];
	job->queue = parts[1][0] == 'd'	  ? QUEUE_DECISIONS
		     : parts[1][0] == 'c' ? QUEUE_CHAT
					  : QUEUE_WORKFLOW;
	job->deliveries = (unsigned)strtoul(parts[2], NULL, 10);
	job->birth = parts[3];
	attempts_read(&job->before, parts[4]);
	return true;
}

/* It comes out of its queue, not from where jobs are put back. */
static bool is_new(const struct job *job)
{
	return strcmp(job->birth, job->token) == 0;
}

struct job *job_new(struct worker *worker, struct span field, struct span payload)
{
	struct job *job = worker->spare;

	if (job != NULL) {
		worker->spare = job->newer;
		worker->spare_count--;
	} else {
		job = make(worker);
	}
	clear(job);
	if (!read_field(job, field)) {
		job_destroy(job);
		return NULL;
	}
	/* What is longer than any job may be is no job, whatever its end says. */
	buf_add(&job->payload, payload.data, payload.len < PAYLOAD_MAX ? payload.len : PAYLOAD_MAX);
	job->claimed_at_us = clock_now_us();
	job->waited_us = is_new(job) ? queue_wait_us(job->queue) : -1;
	if (job->waited_us >= 0)
		metrics_job_waited(job->queue, job->waited_us);
	job->newer = NULL;
	job->older = worker->newest;
	*(worker->newest != NULL ? &worker->newest->newer : &worker->oldest) = job;
	worker->newest = job;
	worker->in_flight++;
	worker->workflows += job->queue == QUEUE_WORKFLOW;
	return job;
}

void job_forget_secret(struct job *job)
{
	credential_clear(&job->credential, job->worker->secrets);
}

void job_free(struct job *job)
{
	struct worker *worker = job->worker;

	BUG_ON(job->waiting);
	job_forget_secret(job);
	if (job->pause != NULL)
		event_del(job->pause);
	slot_give_back(job);
	integration_release(job->integration);
	*(job->newer != NULL ? &job->newer->older : &worker->newest) = job->older;
	*(job->older != NULL ? &job->older->newer : &worker->oldest) = job->newer;
	worker->in_flight--;
	worker->workflows -= job->queue == QUEUE_WORKFLOW;
	if (worker->spare_count < SPARE_MAX) {
		job->newer = worker->spare;
		worker->spare = job;
		worker->spare_count++;
	} else {
		job_destroy(job);
	}
	worker_job_over(worker);
}

void job_wait(struct job *job, const char *what, bool (*cancel)(struct job *job))
{
	BUG_ON(job->waiting);
	job->waiting = true;
	job->waiting_for = what;
	job->cancel = cancel;
}

struct turn_claim job_claim(const struct job *job)
{
	return (struct turn_claim){
		.field = job->field.data,
		.token = job->token,
		.birth = job->birth,
		.org = job->message.org.text,
		.id = job->message.id.text,
		.digest = job->message.digest,
	};
}

struct turn_basis job_basis(const struct job *job)
{
	const struct integration *integration = job->integration;
	struct turn_basis basis = {
		.org = job->message.org.text,
		.integration = integration->name,
		.action = job->action != NULL ? job->action->name : "",
		.version = integration->version,
		.secrets = integration->secret_count,
	};

	for (size_t i = 0; i < integration->secret_count; i++) {
		const struct integration_secret *secret = &integration->secrets[i];

		basis.fields[i] = secret->field;
		basis.tags[i] = (struct span){secret->tag, secret->tag_len};
	}
	return basis;
}

void job_error(struct job *job, enum error_code code, const char *format, ...)
{
	char text[ERROR_TEXT_BYTES];
	va_list args;

	if (job->error.code != ERROR_NONE)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(&job->error, code, "%s", text);
	job->status = REPLY_FAILED;
	job->sent = error_info(code)->sent;
	job->retryable = error_info(code)->retryable;
}

static const struct {
	enum error_code code;
	const char *sentence;
} token_errors[] = {
	{ERROR_CONFIRMATION_UNKNOWN,
		"There is no confirmation with this token in this org: ask for a new one."},
	{ERROR_CONFIRMATION_EXPIRED, "This confirmation has expired: ask for a new one."},
	{ERROR_CONFIRMATION_USED, "This confirmation was used before: ask for a new one."},
	{ERROR_CONFIRMATION_VOID,
		"The integration was changed after this was shown: ask for a new one."},
};

void job_token_error(struct job *job, enum error_code code)
{
	for (size_t i = 0; i < ARRAY_SIZE(token_errors); i++) {
		if (token_errors[i].code == code) {
			job_error(job, code, "%s", token_errors[i].sentence);
			return;
		}
	}
	BUG("%s is not about a token", error_info(code)->name);
}

bool job_token_refused(struct job *job, struct span answer)
{
	for (size_t i = 0; i < ARRAY_SIZE(token_errors); i++) {
		const char *name = error_info(token_errors[i].code)->name;
		size_t len = strlen(name);

		if (answer.len < len || memcmp(answer.data, name, len) != 0)
			continue;
		job_token_error(job, token_errors[i].code);
		if (answer.len > len + 1) /* how it was used */
			buf_add(&job->details, answer.data + len + 1, answer.len - len - 1);
		return true;
	}
	return false;
}

void job_write_used(struct job *job)
{
	const struct message *message = &job->message;
	struct buf *used = &job->used;

	buf_clear(used);
	buf_printf(used, "{\"decision\":\"%s\",",
		message->decision == DECISION_APPROVE ? "approve" : "decline");
	if (message->by.len > 0) {
		buf_add_string(used, "\"by\":");
		buf_add(used, message->by.data, message->by.len);
		buf_add_char(used, ',');
	}
	buf_printf(used, "\"decision_id\":\"%s\"}", message->id.text);
}

void job_expired(struct job *job)
{
	job_error(job, ERROR_EXPIRED,
		"The deadline passed before anything was sent: give it a later one.");
}

void job_cut_off_before(struct job *job)
{
	job->identity_done = true;
	if (job_is_repeatable(job)) {
		job_error(job, ERROR_CONNECTION_LOST,
			"The worker that made this call died before it could say how it ended: try "
			"again.");
		return;
	}
	job_error(job, ERROR_OUTCOME_UNKNOWN,
		"The call was begun, and the worker that made it died before its end: look at the "
		"upstream before you repeat it.");
	buf_add_string(&job->details, "{\"cause\":\"worker_lost\"}");
}

void job_error_clear(struct job *job)
{
	error_clear(&job->error);
	buf_clear(&job->details);
	job->status = REPLY_SUCCEEDED;
	job->retry_after_ms = -1;
}

bool job_is_repeatable(const struct job *job)
{
	return job->action != NULL && job->action->idempotency != IDEMPOTENCY_NONE;
}

bool job_is_past_deadline(const struct job *job)
{
	return job->message.deadline_ms > 0 && clock_redis_ms() >= job->message.deadline_ms;
}
