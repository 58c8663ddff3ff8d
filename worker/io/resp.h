/* SPDX-License-Identifier: MIT */
/*
 * resp: Redis commands as bytes (RESP2, https://redis.io/docs/latest/develop/reference/protocol-spec/).
 *
 * A turn's command is put together from words that its items wrote long before: written once here, copied once into the
 * connection. Words are binary safe.
 */
#ifndef WORKER_IO_RESP_H
#define WORKER_IO_RESP_H

#include <stdint.h>

#include "bellhop/buf.h"
#include "bellhop/span.h"

/* The head of a command of `words` words; the words follow. */
void resp_head(struct buf *out, size_t words);
void resp_word(struct buf *out, const char *data, size_t len);
void resp_string(struct buf *out, const char *text);
void resp_integer(struct buf *out, int64_t number);

#endif
