/* SPDX-License-Identifier: MIT */
/* options_value: reads the value of an option, strictly: what is not wholly right is wrong. */
#include "options_table.h"

#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"

#define WEIGHT_MAX   1000
#define WINDOW_MAX_S 86400

static bool read_number(const char *text, size_t len, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t number = 0;
	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	if (number < min || number > max)
		return false;
	*out = (uint32_t)number;
	return true;
}

bool option_read_u32(const struct option *option, void *field, const char *text)
{
	return read_number(text, strlen(text), option->min, option->max, field);
}

bool option_read_bytes(const struct option *option, void *field, const char *text)
{
	uint32_t number;
	if (!read_number(text, strlen(text), option->min, option->max, &number))
		return false;
	*(size_t *)field = number;
	return true;
}

bool option_read_text(const struct option *option, void *field, const char *text)
{
	(void)option; /* any text but an empty one will do */
	if (!*text)
		return false;
	*(char **)field = xstrdup(text);
	return true;
}

bool option_read_name(const struct option *option, void *field, const char *text)
{
	return name_valid(text, strlen(text)) && option_read_text(option, field, text);
}

bool option_read_flag(const struct option *option, void *field, const char *text)
{
	(void)option;
	(void)text; /* being there is its value */
	*(bool *)field = true;
	return true;
}

bool option_read_rate(const struct option *option, void *field, const char *text)
{
	struct options *options = field;
	const char *slash = strchr(text, '/');
	uint32_t calls, window_s;
	if (!slash ||
		!read_number(text, (size_t)(slash - text), option->min, option->max, &calls) ||
		!read_number(slash + 1, strlen(slash + 1), 1, WINDOW_MAX_S, &window_s))
		return false;
	options->limit_calls = calls;
	options->limit_window_s = window_s;
	return true;
}

bool option_read_origins(const struct option *option, void *field, const char *text)
{
	const char *reason;
	(void)option;
	return origin_list_parse(field, text, &reason) == 0;
}

/* Reads one `queue:weight`. */
static bool read_weight(unsigned *weights, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	if (!colon)
		return false;
	struct span given = {text, (size_t)(colon - text)};
	for (enum queue queue = 0; queue < QUEUE_COUNT; queue++) {
		uint32_t weight;
		if (!span_is(given, queue_name(queue)))
			continue;
		if (weights[queue] ||
			!read_number(colon + 1, len - given.len - 1, 1, WEIGHT_MAX, &weight))
			return false;
		weights[queue] = weight;
		return true;
	}
	return false;
}

bool option_read_queues(const struct option *option, void *field, const char *text)
{
	unsigned weights[QUEUE_COUNT] = {0};
	(void)option;
	for (;;) {
		size_t len = strcspn(text, ",");
		if (!read_weight(weights, text, len))
			return false;
		if (!text[len])
			break;
		text += len + 1;
	}
	memcpy(field, weights, sizeof(weights));
	return true;
}

bool option_read_listen(const struct option *option, void *field, const char *text)
{
	uint32_t port;
	if (strcmp(text, "off") == 0)
		return option_read_text(option, field, text);
	const char *colon = strrchr(text, ':');
	if (!colon || colon == text || !read_number(colon + 1, strlen(colon + 1), 0, 65535, &port))
		return false;
	/* An IPv6 address without brackets would lose its last part to the port. */
	size_t len = (size_t)(colon - text);
	bool literal = text[0] == '[';
	if (literal ? len < 3 || text[len - 1] != ']' : memchr(text, ':', len) != NULL)
		return false;
	return option_read_text(option, field, text);
}

static bool read_word(const char *const *words, size_t count, const char *text, size_t *out)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], text) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool option_read_level(const struct option *option, void *field, const char *text)
{
	static const char *const words[] = {
		[LOG_DEBUG] = "debug",
		[LOG_INFO] = "info",
		[LOG_WARNING] = "warning",
		[LOG_ERROR] = "error",
	};
	size_t word;
	(void)option;
	if (!read_word(words, ARRAY_SIZE(words), text, &word))
		return false;
	*(enum log_level *)field = (enum log_level)word;
	return true;
}

bool option_read_format(const struct option *option, void *field, const char *text)
{
	static const char *const words[] = {
		[LOG_FORMAT_JSON] = "json",
		[LOG_FORMAT_TEXT] = "text",
	};
	size_t word;
	(void)option;
	if (!read_word(words, ARRAY_SIZE(words), text, &word))
		return false;
	*(enum log_format *)field = (enum log_format)word;
	return true;
}
