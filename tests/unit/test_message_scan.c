/* SPDX-License-Identifier: MIT */
/* What is no message is told so where it can be read to whom. */
#include <stdio.h>

#include "message.h"

static void a_message_over_the_bound_is_refused_whatever_it_holds(void **state)
{
	static const char payload[] = JOB(",\"reply_to\":\"q\"");

	(void)state;
	assert_int_equal(message_read(&message, QUEUE_CHAT, payload, strlen(payload),
				 strlen(payload), &error),
		0);
	assert_int_equal(message_read(&message, QUEUE_CHAT, payload, strlen(payload),
				 strlen(payload) - 1, &error),
		-1);
	assert_non_null(strstr(error.text, "bytes, which is more than"));
	assert_string_equal(message.org.text, "acme");
	assert_string_equal(message.reply_to.text, "q");
	assert_string_equal(message.integration.text, "");
}

static void what_could_be_read_of_a_refused_message_is_kept(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(QUEUE_CHAT, "{\"v\":1,\"id\":\"i1\",\"org\":\"acme\",\"reply_to\":"
				      "\"chat-7\",\"meta\": {\"a\": 1} ,\"oops\":true}"),
		-1);
	assert_string_equal(message.id.text, "i1");
	assert_string_equal(message.org.text, "acme");
	assert_string_equal(message.reply_to.text, "chat-7");
	assert_span(message.meta, "{\"a\": 1}");
	assert_string_equal(message.integration.text, "");
	assert_int_equal(message.inputs, TAPE_NONE);
	assert_int_equal(message.deadline_ms, 0);
}

static void assert_kept(const char *payload, const char *id, const char *org, const char *reply_to,
	const char *meta)
{
	size_t len = strlen(payload);
	char *copy = malloc(len); /* exact, so that reading past the end shows */

	memcpy(copy, payload, len);
	assert_int_equal(read_bytes(QUEUE_CHAT, copy, len), -1);
	assert_string_equal(message.id.text, id);
	assert_string_equal(message.org.text, org);
	assert_string_equal(message.reply_to.text, reply_to);
	assert_span(message.meta, meta);
	assert_int_equal(strlen(message.digest), 32);
	free(copy);
}

static void a_broken_text_is_read_as_far_as_it_goes(void **state)
{
	(void)state;
	/* cut off */
	assert_kept(
		"{\"id\":\"i\",\"org\":\"o\",\"reply_to\":\"q\",\"meta\":[1],\"inputs\":{\"a\":[",
		"i", "o", "q", "[1]");
	assert_kept("{\"id\":\"i\",\"org\":\"o\",\"reply_to\":\"chat", "i", "o", "", "");
	assert_kept("{\"id\":\"i\",\"org\":\"o\",\"reply_to\":\"chat\"", "i", "o", "chat", "");
	assert_kept("{\"id\":\"i\",\"org", "i", "", "", "");
	assert_kept("{\"id\":\"i\",\"org\"", "i", "", "", "");
	assert_kept("{\"id\":\"i\",\"org\":", "i", "", "", "");
	assert_kept("{\"id\":\"i\",", "i", "", "", "");
	assert_kept("{\"id\":\"i\",\"", "i", "", "", "");
	assert_kept("{\"id\":\"i\",\"x\\", "i", "", "", "");
	/* a number may have been longer, a container may not */
	assert_kept("{\"meta\":12", "", "", "", "");
	assert_kept("{\"meta\":tru", "", "", "", "");
	assert_kept("{\"meta\":12}", "", "", "", "12");
	assert_kept("{\"meta\":{\"a\":12}", "", "", "", "{\"a\":12}");
	/* broken inside */
	assert_kept("{\"inputs\":{a:'b',[]:},\"reply_to\":\"q\"}", "", "", "q", "");
	assert_kept("{\"inputs\":[1},\"reply_to\":\"q\"}", "", "", "q", "");
	assert_kept("{\"v\":1 2 3,\"reply_to\":\"q\"}", "", "", "q", "");
	assert_kept("{v:1,\"reply_to\":\"q\"}", "", "", "q", "");
	assert_kept("{\"v\" \"x\",\"reply_to\":\"q\"}", "", "", "q", "");
	assert_kept("{,,\"reply_to\":\"q\",}", "", "", "q", "");
	assert_kept("{\"a\":],\"reply_to\":\"q\"}", "", "", "q", "");
	assert_kept("\xef\xbb\xbf{\"v\":1,\"reply_to\":\"q\"}", "", "", "q", "");
	assert_kept(" \n{\"v\":\"\xff\",\"reply_to\" : \"q\" \t, \"id\":\"i\"}", "i", "", "q", "");
	/* after the end */
	assert_kept("{\"id\":\"i\"},\"reply_to\":\"q\"", "i", "", "", "");
	assert_kept("{\"id\":\"i\"}{\"reply_to\":\"q\"}", "i", "", "", "");
}

