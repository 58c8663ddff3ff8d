/* SPDX-License-Identifier: MIT */
/* status: what operators look at first: queues, workers, jobs in flight, delayed, dead, and the keys of secrets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/json_out.h"
#include "bellhop/key.h"
#include "cli/script.h"
#include "cli/secret_keys.h"

#define KEY_MAX_BYTES	 1024
#define RESULT_MAX_BYTES (16 * 1024 * 1024)
#define WATCHER_MS	 3000 /* since its last sign of life */

struct worker_state {
	char *name;
	int64_t heartbeat_ms; /* since its last sign of life; below 0: its lease ended and its jobs are being taken over */
	int64_t in_flight;
};

struct shard_state {
	int64_t now_ms;
	int64_t depth[QUEUE_COUNT];
	int64_t oldest_ms[QUEUE_COUNT]; /* the age of its oldest job; below 0: none, or not known */
	struct worker_state *workers;
	size_t worker_count, worker_capacity;
	int64_t in_flight, retry, delayed, dead;
	struct secret_keys secrets;
	int64_t next_due_ms; /* until the first of `delayed` is due; below 0: nothing is delayed */
};

/* Of a sorted set, with its scores. */
static struct redis_answer *ask(struct cli *cli, const char *command, const char *tail,
	const char *third, const char *fourth)
{
	struct error error = {0};
	struct buf key;
	buf_init(&key, KEY_MAX_BYTES);
	key_shard(&key, cli->options.shard, tail);
	const char *fifth = strcmp(command, "ZRANGE") == 0 ? "WITHSCORES" : NULL;
	struct redis_answer *answer = redis_sync_do(
		cli->redis, REDIS_WORDS(command, key.data, third, fourth, fifth), &error);
	buf_release(&key);
	if (!answer)
		fail("%s", error.text);
	return answer;
}

static int ask_number(struct cli *cli, const char *command, const char *tail, int64_t *number)
{
	struct redis_answer *answer = ask(cli, command, tail, NULL, NULL);
	if (!answer)
		return EXIT_FAILED;
	*number = answer->integer;
	redis_answer_free(answer);
	return EXIT_DONE;
}

static int ask_depths(struct cli *cli, struct shard_state *state)
{
	int status = EXIT_DONE;
	for (enum queue queue = 0; queue < QUEUE_COUNT && status == EXIT_DONE; queue++) {
		char tail[64];
		snprintf(tail, sizeof(tail), "jobs:%s", queue_name(queue));
		status = ask_number(cli, "LLEN", tail, &state->depth[queue]);
	}
	return status;
}

/* Adds a worker, with what it has taken. */
static int add_worker(struct cli *cli, struct shard_state *state, const char *name, size_t len,
	int64_t heartbeat_ms)
{
	struct worker_state worker = {.name = xmemdup(name, len), .heartbeat_ms = heartbeat_ms};
	char *tail;
	if (asprintf(&tail, "claims:%s", worker.name) < 0)
		return fail("out of memory");
	int status = ask_number(cli, "HLEN", tail, &worker.in_flight);
	free(tail);
	state->in_flight += worker.in_flight;
	state->workers = xgrow(state->workers, &state->worker_capacity, state->worker_count,
		sizeof(*state->workers));
	state->workers[state->worker_count++] = worker;
	return status;
}

/* Members are `W:epoch`, their scores the last sign of life. */
static int ask_living(struct cli *cli, struct shard_state *state)
{
	struct redis_answer *answer = ask(cli, "ZRANGE", "workers", "0", "-1");
	int status = EXIT_DONE;
	if (!answer)
		return EXIT_FAILED;
	for (size_t i = 0; i + 1 < answer->count && status == EXIT_DONE; i += 2) {
		const char *member = answer_text(answer, i);
		const char *colon = strrchr(member, ':');
		size_t len = colon ? (size_t)(colon - member) : strlen(member);
		int64_t ago = state->now_ms - strtoll(answer_text(answer, i + 1), NULL, 10);
		status = add_worker(cli, state, member, len, ago < 0 ? 0 : ago);
	}
	redis_answer_free(answer);
	return status;
}

