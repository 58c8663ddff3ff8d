/* SPDX-License-Identifier: MIT */
/* What a job carries of its attempts is read as it was written, and nothing else is taken for it. */
#include "unit.h"

#include <stdio.h>

#include "attempts.h"

static void fill(struct attempts *attempts, const char *text, size_t details)
{
	attempts_init(attempts);
	attempts->tries = 2;
	attempts->calls = 1;
	attempts->sent = SENT_YES;
	attempts->retryable = true;
	attempts->retry_after_ms = 60000;
	attempts->http_status = 503;
	attempts->duration_ms = 84;
	attempts->begun_at_ms = 1795000000000;
	snprintf(attempts->version, sizeof(attempts->version), "%s", "9223372036854775807");
	error_set(&attempts->error, ERROR_UPSTREAM_STATUS, "%s", text);
	for (size_t i = 0; i < details; i++)
		buf_add_char(&attempts->details, (char)i);
}

static void assert_same(const struct attempts *one, const struct attempts *other)
{
	assert_int_equal(one->tries, other->tries);
	assert_int_equal(one->calls, other->calls);
	assert_int_equal(one->sent, other->sent);
	assert_int_equal(one->retryable, other->retryable);
	assert_int_equal(one->retry_after_ms, other->retry_after_ms);
	assert_int_equal(one->http_status, other->http_status);
	assert_int_equal(one->duration_ms, other->duration_ms);
	assert_int_equal(one->begun_at_ms, other->begun_at_ms);
	assert_string_equal(one->version, other->version);
	assert_int_equal(one->error.code, other->error.code);
	assert_string_equal(one->error.text, other->error.text);
	assert_int_equal(one->details.len, other->details.len);
	assert_memory_equal(one->details.data, other->details.data, one->details.len);
}

static void assert_word(const struct buf *word)
{
	for (size_t i = 0; i < word->len; i++)
		assert_true(word->data[i] > ' ' && word->data[i] < 0x7f);
	assert_int_equal(strlen(word->data), word->len);
}

static void round_trip(const struct attempts *attempts)
{
	struct attempts read;
	struct buf word;

	buf_init(&word, 1024 * 1024);
	attempts_write(attempts, &word);
	assert_word(&word);
	attempts_init(&read);
	attempts_read(&read, word.data);
	assert_same(attempts, &read);
	attempts_release(&read);
	buf_release(&word);
}

static void none_are_a_dash(void **state)
{
	struct attempts attempts;
	struct buf word;

	(void)state;
	fill(&attempts, "x", 3);
	attempts_clear(&attempts);
	assert_int_equal(attempts.tries, 0);
	assert_int_equal(attempts.retry_after_ms, -1);
	buf_init(&word, 16);
	attempts_write(&attempts, &word);
	assert_string_equal(word.data, "-");
	round_trip(&attempts);
	attempts_release(&attempts);
	buf_release(&word);
}

static void what_was_written_is_read(void **state)
{
	static const size_t details[] = {0, 1, 2, 3, 1000, 64 * 1024};
	char text[ERROR_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		struct attempts attempts;

		memset(text, 'a' + (int)i, sizeof(text) - 1);
		text[sizeof(text) - 1 - i] = '\0';
		fill(&attempts, text, details[i]);
		round_trip(&attempts);
		attempts_release(&attempts);
	}
}

static void any_text_and_any_code_is_one_word(void **state)
{
	(void)state;
	for (int code = ERROR_NONE + 1; code < ERROR_CODE_COUNT; code++) {
		struct attempts attempts;

		fill(&attempts, "", 0);
		error_clear(&attempts.error);
		error_set(&attempts.error, (enum error_code)code, "%s",
			"a, b - \"c\"\n\t%s \xc3\xa9: d");
		attempts.sent = SENT_NO;
		attempts.retryable = false;
		attempts.retry_after_ms = -1;
		attempts.http_status = 0;
		attempts.begun_at_ms = 0;
		attempts.version[0] = '\0';
		round_trip(&attempts);
		attempts_release(&attempts);
	}
}

