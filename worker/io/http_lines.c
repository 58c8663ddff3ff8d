/* SPDX-License-Identifier: MIT */
/*
 * http_lines: the request's header lines as libcurl wants them, without a copy: list nodes in the call that point to the lines.
 *
 * libcurl adds headers of its own unless a line without a value takes them away, and takes a line whose value is empty for
 * just that; such a line is written `Name;`. It would send a line break as it is, so one in a line is refused.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/http_private.h"

static void lines_reserve(struct http_call *call, size_t count)
{
	if (count <= call->lines_capacity)
		return;
	if (call->lines != call->lines_inline)
		free(call->lines);
	call->lines = xcalloc(count, sizeof(*call->lines));
	call->lines_capacity = count;
}

static char *line_emptied(struct http_call *call, const char *line, size_t name_len)
{
	char *copy = xmemdup(line, name_len + 1);
	struct curl_slist *last;

	copy[name_len] = ';';
	call->emptied = curl_slist_append(call->emptied, copy);
	free(copy);
	for (last = call->emptied; last->next; last = last->next)
		;
	return last->data;
}

/* The line to give to libcurl, or NULL where it may not be sent. */
static char *line_checked(struct http_call *call, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *value;

	if (!colon || colon == line || memchr(line, '\r', len) || memchr(line, '\n', len)) {
		http_call_verdict(call, HTTP_REFUSED, "a header is not one line with a name");
		return NULL;
	}
	for (value = colon + 1; *value == ' ' || *value == '\t'; value++)
		;
	return *value ? (char *)(uintptr_t)line : line_emptied(call, line, (size_t)(colon - line));
}

static void line_add(struct http_call *call, size_t *count, const char *line)
{
	call->lines[*count].data = (char *)(uintptr_t)line;
	call->lines[*count].next = NULL;
	if (*count)
		call->lines[*count - 1].next = &call->lines[*count];
	++*count;
}

static bool line_set(struct http_call *call, size_t *count, const char *line, size_t len)
{
	char *checked = line_checked(call, line, len);

	if (checked)
		line_add(call, count, checked);
	return checked;
}

bool http_lines_set(struct http_call *call)
{
	const struct http_request *request = &call->request;
	const char *line = request->headers;
	bool accepts = false, typed = false;
	size_t count = 0;

	lines_reserve(call, request->header_count + 4);
	for (size_t i = 0; i < request->header_count; i++) {
		size_t len = strlen(line);

		if (!line_set(call, &count, line, len))
			return false;
		accepts = accepts || strncasecmp(line, "Accept:", 7) == 0;
		typed = typed || strncasecmp(line, "Content-Type:", 13) == 0;
		line += len + 1;
	}
	if (request->credential &&
		!line_set(call, &count, request->credential, strlen(request->credential)))
		return false;
	if (!accepts)
		line_add(call, &count, "Accept:");
	if (call->posts)
		line_add(call, &count, "Expect:");
	if (call->posts && !typed)
		line_add(call, &count, "Content-Type:");
	SET(call, CURLOPT_HTTPHEADER, count ? call->lines : NULL);
	return true;
}
