/* SPDX-License-Identifier: MIT */
/*
 * drain: how a worker stops without losing a job.
 *
 * A signal -> nothing more is taken; what has not begun goes back -> what runs ends -> the worker takes its name out. Where calls
 * take too long they are cut off in time for their ends to be settled; a second signal, or the end of DRAIN_MS, ends it as it is.
 */
#include "drain.h"

#include "log.h"
#include "pipeline.h"

#define LEFT_OVER_SAID 10

/* Calls are cut off early enough for their ends to be settled within the time that the operator gives. */
static int64_t cut_after_us(const struct options *options)
{
	int64_t drain_us = options->drain_ms * 1000LL;

	return drain_us > 4000000 ? drain_us - 2000000 : drain_us / 2;
}

static void on_left(void *arg)
{
	struct worker *worker = arg;

	event_base_loopbreak(worker->base);
}

void drain_leave_if_empty(struct worker *worker)
{
	if (worker->in_flight > 0 || worker->leaving || turn_is_claiming(worker->turn))
		return;
	worker->leaving = true;
	turn_close(worker->turn);
	janitor_close(worker->janitor);
	if (!membership_leave(&worker->membership, on_left, worker))
		event_base_loopbreak(worker->base);
}

/* What is not settled when it must go: others take over. The first of many stand for all. */
static void say_left_over(const struct worker *worker)
{
	size_t said = 0;

	log_event(LOG_WARNING, "stopped before all was settled; others take over", "jobs", 'i',
		(int64_t)worker->in_flight);
	for (const struct job *job = worker->oldest; job != NULL && said < LEFT_OVER_SAID;
		job = job->newer, said++)
		log_event(LOG_WARNING, "left over", "id", 's', job->message.id.text, "org", 's',
			job->message.org.text, "step", 's', pipeline_step_name(job), "waiting_for",
			's', job->waiting_for);
}

void drain_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	struct job *job = worker->oldest;

	(void)fd;
	(void)what;
	if (worker->cut) {
		say_left_over(worker);
		event_base_loopbreak(worker->base);
		return;
	}
	worker->cut = true;
	worker_set_timer(worker->drain_timer,
		(worker->options->drain_ms * 1000LL - cut_after_us(worker->options)) * 3 / 4);
	while (job != NULL) {
		struct job *newer = job->newer;

		pipeline_cut(job);
		job = newer;
	}
}

void drain_on_signal(evutil_socket_t number, short what, void *arg)
{
	struct worker *worker = arg;
	struct job *job = worker->oldest;

	(void)what;
	if (worker->draining) {
		say_left_over(worker);
		event_base_loopbreak(worker->base);
		return;
	}
	log_event(LOG_INFO, "draining", "signal", 'i', (int64_t)number, "jobs", 'i',
		(int64_t)worker->in_flight);
	worker->draining = true;
	intake_close(&worker->intake);
	worker_set_timer(worker->drain_timer, cut_after_us(worker->options));
	while (job != NULL) {
		struct job *newer = job->newer;

		pipeline_leave(job);
		job = newer;
	}
	drain_leave_if_empty(worker);
}
