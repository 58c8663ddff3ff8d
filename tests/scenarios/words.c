/* SPDX-License-Identifier: MIT */
/* words: in which stories are told. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/bug.h"
#include "fakes/loop.h"
#include "fakes/redis.h"
#include "fakes/redis_async.h"
#include "fakes/rows.h"
#include "fakes/upstream.h"
#include "stage.h"
#include "words.h"
#include "worker.h"

#define INTEGRATION REDIS_SHARD "org:acme:integration:tickets"
#define SECRETS	    REDIS_SHARD "org:acme:secrets:tickets"
#define ORIGIN	    "https://api.acme.com"
#define INPUTS                                                                           \
	"\"inputs\":{\"type\":\"object\",\"properties\":{\"ref\":{\"type\":\"string\"}," \
	"\"note\":{\"type\":\"string\"}},\"required\":[\"ref\"]}"
#define QUERY "\"query\":{\"ref\":\"{{ref}}\",\"note\":\"{{note}}\"}," INPUTS

static const struct {
	const char *name, *json;
	bool unsafe;
} actions[] = {
	{"read", "{\"method\":\"GET\",\"path\":\"/tickets\"," QUERY "}", false},
	{"create", "{\"method\":\"POST\",\"path\":\"/tickets\"," QUERY "}", true},
	{"replace", "{\"method\":\"PUT\",\"path\":\"/tickets\"," QUERY "}", false},
	{"scarce",
		"{\"method\":\"POST\",\"path\":\"/"
		"scarce\",\"rate_limit\":{\"calls\":1,\"window_s\":"
		"60}," QUERY "}",
		true},
	{"scarce_read",
		"{\"method\":\"GET\",\"path\":\"/scarce\",\"rate_limit\":{\"calls\":1,\"window_s\":"
		"60}," QUERY "}",
		false},
};

static unsigned version;

void words_next_version(void)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", ++version);
	redis_do("HSET", INTEGRATION, "version", text, NULL);
}

void words_begin(void)
{
	char field[32];

	version = 0;
	redis_do("HSET", INTEGRATION, "definition",
		"{\"name\":\"tickets\",\"base_url\":\"" ORIGIN
		"\",\"auth\":{\"method\":\"bearer\"}}",
		"enabled", "1", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		snprintf(field, sizeof(field), "action:%s", actions[i].name);
		redis_do("HSET", INTEGRATION, field, actions[i].json, NULL);
	}
	words_next_version();
	secret_is("s3cret-s3cret");
}

static void seal(const char *origin, const char *value)
{
	char sealed[256];

	snprintf(sealed, sizeof(sealed), "sealed for acme tickets token %s: %s", origin, value);
	redis_do("HSET", SECRETS, "token", sealed, NULL);
}

void secret_is(const char *value)
{
	if (value == NULL)
		redis_do("HDEL", SECRETS, "token", NULL);
	else
		seal(ORIGIN, value);
}

void secret_is_sealed_for(const char *origin)
{
	seal(origin, "s3cret-s3cret");
}

void the_definition_changes(void)
{
	redis_do("HSET", INTEGRATION, "action:create",
		"{\"method\":\"POST\",\"path\":\"/v2/tickets\"," QUERY "}", NULL);
	words_next_version();
}

void the_definition_is_broken(void)
{
	redis_do("HSET", INTEGRATION, "definition", "{\"name\":\"tickets\"}", NULL);
	words_next_version();
}

void is_switched_off(const char *action)
{
	char field[64];

	snprintf(field, sizeof(field), "disabled:%s", action);
	redis_do("HSET", INTEGRATION, field, "1", NULL);
	words_next_version();
}

static int64_t lookup_us = 1000;
static char lookup_address[64] = "93.184.216.34";

void name_resolves_to(const char *address)
{
	snprintf(lookup_address, sizeof(lookup_address), "%s", address != NULL ? address : "");
	upstream_resolves_to(lookup_address, lookup_us);
}

void name_lookup_takes(int64_t ms)
{
	lookup_us = ms * 1000;
	upstream_resolves_to(lookup_address, lookup_us);
}

static bool is_unsafe(const char *action)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(actions[i].name, action) == 0)
			return actions[i].unsafe;
	}
	return false;
}

static void push(const char *queue, const char *text)
{
	char key[64];

	snprintf(key, sizeof(key), REDIS_SHARD "jobs:%s", queue);
	redis_do("LPUSH", key, text, NULL);
	redis_async_wake();
}

static void push_job(
	const char *queue, const char *id, const char *action, const char *note, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"{\"v\":1,\"id\":\"%s\",\"org\":\"acme\",\"integration\":\"tickets\",\"action\":"
		"\"%s\",\"inputs\":{\"ref\":\"%s\"%s},\"reply_to\":\"story\"%s}",
		id, action, id, note, more);
	stage_tell(id, id, is_unsafe(action));
	push(queue, text);
}

void job_arrives(const char *queue, const char *id, const char *action)
{
	push_job(queue, id, action, "", "");
}

void job_arrives_with_deadline(
	const char *queue, const char *id, const char *action, int64_t ms_from_now)
{
	char deadline[64];

	snprintf(deadline, sizeof(deadline), ",\"deadline_ms\":%lld",
		(long long)(loop_redis_us() / 1000 + ms_from_now));
	push_job(queue, id, action, "", deadline);
}

void job_arrives_with_other_inputs(const char *queue, const char *id, const char *action)
{
	push_job(queue, id, action, ",\"note\":\"other\"", "");
}

static void decide(const char *id, const char *job, const char *decision)
{
	char text[512], token[64];

	stage_member(stage_reply(job, 0), "token", token, sizeof(token));
	if (token[0] == '\0') {
		if (!stage_is_torture())
			stage_fail("%s has no confirmation to decide on", job);
		return;
	}
	snprintf(text, sizeof(text),
		"{\"v\":1,\"id\":\"%s\",\"org\":\"acme\",\"token\":\"%s\",\"decision\":\"%s\","
		"\"by\":\"user-42\",\"reply_to\":\"story\"}",
		id, token, decision);
	stage_tell(id, job, true);
	push("decisions", text);
}

void person_approves(const char *id, const char *job)
{
	decide(id, job, "approve");
}

void person_declines(const char *id, const char *job)
{
	decide(id, job, "decline");
}

void text_arrives(const char *queue, const char *text)
{
	push(queue, text);
}

static struct plan usual_plan(void)
{
	return (struct plan){.end = HTTP_ANSWERED,
		.status = 200,
		.body = "",
		.retry_after_s = -1,
		.takes_us = 20000};
}

void upstream_answers_later(int status, const char *body, int64_t ms)
{
	struct plan plan = usual_plan();

	plan.status = status;
	plan.body = body;
	plan.takes_us = ms * 1000;
	upstream_plan(&plan);
}

void upstream_answers(int status, const char *body)
{
	upstream_answers_later(status, body, 20);
}

void upstream_asks_to_wait(int status, int64_t retry_after_s)
{
	struct plan plan = usual_plan();

	plan.status = status;
	plan.retry_after_s = retry_after_s;
	upstream_plan(&plan);
}

void upstream_says_nothing(void)
{
	upstream_answers_later(200, "", 1000000);
}

static void plan_end(enum http_end end, bool unsent)
{
	struct plan plan = usual_plan();

	plan.end = end;
	plan.unsent = unsent;
	upstream_plan(&plan);
}

void upstream_breaks_off(void)
{
	plan_end(HTTP_LOST, false);
}

void upstream_is_not_reached(void)
{
	plan_end(HTTP_CONNECT_FAILED, true);
}

void upstream_certificate_is_bad(void)
{
	plan_end(HTTP_TLS_FAILED, true);
}

void time_passes(int64_t ms)
{
	int64_t first_us = ms > 1000 ? 1000000 : ms * 1000;

	stage_run(first_us);
	io_calls_pause(stage_jobs_in_flight() == 0);
	stage_run(ms * 1000 - first_us);
	io_calls_pause(false);
}

static void wait_for(bool (*is_so)(const void *arg), const void *arg, const char *what)
{
	if (!stage_run_until(is_so, arg, STAGE_WAIT_US) && !stage_is_torture())
		stage_fail("never %s", what);
}

static bool is_sent(const void *id)
{
	return upstream_sent_for(id) > 0 || stage_reply(id, 0) != NULL;
}

void until_sent(const char *id)
{
	wait_for(is_sent, id, "sent");
	if (!stage_is_torture() && upstream_sent_for(id) == 0)
		stage_fail("%s was answered and not sent", id);
}

struct wanted {
	const char *id;
	size_t count;
};

static bool is_sent_so_often(const void *arg)
{
	const struct wanted *wanted = arg;

	return upstream_sent_for(wanted->id) >= wanted->count || stage_reply(wanted->id, 0) != NULL;
}

void until_times_sent(const char *id, size_t times)
{
	const struct wanted wanted = {id, times};

	wait_for(is_sent_so_often, &wanted, "sent so often");
	if (!stage_is_torture() && upstream_sent_for(id) < times)
		stage_fail("%s was answered and not sent %zu times", id, times);
}

static bool is_begun(const void *id)
{
	return redis_begun_count(id) > 0 || stage_reply(id, 0) != NULL;
}

void until_begun(const char *id)
{
	wait_for(is_begun, id, "begun");
}

static bool waits_for(const void *what)
{
	for (size_t i = 0; i < stage_worker_count(); i++) {
		for (const struct job *job = stage_worker(i)->oldest; job != NULL;
			job = job->newer) {
			if (job->waiting && strcmp(job->waiting_for, what) == 0)
				return true;
		}
	}
	return false;
}

void until_waiting_for(const char *what)
{
	/* In torture it may have been over before. */
	if (!stage_run_until(waits_for, what, STAGE_STALL_US) && !stage_is_torture())
		stage_fail("no job waits for %s", what);
}

