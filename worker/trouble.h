/* SPDX-License-Identifier: MIT */
/*
 * trouble: Redis is there and refuses. Said once for each cause and then once in a while, with what to do; counted each time; and
 * kept as the reason why a worker is not ready, until what failed succeeds.
 */
#ifndef WORKER_TROUBLE_H
#define WORKER_TROUBLE_H

#include <stdbool.h>

#include "complaint.h"
#include "io/redis_trouble.h"

enum trouble_of {
	TROUBLE_CONNECTION, /* it, or the registering on it */
	TROUBLE_LEASE,
	TROUBLE_TURN, /* settles, begins, claims */
	TROUBLE_WAIT, /* for work: without it, it is looked for each second */
	TROUBLE_COUNT
};

/* All zeros: there is none. Two causes may take turns, so each is said for itself. */
struct trouble {
	const struct redis_trouble *now[TROUBLE_COUNT];
	struct complaint said[REDIS_TROUBLES];
};

/* Which it is; NULL: a connection was lost for another reason than an error of Redis's. */
const struct redis_trouble *trouble_note(
	struct trouble *trouble, enum trouble_of of, const char *error);
/* It succeeded. */
void trouble_over(struct trouble *trouble, enum trouble_of of);
/* Why no jobs can be taken, as a row; NULL: nothing is the matter. */
const struct redis_trouble *trouble_now(const struct trouble *trouble);

#endif