static int ask_dying(struct cli *cli, struct shard_state *state)
{
	struct redis_answer *answer = ask(cli, "SMEMBERS", "dying", NULL, NULL);
	int status = EXIT_DONE;
	if (!answer)
		return EXIT_FAILED;
	for (size_t i = 0; i < answer->count && status == EXIT_DONE; i++) {
		const char *name = answer_text(answer, i);
		status = add_worker(cli, state, name, strlen(name), -1);
	}
	redis_answer_free(answer);
	return status;
}

static int ask_delayed(struct cli *cli, struct shard_state *state)
{
	int status = ask_number(cli, "ZCARD", "delayed", &state->delayed);
	state->next_due_ms = -1;
	if (status || state->delayed == 0)
		return status;
	struct redis_answer *answer = ask(cli, "ZRANGE", "delayed", "0", "0");
	if (!answer)
		return EXIT_FAILED;
	if (answer->count == 2) {
		int64_t left = strtoll(answer_text(answer, 1), NULL, 10) - state->now_ms;
		state->next_due_ms = left < 0 ? 0 : left;
	}
	redis_answer_free(answer);
	return EXIT_DONE;
}

/* How long ago the first note of at least that many jobs was made; below 0: there is none. */
static int64_t find_age(const struct redis_answer *notes, int64_t number, int64_t now_ms)
{
	for (size_t i = 0; i < notes->count; i++) {
		char *end;
		int64_t count = strtoll(answer_text(notes, i), &end, 10);
		int64_t ago = now_ms - strtoll(end, NULL, 10);
		if (count >= number)
			return ago < 0 ? 0 : ago;
	}
	return -1;
}

/* Whether somebody looks at the queues, as each worker does once a second. */
static bool has_watcher(const struct shard_state *state)
{
	for (size_t i = 0; i < state->worker_count; i++)
		if (state->workers[i].heartbeat_ms >= 0 &&
			state->workers[i].heartbeat_ms <= WATCHER_MS)
			return true;
	return false;
}

/*
 * A job carries no time: workers count what they take and note how many there ever were (worker/io/scripts/renew.lua). A job that
 * came after the last note is younger than the time between two, while there are workers.
 */
static int ask_age(struct cli *cli, struct shard_state *state, enum queue queue)
{
	char text[64];
	snprintf(text, sizeof(text), "%d", queue + 1);
	struct redis_answer *taken = ask(cli, "HGET", "taken", text, NULL);
	if (!taken)
		return EXIT_FAILED;
	int64_t number = 1 + (taken->text ? strtoll(taken->text, NULL, 10) : 0);
	redis_answer_free(taken);
	snprintf(text, sizeof(text), "ages:%s", queue_name(queue));
	struct redis_answer *notes = ask(cli, "LRANGE", text, "0", "-1");
	if (!notes)
		return EXIT_FAILED;
	state->oldest_ms[queue] = find_age(notes, number, state->now_ms);
	if (state->oldest_ms[queue] < 0 && has_watcher(state))
		state->oldest_ms[queue] = 0;
	redis_answer_free(notes);
	return EXIT_DONE;
}

static int ask_ages(struct cli *cli, struct shard_state *state)
{
	int status = EXIT_DONE;
	for (enum queue queue = 0; queue < QUEUE_COUNT && status == EXIT_DONE; queue++) {
		state->oldest_ms[queue] = -1;
		if (state->depth[queue] > 0)
			status = ask_age(cli, state, queue);
	}
	return status;
}

static int ask_all(struct cli *cli, struct shard_state *state)
{
	int status = cli_now(cli, &state->now_ms);
	if (status == EXIT_DONE)
		status = ask_depths(cli, state);
	if (status == EXIT_DONE)
		status = ask_living(cli, state);
	if (status == EXIT_DONE)
		status = ask_dying(cli, state);
	if (status == EXIT_DONE)
		status = ask_ages(cli, state);
	if (status == EXIT_DONE)
		status = ask_number(cli, "LLEN", "retry", &state->retry);
	if (status == EXIT_DONE)
		status = ask_delayed(cli, state);
	if (status == EXIT_DONE)
		status = ask_number(cli, "LLEN", "dead", &state->dead);
	if (status == EXIT_DONE)
		status = secret_keys_count(cli, &state->secrets);
	return status;
}

