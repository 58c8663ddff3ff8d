/* SPDX-License-Identifier: MIT */
/* pages: what operators ask of a worker over HTTP: /livez, /readyz, /metrics. */
#ifndef WORKER_PAGES_H
#define WORKER_PAGES_H

#include "worker.h"

/* Listens where the options say, if anywhere. -1: `error` says why it cannot. */
int pages_listen(struct worker *worker, struct error *error);

#endif
