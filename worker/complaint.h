/* SPDX-License-Identifier: MIT */
/*
 * complaint: what goes wrong again and again with every try is said when it is new, and then once in ten seconds.
 */
#ifndef WORKER_COMPLAINT_H
#define WORKER_COMPLAINT_H

#include <stdbool.h>
#include <stdint.h>

/* All zeros: nothing was said. */
struct complaint {
	char text[160];
	int64_t again_ms; /* monotonic */
};

/* Whether it is to be said now. */
bool complaint_is_due(struct complaint *complaint, const char *text);
/* It is over: the next one is new. */
void complaint_clear(struct complaint *complaint);

#endif
