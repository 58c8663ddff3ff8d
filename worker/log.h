/* SPDX-License-Identifier: MIT */
/*
 * log: one line an event on standard error, JSON or text, for operators.
 *
 * A line is a message (a fixed English sentence, which machines may look for) and members. No line holds a body, a query, an
 * input or a secret. The worker never waits for its log: a line that cannot be written now is lost, lost lines are counted in the
 * metrics, and how many they were is said as soon as lines can be written again.
 */
#ifndef WORKER_LOG_H
#define WORKER_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/options.h"

void log_open(enum log_level level, enum log_format format);

/* Says how many lines were lost, where there is room to say it: to be called now and then. */
void log_flush(void);

/*
 * log_event(LOG_INFO, "took over", "worker", 's', name, "jobs", 'i', (int64_t)n): name, kind and value of each member. Kinds:
 * 's' a string (NULL or empty: the member is left out), 'i' an int64_t, 'n' an int64_t that is left out where it is 0, 't' an
 * int64_t of microseconds that is written in milliseconds (below 0: left out).
 */
#define log_event(level, ...)                                                \
	do {                                                                 \
		if (log_is_on(level))                                        \
			log_members(level, __VA_ARGS__, (const char *)NULL); \
	} while (0)
/* Whether lines of that level are written: members of others are not even evaluated. */
bool log_is_on(enum log_level level);
void log_members(enum log_level level, const char *message, ...) __attribute__((sentinel));

#endif
