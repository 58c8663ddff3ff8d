/* SPDX-License-Identifier: MIT */
/* Tests of service_account: what a credential says, and what is said of one that is none. */
#include "unit.h"

#include <stdio.h>

#include "bellhop/bug.h"
#include "bellhop/service_account.h"

#define PEM "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n"
#define URI "\"token_uri\": \"https://Auth.Example/oauth/token/\""

static char memory[100000];

static int read_text(struct service_account *account, const char *text, struct error *error)
{
	memset(memory, 'x', sizeof(memory));
	return service_account_read(account, span_of(text), memory, strlen(text) + 1, error);
}

static void say(const char *text, const char *expected)
{
	struct service_account account;
	struct error error = {0};

	assert_int_equal(read_text(&account, text, &error), -1);
	assert_int_equal(error.code, ERROR_SECRET_UNREADABLE);
	assert_string_equal(error.text, expected);
}

static void a_key_file_is_read_whatever_else_is_in_it(void **state)
{
	struct service_account account;
	struct error error = {0};

	(void)state;
	assert_int_equal(read_text(&account,
				 "{\"type\": \"service_account\", \"client_id\": \"1\", "
				 "\"universe\": {\"domain\": [1, null]}, \"private_key_id\": "
				 "\"k\\u00e91\", \"private_key\": \"" PEM
				 "\", \"client_email\": \"a@b.example\", " URI "}",
				 &error),
		0);
	assert_true(account.has_key);
	assert_true(span_is(account.client, "a@b.example"));
	assert_true(span_is(account.key_id, "k\u00e91"));
	assert_true(span_is(
		account.secret, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
	assert_true(span_is(account.token_uri, "https://Auth.Example/oauth/token/"));
	assert_string_equal(account.endpoint.origin, "https://auth.example");
	service_account_release(&account);
}

static void a_client_s_credentials_are_read(void **state)
{
	struct service_account account;
	struct error error = {0};

	(void)state;
	assert_int_equal(
		read_text(&account,
			"{\"client_id\": \"\\\"a\\\"\", \"client_secret\": \"b c\", " URI "}",
			&error),
		0);
	assert_false(account.has_key);
	assert_true(span_is(account.client, "\"a\""));
	assert_true(span_is(account.secret, "b c"));
	assert_int_equal(account.key_id.len, 0);
	service_account_release(&account);
}

static void what_is_wrong_is_said_without_a_word_of_it(void **state)
{
	(void)state;
	say("", "it is not JSON (no value)");
	say("[]", "it is not a JSON object");
	say("{\"client_id\": \"a\", " URI "}",
		"it is neither a key file (client_email, private_key, token_uri) nor a client's "
		"credentials (client_id, client_secret, token_uri)");
	say("{\"private_key\": \"" PEM "\", " URI "}", "it has no client_email");
	say("{\"client_secret\": \"a\", " URI "}", "it has no client_id");
	say("{\"client_id\": \"a\", \"client_secret\": \"b\"}", "it has no token_uri");
	say("{\"client_id\": \"a\", \"client_secret\": null, " URI "}",
		"its client_secret is not a string");
	say("{\"client_id\": \"a\\u0000\", \"client_secret\": \"b\", " URI "}",
		"its client_id holds a control character");
	say("{\"client_email\": \"a\", \"private_key\": \"b\", " URI "}",
		"its private_key is not PEM (-----BEGIN PRIVATE KEY-----)");
	say("{\"client_email\": \"a\", \"private_key_id\": \"\", \"private_key\": \"" PEM "\", " URI
	    "}",
		"its private_key_id is empty");
}

static void judge(const char *uri, const char *expected)
{
	struct error error = {0};
	bool redactable = true;
	char text[500];

	snprintf(text, sizeof(text),
		"{\"client_id\": \"a\", \"client_secret\": \"b\", \"token_uri\": \"%s\"}", uri);
	assert_int_equal(service_account_check(span_of(text), false, NULL, &redactable, &error),
		expected ? -1 : 0);
	assert_int_equal(redactable, expected != NULL);
	if (expected != NULL)
		assert_string_equal(error.text, expected);
}

static void a_token_uri_is_under_the_rules_of_a_base_url(void **state)
{
	(void)state;
	judge("https://auth.example", NULL);
	judge("https://auth.example/t?a=b", "its token_uri has a query");
	judge("https://auth.example/a/../t", "its token_uri has a . or .. segment in its path");
	judge("http://auth.example/t",
		"its token_uri would send it in clear: use https://, or ask the operator to allow "
		"http://auth.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_file_is_read_whatever_else_is_in_it),
		cmocka_unit_test(a_client_s_credentials_are_read),
		cmocka_unit_test(what_is_wrong_is_said_without_a_word_of_it),
		cmocka_unit_test(a_token_uri_is_under_the_rules_of_a_base_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
