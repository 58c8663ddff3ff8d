/* SPDX-License-Identifier: MIT */
/*
 * losses: what Redis let go of, or could not take, is counted each time and said once in a while: replies and dead letters
 * that fell out, audit entries, lists of jobs that are none, duplicates that were put off.
 */
#ifndef WORKER_LOSSES_H
#define WORKER_LOSSES_H

#include <stdbool.h>
#include <stdint.h>

#include "complaint.h"
#include "io/turn.h"

/* All zeros: nothing was lost. */
struct losses {
	int64_t replies, dead_letters; /* not yet said */
	bool audit_trimmed;	       /* and it was said */
	struct complaint not_lists, wrong_keys, audit_lost, waiting_full;
};

void losses_note(struct losses *losses, const struct turn_losses *of_turn);
/* Keys of Bellhop's own that are of another type, with a space between. */
void losses_wrong_keys(struct losses *losses, struct span keys);
/* A duplicate of that job does not wait for its reply but comes again: too many do. */
void losses_put_off(struct losses *losses, const char *org, const char *id);
/* To be called once a second at most: a queue that nobody reads drops with every reply. */
void losses_say(struct losses *losses);

#endif
