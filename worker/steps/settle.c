/* SPDX-License-Identifier: MIT */
/*
 * settle: the one end of every job. Either its reply and all that goes with it is written in one script, or it goes back to
 * where another delivery finds it. The claim decides: where it is not ours any more, nothing is written.
 */
#include "pipeline.h"

#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "io/clock.h"
#include "io/metrics.h"
#include "journal.h"
#include "retry.h"
#include "worker.h"

#define DEAD_PAYLOAD_BYTES (64 * 1024)
#define PUT_OFF_MS	   1000
/* What no integration has: where the id that was taken is free by now, the script says `changed`, and the job runs. */
#define NO_VERSION "-"

static void on_answer(void *arg, struct span answer);

static const char *code_of(const struct job *job)
{
	return job->status == REPLY_FAILED ? error_info(job->error.code)->name : "";
}

static bool cancel_settle(struct job *job)
{
	return turn_cancel(&job->item);
}

static bool was_begun(const struct job *job)
{
	return job->begun_at_ms != 0 || job->identity_done;
}

static void write_reply(struct job *job)
{
	const struct message *message = &job->message;
	const bool decision = message->decision != DECISION_NONE;
	const struct reply reply = {
		.status = job->status,
		.sent = retry_sent(job),
		.digest = message->digest,
		.id = message->id.text,
		.org = message->org.text,
		.integration = message->integration.text,
		.action = message->action.text,
		.confirms = decision && job->confirms.len > 0 ? job->confirms.text : NULL,
		.output = {job->output.data, job->output.len},
		.confirmation = {job->confirmation.data, job->confirmation.len},
		.error = &job->error,
		.retryable = job->retryable,
		.retry_after_ms = job->retry_after_ms,
		.details = {job->details.data, job->details.len},
		.http_status = job->response.status,
		.attempts = retry_calls(job),
		.duration_ms = job->response.duration_ms,
		.definition_version = retry_version(job),
		.traceparent = message->traceparent,
		.meta = message->meta,
	};

	buf_clear(&job->reply);
	reply_write(&reply, &job->reply);
	BUG_ON(job->reply.overflowed);
}

/* What `dead` holds: `{"payload","reason","time_ms"}`; the reason begins with the queue, which a later retry needs to know. */
static void write_dead_entry(struct job *job)
{
	size_t len = job->payload.len < DEAD_PAYLOAD_BYTES ? job->payload.len : DEAD_PAYLOAD_BYTES;
	struct buf *out = &job->dead_entry;

	buf_clear(out);
	buf_add_string(out, "{\"payload\":");
	json_out_string(out, (struct span){job->payload.data, len});
	buf_printf(out, ",\"reason\":\"%s: ", queue_name(job->queue));
	json_out_escaped(out, span_of(job->error.text));
	buf_printf(out, "\",\"time_ms\":%lld}", (long long)clock_redis_ms());
}

/* Of its last attempt; 0: none was begun. */
static int64_t begun_at_ms(const struct job *job)
{
	return job->begun_at_ms != 0 ? job->begun_at_ms : job->before.begun_at_ms;
}

/* A token is used up when its call is begun; of this one nothing left. (Where it was never begun, the script leaves the token alone.) */
static bool gives_token_back(const struct job *job)
{
	return job->message.decision == DECISION_APPROVE && job->status == REPLY_FAILED &&
	       retry_sent(job) == SENT_NO;
}

/* Whether the message could be read: an id without a content is nobody's. */
static bool is_job(const struct message *message)
{
	return message->integration.len > 0 || message->token.len > 0;
}

static unsigned flags_of(const struct job *job)
{
	const struct message *message = &job->message;
	unsigned flags = 0;

	if (message->reply_to.len > 0)
		flags |= TURN_REPLY;
	if (job->bury)
		flags |= TURN_DEAD;
	if (!is_job(message))
		return flags;
	flags |= TURN_AUDIT;
	if (job->error.code == ERROR_ID_CONFLICT)
		return flags;
	if (job->keys_are_wrong)
		return flags;
	flags |= TURN_STORE;
	if (gives_token_back(job))
		flags |= TURN_UNUSE;
	if (was_begun(job))
		return flags;
	flags |= TURN_IDENTITY;
	if (job->answers_as_before)
		return flags;
	if (job->integration != NULL && job->integration->versioned)
		flags |= TURN_BASIS;
	if (job->status == REPLY_PENDING)
		flags |= TURN_PENDING;
	if (job->status == REPLY_DECLINED)
		flags |= TURN_DECLINE;
	return flags;
}

