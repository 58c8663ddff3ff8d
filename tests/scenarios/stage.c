/* SPDX-License-Identifier: MIT */
/* stage: one telling of a story: its workers, its time, what was pushed. */
#include "stage.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "fakes/loop.h"
#include "fakes/random.h"
#include "fakes/redis.h"
#include "fakes/redis_async.h"
#include "fakes/rows.h"
#include "fakes/upstream.h"
#include "worker.h"

#define WORKERS_MAX 4
#define TOLD_MAX    32
#define SOON_US	    100000

static struct options options;
static struct worker *workers[WORKERS_MAX]; /* the oldest first */
static size_t worker_count;
static unsigned depth; /* of stage_run(): inside another where a worker stands still */
static struct told told[TOLD_MAX];
static size_t told_count, dead_expected, struck_call;
static enum io_fault struck_fault;
static const char *told_story = "";

static void on_stall(struct event_base *base);
static void on_death(struct event_base *base);

static const struct io_world world = {on_stall, on_death};

static void read_options(void)
{
	static char words[][24] = {"bellhopd", "--listen=off", "--lease-ms=5000",
		"--rate-limit=10/60", "--drain-ms=10000", "--confirm-ttl=120"};
	char *argv[] = {words[0], words[1], words[2], words[3], words[4], words[5], NULL};
	int argc = ARRAY_SIZE(argv) - 1;
	struct error error = {0};

	if (options.redis_url == NULL &&
		options_read(&options, OPTIONS_WORKER, &argc, argv, &error) < 0)
		BUG("%s", error.text);
}

void stage_fail(const char *format, ...)
{
	va_list args;

	if (struck_call > 0)
		printf("    %s with call %zu (%s), which %s: ", told_story, struck_call,
			io_call_what(struck_call), io_fault_name(struck_fault));
	else
		printf("    %s as it is written: ", told_story);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	for (size_t i = 0; i < told_count; i++) {
		for (size_t back = 0; back < stage_reply_count(told[i].id); back++)
			printf("    a reply: %s\n", stage_reply(told[i].id, back));
	}
	fflush(stdout);
	_exit(1);
}

bool stage_is_torture(void)
{
	return struck_call > 0;
}

void stage_start_worker(void)
{
	struct worker *worker = xcalloc(1, sizeof(*worker));
	struct error error = {0};

	BUG_ON(worker_count == WORKERS_MAX);
	if (worker_init(worker, &options, &error) < 0)
		BUG("%s", error.text);
	workers[worker_count++] = worker;
}

static void release_worker(size_t index)
{
	worker_release(workers[index]);
	free(workers[index]);
	worker_count--;
	memmove(workers + index, workers + index + 1,
		(worker_count - index) * sizeof(struct worker *));
}

/* Those that died or stopped are freed once none of their code runs. */
static void release_gone(void)
{
	for (size_t i = worker_count; i > 0; i--) {
		struct event_base *base = workers[i - 1]->base;

		if (loop_is_dead(base) || loop_has_stopped(base))
			release_worker(i - 1);
	}
}

struct worker *stage_worker(size_t index)
{
	return index < worker_count ? workers[index] : NULL;
}

size_t stage_worker_count(void)
{
	return worker_count;
}

size_t stage_jobs_in_flight(void)
{
	size_t count = 0;

	for (size_t i = 0; i < worker_count; i++)
		count += workers[i]->in_flight;
	return count;
}

static void run_until(int64_t until_us)
{
	depth++;
	while (loop_step(until_us)) {
		truth_check_now();
		if (depth == 1)
			release_gone();
	}
	depth--;
}

void stage_run(int64_t us)
{
	run_until(loop_now_us() + us);
}

bool stage_run_until(bool (*is_so)(const void *arg), const void *arg, int64_t most_us)
{
	int64_t until_us = loop_now_us() + most_us;
	bool more = true;

	while (more && !is_so(arg)) {
		depth++;
		more = loop_step(until_us);
		depth--;
		truth_check_now();
		release_gone();
	}
	return is_so(arg);
}

static bool another_lives(const struct event_base *base)
{
	for (size_t i = 0; i < worker_count; i++) {
		if (workers[i]->base != base && !loop_is_dead(workers[i]->base) &&
			!loop_has_stopped(workers[i]->base))
			return true;
	}
	return false;
}

/* Its lease ends meanwhile, so somebody has to be there to take over. */
static void on_stall(struct event_base *base)
{
	int64_t until_us = loop_now_us() + STAGE_STALL_US;

	loop_freeze(base, until_us);
	if (!another_lives(base))
		stage_start_worker();
	run_until(until_us - 1);
}

static void on_death(struct event_base *base)
{
	loop_kill(base);
	if (!another_lives(base))
		stage_start_worker();
}

void stage_kill_oldest(void)
{
	if (worker_count == 0)
		return;
	on_death(workers[0]->base);
	release_gone();
}

void stage_stop_oldest(void)
{
	if (worker_count > 0)
		loop_signal(workers[0]->base, SIGTERM);
	release_gone();
}

void stage_open(const char *story, size_t call, enum io_fault fault)
{
	read_options();
	told_story = story;
	struck_call = call;
	struck_fault = fault;
	told_count = dead_expected = 0;
	loop_reset();
	redis_reset();
	redis_async_reset();
	upstream_reset();
	random_reset();
	io_calls_end();
	stage_start_worker();
	stage_run(SOON_US);
	io_calls_begin(&world, call, fault);
}

void stage_close(void)
{
	io_calls_end();
	for (size_t i = worker_count; i > 0; i--)
		loop_signal(workers[i - 1]->base, SIGTERM);
	stage_run(STAGE_STALL_US);
	release_gone();
	if (worker_count > 0)
		stage_fail("%zu workers did not stop", worker_count);
}

void stage_tell(const char *id, const char *ref, bool unsafe)
{
	for (size_t i = 0; i < told_count; i++) {
		if (strcmp(told[i].id, id) == 0) {
			told[i].pushes++;
			return;
		}
	}
	BUG_ON(told_count == TOLD_MAX);
	snprintf(told[told_count].id, sizeof(told->id), "%s", id);
	snprintf(told[told_count].ref, sizeof(told->ref), "%s", ref);
	told[told_count].pushes = 1;
	told[told_count++].unsafe = unsafe;
}

const struct told *stage_told(size_t index)
{
	BUG_ON(index >= told_count);
	return &told[index];
}

size_t stage_told_count(void)
{
	return told_count;
}

size_t *stage_dead_expected(void)
{
	return &dead_expected;
}

static bool is_about(const char *reply, const char *id)
{
	char member[96];

	snprintf(member, sizeof(member), "\"id\":\"%s\"", id);
	return strstr(reply, member) != NULL;
}

const char *stage_reply(const char *id, size_t back)
{
	for (const struct row *row = rows_first(REDIS_SHARD "replies:story"); row != NULL;
		row = rows_after(row)) {
		if (is_about(row->value, id) && back-- == 0)
			return row->value;
	}
	return NULL;
}

size_t stage_reply_count(const char *id)
{
	size_t count = 0;

	while (stage_reply(id, count) != NULL)
		count++;
	return count;
}

void stage_member(const char *reply, const char *name, char *value, size_t size)
{
	char start[64];
	const char *at;

	snprintf(start, sizeof(start), "\"%s\":\"", name);
	at = reply != NULL ? strstr(reply, start) : NULL;
	value[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(start);
	snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
}