/* Nothing of it is known: something may have been sent, and no attempt follows. */
static void assert_unreadable(struct attempts *attempts, const char *word)
{
	attempts_read(attempts, word);
	if (attempts->tries < 3 || attempts->sent != SENT_MAYBE || attempts->retryable ||
		attempts->error.code != ERROR_INTERNAL || attempts->details.len != 0 ||
		attempts->calls != 0 || strcmp(attempts->version, "-") != 0)
		fail_msg("%s was read", word);
}

static void a_word_that_is_cut_is_none(void **state)
{
	struct attempts attempts, read;
	struct buf word;

	(void)state;
	fill(&attempts, "The upstream answered.", 2);
	buf_init(&word, 4096);
	attempts_write(&attempts, &word);
	attempts_init(&read);
	for (size_t len = 0; len < word.len; len++) {
		char *cut = strndup(word.data, len);

		assert_unreadable(&read, cut);
		free(cut);
	}
	attempts_read(&read, word.data);
	assert_same(&attempts, &read);
	attempts_release(&attempts);
	attempts_release(&read);
	buf_release(&word);
}

static void garbage_is_not_read(void **state)
{
	static const char *const words[] = {"", "--", "-,", ",", ",,,,,,,,,,,", "0", "9999999999",
		"1,1,2,1,-1,503,1,1,7,nothing_known,YQ,YQ,.", "1,1,2,1,-1,503,1,1,7,none,YQ,YQ,.",
		"0,1,2,1,-1,503,1,1,7,timeout,YQ,YQ,.", "-1,1,2,1,-1,503,1,1,7,timeout,YQ,YQ,.",
		"2147483648,1,2,1,-1,503,1,1,7,timeout,YQ,YQ,.",
		"1,1,3,1,-1,503,1,1,7,timeout,YQ,YQ,.", "1,1,2,2,-1,503,1,1,7,timeout,YQ,YQ,.",
		"1,1,2,1,-2,503,1,1,7,timeout,YQ,YQ,.", "1,1,2,1,-1,-1,1,1,7,timeout,YQ,YQ,.",
		"1,1,2,1,-1,503,1,99999999999999999999,7,timeout,YQ,YQ,.",
		"1,1,2,1,-1,503,1,1,123456789012345678901234,timeout,YQ,YQ,.",
		"1,1,2,1,-1,503,1,1,7,timeout,YQ==,YQ,.", "1,1,2,1,-1,503,1,1,7,timeout,YQ,Y,.",
		"1,1,2,1,-1,503,1,1,7,timeout,YQ,%%,.", "1,1,2,1,-1,503,1,1,7,timeout,YQ,YQ",
		"1,1,2,1,-1,503,1,1,7,timeout,YQ,YQ,.,", "1x,1,2,1,-1,503,1,1,7,timeout,YQ,YQ,.",
		",1,2,1,-1,503,1,1,7,timeout,YQ,YQ,."};
	struct attempts read;

	(void)state;
	attempts_init(&read);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		/* What was read before leaves nothing. */
		attempts_read(&read, "1,1,2,1,-1,503,1,1,7,timeout,YQ,YQ,.");
		assert_int_equal(read.error.code, ERROR_TIMEOUT);
		assert_unreadable(&read, words[i]);
	}
	attempts_read(&read, "-");
	assert_int_equal(read.tries, 0);
	assert_int_equal(read.error.code, ERROR_NONE);
	attempts_release(&read);
}

static void what_is_too_long_is_not_read(void **state)
{
	static const char head[] = "1,1,2,1,-1,503,1,1,7,timeout,YQ,";
	static const size_t lengths[] = {88 * 1024, 128 * 1024, 1024 * 1024};
	struct attempts read;

	(void)state;
	attempts_init(&read);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char *word = malloc(sizeof(head) + lengths[i] + 2);

		memcpy(word, head, sizeof(head) - 1);
		memset(word + sizeof(head) - 1, 'A', lengths[i]);
		memcpy(word + sizeof(head) - 1 + lengths[i], ",.", 3);
		assert_unreadable(&read, word);
		free(word);
	}
	attempts_release(&read);
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
	static const struct CMUnitTest tests[] = {
		T(none_are_a_dash),
		T(what_was_written_is_read),
		T(any_text_and_any_code_is_one_word),
		T(a_word_that_is_cut_is_none),
		T(garbage_is_not_read),
		T(what_is_too_long_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
