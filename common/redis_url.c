/* SPDX-License-Identifier: MIT */
/* redis_url: reads the address of Redis; no message ever shows the URL as given, which may hold a password. */
#include "bellhop/redis_url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#include "bellhop/alloc.h"
#include "bellhop/buf.h"
#include "bellhop/bug.h"
#include "bellhop/span.h"

#define DEFAULT_PORT	   6379
#define PASSWORD_MAX_BYTES 4096
#define DB_MAX		   (1000 * 1000)

static int refuse(struct error *error, const char *reason)
{
	return error_set(
		error, ERROR_INTERNAL, "the Redis URL (--redis-url, BELLHOP_REDIS_URL) %s", reason);
}

static void wipe_and_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that an escape at `text` stands for, or NUL where it is broken. */
static char escaped_byte(struct span text)
{
	if (text.len < 3)
		return '\0';
	int high = hex_digit(text.data[1]);
	int low = hex_digit(text.data[2]);
	return high < 0 || low < 0 ? '\0' : (char)(high * 16 + low);
}

/* NULL where an escape is broken or stands for a NUL byte. */
static char *percent_decode(struct span text)
{
	char *out = xmalloc(text.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.data[i];
		if (byte == '%') {
			byte = escaped_byte((struct span){text.data + i, text.len - i});
			i += 2;
		}
		if (byte == '\0') {
			explicit_bzero(out, len);
			free(out);
			return NULL;
		}
		out[len++] = byte;
	}
	out[len] = '\0';
	return out;
}

static bool read_number(struct span text, unsigned max, unsigned *out)
{
	unsigned number = 0;
	if (text.len == 0 || text.len > 9)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		number = number * 10 + (unsigned)(text.data[i] - '0');
	}
	if (number > max)
		return false;
	*out = number;
	return true;
}

static struct span skip(struct span text, size_t bytes)
{
	return (struct span){text.data + bytes, text.len - bytes};
}

/* Takes what stands before `delimiter` off `rest`; where there is none, everything. */
static struct span take_until(struct span *rest, char delimiter)
{
	const char *found = memchr(rest->data, delimiter, rest->len);
	struct span taken = {rest->data, found ? (size_t)(found - rest->data) : rest->len};
	*rest = skip(*rest, taken.len + (found ? 1 : 0));
	return taken;
}

/* Takes `user:password@` off; the last `@` ends it, for a password may hold one unescaped. */
static int take_user(struct redis_url *url, struct span *authority, struct error *error)
{
	const char *at = memrchr(authority->data, '@', authority->len);
	if (!at)
		return 0;
	struct span password = {authority->data, (size_t)(at - authority->data)};
	*authority = skip(*authority, password.len + 1);
	struct span user = take_until(&password, ':');
	if (user.len) {
		url->user = percent_decode(user);
		if (!url->user)
			return refuse(error, "has a broken % escape in its user name");
	}
	if (password.len) {
		url->password = percent_decode(password);
		if (!url->password)
			return refuse(error, "has a broken % escape in its password");
	}
	return 0;
}

static bool is_host(struct span host, bool literal)
{
	for (size_t i = 0; i < host.len; i++) {
		char c = host.data[i];
		bool alphanumeric =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!alphanumeric && c != '.' && c != (literal ? ':' : '-') &&
			c != (literal ? '%' : '_'))
			return false;
	}
	return host.len > 0;
}

static int read_host(struct redis_url *url, struct span text, struct error *error)
{
	bool literal = text.len > 0 && text.data[0] == '[';
	unsigned port = DEFAULT_PORT;
	if (literal)
		text = skip(text, 1);
	const char *end = memchr(text.data, literal ? ']' : ':', text.len);
	struct span host = {text.data, end ? (size_t)(end - text.data) : text.len};
	if (!is_host(host, literal) || (literal && !end))
		return refuse(error, "has no usable host: write redis://host:6379/0");
	/* What is left is nothing, or a colon and a port. */
	text = skip(text, host.len + (literal ? 1 : 0));
	if (text.len && (text.data[0] != ':' || !read_number(skip(text, 1), UINT16_MAX, &port) ||
				port == 0))
		return refuse(error, "has a port that is not a number from 1 to 65535");
	url->host = xmemdup(host.data, host.len);
	url->port = (uint16_t)port;
	return 0;
}

static int read_tcp(struct redis_url *url, struct span rest, struct error *error)
{
	if (memchr(rest.data, '?', rest.len) || memchr(rest.data, '#', rest.len))
		return refuse(error, "may hold no ? and no #; in a password they are %3F and %23");
	struct span authority = take_until(&rest, '/');
	if (take_user(url, &authority, error) < 0 || read_host(url, authority, error) < 0)
		return -1;
	if (rest.len && !read_number(rest, DB_MAX, &url->db))
		return refuse(
			error, "has a database that is not a number; a / in a password is %2F");
	return 0;
}

