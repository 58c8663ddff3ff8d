/* SPDX-License-Identifier: MIT */
/* tool_name: names actions for models. */
#include "bellhop/tool_name.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/name.h"

#define BASE_BYTES (2 * NAME_MAX_BYTES + 3)
#define HASH_CHARS 9 /* with the `_` before it */

/* A name before it is known whether it fits. */
struct base {
	char text[BASE_BYTES];
	struct tool_name *name;
};

static void base_make(struct base *base, struct tool_name *name)
{
	base->name = name;
	snprintf(base->text, sizeof(base->text), "%s__%s", name->integration, name->action);
	for (char *at = base->text; *at; at++)
		if (*at == '.')
			*at = '_';
}

static int compare_bases(const void *a, const void *b)
{
	return strcmp(((const struct base *)a)->text, ((const struct base *)b)->text);
}

static bool equals(const struct base *a, const struct base *b)
{
	return strcmp(a->text, b->text) == 0;
}

static uint32_t hash_add(uint32_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619);
	return hash;
}

/* FNV-1a of both names; the number makes another one of the same. */
static uint32_t hash_of(const struct tool_name *name, unsigned number)
{
	char text[16];
	snprintf(text, sizeof(text), "/%u", number);
	uint32_t hash = hash_add(UINT32_C(2166136261), name->integration);
	hash = hash_add(hash_add(hash, "/"), name->action);
	return number ? hash_add(hash, text) : hash;
}

static bool is_taken(const struct base *bases, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(bases[i].name->text, text) == 0)
			return true;
	return false;
}

static void name_by_hash(const struct base *base, const struct base *bases, size_t count)
{
	char text[TOOL_NAME_MAX + 1];
	unsigned number = 0;
	do
		snprintf(text, sizeof(text), "%.*s_%08x", TOOL_NAME_MAX - HASH_CHARS, base->text,
			hash_of(base->name, number++));
	while (is_taken(bases, count, text));
	memcpy(base->name->text, text, sizeof(text));
}

void tool_names_make(struct tool_name *const *names, size_t count)
{
	struct base *bases = xcalloc(count, sizeof(*bases));
	for (size_t i = 0; i < count; i++)
		base_make(&bases[i], names[i]);
	if (count > 0)
		qsort(bases, count, sizeof(*bases), compare_bases);
	for (size_t i = 0; i < count; i++) {
		struct tool_name *name = bases[i].name;
		name->text[0] = '\0';
		name->changed = NULL;
		if ((i > 0 && equals(&bases[i], &bases[i - 1])) ||
			(i + 1 < count && equals(&bases[i], &bases[i + 1])))
			name->changed = "another action would have the same name";
		else if (strlen(bases[i].text) > TOOL_NAME_MAX)
			name->changed = "a tool's name has 64 characters at most";
		else
			memcpy(name->text, bases[i].text, strlen(bases[i].text) + 1);
	}
	for (size_t i = 0; i < count; i++)
		if (bases[i].name->changed)
			name_by_hash(&bases[i], bases, count);
	free(bases);
}
