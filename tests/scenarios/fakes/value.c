/* SPDX-License-Identifier: MIT */
/* value: an answer of the fake Redis. */
#include "value.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"

struct redis_value {
	enum redis_kind kind;
	char *text;
	size_t len;
	int64_t integer;
	struct redis_value **items;
	size_t count, capacity;
};

static struct redis_value *make(enum redis_kind kind)
{
	struct redis_value *value = xcalloc(1, sizeof(*value));

	value->kind = kind;
	return value;
}

struct redis_value *value_nil(void)
{
	return make(REDIS_KIND_NIL);
}

struct redis_value *value_text(const char *data, size_t len)
{
	struct redis_value *value = make(REDIS_KIND_TEXT);

	value->text = xmemdup(data, len);
	value->len = len;
	return value;
}

struct redis_value *value_string(const char *text)
{
	return value_text(text, strlen(text));
}

struct redis_value *value_error(const char *text)
{
	struct redis_value *value = value_string(text);

	value->kind = REDIS_KIND_ERROR;
	return value;
}

struct redis_value *value_integer(int64_t integer)
{
	struct redis_value *value = make(REDIS_KIND_INTEGER);

	value->integer = integer;
	return value;
}

struct redis_value *value_list(void)
{
	return make(REDIS_KIND_LIST);
}

void value_add(struct redis_value *list, struct redis_value *item)
{
	list->items = xgrow(list->items, &list->capacity, list->count, sizeof(*list->items));
	list->items[list->count++] = item;
}

void value_join(struct redis_value *list, struct redis_value *more)
{
	for (size_t i = 0; i < more->count; i++)
		value_add(list, more->items[i]);
	more->count = 0;
	value_free(more);
}

void value_free(struct redis_value *value)
{
	if (value == NULL)
		return;
	for (size_t i = 0; i < value->count; i++)
		value_free(value->items[i]);
	free(value->items);
	free(value->text);
	free(value);
}

enum redis_kind redis_value_kind(const struct redis_value *value)
{
	return value->kind;
}

struct span redis_value_text(const struct redis_value *value)
{
	return value->text != NULL ? (struct span){value->text, value->len} : (struct span){"", 0};
}

int64_t redis_value_integer(const struct redis_value *value)
{
	if (value->kind == REDIS_KIND_INTEGER)
		return value->integer;
	return value->kind == REDIS_KIND_TEXT ? strtoll(value->text, NULL, 10) : 0;
}

size_t redis_value_count(const struct redis_value *value)
{
	return value->count;
}

const struct redis_value *redis_value_at(const struct redis_value *value, size_t index)
{
	BUG_ON(index >= value->count);
	return value->items[index];
}

const char *redis_value_error(const struct redis_value *value)
{
	return value->kind == REDIS_KIND_ERROR ? value->text : NULL;
}
