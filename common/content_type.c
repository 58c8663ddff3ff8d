/* SPDX-License-Identifier: MIT */
/* content_type: what the body of an action may be, as its `content_type` says. */
#include "content_type.h"

#include <strings.h>

#include "header_name.h"

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static struct span trim(struct span text)
{
	while (text.len > 0 && is_blank(text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* Cuts `text` at the first `mark`: what stands before it; `text` becomes what stands after it. */
static struct span cut(struct span *text, char mark)
{
	const char *at = memchr(text->data, mark, text->len);
	size_t len = at == NULL ? text->len : (size_t)(at - text->data);
	struct span before = {text->data, len};

	len += at != NULL;
	text->data += len;
	text->len -= len;
	return before;
}

static bool starts_with(struct span text, const char *start)
{
	size_t len = strlen(start);

	return text.len > len && strncasecmp(text.data, start, len) == 0;
}

static bool ends_with(struct span text, const char *end)
{
	size_t len = strlen(end);

	return text.len > len && strncasecmp(text.data + text.len - len, end, len) == 0;
}

static bool is_media_type(struct span type)
{
	struct span subtype = type, main = cut(&subtype, '/');

	return header_name_is_token(main) && header_name_is_token(subtype);
}

/* A token, or text in quotes, where a backslash takes the next character as it is. */
static bool is_value(struct span value)
{
	size_t i = 1;

	if (value.len == 0 || value.data[0] != '"')
		return header_name_is_token(value);
	while (i < value.len && value.data[i] != '"')
		i += value.data[i] == '\\' ? 2 : 1;
	return i == value.len - 1;
}

/* The length of the first parameter: a semicolon in quotes does not end it. */
static size_t parameter_len(struct span text)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < text.len && (quoted || text.data[i] != ';'); i++) {
		if (text.data[i] == '"')
			quoted = !quoted;
		else if (quoted && text.data[i] == '\\' && i + 1 < text.len)
			i++;
	}
	return i;
}

static const char *parameters_problem(struct span text)
{
	while (text.len > 0) {
		size_t len = parameter_len(text);
		struct span value = trim((struct span){text.data, len}), name = cut(&value, '=');

		if (!header_name_is_token(name) || !is_value(value))
			return "has a parameter that is not written as name=value";
		if (header_name_equals(name, "charset") && !header_name_equals(value, "utf-8") &&
			!header_name_equals(value, "\"utf-8\""))
			return "may name no charset but utf-8: bodies are sent as UTF-8";
		len += len < text.len;
		text.data += len;
		text.len -= len;
	}
	return NULL;
}

const char *content_type_read(struct span text, enum content_kind *kind)
{
	struct span type;

	*kind = CONTENT_UNKNOWN;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			return "may hold printable ASCII only";
	type = trim(cut(&text, ';'));
	if (!is_media_type(type))
		return "is no media type, such as application/json";
	if (header_name_equals(type, "application/json") || ends_with(type, "+json"))
		*kind = CONTENT_JSON;
	else if (header_name_equals(type, "application/x-www-form-urlencoded"))
		*kind = CONTENT_FORM;
	else if (starts_with(type, "text/"))
		*kind = CONTENT_TEXT;
	else
		return "must be application/json, a type that ends in +json, "
		       "application/x-www-form-urlencoded or text/…";
	return parameters_problem(text);
}
