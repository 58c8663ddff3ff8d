/* SPDX-License-Identifier: MIT */
/*
 * redact_search: finds patterns in a text by their first two bytes, then compares.
 *
 * A comparison that fails late costs more than the byte it was tried at, and whoever owns both the secret and the
 * upstream can make all of them fail late. So agreeing bytes are counted, and when they are many times the text the search
 * gives up and all that is left is masked.
 */
#include "redact_search.h"

#include "json_text.h"

/* Counted are bytes that agree and comparisons. What is no attack stays below: a byte agrees with more than a few patterns
 * only where it is masked. */
#define AGREEING_FOR_BYTE 16
#define AGREEING_ANYWAY	  256

void redact_search_init(
	struct redact_search *search, const struct redactor *redactor, struct span text)
{
	*search = (struct redact_search){
		.redactor = redactor,
		.text = text.data,
		.len = text.len,
		.agreeing = text.len * AGREEING_FOR_BYTE + AGREEING_ANYWAY,
	};
}

static void count(struct redact_search *search, size_t agreeing)
{
	if (agreeing > search->agreeing)
		search->gave_up = true;
	else
		search->agreeing -= agreeing;
}

static int hex_digit(char byte)
{
	char lower = (char)(byte | 0x20);

	if (byte >= '0' && byte <= '9')
		return byte - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Each comparison returns the bytes of the text that are the pattern, or 0. */

/* `*agreeing` counts also where the whole does not. */
static size_t compare_plain(
	struct redact_search *search, size_t at, struct span pattern, size_t *agreeing)
{
	const char *text = search->text + at;
	size_t len = search->len - at < pattern.len ? search->len - at : pattern.len, i = 0;

	while (i < len && text[i] == pattern.data[i])
		i++;
	count(search, i + 1);
	*agreeing = i;
	return i == pattern.len ? i : 0;
}

static size_t compare_hex(struct redact_search *search, size_t at, struct span pattern)
{
	const char *text = search->text + at;
	size_t len = search->len - at < pattern.len ? search->len - at : pattern.len, i = 0;

	while (i < len && hex_digit(text[i]) == hex_digit(pattern.data[i]))
		i++;
	count(search, i + 1);
	return i == pattern.len ? i : 0;
}

static size_t compare_percent(struct redact_search *search, size_t at, struct span pattern)
{
	const char *start = search->text + at, *text = start, *end = search->text + search->len;
	size_t i = 0;

	for (; i < pattern.len && text < end; i++) {
		char byte = *text++;

		if (byte == '%' && end - text >= 2 && hex_digit(text[0]) >= 0 &&
			hex_digit(text[1]) >= 0) {
			byte = (char)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
			text += 2;
		} else if (byte == '+' && pattern.data[i] == ' ') {
			byte = ' ';
		}
		if (byte != pattern.data[i])
			break;
	}
	count(search, i + 1);
	return i == pattern.len ? (size_t)(text - start) : 0;
}

static size_t compare_escaped(struct redact_search *search, size_t at, struct span pattern)
{
	const char *start = search->text + at, *end = search->text + search->len;
	struct json_text text = {.at = start};
	size_t i = 0;

	while (i < pattern.len && text.at < end) {
		size_t bytes = *text.at == '\\' ? json_text_escape_bytes(text.at, end) : 0;
		struct span piece = {text.at, 1};

		if (bytes > 0) {
			text.end = text.at + bytes;
			piece = json_text_next(&text);
		} else {
			text.at++;
		}
		if (piece.len > pattern.len - i ||
			memcmp(piece.data, pattern.data + i, piece.len) != 0)
			break;
		i += piece.len;
	}
	count(search, i + 1);
	return i == pattern.len ? (size_t)(text.at - start) : 0;
}

/* The characters behind a base64 pattern that belong to it: one that it shares with what was encoded after the value, and
 * the padding. */
static size_t base64_tail(const struct redact_search *search, size_t at, enum redact_kind kind)
{
	size_t start = at, padding = 0;
	char byte = at < search->len ? search->text[at] : '=';

	if (kind == REDACT_BASE64_SHARED &&
		((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
			(byte >= 'a' && byte <= 'z') ||
			(byte != '=' && strchr("+/-_", byte) != NULL)))
		at++;
	while (at < search->len && search->text[at] == '=' && padding < 2) {
		at++;
		padding++;
	}
	return at - start;
}

static size_t compare(struct redact_search *search, size_t at, const struct redact_pattern *pattern)
{
	const char *text = search->text + at;
	size_t agreeing, left = search->len - at, len, seen;

	if (pattern->kind == REDACT_HEX)
		return compare_hex(search, at, pattern->text);
	len = compare_plain(search, at, pattern->text, &agreeing);
	/* Escapes make a difference only where one was seen. */
	seen = agreeing < left ? agreeing + 1 : left;
	if (len == 0 && (memchr(text, '%', seen) != NULL || text[seen - 1] == '+'))
		len = compare_percent(search, at, pattern->text);
	if (len == 0 && memchr(text, '\\', seen) != NULL)
		len = compare_escaped(search, at, pattern->text);
	if (len > 0 && pattern->kind != REDACT_PLAIN)
		len += base64_tail(search, at + len, pattern->kind);
	return len;
}

/* The byte that an escape at `at` stands for, or begins; the byte itself where there is no escape. */
static unsigned char unescaped(const struct redact_search *search, size_t at)
{
	const char *text = search->text + at, *end = search->text + search->len;
	struct json_text escape = {.at = text};

	if (*text == '+')
		return ' ';
	if (*text == '%' && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0)
		return (unsigned char)(hex_digit(text[1]) * 16 + hex_digit(text[2]));
	if (*text != '\\')
		return (unsigned char)*text;
	escape.end = text + json_text_escape_bytes(text, end);
	return (unsigned char)(escape.end > text ? *json_text_next(&escape).data : *text);
}

/* The length of the longest pattern here; at least REDACT_MIN_BYTES of the text are left. */
static size_t longest(struct redact_search *search, size_t at, uint64_t bits)
{
	const struct redactor *redactor = search->redactor;
	size_t found = 0;

	if (bits & REDACT_ESCAPED)
		bits = (bits | redactor->first[unescaped(search, at)]) & ~REDACT_ESCAPED;
	for (; bits != 0; bits &= bits - 1) {
		size_t len = compare(search, at, &redactor->patterns[__builtin_ctzll(bits)]);

		if (len > found)
			found = len;
	}
	return found;
}

/* The next position at or after `at`, before `end`, where a pattern may begin, going by two bytes. This is where the time
 * goes: it looks at four positions at once, and stays apart from what is rare. */
static size_t __attribute__((noinline))
next_candidate(const struct redactor *redactor, const unsigned char *text, size_t at, size_t end)
{
	const uint64_t *first = redactor->first, *second = redactor->second;

	for (; end - at >= 4; at += 4) {
		unsigned char b = text[at + 1], c = text[at + 2], d = text[at + 3];

		if ((first[text[at]] & second[b]) | (first[b] & second[c]) |
			(first[c] & second[d]) | (first[d] & second[text[at + 4]]))
			break;
	}
	while (at < end && (first[text[at]] & second[text[at + 1]]) == 0)
		at++;
	return at;
}

/* The next position at or after `at`, before `end`, where a pattern begins, and its length; `end` where there is none. */
static size_t find(struct redact_search *search, size_t at, size_t end, size_t *len)
{
	const struct redactor *redactor = search->redactor;
	const unsigned char *text = (const unsigned char *)search->text;

	for (;; at++) {
		at = next_candidate(redactor, text, at, end);
		if (at == end)
			return end;
		*len = longest(
			search, at, redactor->first[text[at]] & redactor->second[text[at + 1]]);
		if (*len > 0 || search->gave_up)
			return at;
	}
}

size_t redact_search_next(struct redact_search *search, size_t at, size_t *end)
{
	/* No form of a value is shorter than the shortest value. */
	size_t last = search->len < REDACT_MIN_BYTES ? 0 : search->len - REDACT_MIN_BYTES + 1;
	size_t start, len = 0;

	if (search->redactor->count == 0 || at >= last)
		return search->len;
	start = find(search, at, last, &len);
	if (start == last)
		return search->len;
	*end = start + len;
	/* What begins inside may reach further. */
	for (at = start; !search->gave_up;) {
		size_t inside_end = *end < last ? *end : last;

		if (at + 1 >= inside_end)
			return start;
		at = find(search, at + 1, inside_end, &len);
		if (at == inside_end)
			return start;
		if (at + len > *end)
			*end = at + len;
	}
	*end = search->len;
	return start;
}
