/* SPDX-License-Identifier: MIT */
/* lint_sample: holds the queries of an output against a sample of the upstream's answer. */
#include "bellhop/lint.h"

#include "bellhop/jsonpath.h"
#include "reader.h"

/* Of one query; more is work for a worker's bounds, not for a warning. */
#define MAX_NODES 1000000
#define MAX_STEPS UINT64_C(100000000)

struct trial {
	struct reader reader;
	const struct json_tape *sample;
};

static void try_value(struct trial *trial, uint32_t value);

/* A query that is none was told of when the definition was read. */
static void try_query(struct trial *trial, struct span text)
{
	char reason[JSONPATH_REASON_BYTES];
	struct jsonpath *query = jsonpath_compile(text, reason);
	struct jsonpath_nodes nodes;

	if (query == NULL)
		return;
	jsonpath_nodes_init(&nodes, MAX_NODES, MAX_STEPS);
	if (jsonpath_find(query, trial->sample, &nodes) == 0 && nodes.count == 0)
		reader_warn(&trial->reader, "finds nothing in the sample: the output has %s here",
			jsonpath_is_singular(query) ? "null" : "an empty array");
	jsonpath_nodes_release(&nodes);
	jsonpath_free(query);
}

static void try_string(struct trial *trial, uint32_t value)
{
	struct span text = tape_string_span(trial->reader.tape, value, &trial->reader.scratch);

	if (text.len > 0 && text.data[0] == '$' && (text.len == 1 || text.data[1] != '$'))
		try_query(trial, text);
}

static void try_members(struct trial *trial, uint32_t object)
{
	struct reader *reader = &trial->reader;
	const struct json_tape *tape = reader->tape;

	for (uint32_t name = tape_first(tape, object); name != TAPE_NONE;) {
		uint32_t value = tape_next(tape, object, name);
		size_t mark = reader_enter(reader, tape_string_span(tape, name, &reader->scratch));

		try_value(trial, value);
		reader_leave(reader, mark);
		name = tape_next(tape, object, value);
	}
}

static void try_elements(struct trial *trial, uint32_t array)
{
	const struct json_tape *tape = trial->reader.tape;
	size_t index = 0;

	for (uint32_t value = tape_first(tape, array); value != TAPE_NONE;
		value = tape_next(tape, array, value)) {
		size_t mark = reader_enter_index(&trial->reader, index++);

		try_value(trial, value);
		reader_leave(&trial->reader, mark);
	}
}

static void try_value(struct trial *trial, uint32_t value)
{
	switch (tape_type(trial->reader.tape, value)) {
	case TAPE_STRING:
		try_string(trial, value);
		break;
	case TAPE_OBJECT:
		try_members(trial, value);
		break;
	case TAPE_ARRAY:
		try_elements(trial, value);
		break;
	default:
		break;
	}
}

/* The member of an object, or TAPE_NONE; also of what is none. */
static uint32_t member(const struct json_tape *tape, uint32_t object, const char *name)
{
	if (object == TAPE_NONE || tape_type(tape, object) != TAPE_OBJECT)
		return TAPE_NONE;
	return tape_member(tape, object, name);
}

void lint_sample(const struct json_tape *definition, const char *action,
	const struct json_tape *sample, struct problems *problems)
{
	uint32_t output = member(
		definition, member(definition, member(definition, 0, "actions"), action), "output");
	struct trial trial = {.sample = sample};

	if (output == TAPE_NONE)
		return;
	reader_init(&trial.reader, definition, "actions", problems);
	(void)reader_enter(&trial.reader, span_of(action)); /* the place ends with the reader */
	(void)reader_enter(&trial.reader, span_of("output"));
	try_value(&trial, output);
	reader_release(&trial.reader);
}
