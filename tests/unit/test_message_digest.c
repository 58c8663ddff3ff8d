/* SPDX-License-Identifier: MIT */
/* The digest tells the same content from other content. */
#include "message.h"

static const char *digest_of(enum queue queue, const char *payload)
{
	static char digests[8][WIRE_DIGEST_BYTES];
	static unsigned next;
	char *digest = digests[next++ % 8];

	(void)read_text(queue, payload); /* an invalid one has a digest too */
	memcpy(digest, message.digest, WIRE_DIGEST_BYTES);
	return digest;
}

static void the_same_content_has_the_same_digest(void **state)
{
	const char *digest = digest_of(QUEUE_CHAT, JOB(",\"inputs\":{\"a\":1,\"b\":[\"x\",2.50]}"));

	(void)state;
	assert_string_equal(
		digest, digest_of(QUEUE_CHAT, JOB(",\"inputs\": {\"b\" : [\"\\u0078\", 25e-1],"
						  "\"\\u0061\": 1.0 }")));
	assert_string_equal(
		digest, digest_of(QUEUE_CHAT, "{\"action\":\"create\",\"inputs\":{\"a\":1,\"b\":["
					      "\"x\",2.5]},\"reply_to\":\"other\","
					      "\"meta\":1,\"traceparent\":\"t\",\"deadline_ms\":9,"
					      "\"integration\":\"tickets\","
					      "\"org\":\"other\",\"id\":\"other\",\"v\":1}"));
	assert_string_equal(
		digest_of(QUEUE_CHAT, JOB("")), digest_of(QUEUE_CHAT, JOB(",\"inputs\":{}")));
}

static void other_content_has_another_digest(void **state)
{
	static const char *const payloads[] = {
		JOB(""),
		JOB(",\"inputs\":{\"a\":1}"),
		JOB(",\"inputs\":{\"a\":\"1\"}"),
		JOB(",\"inputs\":{\"a\":null}"),
		JOB(",\"inputs\":{\"a\":[1]}"),
		JOB(",\"inputs\":{\"a\":18446744073709551616}"),
		JOB(",\"inputs\":{\"a\":18446744073709551617}"),
		"{\"v\":1,\"id\":\"i\",\"org\":\"o\",\"integration\":\"ticketscreate\",\"action\":"
		"\"x\"}",
		"{\"v\":1,\"id\":\"i\",\"org\":\"o\",\"integration\":\"tickets\",\"action\":"
		"\"createx\"}",
		"{\"v\":1,\"id\":\"i\",\"org\":\"o\",\"integration\":\"tickets.create\",\"action\":"
		"\"create\"}",
	};
	char digests[10][WIRE_DIGEST_BYTES];

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		memcpy(digests[i], digest_of(QUEUE_CHAT, payloads[i]), WIRE_DIGEST_BYTES);
		assert_int_equal(error.code, ERROR_NONE);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(digests[i], digests[j]);
	}
	assert_string_not_equal(digest_of(QUEUE_CHAT, JOB("")), digest_of(QUEUE_WORKFLOW, JOB("")));
}

static void a_decision_is_who_decides_what(void **state)
{
	const char *digest = digest_of(QUEUE_DECISIONS, DECISION(",\"by\":\"me\""));

	(void)state;
	assert_string_equal(
		digest, digest_of(QUEUE_DECISIONS, DECISION(",\"by\":\"m\\u0065\",\"meta\":2")));
	assert_string_not_equal(digest, digest_of(QUEUE_DECISIONS, DECISION(",\"by\":\"you\"")));
	assert_string_not_equal(digest, digest_of(QUEUE_DECISIONS, DECISION("")));
	assert_string_not_equal(
		digest, digest_of(QUEUE_DECISIONS,
				"{\"v\":1,\"id\":\"d1\",\"org\":\"acme\",\"token\":\"t0\","
				"\"decision\":\"decline\",\"by\":\"me\"}"));
	assert_string_not_equal(
		digest, digest_of(QUEUE_DECISIONS,
				"{\"v\":1,\"id\":\"d1\",\"org\":\"acme\",\"token\":\"t1\","
				"\"decision\":\"approve\",\"by\":\"me\"}"));
}

static void a_digest_never_changes_between_versions(void **state)
{
	(void)state;
	/* Results in Redis outlive the worker that wrote them. Made with Python's hashlib.blake2b, 24 bytes. */
	assert_string_equal(digest_of(QUEUE_CHAT, JOB("")), "A2mrRZgft7lsZHF4gUHNG2XcFmVQqJeF");
	assert_string_equal(digest_of(QUEUE_DECISIONS, DECISION(",\"by\":\"me\"")),
		"qcKROoOh74S8T-_KNQsFrCx_XcGgWc95");
	assert_string_equal(digest_of(QUEUE_CHAT, "no job"), "hAfA8WoyGhiu0gI9LkdzfGfl4s5UNWfp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_content_has_the_same_digest),
		TEST(other_content_has_another_digest),
		TEST(a_decision_is_who_decides_what),
		TEST(a_digest_never_changes_between_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
