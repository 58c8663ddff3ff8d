/* SPDX-License-Identifier: MIT */
/* header_name: which header names an admin may use, for common/ only. */
#ifndef BELLHOP_COMMON_HEADER_NAME_H
#define BELLHOP_COMMON_HEADER_NAME_H

#include <stdbool.h>

#include "bellhop/span.h"

/* A token of RFC 9110, section 5.6.2. */
bool header_name_is_token(struct span name);
/* Whether Bellhop owns the header: framing, credentials, what would change the method (contract, section 4). */
bool header_name_is_owned(struct span name);
/* In any case. */
bool header_name_equals(struct span name, const char *other);

#endif
