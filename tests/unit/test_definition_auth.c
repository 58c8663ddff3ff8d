/* SPDX-License-Identifier: MIT */
/* Tests of what `auth` of a service account may say. */
#include "definition.h"

/* The whole of what is said of one that is refused. */
static void say(const char *text, const char *line)
{
	struct problems problems;
	struct buf shown;

	problems_init(&problems);
	buf_init(&shown, 10000);
	assert_null(definition_try(text, &definition_rules, &problems));
	problems_show(&problems, &shown);
	assert_string_equal(shown.data, line);
	problems_release(&problems);
	buf_release(&shown);
}

#define WITH_AUTH(members)                                                                \
	"{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": {\"method\": "  \
	"\"service_account\", " members "}, \"actions\": {\"do\": {\"method\": \"GET\", " \
	"\"path\": \"/a\"}}}"

static void a_service_account_names_what_its_token_is_for(void **state)
{
	struct definition *definition;

	(void)state;
	definition = definition_of(
		WITH_AUTH("\"scope\": \"a:b c\", \"audience\": \"https://b.example\", "
			  "\"subject\": \"anna@a.example\", \"client_auth\": \"body\""));
	assert_int_equal(definition->auth, AUTH_SERVICE_ACCOUNT);
	assert_string_equal(definition->auth_scope, "a:b c");
	assert_string_equal(definition->auth_audience, "https://b.example");
	assert_string_equal(definition->auth_subject, "anna@a.example");
	assert_true(definition->auth_client_in_body);
	definition_free(definition);
	say(WITH_AUTH("\"scope\": \"\""),
		"auth.scope: is empty: leave it out where none is needed");
	say(WITH_AUTH("\"scope\": \"a  b\""),
		"auth.scope: must be words of ASCII without quotes and backslashes, with one space "
		"between two");
	say(WITH_AUTH("\"scope\": \"\\u00e9\""),
		"auth.scope: must be words of ASCII without quotes and backslashes, with one space "
		"between two");
	say(WITH_AUTH("\"audience\": \"a\\nb\""), "auth.audience: holds a control character");
	say(WITH_AUTH("\"subject\": 1"), "auth.subject: must be a string, not a number");
	say(WITH_AUTH("\"client_auth\": \"basic\""),
		"auth.client_auth: must be \"body\": without it the client's id and secret go into "
		"HTTP Basic");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_account_names_what_its_token_is_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
