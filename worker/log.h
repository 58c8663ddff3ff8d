/* SPDX-License-Identifier: MIT */
/*
 * log: one line an event on standard error, JSON or text, for operators.
 *
 * A line is a message (a fixed English sentence, which machines may look for) and members. No line holds a body, a query, an
 * input or a secret. A line that cannot be written is lost: the worker never waits for its log.
 */
#ifndef WORKER_LOG_H
#define WORKER_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "bellhop/options.h"

void log_open(enum log_level level, enum log_format format);

/*
 * log_event(LOG_INFO, "took over", "worker", 's', name, "jobs", 'i', (int64_t)n): name, kind and value of each member. Kinds:
 * 's' a string (NULL: the member is left out), 'i' an int64_t.
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
