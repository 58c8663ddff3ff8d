/* SPDX-License-Identifier: MIT */
/*
 * The runner of the stories: each is told as it is written, then again with each call going wrong in each way.
 *
 *   scenarios                        all of them
 *   scenarios NAME                   one
 *   scenarios NAME CALL FAULT        one telling: call number 17, dies-after (BELLHOP_STORY_LOG=1 shows what the workers say)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "bellhop/bug.h"
#include "fakes/mirror.h"
#include "harness.h"
#include "stage.h"
#include "words.h"

#define STORIES_MAX 128
#define NAME_BYTES  96

static struct story {
	char name[NAME_BYTES];
	void (*tell)(void);
	pid_t pid;
} stories[STORIES_MAX];
static size_t story_count;

void story_add(const char *file, void (*tell)(void))
{
	struct story *story = &stories[story_count++];
	const char *name = strrchr(file, '/');

	BUG_ON(story_count > STORIES_MAX);
	name = name != NULL ? name + 1 : file;
	snprintf(story->name, sizeof(story->name), "%.*s", (int)strcspn(name, "."), name);
	story->tell = tell;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct story *)a)->name, ((const struct story *)b)->name);
}

static void tell(const struct story *story, size_t call, enum io_fault fault)
{
	stage_open(story->name, call, fault);
	words_begin();
	story->tell();
	truth_check();
	stage_close();
	truth_check_leaks();
}

/* Returns how many tellings there were. */
static size_t torture(const struct story *story)
{
	static bool telling[IO_CALLS_MAX + 1];
	const char *every = getenv("BELLHOP_STORY_EVERY");
	size_t step = every != NULL ? strtoul(every, NULL, 10) : 1, calls, tellings = 0, nth = 0;

	tell(story, 0, IO_FINE);
	calls = io_calls_count();
	for (size_t call = 1; call <= calls; call++)
		telling[call] = io_call_is_telling(call);
	for (size_t call = 1; call <= calls; call++) {
		for (enum io_fault fault = IO_FAILS; fault < IO_FAULT_COUNT; fault++) {
			if (!telling[call] || !io_call_can(call, fault))
				continue;
			if (nth++ % step != 0)
				continue;
			tell(story, call, fault);
			tellings++;
		}
	}
	return tellings;
}

/* In a process of its own, so that one that aborts or leaks is one that failed. */
static void start(struct story *story)
{
	fflush(stdout);
	story->pid = fork();
	if (story->pid != 0)
		return;
	if (getenv("BELLHOP_STORY_REDIS") != NULL)
		mirror_open(getenv("BELLHOP_STORY_REDIS"));
	printf("[       OK ] %s, with %zu things going wrong\n", story->name, torture(story));
	printf("[       OK ] %s\n", story->name);
	mirror_close();
	exit(0); /* and a look at what leaked */
}

/* Waits for one; returns whether it failed. */
static bool finish(void)
{
	int status = 0;
	pid_t pid = wait(&status);

	BUG_ON(pid < 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return false;
	for (size_t i = 0; i < story_count; i++) {
		if (stories[i].pid == pid)
			printf("[  FAILED  ] %s\n", stories[i].name);
	}
	return true;
}

/* As many at once as there are processors; one after the other where they share a real Redis. */
static void run_all(size_t *ran, size_t *failed, const char *name)
{
	size_t most = getenv("BELLHOP_STORY_REDIS") != NULL ? 1 : (size_t)get_nprocs();
	size_t running = 0;

	for (size_t i = 0; i < story_count; i++) {
		if (name != NULL && strcmp(name, stories[i].name) != 0)
			continue;
		if (running == most) {
			*failed += finish();
			running--;
		}
		start(&stories[i]);
		running++;
		++*ran;
	}
	for (; running > 0; running--)
		*failed += finish();
}

static enum io_fault fault_of(const char *name)
{
	enum io_fault fault = IO_FAILS;

	while (fault < IO_FAULT_COUNT && strcmp(io_fault_name(fault), name) != 0)
		fault++;
	return fault;
}

static int run_one(const char *name, const char *call, const char *fault_name)
{
	enum io_fault fault = fault_of(fault_name);
	size_t i = 0;

	while (i < story_count && strcmp(name, stories[i].name) != 0)
		i++;
	if (i == story_count || fault == IO_FAULT_COUNT) {
		fprintf(stderr, "no story %s, or no fault %s; there are", name, fault_name);
		for (fault = IO_FAILS; fault < IO_FAULT_COUNT; fault++)
			fprintf(stderr, " %s", io_fault_name(fault));
		fputc('\n', stderr);
		return 2;
	}
	tell(&stories[i], 0, IO_FINE);
	tell(&stories[i], strtoul(call, NULL, 10), fault);
	printf("[       OK ] %s, call %s %s\n", name, call, fault_name);
	return 0;
}

int main(int argc, char **argv)
{
	size_t ran = 0, failed = 0;

	BUG_ON(sodium_init() < 0);
	qsort(stories, story_count, sizeof(stories[0]), by_name);
	if (argc == 4)
		return run_one(argv[1], argv[2], argv[3]);
	run_all(&ran, &failed, argc > 1 ? argv[1] : NULL);
	printf("[==========] %zu test(s) run.\n", ran);
	return ran == 0 || failed > 0;
}