/* `by` without its quotes: the audit log holds text. */
static struct span by_of(const struct message *message)
{
	if (message->by.len < 2)
		return (struct span){"", 0};
	return (struct span){message->by.data + 1, message->by.len - 2};
}

static void add_reply(struct job *job)
{
	struct turn_settle settle = {
		.claim = job_claim(job),
		.flags = flags_of(job),
		.reply_to = job->message.reply_to.text,
		.confirm_token =
			job->status == REPLY_PENDING ? job->confirm_token : job->message.token.text,
		.expires_at_ms = job->confirm_expires_ms,
		.frozen = {job->sealed.data, job->sealed.len},
	};

	if ((settle.flags & TURN_UNUSE) && job->used.len == 0)
		job_write_used(job);
	settle.used = (struct span){job->used.data, job->used.len};
	write_reply(job);
	settle.reply = (struct span){job->reply.data, job->reply.len};
	settle.audit.integration = job->message.integration.text;
	settle.audit.action = job->message.action.text;
	settle.audit.version = retry_version(job);
	settle.audit.status = reply_status_name(job->status);
	settle.audit.code = code_of(job);
	settle.audit.sent = sent_name(retry_sent(job));
	settle.audit.attempts = retry_calls(job);
	settle.audit.begun_at_ms = begun_at_ms(job);
	settle.audit.http_status = job->response.status;
	settle.audit.ms = job->response.duration_ms;
	settle.audit.by = by_of(&job->message);
	if (job->integration != NULL) {
		settle.basis = job_basis(job);
		if (job->id_is_taken)
			settle.basis.version = NO_VERSION;
		settle.confirm_version = job->integration->version;
	}
	settle.dead = (struct span){job->dead_entry.data, job->dead_entry.len};
	turn_add_settle(job->worker->turn, &job->item, &settle, on_answer, job);
}

/* `queue deliveries birth carry`. A job that is given back was not delivered in vain: its count stays what it was. */
static void write_envelope(const struct job *job, struct buf *envelope)
{
	static const char letters[QUEUE_COUNT] = {'d', 'c', 'w'};

	buf_clear(envelope);
	buf_printf(envelope, "%c %u %s ", letters[job->queue], job->deliveries - 1, job->birth);
	attempts_write(&job->before, envelope);
}

static void add_put_back(struct job *job)
{
	static const enum turn_back backs[] = {
		[JOB_GIVEN_BACK] = TURN_GIVE,
		[JOB_DELAYED] = TURN_DELAY,
		[JOB_UNSENT] = TURN_UNSENT,
		[JOB_PARKED] = TURN_PARK,
		[JOB_AGAIN] = TURN_AGAIN,
	};
	const struct turn_claim claim = job_claim(job);
	struct buf *envelope = &job->worker->scratch;

	write_envelope(job, envelope);
	turn_add_back(job->worker->turn, &job->item, &claim,
		&(struct turn_putting_back){
			.back = backs[job->end],
			.envelope = envelope->data,
			.due_ms = job->due_ms,
			.lane = job->full_lane,
			.workflow = job->queue == QUEUE_WORKFLOW,
			.first = strcmp(job->token, job->birth) != 0,
		},
		on_answer, job);
}

static void note_end(const struct job *job)
{
	if (job->end != JOB_REPLIES) {
		metrics_add(METRICS_GIVEN_BACK, 1);
		journal_put_back(job);
		if (job->end == JOB_PARKED)
			lanes_parked(
				job->worker->lanes, job->full_lane, job->queue == QUEUE_WORKFLOW);
		else if (job->end != JOB_GIVEN_BACK)
			janitor_expect(job->worker->janitor, job->due_ms);
		return;
	}
	metrics_job_ended(
		job->queue, job->status, job->error.code, clock_now_us() - job->claimed_at_us);
	journal_ended(job);
}

