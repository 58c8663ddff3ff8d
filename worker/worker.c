/* SPDX-License-Identifier: MIT */
/* worker: one process's loop: registering, taking jobs, starting them, stopping. */
#include "worker.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include <sodium.h>

#include "bellhop/bug.h"
#include "drain.h"
#include "io/clock.h"
#include "io/crypto_memory.h"
#include "io/depths.h"
#include "io/metrics.h"
#include "io/server_check.h"
#include "log.h"
#include "pages.h"
#include "pipeline.h"
#include "slot.h"

#define SECRET_MEMORY_BYTES (4u * 1024 * 1024)

void worker_set_timer(struct event *timer, int64_t us)
{
	struct timeval wait = {us / 1000000, us % 1000000};

	event_add(timer, &wait);
}

/* Jobs: taken, started, over. */

static size_t on_room(void *arg)
{
	return intake_room(arg);
}

static size_t on_workflow_room(void *arg)
{
	return intake_workflow_room(arg);
}

static void on_slot_answered(void *arg, bool has_slot)
{
	slot_answered(arg, has_slot);
}

static void on_woken(void *arg)
{
	struct worker *worker = arg;

	turn_kick(worker->turn);
}

static void on_claimed(void *arg, struct span field, struct span payload)
{
	struct job *job = job_new(arg, field, payload);

	if (job == NULL) {
		log_event(LOG_ERROR, "a claim that cannot be read is left where it is");
		return;
	}
	metrics_add(METRICS_TAKEN, 1);
	pipeline_start(job);
	if (job->worker->draining)
		pipeline_leave(job);
}

static void on_claims_over(void *arg, size_t taken, bool more)
{
	struct worker *worker = arg;

	lanes_claimed(worker->lanes);
	if (!turn_is_refused(worker->turn))
		trouble_over(&worker->trouble, TROUBLE_TURN);
	intake_claims_over(&worker->intake, taken, more);
}

void worker_job_over(struct worker *worker)
{
	if (worker->draining)
		drain_leave_if_empty(worker);
	else
		intake_room_again(&worker->intake);
}

/* Redis: up, down, forgotten. */

static void on_wrong_server(const char *sentence, const char *seen)
{
	log_event(LOG_ERROR, sentence, "seen", 's', seen);
}

/* Said when Redis first took us or was found away: where it refuses us, that is the one line that there is. */
static void say_started(struct worker *worker)
{
	if (worker->started)
		return;
	worker->started = true;
	if (worker->options->key_file == NULL)
		log_event(LOG_WARNING, "no BELLHOP_KEY_FILE: no secret can be opened, and only "
				       "this process can run what is "
				       "confirmed here");
	if (worker->server != NULL)
		log_event(
			LOG_INFO, "listening", "address", 's', http_server_address(worker->server));
}

static void on_ready(void *arg)
{
	struct worker *worker = arg;

	worker->was_up = true;
	worker->is_away = false;
	worker->last_renewed_ms = clock_now_ms();
	intake_open(&worker->intake);
	trouble_over(&worker->trouble, TROUBLE_CONNECTION);
	say_started(worker);
	log_event(LOG_INFO, "ready", "worker", 's', worker->membership.member, "redis", 's',
		worker->redis_url.shown);
	server_check(worker->redis, on_wrong_server);
	janitor_open(worker->janitor, worker->membership.member);
	turn_open(worker->turn, worker->membership.name, worker->membership.member);
	lanes_open(worker->lanes, worker->membership.member);
	if (worker->draining)
		drain_leave_if_empty(worker);
}

static void on_forgotten(void *arg)
{
	struct worker *worker = arg;

	log_event(LOG_WARNING, "Redis no longer knows this worker; its jobs are others' now",
		"dropped", 'i', (int64_t)worker->in_flight);
	turn_close(worker->turn);
	turn_clear(worker->turn);
	lanes_close(worker->lanes);
	janitor_close(worker->janitor);
	janitor_suspect(worker->janitor, worker->membership.name);
	while (worker->oldest != NULL)
		pipeline_drop(worker->oldest);
}

static bool on_is_known(void *arg, struct span field)
{
	struct worker *worker = arg;

	for (const struct job *job = worker->oldest; job != NULL; job = job->newer) {
		if (span_is(field, job->field.data))
			return true;
	}
	return false;
}

static void on_dead(void *arg)
{
	struct worker *worker = arg;

	membership_dead(&worker->membership);
}

