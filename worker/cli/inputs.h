/* SPDX-License-Identifier: MIT */
/* inputs: what an action is given, as it was typed after --inputs. */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "bellhop/json_tape.h"

/* Reads a JSON object; the tape borrows `text`. EXIT_DONE, or EXIT_USAGE after the line that says what is wrong. */
int inputs_read(struct json_tape *tape, const char *text);

#endif