static bool is_idle(const void *arg)
{
	(void)arg;
	return stage_jobs_in_flight() == 0;
}

void until_idle(void)
{
	wait_for(is_idle, NULL, "idle");
}

void another_worker_starts(void)
{
	stage_start_worker();
}

void the_worker_dies(void)
{
	stage_kill_oldest();
}

void the_worker_stalls_before(const char *what)
{
	if (!stage_is_torture())
		io_calls_stall_before(what);
}

void the_worker_is_told_to_stop(void)
{
	stage_stop_oldest();
}

void redis_goes_away(int64_t ms)
{
	redis_async_cut_all(loop_now_us() + ms * 1000);
}

void redis_forgets_its_scripts(void)
{
	redis_forget_scripts();
}

/* Expectations. */

static bool is_answered(const void *arg)
{
	const struct wanted *wanted = arg;

	return stage_reply_count(wanted->id) >= wanted->count;
}

static bool was_told(const char *id)
{
	for (size_t i = 0; i < stage_told_count(); i++) {
		if (strcmp(stage_told(i)->id, id) == 0)
			return true;
	}
	return false;
}

void expect_replies(const char *id, size_t count, const char *what)
{
	const struct wanted wanted = {id, count};
	char status[32], code[40];
	bool came;

	if (!was_told(id)) /* a decision on what, with something going wrong, was never asked */
		return;
	came = stage_run_until(is_answered, &wanted, STAGE_WAIT_US);
	if (stage_is_torture())
		return; /* truth.c looks */
	if (!came)
		stage_fail("%zu replies to %s, not %zu", stage_reply_count(id), id, count);
	for (size_t i = 0; i < count; i++) {
		stage_member(stage_reply(id, i), "status", status, sizeof(status));
		stage_member(stage_reply(id, i), "code", code, sizeof(code));
		if (strcmp(strcmp(status, "failed") == 0 ? code : status, what) != 0)
			stage_fail("%s is answered with %s %s, not %s", id, status, code, what);
	}
}

