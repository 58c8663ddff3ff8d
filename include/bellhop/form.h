/* SPDX-License-Identifier: MIT */
/* form: values as `application/x-www-form-urlencoded` has them. */
#ifndef BELLHOP_FORM_H
#define BELLHOP_FORM_H

#include "bellhop/buf.h"
#include "bellhop/span.h"

/* No value becomes longer than so many times its bytes. */
#define FORM_RATIO 3

/* Adds a value: a space as `+`, all else but letters, digits and `-._~*` as %XX. */
void form_encode(struct buf *out, struct span value);
/* Adds `name=value`, behind an `&` where something stands there already. The name is written as it is. */
void form_pair(struct buf *out, const char *name, struct span value);

#endif
