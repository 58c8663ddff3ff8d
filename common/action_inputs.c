/* SPDX-License-Identifier: MIT */
/* action_inputs: the inputs of an action, and what its placeholders ask of them. */
#include "action_read.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "lookup.h"

static void note(struct action_reader *reader, const struct template *template,
	enum placeholder_place where, const char *place, bool shared)
{
	for (size_t i = 0; i < template->count; i++) {
		if (template->parts[i].literal != NULL)
			continue;
		reader->uses = xgrow(reader->uses, &reader->use_capacity, reader->use_count,
			sizeof(*reader->uses));
		reader->uses[reader->use_count++] = (struct placeholder_use){
			&template->parts[i].placeholder, where, xstrdup(place), shared};
	}
}

void action_note(
	struct action_reader *reader, const struct template *template, enum placeholder_place where)
{
	note(reader, template, where, reader->reader->place.data, false);
}

void action_note_shared(
	struct action_reader *reader, const struct template *template, const char *place)
{
	note(reader, template, PLACE_HEADER, place, true);
}

static bool takes_scalars_only(enum placeholder_place where)
{
	return where != PLACE_PAIR_WHOLE && where != PLACE_BODY_WHOLE;
}

/* Holds one placeholder against the schema. */
static void check_use(struct action_reader *reader, const struct placeholder_use *use)
{
	struct problems *problems = reader->reader->problems;
	struct placeholder *placeholder = use->placeholder;
	const char *of = use->shared ? " of the action " : "";
	const char *name = use->shared ? reader->action->name : "";
	struct schema_place place;

	schema_find(reader->action->inputs, (const char *const *)placeholder->segments,
		placeholder->count, &place);
	placeholder->optional = place.optional;
	if (!place.declared)
		problems_add(problems, use->place, "{{%s}} is not a declared input%s%s",
			placeholder->name, of, name);
	else if (!place.scalar && takes_scalars_only(use->where))
		problems_add(problems, use->place,
			"{{%s}} is an array or object, which may not stand here%s%s",
			placeholder->name, use->shared ? " in the action " : "", name);
	else if (place.optional && use->where == PLACE_PATH)
		problems_warn(problems, use->place,
			"{{%s}} is optional, and without it there is no path", placeholder->name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The first segments of all placeholders, sorted, each once. The caller frees the array alone. */
static const char **used_names(const struct action_reader *reader, size_t *count)
{
	const char **names = xcalloc(reader->use_count, sizeof(*names));
	size_t kept = 0;

	for (size_t i = 0; i < reader->use_count; i++)
		names[i] = reader->uses[i].placeholder->segments[0];
	if (reader->use_count > 0)
		qsort(names, reader->use_count, sizeof(*names), compare_names);
	for (size_t i = 0; i < reader->use_count; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	*count = kept;
	return names;
}

/* Declared, but nothing of it is ever sent. */
static void warn_unused(struct action_reader *reader)
{
	struct reader *at = reader->reader;
	size_t used_count, count, mark = reader_enter(at, span_of("inputs"));
	const char *const *names = schema_names(reader->action->inputs, &count);
	const char **used = used_names(reader, &used_count);

	(void)reader_enter(at, span_of("properties")); /* left with the first */
	for (size_t i = 0; i < count; i++) {
		size_t name;

		if (used_count > 0 &&
			bsearch(&names[i], used, used_count, sizeof(*used), compare_names) != NULL)
			continue;
		name = reader_enter(at, span_of(names[i]));
		reader_warn(at, "is used by no placeholder");
		reader_leave(at, name);
	}
	free(used);
	reader_leave(at, mark);
}

static void read_schema(struct action_reader *reader, uint32_t value)
{
	struct reader *at = reader->reader;
	size_t mark = reader_enter(at, span_of("inputs"));

	reader->action->inputs =
		schema_compile(at->tape, value, SCHEMA_CLOSED, at->place.data, at->problems);
	reader_leave(at, mark);
	for (size_t i = 0; i < reader->use_count; i++)
		check_use(reader, &reader->uses[i]);
	warn_unused(reader);
}

static void infer_schema(struct action_reader *reader)
{
	size_t count;
	const char **names = used_names(reader, &count);

	reader->action->inputs = schema_of_names(names, count);
	free(names);
}

static void make_lookup(struct action_reader *reader)
{
	struct placeholder **placeholders = xcalloc(reader->use_count, sizeof(*placeholders));

	for (size_t i = 0; i < reader->use_count; i++)
		placeholders[i] = reader->uses[i].placeholder;
	reader->action->lookup = xcalloc(1, sizeof(*reader->action->lookup));
	lookup_init(reader->action->lookup, placeholders, reader->use_count);
	free(placeholders);
}

void action_read_inputs(struct action_reader *reader, uint32_t value)
{
	if (reader->use_count > DEFINITION_MAX_PLACEHOLDERS)
		reader_problem(reader->reader,
			"has over %d placeholders, those in the definition's headers included",
			DEFINITION_MAX_PLACEHOLDERS);
	if (value != TAPE_NONE)
		read_schema(reader, value);
	else
		infer_schema(reader);
	make_lookup(reader);
	for (size_t i = 0; i < reader->use_count; i++)
		free(reader->uses[i].place);
	free(reader->uses);
	reader->uses = NULL;
	reader->use_count = reader->use_capacity = 0;
}
