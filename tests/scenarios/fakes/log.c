/* SPDX-License-Identifier: MIT */
/* log: a story's workers log nothing, unless BELLHOP_STORY_LOG is set: then all, with the story's time and who said it. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bellhop/buf.h"
#include "loop.h"

bool log_is_on(enum log_level level)
{
	static int on = -1;

	(void)level;
	if (on < 0)
		on = getenv("BELLHOP_STORY_LOG") != NULL;
	return on;
}

void log_flush(void)
{
}

void log_members(enum log_level level, const char *message, ...)
{
	const char *name;
	va_list members;

	(void)level;
	fprintf(stderr, "%10.4f %p %s", (double)loop_now_us() / 1e6, (void *)loop_running(),
		message);
	va_start(members, message);
	while ((name = va_arg(members, const char *)) != NULL) {
		if (va_arg(members, int) == 's') {
			const char *text = va_arg(members, const char *);

			fprintf(stderr, " %s=%s", name, text != NULL ? text : "-");
		} else {
			fprintf(stderr, " %s=%lld", name, (long long)va_arg(members, int64_t));
		}
	}
	va_end(members);
	fputc('\n', stderr);
}
