/* SPDX-License-Identifier: MIT */
/* redact_json: masks secrets in a JSON value so that it stays one. */
#include "bellhop/json_out.h"
#include "redact_search.h"

struct rewriter {
	const struct redactor *redactor;
	const struct json_tape *tape;
	struct buf *out;
	struct buf plain;  /* a string without its escapes */
	struct buf masked; /* and without secrets */
};

static void add_value(struct rewriter *rewriter, uint32_t value);

static struct span without_secrets(struct rewriter *rewriter, uint32_t string)
{
	struct span text = tape_string_span(rewriter->tape, string, &rewriter->plain);

	if (!redact_finds(rewriter->redactor, text))
		return text;
	buf_clear(&rewriter->masked);
	redact_text(rewriter->redactor, text, &rewriter->masked);
	return (struct span){rewriter->masked.data, rewriter->masked.len};
}

/* Names that hold a mask, of whatever origin, are told apart by a number behind them. The first one may go without where it
 * does not itself end as a numbered one would. */
static void add_name(struct rewriter *rewriter, uint32_t string, uint64_t *masks)
{
	struct span name = without_secrets(rewriter, string);
	char last = name.len > 0 ? name.data[name.len - 1] : '\0';

	buf_add_char(rewriter->out, '"');
	json_out_escaped(rewriter->out, name);
	if (memmem(name.data, name.len, REDACT_MASK, sizeof(REDACT_MASK) - 1) != NULL &&
		(++*masks > 1 || (last >= '0' && last <= '9'))) {
		buf_add_char(rewriter->out, ' ');
		buf_add_unsigned(rewriter->out, *masks);
	}
	buf_add_string(rewriter->out, "\":");
}

static void add_object(struct rewriter *rewriter, uint32_t object)
{
	const struct json_tape *tape = rewriter->tape;
	uint32_t first = tape_first(tape, object);
	uint64_t masks = 0;

	buf_add_char(rewriter->out, '{');
	for (uint32_t at = first; at != TAPE_NONE; at = tape_next(tape, object, at)) {
		if (at != first)
			buf_add_char(rewriter->out, ',');
		add_name(rewriter, at, &masks);
		at = tape_next(tape, object, at);
		add_value(rewriter, at);
	}
	buf_add_char(rewriter->out, '}');
}

static void add_array(struct rewriter *rewriter, uint32_t array)
{
	const struct json_tape *tape = rewriter->tape;
	uint32_t first = tape_first(tape, array);

	buf_add_char(rewriter->out, '[');
	for (uint32_t at = first; at != TAPE_NONE; at = tape_next(tape, array, at)) {
		if (at != first)
			buf_add_char(rewriter->out, ',');
		add_value(rewriter, at);
	}
	buf_add_char(rewriter->out, ']');
}

/* A secret of digits may come as a number, and be whole only as it was written or only as it is handed on. */
static void add_number(struct rewriter *rewriter, uint32_t number)
{
	struct buf *out = rewriter->out;
	size_t start = out->len;

	json_out_value(out, rewriter->tape, number);
	if (!redact_finds(rewriter->redactor, tape_raw(rewriter->tape, number)) &&
		!redact_finds(
			rewriter->redactor, (struct span){out->data + start, out->len - start}))
		return;
	buf_truncate(out, start);
	json_out_string(out, span_of(REDACT_MASK));
}

static void add_value(struct rewriter *rewriter, uint32_t value)
{
	switch (tape_type(rewriter->tape, value)) {
	case TAPE_OBJECT:
		add_object(rewriter, value);
		break;
	case TAPE_ARRAY:
		add_array(rewriter, value);
		break;
	case TAPE_STRING:
		json_out_string(rewriter->out, without_secrets(rewriter, value));
		break;
	case TAPE_NUMBER:
		add_number(rewriter, value);
		break;
	default:
		json_out_value(rewriter->out, rewriter->tape, value);
	}
}

void redact_json(const struct redactor *redactor, const struct json_tape *tape, uint32_t value,
	struct buf *out)
{
	struct rewriter rewriter = {.redactor = redactor, .tape = tape, .out = out};

	buf_init(&rewriter.plain, SIZE_MAX);
	buf_init(&rewriter.masked, SIZE_MAX);
	add_value(&rewriter, value);
	buf_release(&rewriter.plain);
	buf_release(&rewriter.masked);
}
