/* SPDX-License-Identifier: MIT */
/*
 * authorize: opens the secret into locked memory and makes the credential's header of it, then finds the upstream's
 * addresses and judges them all. From here to the end of map the secret is in memory, for redaction needs it.
 */
#include "pipeline.h"

#include "io/clock.h"
#include "slot.h"
#include "worker.h"

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
	job->lookup_us = clock_now_us() - job->call_started_us;
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

static int64_t time_left_ms(const struct job *job)
{
	int64_t left = job->action->timeout_ms;

	if (job->message.deadline_ms > 0 && job->message.deadline_ms - clock_redis_ms() < left)
		left = job->message.deadline_ms - clock_redis_ms();
	return left > 1 ? left : 1;
}

enum step_result step_authorize(struct job *job)
{
	const struct url *base = &job->integration->definition->base;
	struct resolver *resolver = job->worker->resolver;

	struct error error = {0};

	if (!job->places[LANE_HOST].has_slot)
		return slot_take(job, LANE_HOST, base->host, base->port, STEP_AGAIN);
	if (credential_open(&job->credential, job->integration, job->worker->keyring,
		    job->worker->secrets, &error) < 0) {
		job_error(job, error.code, "%s", error.text);
		return STEP_SETTLE;
	}
	job->call_started_us = clock_now_us();
	if (resolver_knows(resolver, base->host, base->port, &job->addresses))
		return judge(job);
	job->lookup = resolver_start(resolver, job->message.org.text, base->host, base->port,
		(uint32_t)time_left_ms(job), on_addresses, job);
	job_wait(job, "the upstream's address", cancel_lookup);
	return STEP_WAIT;
}
