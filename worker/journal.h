/* SPDX-License-Identifier: MIT */
/*
 * journal: the lines of the log that say what became of a job: one for its end, whatever the end was.
 *
 * Names, outcomes and durations; no body, query, header, input or secret.
 */
#ifndef WORKER_JOURNAL_H
#define WORKER_JOURNAL_H

#include "job.h"

/* It has its reply. */
void journal_ended(const struct job *job);
/* Its id was known: it gets the reply of the first, now or (`waits`) when that ends. */
void journal_duplicate(const struct job *job, bool waits);
/* Another worker has it now; it ends there. */
void journal_lost(const struct job *job);
/* It has no end yet (level debug). */
void journal_put_back(const struct job *job);

#endif
