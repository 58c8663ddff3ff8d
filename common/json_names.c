/* SPDX-License-Identifier: MIT */
/* json_names: finds a member that is named twice: by comparing in a small object, by a hash in a large one. */
#include "json_read.h"

#include <unistd.h>

#include "bellhop/bug.h"

#define FEW 16 /* members that are compared with each other */

/* Which of 64 sorts a name is, by its length and ends: equal names are of one sort, different ones mostly are not. */
static unsigned sort_of(struct span name)
{
	unsigned first = name.len > 0 ? (unsigned char)name.data[0] : 0;
	unsigned last = name.len > 0 ? (unsigned char)name.data[name.len - 1] : 0;

	return (first + 3 * last + 7 * (unsigned)name.len) & 63;
}

static uint32_t find_among_few(const struct json_tape *tape, uint32_t object)
{
	uint32_t names[FEW], at = object + 1;
	uint64_t seen = 0;

	for (uint32_t i = 0; i < tape->nodes[object].count; i++) {
		const struct tape_node *node = &tape->nodes[at];
		uint64_t sort = UINT64_MAX; /* an escape hides what the ends are */

		if (!node->escaped)
			sort = UINT64_C(1)
			       << sort_of((struct span){tape->text + node->at, node->len});
		for (uint32_t j = 0; (seen & sort) != 0 && j < i; j++)
			if (tape_string_compare(tape, names[j], at) == 0)
				return at;
		seen |= sort;
		names[i] = at;
		at = tape->nodes[at + 1].next;
	}
	return TAPE_NONE;
}

/* Two random numbers of this process, so that nobody can choose names that meet. */
static const uint64_t *seed(void)
{
	static uint64_t numbers[2];

	if (numbers[1] == 0) {
		BUG_ON(getentropy(numbers, sizeof(numbers)) < 0);
		numbers[1] |= 1;
	}
	return numbers;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(struct span name, const uint64_t secret[2])
{
	uint64_t sum = secret[0] ^ name.len, word = 0;

	for (; name.len >= sizeof(word); name.data += sizeof(word), name.len -= sizeof(word)) {
		memcpy(&word, name.data, sizeof(word));
		sum = mix(sum ^ word, secret[1]);
	}
	word = 0;
	memcpy(&word, name.data, name.len);
	return mix(mix(sum ^ word, secret[1]), secret[1]);
}

/* Puts the name into the table, or returns true where it is there. */
static bool is_there(const struct json_tape *tape, uint32_t name, uint32_t *table, uint32_t mask,
	struct buf *scratch)
{
	struct span text = tape_string_span(tape, name, scratch);
	uint32_t slot = (uint32_t)hash(text, seed()) & mask;

	while (table[slot] != 0) { /* 0 is the root: no name */
		if (tape_string_equals(tape, table[slot], text))
			return true;
		slot = (slot + 1) & mask;
	}
	table[slot] = name;
	return false;
}

/* The table lies where the next nodes will: nothing is allocated that the tape would not keep. */
static uint32_t find_among_many(struct json_tape *tape, uint32_t object)
{
	uint32_t members = tape->nodes[object].count, at = object + 1;
	uint32_t slots = UINT32_C(1) << (33 - __builtin_clz(members)); /* 2 to 4 for each */
	uint32_t *table, twice = TAPE_NONE;
	struct buf scratch;

	json_read_room(tape, slots / (sizeof(struct tape_node) / sizeof(*table)));
	table = (uint32_t *)(tape->nodes + tape->count);
	memset(table, 0, slots * sizeof(*table));
	buf_init(&scratch, SIZE_MAX);
	while (twice == TAPE_NONE && members-- > 0) {
		if (is_there(tape, at, table, slots - 1, &scratch))
			twice = at;
		else
			at = tape->nodes[at + 1].next;
	}
	buf_release(&scratch);
	return twice;
}

uint32_t json_names_find_twice(struct json_tape *tape, uint32_t object)
{
	if (tape->nodes[object].count <= FEW)
		return find_among_few(tape, object);
	return find_among_many(tape, object);
}
