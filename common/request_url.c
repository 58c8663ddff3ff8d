/* SPDX-License-Identifier: MIT */
/* request_url: the URL of a request: each value of the path one segment, whatever it holds. */
#include "request_render.h"

#include "character.h"
#include "percent.h"
#include "url_host.h"

static void add_segment(struct renderer *renderer, const struct placeholder *placeholder)
{
	struct span text;

	switch (renderer_text(renderer, renderer_value(renderer, placeholder), &text)) {
	case SCALAR_NULL:
		renderer_problem(renderer, placeholder, "is required: it stands in the path");
		return;
	case SCALAR_COMPOUND:
		renderer_problem(renderer, placeholder,
			"must be a string, a number or a boolean: it stands in the path");
		return;
	case SCALAR_TEXT:
		break;
	}
	if (text.len == 0)
		renderer_problem(renderer, placeholder, "may not be empty: it stands in the path");
	else if (character_finds_control(text, true))
		renderer_problem(renderer, placeholder,
			"has a control character, which may not stand in the path");
	else
		percent_encode(&renderer->request->url, text);
}

/* Bytes that a placeholder has in the path: none where it was refused. */
static size_t segment_len(struct renderer *renderer, const struct placeholder *placeholder)
{
	struct span text;
	size_t len = 0;

	if (renderer_text(renderer, renderer_value(renderer, placeholder), &text) != SCALAR_TEXT ||
		character_finds_control(text, true))
		return 0;
	for (size_t i = 0; i < text.len; i++)
		len += percent_may_stand(PERCENT_VALUE, text.data[i]) ? 1 : 3;
	return len;
}

/* Says which placeholders have a part in the segment from `from` to `to`, counted from the start of the path; the slash
 * that ends it may be one's too. */
static void blame_between(struct renderer *renderer, size_t from, size_t to)
{
	const struct template *path = &renderer->action->path;
	size_t at = 0;

	for (size_t i = 0; i < path->count; i++) {
		const struct template_part *part = &path->parts[i];
		size_t len = part->literal != NULL ? part->len
						   : segment_len(renderer, &part->placeholder);

		if (part->literal == NULL && len > 0 && at <= to && at + len >= from)
			renderer_problem(renderer, &part->placeholder,
				"would put . or .. between the slashes of the path: give another "
				"value");
		at += len;
	}
}

static void check_dots(struct renderer *renderer, size_t start)
{
	const struct buf *url = &renderer->request->url;
	const struct span path = {url->data + start, url->len - start};
	size_t done = 0, from, to, separator;

	while (url_find_dot_segment((struct span){path.data + done, path.len - done}, &from, &to)) {
		renderer->failed = true;
		blame_between(renderer, done + from, done + to);
		done += to;
		if (done == path.len)
			return;
		(void)percent_decode_at(path, done, &separator); /* how long it is */
		done += separator;
	}
}

static void add_path(struct renderer *renderer)
{
	const struct template *path = &renderer->action->path;
	struct buf *url = &renderer->request->url;
	size_t start = url->len;

	for (size_t i = 0; i < path->count && !url->overflowed; i++) {
		const struct template_part *part = &path->parts[i];

		if (part->literal != NULL)
			buf_add(url, part->literal, part->len);
		else
			add_segment(renderer, &part->placeholder);
	}
	if (!url->overflowed)
		check_dots(renderer, start);
}

void render_url(struct renderer *renderer)
{
	static const struct pair_place query = {"?", "is required: it stands in the query",
		"must be a string, a number or a boolean: it stands in the query"};
	const struct url *base = &renderer->definition->base;
	struct buf *url = &renderer->request->url;
	size_t origin;

	buf_add_string(url, base->origin);
	origin = url->len;
	buf_add_string(url, base->path);
	add_path(renderer);
	render_pairs(renderer, &renderer->action->query, &query, url);
	if (url->overflowed || url->len - origin > REQUEST_PATH_MAX_BYTES)
		renderer_problem_whole(
			renderer, "the inputs would make a path and query of over 8 KiB");
	else if (!renderer->failed && !url_is_under(base, (struct span){url->data, url->len}))
		renderer_problem_whole(
			renderer, "the inputs would make a URL that leaves the base URL");
}
