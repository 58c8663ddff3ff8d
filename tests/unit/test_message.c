/* SPDX-License-Identifier: MIT */
/* What arrives on a queue is a job, a decision, or told why it is neither. */
#include <stdio.h>

#include "message.h"

static void assert_refused(enum queue queue, const char *payload, const char *sentence)
{
	if (read_text(queue, payload) == 0)
		fail_msg("%s was taken", payload);
	assert_int_equal(error.code, ERROR_INVALID_JOB);
	assert_string_equal(error.text, sentence);
}

static void a_job_is_read_in_place(void **state)
{
	static const char payload[] =
		"{\"v\": 1, \"id\": \"3f0c\", \"org\": \"acme\", \"integration\": \"tickets\", "
		"\"action\": \"create\", \"inputs\": {\"subject\": \"Printer on fire\"}, "
		"\"reply_to\": \"chat-7\", \"deadline_ms\": 1795000000000, "
		"\"traceparent\": \"00-\\u0061b\", \"meta\": {\"conversation\": \"c1\"}}";

	(void)state;
	assert_read(QUEUE_CHAT, payload);
	assert_int_equal(message.queue, QUEUE_CHAT);
	assert_string_equal(message.id.text, "3f0c");
	assert_string_equal(message.org.text, "acme");
	assert_string_equal(message.integration.text, "tickets");
	assert_string_equal(message.action.text, "create");
	assert_string_equal(message.reply_to.text, "chat-7");
	assert_span(tape_raw(&message.tape, message.inputs), "{\"subject\": \"Printer on fire\"}");
	assert_int_equal(message.deadline_ms, 1795000000000);
	assert_span(message.traceparent, "\"00-\\u0061b\"");
	assert_span(message.meta, "{\"conversation\": \"c1\"}");
	assert_true(message.meta.data > payload && message.meta.data < payload + sizeof(payload));
	assert_int_equal(message.decision, DECISION_NONE);
	assert_string_equal(message.token.text, "");
	assert_int_equal(strlen(message.digest), 32);
}

static void five_members_are_enough_for_a_job(void **state)
{
	(void)state;
	assert_read(QUEUE_WORKFLOW, JOB(""));
	assert_string_equal(message.reply_to.text, "");
	assert_int_equal(message.inputs, TAPE_NONE);
	assert_int_equal(message.deadline_ms, 0);
	assert_int_equal(message.traceparent.len, 0);
	assert_int_equal(message.meta.len, 0);
}

static void a_decision_is_read_in_place(void **state)
{
	(void)state;
	assert_read(QUEUE_DECISIONS,
		DECISION(",\"by\":\"user-42 \\\"J\\\"\",\"reply_to\":\"chat-7\",\"deadline_ms\":5,"
			 "\"traceparent\":\"t\",\"meta\":null"));
	assert_int_equal(message.decision, DECISION_APPROVE);
	assert_string_equal(message.id.text, "d1");
	assert_string_equal(message.org.text, "acme");
	assert_string_equal(message.token.text, "t0");
	assert_span(message.by, "\"user-42 \\\"J\\\"\"");
	assert_string_equal(message.reply_to.text, "chat-7");
	assert_int_equal(message.deadline_ms, 5);
	assert_span(message.traceparent, "\"t\"");
	assert_span(message.meta, "null");
	assert_string_equal(message.integration.text, "");
	assert_int_equal(message.inputs, TAPE_NONE);
	assert_read(QUEUE_DECISIONS,
		"{\"v\":1,\"id\":\"d\",\"org\":\"o\",\"token\":\"t\",\"decision\":\"decline\"}");
	assert_int_equal(message.decision, DECISION_DECLINE);
	assert_int_equal(message.by.len, 0);
}

static void the_queue_says_what_a_message_is(void **state)
{
	(void)state;
	assert_refused(QUEUE_CHAT, DECISION(""), "a job has no member \"token\"");
	assert_refused(QUEUE_DECISIONS, JOB(""), "a decision has no member \"integration\"");
	assert_refused(
		QUEUE_DECISIONS, DECISION(",\"inputs\":{}"), "a decision has no member \"inputs\"");
	assert_refused(QUEUE_WORKFLOW, JOB(",\"by\":\"me\""), "a job has no member \"by\"");
	assert_refused(
		QUEUE_WORKFLOW, JOB(",\"queue\":\"workflow\""), "a job has no member \"queue\"");
}

