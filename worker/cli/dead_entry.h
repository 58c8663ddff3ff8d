/* SPDX-License-Identifier: MIT */
/*
 * dead_entry: one entry of `dead`: a message that could not be run or answered (contract, section 1).
 *
 * A worker writes `QUEUE: sentence` as the reason. What a script buried names no queue, and what somebody else pushed there
 * is no entry at all; both can be looked at.
 */
#ifndef CLI_DEAD_ENTRY_H
#define CLI_DEAD_ENTRY_H

#include "bellhop/wire.h"
#include "cli/command.h"

struct dead_entry {
	struct buf text; /* as it stands in the list */
	bool is_entry;	 /* `{payload, reason, time_ms}`; else `payload` is the text */
	struct buf payload;
	struct buf reason;
	int64_t time_ms; /* Unix time; below 0: not known */
	bool has_queue;	 /* the reason names the queue it came from */
	enum queue queue;
	bool cut;	 /* the payload is the first 64 KiB of a longer one, or may be */
	bool is_message; /* a job or decision, as its queue has them; without a queue, a job */
	struct message message; /* else those of id and org that could be read */
};

void dead_entry_init(struct dead_entry *entry);
void dead_entry_release(struct dead_entry *entry);
/* An entry may be read into again and again. */
void dead_entry_read(struct dead_entry *entry, struct span text);
/* Reads its payload again, as a message of that queue. */
void dead_entry_set_queue(struct dead_entry *entry, enum queue queue);

/* Finds the entry that was typed as N, counted from 1, the oldest first. EXIT_DONE, or another status after the line that says why. */
int dead_entry_load(struct dead_entry *entry, struct cli *cli, const char *number);

/* Adds what a person knows it by: `workflow acme run-7-step-3 tickets/create`. */
void dead_entry_title(const struct dead_entry *entry, struct buf *out);
/* Adds `{"n","time_ms","queue","reason","org","id","payload","cut"}`; what is not known is null. */
void dead_entry_json(const struct dead_entry *entry, const char *number, struct buf *out);

#endif
