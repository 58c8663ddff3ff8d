/* SPDX-License-Identifier: MIT */
/* name_scan: the names in a set of Redis, a page at a time. */
#include "bellhop/name_scan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/name.h"

#define KEY_MAX_BYTES 1024
#define PAGE	      "100"
#define WRONG_TYPE    "WRONGTYPE "

void name_scan_init(struct name_scan *scan, struct redis_sync *redis)
{
	*scan = (struct name_scan){.redis = redis};
	buf_init(&scan->key, KEY_MAX_BYTES);
}

void name_scan_release(struct name_scan *scan)
{
	buf_release(&scan->key);
	redis_answer_free(scan->page);
	free(scan->cursor);
}

static void over(struct name_scan *scan, enum name_scan_end end)
{
	scan->end = end;
}

static bool is_page(const struct redis_answer *page)
{
	return page->type == REDIS_ARRAY && page->count == 2 &&
	       page->items[0].type == REDIS_STRING && page->items[1].type == REDIS_ARRAY;
}

static void take_page(struct name_scan *scan, struct redis_answer *page, struct error *error)
{
	if (page == NULL) {
		over(scan, NAME_SCAN_LOST);
	} else if (is_page(page)) {
		scan->page = page;
		scan->next = 0;
		free(scan->cursor);
		scan->cursor = xstrdup(page->items[0].text);
	} else if (page->type == REDIS_ERROR &&
		   strncmp(page->text, WRONG_TYPE, strlen(WRONG_TYPE)) == 0) {
		redis_answer_free(page);
		over(scan, NAME_SCAN_WRONG_TYPE);
	} else {
		if (redis_sync_succeed(scan->redis, page, error) != NULL) {
			error_set(
				error, ERROR_INTERNAL, "Redis answered SSCAN with something else");
			redis_answer_free(page);
		}
		over(scan, NAME_SCAN_REFUSED);
	}
}

static void turn_page(struct name_scan *scan, struct error *error)
{
	const char *cursor = scan->cursor != NULL ? scan->cursor : "0";
	const struct span words[] = {span_of("SSCAN"), {scan->key.data, scan->key.len},
		span_of(cursor), span_of("COUNT"), span_of(PAGE)};

	redis_answer_free(scan->page);
	scan->page = NULL;
	if (scan->cursor != NULL && strcmp(scan->cursor, "0") == 0)
		over(scan, NAME_SCAN_DONE);
	else
		take_page(scan, redis_sync_command(scan->redis, words, ARRAY_SIZE(words), 0, error),
			error);
}

const char *name_scan_next(struct name_scan *scan, struct error *error)
{
	while (scan->end == NAME_SCAN_RUNS) {
		const struct redis_answer *names = scan->page ? &scan->page->items[1] : NULL;

		if (names == NULL || scan->next == names->count) {
			turn_page(scan, error);
			continue;
		}
		const struct redis_answer *name = &names->items[scan->next++];

		if (name->type == REDIS_STRING && name_valid(name->text, name->len))
			return name->text;
	}
	return NULL;
}
