/* SPDX-License-Identifier: MIT */
/*
 * How a workflow engine and a chat backend use Bellhop, and what they do with each reply.
 *
 *     cc -o example example.c bellhop_client.c $(pkg-config --cflags --libs hiredis jansson) -pthread
 *
 *     ./example workflow ORG/INTEGRATION/ACTION ID INPUTS [ID INPUTS]...    steps that run side by side
 *     ./example chat ORG/INTEGRATION/ACTION ID INPUTS                       a person is asked on the terminal
 *     ./example result ORG ID                                               of a step that was left waiting
 *
 * BELLHOP_REDIS_URL (redis://HOST:PORT/DB) and BELLHOP_SHARD as for the worker; WAIT_S is how long a step waits.
 */
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bellhop_client.h"

#define GRACE_MS  2000 /* what the worker says at a deadline still has to come */
#define TRIES	  3
#define MAX_STEPS 64

enum answer { YES, NO, NOBODY };

static int wait_ms = 60000;

static const char *text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? text : "";
}

static void pause_ms(json_int_t ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* One line for each way in which a job can end. */
static void print_outcome(const char *id, const json_t *reply)
{
	const char *status = text_of(reply, "status");
	const json_t *error = json_object_get(reply, "error");
	const char *code = text_of(error, "code"), *message = text_of(error, "message");

	if (reply == NULL) {
		/* It may still run: look at result: later, or push it again under the same id. */
		printf("%s: no reply yet\n", id);
	} else if (strcmp(status, "succeeded") == 0) {
		char *output = json_dumps(json_object_get(reply, "output"),
			JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

		printf("%s: succeeded %s\n", id, output);
		free(output);
	} else if (strcmp(status, "declined") == 0) {
		printf("%s: declined\n", id);
	} else if (strcmp(status, "confirmation_pending") == 0) {
		printf("%s: waits for a person\n", id);
	} else if (strcmp(code, "outcome_unknown") == 0) {
		/* It may have happened: a person looks before anything is repeated. */
		printf("%s: look at the upstream first: %s\n", id, message);
	} else {
		printf("%s: failed %s, sent %s: %s\n", id, code, text_of(reply, "sent"), message);
	}
}

/* A step of a workflow: repeated where the reply says that this is safe and may help. */
static json_t *run_step(struct bellhop *bellhop, json_t *job)
{
	const json_t *error, *retry_after_ms;
	json_t *first = json_incref(json_object_get(job, "id")), *reply = NULL;

	for (int tried = 1; tried <= TRIES; tried++) {
		json_decref(reply);
		reply = bellhop_run(bellhop, "workflow", job, wait_ms);
		error = json_object_get(reply, "error");
		if (!json_is_true(json_object_get(error, "retryable")) || tried == TRIES)
			break;
		retry_after_ms = json_object_get(error, "retry_after_ms");
		pause_ms(
			retry_after_ms != NULL ? json_integer_value(retry_after_ms) : 100 << tried);
		/* An id that was sent is used up; one that was not sent runs again. */
		if (strcmp(text_of(reply, "sent"), "no") != 0)
			json_object_set_new(job, "id",
				json_sprintf("%s.%d", json_string_value(first), tried + 1));
	}
	json_decref(first);
	return reply;
}

/* What is shown is what will be sent. */
static enum answer ask_on_terminal(const json_t *confirmation, json_int_t left_ms)
{
	const json_t *request = json_object_get(confirmation, "request");
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[16];

	printf("%s? %s %s %s\n", text_of(confirmation, "title"), text_of(request, "method"),
		text_of(request, "url"), text_of(request, "body"));
	fflush(stdout);
	if (left_ms <= 0 || poll(&in, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX) <= 0 ||
		fgets(line, sizeof(line), stdin) == NULL)
		return NOBODY;
	return strcmp(line, "yes\n") == 0 ? YES : NO;
}

/* Past its deadline nothing of it is sent any more, so what was given up does not happen behind somebody's back. */
static json_t *run_while_somebody_waits(struct bellhop *bellhop, const char *queue, json_t *message)
{
	json_int_t now_ms = bellhop_now_ms(bellhop);

	if (now_ms >= 0)
		json_object_set_new(message, "deadline_ms", json_integer(now_ms + wait_ms));
	return bellhop_run(bellhop, queue, message, wait_ms + GRACE_MS);
}

static json_t *decide(
	struct bellhop *bellhop, const json_t *job, const char *token, enum answer answer)
{
	json_t *decision = json_pack("{s:o, s:s, s:s, s:s, s:s}", "id",
		json_sprintf("%s.decision", text_of(job, "id")), "org", text_of(job, "org"),
		"token", token, "decision", answer == YES ? "approve" : "decline", "by", "user-42");
	json_t *reply = run_while_somebody_waits(bellhop, "decisions", decision);

	json_decref(decision);
	return reply;
}

/* A tool call of a chat: a write comes back to be shown to a person, and goes on with what the person says. */
static void run_tool_call(struct bellhop *bellhop, json_t *job)
{
	json_t *reply = run_while_somebody_waits(bellhop, "chat", job), *decided;
	const json_t *confirmation = json_object_get(reply, "confirmation");
	json_int_t expires_at_ms =
		json_integer_value(json_object_get(confirmation, "expires_at_ms"));
	enum answer answer;

	if (confirmation == NULL) {
		print_outcome(text_of(job, "id"), reply);
		json_decref(reply);
		return;
	}
	answer = ask_on_terminal(confirmation, expires_at_ms - bellhop_now_ms(bellhop));
	if (answer == NOBODY) {
		/* The token is worthless by now, and nothing was sent. */
		printf("%s: nobody answered\n", text_of(job, "id"));
	} else {
		decided = decide(bellhop, job, text_of(confirmation, "token"), answer);
		print_outcome(text_of(job, "id"), decided);
		json_decref(decided);
	}
	json_decref(reply);
}

struct step {
	pthread_t thread;
	struct bellhop *bellhop;
	const char *id;
	json_t *job;
	json_t *reply;
};

static void *step_main(void *arg)
{
	struct step *step = arg;

	step->reply = run_step(step->bellhop, step->job);
	return NULL;
}

static void run_workflow(struct bellhop *bellhop, struct step *steps, int count)
{
	for (int i = 0; i < count; i++) {
		steps[i].bellhop = bellhop;
		if (pthread_create(&steps[i].thread, NULL, step_main, &steps[i]) != 0)
			abort();
	}
	for (int i = 0; i < count; i++) {
		pthread_join(steps[i].thread, NULL);
		print_outcome(steps[i].id, steps[i].reply);
		json_decref(steps[i].reply);
	}
}

/* ORG/INTEGRATION/ACTION and pairs of ID and INPUTS */
static int read_steps(struct step *steps, const char *target, char **words)
{
	char org[129], name[129], action[129];
	int count = 0;

	if (sscanf(target, "%128[^/]/%128[^/]/%128s", org, name, action) != 3)
		return 0;
	for (; count < MAX_STEPS && words[0] != NULL && words[1] != NULL; words += 2) {
		json_t *inputs = json_loads(words[1], 0, NULL);

		steps[count].id = words[0];
		steps[count++].job = json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", words[0], "org",
			org, "integration", name, "action", action, "inputs",
			inputs != NULL ? inputs : json_object());
	}
	return count;
}

static void run(struct bellhop *bellhop, char **argv)
{
	struct step steps[MAX_STEPS] = {0};
	int count = 0;

	if (strcmp(argv[1], "result") == 0) {
		json_t *reply = bellhop_result(bellhop, argv[2], argv[3]);

		print_outcome(argv[3], reply);
		json_decref(reply);
		return;
	}
	count = read_steps(steps, argv[2], argv + 3);
	if (strcmp(argv[1], "chat") == 0 && count == 1)
		run_tool_call(bellhop, steps[0].job);
	else
		run_workflow(bellhop, steps, count);
	for (int i = 0; i < count; i++)
		json_decref(steps[i].job);
}

int main(int argc, char **argv)
{
	const char *url = getenv("BELLHOP_REDIS_URL"), *shard = getenv("BELLHOP_SHARD");
	const char *wait = getenv("WAIT_S");
	char host[256] = "127.0.0.1";
	struct bellhop_options options = {
		.host = host, .port = 6379, .shard = shard ? shard : "main"};
	struct bellhop *bellhop;

	if (argc < 4 || (url != NULL && sscanf(url, "redis://%255[^:/]:%d/%d", host, &options.port,
						&options.db) < 2)) {
		fprintf(stderr, "usage: see the head of example.c\n");
		return 2;
	}
	if (wait != NULL)
		wait_ms = (int)(strtod(wait, NULL) * 1000);
	signal(SIGPIPE, SIG_IGN); /* a Redis that went away is an error, not our end */
	bellhop = bellhop_new(&options);
	run(bellhop, argv);
	bellhop_free(bellhop);
	return 0;
}
