/* SPDX-License-Identifier: MIT */
/* load: the definition, compiled and kept for each version; for a decision first the request it is about, frozen when it was shown. */
#include "pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/key.h"
#include "io/clock.h"
#include "io/resp.h"
#include "worker.h"

#define READ_TIMEOUT_MS	   1000
#define READ_PAUSE_MS	   500
#define ACTION_NAMES_BYTES 150 /* of the message of an error */

/* A repeat sends the same bytes: an attempt made with another definition is followed by none. */
static enum step_result check_version(struct job *job)
{
	if (strcmp(job->integration->version, job->before.version) == 0)
		return STEP_NEXT;
	job_error(
		job, ERROR_INVALID_DEFINITION, "The definition was changed between two attempts.");
	return STEP_SETTLE;
}

/* Says which there are, so that it can be asked for by its name. */
static void refuse_action(struct job *job, const char *action)
{
	const struct integration *integration = job->integration;
	const struct definition *definition = integration->definition;
	struct buf names;

	buf_init(&names, ACTION_NAMES_BYTES);
	for (size_t i = 0; i < definition->action_count && !names.overflowed; i++)
		buf_printf(&names, "%s%s", i == 0 ? "" : ", ", definition->actions[i].name);
	job_error(job, ERROR_UNKNOWN_ACTION, "The integration %s has no action %s: it has %s%s.",
		integration->name, action, definition->action_count == 0 ? "none" : names.data,
		names.overflowed ? ", …" : "");
	buf_release(&names);
}

static enum step_result find_action(struct job *job, const char *action)
{
	const struct integration *integration = job->integration;
	bool decision = job->message.decision != DECISION_NONE;

	if (integration->definition == NULL ||
		(job->action = definition_action(integration->definition, action)) == NULL) {
		if (decision)
			job_token_error(job, ERROR_CONFIRMATION_VOID);
		else if (!integration->exists)
			job_error(job, ERROR_UNKNOWN_INTEGRATION,
				"There is no integration %s in the org %s: check its name.",
				integration->name, integration->org);
		else if (integration->definition == NULL)
			job_error(job, ERROR_INVALID_DEFINITION,
				"The integration's definition has to be corrected: %s.",
				integration->invalid);
		else
			refuse_action(job, action);
		return STEP_SETTLE;
	}
	if (job->error.code != ERROR_NONE) /* the deadline passed */
		return STEP_SETTLE;
	return job->before.tries > 0 ? check_version(job) : STEP_NEXT;
}

/* Redis could not be asked. A mark that an earlier delivery left stays where it is. */
static void read_later(struct job *job)
{
	job->end = JOB_DELAYED;
	job->due_ms = clock_redis_ms() + READ_PAUSE_MS;
}

static bool cancel_load(struct job *job)
{
	integration_cache_cancel(job->load);
	return true;
}

static void on_integration(void *arg, struct integration *integration, const char *error)
{
	struct job *job = arg;

	if (integration == NULL) {
		(void)error; /* the cache's: whatever it is, it will pass */
		read_later(job);
		pipeline_resume(job, STEP_SETTLE);
		return;
	}
	job->integration = integration;
	pipeline_resume(job, find_action(job, job->message.action.text));
}

/* What is kept is older than what an attempt was made with: versions only grow, so it is this worker that has not heard of the newer one. */
static bool is_behind(const struct job *job)
{
	return job->before.tries > 0 && strtoll(job->integration->version, NULL, 10) <
						strtoll(job->before.version, NULL, 10);
}

static enum step_result load_integration(struct job *job)
{
	struct integration_cache *cache = job->worker->integrations;

	job->integration =
		integration_cache_find(cache, job->message.org.text, job->message.integration.text);
	if (job->integration != NULL && !is_behind(job))
		return find_action(job, job->message.action.text);
	if (job->integration != NULL) {
		integration_cache_forget(cache, job->integration);
		integration_release(job->integration);
		job->integration = NULL;
	}
	job->load = integration_cache_load(
		cache, job->message.org.text, job->message.integration.text, on_integration, job);
	if (job->load == NULL) {
		read_later(job);
		return STEP_SETTLE;
	}
	job_wait(job, "the definition", cancel_load);
	return STEP_WAIT;
}

static bool take_name(struct name *name, const struct json_tape *tape, const char *member)
{
	uint32_t value = tape_member(tape, 0, member);

	return value != TAPE_NONE && tape_type(tape, value) == TAPE_STRING &&
	       name_set(name, tape->text + tape->nodes[value].at, tape->nodes[value].len) == 0;
}

