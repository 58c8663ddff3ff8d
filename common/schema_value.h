/* SPDX-License-Identifier: MIT */
/* schema_value: values inside a schema: `enum`, `const` and `default`; for the schema_*.c files alone. */
#ifndef BELLHOP_COMMON_SCHEMA_VALUE_H
#define BELLHOP_COMMON_SCHEMA_VALUE_H

#include "reader.h"
#include "schema_node.h"

/* `value` is an array. */
void schema_enum_read(struct reader *reader, uint32_t value, struct schema_values *values);
void schema_const_read(struct reader *reader, uint32_t value, struct schema_values *values);
/* After all else of the schema is known: fills the default's own defaults in and checks it. */
void schema_default_read(struct reader *reader, struct schema *schema, uint32_t value,
	size_t max_bytes, struct pattern_work *work);

/* Whether a value is one of them; `scratch` is for its canonical form. */
bool schema_values_have(const struct schema_values *values, const struct json_tape *tape,
	uint32_t value, struct buf *scratch);

#endif
