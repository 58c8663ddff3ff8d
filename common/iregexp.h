/* SPDX-License-Identifier: MIT */
/*
 * iregexp: a regular expression of RFC 9485 (I-Regexp) becomes a pattern; for jsonpath*.c only.
 *
 * Its grammar is kept to the letter. Where the RFC's own translation lets `^` and `$` through, they are the start and the
 * end of the text here too; `.` is every character but line feed and carriage return.
 */
#ifndef BELLHOP_COMMON_IREGEXP_H
#define BELLHOP_COMMON_IREGEXP_H

#include <stdbool.h>

#include "pattern.h"

enum iregexp_answer {
	IREGEXP_TAKEN,
	IREGEXP_NONE,	   /* the text is no I-Regexp */
	IREGEXP_TOO_LARGE, /* it may be one, but is more than is taken here */
};

/* `text` is UTF-8. `*pattern` is set where it is taken. `whole`: it matches a text only from its start to its end. */
enum iregexp_answer iregexp_compile(struct span text, bool whole, struct pattern **pattern);

#endif
