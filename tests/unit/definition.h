/* SPDX-License-Identifier: MIT */
/* definition: definitions and their problems, for the tests of definition and request. */
#ifndef BELLHOP_TESTS_DEFINITION_H
#define BELLHOP_TESTS_DEFINITION_H

#include <stdio.h>

#include "unit.h"

#include "bellhop/definition.h"

static const struct definition_rules definition_rules = {.limit_calls = 10, .limit_window_s = 60};

static inline struct definition *definition_try(
	const char *text, const struct definition_rules *rules, struct problems *problems)
{
	struct json_tape tape;
	struct tape_error error;
	struct definition *definition;

	json_tape_init(&tape);
	if (json_tape_read(&tape, text, strlen(text), &definition_tape_limits, &error) != 0)
		fail_msg("%.200s: %s at %zu", text, error.reason, error.offset);
	definition = definition_read(&tape, 0, rules, problems);
	json_tape_release(&tape);
	return definition;
}

/* Problems as lines: `place: text`; warnings begin with `warning: `. */
static inline void problems_show(const struct problems *problems, struct buf *out)
{
	for (size_t i = 0; i < problems->count; i++)
		buf_printf(out, "%s%s%s: %s", i == 0 ? "" : "\n",
			problems->items[i].warning ? "warning: " : "", problems->items[i].place,
			problems->items[i].text);
}

/* A definition that has to be good, warnings apart. */
static inline struct definition *definition_of(const char *text)
{
	struct problems problems;
	struct definition *definition;
	struct buf shown;

	problems_init(&problems);
	buf_init(&shown, 100000);
	definition = definition_try(text, &definition_rules, &problems);
	problems_show(&problems, &shown);
	if (definition == NULL || problems.errors > 0)
		fail_msg("%s", shown.data);
	problems_release(&problems);
	buf_release(&shown);
	return definition;
}

/* A definition around one action `do`, whose members are `action`; `more` are members of the definition. */
#define DEFINITION_AROUND(more, action)                                                           \
	"{\"name\": \"desk\", \"base_url\": \"https://api.acme.com/v1\", \"auth\": {\"method\": " \
	"\"none\"}, " more "\"actions\": {\"do\": {" action "}}}"

#endif
