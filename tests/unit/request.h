/* SPDX-License-Identifier: MIT */
/* request: renders the action `do` of a definition, for the tests of request. */
#ifndef BELLHOP_TESTS_REQUEST_H
#define BELLHOP_TESTS_REQUEST_H

#include "definition.h"

#include "bellhop/request.h"
#include "tape.h"

#define REQUEST_TEST_KEY "0123456789abcdef0123456789abcdef"

struct rendered {
	struct definition *definition;
	struct json_tape inputs;
	struct request request;
	struct problems problems;
	struct buf text; /* scratch of the helpers */
	int result;
};

/* `inputs` NULL: the job has none. */
static inline struct rendered render(const char *definition, const char *inputs)
{
	struct rendered rendered = {.definition = definition_of(definition)};

	json_tape_init(&rendered.inputs);
	if (inputs != NULL)
		rendered.inputs = tape_of(inputs);
	request_init(&rendered.request);
	problems_init(&rendered.problems);
	buf_init(&rendered.text, 16 * 1024 * 1024);
	rendered.result = request_render(&rendered.request, rendered.definition,
		definition_action(rendered.definition, "do"), &rendered.inputs,
		inputs == NULL ? TAPE_NONE : 0, REQUEST_TEST_KEY, &rendered.problems);
	return rendered;
}

static inline void rendered_release(struct rendered *rendered)
{
	definition_free(rendered->definition);
	json_tape_release(&rendered->inputs);
	request_release(&rendered->request);
	problems_release(&rendered->problems);
	buf_release(&rendered->text);
}

/* Renders what has to be good. */
static inline struct rendered render_well(const char *definition, const char *inputs)
{
	struct rendered rendered = render(definition, inputs);

	problems_show(&rendered.problems, &rendered.text);
	if (rendered.result != 0)
		fail_msg("%s", rendered.text.data);
	assert_int_equal(rendered.problems.count, 0);
	return rendered;
}

static inline void expect_url(const char *definition, const char *inputs, const char *url)
{
	struct rendered rendered = render_well(definition, inputs);

	assert_string_equal(rendered.request.url.data, url);
	rendered_release(&rendered);
}

/* NULL: no body. */
static inline void expect_body(const char *definition, const char *inputs, const char *body)
{
	struct rendered rendered = render_well(definition, inputs);

	assert_int_equal(rendered.request.has_body, body != NULL);
	assert_string_equal(rendered.request.body.data, body == NULL ? "" : body);
	rendered_release(&rendered);
}

/* The headers as lines. */
static inline void expect_headers(const char *definition, const char *inputs, const char *lines)
{
	struct rendered rendered = render_well(definition, inputs);
	const char *line = rendered.request.headers.data;

	for (size_t i = 0; i < rendered.request.header_count; i++) {
		buf_printf(&rendered.text, "%s%s", i == 0 ? "" : "\n", line);
		line += strlen(line) + 1;
	}
	assert_ptr_equal(line, rendered.request.headers.data + rendered.request.headers.len);
	assert_string_equal(rendered.text.data, lines);
	rendered_release(&rendered);
}

/* What is said of inputs that do not fit, as lines `place: text`; the request is empty then. */
static inline void expect_problems(const char *definition, const char *inputs, const char *lines)
{
	struct rendered rendered = render(definition, inputs);

	assert_int_equal(rendered.result, -1);
	problems_show(&rendered.problems, &rendered.text);
	assert_string_equal(rendered.text.data, lines);
	assert_int_equal(rendered.request.url.len, 0);
	assert_int_equal(rendered.request.headers.len, 0);
	assert_int_equal(rendered.request.header_count, 0);
	assert_int_equal(rendered.request.body.len, 0);
	assert_false(rendered.request.has_body);
	rendered_release(&rendered);
}

#endif
