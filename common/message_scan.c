/* SPDX-License-Identifier: MIT */
/* message_scan: finds out of a text that is no message to whom its refusal may be told. */
#include "message_parts.h"

#include "bellhop/bug.h"

#define LONGEST_ESCAPE 6 /* \u0061 */

struct scan {
	const char *at;
	const char *end;
};

/* The members that are looked for. */
enum wanted { WANTED_ID, WANTED_ORG, WANTED_REPLY_TO, WANTED_META, WANTED_COUNT };

static const char *const wanted_names[] = {
	[WANTED_ID] = "id",
	[WANTED_ORG] = "org",
	[WANTED_REPLY_TO] = "reply_to",
	[WANTED_META] = "meta",
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void skip_blank(struct scan *scan)
{
	while (scan->at < scan->end && is_blank(*scan->at))
		scan->at++;
}

static bool sees(const struct scan *scan, char byte)
{
	return scan->at < scan->end && *scan->at == byte;
}

/* From a quote to behind the one that ends it, or to the end of the text. */
static void skip_string(struct scan *scan)
{
	for (scan->at++; scan->at < scan->end; scan->at++) {
		if (*scan->at == '"') {
			scan->at++;
			return;
		}
		if (*scan->at == '\\' && scan->at + 1 < scan->end)
			scan->at++;
	}
}

/* To the comma or brace that ends a member of the outermost object, or to the end of the text. Brackets are only counted:
 * which one closes which may be what is broken. */
static void skip_value(struct scan *scan)
{
	size_t depth = 0;

	while (scan->at < scan->end) {
		switch (*scan->at) {
		case '"':
			skip_string(scan);
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case ',':
			if (depth == 0)
				return;
			break;
		case '}':
			if (depth == 0)
				return;
			depth--;
			break;
		case ']':
			if (depth > 0)
				depth--;
			break;
		}
		scan->at++;
	}
}

/* Whether a text is strict JSON of a certain type or, where that is not asked, any. */
static bool read_as(struct message *message, struct span text, bool string, size_t max_bytes)
{
	const struct tape_limits limits = {
		.depth = WIRE_MAX_DEPTH,
		.values = WIRE_MAX_META_BYTES / 2 + 1,
	};

	return text.len <= max_bytes && (!string || (text.len > 0 && text.data[0] == '"')) &&
	       json_tape_read(&message->tape, text.data, text.len, &limits, NULL) == 0;
}

static enum wanted wanted_of(struct message *message, struct span name)
{
	if (memchr(name.data, '\\', name.len) == NULL)
		name = (struct span){name.data + 1, name.len - 2};
	else if (read_as(message, name, true, sizeof("\"reply_to\"") * LONGEST_ESCAPE))
		name = tape_string_span(&message->tape, 0, &message->scratch);
	for (enum wanted i = 0; i < WANTED_COUNT; i++)
		if (span_is(name, wanted_names[i]))
			return i;
	return WANTED_COUNT;
}

static void take_name(struct message *message, struct span text, struct name *name)
{
	struct span plain;

	if (!read_as(message, text, true, NAME_MAX_BYTES * LONGEST_ESCAPE + 2))
		return;
	plain = tape_string_span(&message->tape, 0, &message->scratch);
	(void)name_set(name, plain.data, plain.len); /* what is no name stays unset */
}

static void take(struct message *message, enum wanted wanted, struct span text)
{
	switch (wanted) {
	case WANTED_ID:
		take_name(message, text, &message->id);
		break;
	case WANTED_ORG:
		take_name(message, text, &message->org);
		break;
	case WANTED_REPLY_TO:
		take_name(message, text, &message->reply_to);
		break;
	case WANTED_META:
		if (read_as(message, text, false, WIRE_MAX_META_BYTES))
			message->meta = text;
		break;
	case WANTED_COUNT:
		BUG("a member that nobody wants");
	}
}

/* The value that begins here, without the blank space after it. One that the text's end may have cut is empty. */
static struct span value_at(struct scan *scan)
{
	const char *start = scan->at, *last;

	skip_value(scan);
	last = scan->at;
	while (last > start && is_blank(last[-1]))
		last--;
	if (scan->at == scan->end && last > start && strchr("\"}]", last[-1]) == NULL)
		last = start;
	return (struct span){start, (size_t)(last - start)};
}

static void scan_member(struct message *message, struct scan *scan, bool seen[WANTED_COUNT])
{
	struct span name = {.data = scan->at};
	enum wanted wanted;

	skip_string(scan);
	name.len = (size_t)(scan->at - name.data);
	skip_blank(scan);
	if (!sees(scan, ':'))
		return;
	scan->at++;
	skip_blank(scan);
	wanted = wanted_of(message, name);
	if (wanted == WANTED_COUNT || seen[wanted])
		return;
	seen[wanted] = true;
	take(message, wanted, value_at(scan));
}

void message_scan(struct message *message, const char *text, size_t len)
{
	static const char byte_order_mark[] = {'\xef', '\xbb', '\xbf'};
	struct scan scan = {.at = text, .end = text + len};
	bool seen[WANTED_COUNT] = {false};

	if (len >= sizeof(byte_order_mark) &&
		memcmp(text, byte_order_mark, sizeof(byte_order_mark)) == 0)
		scan.at += sizeof(byte_order_mark);
	skip_blank(&scan);
	if (!sees(&scan, '{'))
		return;
	do {
		scan.at++;
		skip_blank(&scan);
		if (sees(&scan, '"'))
			scan_member(message, &scan, seen);
		skip_value(&scan);
	} while (sees(&scan, ','));
}
