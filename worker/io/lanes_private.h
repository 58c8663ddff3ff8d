/* SPDX-License-Identifier: MIT */
/* lanes_private: what the parts of lanes share: one lane (lane.c), those that wait here (lanes.c), those in Redis (lanes_wake.c). */
#ifndef WORKER_IO_LANES_PRIVATE_H
#define WORKER_IO_LANES_PRIVATE_H

#include <sodium.h>

#include "io/lanes.h"
#include "io/script.h"

#define BUCKETS	     1024
#define LANES_A_CALL 16
#define MEMBER_BYTES 96

TAILQ_HEAD(place_list, lane_place);

struct lane {
	struct lane *next; /* in its bucket */
	TAILQ_ENTRY(lane) link, queued;
	unsigned in_flight, workflows;
	bool chat_waits,
		workflow_waits; /* in Redis, as far as is known here: in `waiting` by `link` */
	struct place_list chats,
		workflow_places; /* wait here, the oldest first: in `queued` by `queued` */
	bool asked;		 /* in the call under way */
	unsigned ended, ahead;	 /* jobs, since it was last asked for; and what that made of it */
	char name[];
};

TAILQ_HEAD(lane_list, lane);

struct lanes {
	struct redis_async *redis;
	const struct options *options;
	struct lanes_events events;
	void *arg;
	struct event *flush; /* wakes */
	struct event *serve; /* gives slots to those that wait here */
	struct event *look;  /* for those that wait too long */
	struct script_call call;
	bool open;
	bool claim_is_due; /* what was woken is not claimed yet */
	char member[MEMBER_BYTES];
	unsigned char hash_key[crypto_shorthash_KEYBYTES];
	struct lane *buckets[BUCKETS];
	struct lane_list waiting; /* with jobs in Redis */
	struct lane_list queued;  /* with jobs that wait here */
	struct lane *asked[LANES_A_CALL];
	size_t asked_count;
};

struct lane *lane_find_or_make(struct lanes *lanes, const char *name);
/* Frees it where nothing is known of it any more. */
void lane_forget_if_idle(struct lanes *lanes, struct lane *lane);
/* How many slots are left for a job of that kind. */
unsigned lane_room(const struct lanes *lanes, const struct lane *lane, bool workflow);
/* Whether jobs wait in Redis. */
bool lane_waits(const struct lane *lane);
void lane_set_waits(struct lanes *lanes, struct lane *lane, bool chat, bool workflow);
/* Whether jobs wait here, and which. */
bool lane_is_queued(const struct lane *lane);
struct place_list *lane_list(struct lane *lane, bool workflow);

/* Asks for jobs that wait in Redis as soon as the loop turns, where there is reason to. */
void lanes_wake_soon(struct lanes *lanes);
void lanes_on_flush(evutil_socket_t fd, short what, void *arg);

#endif
