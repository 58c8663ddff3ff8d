/* SPDX-License-Identifier: MIT */
/* lane: the slots of one org or host: how many are taken, and who waits for one, here or in Redis. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "io/lanes_private.h"

#define KEPT_FOR_CHAT 10 /* one of so many slots */

void lane_name(char name[LANE_NAME_BYTES], enum lane_kind kind, const char *what, uint16_t port)
{
	if (kind == LANE_ORG)
		snprintf(name, LANE_NAME_BYTES, "o:%s", what);
	else
		snprintf(name, LANE_NAME_BYTES, "h:%s:%u", what, port);
}

static struct lane **find(struct lanes *lanes, const char *name)
{
	unsigned char hash[crypto_shorthash_BYTES];
	struct lane **at;
	uint32_t index;

	crypto_shorthash(hash, (const unsigned char *)name, strlen(name), lanes->hash_key);
	memcpy(&index, hash, sizeof(index));
	at = &lanes->buckets[index % BUCKETS];
	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

struct lane *lane_find_or_make(struct lanes *lanes, const char *name)
{
	struct lane **at = find(lanes, name);
	size_t len = strlen(name);

	if (*at == NULL) {
		*at = xcalloc(1, sizeof(**at) + len + 1);
		memcpy((*at)->name, name, len + 1);
		TAILQ_INIT(&(*at)->chats);
		TAILQ_INIT(&(*at)->workflow_places);
	}
	return *at;
}

bool lane_waits(const struct lane *lane)
{
	return lane->chat_waits || lane->workflow_waits;
}

void lane_set_waits(struct lanes *lanes, struct lane *lane, bool chat, bool workflow)
{
	const bool waited = lane_waits(lane);

	lane->chat_waits = chat;
	lane->workflow_waits = workflow;
	if (!waited && lane_waits(lane))
		TAILQ_INSERT_TAIL(&lanes->waiting, lane, link);
	else if (waited && !lane_waits(lane))
		TAILQ_REMOVE(&lanes->waiting, lane, link);
}

bool lane_is_queued(const struct lane *lane)
{
	return !TAILQ_EMPTY(&lane->chats) || !TAILQ_EMPTY(&lane->workflow_places);
}

struct place_list *lane_list(struct lane *lane, bool workflow)
{
	return workflow ? &lane->workflow_places : &lane->chats;
}

void lane_forget_if_idle(struct lanes *lanes, struct lane *lane)
{
	struct lane **at;

	if (lane->in_flight > 0 || lane_waits(lane) || lane->asked || lane_is_queued(lane))
		return;
	at = find(lanes, lane->name);
	*at = lane->next;
	free(lane);
}

static unsigned slots_of(const struct lanes *lanes, const char *name)
{
	return name[0] == 'o' ? lanes->options->org_slots : lanes->options->host_slots;
}

unsigned lane_room(const struct lanes *lanes, const struct lane *lane, bool workflow)
{
	unsigned slots = slots_of(lanes, lane->name), room, most = slots - slots / KEPT_FOR_CHAT;

	room = lane->in_flight < slots ? slots - lane->in_flight : 0;
	if (workflow && lane->workflows + room > most)
		room = lane->workflows < most ? most - lane->workflows : 0;
	return room;
}
