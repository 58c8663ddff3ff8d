/* SPDX-License-Identifier: MIT */
/* schema: the compiled schema: its life, its properties, and what it says of a placeholder. */
#include "schema_node.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"

struct schema *schema_new(void)
{
	struct schema *schema = xcalloc(1, sizeof(*schema));

	schema->types = SCHEMA_ANY;
	schema->lengths = (struct schema_lengths){0, SCHEMA_NO_MAXIMUM, 0, SCHEMA_NO_MAXIMUM};
	return schema;
}

static void values_release(struct schema_values *values)
{
	for (size_t i = 0; i < values->count; i++)
		free((char *)values->items[i].data);
	free(values->items);
	free(values->list);
}

static void bounds_release(struct schema_bounds *bounds)
{
	free((char *)bounds->minimum.data);
	free((char *)bounds->maximum.data);
	free((char *)bounds->exclusive_minimum.data);
	free((char *)bounds->exclusive_maximum.data);
	free((char *)bounds->multiple_of.data);
}

void schema_free(struct schema *schema)
{
	if (schema == NULL)
		return;
	for (size_t i = 0; i < schema->property_count; i++) {
		free(schema->properties[i].name);
		schema_free(schema->properties[i].schema);
	}
	free(schema->properties);
	free(schema->sorted);
	free(schema->names);
	free(schema->defaults);
	values_release(&schema->any_of);
	values_release(&schema->only);
	bounds_release(&schema->bounds);
	pattern_free(schema->pattern);
	schema_free(schema->additional);
	schema_free(schema->items);
	free(schema->default_text);
	free(schema);
}

static int compare_names(struct span a, struct span b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len == 0 ? 0 : memcmp(a.data, b.data, a.len);
}

static struct span name_of(const struct schema_property *property)
{
	return (struct span){property->name, property->len};
}

static int compare_indices(const void *left, const void *right, void *arg)
{
	const struct schema_property *properties = arg;

	return compare_names(name_of(&properties[*(const uint32_t *)left]),
		name_of(&properties[*(const uint32_t *)right]));
}

static void index_default(struct schema *schema, uint32_t index)
{
	struct schema_property *property = &schema->properties[index];

	schema->has_defaults = schema->has_defaults || property->schema->has_defaults;
	if (property->schema->default_text == NULL)
		return;
	schema->has_defaults = true;
	property->default_slot = (uint32_t)schema->default_count;
	schema->defaults[schema->default_count++] = index;
}

void schema_index_properties(struct schema *schema)
{
	size_t count = schema->property_count;

	schema->sorted = xrealloc(schema->sorted, count * sizeof(*schema->sorted));
	schema->names = xrealloc(schema->names, count * sizeof(*schema->names));
	schema->defaults = xrealloc(schema->defaults, count * sizeof(*schema->defaults));
	schema->sorted_count = count;
	schema->required_count = schema->default_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		schema->sorted[i] = i;
		schema->required_count += schema->properties[i].required;
		if (i >= schema->declared_count)
			continue;
		schema->names[i] = schema->properties[i].name;
		index_default(schema, i);
	}
	qsort_r(schema->sorted, count, sizeof(*schema->sorted), compare_indices,
		schema->properties);
}

