/* SPDX-License-Identifier: MIT */
/* action_body: the JSON body of an action, compiled into a tree of text and placeholders. */
#include "action_read.h"

#include <stdlib.h>
#include <strings.h>

#include "bellhop/alloc.h"
#include "bellhop/json_out.h"
#include "header_name.h"

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

void action_read_body(struct action_reader *reader, uint32_t value)
{
	struct reader *at = reader->reader;
	size_t errors = at->problems->errors;
	struct body_node *body;

	if (tape_type(at->tape, value) == TAPE_NULL) {
		reader_problem(at, "may not be null: leave it out where there is none");
		return;
	}
	body = reader->action->body = xcalloc(1, sizeof(*body));
	compile(reader, value, body);
	if (body->type == TAPE_STRING && template_sole(&body->string) == NULL &&
		at->problems->errors == errors)
		reader_problem(at,
			"is one text, which is not supported yet: write it as JSON, or as "
			"one placeholder");
}

/* The end of a media type, before its parameters. */
static size_t media_type_len(struct span text)
{
	const char *end = memchr(text.data, ';', text.len);
	size_t len = end == NULL ? text.len : (size_t)(end - text.data);

	while (len > 0 && (text.data[len - 1] == ' ' || text.data[len - 1] == '\t'))
		len--;
	return len;
}

static bool ends_with(struct span text, const char *end)
{
	size_t len = strlen(end);

	return text.len > len && strncasecmp(text.data + text.len - len, end, len) == 0;
}

static bool is_media_type(struct span type)
{
	const char *slash = memchr(type.data, '/', type.len);

	return slash != NULL &&
	       header_name_is_token((struct span){type.data, (size_t)(slash - type.data)}) &&
	       header_name_is_token(
		       (struct span){slash + 1, type.len - (size_t)(slash - type.data) - 1});
}

static const char *content_type_problem(struct span text)
{
	struct span type = {text.data, media_type_len(text)};

	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			return "may hold printable ASCII only";
	if (!is_media_type(type))
		return "is no media type, such as application/json";
	if (header_name_equals(type, "application/json") || ends_with(type, "+json"))
		return NULL;
	if (header_name_equals(type, "application/x-www-form-urlencoded") ||
		strncasecmp(type.data, "text/", 5) == 0)
		return "is not supported yet: only application/json and types that end in +json "
		       "are";
	return "must be application/json or a type that ends in +json";
}

void action_read_content_type(struct action_reader *reader, uint32_t value)
{
	struct reader *at = reader->reader;
	char *text = reader_string(at, value);
	const char *problem;

	if (text == NULL)
		return;
	problem = content_type_problem(span_of(text));
	if (problem != NULL)
		reader_problem(at, "%s", problem);
	reader->action->content_type = text;
}