/* The frozen request says what the decision is about; it is authentic, or it is nothing. */
static bool thaw(struct job *job, struct span sealed)
{
	static const struct tape_limits limits = {.depth = 8, .values = 4096};
	char context[2 * NAME_MAX_BYTES + 2];
	int len = snprintf(
		context, sizeof(context), "%s %s", job->message.org.text, job->message.token.text);
	const struct json_tape *tape = &job->frozen_tape;
	uint32_t version;

	if (keyring_thaw(job->worker->keyring, sealed, (struct span){context, (size_t)len},
		    &job->frozen) < 0 ||
		json_tape_read(
			&job->frozen_tape, job->frozen.data, job->frozen.len, &limits, NULL) < 0)
		return false;
	version = tape_member(tape, 0, "version");
	return take_name(&job->confirms, tape, "id") &&
	       take_name(&job->message.integration, tape, "integration") &&
	       take_name(&job->message.action, tape, "action") && version != TAPE_NONE &&
	       tape_string_equals(tape, version, span_of(job->confirm_version));
}

static bool used_by_this(const struct job *job)
{
	char mine[NAME_MAX_BYTES + 24];
	int len = snprintf(mine, sizeof(mine), "\"decision_id\":\"%s\"}", job->message.id.text);

	return job->confirmation.len >= (size_t)len &&
	       memcmp(job->confirmation.data + job->confirmation.len - len, mine, (size_t)len) == 0;
}

/* What the token itself says, before what it was given for is looked at; begin asks again, atomically. */
static enum step_result check_token(struct job *job)
{
	if (used_by_this(job))
		return STEP_AGAIN; /* by an earlier delivery: begin knows what became of it */
	if (job->confirmation.len > 0) {
		job_token_error(job, ERROR_CONFIRMATION_USED);
		if (job->error.code == ERROR_CONFIRMATION_USED) /* not: the deadline passed */
			buf_add(&job->details, job->confirmation.data, job->confirmation.len);
		return STEP_SETTLE;
	}
	if (clock_redis_ms() >= job->confirm_expires_ms) {
		job_token_error(job, ERROR_CONFIRMATION_EXPIRED);
		return STEP_SETTLE;
	}
	return STEP_AGAIN;
}

/* HMGET version, expires, used, frozen */
static enum step_result read_confirmation(struct job *job, const struct redis_value *value)
{
	struct span version = redis_value_text(redis_value_at(value, 0));
	struct span used = redis_value_text(redis_value_at(value, 2));

	if (version.len == 0 || version.len >= sizeof(job->confirm_version)) {
		job_token_error(job, ERROR_CONFIRMATION_UNKNOWN);
		return STEP_SETTLE;
	}
	memcpy(job->confirm_version, version.data, version.len);
	job->confirm_version[version.len] = '\0';
	job->confirm_expires_ms = redis_value_integer(redis_value_at(value, 1));
	buf_add(&job->confirmation, used.data, used.len);
	if (!thaw(job, redis_value_text(redis_value_at(value, 3)))) {
		job_error(job, ERROR_CONFIRMATION_UNKNOWN,
			"What was stored for this token cannot be read with this worker's keys: "
			"ask for a "
			"new one.");
		return STEP_SETTLE;
	}
	return check_token(job);
}

/* Outlives the job where it is stopped before Redis answered. */
struct confirmation_read {
	struct job *job;
};

static void on_confirmation(void *arg, const struct redis_value *value)
{
	struct confirmation_read *read = arg;
	struct job *job = read->job;

	free(read);
	if (job == NULL)
		return;
	job->reading = NULL;
	if (value != NULL && redis_value_error(value) != NULL &&
		strncmp(redis_value_error(value), "WRONGTYPE", 9) == 0) {
		job_token_error(job, ERROR_CONFIRMATION_UNKNOWN);
		pipeline_resume(job, STEP_SETTLE);
		return;
	}
	if (value == NULL || redis_value_count(value) != 4) {
		read_later(job);
		pipeline_resume(job, STEP_SETTLE);
		return;
	}
	pipeline_resume(job, read_confirmation(job, value));
}

static bool cancel_read(struct job *job)
{
	job->reading->job = NULL;
	job->reading = NULL;
	return true;
}

static void write_read(struct job *job, struct buf *command)
{
	static const char *const fields[] = {"version", "expires", "used", "frozen"};
	struct buf key;

	buf_init(&key, 1024);
	key_confirm(
		&key, job->worker->options->shard, job->message.org.text, job->message.token.text);
	resp_head(command, 2 + ARRAY_SIZE(fields));
	resp_string(command, "HMGET");
	resp_word(command, key.data, key.len);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		resp_string(command, fields[i]);
	buf_release(&key);
}

static enum step_result load_confirmation(struct job *job)
{
	struct confirmation_read *read = xcalloc(1, sizeof(*read));
	struct buf command;
	bool sent;

	buf_init(&command, 4096);
	write_read(job, &command);
	sent = redis_async_send(
		job->worker->redis, &command, READ_TIMEOUT_MS, on_confirmation, read);
	buf_release(&command);
	if (!sent) {
		free(read);
		read_later(job);
		return STEP_SETTLE;
	}
	read->job = job;
	job->reading = read;
	job_wait(job, "the confirmation", cancel_read);
	return STEP_WAIT;
}

enum step_result step_load(struct job *job)
{
	if (job->message.decision != DECISION_NONE && job->frozen.len == 0)
		return load_confirmation(job);
	return load_integration(job);
}
