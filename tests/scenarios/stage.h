/* SPDX-License-Identifier: MIT */
/* stage: one telling of a story: its workers, its time, what was pushed. For the words and the truth; stories need harness.h alone. */
#ifndef SCENARIOS_STAGE_H
#define SCENARIOS_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fakes/io_calls.h"

struct worker;

/* A job or decision that was pushed. */
struct told {
	char id[64];
	char ref[64]; /* what its request carries: of a decision, the first job's id */
	size_t pushes;
	bool unsafe; /* its call may leave once at most */
};

#define STAGE_LEASE_MS 5000
#define STAGE_STALL_US 15000000
#define STAGE_WAIT_US  (300 * 1000000LL)

/* `call` 0: as it is written. `story` is its name, for who reads what failed. */
void stage_open(const char *story, size_t call, enum io_fault fault);
/* The workers are told to stop, and everything is freed. */
void stage_close(void);
/* The story is told with a fault. */
bool stage_is_torture(void);

void stage_start_worker(void);
void stage_kill_oldest(void);
void stage_stop_oldest(void);
/* The oldest that is there; NULL: none. */
struct worker *stage_worker(size_t index);
size_t stage_worker_count(void);
size_t stage_jobs_in_flight(void);

/* Lets time pass until then, or until it is so; returns whether it is. */
void stage_run(int64_t us);
bool stage_run_until(bool (*is_so)(const void *arg), const void *arg, int64_t most_us);

void stage_tell(const char *id, const char *ref, bool unsafe);
const struct told *stage_told(size_t index);
size_t stage_told_count(void);
size_t *stage_dead_expected(void);

/* The newest reply but `back` to this id, or NULL; how many there are. */
const char *stage_reply(const char *id, size_t back);
size_t stage_reply_count(const char *id);
/* A string member of a reply, "" where there is none. */
void stage_member(const char *reply, const char *name, char *value, size_t size);

/* What is wrong with this telling: it is over. */
void stage_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* What must hold whatever went wrong. */
void truth_check(void);
/* What must hold at each moment: nobody who only waits for Redis to take a job's end still holds its secret. */
void truth_check_now(void);
/* After all is stopped and freed. */
void truth_check_leaks(void);

#endif
