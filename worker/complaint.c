/* SPDX-License-Identifier: MIT */
/* complaint: what goes wrong again and again is said once in a while. */
#include "complaint.h"

#include <stdio.h>
#include <string.h>

#include "io/clock.h"

#define AGAIN_MS 10000

bool complaint_is_due(struct complaint *complaint, const char *text)
{
	char start[sizeof(complaint->text)];
	int64_t now_ms = clock_now_ms();

	snprintf(start, sizeof(start), "%s", text);
	if (strcmp(start, complaint->text) == 0 && now_ms < complaint->again_ms)
		return false;
	memcpy(complaint->text, start, sizeof(start));
	complaint->again_ms = now_ms + AGAIN_MS;
	return true;
}

void complaint_clear(struct complaint *complaint)
{
	*complaint = (struct complaint){0};
}
