/* SPDX-License-Identifier: MIT */
/* error: the contract's codes with what they say of sent and retryable, and the first cause of a failure. */
#include "bellhop/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bellhop/bug.h"
#include "bellhop/utf8.h"

static const struct error_info infos[] = {[ERROR_NONE] = {"none", SENT_NO, false},
#define X(symbol, code, sent, retryable) [ERROR_##symbol] = {code, sent, retryable},
	ERROR_CODES(X)
#undef X
};

static const char *const sent_names[] = {
	[SENT_NO] = "no",
	[SENT_MAYBE] = "maybe",
	[SENT_YES] = "yes",
};

const struct error_info *error_info(enum error_code code)
{
	BUG_ON((size_t)code >= ARRAY_SIZE(infos));
	return &infos[code];
}

const char *sent_name(enum sent sent)
{
	BUG_ON((size_t)sent >= ARRAY_SIZE(sent_names));
	return sent_names[sent];
}

int error_set(struct error *error, enum error_code code, const char *format, ...)
{
	char text[ERROR_TEXT_BYTES +
		  1]; /* one byte more shows whether the cut is inside a character */
	size_t len;
	va_list args;

	BUG_ON(code == ERROR_NONE);
	if (error->code != ERROR_NONE)
		return -1;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a text that is cut is meant to be */
	va_end(args);
	len = utf8_cut(text, strlen(text), ERROR_TEXT_BYTES - 1);
	memcpy(error->text, text, len);
	error->text[len] = '\0';
	error->code = code;
	return -1;
}

void error_clear(struct error *error)
{
	error->code = ERROR_NONE;
	error->text[0] = '\0';
}
