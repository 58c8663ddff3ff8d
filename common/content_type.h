/* SPDX-License-Identifier: MIT */
/* content_type: what the body of an action may be, as its `content_type` says; for common/ only. */
#ifndef BELLHOP_COMMON_CONTENT_TYPE_H
#define BELLHOP_COMMON_CONTENT_TYPE_H

#include "bellhop/span.h"

enum content_kind {
	CONTENT_JSON, /* application/json, …+json */
	CONTENT_FORM, /* application/x-www-form-urlencoded */
	CONTENT_TEXT, /* text/… */
	CONTENT_UNKNOWN,
};

/* Reads a media type with its parameters (RFC 9110, section 8.3.1). What is wrong with it, or NULL; a charset can only
 * be UTF-8, for that is what is sent. */
const char *content_type_read(struct span text, enum content_kind *kind);

#endif
