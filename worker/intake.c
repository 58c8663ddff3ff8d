/* SPDX-License-Identifier: MIT */
/* intake: when a worker looks for new jobs, and how many it has room for. */
#include "intake.h"

#include "drain.h"
#include "io/clock.h"
#include "worker.h"

#define KEPT_FOR_CHAT 10 /* one of so many slots */
#define BUSY_WAIT_US  1000
#define VAIN_MAX      5	  /* doublings of the above */
#define THICK_US      500 /* jobs come thick where less is between two of them */
#define GAP_SHARE     4	  /* one of so many parts is the newest gap */
#define GAP_MAX_US    100000

size_t intake_room(const struct worker *worker)
{
	if (worker->draining || worker->in_flight >= worker->options->concurrency)
		return 0;
	return worker->options->concurrency - worker->in_flight;
}

size_t intake_workflow_room(const struct worker *worker)
{
	size_t most = worker->options->concurrency - worker->options->concurrency / KEPT_FOR_CHAT;

	return worker->workflows < most ? most - worker->workflows : 0;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct intake *intake = arg;

	(void)fd;
	(void)what;
	waiter_want(intake->waiter);
}

static void on_wake(void *arg)
{
	struct intake *intake = arg;

	intake->woken = true;
	turn_kick(intake->worker->turn);
}

static void on_wait_failed(void *arg, const char *error)
{
	struct intake *intake = arg;

	trouble_note(&intake->worker->trouble, TROUBLE_WAIT, error);
}

void intake_init(struct intake *intake, struct worker *worker)
{
	*intake = (struct intake){.worker = worker, .gap_us = GAP_MAX_US};
	intake->timer = evtimer_new(worker->base, on_timer, intake);
	intake->waiter = waiter_new(worker->base, &worker->redis_url, worker->options,
		&(struct waiter_events){on_wake, on_wait_failed}, intake);
}

void intake_release(struct intake *intake)
{
	waiter_free(intake->waiter);
	if (intake->timer != NULL)
		event_free(intake->timer);
}

void intake_close(struct intake *intake)
{
	waiter_rest(intake->waiter);
	event_del(intake->timer);
}

void intake_open(struct intake *intake)
{
	intake->answered_ms = clock_now_ms();
}

static void note_gap(struct intake *intake, size_t taken)
{
	int64_t now_us = clock_now_us();
	int64_t gap_us = (now_us - intake->taken_us) / (int64_t)taken;

	if (gap_us > GAP_MAX_US)
		gap_us = GAP_MAX_US;
	intake->gap_us += (gap_us - intake->gap_us) / GAP_SHARE;
	intake->taken_us = now_us;
}

/* Woken, and there was nothing to take: another worker was faster, or this one may not look. Each time in a row it stays away longer. */
static int64_t vain_wait_us(struct intake *intake)
{
	int64_t wait_us = BUSY_WAIT_US << intake->vain;

	if (intake->vain < VAIN_MAX)
		intake->vain++;
	return wait_us;
}

static bool jobs_come_thick(const struct intake *intake)
{
	return intake->worker->in_flight > 0 && intake->gap_us < THICK_US;
}

static void wait_for_work(struct intake *intake, size_t taken)
{
	bool vain = intake->woken && taken == 0;

	intake->woken = false;
	if (!vain)
		intake->vain = 0;
	if (taken == 0 && !vain && !jobs_come_thick(intake)) {
		event_del(intake->timer);
		waiter_want(intake->waiter);
	} else if (!event_pending(intake->timer, EV_TIMEOUT, NULL)) {
		worker_set_timer(intake->timer, vain ? vain_wait_us(intake) : BUSY_WAIT_US);
	}
}

void intake_claims_over(struct intake *intake, size_t taken, bool more)
{
	struct worker *worker = intake->worker;

	intake->answered_ms = clock_now_ms();
	if (taken > 0) {
		intake->woken = false;
		note_gap(intake, taken);
	}
	if (more)
		turn_kick(worker->turn);
	else if (worker->draining)
		drain_leave_if_empty(worker);
	else
		wait_for_work(intake, taken);
}

void intake_room_again(struct intake *intake)
{
	struct worker *worker = intake->worker;

	if (worker->in_flight != worker->options->concurrency - 1)
		return;
	intake->answered_ms = clock_now_ms(); /* there was no room until now */
	turn_kick(worker->turn);
}
