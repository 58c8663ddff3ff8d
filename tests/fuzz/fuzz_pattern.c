/* SPDX-License-Identifier: MIT */
/*
 * Any text is a pattern or refused with a reason; a search ends within its work and has the same answer and the same price
 * when it is made again. A pattern, then a line feed (or, where there is none, nothing), then the text to search.
 */
#include <stddef.h>
#include <stdint.h>

#include "../../common/pattern.h"
#include "bellhop/bug.h"
#include "bellhop/utf8.h"

#define WORK 2000000

static void check_search(const struct pattern *pattern, struct span text)
{
	struct pattern_work first, second;
	enum pattern_answer answer;

	pattern_work_init(&first, WORK);
	pattern_work_init(&second, WORK);
	answer = pattern_search(pattern, text, &first);
	BUG_ON(pattern_search(pattern, text, &second) != answer);
	BUG_ON(first.units != second.units || first.units > WORK);
	BUG_ON(pattern_search(pattern, text, &second) != answer && second.units > 0);
	pattern_work_release(&first);
	pattern_work_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = size > 0 ? memchr(text, '\n', size) : NULL;
	struct span source = {text, end != NULL ? (size_t)(end - text) : size};
	struct span in = end != NULL ? (struct span){end + 1, size - source.len - 1}
				     : span_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	struct pattern *pattern;
	struct buf problem;

	if (!utf8_valid(text, size))
		return 0;
	buf_init(&problem, 1000);
	pattern = pattern_compile(source, &problem);
	BUG_ON((pattern == NULL) != (problem.len > 0) || problem.overflowed);
	if (pattern != NULL) {
		BUG_ON(pattern_bytes(pattern) > 256 * 1024);
		check_search(pattern, in);
	}
	pattern_free(pattern);
	buf_release(&problem);
	return 0;
}