static int read_unix(struct redis_url *url, struct span rest, struct error *error)
{
	struct span query = rest;
	struct span path = take_until(&query, '?');
	struct span authority = {path.data, 0};
	while (authority.len < path.len && path.data[authority.len] != '/')
		authority.len++;
	path = skip(path, authority.len);
	if (take_user(url, &authority, error) < 0)
		return -1;
	if (authority.len || path.len < 2)
		return refuse(error, "has no path: write unix:///path/to/redis.sock?db=0");
	url->path = percent_decode(path);
	if (!url->path)
		return refuse(error, "has a broken % escape in its path");
	if (strlen(url->path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return refuse(error, "has a path longer than a socket's may be (107 bytes)");
	if (query.len == 0)
		return 0;
	if (query.len < 3 || memcmp(query.data, "db=", 3) != 0 ||
		!read_number(skip(query, 3), DB_MAX, &url->db))
		return refuse(error, "may have only ?db=N after the path of its socket");
	return 0;
}

static bool starts_with(const char *text, const char *scheme)
{
	return strncasecmp(text, scheme, strlen(scheme)) == 0;
}

static int read_url(struct redis_url *url, const char *text, struct error *error)
{
	if (starts_with(text, "redis://"))
		return read_tcp(url, span_of(text + strlen("redis://")), error);
	if (starts_with(text, "unix://"))
		return read_unix(url, span_of(text + strlen("unix://")), error);
	if (starts_with(text, "rediss://"))
		return refuse(error, "asks for TLS (rediss://), which is not built yet: give "
				     "redis:// or unix://");
	if (starts_with(text, "redis+sentinel://"))
		return refuse(error,
			"asks for Sentinel (redis+sentinel://), which is not built yet: "
			"give redis://host:port of the master");
	return refuse(error, "begins with neither redis:// nor unix://");
}

/* Reads until the end or until `size` bytes. The bytes, or -1 with errno. */
static ssize_t read_start(int file, char *text, size_t size)
{
	size_t len = 0;
	while (len < size) {
		ssize_t got = read(file, text + len, size - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

/* The length of the password at the start of `text`, or 0 with `*reason`. */
static size_t password_len(const char *text, size_t len, const char **reason)
{
	const char *end = memchr(text, '\n', len);
	*reason = "its first line is longer than a password may be";
	if (!end && len == PASSWORD_MAX_BYTES)
		return 0;
	len = end ? (size_t)(end - text) : len;
	*reason = "it is not a text file";
	if (memchr(text, '\0', len))
		return 0;
	if (len && text[len - 1] == '\r')
		len--;
	*reason = "its first line is empty";
	return len;
}

static int read_password(struct redis_url *url, const char *path, struct error *error)
{
	char text[PASSWORD_MAX_BYTES];
	const char *reason = NULL;
	size_t len = 0;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = file < 0 ? -1 : read_start(file, text, sizeof(text));
	if (got < 0)
		reason = strerror(errno);
	else
		len = password_len(text, (size_t)got, &reason);
	if (file >= 0)
		close(file);
	if (len) {
		wipe_and_free(url->password);
		url->password = xmemdup(text, len);
	}
	explicit_bzero(text, sizeof(text));
	if (len)
		return 0;
	return error_set(error, ERROR_INTERNAL,
		"the Redis password file %s (--redis-password-file, BELLHOP_REDIS_PASSWORD_FILE) "
		"cannot be used: %s",
		path, reason);
}

static char *show(const struct redis_url *url)
{
	struct buf out;
	BUG_ON(!url->path && !url->host);
	buf_init(&out, 64 * 1024);
	buf_add_string(&out, url->path ? "unix://" : "redis://");
	if (url->user)
		buf_printf(&out, "%s@", url->user);
	if (url->path)
		buf_printf(&out, "%s?db=%u", url->path, url->db);
	else if (strchr(url->host, ':'))
		buf_printf(&out, "[%s]:%u/%u", url->host, url->port, url->db);
	else
		buf_printf(&out, "%s:%u/%u", url->host, url->port, url->db);
	return buf_detach(&out);
}

int redis_url_parse(
	struct redis_url *url, const char *text, const char *password_file, struct error *error)
{
	struct redis_url read = {0};
	int result = read_url(&read, text, error);
	if (result == 0 && password_file)
		result = read_password(&read, password_file, error);
	if (result == 0 && read.user && !read.password)
		result = refuse(error,
			"names a user without a password: write user:password@, or put "
			"the password in a file (--redis-password-file)");
	if (result < 0) {
		redis_url_release(&read);
		return -1;
	}
	read.shown = show(&read);
	*url = read;
	return 0;
}

void redis_url_read_password(struct redis_url *url, const char *password_file)
{
	struct error error = {0};

	if (password_file != NULL)
		(void)read_password(
			url, password_file, &error); /* the one it has may serve again */
}

void redis_url_release(struct redis_url *url)
{
	free(url->host);
	free(url->path);
	free(url->user);
	wipe_and_free(url->password);
	free(url->shown);
	*url = (struct redis_url){0};
}