static void each_required_member_is_asked_for_by_name(void **state)
{
	static const char *const members[] = {"\"v\":1", "\"id\":\"i\"", "\"org\":\"o\"",
		"\"integration\":\"n\"", "\"action\":\"a\""};
	static const char *const names[] = {"v", "id", "org", "integration", "action"};

	(void)state;
	for (size_t missing = 0; missing < 5; missing++) {
		char payload[256] = "{", sentence[64];

		for (size_t i = 0; i < 5; i++) {
			if (i == missing)
				continue;
			strcat(payload, payload[1] == '\0' ? "" : ",");
			strcat(payload, members[i]);
		}
		strcat(payload, "}");
		snprintf(sentence, sizeof(sentence), "a job needs the member `%s`", names[missing]);
		assert_refused(QUEUE_CHAT, payload, sentence);
	}
	assert_refused(QUEUE_DECISIONS,
		"{\"v\":1,\"id\":\"i\",\"org\":\"o\",\"decision\":\"approve\"}",
		"a decision needs the member `token`");
	assert_refused(QUEUE_DECISIONS, "{\"v\":1,\"id\":\"i\",\"org\":\"o\",\"token\":\"t\"}",
		"a decision needs the member `decision`");
	assert_refused(QUEUE_CHAT, "{}", "a job needs the member `v`");
}

static void the_version_is_the_integer_1_as_written(void **state)
{
	static const char *const others[] = {
		"2", "1.0", "1e0", "0", "-1", "11", "\"1\"", "true", "null", "[1]"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char payload[256];

		snprintf(payload, sizeof(payload),
			"{\"v\":%s,\"id\":\"i\",\"org\":\"o\",\"integration\":\"n\",\"action\":"
			"\"a\"}",
			others[i]);
		assert_refused(QUEUE_CHAT, payload, "`v` must be the integer 1");
	}
	/* What another version has more is not held against it first. */
	assert_refused(QUEUE_CHAT, "{\"v\":2,\"priority\":3}", "`v` must be the integer 1");
}

static void a_name_that_is_none_is_refused_in_every_place(void **state)
{
	static const char *const values[] = {"\"\"", "\"-a\"", "\"a:b\"", "\"a b\"", "\"\\u0000\"",
		"\"é\"", "7", "null", "{}", "\"a\\nb\""};
	static const char *const names[] = {"id", "org", "integration", "action", "reply_to"};

	(void)state;
	for (size_t n = 0; n < 5; n++) {
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			char payload[512] = "{\"v\":1", sentence[256];

			for (size_t i = 0; i < 5; i++)
				snprintf(payload + strlen(payload),
					sizeof(payload) - strlen(payload), ",\"%s\":%s", names[i],
					i == n ? values[v] : "\"ok\"");
			strcat(payload, "}");
			snprintf(sentence, sizeof(sentence),
				"`%s` must be 1 to 128 characters of A-Z a-z 0-9 . _ - and begin "
				"with "
				"a letter or a digit",
				names[n]);
			assert_refused(QUEUE_CHAT, payload, sentence);
		}
	}
}

static void a_name_has_up_to_128_characters_however_written(void **state)
{
	char payload[2048], name[130];

	(void)state;
	memset(name, 'n', sizeof(name));
	snprintf(payload, sizeof(payload), JOB(",\"reply_to\":\"%.128s\""), name);
	assert_read(QUEUE_CHAT, payload);
	assert_int_equal(message.reply_to.len, 128);
	snprintf(payload, sizeof(payload), JOB(",\"reply_to\":\"%.129s\""), name);
	assert_int_equal(read_text(QUEUE_CHAT, payload), -1);
	assert_read(QUEUE_CHAT, JOB(",\"reply_to\":\"c\\u0068at\\u002d7\""));
	assert_string_equal(message.reply_to.text, "chat-7");
	assert_read(QUEUE_CHAT, JOB(",\"r\\u0065ply_to\":\"chat-7\""));
	assert_string_equal(message.reply_to.text, "chat-7");
}

