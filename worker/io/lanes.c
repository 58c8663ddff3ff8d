/* SPDX-License-Identifier: MIT */
/* lanes: who may have how many of this worker's slots: entering, waiting here for a moment, leaving. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/clock.h"
#include "io/lanes_private.h"

#define PATIENCE_MS 250 /* of a job that waits here */
#define LOOK_MS	    50	/* how often it is looked at */

static void take_slot(struct lane *lane, struct lane_place *place)
{
	place->has_slot = true;
	lane->in_flight++;
	lane->workflows += place->workflow;
}

static void look_later(struct lanes *lanes)
{
	struct timeval wait = {0, LOOK_MS * 1000};

	if (!event_pending(lanes->look, EV_TIMEOUT, NULL))
		event_add(lanes->look, &wait);
}

static void enqueue(struct lanes *lanes, struct lane *lane, struct lane_place *place)
{
	if (!lane_is_queued(lane))
		TAILQ_INSERT_TAIL(&lanes->queued, lane, queued);
	TAILQ_INSERT_TAIL(lane_list(lane, place->workflow), place, link);
	place->since_ms = clock_now_ms();
	look_later(lanes);
}

static void dequeue(struct lanes *lanes, struct lane *lane, struct lane_place *place)
{
	TAILQ_REMOVE(lane_list(lane, place->workflow), place, link);
	if (!lane_is_queued(lane))
		TAILQ_REMOVE(&lanes->queued, lane, queued);
}

enum lane_answer lanes_enter(struct lanes *lanes, struct lane_place *place, const char *name,
	bool workflow, bool newcomer, void *arg)
{
	struct lane *lane = lane_find_or_make(lanes, name);

	BUG_ON(place->lane != NULL);
	/* Behind those that wait in Redis. */
	if (newcomer && (workflow ? lane->workflow_waits : lane->chat_waits))
		return LANE_IS_FULL;
	*place = (struct lane_place){
		.lane = lane, .workflow = workflow, .newcomer = newcomer, .arg = arg};
	if (lane_room(lanes, lane, workflow) > 0 && TAILQ_EMPTY(lane_list(lane, workflow))) {
		take_slot(lane, place);
		return LANE_ENTERED;
	}
	enqueue(lanes, lane, place);
	return LANE_WAITS;
}

void lanes_leave(struct lanes *lanes, struct lane_place *place)
{
	struct lane *lane = place->lane;

	if (lane == NULL)
		return;
	if (place->has_slot) {
		BUG_ON(lane->in_flight == 0);
		lane->in_flight--;
		lane->workflows -= place->workflow;
		lane->ended++;
	} else {
		dequeue(lanes, lane, place);
	}
	*place = (struct lane_place){0};
	if (lane_is_queued(lane))
		event_active(lanes->serve, EV_TIMEOUT, 0);
	if (lane_waits(lane))
		lanes_wake_soon(lanes);
	lane_forget_if_idle(lanes, lane);
}

/* The next that may have a slot, out of its list. NULL: there is none. */
static struct lane_place *next_to_serve(struct lanes *lanes)
{
	struct lane *lane;

	for (lane = TAILQ_FIRST(&lanes->queued); lane != NULL; lane = TAILQ_NEXT(lane, queued)) {
		for (int workflow = 0; workflow < 2; workflow++) {
			struct lane_place *place = TAILQ_FIRST(lane_list(lane, workflow));

			if (place == NULL || lane_room(lanes, lane, workflow) == 0)
				continue;
			dequeue(lanes, lane, place);
			take_slot(lane, place);
			return place;
		}
	}
	return NULL;
}

/* Whoever is answered may enter and leave lanes itself, so each time it is looked anew. */
static void on_serve(evutil_socket_t fd, short what, void *arg)
{
	struct lanes *lanes = arg;
	struct lane_place *place;

	(void)fd;
	(void)what;
	while ((place = next_to_serve(lanes)) != NULL)
		lanes->events.answered(place->arg, true);
}

