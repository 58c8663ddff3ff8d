/* SPDX-License-Identifier: MIT */
/*
 * io_calls: counts what a worker asks of the world, and lets one call of a run go wrong.
 *
 * Each fake tells each call before it does it. A run without a fault writes down which calls there were; then the story is
 * told again with call 1, 2, … N going wrong in every way its kind can.
 */
#ifndef SCENARIOS_FAKES_IO_CALLS_H
#define SCENARIOS_FAKES_IO_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IO_CALLS_MAX 4096

struct event_base;

enum io_kind {
	IO_REDIS,	/* a command that jobs or leases depend on */
	IO_REDIS_ASIDE, /* one that only numbers on a page depend on */
	IO_TIMER,
	IO_DNS,
	IO_OPEN, /* a secret, or a frozen request */
	IO_HTTP_START,
	IO_HTTP_LEAVES, /* the first byte */
	IO_HTTP_ANSWER,
};

enum io_fault {
	IO_FINE,
	IO_FAILS,	  /* it says so, and did nothing */
	IO_LOST_BEFORE,	  /* the connection breaks, and it was not done */
	IO_LOST_AFTER,	  /* likewise, and it was */
	IO_LATE,	  /* it is done, and the answer comes too late */
	IO_STALLS_BEFORE, /* the process stands still for longer than its lease, then does it */
	IO_STALLS_AFTER,
	IO_DIES_BEFORE, /* the process is gone */
	IO_DIES_AFTER,
	IO_FAULT_COUNT
};

/* What is to happen to this call. Stalls and deaths before it have happened when this returns (a dead process does nothing more:
 * IO_DIES_BEFORE); for those after it the fake calls io_done() when it has done it. */
enum io_fault io_call(enum io_kind kind, struct event_base *base, const char *what);
void io_done(enum io_fault fault, struct event_base *base);

/* What a stall and a death are, is the harness's: a second worker may have to come. */
struct io_world {
	void (*stall)(struct event_base *base);
	void (*die)(struct event_base *base);
};

/* A new run: call number `call` (from 1; 0: none) gets `fault`. Calls are counted until io_calls_end(). */
void io_calls_begin(const struct io_world *world, size_t call, enum io_fault fault);
void io_calls_end(void);
/* Besides: a stall before the next call that is described so. */
void io_calls_stall_before(const char *what);
size_t io_calls_count(void);
/* Of the last run: whether call number `call` can go wrong so, and what it was. */
bool io_call_can(size_t call, enum io_fault fault);
const char *io_call_what(size_t call);
/* Of a wait that is long, a worker does the same again and again: whether this call is one of the first or last of its like, or
 * one of a few between. */
bool io_call_is_telling(size_t call);
/* What a worker does while nothing is to be done is not counted. */
void io_calls_pause(bool pause);
/* Whether the fault of this run has struck. */
bool io_calls_struck(void);
const char *io_fault_name(enum io_fault fault);

#endif