static void on_up(void *arg)
{
	struct worker *worker = arg;
	struct sockaddr_storage peer;

	if (redis_async_peer(worker->redis, &peer))
		address_policy_never(worker->policy, (const struct sockaddr *)&peer);
	membership_up(&worker->membership);
}

/* At the start: nobody has to wait for what somebody has to change. */
static void give_up(struct worker *worker, const char *reason, const struct redis_trouble *trouble)
{
	fprintf(stderr, "bellhopd: Redis at %s refuses (%s): %s; %s\n", worker->redis_url.shown,
		trouble != NULL ? trouble->name : "unknown", reason,
		trouble != NULL ? trouble->advice : "check BELLHOP_REDIS_URL");
	worker->exit_code = 2;
	event_base_loopbreak(worker->base);
}

static void on_down(void *arg, const char *reason, bool refused)
{
	struct worker *worker = arg;

	const struct redis_trouble *trouble = redis_trouble_of(reason);

	metrics_add(METRICS_RECONNECTS, worker->membership.registered);
	turn_close(worker->turn);
	lanes_close(worker->lanes);
	janitor_close(worker->janitor);
	membership_down(&worker->membership);
	if (!worker->was_up && (refused || (trouble != NULL && trouble->setting))) {
		give_up(worker, reason, trouble);
		return;
	}
	say_started(worker);
	trouble_note(&worker->trouble, TROUBLE_CONNECTION, reason);
	if (trouble != NULL && trouble->setting)
		redis_url_read_password(&worker->redis_url, worker->options->redis_password_file);
	if (trouble == NULL && !worker->is_away)
		log_event(LOG_ERROR, "Redis is away; trying again", "redis", 's',
			worker->redis_url.shown, "reason", 's', reason);
	worker->is_away = true;
	if (worker->draining)
		drain_leave_if_empty(worker);
}

static void on_lost(void *arg, const struct turn_losses *of_turn)
{
	struct worker *worker = arg;

	losses_note(&worker->losses, of_turn);
}

static void on_renewed(void *arg, size_t ready)
{
	struct worker *worker = arg;

	worker->last_renewed_ms = clock_now_ms();
	trouble_over(&worker->trouble, TROUBLE_LEASE);
	losses_say(&worker->losses);
	log_flush();
	depths_look(worker->redis, worker->options->shard);
	/* The claim that goes with it is also the way on where a blocking wait cannot be had. */
	(void)ready;
	if (!turn_is_claiming(worker->turn))
		turn_kick(worker->turn);
}

static void on_took_over(void *arg, struct span dead, size_t claims)
{
	struct worker *worker = arg;
	char name[64];

	metrics_add(METRICS_TAKEN_OVER, claims);
	snprintf(name, sizeof(name), "%.*s", (int)dead.len, dead.data);
	log_event(LOG_WARNING, "took over from a worker whose lease ended", "worker", 's', name,
		"jobs", 'i', (int64_t)claims);
	turn_kick(worker->turn);
}

static void on_wrong_keys(void *arg, struct span keys)
{
	struct worker *worker = arg;

	losses_wrong_keys(&worker->losses, keys);
}

static void on_refused(struct worker *worker, enum trouble_of of, const char *error)
{
	const struct redis_trouble *trouble = trouble_note(&worker->trouble, of, error);

	if (trouble->elsewhere)
		redis_async_drop(worker->redis, error);
}

static void on_renew_failed(void *arg, const char *error)
{
	on_refused(arg, TROUBLE_LEASE, error);
}

static void on_wait_failed(void *arg, const char *error)
{
	struct worker *worker = arg;

	trouble_note(&worker->trouble, TROUBLE_WAIT, error);
}

static void on_turn_failed(void *arg, const char *error)
{
	struct worker *worker = arg;

	on_refused(worker, TROUBLE_TURN, error);
	if (worker->draining)
		drain_leave_if_empty(worker); /* the claim that it waited for brought nothing */
}

/* What it works with. */

static struct keyring *open_keyring(const struct options *options, struct error *error)
{
	struct error why = {0};
	struct keyring *keyring;

	if (options->key_file == NULL)
		return keyring_new();
	keyring = keyring_load(options->key_file, &why);
	if (keyring == NULL)
		error_set(error, why.code, "KEY_FILE: %s", why.text);
	return keyring;
}

