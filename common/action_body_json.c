/* SPDX-License-Identifier: MIT */
/* action_body_json: the JSON body of an action, compiled into a tree of text and placeholders. */
#include "action_read.h"

#include <stdlib.h>

#include "bellhop/alloc.h"
#include "bellhop/json_out.h"

/* Escapes make six bytes of one at most. */
#define BODY_TEXT_MAX_BYTES (6 * DEFINITION_MAX_BYTES)

static void compile(struct action_reader *reader, uint32_t value, struct body_node *node);

static void node_release(struct body_node *node)
{
	for (size_t i = 0; i < node->count; i++)
		node_release(&node->items[i]);
	free(node->items);
	free(node->name);
	free(node->text);
	template_release(&node->string);
	*node = (struct body_node){0};
}

void body_node_free(struct body_node *node)
{
	if (node == NULL)
		return;
	node_release(node);
	free(node);
}

static void take_text(struct body_node *node, struct buf *text)
{
	node->text_len = text->len;
	node->text = buf_detach(text);
}

static void compile_string(struct action_reader *reader, uint32_t value, struct body_node *node)
{
	struct reader *at = reader->reader;
	struct template text;
	struct buf escaped;

	template_compile(&text, tape_string_span(at->tape, value, &at->scratch), at->place.data,
		at->problems);
	buf_init(&escaped, BODY_TEXT_MAX_BYTES);
	for (size_t i = 0; i < text.count; i++) {
		struct template_part *part = &text.parts[i];

		if (part->literal == NULL) {
			template_take_placeholder(&node->string, &part->placeholder);
			continue;
		}
		buf_clear(&escaped);
		json_out_escaped(&escaped, (struct span){part->literal, part->len});
		template_add_literal(&node->string, (struct span){escaped.data, escaped.len});
	}
	template_release(&text);
	if (template_literal(&node->string) != NULL) {
		buf_clear(&escaped);
		buf_printf(&escaped, "\"%s\"", template_literal(&node->string));
		take_text(node, &escaped);
		template_release(&node->string);
	}
	buf_release(&escaped);
	action_note(reader, &node->string,
		template_sole(&node->string) != NULL ? PLACE_BODY_WHOLE : PLACE_BODY);
}

static void compile_array(struct action_reader *reader, uint32_t value, struct body_node *node)
{
	const struct json_tape *tape = reader->reader->tape;

	for (uint32_t item = tape_first(tape, value); item != TAPE_NONE;
		item = tape_next(tape, value, item)) {
		size_t mark = reader_enter_index(reader->reader, node->count);

		compile(reader, item, &node->items[node->count++]);
		reader_leave(reader->reader, mark);
	}
}

static void compile_name(struct reader *reader, struct span name, struct body_node *node)
{
	struct buf text;

	if (memmem(name.data, name.len, "{{", 2) != NULL)
		reader_warn(reader, "is a name, and names are never templates");
	buf_init(&text, BODY_TEXT_MAX_BYTES);
	json_out_string(&text, name);
	buf_add_char(&text, ':');
	node->name_len = text.len;
	node->name = buf_detach(&text);
}

static void compile_object(struct action_reader *reader, uint32_t value, struct body_node *node)
{
	struct reader *at = reader->reader;
	const struct json_tape *tape = at->tape;

	for (uint32_t name = tape_first(tape, value); name != TAPE_NONE;) {
		struct span text = tape_string_span(tape, name, &at->scratch);
		size_t mark = reader_enter(at, text);
		struct body_node *member = &node->items[node->count++];

		compile_name(at, text, member);
		name = tape_next(tape, value, name);
		compile(reader, name, member);
		reader_leave(at, mark);
		name = tape_next(tape, value, name);
	}
}

/* An array or object without any placeholder in it becomes text. */
static void join_text(struct body_node *node)
{
	bool object = node->type == TAPE_OBJECT;
	struct buf text;

	for (size_t i = 0; i < node->count; i++)
		if (node->items[i].text == NULL)
			return;
	buf_init(&text, BODY_TEXT_MAX_BYTES);
	buf_add_char(&text, object ? '{' : '[');
	for (size_t i = 0; i < node->count; i++) {
		struct body_node *item = &node->items[i];

		if (i > 0)
			buf_add_char(&text, ',');
		buf_add(&text, object ? item->name : "", item->name_len);
		buf_add(&text, item->text, item->text_len);
		node_release(item);
	}
	buf_add_char(&text, object ? '}' : ']');
	free(node->items);
	node->items = NULL;
	node->count = 0;
	take_text(node, &text);
}

static void compile(struct action_reader *reader, uint32_t value, struct body_node *node)
{
	const struct json_tape *tape = reader->reader->tape;
	struct buf text;

	node->type = tape_type(tape, value);
	switch (node->type) {
	case TAPE_STRING:
		compile_string(reader, value, node);
		return;
	case TAPE_ARRAY:
	case TAPE_OBJECT:
		node->items = xcalloc(tape->nodes[value].count, sizeof(*node->items));
		if (node->type == TAPE_ARRAY)
			compile_array(reader, value, node);
		else
			compile_object(reader, value, node);
		join_text(node);
		return;
	default:
		buf_init(&text, BODY_TEXT_MAX_BYTES);
		json_out_value(&text, tape, value);
		take_text(node, &text);
	}
}

struct body_node *action_read_json(struct action_reader *reader, uint32_t value)
{
	struct body_node *body = xcalloc(1, sizeof(*body));

	compile(reader, value, body);
	return body;
}
