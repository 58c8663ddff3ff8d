/* SPDX-License-Identifier: MIT */
/* gzip: makes gzip texts of one byte repeated. */
#ifndef TESTS_GZIP_H
#define TESTS_GZIP_H

#include "bellhop/buf.h"

/* `times` times `byte`, about 160 times smaller. The caller releases `out`. */
void gzip_repeat(struct buf *out, unsigned char byte, size_t times);

#endif
