/* SPDX-License-Identifier: MIT */
/* process: what Prometheus expects to be told of every process: its CPU time, memory, files, and when it started. */
#ifndef WORKER_IO_PROCESS_H
#define WORKER_IO_PROCESS_H

#include "bellhop/buf.h"

/* Adds the process_* metrics. What the kernel does not tell is left out. */
void process_write(struct buf *out);

#endif
