/* SPDX-License-Identifier: MIT */
/*
 * fuzz_json_tape: any bytes, read by json_tape and by jansson, which have to agree; then what is written of them.
 *
 * Left out, as the two differ: levels and values that only we bound; a NUL in a member's name, which jansson refuses; a
 * NUL byte after a number, which jansson 2.14 skips. jansson reads integers as doubles here, as it would refuse those
 * over 64 bits.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "bellhop/bug.h"
#include "bellhop/json_number.h"
#include "bellhop/json_out.h"
#include "bellhop/json_tape.h"

#define JANSSON_FLAGS \
	(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

static const struct tape_limits limits = {.depth = 64, .values = 1u << 16};

typedef void write_fn(struct buf *out, const struct json_tape *tape, uint32_t value);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct json_tape *tape, uint32_t value, json_t *theirs);

static void same_string(const struct json_tape *tape, uint32_t value, json_t *theirs)
{
	struct span text = {json_string_value(theirs), json_string_length(theirs)};

	BUG_ON(!json_is_string(theirs));
	BUG_ON(!tape_string_equals(tape, value, text));
}

static void same_array(const struct json_tape *tape, uint32_t value, json_t *theirs)
{
	uint32_t at = tape_first(tape, value);
	size_t index = 0;

	BUG_ON(!json_is_array(theirs) || json_array_size(theirs) != tape->nodes[value].count);
	for (; at != TAPE_NONE; at = tape_next(tape, value, at)) {
		same(tape, at, json_array_get(theirs, index));
		BUG_ON(index < 100 && tape_element(tape, value, (uint32_t)index) != at);
		index++;
	}
	BUG_ON(index != json_array_size(theirs));
}

static void same_object(const struct json_tape *tape, uint32_t value, json_t *theirs)
{
	uint32_t members = 0;
	const char *name;
	json_t *member;

	BUG_ON(!json_is_object(theirs) || json_object_size(theirs) != tape->nodes[value].count);
	json_object_foreach(theirs, name, member)
	{
		uint32_t ours = tape_member(tape, value, name);

		BUG_ON(ours == TAPE_NONE);
		same(tape, ours, member);
	}
	for (uint32_t at = tape_first(tape, value); at != TAPE_NONE;
		at = tape_next(tape, value, at + 1))
		members++;
	BUG_ON(members != json_object_size(theirs));
}

static void same(const struct json_tape *tape, uint32_t value, json_t *theirs)
{
	switch (tape_type(tape, value)) {
	case TAPE_NULL:
		BUG_ON(!json_is_null(theirs));
		break;
	case TAPE_FALSE:
		BUG_ON(!json_is_false(theirs));
		break;
	case TAPE_TRUE:
		BUG_ON(!json_is_true(theirs));
		break;
	case TAPE_NUMBER:
		BUG_ON(!json_is_real(theirs));
		BUG_ON(tape_double(tape, value) != json_real_value(theirs));
		break;
	case TAPE_STRING:
		same_string(tape, value, theirs);
		break;
	case TAPE_ARRAY:
		same_array(tape, value, theirs);
		break;
	case TAPE_OBJECT:
		same_object(tape, value, theirs);
		break;
	}
}

/* Writes a value, reads what was written, writes that with `again` into `out`. */
static void write_twice(
	const struct json_tape *tape, write_fn *first, write_fn *again, struct buf *out)
{
	struct json_tape copy;
	struct buf text;

	buf_init(&text, SIZE_MAX);
	first(&text, tape, 0);
	json_tape_init(&copy);
	BUG_ON(json_tape_read(&copy, text.data, text.len, &limits, NULL) < 0);
	again(out, &copy, 0);
	json_tape_release(&copy);
	buf_release(&text);
}

/* Writing with `second` gives the same, whether or not it was written with `first` in between. */
static void agree(const struct json_tape *tape, write_fn *first, write_fn *second)
{
	struct buf direct, detour;

	buf_init(&direct, SIZE_MAX);
	buf_init(&detour, SIZE_MAX);
	second(&direct, tape, 0);
	write_twice(tape, first, second, &detour);
	BUG_ON(!span_equals(
		(struct span){direct.data, direct.len}, (struct span){detour.data, detour.len}));
	buf_release(&direct);
	buf_release(&detour);
}

static void check_number(const struct json_tape *tape, uint32_t value, struct span before)
{
	struct span raw = tape_raw(tape, value), form;
	double ours = tape_double(tape, value), theirs;
	struct buf canonical;

	buf_init(&canonical, SIZE_MAX);
	json_number_canonical(raw, &canonical);
	form = (struct span){canonical.data, canonical.len};
	BUG_ON(json_number_compare(raw, form) != 0);
	BUG_ON(strtod(canonical.data, NULL) != ours);
	BUG_ON(tape_is_integer(tape, value) != (memmem(form.data, form.len, "e-", 2) == NULL));
	theirs = json_number_double(before);
	BUG_ON(ours < theirs && json_number_compare(raw, before) != -1);
	BUG_ON(ours > theirs && json_number_compare(raw, before) != 1);
	BUG_ON(json_number_compare(raw, before) != -json_number_compare(before, raw));
	if (json_number_can_divide(raw))
		BUG_ON(!json_number_is_multiple(raw, raw));
	buf_release(&canonical);
}

static void check_numbers(const struct json_tape *tape)
{
	struct span before = span_of("1");

	for (uint32_t i = 0; i < tape->count; i++) {
		if (tape_type(tape, i) != TAPE_NUMBER)
			continue;
		check_number(tape, i, before);
		before = tape_raw(tape, i);
	}
}

/* Bytes that need not be UTF-8, written as a string: it is JSON, and is written the same again. */
static void check_string(struct span bytes)
{
	struct json_tape tape;
	struct buf once, again, text;

	buf_init(&once, SIZE_MAX);
	buf_init(&again, SIZE_MAX);
	buf_init(&text, SIZE_MAX);
	json_out_string(&once, bytes);
	json_tape_init(&tape);
	BUG_ON(json_tape_read(&tape, once.data, once.len, &limits, NULL) < 0);
	json_out_string(&again, tape_string_span(&tape, 0, &text));
	BUG_ON(!span_equals(
		(struct span){once.data, once.len}, (struct span){again.data, again.len}));
	json_tape_release(&tape);
	buf_release(&once);
	buf_release(&again);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct tape_error wrong = {0};
	struct json_tape tape;
	json_error_t error;
	json_t *theirs;
	int status;

	check_string(text);
	json_tape_init(&tape);
	status = json_tape_read(&tape, text.data, text.len, &limits, &wrong);
	theirs = json_loadb(text.data, text.len, JANSSON_FLAGS, &error);
	if (status == 0) {
		BUG_ON(size > 0 && memchr(data, '\0', size) != NULL);
		BUG_ON(theirs == NULL && json_error_code(&error) != json_error_null_byte_in_key);
		if (theirs != NULL)
			same(&tape, 0, theirs);
		agree(&tape, json_out_value, json_out_value);
		agree(&tape, json_out_pretty, json_out_value);
		agree(&tape, json_out_pretty, json_out_canonical);
		agree(&tape, json_out_canonical, json_out_canonical);
		check_numbers(&tape);
	} else {
		BUG_ON(wrong.reason == NULL || wrong.offset > size);
		BUG_ON(theirs != NULL && strncmp(wrong.reason, "too many", 8) != 0 &&
			memchr(data, '\0', size) == NULL);
	}
	json_decref(theirs);
	json_tape_release(&tape);
	return 0;
}
