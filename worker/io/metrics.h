/* SPDX-License-Identifier: MIT */
/*
 * metrics: what this process counted, as text for Prometheus (text format 0.0.4).
 *
 * One process has one set. Labels are only what the program itself names: queues, statuses, codes, classes of HTTP statuses; no
 * label comes from an org, a definition or an input. One row of a table below is one metric, its help and its place in
 * the text.
 */
#ifndef WORKER_IO_METRICS_H
#define WORKER_IO_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/error.h"
#include "bellhop/wire.h"

/* X(symbol, name, help) */
#define METRICS_COUNTERS(X)                                                                     \
	X(TAKEN, "claims_total",                                                                \
		"Jobs taken out of the queues, again and again where they were put back.")      \
	X(GIVEN_BACK, "put_back_total",                                                         \
		"Jobs put back without an end: stopped, changed, or waiting for room.")         \
	X(DUPLICATES, "duplicates_total",                                                       \
		"Jobs whose id was known: answered with the reply of the first.")               \
	X(TAKEN_OVER, "takeovers_total", "Jobs taken over from workers whose lease had ended.") \
	X(RETRIES, "retries_total", "Attempts that failed in passing and are made again.")      \
	X(LIMITED, "rate_limited_total", "Calls that the window had no room for.")              \
	X(RECONNECTS, "redis_reconnects_total", "Connections to Redis that were lost.")         \
	X(REPLIES_DROPPED, "replies_dropped_total",                                             \
		"Replies that fell out of a reply queue at its maximum.")                       \
	X(DEAD_DROPPED, "dead_letters_dropped_total",                                           \
		"Dead letters that fell out at their maximum.")                                 \
	X(LOG_DROPPED, "log_lines_dropped_total", "Lines of the log that nobody read in time.") \
	X(AUDIT_TRIMMED, "audit_trimmed_total",                                                 \
		"Entries that fell out of the orgs' audit logs at their maximum.")              \
	X(AUDIT_LOST, "audit_lost_total",                                                       \
		"Entries for an audit log that is no stream: they are not written.")            \
	X(NOT_LISTS, "not_a_list_total", "Looks into a queue or list of jobs that was none.")   \
	X(WAITING_FULL, "waiting_full_total",                                                   \
		"Duplicates put off because as many as may wait for one job did.")

/* X(symbol, name, help) */
#define METRICS_GAUGES(X)                                                                          \
	X(READY, "ready", "Whether this worker takes jobs, as /readyz says: 1 or 0.")              \
	X(IN_FLIGHT, "in_flight_jobs", "Jobs that this worker holds.")                             \
	X(CONCURRENCY, "in_flight_jobs_limit", "Jobs that this worker may hold at once.")          \
	X(DEPTH_DECISIONS, "queue_jobs{queue=\"decisions\"}",                                      \
		"Jobs that wait in a queue. As last seen in Redis, the same at every worker of a " \
		"shard; so are the next five.")                                                    \
	X(DEPTH_CHAT, "queue_jobs{queue=\"chat\"}", NULL)                                          \
	X(DEPTH_WORKFLOW, "queue_jobs{queue=\"workflow\"}", NULL)                                  \
	X(OLDEST_DECISIONS, "queue_oldest_seconds{queue=\"decisions\"}",                           \
		"Age of the oldest job that waits in a queue, to a second and a hundredth.")       \
	X(OLDEST_CHAT, "queue_oldest_seconds{queue=\"chat\"}", NULL)                               \
	X(OLDEST_WORKFLOW, "queue_oldest_seconds{queue=\"workflow\"}", NULL)                       \
	X(DEPTH_RETRY, "put_back_jobs", "Jobs that were put back and wait to be taken again.")     \
	X(PARKED, "parked_jobs", "Jobs that wait for a slot of their org or their host.")          \
	X(DELAYED, "delayed_jobs", "Jobs that are due later.")                                     \
	X(DEAD, "dead_letters", "Dead letters.")

enum metrics_counter {
#define X(symbol, name, help) METRICS_##symbol,
	METRICS_COUNTERS(X)
#undef X
		METRICS_COUNTER_COUNT
};

enum metrics_gauge {
#define X(symbol, name, help) METRICS_##symbol,
	METRICS_GAUGES(X)
#undef X
		METRICS_GAUGE_COUNT
};

/* How a token endpoint was asked in vain, or not. */
enum metrics_token {
	METRICS_TOKEN_FETCHED,
	METRICS_TOKEN_REFUSED,
	METRICS_TOKEN_UNAVAILABLE, /* it may be another moment later */
	METRICS_TOKEN_COUNT
};

void metrics_add(enum metrics_counter counter, uint64_t count);
void metrics_set(enum metrics_gauge gauge, int64_t value);
/* A job's end: its time from claim to settle. `code` is ERROR_NONE where it did not fail. */
void metrics_job_ended(
	enum queue queue, enum reply_status status, enum error_code code, int64_t us);
/* A job was taken for the first time, after it waited so long. */
void metrics_job_waited(enum queue queue, int64_t us);
/* A call's end; `status` 0: no answer came. */
void metrics_call_ended(int status, int64_t us);
void metrics_token_fetched(enum metrics_token how);
/* Adds the whole text. */
void metrics_write(struct buf *out);

#endif
