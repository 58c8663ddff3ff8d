/* SPDX-License-Identifier: MIT */
/*
 * authorize: opens the secret into locked memory and makes the credential's header of it, of a service account's with a token, then finds
 * the upstream's addresses and judges them all. From here to the end of map the secret is in memory, for redaction needs it.
 *
 * A token is waited for before the host's slot is taken: a token endpoint that is slow holds up nobody else who calls that host.
 */
#include "pipeline.h"

#include "bellhop/bug.h"
#include "io/clock.h"
#include "slot.h"
#include "worker.h"

#define TURN_MS 100 /* until a job looks again whether its org may ask for another token */

static enum step_result judge(struct job *job)
{
	if (address_policy_allows_all(job->worker->policy, &job->addresses))
		return STEP_NEXT;
	job_error(job, ERROR_BLOCKED_ADDRESS,
		"The integration's host has an address that is not called from here: correct its "
		"base_url, or let the operator allow the network.");
	return STEP_SETTLE;
}

static bool cancel_lookup(struct job *job)
{
	resolver_cancel(job->lookup);
	return true;
}

static void on_addresses(void *arg, const struct address_list *addresses, const struct error *error)
{
	struct job *job = arg;

	job->lookup = NULL;
	job->lookup_us = clock_now_us() - job->lookup_started_us;
	if (addresses == NULL) {
		job_error(job, error->code,
			"The upstream's name cannot be looked up (%s): try again later, or correct "
			"the "
			"integration's base_url.",
			error->text);
		pipeline_resume(job, STEP_SETTLE);
		return;
	}
	job->addresses = *addresses;
	pipeline_resume(job, judge(job));
}

static int64_t to_deadline_ms(const struct job *job)
{
	return job->message.deadline_ms > 0 ? job->message.deadline_ms - clock_redis_ms()
					    : INT64_MAX;
}

static int64_t time_left_ms(const struct job *job)
{
	int64_t left = job->action->timeout_ms - (clock_now_us() - job->call_started_us) / 1000;

	if (to_deadline_ms(job) < left)
		left = to_deadline_ms(job);
	return left > 1 ? left : 1;
}

static void use_token(struct job *job, const struct token *token)
{
	credential_use_token(&job->credential, job->worker->secrets, token->text);
	job->token_serial = token->serial;
}

static void no_token(struct job *job, const struct token_failure *failure)
{
	job_error(job, failure->error.code, "%s", failure->error.text);
	job->retryable = failure->retryable;
	job->retry_after_ms = failure->retry_after_ms;
	buf_add(&job->details, failure->details.data, failure->details.len);
}

static bool cancel_token(struct job *job)
{
	token_cache_cancel(job->token_wait);
	job->token_wait = NULL;
	return true;
}

static void on_token(void *arg, const struct token *token, const struct token_failure *failure)
{
	struct job *job = arg;

	job->token_wait = NULL;
	job->token_us = clock_now_us() - job->call_started_us;
	if (token != NULL) {
		use_token(job, token);
		pipeline_resume(job, STEP_AGAIN);
		return;
	}
	if (failure->out_of_time && job->token_until_deadline)
		job_expired(job);
	else
		no_token(job, failure);
	pipeline_resume(job, STEP_SETTLE);
}

/* The attempt before this one was refused with a token that was asked for before it began: another worker may have that one still. */
static int64_t token_refused_ms(const struct job *job)
{
	return job->before.tries > 0 && job->before.http_status == 401 ? job->before.begun_at_ms
								       : 0;
}

static bool cancel_turn(struct job *job)
{
	event_del(job->token_turn);
	return true;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct job *job = arg;

	(void)fd;
	(void)what;
	job->token_us = clock_now_us() - job->call_started_us;
	pipeline_resume(job, STEP_AGAIN);
}

static enum step_result wait_for_turn(struct job *job)
{
	const int64_t left_ms = time_left_ms(job);

