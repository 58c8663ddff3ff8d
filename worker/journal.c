/* SPDX-License-Identifier: MIT */
/* journal: the lines of the log that say what became of a job: one for its end, whatever the end was. */
#include "journal.h"

#include "io/clock.h"
#include "log.h"
#include "retry.h"
#include "worker.h"

#define TRACE_ID_BYTES 33 /* with its NUL */

/* Of `"00-TRACE-…"`; empty where it is none. */
static void trace_id_of(const struct message *message, char trace_id[TRACE_ID_BYTES])
{
	const struct span traceparent = message->traceparent;
	const size_t start = strlen("\"00-"), len = TRACE_ID_BYTES - 1;

	trace_id[0] = '\0';
	if (traceparent.len <= start + len || traceparent.data[start - 1] != '-' ||
		traceparent.data[start + len] != '-' ||
		strspn(traceparent.data + start, "0123456789abcdef") != len)
		return;
	memcpy(trace_id, traceparent.data + start, len);
	trace_id[len] = '\0';
}

#define WHO(message)                                                                              \
	"id", 's', (message)->id.text, "org", 's', (message)->org.text, "integration", 's',       \
		(message)->integration.text, "action", 's', (message)->action.text, "queue", 's', \
		queue_name((message)->queue)

void journal_ended(const struct job *job)
{
	const struct message *message = &job->message;
	const struct http_response *response = &job->response;
	char trace_id[TRACE_ID_BYTES];

	if (!log_is_on(LOG_INFO))
		return;
	trace_id_of(message, trace_id);
	log_event(LOG_INFO, "job ended", WHO(message), "status", 's',
		reply_status_name(job->status), "code", 's',
		job->status == REPLY_FAILED ? error_info(job->error.code)->name : NULL, "sent", 's',
		sent_name(retry_sent(job)), "attempts", 'i', (int64_t)retry_calls(job),
		"deliveries", 'i', (int64_t)job->deliveries, "http_status", 'n',
		(int64_t)response->status, "http_problem", 's',
		job->called ? response->reason : NULL, "version", 'n', retry_version(job),
		"confirms", 's', job->confirms.text, "trace_id", 's', trace_id, "wait_ms", 't',
		job->waited_us, "token_ms", 't', job->token_us, "dns_ms", 't', job->lookup_us,
		"connect_ms", 't', response->connected_us, "upstream_ms", 't',
		job->called ? response->duration_us : (int64_t)-1, "total_ms", 't',
		clock_now_us() - job->claimed_at_us, "worker", 's', job->worker->membership.member);
}

void journal_duplicate(const struct job *job, bool waits)
{
	log_event(LOG_INFO, "job was a duplicate", WHO(&job->message), "reply", 's',
		waits ? "when the first ends" : "the first one's", "deliveries", 'i',
		(int64_t)job->deliveries, "total_ms", 't', clock_now_us() - job->claimed_at_us,
		"worker", 's', job->worker->membership.member);
}

void journal_lost(const struct job *job)
{
	log_event(LOG_WARNING, "job was taken over before its end", WHO(&job->message),
		"deliveries", 'i', (int64_t)job->deliveries, "total_ms", 't',
		clock_now_us() - job->claimed_at_us, "worker", 's', job->worker->membership.member);
}

void journal_put_back(const struct job *job)
{
	static const char *const whys[] = {[JOB_REPLIES] = NULL,
		[JOB_GIVEN_BACK] = "to be taken again",
		[JOB_DELAYED] = "until it is due",
		[JOB_UNSENT] = "until it is due, nothing was sent",
		[JOB_PARKED] = "until its org or host has room",
		[JOB_AGAIN] = "until it is tried again"};

	log_event(LOG_DEBUG, "job was put back", WHO(&job->message), "why", 's', whys[job->end],
		"deliveries", 'i', (int64_t)job->deliveries, "worker", 's',
		job->worker->membership.member);
}
