/* SPDX-License-Identifier: MIT */
/* value: an answer of the fake Redis: what io/redis_async.h lets its users see, and how it is made. */
#ifndef SCENARIOS_FAKES_VALUE_H
#define SCENARIOS_FAKES_VALUE_H

#include "io/redis_async.h"

struct redis_value *value_nil(void);
struct redis_value *value_text(const char *data, size_t len);
struct redis_value *value_string(const char *text);
struct redis_value *value_error(const char *text);
struct redis_value *value_integer(int64_t integer);
struct redis_value *value_list(void);
/* Takes `item`. */
void value_add(struct redis_value *list, struct redis_value *item);
/* Takes all items of `more`, and frees it. */
void value_join(struct redis_value *list, struct redis_value *more);
void value_free(struct redis_value *value);

#endif