static void add_lines(struct buf *out, const struct shard_state *state)
{
	buf_add_string(out, "queue         depth      oldest\n");
	for (enum queue queue = 0; queue < QUEUE_COUNT; queue++) {
		char age[32] = "-";
		if (state->oldest_ms[queue] >= 0)
			snprintf(
				age, sizeof(age), "%.1f s", (double)state->oldest_ms[queue] / 1000);
		buf_printf(out, "%-12s %6lld  %10s\n", queue_name(queue),
			(long long)state->depth[queue], age);
	}
	buf_printf(out, "\n%-34s %12s  in flight\n", "worker", "last seen");
	for (size_t i = 0; i < state->worker_count; i++) {
		const struct worker_state *worker = &state->workers[i];
		char seen[32] = "lease ended";
		if (worker->heartbeat_ms >= 0)
			snprintf(seen, sizeof(seen), "%.1f s ago",
				(double)worker->heartbeat_ms / 1000);
		buf_printf(out, "%-34s %12s  %9lld\n", worker->name, seen,
			(long long)worker->in_flight);
	}
	if (state->worker_count == 0)
		buf_add_string(out, "none\n");
	buf_printf(out, "\nin flight %8lld\nput back  %8lld\ndelayed   %8lld",
		(long long)state->in_flight, (long long)state->retry, (long long)state->delayed);
	if (state->next_due_ms >= 0)
		buf_printf(out, "  the next in %.1f s", (double)state->next_due_ms / 1000);
	buf_printf(out, "\ndead      %8lld\n", (long long)state->dead);
	secret_keys_lines(&state->secrets, out);
}

static void add_known(struct buf *out, int64_t number)
{
	if (number < 0)
		buf_add_string(out, "null");
	else
		buf_add_signed(out, number);
}

static void add_worker_json(struct buf *out, const struct worker_state *worker)
{
	buf_add_string(out, "{\"name\":");
	json_out_string(out, span_of(worker->name));
	buf_add_string(out, ",\"last_seen_ms\":");
	add_known(out, worker->heartbeat_ms);
	buf_printf(out, ",\"in_flight\":%lld}", (long long)worker->in_flight);
}

static void add_json(struct buf *out, const struct shard_state *state)
{
	buf_add_string(out, "{\"queues\":[");
	for (enum queue queue = 0; queue < QUEUE_COUNT; queue++) {
		buf_printf(out,
			"%s{\"name\":\"%s\",\"depth\":%lld,\"oldest_ms\":", queue ? "," : "",
			queue_name(queue), (long long)state->depth[queue]);
		add_known(out, state->oldest_ms[queue]);
		buf_add_char(out, '}');
	}
	buf_add_string(out, "],\"workers\":[");
	for (size_t i = 0; i < state->worker_count; i++) {
		buf_add_string(out, i ? "," : "");
		add_worker_json(out, &state->workers[i]);
	}
	buf_printf(out, "],\"in_flight\":%lld,\"put_back\":%lld,\"delayed\":%lld,\"next_due_ms\":",
		(long long)state->in_flight, (long long)state->retry, (long long)state->delayed);
	add_known(out, state->next_due_ms);
	buf_printf(out, ",\"dead\":%lld,\"secrets\":", (long long)state->dead);
	secret_keys_json(&state->secrets, out);
	buf_add_char(out, '}');
}

static void print_state(const struct cli *cli, const struct shard_state *state)
{
	struct buf out;
	buf_init(&out, RESULT_MAX_BYTES);
	if (cli->options.json)
		add_json(&out, state);
	else
		add_lines(&out, state);
	print_buf(&out);
	buf_release(&out);
}

int command_status(struct cli *cli, int argc, char **argv)
{
	struct shard_state state = {0};
	int status = cli_arguments(cli, argc, argv, NULL, 0, 0, 0);
	if (status == EXIT_DONE)
		status = cli_connect(cli);
	if (status == EXIT_DONE)
		status = ask_all(cli, &state);
	if (status == EXIT_DONE)
		print_state(cli, &state);
	for (size_t i = 0; i < state.worker_count; i++)
		free(state.workers[i].name);
	free(state.workers);
	return status;
}
