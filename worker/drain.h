/* SPDX-License-Identifier: MIT */
/* drain: how a worker stops without losing a job. */
#ifndef WORKER_DRAIN_H
#define WORKER_DRAIN_H

#include "worker.h"

/* Event callbacks; `arg` is the worker. The first signal begins it, a second one ends the worker at once. */
void drain_on_signal(evutil_socket_t number, short what, void *arg);
void drain_on_timer(evutil_socket_t fd, short what, void *arg);
/* While it drains: leaves where no job is in flight, and none can be on its way. */
void drain_leave_if_empty(struct worker *worker);

#endif
