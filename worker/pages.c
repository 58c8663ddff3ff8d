/* SPDX-License-Identifier: MIT */
/* pages: what operators ask of a worker over HTTP. */
#include "pages.h"

#include <stdio.h>

#include "io/clock.h"
#include "io/metrics.h"

#define READY_WITHIN_MS 3000 /* of the last renewed lease, and of the last claim */

static int page_live(void *arg, struct buf *out)
{
	(void)arg;
	buf_add_string(out, "ok\n");
	return 200;
}

/* It has asked for jobs and was answered not long ago, or has no room for one. */
static bool is_claiming(const struct worker *worker)
{
	return worker->in_flight >= worker->options->concurrency ||
	       clock_now_ms() - worker->intake.answered_ms <= READY_WITHIN_MS;
}

static const char *refusal(const struct redis_trouble *trouble)
{
	static char text[64];

	snprintf(text, sizeof(text), "Redis refuses: %s\n", trouble->name);
	return text;
}

/* NULL: it is. */
static const char *why_not_ready(const struct worker *worker)
{
	if (worker->draining)
		return "draining\n";
	if (trouble_now(&worker->trouble) != NULL)
		return refusal(trouble_now(&worker->trouble));
	if (!worker->membership.registered)
		return "waiting for Redis\n";
	if (clock_now_ms() - worker->last_renewed_ms > READY_WITHIN_MS)
		return "the lease was not renewed in time\n";
	if (!is_claiming(worker))
		return "no jobs can be taken\n";
	return NULL;
}

static int page_ready(void *arg, struct buf *out)
{
	const char *why = why_not_ready(arg);

	buf_add_string(out, why != NULL ? why : "ready\n");
	return why != NULL ? 503 : 200;
}

static int page_metrics(void *arg, struct buf *out)
{
	const struct worker *worker = arg;

	metrics_set(METRICS_READY, why_not_ready(worker) == NULL);
	metrics_set(METRICS_IN_FLIGHT, (int64_t)worker->in_flight);
	metrics_set(METRICS_CONCURRENCY, worker->options->concurrency);
	metrics_write(out);
	return 200;
}

static const struct http_page pages[] = {
	{"/metrics", page_metrics, "text/plain; version=0.0.4; charset=utf-8"},
	{"/livez", page_live, NULL},
	{"/readyz", page_ready, NULL},
	{NULL, NULL, NULL},
};

int pages_listen(struct worker *worker, struct error *error)
{
	if (strcmp(worker->options->listen, "off") == 0)
		return 0;
	worker->server =
		http_server_new(worker->base, worker->options->listen, pages, worker, error);
	if (worker->server == NULL)
		return -1;
	address_policy_never(worker->policy, http_server_sockaddr(worker->server));
	return 0;
}
