/* SPDX-License-Identifier: MIT */
/*
 * Any text is an I-Regexp or none, for a match as for a search; what matches the whole text is found in it, and a search
 * ends within its work. A pattern, then a line feed (or, where there is none, nothing), then the text to search.
 */
#include <stddef.h>
#include <stdint.h>

#include "../../common/iregexp.h"
#include "bellhop/bug.h"
#include "bellhop/utf8.h"

#define WORK 2000000

static enum pattern_answer look(const struct pattern *pattern, struct span text)
{
	struct pattern_work work;
	enum pattern_answer answer;

	pattern_work_init(&work, WORK);
	answer = pattern_search(pattern, text, &work);
	BUG_ON(work.units > WORK);
	pattern_work_release(&work);
	return answer;
}

/* A pattern of plain characters alone, which is found where its text is. */
static bool is_plain(struct span pattern)
{
	for (size_t i = 0; i < pattern.len; i++)
		if (memchr("()*+.?[\\]^{|}$", pattern.data[i], 14) != NULL)
			return false;
	return true;
}

static void check_both(struct span source, struct span text, const struct pattern *whole,
	const struct pattern *part)
{
	enum pattern_answer matched = look(whole, text), found = look(part, text);
	bool there;

	BUG_ON(matched == PATTERN_FOUND && found == PATTERN_NOT_FOUND);
	if (!is_plain(source) || matched == PATTERN_TOO_MUCH || found == PATTERN_TOO_MUCH)
		return;
	there = source.len == 0 || memmem(text.data, text.len, source.data, source.len) != NULL;
	BUG_ON((found == PATTERN_FOUND) != there);
	BUG_ON((matched == PATTERN_FOUND) != span_equals(source, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = size > 0 ? memchr(text, '\n', size) : NULL;
	struct span source = {text, end != NULL ? (size_t)(end - text) : size};
	struct span in = end != NULL ? (struct span){end + 1, size - source.len - 1}
				     : span_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	struct pattern *whole, *part;
	enum iregexp_answer answer;

	if (!utf8_valid(text, size))
		return 0;
	answer = iregexp_compile(source, true, &whole);
	BUG_ON((answer == IREGEXP_NONE) != (iregexp_compile(source, false, &part) == IREGEXP_NONE));
	BUG_ON((answer == IREGEXP_TAKEN) != (whole != NULL));
	BUG_ON(answer == IREGEXP_TOO_LARGE && is_plain(source) &&
		source.len <= PATTERN_MAX_BYTES / 2);
	if (whole != NULL && part != NULL)
		check_both(source, in, whole, part);
	pattern_free(whole);
	pattern_free(part);
	return 0;
}