static void inputs_are_an_object(void **state)
{
	static const char *const others[] = {"null", "[]", "\"{}\"", "1", "false"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char payload[256];

		snprintf(payload, sizeof(payload), JOB(",\"inputs\":%s"), others[i]);
		assert_refused(QUEUE_CHAT, payload, "`inputs` must be an object");
	}
	assert_read(QUEUE_CHAT, JOB(",\"inputs\":{}"));
	assert_int_not_equal(message.inputs, TAPE_NONE);
}

static void a_deadline_is_an_integer_of_64_bits(void **state)
{
	static const char *const others[] = {
		"-1", "9223372036854775808", "1.5", "\"5\"", "null", "1e19", "[5]"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char payload[256];

		snprintf(payload, sizeof(payload), JOB(",\"deadline_ms\":%s"), others[i]);
		assert_refused(QUEUE_CHAT, payload,
			"`deadline_ms` must be an integer from 0 to 2^63-1: Unix time in "
			"milliseconds");
	}
	assert_read(QUEUE_CHAT, JOB(",\"deadline_ms\":9223372036854775807"));
	assert_int_equal(message.deadline_ms, INT64_MAX);
	assert_read(QUEUE_CHAT, JOB(",\"deadline_ms\":1.795e12")); /* as some writers have it */
	assert_int_equal(message.deadline_ms, 1795000000000);
}

static void a_deadline_of_0_is_past_and_not_none(void **state)
{
	(void)state;
	assert_read(QUEUE_CHAT, JOB(",\"deadline_ms\":0"));
	assert_int_equal(message.deadline_ms, 1);
	assert_read(QUEUE_CHAT, JOB(",\"deadline_ms\":-0"));
	assert_int_equal(message.deadline_ms, 1);
}

static void a_traceparent_is_a_string_of_256_bytes_at_most(void **state)
{
	char payload[2048], text[258];

	(void)state;
	memset(text, '0', sizeof(text));
	snprintf(payload, sizeof(payload), JOB(",\"traceparent\":\"%.256s\""), text);
	assert_read(QUEUE_CHAT, payload);
	assert_int_equal(message.traceparent.len, 258);
	snprintf(payload, sizeof(payload), JOB(",\"traceparent\":\"%.257s\""), text);
	assert_refused(QUEUE_CHAT, payload, "`traceparent` must be a string of at most 256 bytes");
	assert_refused(QUEUE_CHAT, JOB(",\"traceparent\":null"),
		"`traceparent` must be a string of at most 256 bytes");
	assert_read(QUEUE_CHAT, JOB(",\"traceparent\":\"\""));
	assert_span(message.traceparent, "\"\"");
}

static void who_decided_is_a_string_without_control_characters(void **state)
{
	static const char sentence[] =
		"`by` must be a string of at most 256 bytes without control characters";
	static const char *const others[] = {
		"7", "null", "\"a\\nb\"", "\"\\u0000\"", "\"\x7f\"", "\"\\u0085\"", "\"\xc2\x9f\""};
	char payload[1024], text[258];

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(payload, sizeof(payload), DECISION(",\"by\":%s"), others[i]);
		assert_refused(QUEUE_DECISIONS, payload, sentence);
	}
	memset(text, 'u', sizeof(text));
	snprintf(payload, sizeof(payload), DECISION(",\"by\":\"%.257s\""), text);
	assert_refused(QUEUE_DECISIONS, payload, sentence);
	snprintf(payload, sizeof(payload), DECISION(",\"by\":\"%.256s\""), text);
	assert_read(QUEUE_DECISIONS, payload);
	assert_read(QUEUE_DECISIONS, DECISION(",\"by\":\"Zoë\u00a0 \u4e2d\""));
}