const struct schema_property *schema_property(const struct schema *schema, struct span name)
{
	size_t low = 0, high = schema->sorted_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct schema_property *property =
			&schema->properties[schema->sorted[middle]];
		int order = compare_names(name, name_of(property));

		if (order == 0)
			return property;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct schema *schema_of_member(
	const struct schema *schema, const struct schema_property *property)
{
	return property != NULL && property->schema != NULL ? property->schema : schema->additional;
}

struct schema *schema_of_names(const char *const *names, size_t count)
{
	struct schema *schema = schema_new();

	schema->types = SCHEMA_OBJECT;
	schema->closed = schema->top = true;
	schema->properties = xcalloc(count, sizeof(*schema->properties));
	schema->property_count = schema->declared_count = count;
	for (size_t i = 0; i < count; i++)
		schema->properties[i] = (struct schema_property){.name = xstrdup(names[i]),
			.len = strlen(names[i]),
			.schema = schema_new(),
			.required = true};
	schema_index_properties(schema);
	return schema;
}

const char *const *schema_names(const struct schema *schema, size_t *count)
{
	*count = schema->declared_count;
	return (const char *const *)schema->names;
}

/* Whether the segment is an index, and whether an array of that schema always has an element there. */
static bool find_index(const char *segment, const struct schema *array, bool *always)
{
	size_t len = strlen(segment);

	if (len == 0 || len > 9 || strspn(segment, "0123456789") != len ||
		(len > 1 && segment[0] == '0'))
		return false;
	*always = strtol(segment, NULL, 10) < array->lengths.min_items;
	return true;
}

/* Goes from `*schema` to what `segment` names in it; `*schema` is NULL where that may be anything. */
static bool descend(const struct schema **schema, const char *segment, bool *optional)
{
	const struct schema *from = *schema;
	const struct schema_property *property;
	bool always;

	if (from == NULL)
		return false;
	*optional = *optional || (from->types & SCHEMA_NULL && from->types != SCHEMA_ANY);
	property = schema_property(from, span_of(segment));
	if (property != NULL && property->schema != NULL) {
		*optional = *optional ||
			    (!property->required && property->schema->default_text == NULL);
		*schema = property->schema;
		return true;
	}
	if (!(from->types & SCHEMA_ARRAY) || (from->types == SCHEMA_ANY && from->items == NULL) ||
		!find_index(segment, from, &always))
		return false;
	*optional = *optional || !always;
	*schema = from->items;
	return true;
}

/* The types of the values that `enum` and `const` leave over. */
static unsigned types_left(const struct schema *schema)
{
	unsigned types = schema->types;

	if (schema->any_of.count > 0)
		types &= schema->any_of.types;
	if (schema->only.count > 0)
		types &= schema->only.types;
	return types;
}

void schema_find(const struct schema *schema, const char *const *segments, size_t count,
	struct schema_place *place)
{
	bool optional = false;
	unsigned types;

	*place = (struct schema_place){0};
	for (size_t i = 0; i < count; i++)
		if (!descend(&schema, segments[i], &optional))
			return;
	types = schema == NULL ? SCHEMA_ANY : types_left(schema);
	*place = (struct schema_place){
		.declared = true,
		.optional = optional,
		.scalar = (types & ~(unsigned)SCHEMA_COMPOUND) != 0,
		.compound = (types & SCHEMA_COMPOUND) != 0,
	};
}

unsigned schema_type_of(const struct json_tape *tape, uint32_t value)
{
	switch (tape_type(tape, value)) {
	case TAPE_NULL:
		return SCHEMA_NULL;
	case TAPE_FALSE:
	case TAPE_TRUE:
		return SCHEMA_BOOLEAN;
	case TAPE_NUMBER:
		return tape_is_integer(tape, value) ? SCHEMA_NUMBER | SCHEMA_INTEGER
						    : SCHEMA_NUMBER;
	case TAPE_STRING:
		return SCHEMA_STRING;
	case TAPE_ARRAY:
		return SCHEMA_ARRAY;
	case TAPE_OBJECT:
		return SCHEMA_OBJECT;
	}
	return 0;
}

void schema_types_text(unsigned types, struct buf *out)
{
	static const char *const words[] = {
		"null", "a boolean", "an integer", "a number", "a string", "an array", "an object"};
	bool first = true;

	if (types & SCHEMA_NUMBER)
		types &= ~(unsigned)SCHEMA_INTEGER;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(types & 1u << i))
			continue;
		buf_add_string(out, first ? "" : " or ");
		buf_add_string(out, words[i]);
		first = false;
	}
}
