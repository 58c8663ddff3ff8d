/* SPDX-License-Identifier: MIT */
/*
 * action_body_text: a JSON body given as one text, `{"n": {{count}}, "s": "a {{b}}"}`.
 *
 * A placeholder that stands where a value does is put in quotes, which makes the text JSON; a string that is one
 * placeholder becomes the input with its own type, so it means the same. From there on it is read as a tree.
 */
#include "action_read.h"

#include "bellhop/json_out.h"
#include "bellhop/utf8.h"

/* Quotes around a placeholder, and an escape makes two bytes of one. */
#define JSON_MAX_BYTES (4 * DEFINITION_MAX_BYTES)

struct converter {
	struct reader *reader;
	struct span text;
	size_t at;
	bool in_string;
	bool failed;
	struct buf json;
};

static bool stands(const struct converter *converter, size_t at, const char *what)
{
	size_t len = strlen(what);

	return converter->text.len - at >= len && memcmp(converter->text.data + at, what, len) == 0;
}

static size_t skip_space(const struct converter *converter, size_t at)
{
	while (at < converter->text.len && memchr(" \t\r\n", converter->text.data[at], 4) != NULL)
		at++;
	return at;
}

static void convert_placeholder(struct converter *converter)
{
	struct span rest = {
		converter->text.data + converter->at, converter->text.len - converter->at};
	const char *close = memmem(rest.data + 2, rest.len - 2, "}}", 2);
	size_t len = close == NULL ? rest.len : (size_t)(close - rest.data) + 2, next;

	json_out_string(&converter->json, (struct span){rest.data, len});
	converter->at += len;
	next = skip_space(converter, converter->at);
	if (next == converter->text.len || converter->text.data[next] != ':')
		return;
	reader_problem(converter->reader,
		"%.*s is the name of a member, where no placeholder may stand",
		(int)utf8_cut(rest.data, len, 60), rest.data);
	converter->failed = true;
}

/* A backslash in a string. `\{{` is no JSON, but a literal `{{` as in every template. */
static void convert_escape(struct converter *converter)
{
	size_t left = converter->text.len - converter->at, len = left < 2 ? left : 2;

	if (stands(converter, converter->at, "\\{{")) {
		buf_add_char(&converter->json, '\\');
		len = 3;
	}
	buf_add(&converter->json, converter->text.data + converter->at, len);
	converter->at += len;
}

/* Makes JSON of the text, as far as the JSON is `len` bytes. */
static void convert(struct converter *converter, size_t len)
{
	converter->at = 0;
	converter->in_string = false;
	buf_clear(&converter->json);
	while (converter->at < converter->text.len && converter->json.len < len) {
		char byte = converter->text.data[converter->at];

		if (converter->in_string && byte == '\\') {
			convert_escape(converter);
		} else if (!converter->in_string && stands(converter, converter->at, "{{")) {
			convert_placeholder(converter);
		} else {
			converter->in_string ^= byte == '"';
			buf_add_char(&converter->json, byte);
			converter->at++;
		}
	}
}

static void say_no_json(struct converter *converter, const struct tape_error *error)
{
	convert(converter, error->offset);
	reader_problem(converter->reader,
		"is one text, but not JSON: %s at character %zu; what is no JSON needs a "
		"content_type "
		"text/…",
		error->reason, utf8_length(converter->text.data, converter->at) + 1);
}

/* The tree of the JSON that the converter made, or NULL. */
static struct body_node *read_tree(struct action_reader *reader, struct converter *converter)
{
	const struct json_tape *outer = reader->reader->tape;
	struct body_node *body = NULL;
	struct json_tape tape;
	struct tape_error error;

	json_tape_init(&tape);
	if (json_tape_read(&tape, converter->json.data, converter->json.len,
		    &definition_tape_limits, &error) == 0) {
		reader->reader->tape = &tape;
		body = action_read_json(reader, 0);
		reader->reader->tape = outer;
	} else {
		say_no_json(converter, &error);
	}
	json_tape_release(&tape);
	return body;
}

struct body_node *action_read_json_text(struct action_reader *reader, uint32_t string)
{
	struct reader *at = reader->reader;
	struct converter converter = {.reader = at};
	struct body_node *body = NULL;
	struct buf text;

	/* A copy: the scratch is used again on the way. */
	buf_init(&text, DEFINITION_MAX_BYTES);
	tape_string(at->tape, string, &text);
	buf_init(&converter.json, JSON_MAX_BYTES);
	converter.text = (struct span){text.data, text.len};
	convert(&converter, SIZE_MAX);
	if (!converter.failed)
		body = read_tree(reader, &converter);
	buf_release(&converter.json);
	buf_release(&text);
	return body;
}
