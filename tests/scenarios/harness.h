/* SPDX-License-Identifier: MIT */
/*
 * harness: the words in which stories are told.
 *
 * A story runs the real worker (worker/, steps/, and what of io/ talks to nobody) on a clock that only the story moves, against a Redis, an upstream and
 * name servers that are fakes (fakes/). One worker is there when it begins; the org `acme` has the integration `tickets` with the
 * secret it needs and the actions read, create, replace, scarce, scarce_read (words.c).
 *
 * Each story is told once as it is written, and then again and again with one call of the worker's to the world going
 * wrong: not done, done and not answered, too late, the process standing still for longer than its lease, or dying. In these
 * tellings an expectation only waits for what it names, and what must always hold is looked at instead (truth.c): exactly one
 * reply for each job, a call that may not be repeated left at most once, no reply that says what is not so, nothing left over.
 */
#ifndef SCENARIOS_HARNESS_H
#define SCENARIOS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A story is a file: STORY { job_arrives(…); … } Its name is the file's. */
#define STORY                                                    \
	static void story(void);                                 \
	__attribute__((constructor)) static void add_story(void) \
	{                                                        \
		story_add(__FILE__, story);                      \
	}                                                        \
	static void story(void)
void story_add(const char *file, void (*tell)(void));

/* What there is before the first job, and what changes. */
void secret_is(const char *value); /* NULL: it is not set */
void secret_is_sealed_for(const char *origin);
void the_definition_changes(void); /* `create` gets another path */
void the_definition_is_broken(void);
void is_switched_off(const char *action);
void name_resolves_to(const char *address); /* NULL: to nothing */
void name_lookup_takes(int64_t ms);

/* The secret is a client's, with which tokens are asked for; what its endpoint answers from now on: a token that serves for an hour, or this. */
void it_is_a_service_account(void);
void token_endpoint_answers(int status, const char *body);

/* Jobs and decisions. `id` is its own in a story; a second push of the same is a duplicate. */
void job_arrives(const char *queue, const char *id, const char *action);
void job_arrives_with_deadline(
	const char *queue, const char *id, const char *action, int64_t ms_from_now);
/* The same id with other content. */
void job_arrives_with_other_inputs(const char *queue, const char *id, const char *action);
/* `id` decides on what `job` was asked about. */
void person_approves(const char *id, const char *job);
void person_declines(const char *id, const char *job);
/* Any bytes; nobody expects a reply. */
void text_arrives(const char *queue, const char *text);

/* What the upstream does with the requests to come, one word for each, in their order; then 200 and {"ok":true}. */
void upstream_answers(int status, const char *body);
void upstream_answers_later(int status, const char *body, int64_t ms);
void upstream_asks_to_wait(int status, int64_t retry_after_s);
void upstream_says_nothing(void);   /* the call's time runs out */
void upstream_breaks_off(void);	    /* after it got the request */
void upstream_is_not_reached(void); /* no byte of it left */
void upstream_certificate_is_bad(void);

/* Time, and what happens to workers. */
void time_passes(int64_t ms);
void until_sent(const char *id); /* a byte of its request has left */
void until_times_sent(const char *id, size_t times);
void until_begun(const char *id);
void until_waiting_for(const char *what); /* a job waits for that: "the upstream's address" */
void until_idle(void);			  /* no worker has a job */
void another_worker_starts(void);
void the_worker_dies(void); /* the oldest; another one starts */
/* It stands still for longer than its lease, as soon as it next does that ("turn", "a look-up", "http_start", "the first byte"). */
void the_worker_stalls_before(const char *what);
void the_worker_is_told_to_stop(void);
void redis_goes_away(int64_t ms);
void redis_forgets_its_scripts(void);

/* `what` is a status (succeeded, confirmation_pending, declined) or an error's code. */
void expect_reply(const char *id, const char *what);
/* So many replies, all the same. */
void expect_replies(const char *id, size_t count, const char *what);
/* The newest reply to `id` has that in its JSON. */
void expect_reply_says(const char *id, const char *json);
void expect_no_reply_yet(const char *id);
void expect_sent(const char *id, size_t times);
void expect_sent_once(const char *id);
void expect_not_sent(const char *id);
/* What the upstream got: the request number `index` of all, from 0. */
void expect_request_says(size_t index, const char *text);
void expect_dead(size_t count);

#endif