static void only_members_at_the_top_are_kept(void **state)
{
	(void)state;
	assert_kept("{\"inputs\":{\"reply_to\":\"evil\",\"org\":\"evil\"}}", "", "", "", "");
	assert_kept("{\"inputs\":\"\\\",\\\"reply_to\\\":\\\"evil\\\"\"}", "", "", "", "");
	assert_kept("[{\"reply_to\":\"evil\"}]", "", "", "", "");
	assert_kept("\"reply_to\":\"evil\"", "", "", "", "");
	assert_kept("{\"a\":[\"reply_to\",\"q\"]}", "", "", "", "");
}

static void the_first_of_two_counts_even_where_it_is_none(void **state)
{
	(void)state;
	assert_kept("{\"reply_to\":\"a\",\"reply_to\":\"b\"}", "", "", "a", "");
	assert_kept("{\"reply_to\":7,\"reply_to\":\"b\"}", "", "", "", "");
	assert_kept("{\"\\u0069d\":\"a\",\"id\":\"b\"}", "a", "", "", "");
}

static void what_is_kept_is_valid_by_itself(void **state)
{
	char payload[MAX_BYTES * 4], text[4096];

	(void)state;
	assert_kept("{\"id\":\"a:b\",\"org\":\"\",\"reply_to\":[\"q\"],\"meta\":{\"a\":1,\"a\":2}}",
		"", "", "", "");
	assert_kept("{\"id\":\"a\" x,\"org\":o,\"meta\":[1,]}", "", "", "", "");
	assert_kept(
		"{\"id\":\"a\\u002db\",\"org\":\"\\ud800\",\"meta\":\"\xc3\"}", "a-b", "", "", "");
	assert_kept("{\"meta\":}", "", "", "", "");
	memset(text, ' ', sizeof(text));
	snprintf(payload, sizeof(payload),
		"{\"x\":0,\"id\":%.3000s\"i\"%.3000s,\"meta\":[%.4094s]}", text, text, text);
	assert_int_equal(read_text(QUEUE_CHAT, payload), -1);
	assert_string_equal(message.id.text, "i");
	assert_int_equal(message.meta.len, 4096);
	snprintf(payload, sizeof(payload), "{\"x\":0,\"meta\":[%.4095s]}", text);
	assert_int_equal(read_text(QUEUE_CHAT, payload), -1);
	assert_int_equal(message.meta.len, 0);
}

static void meta_of_a_refused_message_is_32_deep_at_most(void **state)
{
	char payload[256];

	(void)state;
	for (int depth = 32; depth <= 33; depth++) {
		strcpy(payload, "{\"meta\":");
		for (int i = 0; i < depth; i++)
			strcat(payload, "[");
		for (int i = 0; i < depth; i++)
			strcat(payload, "]");
		strcat(payload, "}");
		assert_int_equal(read_text(QUEUE_CHAT, payload), -1);
		assert_int_equal(message.meta.len, depth == 32 ? 64 : 0);
	}
}

static void a_million_brackets_are_no_trouble(void **state)
{
	size_t len = 1 << 20;
	char *payload = malloc(len);

	(void)state;
	memset(payload, '[', len);
	memcpy(payload, "{\"id\":\"i\",\"meta\":", 17);
	assert_int_equal(message_read(&message, QUEUE_CHAT, payload, len, len, &error), -1);
	assert_string_equal(message.id.text, "i");
	memset(payload, '"', len);
	payload[0] = '{';
	assert_int_equal(message_read(&message, QUEUE_CHAT, payload, len, len, &error), -1);
	memset(payload, ',', len);
	payload[0] = '{';
	assert_int_equal(message_read(&message, QUEUE_CHAT, payload, len, len, &error), -1);
	free(payload);
}

static void every_start_of_a_job_is_read_without_harm(void **state)
{
	static const char payload[] = JOB(",\"inputs\":{\"a\":[\"\\u00e9\\\"\",1.5e3]},\"reply_"
					  "to\":\"q\",\"meta\":{\"k\":[null]},"
					  "\"traceparent\":\"t\"");

	(void)state;
	for (size_t len = 0; len < strlen(payload); len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, payload, len);
		assert_int_equal(read_bytes(QUEUE_CHAT, copy, len), -1);
		assert_true(message.id.len == 0 || strcmp(message.id.text, "i1") == 0);
		assert_true(message.reply_to.len == 0 || strcmp(message.reply_to.text, "q") == 0);
		assert_true(message.meta.len == 0 || message.meta.len == strlen("{\"k\":[null]}"));
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_over_the_bound_is_refused_whatever_it_holds),
		TEST(what_could_be_read_of_a_refused_message_is_kept),
		TEST(a_broken_text_is_read_as_far_as_it_goes),
		TEST(only_members_at_the_top_are_kept),
		TEST(the_first_of_two_counts_even_where_it_is_none),
		TEST(what_is_kept_is_valid_by_itself),
		TEST(meta_of_a_refused_message_is_32_deep_at_most),
		TEST(a_million_brackets_are_no_trouble),
		TEST(every_start_of_a_job_is_read_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
