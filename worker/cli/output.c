/* SPDX-License-Identifier: MIT */
/* output: prints what strangers wrote without letting it command the terminal. */
#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "bellhop/utf8.h"

#define OUTPUT_MAX_BYTES (256 * 1024 * 1024)

/* What nobody sees (Unicode's Default_Ignorable_Code_Point), what turns the direction of what follows, separators of lines. Not U+FE0F,
 * which is in many an emoji. */
static const struct {
	uint32_t first, last;
} unseen[] = {
	{0x00ad, 0x00ad},
	{0x034f, 0x034f},
	{0x061c, 0x061c},
	{0x115f, 0x1160},
	{0x17b4, 0x17b5},
	{0x180b, 0x180f},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f},
	{0x3164, 0x3164},
	{0xfe00, 0xfe0e},
	{0xfeff, 0xfeff},
	{0xffa0, 0xffa0},
	{0xfff0, 0xfffb},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0xe0000, 0xe0fff},
};

static bool is_harmless(uint32_t character)
{
	if (character < 0x20)
		return character == '\n' || character == '\t';
	if (character >= 0x7f && character <= 0x9f)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(unseen) && unseen[i].first <= character; i++)
		if (character <= unseen[i].last)
			return false;
	return true;
}

/* As JSON has it: beyond 16 bits in two halves. */
static void add_escape(struct buf *out, uint32_t character)
{
	if (character > 0xffff)
		buf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (character >> 10)),
			(unsigned)(0xdc00 + (character & 0x3ff)));
	else
		buf_printf(out, "\\u%04x", (unsigned)character);
}

void add_harmless(struct buf *out, struct span text)
{
	size_t start = 0;
	size_t at = 0;
	while (at < text.len) {
		uint32_t character;
		size_t len = utf8_next(text.data + at, text.len - at, &character);
		if (len && is_harmless(character)) {
			at += len;
			continue;
		}
		buf_add(out, text.data + start, at - start);
		if (len)
			add_escape(out, character);
		else
			buf_printf(out, "\\x%02x", (unsigned char)text.data[at]);
		at += len ? len : 1;
		start = at;
	}
	buf_add(out, text.data + start, at - start);
}

/* Whether a person reads the results. */
static bool result_is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

void print_piece(struct span text)
{
	struct buf shown;
	buf_init(&shown, OUTPUT_MAX_BYTES);
	if (result_is_terminal()) {
		add_harmless(&shown, text);
		text = (struct span){shown.data, shown.len};
	}
	/* Whether all of it was written is asked once, by finish_output(). */
	(void)fwrite(text.data, 1, text.len, stdout);
	buf_release(&shown);
}

void print_result(struct span text)
{
	print_piece(text);
	if (text.len == 0 || text.data[text.len - 1] != '\n')
		print_piece(span_of("\n"));
}

void print_buf(const struct buf *text)
{
	print_result((struct span){text->data, text->len});
}

void print_json(const struct buf *json, bool plain)
{
	static const struct tape_limits limits = {.depth = 256, .values = UINT32_MAX};
	struct json_tape tape;
	struct buf pretty;
	json_tape_init(&tape);
	buf_init(&pretty, OUTPUT_MAX_BYTES);
	if (!plain && result_is_terminal() &&
		json_tape_read(&tape, json->data, json->len, &limits, NULL) == 0)
		json_out_pretty(&pretty, &tape, 0);
	print_buf(pretty.len && !pretty.overflowed ? &pretty : json);
	buf_release(&pretty);
	json_tape_release(&tape);
}

static void print_line(const char *prefix, const char *format, va_list args)
{
	struct buf text, line;
	buf_init(&text, OUTPUT_MAX_BYTES);
	buf_init(&line, OUTPUT_MAX_BYTES);
	buf_vprintf(&text, format, args);
	buf_add_string(&line, prefix);
	add_harmless(&line, (struct span){text.data, text.len});
	buf_add_char(&line, '\n');
	(void)fflush(stdout);
	(void)fwrite(line.data, 1, line.len, stderr); /* nowhere to say that this failed */
	buf_release(&text);
	buf_release(&line);
}

void note(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print_line("", format, args);
	va_end(args);
}

int fail(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print_line("bellhop: ", format, args);
	va_end(args);
	return EXIT_FAILED;
}

int misuse(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print_line("bellhop: ", format, args);
	va_end(args);
	return EXIT_USAGE;
}

int finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_DONE;
	return fail("cannot write the result: %s", strerror(errno));
}
