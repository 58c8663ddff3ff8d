/* SPDX-License-Identifier: MIT */
/* trouble: Redis is there and refuses. */
#include "trouble.h"

#include <string.h>

#include "log.h"

static bool is_due(struct trouble *trouble, const struct redis_trouble *row, const char *error)
{
	/* The text of a known one differs from script to script. */
	return complaint_is_due(&trouble->said[redis_trouble_index(row)],
		row == redis_trouble_other() ? error : row->name);
}

const struct redis_trouble *trouble_note(
	struct trouble *trouble, enum trouble_of of, const char *error)
{
	const struct redis_trouble *row = redis_trouble_of(error);

	if (row == NULL && of != TROUBLE_CONNECTION)
		row = redis_trouble_other();
	trouble->now[of] = row;
	if (row == NULL)
		return NULL;
	redis_trouble_count(row);
	if (is_due(trouble, row, error))
		log_event(LOG_ERROR, "Redis refuses; trying again", "cause", 's', row->name, "do",
			's', row->advice, "error", 's', error);
	return row;
}

void trouble_over(struct trouble *trouble, enum trouble_of of)
{
	bool was_trouble = trouble_now(trouble) != NULL;

	trouble->now[of] = NULL;
	if (was_trouble && trouble_now(trouble) == NULL) {
		log_event(LOG_INFO, "Redis no longer refuses");
		memset(trouble->said, 0, sizeof(trouble->said));
	}
}

const struct redis_trouble *trouble_now(const struct trouble *trouble)
{
	for (int of = 0; of < TROUBLE_WAIT; of++) {
		if (trouble->now[of] != NULL)
			return trouble->now[of];
	}
	return NULL;
}
