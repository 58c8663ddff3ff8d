/* SPDX-License-Identifier: MIT */
/* action_path: the path of an action and the query that may stand in it. */
#include "action_read.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/request.h"
#include "character.h"
#include "percent.h"

/* Text that is written by an admin, so at most as long as a definition, three bytes for one. */
#define TEXT_MAX_BYTES (3 * DEFINITION_MAX_BYTES)

static void add_encoded(struct template *template, struct span text, enum percent_place place)
{
	struct buf encoded;

	buf_init(&encoded, TEXT_MAX_BYTES);
	percent_encode_text(&encoded, text, place);
	template_add_literal(template, (struct span){encoded.data, encoded.len});
	buf_release(&encoded);
}

/* Where the cutting of a path into path, names and values of its query stands. */
enum cut { CUT_PATH, CUT_NAME, CUT_VALUE };

struct cutter {
	struct action_reader *reader;
	enum cut at;
	struct buf name;       /* of the pair at hand, encoded */
	struct template value; /* of the pair at hand */
};

static void end_pair(struct cutter *cutter)
{
	struct pair_template *pair;

	if (cutter->name.len == 0 && cutter->at == CUT_NAME)
		return; /* `?` at the end, `&&`: no pair */
	pair = pairs_add(&cutter->reader->action->query);
	pair->name = xmemdup(cutter->name.data, cutter->name.len);
	pair->value = cutter->value;
	cutter->value = (struct template){0};
	buf_clear(&cutter->name);
}

/* The bytes of `text` up to what ends the present part. */
static size_t part_len(const struct cutter *cutter, struct span text)
{
	static const char *const ends[] = {[CUT_PATH] = "?", [CUT_NAME] = "=&", [CUT_VALUE] = "&"};

	return strcspn(text.data, ends[cutter->at]) < text.len
		       ? strcspn(text.data, ends[cutter->at])
		       : text.len;
}

static void end_part(struct cutter *cutter, char end)
{
	if (end == '?' || end == '&') {
		if (cutter->at != CUT_PATH)
			end_pair(cutter);
		cutter->at = CUT_NAME;
	} else {
		buf_add_char(&cutter->name, '=');
		cutter->at = CUT_VALUE;
	}
}

static void cut_literal(struct cutter *cutter, struct span text)
{
	while (text.len > 0) {
		size_t len = part_len(cutter, text);
		struct span part = {text.data, len};

		if (cutter->at == CUT_PATH)
			add_encoded(&cutter->reader->action->path, part, PERCENT_PATH);
		else if (cutter->at == CUT_NAME)
			percent_encode_text(&cutter->name, part, PERCENT_QUERY);
		else
			add_encoded(&cutter->value, part, PERCENT_QUERY);
		if (len < text.len)
			end_part(cutter, text.data[len++]);
		text.data += len;
		text.len -= len;
	}
}

static void cut_placeholder(struct cutter *cutter, struct placeholder *placeholder)
{
	if (cutter->at == CUT_PATH)
		template_take_placeholder(&cutter->reader->action->path, placeholder);
	else if (cutter->at == CUT_VALUE)
		template_take_placeholder(&cutter->value, placeholder);
	else
		reader_problem(cutter->reader->reader,
			"{{%s}} stands in the name of a query pair, where no placeholder may",
			placeholder->name);
}

/* Cuts the text of the path into action->path and pairs of action->query. */
static void cut_path(struct action_reader *reader, struct template *text)
{
	struct cutter cutter = {.reader = reader};

	buf_init(&cutter.name, TEXT_MAX_BYTES);
	for (size_t i = 0; i < text->count; i++) {
		struct template_part *part = &text->parts[i];

		if (part->literal != NULL)
			cut_literal(&cutter, (struct span){part->literal, part->len});
		else
			cut_placeholder(&cutter, &part->placeholder);
	}
	if (cutter.at != CUT_PATH)
		end_pair(&cutter);
	buf_release(&cutter.name);
}

/* What is wrong with the text, whatever comes into its placeholders; these are set to "x". */
static void check_text(struct reader *reader, const struct template *text)
{
	struct buf filled;
	const char *query;
	struct span path;

	buf_init(&filled, TEXT_MAX_BYTES);
	for (size_t i = 0; i < text->count; i++) {
		const struct template_part *part = &text->parts[i];

		if (part->literal != NULL)
			buf_add(&filled, part->literal, part->len);
		else
			buf_add_char(&filled, 'x');
	}
	query = memchr(filled.data, '?', filled.len);
	path = (struct span){
		filled.data, query == NULL ? filled.len : (size_t)(query - filled.data)};
	if (text->count == 0 || text->parts[0].literal == NULL || text->parts[0].literal[0] != '/')
		reader_problem(reader, "must begin with a slash");
	if (memchr(filled.data, '#', filled.len) != NULL)
		reader_problem(reader, "has a fragment (#), which is never sent");
	if (character_finds_control((struct span){filled.data, filled.len}, true))
		reader_problem(reader, "has a control character");
	if (url_has_dot_segment(path))
		reader_problem(reader, "has a . or .. segment");
	if (filled.len > REQUEST_PATH_MAX_BYTES)
		reader_problem(reader, "is over 8 KiB");
	buf_release(&filled);
}

void action_read_path(struct action_reader *reader, uint32_t value)
{
	struct reader *at = reader->reader;
	struct template text;

	if (!reader_is(at, value, TAPE_STRING))
		return;
	template_compile(&text, tape_string_span(at->tape, value, &at->scratch), at->place.data,
		at->problems);
	check_text(at, &text);
	cut_path(reader, &text);
	template_release(&text);
	action_note(reader, &reader->action->path, PLACE_PATH);
	for (size_t i = 0; i < reader->action->query.count; i++)
		pair_note(reader, &reader->action->query.items[i]);
}