static bool starts(struct span answer, const char *word)
{
	size_t len = strlen(word);

	return answer.len >= len && memcmp(answer.data, word, len) == 0;
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	add_put_back(arg);
}

/* Not even its reply can be written, or not yet: it comes again in a while. Where Redis cannot take it back either, because another key of
 * Bellhop's own is of another type, it is kept and tried now and then. */
static void put_off(struct job *job)
{
	if (job->end == JOB_DELAYED) {
		if (job->pause == NULL)
			job->pause = evtimer_new(job->worker->base, on_pause_over, job);
		worker_set_timer(job->pause, PUT_OFF_MS * 1000);
		return;
	}
	job->end = JOB_DELAYED;
	job->due_ms = clock_redis_ms() + PUT_OFF_MS;
	add_put_back(job);
}

/* As many duplicates as may be wait for the reply of the job that has its id. */
static void wait_for_others(struct job *job)
{
	losses_put_off(&job->worker->losses, job->message.org.text, job->message.id.text);
	put_off(job);
}

/* Without what was asked of the wrong key, it can be settled: its reply, and `dead` for whoever mends it. */
static void answer_despite_key(struct job *job)
{
	const enum job_end end = job->end;

	job->keys_are_wrong = true;
	job->bury = true;
	job->end = JOB_REPLIES;
	job_error(job, ERROR_INTERNAL,
		"What Redis holds under a key of this job is not what it should be: tell "
		"Bellhop's "
		"operator.");
	write_dead_entry(job);
	if (job->before.tries > 0 && (end == JOB_AGAIN || end == JOB_UNSENT))
		retry_answer_as_before(job);
	else if (was_begun(job) || strcmp(job->token, job->birth) != 0)
		job->sent = SENT_MAYBE;
}

/* The script found that another answer is the right one. */
static void answer_otherwise(struct job *job, struct span answer)
{
	if (starts(answer, "error") && job->keys_are_wrong) {
		put_off(job);
		return;
	}
	job_error_clear(job);
	if (starts(answer, "error")) {
		answer_despite_key(job);
	} else if (starts(answer, "conflict")) {
		job_error(job, ERROR_ID_CONFLICT,
			"This id was used for a job with other content: take a new one.");
	} else if (starts(answer, "ours")) {
		job_cut_off_before(job);
	} else if (starts(answer, "too_many_pending")) {
		job_error(job, ERROR_TOO_MANY_PENDING,
			"The org has %u confirmations waiting, the most it may have: decide some "
			"first.",
			job->worker->options->pending_max);
	} else if (!job_token_refused(job, answer)) {
		BUG("turn.lua answered a settle with %.*s", (int)answer.len, answer.data);
	}
	add_reply(job);
}

static void on_answer(void *arg, struct span answer)
{
	struct job *job = arg;

	if (starts(answer, "ok"))
		note_end(job);
	if (starts(answer, "duplicate") || starts(answer, "waiting")) {
		metrics_add(METRICS_DUPLICATES, 1);
		journal_duplicate(job, starts(answer, "waiting"));
	}
	if (starts(answer, "lost"))
		journal_lost(job);
	if (starts(answer, "ok") || starts(answer, "lost") || starts(answer, "duplicate") ||
		starts(answer, "waiting")) {
		pipeline_resume(job, STEP_DONE);
	} else if (starts(answer, "full")) {
		wait_for_others(job);
	} else if (starts(answer, "changed")) {
		if (!job->id_is_taken)
			integration_cache_forget(job->worker->integrations, job->integration);
		job->end = JOB_GIVEN_BACK;
		add_put_back(job);
	} else {
		answer_otherwise(job, answer);
	}
}

enum step_result step_settle(struct job *job)
{
	job_forget_secret(job);
	if (job->bury) /* says why, also where the reply tells of an attempt before that */
		write_dead_entry(job);
	if (job->end == JOB_REPLIES)
		retry_judge(job);
	if (job->end == JOB_REPLIES)
		add_reply(job);
	else
		add_put_back(job);
	job_wait(job, "Redis to take its end", cancel_settle);
	return STEP_WAIT;
}
