/* SPDX-License-Identifier: MIT */
/*
 * redis_trouble: what an error of Redis's means for a worker, and what its operator is to do about it.
 *
 * Redis says what is wrong with the first word of an error, or, where a command of a script was refused, somewhere in its text. One row of
 * the table is one cause: its word in the log and in /metrics, and how a worker answers it.
 */
#ifndef WORKER_IO_REDIS_TROUBLE_H
#define WORKER_IO_REDIS_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>

#define REDIS_TROUBLES 24 /* as many rows at most */

struct redis_trouble {
	const char *name; /* as in Redis's own errors where it has a word for it */
	const char *seen; /* what stands in the error */
	const char *advice;
	bool setting;	/* trying again will not help until somebody changes a setting */
	bool elsewhere; /* another server may be the right one by now: connect anew */
};

/* Each error has one; NULL for what is no error of Redis's, such as a connection refused. */
const struct redis_trouble *redis_trouble_of(const char *error);
/* The row of an error that no other row has. */
const struct redis_trouble *redis_trouble_other(void);
/* Below REDIS_TROUBLES; the same for all rows of one name. */
size_t redis_trouble_index(const struct redis_trouble *trouble);
/* Counts it for /metrics. */
void redis_trouble_count(const struct redis_trouble *trouble);
/* Row by row, for /metrics: its name and how often it was counted; false past the end. */
bool redis_trouble_row(size_t row, const char **name, unsigned long *count);

#endif
