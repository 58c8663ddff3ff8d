/* SPDX-License-Identifier: MIT */
/* json_out: writes JSON into a buf. */
#include "bellhop/json_out.h"

#include "bellhop/utf8.h"
#include "json_scan.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The letter of a short escape; 0 where \u00XX is the only one. */
static const char short_escapes[0x20] = {
	['\b'] = 'b',
	['\t'] = 't',
	['\n'] = 'n',
	['\f'] = 'f',
	['\r'] = 'r',
};

static void add_escape(struct buf *out, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	char escape[] = {'\\', 'u', '0', '0', hex[byte >> 4 & 0xf], hex[byte & 0xf]};

	if (byte >= 0x20) {
		escape[1] = (char)byte;
		buf_add(out, escape, 2);
	} else if (short_escapes[byte] != 0) {
		escape[1] = short_escapes[byte];
		buf_add(out, escape, 2);
	} else {
		buf_add(out, escape, sizeof(escape));
	}
}

void json_out_escaped(struct buf *out, struct span text)
{
	const char *at = text.data, *run = text.data, *end = text.data + text.len;
	uint32_t character;

	while ((at = json_plain_end(at, end)) < end) {
		unsigned char byte = (unsigned char)*at;
		size_t bytes = byte < 0x80 ? 0 : utf8_next(at, (size_t)(end - at), &character);

		if (bytes > 0) {
			at += bytes;
			continue;
		}
		buf_add(out, run, (size_t)(at - run));
		if (byte < 0x80)
			add_escape(out, byte);
		else
			buf_add_string(out, REPLACEMENT);
		run = ++at;
	}
	buf_add(out, run, (size_t)(end - run));
}

void json_out_string(struct buf *out, struct span text)
{
	buf_add_char(out, '"');
	json_out_escaped(out, text);
	buf_add_char(out, '"');
}

void json_out_name(struct buf *out, const char *name)
{
	json_out_string(out, span_of(name));
	buf_add_char(out, ':');
}
