/* SPDX-License-Identifier: MIT */
/* inputs: reads --inputs as strictly as the worker reads those of a job. */
#include "cli/inputs.h"

#include <string.h>

#include "bellhop/wire.h"
#include "cli/output.h"

/* A job is an object around them. */
static const struct tape_limits limits = {.depth = WIRE_MAX_DEPTH - 1, .values = 16 * 1024 * 1024};

int inputs_read(struct json_tape *tape, const char *text)
{
	struct tape_error wrong;
	if (json_tape_read(tape, text, strlen(text), &limits, &wrong) < 0)
		return misuse(
			"--inputs is not JSON: %s (byte %zu)", wrong.reason, wrong.offset + 1);
	if (tape_type(tape, 0) != TAPE_OBJECT)
		return misuse("--inputs takes a JSON object, such as '{\"desk\": 1}'");
	return EXIT_DONE;
}
