/* SPDX-License-Identifier: MIT */
/* pointer: adds a step to a JSON Pointer (RFC 6901), for common/ only. */
#ifndef BELLHOP_COMMON_POINTER_H
#define BELLHOP_COMMON_POINTER_H

#include "bellhop/buf.h"
#include "bellhop/span.h"

/* A name of a stranger may be long; a pointer is for people. */
#define POINTER_NAME_BYTES 200
#define POINTER_MAX_BYTES  1024

/* `/name`, with `~` as `~0` and `/` as `~1`; a name over POINTER_NAME_BYTES is cut and ends in an ellipsis. */
void pointer_add(struct buf *pointer, struct span name);
void pointer_add_index(struct buf *pointer, size_t index);

#endif
