/* SPDX-License-Identifier: MIT */
/*
 * name_scan: the names in a set of Redis, a page at a time (SSCAN), so that no set is too long to be walked.
 *
 * A name that is there from the first page to the last comes at least once, and may come twice. A member that is no name is left out: nothing
 * can be stored under it.
 */
#ifndef BELLHOP_NAME_SCAN_H
#define BELLHOP_NAME_SCAN_H

#include "bellhop/buf.h"
#include "bellhop/redis_sync.h"

enum name_scan_end {
	NAME_SCAN_RUNS,
	NAME_SCAN_DONE,
	NAME_SCAN_WRONG_TYPE, /* the key holds something else than a set */
	NAME_SCAN_REFUSED,    /* Redis answered with another error */
	NAME_SCAN_LOST,	      /* the connection is of no more use */
};

struct name_scan {
	struct redis_sync *redis;
	struct buf key; /* filled by the caller before the first name is asked for */
	struct redis_answer *page;
	char *cursor;
	size_t next;
	enum name_scan_end end;
};

void name_scan_init(struct name_scan *scan, struct redis_sync *redis);
void name_scan_release(struct name_scan *scan);
/* The next name, borrowed until the next call. NULL: `end` says why, and for the last two of it `error` what to do. */
const char *name_scan_next(struct name_scan *scan, struct error *error);

#endif
