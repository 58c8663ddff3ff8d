/* SPDX-License-Identifier: MIT */
/* redis_claim: the end of turn.lua: jobs out of the queues into a worker's claims. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "redis.h"
#include "rows.h"

/* `rest` is the field without its token; `birth` NULL where this is the first one. */
static void take(struct redis_claim *claim, char queue, unsigned deliveries, const char *birth,
	const char *carry, const char *payload, struct redis_value *out)
{
	char token[128], field[4096];

	snprintf(token, sizeof(token), "%s.%lld", claim->worker, (long long)claim->next_token++);
	snprintf(field, sizeof(field), "%s %c %u %s %s", token, queue, deliveries,
		birth != NULL ? birth : token, carry);
	rows_set(claim->claims, field, payload, strlen(payload));
	value_add(out, value_string(field));
	value_add(out, value_string(payload));
	claim->room--;
	if (queue == 'w')
		claim->workflow_room--;
}

static void take_retry(struct redis_claim *claim, struct redis_value *out)
{
	struct row *row;

	while (claim->room > 0 && (row = rows_last(claim->retry)) != NULL) {
		char queue, birth[128], carry[3072];
		unsigned deliveries;

		if (sscanf(row->value, "%c %u %127s %3071[^\n]", &queue, &deliveries, birth,
			    carry) != 4)
			BUG("an entry of retry that is none: %s", row->value);
		if (queue == 'w' && claim->workflow_room <= 0)
			return;
		take(claim, queue, deliveries + 1, birth, carry, strchr(row->value, '\n') + 1, out);
		rows_remove(row);
	}
}

static bool may_take(const struct redis_claim *claim, int q)
{
	return claim->weights[q] > 0 && rows_count(claim->queues[q]) > 0 &&
	       (q != 2 || claim->workflow_room > 0);
}

/* Smooth weighted round robin over the queues that hold something; -1: none does. */
static int next_queue(struct redis_claim *claim)
{
	int64_t sum = 0;
	int best = -1;

	for (int q = 0; q < 3; q++) {
		if (may_take(claim, q))
			sum += claim->weights[q];
	}
	if (sum == 0)
		return -1;
	for (int q = 0; q < 3; q++) {
		if (!may_take(claim, q)) {
			claim->credits[q] = 0;
			continue;
		}
		claim->credits[q] += claim->weights[q];
		if (best < 0 || claim->credits[q] > claim->credits[best])
			best = q;
	}
	claim->credits[best] -= sum;
	return best;
}

static void count_taken(const struct redis_claim *claim, int queue)
{
	char field[2] = {(char)('1' + queue), '\0'}, number[24];
	const struct row *row = rows_find(claim->taken, field);

	snprintf(number, sizeof(number), "%lld",
		(row != NULL ? strtoll(row->value, NULL, 10) : 0) + 1);
	rows_set(claim->taken, field, number, strlen(number));
}

void redis_claim(struct redis_claim *claim, struct redis_value *out)
{
	int queue;

	take_retry(claim, out);
	while (claim->room > 0 && (queue = next_queue(claim)) >= 0) {
		struct row *row = rows_last(claim->queues[queue]);

		take(claim, "dcw"[queue], 1, NULL, "-", row->value, out);
		rows_remove(row);
		count_taken(claim, queue);
	}
}
