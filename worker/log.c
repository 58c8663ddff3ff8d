/* SPDX-License-Identifier: MIT */
/* log: one line an event on standard error, JSON or text. */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <time.h>

#include "bellhop/bug.h"
#include "bellhop/buf.h"
#include "bellhop/json_out.h"
#include "io/metrics.h"
#include "log_sink.h"

#define LINE_MAX_BYTES (16 * 1024)

static enum log_level lowest = LOG_INFO;
static enum log_format form = LOG_FORMAT_JSON;
static int64_t dropped; /* lines, not yet said */

void log_open(enum log_level level, enum log_format format)
{
	lowest = level;
	form = format;
	log_sink_open();
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

static void add_name(struct buf *line, const char *name)
{
	if (form == LOG_FORMAT_JSON) {
		buf_add_char(line, ',');
		json_out_name(line, name);
	} else {
		buf_printf(line, " %s=", name);
	}
}

/* What reads the same without quotes, to people and to those who split at spaces. */
static bool is_plain(const char *text)
{
	return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
				 ":/")] == '\0';
}

static void add_text(struct buf *line, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	add_name(line, name);
	if (form == LOG_FORMAT_TEXT && is_plain(text))
		buf_add_string(line, text);
	else
		json_out_string(line, span_of(text));
}

static void add_number(struct buf *line, const char *name, int64_t number)
{
	add_name(line, name);
	buf_add_signed(line, number);
}

static void add_duration(struct buf *line, const char *name, int64_t us)
{
	if (us < 0)
		return;
	add_name(line, name);
	buf_printf(line, "%lld.%03d", (long long)(us / 1000), (int)(us % 1000));
}

static void add_members(struct buf *line, va_list members)
{
	const char *name;
	int64_t number;

	while ((name = va_arg(members, const char *)) != NULL) {
		switch (va_arg(members, int)) {
		case 's':
			add_text(line, name, va_arg(members, const char *));
			break;
		case 'i':
			add_number(line, name, va_arg(members, int64_t));
			break;
		case 'n':
			number = va_arg(members, int64_t);
			if (number != 0)
				add_number(line, name, number);
			break;
		case 't':
			add_duration(line, name, va_arg(members, int64_t));
			break;
		default:
			BUG("a member of no kind that log knows: %s", name);
		}
	}
}

static void end_line(struct buf *line)
{
	buf_add_string(line, form == LOG_FORMAT_JSON ? "}\n" : "\n");
}

void log_flush(void)
{
	struct buf line;

	if (!log_sink_flush() || dropped == 0)
		return;
	buf_init(&line, LINE_MAX_BYTES);
	add_head(&line, LOG_WARNING, "lines of this log were lost");
	add_number(&line, "lines", dropped);
	end_line(&line);
	if (log_sink_write(line.data, line.len))
		dropped = 0;
	buf_release(&line);
}

void log_members(enum log_level level, const char *message, ...)
{
	static struct buf line;
	va_list members;

	if (line.max == 0)
		buf_init(&line, LINE_MAX_BYTES);
	buf_clear(&line);
	add_head(&line, level, message);
	va_start(members, message);
	add_members(&line, members);
	va_end(members);
	end_line(&line);
	if (dropped > 0)
		log_flush();
	if (dropped > 0 || line.overflowed || !log_sink_write(line.data, line.len)) {
		dropped++;
		metrics_add(METRICS_LOG_DROPPED, 1);
	}
}
