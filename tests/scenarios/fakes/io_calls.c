/* SPDX-License-Identifier: MIT */
/* io_calls: counts what a worker asks of the world, and lets one call of a run go wrong. */
#include "io_calls.h"

#include <stdio.h>
#include <string.h>

#include "bellhop/bug.h"
#include "loop.h"

#define TELLING_FIRST 8
#define TELLING_LAST  4
#define TELLING_EVERY 64

#define BIT(fault) (1u << (fault))
#define PROCESS \
	(BIT(IO_STALLS_BEFORE) | BIT(IO_STALLS_AFTER) | BIT(IO_DIES_BEFORE) | BIT(IO_DIES_AFTER))

static const unsigned can[] = {
	[IO_REDIS] =
		BIT(IO_FAILS) | BIT(IO_LOST_BEFORE) | BIT(IO_LOST_AFTER) | BIT(IO_LATE) | PROCESS,
	[IO_REDIS_ASIDE] = BIT(IO_LOST_BEFORE),
	[IO_TIMER] = BIT(IO_LATE),
	[IO_DNS] = BIT(IO_FAILS) | BIT(IO_LATE) | PROCESS,
	[IO_OPEN] = BIT(IO_FAILS) | BIT(IO_STALLS_BEFORE) | BIT(IO_DIES_BEFORE),
	[IO_HTTP_START] =
		BIT(IO_FAILS) | BIT(IO_LOST_BEFORE) | BIT(IO_STALLS_BEFORE) | BIT(IO_DIES_BEFORE),
	[IO_HTTP_LEAVES] = BIT(IO_LOST_BEFORE) | BIT(IO_LOST_AFTER) | BIT(IO_LATE) | PROCESS,
	[IO_HTTP_ANSWER] = BIT(IO_FAILS) | BIT(IO_LOST_BEFORE) | PROCESS,
};

static const char *const fault_names[IO_FAULT_COUNT] = {"fine", "fails", "lost-before",
	"lost-after", "late", "stalls-before", "stalls-after", "dies-before", "dies-after"};

static struct {
	enum io_kind kind;
	char what[64];
} calls[IO_CALLS_MAX];
static size_t count, chosen;
static enum io_fault chosen_fault;
static bool counting, paused, struck;
static struct io_world world;
static const char *stall_before;

void io_calls_begin(const struct io_world *of, size_t call, enum io_fault fault)
{
	world = *of;
	chosen = call;
	chosen_fault = fault;
	count = 0;
	struck = false;
	counting = true;
	paused = false;
	stall_before = NULL;
}

void io_calls_stall_before(const char *what)
{
	stall_before = what;
}

void io_calls_end(void)
{
	counting = false;
}

size_t io_calls_count(void)
{
	return count;
}

bool io_calls_struck(void)
{
	return struck;
}

bool io_call_can(size_t call, enum io_fault fault)
{
	return (can[calls[call - 1].kind] & BIT(fault)) != 0;
}

const char *io_call_what(size_t call)
{
	return calls[call - 1].what;
}

bool io_call_is_telling(size_t call)
{
	size_t nth = 0, all = 0;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(calls[i].what, calls[call - 1].what) != 0)
			continue;
		all++;
		nth += i < call;
	}
	return nth <= TELLING_FIRST || nth > all - TELLING_LAST || nth % TELLING_EVERY == 0;
}

void io_calls_pause(bool pause)
{
	paused = pause;
}

const char *io_fault_name(enum io_fault fault)
{
	return fault_names[fault];
}

enum io_fault io_call(enum io_kind kind, struct event_base *base, const char *what)
{
	if (!counting || paused || struck || loop_is_dead(base))
		return IO_FINE;
	BUG_ON(count == IO_CALLS_MAX);
	if (chosen == 0) {
		calls[count].kind = kind;
		snprintf(calls[count].what, sizeof(calls[count].what), "%s", what);
	}
	if (++count != chosen) {
		if (stall_before != NULL && strcmp(stall_before, what) == 0) {
			stall_before = NULL;
			world.stall(base);
		}
		return IO_FINE;
	}
	struck = true;
	if (chosen_fault == IO_STALLS_BEFORE) {
		world.stall(base);
		return IO_FINE;
	}
	if (chosen_fault == IO_DIES_BEFORE)
		world.die(base);
	return chosen_fault;
}

void io_done(enum io_fault fault, struct event_base *base)
{
	if (fault == IO_STALLS_AFTER)
		world.stall(base);
	else if (fault == IO_DIES_AFTER)
		world.die(base);
}
