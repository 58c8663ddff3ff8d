/* SPDX-License-Identifier: MIT */
/* action_limits: how long an action may take, and how often it may be called. */
#include "action_read.h"

#include "bellhop/bug.h"

/* Its milliseconds still fit everywhere. */
#define LIMIT_MAX 1000000000

void action_read_timeout(struct action_reader *reader, uint32_t value)
{
	int64_t timeout_ms;

	if (reader_integer(reader->reader, value, 1, DEFINITION_MAX_TIMEOUT_MS, &timeout_ms))
		reader->action->timeout_ms = (uint32_t)timeout_ms;
}

static void check_limit(struct action_reader *reader, int64_t calls, int64_t window_s)
{
	const struct definition_rules *rules = reader->rules;

	if (calls > rules->limit_calls)
		reader_problem_at(reader->reader, "calls", "is more than the %u that are allowed",
			rules->limit_calls);
	if (window_s < rules->limit_window_s)
		reader_problem_at(reader->reader, "window_s",
			"is less than the %u s that are the least allowed", rules->limit_window_s);
}

void action_read_rate_limit(struct action_reader *reader, uint32_t value)
{
	static const struct reader_member limit_members[] = {
		{.name = "calls", .required = true}, {.name = "window_s", .required = true}};
	struct reader *at = reader->reader;
	uint32_t found[ARRAY_SIZE(limit_members)];
	int64_t numbers[ARRAY_SIZE(limit_members)];
	bool good = true;

	if (!reader_members(at, value, limit_members, ARRAY_SIZE(found), NULL, found))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
		size_t mark = reader_enter(at, span_of(limit_members[i].name));

		good = found[i] != TAPE_NONE &&
		       reader_integer(at, found[i], 1, LIMIT_MAX, &numbers[i]) && good;
		reader_leave(at, mark);
	}
	if (!good)
		return;
	check_limit(reader, numbers[0], numbers[1]);
	reader->action->limit_calls = (uint32_t)numbers[0];
	reader->action->limit_window_s = (uint32_t)numbers[1];
}
