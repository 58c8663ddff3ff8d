/* SPDX-License-Identifier: MIT */
/* losses: what Redis let go of, or could not take, is counted each time and said once in a while. */
#include "losses.h"

#include <stdio.h>

#include "io/metrics.h"
#include "log.h"

static void note_not_lists(struct losses *losses, struct span keys)
{
	char text[160];

	snprintf(text, sizeof(text), "%.*s", (int)keys.len, keys.data);
	metrics_add(METRICS_NOT_LISTS, 1);
	if (complaint_is_due(&losses->not_lists, text))
		log_event(LOG_ERROR,
			"what should be a list of jobs is none: nothing is taken from it", "keys",
			's', text);
}

void losses_wrong_keys(struct losses *losses, struct span keys)
{
	char text[160];

	snprintf(text, sizeof(text), "%.*s", (int)keys.len, keys.data);
	if (complaint_is_due(&losses->wrong_keys, text))
		log_event(LOG_ERROR,
			"a key of Bellhop's is of another type: jobs that are due later or were a "
			"dead worker's wait until it is removed",
			"keys", 's', text);
}

static void note_audit(struct losses *losses, int64_t trimmed, int64_t lost)
{
	metrics_add(METRICS_AUDIT_TRIMMED, (uint64_t)trimmed);
	metrics_add(METRICS_AUDIT_LOST, (uint64_t)lost);
	if (lost > 0 && complaint_is_due(&losses->audit_lost, "audit"))
		log_event(LOG_ERROR, "an org's audit log is no stream: entries are not written",
			"entries", 'i', lost);
	/* A full log is no trouble, and stays full. */
	if (trimmed > 0 && !losses->audit_trimmed)
		log_event(LOG_INFO, "an audit log is at its maximum: from here on its oldest go");
	losses->audit_trimmed |= trimmed > 0;
}

void losses_note(struct losses *losses, const struct turn_losses *of_turn)
{
	metrics_add(METRICS_REPLIES_DROPPED, (uint64_t)of_turn->replies);
	metrics_add(METRICS_DEAD_DROPPED, (uint64_t)of_turn->dead_letters);
	losses->replies += of_turn->replies;
	losses->dead_letters += of_turn->dead_letters;
	note_audit(losses, of_turn->audit_trimmed, of_turn->audit_lost);
	if (of_turn->not_lists.len > 0)
		note_not_lists(losses, of_turn->not_lists);
}

void losses_put_off(struct losses *losses, const char *org, const char *id)
{
	metrics_add(METRICS_WAITING_FULL, 1);
	if (complaint_is_due(&losses->waiting_full, id))
		log_event(LOG_WARNING,
			"as many duplicates of one job wait as may: the rest is put off", "id", 's',
			id, "org", 's', org);
}

void losses_say(struct losses *losses)
{
	if (losses->replies == 0 && losses->dead_letters == 0)
		return;
	log_event(LOG_WARNING, "a list was at its maximum and its oldest entries fell out",
		"replies", 'i', losses->replies, "dead", 'i', losses->dead_letters);
	losses->replies = losses->dead_letters = 0;
}
