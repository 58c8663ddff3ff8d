/* SPDX-License-Identifier: MIT */
/* metrics: what this process counted, as text for Prometheus. */
#include "io/metrics.h"

#include <stdio.h>
#include <string.h>

#include "bellhop/bug.h"
#include "io/process.h"
#include "io/redis_trouble.h"
#include "io/script.h"

#define PREFIX	     "bellhop_"
#define BUCKETS	     17
#define STATUS_COUNT (REPLY_DECLINED + 1)
#define CLASSES	     6 /* no answer, 1xx to 5xx */

struct histogram {
	uint64_t counts[BUCKETS + 1]; /* each its own; the last: over all bounds */
	uint64_t sum_us;
};

static const int64_t bounds_us[BUCKETS] = {500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
	250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000, 120000000};
static const char *const bounds_text[BUCKETS] = {"0.0005", "0.001", "0.0025", "0.005", "0.01",
	"0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "120"};

static struct {
	uint64_t counters[METRICS_COUNTER_COUNT];
	int64_t gauges[METRICS_GAUGE_COUNT];
	uint64_t jobs[QUEUE_COUNT][STATUS_COUNT];
	uint64_t errors[ERROR_CODE_COUNT];
	uint64_t calls[CLASSES];
	uint64_t tokens[METRICS_TOKEN_COUNT];
	struct histogram waits[QUEUE_COUNT];
	struct histogram job_time, call_time;
} metrics;

void metrics_add(enum metrics_counter counter, uint64_t count)
{
	metrics.counters[counter] += count;
}

void metrics_set(enum metrics_gauge gauge, int64_t value)
{
	metrics.gauges[gauge] = value;
}

static void observe(struct histogram *histogram, int64_t us)
{
	size_t bucket = 0;

	while (bucket < BUCKETS && us > bounds_us[bucket])
		bucket++;
	histogram->counts[bucket]++;
	histogram->sum_us += us > 0 ? (uint64_t)us : 0;
}

void metrics_job_ended(enum queue queue, enum reply_status status, enum error_code code, int64_t us)
{
	metrics.jobs[queue][status]++;
	metrics.errors[code]++;
	observe(&metrics.job_time, us);
}

void metrics_job_waited(enum queue queue, int64_t us)
{
	observe(&metrics.waits[queue], us);
}

void metrics_call_ended(int status, int64_t us)
{
	metrics.calls[status >= 100 && status < 600 ? status / 100 : 0]++;
	observe(&metrics.call_time, us);
}

void metrics_token_fetched(enum metrics_token how)
{
	metrics.tokens[how]++;
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	int len = (int)strcspn(name, "{");

	buf_printf(out, "# HELP " PREFIX "%.*s %s\n# TYPE " PREFIX "%.*s %s\n", len, name, help,
		len, name, type);
}

/* `labels` is `queue="chat"` or empty. */
static void write_histogram(
	struct buf *out, const char *name, const char *labels, const struct histogram *histogram)
{
	const char *comma = labels[0] != '\0' ? "," : "";
	uint64_t count = 0;
	struct buf braced;

	buf_init(&braced, 128);
	if (labels[0] != '\0')
		buf_printf(&braced, "{%s}", labels);
	for (size_t i = 0; i < BUCKETS; i++) {
		count += histogram->counts[i];
		buf_printf(out, PREFIX "%s_bucket{%s%sle=\"%s\"} %llu\n", name, labels, comma,
			bounds_text[i], (unsigned long long)count);
	}
	count += histogram->counts[BUCKETS];
	buf_printf(out, PREFIX "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma,
		(unsigned long long)count);
	buf_printf(out, PREFIX "%s_sum%s %.6f\n" PREFIX "%s_count%s %llu\n", name, braced.data,
		(double)histogram->sum_us / 1e6, name, braced.data, (unsigned long long)count);
	buf_release(&braced);
}

static void write_histograms(struct buf *out)
{
	char label[32];

	head(out, "queue_wait_estimate_seconds", "histogram",
		"From push to the first claim, by queue. Jobs carry no time: reckoned from when "
		"the queue was last seen to hold nothing older.");
	for (int queue = 0; queue < QUEUE_COUNT; queue++) {
		snprintf(label, sizeof(label), "queue=\"%s\"", queue_name((enum queue)queue));
		write_histogram(out, "queue_wait_estimate_seconds", label, &metrics.waits[queue]);
	}
	head(out, "job_duration_seconds", "histogram",
		"From a job's last claim to its end in Redis.");
	write_histogram(out, "job_duration_seconds", "", &metrics.job_time);
	head(out, "call_duration_seconds", "histogram",
		"From a call's start to the end of its answer: the upstream's time.");
	write_histogram(out, "call_duration_seconds", "", &metrics.call_time);
}

static void write_counters(struct buf *out)
{
#define X(symbol, name, help)                     \
	head(out, name, "counter", help);         \
	buf_printf(out, PREFIX "%s %llu\n", name, \
		(unsigned long long)metrics.counters[METRICS_##symbol]);
	METRICS_COUNTERS(X)
#undef X
	head(out, "script_reloads_total", "counter",
		"Scripts that Redis had forgotten and was given again.");
	buf_printf(out, PREFIX "script_reloads_total %lu\n", script_reloads());
}

static void write_redis_errors(struct buf *out)
{
	const char *cause;
	unsigned long count;

	head(out, "redis_errors_total", "counter",
		"Errors with which Redis refused what a worker needs, by cause.");
	for (size_t row = 0; redis_trouble_row(row, &cause, &count); row++)
		buf_printf(out, PREFIX "redis_errors_total{cause=\"%s\"} %lu\n", cause, count);
}

static void write_gauges(struct buf *out)
{
	static const struct {
		const char *name, *help;
	} rows[] = {
#define X(symbol, name, help) {name, help},
		METRICS_GAUGES(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].help != NULL)
			head(out, rows[i].name, "gauge", rows[i].help);
		buf_printf(out, PREFIX "%s %lld\n", rows[i].name, (long long)metrics.gauges[i]);
	}
}

static void write_jobs(struct buf *out)
{
	static const char *const classes[CLASSES] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

	head(out, "jobs_total", "counter", "Jobs that came to their end, by queue and status.");
	for (int queue = 0; queue < QUEUE_COUNT; queue++) {
		for (int status = 0; status < STATUS_COUNT; status++)
			buf_printf(out, PREFIX "jobs_total{queue=\"%s\",status=\"%s\"} %llu\n",
				queue_name((enum queue)queue),
				reply_status_name((enum reply_status)status),
				(unsigned long long)metrics.jobs[queue][status]);
	}
	head(out, "errors_total", "counter", "Failed replies, by code.");
	for (int code = ERROR_NONE + 1; code < ERROR_CODE_COUNT; code++)
		buf_printf(out, PREFIX "errors_total{code=\"%s\"} %llu\n",
			error_info((enum error_code)code)->name,
			(unsigned long long)metrics.errors[code]);
	head(out, "calls_total", "counter",
		"HTTP calls that were made, by class of status; none: no answer came.");
	for (int class = 0; class < CLASSES; class ++)
		buf_printf(out, PREFIX "calls_total{class=\"%s\"} %llu\n", classes[class],
			(unsigned long long)metrics.calls[class]);
}

static void write_tokens(struct buf *out)
{
	static const char *const results[METRICS_TOKEN_COUNT] = {
		[METRICS_TOKEN_FETCHED] = "fetched",
		[METRICS_TOKEN_REFUSED] = "refused",
		[METRICS_TOKEN_UNAVAILABLE] = "unavailable",
	};

	head(out, "token_fetches_total", "counter",
		"Questions to token endpoints for service accounts, by result.");
	for (int how = 0; how < METRICS_TOKEN_COUNT; how++)
		buf_printf(out, PREFIX "token_fetches_total{result=\"%s\"} %llu\n", results[how],
			(unsigned long long)metrics.tokens[how]);
}

void metrics_write(struct buf *out)
{
	head(out, "build_info", "gauge", "Always 1; the labels say what runs.");
	buf_add_string(out, PREFIX "build_info{version=\"" BELLHOP_VERSION "\"} 1\n");
	write_jobs(out);
	write_tokens(out);
	write_counters(out);
	write_redis_errors(out);
	write_gauges(out);
	write_histograms(out);
	process_write(out);
}
