/* SPDX-License-Identifier: MIT */
/* truth: what must hold at the end of every telling, whatever went wrong. */
#include <stdio.h>
#include <string.h>

#include "fakes/loop.h"
#include "fakes/mirror.h"
#include "fakes/redis.h"
#include "fakes/redis_async.h"
#include "fakes/rows.h"
#include "fakes/secret_memory.h"
#include "fakes/upstream.h"
#include "stage.h"
#include "pipeline.h"
#include "worker.h"

#define LAST_CALLS_US 50000		   /* what the worker still does when the reply is there */
#define AFTERMATH_US  (2 * STAGE_STALL_US) /* who stood still comes back, and must do no harm */

/* Under these keys nothing may be left: the queues, and what is under way. */
static const char *const passing[] = {
	"jobs:", "retry", "delayed", "claims:", "begun", "waiting:", "dying"};

static const struct row *left_over(void)
{
	for (const struct row *row = rows_all(); row != NULL; row = row->next) {
		const char *tail = row->key + strlen(REDIS_SHARD);

		for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
			if (strncmp(tail, passing[i], strlen(passing[i])) == 0)
				return row;
		}
	}
	return NULL;
}

static bool is_over(const void *arg)
{
	(void)arg;
	return left_over() == NULL && stage_jobs_in_flight() == 0;
}

/* Of all replies of one job, and of the decisions on it. */
struct said {
	size_t begun;
	bool maybe, yes, pending;
};

static struct said said_for(const char *ref)
{
	struct said said = {0};

	for (size_t i = 0; i < stage_told_count(); i++) {
		const struct told *told = stage_told(i);

		if (strcmp(told->ref, ref) != 0)
			continue;
		said.begun += redis_begun_count(told->id);
		for (size_t back = 0; back < stage_reply_count(told->id); back++) {
			char sent[8];

			stage_member(stage_reply(told->id, back), "sent", sent, sizeof(sent));
			said.maybe |= strcmp(sent, "maybe") == 0;
			said.yes |= strcmp(sent, "yes") == 0;
		}
	}
	return said;
}

static bool was_answered(const char *ref)
{
	char wanted[96];

	snprintf(wanted, sizeof(wanted), "ref=%s", ref);
	for (size_t i = 0; i < upstream_sent_count(); i++) {
		if (upstream_sent(i)->status != 0 && strstr(upstream_sent(i)->url, wanted) != NULL)
			return true;
	}
	return false;
}

static void check_sent(const struct told *told)
{
	size_t count = upstream_sent_for(told->ref);
	struct said said = said_for(told->ref);

	if (told->unsafe && count > 1)
		stage_fail("%s may not be repeated and left %zu times", told->ref, count);
	if (count > said.begun)
		stage_fail(
			"%s was begun %zu times and left %zu times", told->ref, said.begun, count);
	if (count > 0 && !said.maybe && !said.yes)
		stage_fail("%s left, and its reply says that it did not", told->ref);
	if (said.yes && !was_answered(told->ref))
		stage_fail("%s was not answered, and its reply says that it was", told->ref);
	if (said.maybe && said.begun == 0)
		stage_fail(
			"%s was never begun, and its reply says that it may have left", told->ref);
}

static void check_replies(const struct told *told)
{
	size_t count = stage_reply_count(told->id);

	if (count != told->pushes)
		stage_fail("%s was pushed %zu times and answered %zu times", told->id, told->pushes,
			count);
	for (size_t back = 0; back < count; back++) {
		char code[40];

		stage_member(stage_reply(told->id, back), "code", code, sizeof(code));
		if (strcmp(code, "outcome_unknown") == 0 && said_for(told->ref).begun == 0)
			stage_fail("%s has an unknown outcome and was never begun", told->id);
		if (strstr(stage_reply(told->id, back), "s3cret-s3cret") != NULL ||
			strstr(stage_reply(told->id, back), "t0ken-t0ken") != NULL)
			stage_fail("the reply to %s shows the secret", told->id);
	}
}

/* A token is used up by a decision whose call may have left, and good again where it provably did not. */
static void check_token(const struct told *told)
{
	const char *reply = stage_reply(told->id, 0);
	char status[32], sent[8], mine[96];
	bool is_used = false;

	if (reply == NULL || strcmp(told->id, told->ref) == 0)
		return;
	stage_member(reply, "status", status, sizeof(status));
	stage_member(reply, "sent", sent, sizeof(sent));
	snprintf(mine, sizeof(mine), "\"decision_id\":\"%s\"", told->id);
	for (const struct row *row = rows_all(); row != NULL; row = row->next)
		is_used |= strcmp(row->field, "used") == 0 && strstr(row->value, mine) != NULL;
	if (is_used && strcmp(status, "failed") == 0 && strcmp(sent, "no") == 0)
		stage_fail("%s used up its token, and nothing was sent", told->id);
	if (!is_used && strcmp(sent, "no") != 0)
		stage_fail("%s may have sent what was shown, and its token is good", told->id);
}

void truth_check_now(void)
{
	for (size_t i = 0; i < stage_worker_count(); i++) {
		const struct worker *worker = stage_worker(i);

		if (loop_is_dead(worker->base))
			continue;
		for (const struct job *job = worker->oldest; job != NULL; job = job->newer) {
			if (job->credential.block != NULL &&
				strcmp(pipeline_step_name(job), "settle") == 0)
				stage_fail("a secret is held that nobody needs: %s",
					job->message.id.text);
		}
	}
}

static void check_nothing_held(void)
{
	if (stage_jobs_in_flight() > 0)
		stage_fail("%zu jobs are still in flight", stage_jobs_in_flight());
	if (upstream_gave_tokens())
		return;
	if (secret_memory_held() > 0)
		stage_fail("%zu secrets are still open", secret_memory_held());
	if (upstream_calls_open() > 0)
		stage_fail("%zu calls are still open", upstream_calls_open());
	if (upstream_lookups_open() > 0)
		stage_fail("%zu look-ups are still open", upstream_lookups_open());
}

void truth_check(void)
{
	const struct row *row;

	stage_run(LAST_CALLS_US);
	io_calls_end();
	(void)stage_run_until(is_over, NULL, STAGE_WAIT_US);
	row = left_over();
	if (row != NULL)
		stage_fail("left over under %s: %s %s", row->key, row->field, row->value);
	stage_run(AFTERMATH_US);
	row = left_over();
	if (row != NULL)
		stage_fail(
			"left over in the end under %s: %s %s", row->key, row->field, row->value);
	for (size_t i = 0; i < stage_told_count(); i++) {
		check_replies(stage_told(i));
		check_sent(stage_told(i));
		check_token(stage_told(i));
	}
	if (rows_count(REDIS_SHARD "dead") != *stage_dead_expected())
		stage_fail("%zu dead letters, the newest %s", rows_count(REDIS_SHARD "dead"),
			rows_first(REDIS_SHARD "dead") != NULL
				? rows_first(REDIS_SHARD "dead")->value
				: "-");
	check_nothing_held();
	mirror_compare();
}

void truth_check_leaks(void)
{
	if (rows_count(REDIS_SHARD "workers") > 0)
		stage_fail("a worker that stopped is still registered");
	if (loop_event_count() > 0)
		stage_fail("%zu events were not freed", loop_event_count());
	if (redis_async_count() > 0)
		stage_fail("%zu connections were not closed", redis_async_count());
}