void expect_reply(const char *id, const char *what)
{
	expect_replies(id, 1, what);
}

void expect_reply_says(const char *id, const char *json)
{
	const char *reply = stage_reply(id, 0);

	if (!stage_is_torture() && (reply == NULL || strstr(reply, json) == NULL))
		stage_fail("the reply to %s does not say %s", id, json);
}

void expect_no_reply_yet(const char *id)
{
	if (!stage_is_torture() && stage_reply(id, 0) != NULL)
		stage_fail("%s is answered already", id);
}

void expect_sent(const char *id, size_t times)
{
	if (!stage_is_torture() && upstream_sent_for(id) != times)
		stage_fail("%s was sent %zu times, not %zu", id, upstream_sent_for(id), times);
}

void expect_sent_once(const char *id)
{
	expect_sent(id, 1);
}

void expect_not_sent(const char *id)
{
	expect_sent(id, 0);
}

void expect_request_says(size_t index, const char *text)
{
	const struct request_seen *sent;
	char all[2048];

	if (stage_is_torture())
		return;
	if (index >= upstream_sent_count())
		stage_fail("there was no request number %zu", index);
	sent = upstream_sent(index);
	snprintf(all, sizeof(all), "%s %s\n%s\n\n%s", sent->method, sent->url, sent->credential,
		sent->body);
	if (strstr(all, text) == NULL)
		stage_fail("request %zu does not say %s:\n%s", index, text, all);
}

static bool is_buried(const void *count)
{
	return rows_count(REDIS_SHARD "dead") >= *(const size_t *)count;
}

void expect_dead(size_t count)
{
	*stage_dead_expected() = count;
	wait_for(is_buried, &count, "dead");
}
