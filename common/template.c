/* SPDX-License-Identifier: MIT */
/* template: text with `{{placeholders}}`, cut into literals and placeholders. */
#include "bellhop/template.h"

#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/utf8.h"
#include "character.h"

/* A name in a problem is cut to this: it may be the rest of the text. */
#define QUOTED_BYTES 60

static struct template_part *add_part(struct template *template)
{
	template->parts = xgrow(
		template->parts, &template->capacity, template->count, sizeof(*template->parts));
	template->parts[template->count] = (struct template_part){0};
	return &template->parts[template->count++];
}

void template_add_literal(struct template *template, struct span text)
{
	struct template_part *part;

	if (text.len == 0)
		return;
	part = template->count == 0 ? NULL : &template->parts[template->count - 1];
	if (part == NULL || part->literal == NULL)
		part = add_part(template);
	part->literal = xrealloc(part->literal, part->len + text.len + 1);
	memcpy(part->literal + part->len, text.data, text.len);
	part->len += text.len;
	part->literal[part->len] = '\0';
}

static void placeholder_release(struct placeholder *placeholder)
{
	for (size_t i = 0; i < placeholder->count; i++)
		free(placeholder->segments[i]);
	free(placeholder->segments);
	free(placeholder->name);
	*placeholder = (struct placeholder){0};
}

void template_take_placeholder(struct template *template, struct placeholder *from)
{
	add_part(template)->placeholder = *from;
	*from = (struct placeholder){0};
}

void template_release(struct template *template)
{
	for (size_t i = 0; i < template->count; i++) {
		free(template->parts[i].literal);
		placeholder_release(&template->parts[i].placeholder);
	}
	free(template->parts);
	*template = (struct template){0};
}

static struct span trim(struct span text)
{
	while (text.len > 0 && strchr(" \t\r\n", text.data[0]) != NULL && text.data[0] != '\0') {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && strchr(" \t\r\n", text.data[text.len - 1]) != NULL &&
		text.data[text.len - 1] != '\0')
		text.len--;
	return text;
}

/* What is wrong with a placeholder's name, or NULL. */
static const char *name_problem(struct span name)
{
	size_t segments = 1, segment_len = 0, bytes;
	uint32_t character;

	if (name.len == 0)
		return "names no input";
	for (size_t i = 0; i < name.len; i += bytes) {
		bytes = utf8_next(name.data + i, name.len - i, &character);
		if (bytes == 0)
			return "is not UTF-8";
		if (character == '{' || character == '}')
			return "has a brace in its name; \\{{ is a literal {{";
		if (character_is_control(character) || character_is_space(character))
			return "has white space or a control character in its name";
		if (character == '.' && segment_len == 0)
			return "has an empty part in its name";
		segments += character == '.';
		segment_len = character == '.' ? 0 : segment_len + bytes;
	}
	if (segment_len == 0)
		return "has an empty part in its name";
	return segments > PLACEHOLDER_MAX_SEGMENTS ? "has over 32 parts in its name" : NULL;
}

static void add_placeholder(struct template *template, struct span name)
{
	struct placeholder made = {.name = xmemdup(name.data, name.len)};

	for (const char *from = made.name; from != NULL; made.count++) {
		const char *dot = strchr(from, '.');
		size_t len = dot == NULL ? strlen(from) : (size_t)(dot - from);

		made.segments = xrealloc(made.segments, (made.count + 1) * sizeof(*made.segments));
		made.segments[made.count] = xmemdup(from, len);
		from = dot == NULL ? NULL : dot + 1;
	}
	template_take_placeholder(template, &made);
}

static int quoted_len(struct span text)
{
	return (int)utf8_cut(text.data, text.len, QUOTED_BYTES);
}

/* Reads the placeholder whose braces open at `text`; returns the bytes that it takes. */
static size_t compile_placeholder(
	struct template *template, struct span text, const char *place, struct problems *problems)
{
	const char *close = memmem(text.data + 2, text.len - 2, "}}", 2), *problem;
	struct span name;

	if (close == NULL) {
		problems_add(problems, place, "`%.*s` has no closing }}; \\{{ is a literal {{",
			quoted_len(text), text.data);
		return text.len;
	}
	name = trim((struct span){text.data + 2, (size_t)(close - text.data) - 2});
	problem = name_problem(name);
	if (problem != NULL)
		problems_add(problems, place, "{{%.*s}} %s", quoted_len(name), name.data, problem);
	else
		add_placeholder(template, name);
	return (size_t)(close - text.data) + 2;
}

void template_compile(
	struct template *template, struct span text, const char *place, struct problems *problems)
{
	*template = (struct template){0};
	while (text.len > 0) {
		const char *open = memmem(text.data, text.len, "{{", 2);
		size_t len = open == NULL ? text.len : (size_t)(open - text.data);
		bool escaped = open != NULL && len > 0 && open[-1] == '\\';

		template_add_literal(template, (struct span){text.data, len - escaped});
		text.data += len;
		text.len -= len;
		if (open == NULL)
			return;
		if (escaped) {
			template_add_literal(template, (struct span){"{{", 2});
			len = 2;
		} else {
			len = compile_placeholder(template, text, place, problems);
		}
		text.data += len;
		text.len -= len;
	}
}

const struct placeholder *template_sole(const struct template *template)
{
	if (template->count != 1 || template->parts[0].literal != NULL)
		return NULL;
	return &template->parts[0].placeholder;
}

const char *template_literal(const struct template *template)
{
	if (template->count == 0)
		return "";
	return template->count == 1 ? template->parts[0].literal : NULL;
}