/* What a step needs, in the order of who needs whom. */
static int open_tools(struct worker *worker, struct error *error)
{
	const struct options *options = worker->options;

	if (!crypto_memory_init())
		log_event(LOG_WARNING, "libcrypto's memory is not wiped: it was in use before");
	worker->secrets = secret_memory_new(SECRET_MEMORY_BYTES);
	if (!secret_memory_locked(worker->secrets))
		log_event(LOG_WARNING,
			"memory for secrets cannot be locked: raise the memlock limit");
	worker->keyring = open_keyring(options, error);
	if (worker->keyring == NULL)
		return -1;
	worker->policy = address_policy_new(options->allow_nets, error);
	if (worker->policy == NULL)
		return -1;
	worker->resolver = resolver_new(worker->base, NULL, error);
	if (worker->resolver == NULL)
		return -1;
	worker->http = http_client_new(worker->base, worker->policy, options->ca_file, error);
	if (worker->http == NULL)
		return -1;
	worker->tokens = token_cache_new(&(struct token_tools){
		worker->base, worker->http, worker->resolver, worker->policy, worker->secrets});
	return 0;
}

static void on_lane_waits(void *arg, struct span lane)
{
	struct worker *worker = arg;

	lanes_heard_of(worker->lanes, lane);
}

static void open_redis(struct worker *worker)
{
	const struct options *options = worker->options;

	worker->redis = redis_async_new(worker->base, &worker->redis_url,
		&(struct redis_async_events){on_up, on_down}, worker);
	worker->turn = turn_new(worker->base, worker->redis, options,
		&(struct turn_events){on_room, on_workflow_room, on_claimed, on_claims_over,
			on_dead, on_lost, on_turn_failed},
		worker);
	worker->lanes = lanes_new(worker->base, worker->redis, options,
		&(struct lanes_events){on_room, on_woken, on_wait_failed, on_slot_answered},
		worker);
	worker->janitor = janitor_new(worker->base, worker->redis, options,
		&(struct janitor_events){on_renewed, on_wrong_keys, on_took_over, on_lane_waits,
			on_dead, on_renew_failed},
		worker);
	intake_init(&worker->intake, worker);
	worker->integrations = integration_cache_new(worker->redis, options);
	membership_init(&worker->membership, worker->redis, worker->turn, options->shard,
		&(struct membership_events){on_ready, on_forgotten, on_is_known}, worker);
}

int worker_init(struct worker *worker, const struct options *options, struct error *error)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	*worker = (struct worker){.options = options};
	if (redis_url_parse(&worker->redis_url, options->redis_url, options->redis_password_file,
		    error) < 0)
		return -1;
	worker->base = event_base_new();
	/* First of all: one that comes while the rest is opened is heard when the loop turns. */
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		worker->signals[i] =
			evsignal_new(worker->base, numbers[i], drain_on_signal, worker);
		event_add(worker->signals[i], NULL);
	}
	json_tape_init(&worker->response_tape);
	buf_init(&worker->scratch, 32 * 1024 * 1024 + (size_t)options->max_response_bytes * 6);
	if (open_tools(worker, error) < 0 || pages_listen(worker, error) < 0)
		return -1;
	worker->drain_timer = evtimer_new(worker->base, drain_on_timer, worker);
	open_redis(worker);
	return 0;
}

int worker_run(struct worker *worker)
{
	event_base_dispatch(worker->base);
	losses_say(&worker->losses);
	if (worker->started)
		log_event(LOG_INFO, "stopped", "code", 'i', (int64_t)worker->exit_code);
	return worker->exit_code;
}

void worker_release(struct worker *worker)
{
	turn_close(worker->turn);
	turn_clear(worker->turn);
	while (worker->oldest != NULL)
		pipeline_drop(worker->oldest);
	while (worker->spare != NULL) {
		struct job *job = worker->spare;

		worker->spare = job->newer;
		job_destroy(job);
	}
	intake_release(&worker->intake);
	redis_async_free(worker->redis);
	membership_release(&worker->membership);
	janitor_free(worker->janitor);
	turn_free(worker->turn);
	lanes_free(worker->lanes);
	integration_cache_free(worker->integrations);
	http_server_free(worker->server);
	token_cache_free(worker->tokens);
	http_client_free(worker->http);
	resolver_free(worker->resolver);
	address_policy_free(worker->policy);
	keyring_free(worker->keyring);
	secret_memory_free(worker->secrets);
	for (size_t i = 0; i < ARRAY_SIZE(worker->signals); i++)
		event_free(worker->signals[i]);
	event_free(worker->drain_timer);
	event_base_free(worker->base);
	json_tape_release(&worker->response_tape);
	buf_release(&worker->scratch);
	redis_url_release(&worker->redis_url);
}
