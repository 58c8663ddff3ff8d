/* SPDX-License-Identifier: MIT */
/* tape: reads JSON in a test that expects it to be good. */
#ifndef BELLHOP_TESTS_TAPE_H
#define BELLHOP_TESTS_TAPE_H

#include "unit.h"

#include "bellhop/json_tape.h"

static const struct tape_limits tape_wide = {.depth = 64, .values = 1u << 20};

/* `text` has to outlive the tape. Release with json_tape_release(). */
static inline struct json_tape tape_of(const char *text)
{
	struct json_tape tape;
	struct tape_error error;

	json_tape_init(&tape);
	if (json_tape_read(&tape, text, strlen(text), &tape_wide, &error) < 0)
		fail_msg("%s: %s at %zu", text, error.reason, error.offset);
	return tape;
}

#endif
