/* SPDX-License-Identifier: MIT */
/* input: what is read whole: a file, or standard input. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdbool.h>

#include "bellhop/buf.h"
#include "bellhop/error.h"

/* `-` names standard input. */
bool input_is_standard(const char *path);
/* Reads until the end, or until `text` is full: a maximum of one byte more than is allowed shows what is too long. 0 or -1. */
int input_read(struct buf *text, const char *path, struct error *error);

#endif
