/* SPDX-License-Identifier: MIT */
/* url: the base URL of an integration, and what a rendered URL may be. */
#include "bellhop/url.h"

#include <stdlib.h>
#include <strings.h>

#include "bellhop/alloc.h"
#include "percent.h"
#include "url_host.h"

#define URL_MAX_BYTES 2048

/* What is wrong with a byte anywhere in the text, or NULL. */
static const char *byte_problem(unsigned char byte)
{
	if (byte >= 0x80)
		return "may hold ASCII only: write a host in its xn-- form, a path percent-encoded";
	if (byte < 0x20 || byte == 0x7f)
		return "has a control character";
	switch (byte) {
	case ' ':
		return "has a space";
	case '\\':
		return "has a backslash";
	case '?':
		return "has a query";
	case '#':
		return "has a fragment";
	case '{':
	case '}':
		return "may hold no placeholder";
	default:
		return NULL;
	}
}

static const char *bytes_problem(struct span text)
{
	if (text.len > URL_MAX_BYTES)
		return "is over 2048 bytes";
	for (size_t i = 0; i < text.len; i++) {
		const char *reason = byte_problem((unsigned char)text.data[i]);

		if (reason != NULL)
			return reason;
	}
	return NULL;
}

/* Moves the start of `text` past `prefix`, in any case, where it has it. */
static bool skip_prefix(struct span *text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (text->len < len || strncasecmp(text->data, prefix, len) != 0)
		return false;
	text->data += len;
	text->len -= len;
	return true;
}

/* The digits after a colon: 1 to 65535 without a leading zero. */
static const char *parse_port(struct span digits, uint16_t *port)
{
	unsigned number = 0;

	if (digits.len == 0)
		return "has an empty port";
	if (digits.len > 5 || digits.data[0] == '0')
		return "has a port that is not a number from 1 to 65535";
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return "has a port that is not a number from 1 to 65535";
		number = number * 10 + (unsigned)(digits.data[i] - '0');
	}
	if (number > UINT16_MAX)
		return "has a port that is not a number from 1 to 65535";
	*port = (uint16_t)number;
	return NULL;
}

/* Cuts `authority` into host and port; brackets, if any, stay with the host. */
static const char *split_port(struct span authority, struct span *host, uint16_t *port)
{
	const char *from = authority.data, *end = authority.data + authority.len, *colon;

	if (authority.len > 0 && *from == '[') {
		from = memchr(from, ']', authority.len);
		if (from == NULL)
			return "has a [ without a ] in its host";
		from++;
		if (from < end && *from != ':')
			return "has something between its host and its port";
	}
	colon = memchr(from, ':', (size_t)(end - from));
	*host = (struct span){
		authority.data, (size_t)((colon == NULL ? end : colon) - authority.data)};
	if (colon == NULL)
		return NULL;
	return parse_port((struct span){colon + 1, (size_t)(end - colon - 1)}, port);
}

static const char *path_problem(struct span path)
{
	for (size_t i = 0; i < path.len; i++) {
		if (path.data[i] == '%' && !percent_is_triplet(path, i))
			return "has a % in its path that is followed by no two hex digits";
		if (path.data[i] != '%' && !percent_may_stand(PERCENT_PATH, path.data[i]))
			return "has a character in its path that must be percent-encoded";
	}
	if (url_has_dot_segment(path))
		return "has a . or .. segment in its path";
	return NULL;
}

static char *make_origin(const struct url *url)
{
	bool default_port = url->port == (url->https ? 443 : 80);
	bool brackets = strchr(url->host, ':') != NULL;
	struct buf origin;

	buf_init(&origin, URL_MAX_BYTES * 2);
	buf_printf(&origin, "%s://%s%s%s", url->https ? "https" : "http", brackets ? "[" : "",
		url->host, brackets ? "]" : "");
	if (!default_port)
		buf_printf(&origin, ":%u", url->port);
	return buf_detach(&origin);
}

static const char *parse(struct url *url, struct span text)
{
	struct span host, path;
	const char *reason = bytes_problem(text), *slash;

	if (reason != NULL)
		return reason;
	url->https = skip_prefix(&text, "https://");
	if (!url->https && !skip_prefix(&text, "http://"))
		return "must begin with https:// or http://";
	url->port = url->https ? 443 : 80;
	slash = text.len == 0 ? NULL : memchr(text.data, '/', text.len);
	path = slash == NULL ? (struct span){"", 0}
			     : (struct span){slash, text.len - (size_t)(slash - text.data)};
	text.len -= path.len;
	if (text.len > 0 && memchr(text.data, '@', text.len) != NULL)
		return "has user information; a credential is sealed with `bellhop secret set`";
	reason = split_port(text, &host, &url->port);
	if (reason == NULL)
		reason = path_problem(path);
	if (reason == NULL)
		reason = url_host_parse(host, &url->host, &url->literal);
	if (reason != NULL)
		return reason;
	while (path.len > 0 && path.data[path.len - 1] == '/')
		path.len--;
	url->path = xmemdup(path.data, path.len);
	url->origin = make_origin(url);
	return NULL;
}

int url_parse(struct url *url, struct span text, const char **reason)
{
	struct url made = {0};
	const char *problem = parse(&made, text);

	if (problem != NULL) {
		*reason = problem;
		return -1;
	}
	*url = made;
	return 0;
}

void url_release(struct url *url)
{
	free(url->host);
	free(url->origin);
	free(url->path);
	*url = (struct url){0};
}

/* Whether a `/` or `\`, plain or encoded, stands at `at`; `*len` is what it takes. */
static bool is_separator(struct span path, size_t at, size_t *len)
{
	unsigned char byte = percent_decode_at(path, at, len);

	return byte == '/' || byte == '\\';
}

bool url_find_dot_segment(struct span path, size_t *from, size_t *to)
{
	size_t at = 0, len;

	/* Nearly every path: no dot, plain or encoded, and so no segment to look at. */
	if (path.len == 0 || (memchr(path.data, '.', path.len) == NULL &&
				     memmem(path.data, path.len, "%2", 2) == NULL))
		return false;
	while (at <= path.len) {
		size_t start = at, bytes = 0;
		bool dots = true;

		for (; at < path.len && !is_separator(path, at, &len); at += len) {
			dots = dots && percent_decode_at(path, at, &len) == '.';
			bytes++;
		}
		if (dots && (bytes == 1 || bytes == 2)) {
			*from = start;
			*to = at;
			return true;
		}
		at += at < path.len ? len : 1;
	}
	return false;
}

bool url_has_dot_segment(struct span path)
{
	size_t from, to;

	return url_find_dot_segment(path, &from, &to);
}

static bool starts_with(struct span *text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (text->len < len || memcmp(text->data, prefix, len) != 0)
		return false;
	text->data += len;
	text->len -= len;
	return true;
}

bool url_is_under(const struct url *base, struct span rendered)
{
	const char *query;

	if (!starts_with(&rendered, base->origin) || !starts_with(&rendered, base->path))
		return false;
	if (rendered.len == 0)
		return true;
	if (rendered.data[0] != '/' && rendered.data[0] != '?')
		return false;
	for (size_t i = 0; i < rendered.len; i++) {
		unsigned char byte = (unsigned char)rendered.data[i];

		if (byte <= 0x20 || byte >= 0x7f || byte == '\\' || byte == '#')
			return false;
	}
	query = memchr(rendered.data, '?', rendered.len);
	if (query != NULL)
		rendered.len = (size_t)(query - rendered.data);
	return !url_has_dot_segment(rendered);
}