static void a_decision_is_one_of_two_words(void **state)
{
	static const char *const others[] = {"\"yes\"", "\"Approve\"", "\"\"", "true", "null"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char payload[256];

		snprintf(payload, sizeof(payload),
			"{\"v\":1,\"id\":\"d\",\"org\":\"o\",\"token\":\"t\",\"decision\":%s}",
			others[i]);
		assert_refused(
			QUEUE_DECISIONS, payload, "`decision` must be \"approve\" or \"decline\"");
	}
}

static void meta_has_4_kib_as_written(void **state)
{
	char payload[MAX_BYTES * 2], text[4096];

	(void)state;
	memset(text, 'm', sizeof(text));
	error_clear(&error);
	snprintf(payload, sizeof(payload), JOB(",\"meta\":\"%.4094s\""), text);
	assert_int_equal(message_read(&message, QUEUE_CHAT, payload, strlen(payload),
				 sizeof(payload), &error),
		0);
	assert_int_equal(message.meta.len, 4096);
	snprintf(payload, sizeof(payload), JOB(",\"meta\":\"%.4095s\""), text);
	assert_int_equal(message_read(&message, QUEUE_CHAT, payload, strlen(payload),
				 sizeof(payload), &error),
		-1);
	assert_string_equal(error.text, "`meta` has 4097 bytes, which is more than 4096");
	assert_int_equal(message.meta.len, 0);
}

static void an_unknown_member_is_quoted_as_written_and_cut(void **state)
{
	char payload[512], sentence[256], name[130];

	(void)state;
	assert_refused(QUEUE_CHAT, JOB(",\"in\\u0000\\nputs\":{}"),
		"a job has no member \"in\\u0000\\nputs\"");
	memset(name, 'x', sizeof(name));
	snprintf(payload, sizeof(payload), JOB(",\"%.100s\":1"), name);
	snprintf(sentence, sizeof(sentence), "a job has no member \"%.63s…", name);
	assert_refused(QUEUE_CHAT, payload, sentence);
	assert_refused(QUEUE_CHAT, JOB(",\"ID\":\"x\""), "a job has no member \"ID\"");
	assert_refused(QUEUE_CHAT, JOB(",\"\":1"), "a job has no member \"\"");
}

static void what_is_no_json_object_is_refused(void **state)
{
	(void)state;
	assert_refused(QUEUE_CHAT, "[]", "a job must be a JSON object");
	assert_refused(QUEUE_DECISIONS, "\"x\"", "a decision must be a JSON object");
	assert_refused(QUEUE_CHAT, "null", "a job must be a JSON object");
	assert_int_equal(read_text(QUEUE_CHAT, ""), -1);
	assert_int_equal(read_text(QUEUE_CHAT, "{'v':1}"), -1);
	assert_int_equal(read_text(QUEUE_CHAT, JOB("") " x"), -1);
	assert_int_equal(read_text(QUEUE_CHAT, JOB(",")), -1);
	assert_int_equal(read_text(QUEUE_CHAT, JOB(",\"id\":\"twice\"")), -1);
	assert_int_equal(read_text(QUEUE_CHAT, JOB(",\"meta\":1e999")), -1);
	assert_int_equal(read_text(QUEUE_CHAT, JOB(",\"meta\":\"\xff\"")), -1);
	assert_int_equal(read_text(QUEUE_CHAT, JOB(",\"meta\":\"\\ud800\"")), -1);
	assert_int_equal(error.code, ERROR_INVALID_JOB);
	assert_non_null(strstr(error.text, "cannot be read as JSON: "));
	assert_non_null(strstr(error.text, " at byte "));
}

/* A job whose inputs are nested so that the whole is `depth` deep. */
static void deep_job(char *payload, unsigned depth, const char *more)
{
	strcpy(payload, "{\"v\":1,\"id\":\"i1\",\"org\":\"acme\",\"integration\":\"n\",\"action\":"
			"\"a\",\"inputs\":{\"a\":");
	for (unsigned i = 2; i < depth; i++)
		strcat(payload, "[");
	for (unsigned i = 2; i < depth; i++)
		strcat(payload, "]");
	strcat(payload, "}");
	strcat(payload, more);
	strcat(payload, "}");
}