	if (left_ms <= 1) {
		if (job_is_past_deadline(job))
			job_expired(job);
		job_error(job, ERROR_AUTH_FAILED,
			"Too many token endpoints of this org are being asked, and none answers: "
			"try again later.");
		job->retryable = job->error.code == ERROR_AUTH_FAILED;
		return STEP_SETTLE;
	}
	if (job->token_turn == NULL)
		job->token_turn = evtimer_new(job->worker->base, on_turn, job);
	BUG_ON(job->token_turn == NULL);
	worker_set_timer(job->token_turn, (left_ms < TURN_MS ? left_ms : TURN_MS) * 1000);
	job_wait(job, "its turn to ask for an access token", cancel_turn);
	return STEP_WAIT;
}

static enum step_result wait_for_token(struct job *job, const struct token_request *request)
{
	struct token_cache *tokens = job->worker->tokens;
	const struct token_failure *failure = token_cache_failure(tokens, &job->token_id);
	int64_t left_ms;

	if (failure != NULL) {
		no_token(job, failure);
		return STEP_SETTLE;
	}
	left_ms = time_left_ms(job);
	job->token_until_deadline = to_deadline_ms(job) <= left_ms;
	job->token_wait =
		token_cache_wait(tokens, &job->token_id, request, (uint32_t)left_ms, on_token, job);
	if (job->token_wait == NULL)
		return wait_for_turn(job);
	job_wait(job, "an access token", cancel_token);
	return STEP_WAIT;
}

static enum step_result find_token(struct job *job)
{
	struct token_cache *tokens = job->worker->tokens;
	const struct integration *integration = job->integration;
	const struct token_request request = {integration->org, integration->name,
		&job->credential.account, integration->definition};
	const struct token_owner owner = {integration->org, integration->name,
		span_of(integration->secrets[0].sealed), integration->definition};
	struct token token;
	bool renew;

	token_cache_identify(tokens, &job->token_id, &owner);
	if (!token_cache_find(tokens, &job->token_id, token_refused_ms(job), &token, &renew))
		return wait_for_token(job, &request);
	/* What it asks with goes with the use of the token. */
	if (renew)
		token_cache_renew(tokens, &job->token_id, &request);
	use_token(job, &token);
	return STEP_NEXT;
}

/* What the credential says may not fit what the definition or the operator says. */
static bool check_account(struct job *job)
{
	struct error why = {0};

	if (service_account_fits(&job->credential.account,
		    job->integration->definition->auth_subject != NULL,
		    &job->worker->options->allow_http, &why) == 0)
		return true;
	job_error(job, ERROR_AUTH_FAILED,
		"The secret credential of this integration cannot be used (%s): an administrator "
		"can set it again.",
		why.text);
	return false;
}

/* STEP_NEXT: its secret is open, and its token, where it needs one, is there. */
static enum step_result open_secret(struct job *job)
{
	struct error error = {0};

	if (job->credential.has_account) /* it waited for its turn */
		return find_token(job);
	job->call_started_us = clock_now_us();
	if (credential_open(&job->credential, job->integration, job->worker->keyring,
		    job->worker->secrets, &error) < 0) {
		job_error(job, error.code, "%s", error.text);
		return STEP_SETTLE;
	}
	if (!job->credential.has_account)
		return STEP_NEXT;
	return check_account(job) ? find_token(job) : STEP_SETTLE;
}

enum step_result step_authorize(struct job *job)
{
	const struct definition *definition = job->integration->definition;
	const struct url *base = &definition->base;
	struct resolver *resolver = job->worker->resolver;
	const bool token_first = definition->auth == AUTH_SERVICE_ACCOUNT;
	enum step_result result;

	if (token_first && job->credential.line == NULL && (result = open_secret(job)) != STEP_NEXT)
		return result;
	if (!job->places[LANE_HOST].has_slot)
		return slot_take(job, LANE_HOST, base->host, base->port, STEP_AGAIN);
	if (token_first) /* the wait for the slot is not the call's */
		job->call_started_us = clock_now_us() - (job->token_us > 0 ? job->token_us : 0);
	else if ((result = open_secret(job)) != STEP_NEXT)
		return result;
	if (resolver_knows(resolver, base->host, base->port, &job->addresses))
		return judge(job);
	job->lookup_started_us = clock_now_us();
	job->lookup = resolver_start(resolver, job->message.org.text, base->host, base->port,
		(uint32_t)time_left_ms(job), on_addresses, job);
	job_wait(job, "the upstream's address", cancel_lookup);
	return STEP_WAIT;
}
