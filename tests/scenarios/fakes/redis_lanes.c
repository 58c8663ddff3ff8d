/* SPDX-License-Identifier: MIT */
/* redis_lanes: wake.lua: jobs that waited for a slot go to the front of the line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis.h"
#include "rows.h"

/* The newest of them first, so that the oldest is the next that is claimed. Returns how many. */
static int64_t move(const char *list, const char *retry, int64_t count)
{
	struct row *row = rows_last(list);
	int64_t moved;
	char *entry;

	if (row == NULL || count <= 0)
		return 0;
	entry = strdup(row->value);
	rows_remove(row);
	moved = 1 + move(list, retry, count - 1);
	rows_push(retry, false, entry, strlen(entry));
	free(entry);
	return moved;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

struct redis_value *redis_wake(struct words keys, struct words args)
{
	const char *workers = words_text(&keys), *retry = words_text(&keys),
		   *parked = words_text(&keys);
	const char *me = words_text(&args);
	int64_t all = words_number(&args);
	struct redis_value *out;

	if (rows_find(workers, me) == NULL)
		return value_string("dead");
	out = value_list();
	while (keys.left > 0) {
		const char *chat = words_text(&keys), *workflow = words_text(&keys);
		const char *lane = words_text(&args);
		int64_t room = words_number(&args), workflow_room = words_number(&args);
		int64_t chats = least(least(room, all), (int64_t)rows_count(chat));
		int64_t left, moved;

		/* Those of chat stand in front, so they are pushed last. */
		moved = move(
			workflow, retry, least(least(workflow_room, room - chats), all - chats));
		moved += move(chat, retry, chats);
		all -= moved;
		left = (int64_t)(rows_count(chat) + rows_count(workflow));
		if (left > 0) {
			char text[24];

			snprintf(text, sizeof(text), "%lld", (long long)left);
			rows_set(parked, lane, text, strlen(text));
		} else if (rows_find(parked, lane) != NULL) {
			rows_remove(rows_find(parked, lane));
		}
		value_add(out, value_integer(moved));
		value_add(out, value_integer((int64_t)rows_count(chat)));
		value_add(out, value_integer((int64_t)rows_count(workflow)));
	}
	return out;
}