static void a_job_is_32_deep_at_most(void **state)
{
	char payload[MAX_BYTES];

	(void)state;
	deep_job(payload, 32, "");
	assert_read(QUEUE_CHAT, payload);
	deep_job(payload, 33, ",\"reply_to\":\"q\",\"meta\":[1]");
	assert_int_equal(read_text(QUEUE_CHAT, payload), -1);
	assert_non_null(strstr(error.text, "levels"));
	assert_string_equal(message.id.text, "i1");
	assert_string_equal(message.reply_to.text, "q");
	assert_span(message.meta, "[1]");
}

static void a_message_is_read_into_again_and_again(void **state)
{
	(void)state;
	assert_read(QUEUE_CHAT,
		JOB(",\"inputs\":{\"a\":1},\"reply_to\":\"q\",\"meta\":1,\"deadline_ms\":5"));
	assert_read(QUEUE_DECISIONS, DECISION(",\"by\":\"me\""));
	assert_string_equal(message.action.text, "");
	assert_string_equal(message.reply_to.text, "");
	assert_int_equal(message.meta.len, 0);
	assert_read(QUEUE_WORKFLOW, JOB(""));
	assert_int_equal(message.decision, DECISION_NONE);
	assert_int_equal(message.by.len, 0);
	assert_int_equal(message.inputs, TAPE_NONE);
	assert_int_equal(message.deadline_ms, 0);
	message_clear(&message);
	assert_string_equal(message.id.text, "");
	assert_string_equal(message.digest, "");
	assert_read(QUEUE_CHAT, JOB(",\"inputs\":{\"a\":1}"));
	assert_int_not_equal(message.inputs, TAPE_NONE);
}

static void a_cleared_message_gives_large_memory_back(void **state)
{
	struct buf payload;

	(void)state;
	buf_init(&payload, SIZE_MAX);
	buf_add_string(&payload, "{\"v\":1,\"id\":\"i\",\"org\":\"o\",\"integration\":\"n\","
				 "\"action\":\"a\",\"inputs\":{\"list\":[0");
	for (int i = 0; i < 200000; i++)
		buf_add_string(&payload, ",0");
	buf_add_string(&payload, "]}}");
	assert_int_equal(
		message_read(&message, QUEUE_CHAT, payload.data, payload.len, payload.len, &error),
		0);
	assert_true(message.tape.capacity > 200000);
	assert_true(message.scratch.capacity > 200000);
	message_clear(&message);
	assert_true(message.tape.capacity < 10000);
	assert_true(message.scratch.capacity < 100000);
	buf_release(&payload);
}

static void queues_have_names(void **state)
{
	(void)state;
	assert_string_equal(queue_name(QUEUE_DECISIONS), "decisions");
	assert_string_equal(queue_name(QUEUE_CHAT), "chat");
	assert_string_equal(queue_name(QUEUE_WORKFLOW), "workflow");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_is_read_in_place),
		TEST(five_members_are_enough_for_a_job),
		TEST(a_decision_is_read_in_place),
		TEST(the_queue_says_what_a_message_is),
		TEST(each_required_member_is_asked_for_by_name),
		TEST(the_version_is_the_integer_1_as_written),
		TEST(a_name_that_is_none_is_refused_in_every_place),
		TEST(a_name_has_up_to_128_characters_however_written),
		TEST(inputs_are_an_object),
		TEST(a_deadline_is_an_integer_of_64_bits),
		TEST(a_deadline_of_0_is_past_and_not_none),
		TEST(a_traceparent_is_a_string_of_256_bytes_at_most),
		TEST(who_decided_is_a_string_without_control_characters),
		TEST(a_decision_is_one_of_two_words),
		TEST(meta_has_4_kib_as_written),
		TEST(an_unknown_member_is_quoted_as_written_and_cut),
		TEST(what_is_no_json_object_is_refused),
		TEST(a_job_is_32_deep_at_most),
		TEST(a_message_is_read_into_again_and_again),
		TEST(a_cleared_message_gives_large_memory_back),
		TEST(queues_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
