/* SPDX-License-Identifier: MIT */
/* ecma: a pattern of ECMA-262 written as pcre2 takes it. */
#include "ecma.h"

#include "bellhop/utf8.h"
#include "ecma_escape.h"

#define QUOTED_BYTES 12

/* Every character but a line terminator. */
#define DOT   "[^\\n\\r\\x{2028}\\x{2029}]"
#define EVERY "\\x{00}-\\x{10ffff}"

void ecma_refuse(struct ecma *ecma, size_t from, size_t len, const char *why)
{
	size_t left = ecma->text.len - from;

	if (ecma->problem->len > 0)
		return;
	len = utf8_cut(ecma->text.data + from, left, len < QUOTED_BYTES ? len : QUOTED_BYTES);
	buf_printf(ecma->problem, "has %.*s at character %zu, %s", (int)len, ecma->text.data + from,
		utf8_length(ecma->text.data, from) + 1, why);
}

static bool stands(const struct ecma *ecma, const char *what)
{
	size_t len = strlen(what);

	return ecma->text.len - ecma->at >= len &&
	       memcmp(ecma->text.data + ecma->at, what, len) == 0;
}

static void copy(struct ecma *ecma, size_t len)
{
	buf_add(ecma->out, ecma->text.data + ecma->at, len);
	ecma->at += len;
}

/* The number at `*at`, which is moved behind it. False where there is none. */
static bool read_number(const struct ecma *ecma, size_t *at, uint32_t *number)
{
	size_t from = *at;

	*number = 0;
	for (; *at < ecma->text.len && ecma->text.data[*at] >= '0' && ecma->text.data[*at] <= '9';
		(*at)++)
		if (*number < ECMA_MAX_REPEAT)
			*number = *number * 10 + (uint32_t)(ecma->text.data[*at] - '0');
	return *at > from;
}

/* The bytes of a repeat in braces ({2}, {2,}, {2,3}) at `at`, 0 where it is none; `*least` is how often it asks for. */
static size_t braces_len(const struct ecma *ecma, size_t at, uint32_t *least)
{
	size_t from = at++;
	uint32_t most;

	if (!read_number(ecma, &at, least))
		return 0;
	if (at < ecma->text.len && ecma->text.data[at] == ',') {
		at++;
		(void)read_number(ecma, &at, &most); /* may be missing */
	}
	return at < ecma->text.len && ecma->text.data[at] == '}' ? at + 1 - from : 0;
}

/* The bytes of a repeat at `at`, without the `?` that makes it lazy; 0 where there is none. */
static size_t repeat_len(const struct ecma *ecma, size_t at, uint32_t *least)
{
	*least = 0;
	if (at == ecma->text.len)
		return 0;
	if (ecma->text.data[at] == '{')
		return braces_len(ecma, at, least);
	return memchr("*+?", ecma->text.data[at], 3) != NULL ? 1 : 0;
}

/* What pcre2 would read as a repeat that never gives back (`a++`) is a repeat of a repeat in ECMA-262. */
static void write_repeat(struct ecma *ecma, size_t len, uint32_t least)
{
	size_t from = ecma->at, again;

	if (least > ecma->least)
		ecma->least = least;
	copy(ecma, len);
	if (stands(ecma, "?"))
		copy(ecma, 1);
	again = repeat_len(ecma, ecma->at, &least);
	if (again > 0)
		ecma_refuse(ecma, from, ecma->at + again - from, "which repeats a repeat");
}

/* Copies up to the closing `>` of a group's name, which is not to be read as a pattern. */
static void copy_name(struct ecma *ecma)
{
	const char *from = ecma->text.data + ecma->at;
	const char *end = memchr(from, '>', ecma->text.len - ecma->at);

	copy(ecma, end == NULL ? ecma->text.len - ecma->at : (size_t)(end - from) + 1);
}

static void write_group(struct ecma *ecma)
{
	static const char caseless[] = "(?i:";
	static const char *const opens[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!", caseless, "(?-i:"};

	for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++)
		if (stands(ecma, opens[i])) {
			ecma->caseless = ecma->caseless || opens[i] == caseless;
			copy(ecma, strlen(opens[i]));
			return;
		}
	if (stands(ecma, "(?<"))
		copy_name(ecma);
	else if (stands(ecma, "(?"))
		ecma_refuse(ecma, ecma->at, 4,
			"where a group begins with (, (?:, (?=, (?!, (?<=, (?<!, (?<name> or (?i:");
	else if (stands(ecma, "(*"))
		ecma_refuse(ecma, ecma->at, 2, "where there is nothing to repeat");
	else
		copy(ecma, 1);
}

/* `[]` and `[^]`: no character, and every one. */
static bool write_empty_class(struct ecma *ecma)
{
	bool none = stands(ecma, "[]");

	if (!none && !stands(ecma, "[^]"))
		return false;
	buf_add_string(ecma->out, none ? "[^" EVERY "]" : "[" EVERY "]");
	ecma->at += none ? 2 : 3;
	return true;
}

static void write_class(struct ecma *ecma)
{
	size_t from = ecma->at;

	if (write_empty_class(ecma))
		return;
	copy(ecma, stands(ecma, "[^") ? 2 : 1);
	while (ecma->at < ecma->text.len && ecma->problem->len == 0) {
		switch (ecma->text.data[ecma->at]) {
		case ']':
			copy(ecma, 1);
			return;
		case '\\':
			ecma_write_escape(ecma, true);
			break;
		case '[': /* stand for themselves, where pcre2 has [[:alpha:]] and the like */
		case ':':
		case '.':
		case '=':
			buf_add_char(ecma->out, '\\');
			copy(ecma, 1);
			break;
		default:
			copy(ecma, 1);
		}
	}
	ecma_refuse(ecma, from, 1, "which no ] closes");
}

static void write_next(struct ecma *ecma)
{
	uint32_t least;
	size_t len = repeat_len(ecma, ecma->at, &least);

	if (len > 0) {
		write_repeat(ecma, len, least);
		return;
	}
	switch (ecma->text.data[ecma->at]) {
	case '\\':
		ecma_write_escape(ecma, false);
		return;
	case '[':
		write_class(ecma);
		return;
	case '(':
		write_group(ecma);
		return;
	case '.':
		buf_add_string(ecma->out, DOT);
		ecma->at++;
		return;
	case '{': /* stands for itself */
		buf_add_char(ecma->out, '\\');
		copy(ecma, 1);
		return;
	default:
		copy(ecma, 1);
	}
}

bool ecma_write(struct ecma *ecma)
{
	ecma->least = 1;
	while (ecma->at < ecma->text.len && ecma->problem->len == 0)
		write_next(ecma);
	return ecma->problem->len == 0;
}
