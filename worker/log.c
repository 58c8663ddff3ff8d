/* SPDX-License-Identifier: MIT */
/* log: one line an event on standard error, JSON or text. */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "bellhop/bug.h"
#include "bellhop/buf.h"
#include "bellhop/json_out.h"

#define LINE_MAX_BYTES (16 * 1024)

static enum log_level lowest = LOG_INFO;
static enum log_format form = LOG_FORMAT_JSON;

void log_open(enum log_level level, enum log_format format)
{
	lowest = level;
	form = format;
}

bool log_is_on(enum log_level level)
{
	return level >= lowest;
}

static void add_time(struct buf *line)
{
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	buf_printf(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", utc.tm_year + 1900, utc.tm_mon + 1,
		utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000);
}

static void add_head(struct buf *line, enum log_level level, const char *message)
{
	static const char *const names[] = {"debug", "info", "warning", "error"};

	if (form == LOG_FORMAT_JSON) {
		buf_add_string(line, "{\"time\":\"");
		add_time(line);
		buf_printf(line, "\",\"level\":\"%s\",\"msg\":", names[level]);
		json_out_string(line, span_of(message));
	} else {
		add_time(line);
		buf_printf(line, " %-7s %s", names[level], message);
	}
}

static void add_member(struct buf *line, const char *name, const char *text, int64_t number)
{
	if (form == LOG_FORMAT_JSON) {
		buf_add_char(line, ',');
		json_out_name(line, name);
	} else {
		buf_printf(line, " %s=", name);
	}
	if (text != NULL)
		json_out_string(line, span_of(text));
	else
		buf_add_signed(line, number);
}

static void add_members(struct buf *line, va_list members)
{
	const char *name;

	while ((name = va_arg(members, const char *)) != NULL) {
		int kind = va_arg(members, int);

		if (kind == 'i') {
			add_member(line, name, NULL, va_arg(members, int64_t));
		} else {
			const char *text = va_arg(members, const char *);

			BUG_ON(kind != 's');
			if (text != NULL)
				add_member(line, name, text, 0);
		}
	}
}

void log_members(enum log_level level, const char *message, ...)
{
	static struct buf line;
	va_list members;
	ssize_t written;

	if (line.max == 0)
		buf_init(&line, LINE_MAX_BYTES);
	buf_clear(&line);
	add_head(&line, level, message);
	va_start(members, message);
	add_members(&line, members);
	va_end(members);
	buf_add_string(&line, form == LOG_FORMAT_JSON ? "}\n" : "\n");
	written = write(STDERR_FILENO, line.data, line.len);
	(void)written; /* a full disk or a closed standard error must not stop a job */
}
