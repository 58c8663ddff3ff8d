/* SPDX-License-Identifier: MIT */
/*
 * log_sink: standard error as a place that never makes its writer wait.
 *
 * Whoever reads may be slow, stalled or gone. A line is taken whole or not at all; where the system took only its first part, the rest is
 * kept and goes out before anything else. What standard error is (a terminal, a pipe shared with other programs) is
 * not changed for the others that hold it.
 */
#ifndef WORKER_LOG_SINK_H
#define WORKER_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>

/* Once, before the first write. */
void log_sink_open(void);
/* False: nothing of it was taken. */
bool log_sink_write(const char *line, size_t len);
/* Sends the rest of a line that was begun. False: some of it is still here. */
bool log_sink_flush(void);

#endif