static bool is_late(const struct place_list *list)
{
	const struct lane_place *oldest = TAILQ_FIRST(list);

	return oldest != NULL && clock_now_ms() - oldest->since_ms >= PATIENCE_MS;
}

/*
 * The next that goes to Redis, out of its list. Newcomers go behind what is there, the oldest first; those that were woken go in front
 * of it, the newest first: so all keep their order.
 */
static struct lane_place *next_to_park(struct lane *lane)
{
	struct place_list *list = is_late(&lane->chats) ? &lane->chats : &lane->workflow_places;
	struct lane_place *place;

	for (place = TAILQ_LAST(list, place_list); place != NULL;
		place = TAILQ_PREV(place, place_list, link)) {
		if (!place->newcomer)
			return place;
	}
	return TAILQ_FIRST(list);
}

static struct lane *first_late(struct lanes *lanes)
{
	struct lane *lane;

	for (lane = TAILQ_FIRST(&lanes->queued); lane != NULL; lane = TAILQ_NEXT(lane, queued)) {
		if (is_late(&lane->chats) || is_late(&lane->workflow_places))
			return lane;
	}
	return NULL;
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct lanes *lanes = arg;
	struct lane *lane;

	(void)fd;
	(void)what;
	while ((lane = first_late(lanes)) != NULL) {
		struct lane_place *place = next_to_park(lane);
		void *whose = place->arg;

		/* From here on newcomers go behind it. */
		lane_set_waits(lanes, lane, lane->chat_waits || !place->workflow,
			lane->workflow_waits || place->workflow);
		dequeue(lanes, lane, place);
		*place = (struct lane_place){0};
		lanes->events.answered(whose, false);
	}
	if (!TAILQ_EMPTY(&lanes->queued))
		look_later(lanes);
}

void lanes_parked(struct lanes *lanes, const char *name, bool workflow)
{
	struct lane *lane = lane_find_or_make(lanes, name);

	lane_set_waits(
		lanes, lane, lane->chat_waits || !workflow, lane->workflow_waits || workflow);
	lanes_wake_soon(lanes); /* the last job of the lane may have ended meanwhile */
}

void lanes_heard_of(struct lanes *lanes, struct span name)
{
	char text[LANE_NAME_BYTES];
	struct lane *lane;

	if (name.len >= sizeof(text))
		return;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	lane = lane_find_or_make(lanes, text);
	if (!lane_waits(lane))
		lane_set_waits(lanes, lane, true, true);
	lanes_wake_soon(lanes);
}

void lanes_claimed(struct lanes *lanes)
{
	lanes->claim_is_due = false;
	lanes_wake_soon(lanes);
}

struct lanes *lanes_new(struct event_base *base, struct redis_async *redis,
	const struct options *options, const struct lanes_events *events, void *arg)
{
	struct lanes *lanes = xcalloc(1, sizeof(*lanes));

	lanes->redis = redis;
	lanes->options = options;
	lanes->events = *events;
	lanes->arg = arg;
	lanes->flush = evtimer_new(base, lanes_on_flush, lanes);
	lanes->serve = evtimer_new(base, on_serve, lanes);
	lanes->look = evtimer_new(base, on_look, lanes);
	TAILQ_INIT(&lanes->waiting);
	TAILQ_INIT(&lanes->queued);
	crypto_shorthash_keygen(lanes->hash_key);
	script_call_init(&lanes->call, redis);
	return lanes;
}

void lanes_free(struct lanes *lanes)
{
	if (lanes == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (lanes->buckets[i] != NULL) {
			struct lane *lane = lanes->buckets[i];

			lanes->buckets[i] = lane->next;
			free(lane);
		}
	}
	event_free(lanes->flush);
	event_free(lanes->serve);
	event_free(lanes->look);
	script_call_release(&lanes->call);
	free(lanes);
}

void lanes_open(struct lanes *lanes, const char *member)
{
	snprintf(lanes->member, sizeof(lanes->member), "%s", member);
	lanes->open = true;
	lanes->claim_is_due = false;
	lanes_wake_soon(lanes);
}

void lanes_close(struct lanes *lanes)
{
	lanes->open = false;
}
