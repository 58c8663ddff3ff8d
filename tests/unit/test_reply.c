/* SPDX-License-Identifier: MIT */
/* Replies: their members, and the order in which scripts and consumers find them. */
#include <stdio.h>

#include "unit.h"
#include "tape.h"

#include "bellhop/wire.h"

static void assert_written(const struct reply *reply, const char *expected)
{
	struct json_tape tape;
	struct buf out;

	buf_init(&out, 65536);
	reply_write(reply, &out);
	assert_string_equal(out.data, expected);
	tape = tape_of(out.data);
	json_tape_release(&tape);
	buf_release(&out);
}

static void a_success_is_written_as_the_contract_shows_it(void **state)
{
	const struct reply reply = {
		.status = REPLY_SUCCEEDED,
		.sent = SENT_YES,
		.digest = "9Jd",
		.id = "3f0c",
		.org = "acme",
		.integration = "tickets",
		.action = "create",
		.output = span_of("{\"ticket\":4711}"),
		.http_status = 201,
		.attempts = 1,
		.duration_ms = 84,
		.definition_version = 7,
		.traceparent = span_of("\"00-\""),
		.meta = span_of("{\"conversation\": \"c1\"}"),
	};

	(void)state;
	assert_written(&reply, "{\"v\":1,\"status\":\"succeeded\",\"sent\":\"yes\",\"digest\":"
			       "\"9Jd\",\"id\":\"3f0c\","
			       "\"org\":\"acme\",\"integration\":\"tickets\",\"action\":\"create\","
			       "\"output\":{\"ticket\":4711},\"http\":{\"status\":201,\"attempts\":"
			       "1,\"duration_ms\":84},"
			       "\"definition_version\":7,\"traceparent\":\"00-\",\"meta\":{"
			       "\"conversation\": \"c1\"}}");
}

static void a_failure_says_what_and_how_to_go_on(void **state)
{
	const struct error error = {
		.code = ERROR_RATE_LIMITED,
		.text = "over \"10\" calls\nin 60 s",
	};
	struct reply reply = {
		.status = REPLY_FAILED,
		.sent = SENT_NO,
		.digest = "d",
		.id = "i",
		.org = "o",
		.integration = "n",
		.action = "a",
		.error = &error,
		.retryable = true,
		.retry_after_ms = 41000,
		.details = span_of("{\"limit\":10}"),
	};

	(void)state;
	assert_written(&reply,
		"{\"v\":1,\"status\":\"failed\",\"sent\":\"no\",\"digest\":\"d\",\"id\":\"i\","
		"\"org\":\"o\","
		"\"integration\":\"n\",\"action\":\"a\",\"error\":{\"code\":\"rate_limited\","
		"\"message\":\"over \\\"10\\\" calls\\nin 60 s\",\"retryable\":true,"
		"\"retry_after_ms\":41000,\"details\":{\"limit\":10}}}");
	reply.retryable = false;
	reply.retry_after_ms = -1;
	reply.details = (struct span){0};
	assert_written(&reply,
		"{\"v\":1,\"status\":\"failed\",\"sent\":\"no\",\"digest\":\"d\",\"id\":\"i\","
		"\"org\":\"o\","
		"\"integration\":\"n\",\"action\":\"a\",\"error\":{\"code\":\"rate_limited\","
		"\"message\":\"over \\\"10\\\" calls\\nin 60 s\",\"retryable\":false}}");
}

static void what_is_not_known_is_left_out(void **state)
{
	const struct error error = {.code = ERROR_INVALID_JOB, .text = "no"};
	const struct reply reply = {
		.status = REPLY_FAILED,
		.sent = SENT_NO,
		.id = "",
		.error = &error,
		.retry_after_ms = -1,
	};

	(void)state;
	assert_written(&reply,
		"{\"v\":1,\"status\":\"failed\",\"sent\":\"no\",\"digest\":\"\",\"error\":"
		"{\"code\":\"invalid_job\",\"message\":\"no\",\"retryable\":false}}");
}

static void an_attempt_without_an_answer_has_no_status(void **state)
{
	const struct error error = {.code = ERROR_TIMEOUT, .text = "late"};
	const struct reply reply = {
		.status = REPLY_FAILED,
		.sent = SENT_MAYBE,
		.digest = "d",
		.error = &error,
		.retryable = true,
		.retry_after_ms = -1,
		.attempts = 3,
		.duration_ms = 30000,
	};

	(void)state;
	assert_written(&reply,
		"{\"v\":1,\"status\":\"failed\",\"sent\":\"maybe\",\"digest\":\"d\",\"error\":"
		"{\"code\":\"timeout\",\"message\":\"late\",\"retryable\":true},"
		"\"http\":{\"attempts\":3,\"duration_ms\":30000}}");
}

static void a_question_carries_its_confirmation(void **state)
{
	const struct reply reply = {
		.status = REPLY_PENDING,
		.sent = SENT_NO,
		.digest = "d",
		.id = "i",
		.org = "o",
		.output = span_of("1"),
		.confirmation = span_of("{\"token\":\"t\"}"),
		.definition_version = 7,
	};

	(void)state;
	assert_written(&reply,
		"{\"v\":1,\"status\":\"confirmation_pending\",\"sent\":\"no\",\"digest\":\"d\","
		"\"id\":\"i\","
		"\"org\":\"o\",\"confirmation\":{\"token\":\"t\"},\"definition_version\":7}");
}

static void a_decided_job_is_named(void **state)
{
	struct reply reply = {
		.status = REPLY_DECLINED,
		.sent = SENT_NO,
		.digest = "d",
		.id = "d1",
		.org = "o",
		.confirms = "i1",
		.output = span_of("1"),
	};

	(void)state;
	assert_written(&reply, "{\"v\":1,\"status\":\"declined\",\"sent\":\"no\",\"digest\":\"d\","
			       "\"id\":\"d1\",\"org\":\"o\",\"confirms\":\"i1\"}");
	reply.status = REPLY_SUCCEEDED;
	reply.sent = SENT_YES;
	assert_written(&reply,
		"{\"v\":1,\"status\":\"succeeded\",\"sent\":\"yes\",\"digest\":\"d\","
		"\"id\":\"d1\",\"org\":\"o\",\"confirms\":\"i1\",\"output\":1}");
}

static void every_code_makes_a_reply(void **state)
{
	(void)state;
	for (int code = ERROR_NONE + 1; code < ERROR_CODE_COUNT; code++) {
		const struct error error = {.code = (enum error_code)code, .text = "x"};
		const struct error_info *info = error_info(error.code);
		const struct reply reply = {
			.status = REPLY_FAILED,
			.sent = info->sent,
			.digest = "d",
			.error = &error,
			.retryable = info->retryable,
			.retry_after_ms = -1,
		};
		char expected[256];

		snprintf(expected, sizeof(expected),
			"{\"v\":1,\"status\":\"failed\",\"sent\":\"%s\",\"digest\":\"d\",\"error\":"
			"{\"code\":\"%s\",\"message\":\"x\",\"retryable\":%s}}",
			sent_name(info->sent), info->name, info->retryable ? "true" : "false");
		assert_written(&reply, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_success_is_written_as_the_contract_shows_it),
		cmocka_unit_test(a_failure_says_what_and_how_to_go_on),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(an_attempt_without_an_answer_has_no_status),
		cmocka_unit_test(a_question_carries_its_confirmation),
		cmocka_unit_test(a_decided_job_is_named),
		cmocka_unit_test(every_code_makes_a_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
