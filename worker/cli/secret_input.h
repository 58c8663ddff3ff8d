/* SPDX-License-Identifier: MIT */
/* secret_input: a secret as it is typed or piped in: in locked memory that no core dump holds, and wiped. */
#ifndef CLI_SECRET_INPUT_H
#define CLI_SECRET_INPUT_H

#include <stddef.h>

#include "bellhop/error.h"

struct secret_input {
	char *text;
	size_t len;
	size_t size; /* of the memory */
};

/* Reads standard input to its end, or one line where it is a terminal, which then shows `prompt` and nothing of what is typed.
 * One final newline is dropped. -1: `error` says why. */
int secret_input_read(struct secret_input *input, const char *prompt, struct error *error);
void secret_input_release(struct secret_input *input);

#endif
