/* SPDX-License-Identifier: MIT */
/* Definitions: what a good one becomes, and what is said of a bad one. */
#include "definition.h"

#include "bellhop/bug.h"

/* The whole of what is said, errors and warnings. */
static void say(const char *text, const char *lines)
{
	struct problems problems;
	struct definition *definition;
	struct buf shown;

	problems_init(&problems);
	buf_init(&shown, 1000000);
	definition = definition_try(text, &definition_rules, &problems);
	problems_show(&problems, &shown);
	assert_string_equal(shown.data, lines);
	assert_int_equal(definition == NULL, problems.errors > 0);
	definition_free(definition);
	problems_release(&problems);
	buf_release(&shown);
}

#define ACTION(action) DEFINITION_AROUND("", action)
/* The start of a GET and of a POST of /x, to which members are added. */
#define GET  "\"method\": \"GET\", \"path\": \"/x\""
#define POST "\"method\": \"POST\", \"path\": \"/x\""

/* The contract's example, section 4. */
static const char tickets[] =
	"{\"name\": \"tickets\", \"title\": \"Ticket desk\", \"description\": \"…\", "
	"\"base_url\": \"https://api.acme.com/v1\", \"auth\": {\"method\": \"bearer\"}, "
	"\"headers\": {\"Accept-Language\": \"en\"}, \"actions\": {\"create\": {"
	"\"title\": \"Create a ticket\", \"description\": \"Opens a ticket in the desk's inbox.\", "
	"\"method\": \"POST\", \"path\": \"/desks/{{desk}}/tickets\", \"query\": {\"notify\": "
	"\"{{notify}}\"}, \"headers\": {}, \"body\": {\"subject\": \"{{subject}}\", \"priority\": "
	"\"{{priority}}\", \"note\": \"from chat: {{subject}}\"}, \"content_type\": "
	"\"application/json\", \"inputs\": {\"type\": \"object\", \"required\": [\"desk\", "
	"\"subject\"], \"properties\": {\"desk\": {\"type\": \"string\"}, \"subject\": {\"type\": "
	"\"string\", \"maxLength\": 200, \"description\": \"One line\"}, \"priority\": {\"type\": "
	"\"integer\", \"minimum\": 1, \"maximum\": 4, \"default\": 3}, \"notify\": {\"type\": "
	"\"boolean\"}}}, \"output\": {\"ticket\": \"$.id\", \"url\": \"$.links.self\", \"tags\": "
	"\"$.tags[*].name\"}, \"kind\": \"write\", \"requires_confirmation\": true, "
	"\"idempotency\": \"none\", \"timeout_ms\": 30000, \"rate_limit\": {\"calls\": 10, "
	"\"window_s\": 60}}}}";

static void the_contract_s_example_is_good(void **state)
{
	struct definition *definition = definition_of(tickets);
	const struct action *action = definition_action(definition, "create");

	(void)state;
	say(tickets, "");
	assert_string_equal(definition->name, "tickets");
	assert_string_equal(definition->title, "Ticket desk");
	assert_string_equal(definition->base.origin, "https://api.acme.com");
	assert_int_equal(definition->auth, AUTH_BEARER);
	assert_null(definition->auth_header);
	assert_non_null(action);
	assert_string_equal(action->title, "Create a ticket");
	assert_string_equal(action->method, "POST");
	assert_string_equal(action->content_type, "application/json");
	assert_true(action->write);
	assert_true(action->requires_confirmation);
	assert_int_equal(action->idempotency, IDEMPOTENCY_NONE);
	assert_non_null(action->output);
	assert_null(definition_action(definition, "Create"));
	definition_free(definition);
}

static void the_least_that_is_a_definition_has_defaults(void **state)
{
	struct definition *definition = definition_of(ACTION(GET));
	const struct action *action = definition_action(definition, "do");

	(void)state;
	say(ACTION(GET), "");
	assert_string_equal(definition->title, "desk");
	assert_string_equal(definition->description, "");
	assert_int_equal(definition->auth, AUTH_NONE);
	assert_string_equal(action->title, "do");
	assert_string_equal(action->description, "");
	assert_int_equal(action->timeout_ms, 30000);
	assert_int_equal(action->limit_calls, 10);
	assert_int_equal(action->limit_window_s, 60);
	assert_null(action->content_type);
	assert_int_equal(action->body.kind, BODY_NONE);
	assert_null(action->output);
	assert_null(action->idempotency_header);
	definition_free(definition);
}

static void what_is_required_is_missed(void **state)
{
	(void)state;
	say("{}", "name: is required\nbase_url: is required\nauth: is required\nactions: is "
		  "required");
	say(ACTION(""), "actions.do.method: is required\nactions.do.path: is required");
	say("[]", ": must be an object, not an array");
}

static void unknown_members_are_named(void **state)
{
	(void)state;
	say(DEFINITION_AROUND("\"colour\": 1, ", GET ", \"Method\": 1"),
		"colour: is not known here; known are name, title, description, base_url, auth, "
		"headers, actions\n"
		"actions.do.Method: is not known here; known are title, description, method, path, "
		"query, headers, body, content_type, inputs, output, kind, requires_confirmation, "
		"idempotency, idempotency_header, timeout_ms, rate_limit");
	say(ACTION(GET ", \"rate_limit\": {\"calls\": 1, \"window_s\": 60, \"burst\": 1}"),
		"actions.do.rate_limit.burst: is not known here; known are calls, window_s");
	say("{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": {\"method\": "
	    "\"none\", "
	    "\"realm\": 1}, \"actions\": {}}",
		"auth.realm: is not known here; known are method, header, scope, audience, "
		"subject, client_auth");
}

static void switches_are_not_part_of_a_definition(void **state)
{
	(void)state;
	say(DEFINITION_AROUND("\"enabled\": false, ", GET ", \"enabled\": true"),
		"enabled: is no part of a definition: use `bellhop enable` and `bellhop disable`; "
		"`put` keeps both\n"
		"actions.do.enabled: is no part of a definition: use `bellhop enable` and `bellhop "
		"disable`; `put` keeps both");
}

static void members_have_their_types(void **state)
{
	(void)state;
	say("{\"name\": 1, \"title\": 2, \"description\": [], \"base_url\": null, \"auth\": "
	    "\"none\", "
	    "\"headers\": [], \"actions\": []}",
		"name: must be a string, not a number\ntitle: must be a string, not a number\n"
		"description: must be a string, not an array\nbase_url: must be a string, not "
		"null\n"
		"auth: must be an object, not a string\nheaders: must be an object, not an array\n"
		"actions: must be an object, not an array");
	say(ACTION("\"method\": 1, \"path\": 2, \"title\": 1, \"description\": 1, \"query\": [], "
		   "\"headers\": 1, \"inputs\": [], \"kind\": 1, \"requires_confirmation\": "
		   "\"yes\", "
		   "\"idempotency\": 0, \"timeout_ms\": \"1\", \"rate_limit\": 1, "
		   "\"content_type\": 1"),
		"actions.do.title: must be a string, not a number\n"
		"actions.do.description: must be a string, not a number\n"
		"actions.do.method: must be one of GET, POST, PUT, PATCH, DELETE\n"
		"actions.do.kind: must be one of read, write\n"
		"actions.do.requires_confirmation: must be true or false\n"
		"actions.do.idempotency: must be one of safe, idempotent, key, none\n"
		"actions.do.timeout_ms: must be an integer from 1 to 120000\n"
		"actions.do.rate_limit: must be an object, not a number\n"
		"actions.do.path: must be a string, not a number\n"
		"actions.do.query: must be an object, not an array\n"
		"actions.do.headers: must be an object, not a number\n"
		"actions.do.content_type: must be a string, not a number\n"
		"actions.do.inputs: must be an object, not an array");
	say(DEFINITION_AROUND("\"title\": \"a\\u0000b\", ", GET), "title: may not hold U+0000");
}

static void names_are_names(void **state)
{
	(void)state;
	say("{\"name\": \"a b\", \"base_url\": \"https://a.example\", \"auth\": {\"method\": "
	    "\"none\"}, \"actions\": {\"-x\": {" GET "}, \"\": {" GET "}}}",
		"name: is no name: 1 to 128 of A-Z a-z 0-9 . _ -, the first one a letter or a "
		"digit\n"
		"actions.-x: is no name: 1 to 128 of A-Z a-z 0-9 . _ -, the first one a letter or "
		"a "
		"digit\n"
		"actions.\"\": is no name: 1 to 128 of A-Z a-z 0-9 . _ -, the first one a letter "
		"or a "
		"digit");
}

static void the_base_url_is_strict(void **state)
{
	(void)state;
	say("{\"name\": \"a\", \"base_url\": \"https://a.example/?x\", \"auth\": {\"method\": "
	    "\"none\"}, \"actions\": {}}",
		"base_url: has a query");
	say("{\"name\": \"a\", \"base_url\": \"https://a.example/v1/../x\", \"auth\": {\"method\": "
	    "\"bearer\"}, \"actions\": {}}",
		"base_url: has a . or .. segment in its path");
}

#define WITH_AUTH(url, auth)                                                               \
	"{\"name\": \"a\", \"base_url\": \"" url "\", \"auth\": {" auth "}, \"actions\": " \
	"{\"do\": {" GET "}}}"

static void auth_methods_are_read(void **state)
{
	static const struct {
		const char *text;
		enum auth_method auth;
		const char *fields[2];
		size_t count;
	} cases[] = {
		{WITH_AUTH("https://a.example", "\"method\": \"none\""), AUTH_NONE, {NULL}, 0},
		{WITH_AUTH("https://a.example", "\"method\": \"bearer\""), AUTH_BEARER, {"token"},
			1},
		{WITH_AUTH("https://a.example", "\"method\": \"basic\""), AUTH_BASIC,
			{"username", "password"}, 2},
		{WITH_AUTH("https://a.example", "\"method\": \"service_account\""),
			AUTH_SERVICE_ACCOUNT, {"credential"}, 1},
		{WITH_AUTH("https://a.example", "\"method\": \"api_key\", \"header\": \"X-Key\""),
			AUTH_API_KEY, {"key"}, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct definition *definition = definition_of(cases[i].text);
		size_t count;
		const char *const *fields = auth_fields(definition->auth, &count);

		assert_int_equal(definition->auth, cases[i].auth);
		assert_int_equal(count, cases[i].count);
		for (size_t j = 0; j < count; j++)
			assert_string_equal(fields[j], cases[i].fields[j]);
		assert_non_null(strstr(cases[i].text, auth_name(definition->auth)));
		if (definition->auth == AUTH_API_KEY)
			assert_string_equal(definition->auth_header, "X-Key");
		else
			assert_null(definition->auth_header);
		definition_free(definition);
	}
}

static void other_auth_is_refused(void **state)
{
	(void)state;
	say(WITH_AUTH("https://a.example", ""), "auth.method: is required");
	say(WITH_AUTH("https://a.example", "\"method\": \"oauth\""),
		"auth.method: must be one of bearer, api_key, basic, service_account, none");
	say(WITH_AUTH("https://a.example", "\"method\": 1"),
		"auth.method: must be a string, not a number");
	say(WITH_AUTH("https://a.example", "\"method\": \"bearer\", \"scope\": \"x\""),
		"auth.scope: is only for the method service_account");
	say(WITH_AUTH("https://a.example", "\"method\": \"none\", \"client_auth\": \"body\""),
		"auth.client_auth: is only for the method service_account");
	say(WITH_AUTH("https://a.example", "\"method\": \"api_key\""),
		"auth.header: is required: the name of the header that carries the key");
	say(WITH_AUTH("https://a.example", "\"method\": \"bearer\", \"header\": \"X\""),
		"auth.header: is only for the method api_key");
}

static void an_api_key_goes_into_a_header_of_its_own(void **state)
{
	static const char *const refused[] = {"Host", "content-length", "Transfer-Encoding",
		"Connection", "Cookie", "proxy-authorization", "Content-Type", "TE"};
	char text[500];

	(void)state;
	say(WITH_AUTH(
		    "https://a.example", "\"method\": \"api_key\", \"header\": \"Authorization\""),
		"");
	say(WITH_AUTH("https://a.example", "\"method\": \"api_key\", \"header\": \"X Key\""),
		"auth.header: is no header name");
	say(WITH_AUTH("https://a.example", "\"method\": \"api_key\", \"header\": \"\""),
		"auth.header: is no header name");
	say(WITH_AUTH(
		    "https://a.example", "\"method\": \"api_key\", \"header\": \"X-Key:\\r\\nA\""),
		"auth.header: is no header name");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		snprintf(text, sizeof(text),
			"{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
			"{\"method\": "
			"\"api_key\", \"header\": \"%s\"}, \"actions\": {}}",
			refused[i]);
		say(text, "auth.header: is a header that Bellhop sets itself");
	}
}

static void credentials_are_not_sent_in_clear_unless_the_operator_says_so(void **state)
{
	static char origin[] = "http://a.example:8080";
	static char *origins[] = {origin};
	static const struct origin_list list = {origins, 1};
	const struct definition_rules allowing = {10, 60, &list};
	struct problems problems;
	struct definition *definition;

	(void)state;
	say(WITH_AUTH("http://a.example:8080/v1", "\"method\": \"bearer\""),
		"base_url: sends the credential in clear: use https://, or ask the operator to "
		"allow "
		"http://a.example:8080");
	say(WITH_AUTH("http://a.example:8080/v1", "\"method\": \"none\""), "");
	problems_init(&problems);
	definition = definition_try(WITH_AUTH("http://a.example:8080/v1", "\"method\": \"bearer\""),
		&allowing, &problems);
	assert_non_null(definition);
	definition_free(definition);
	assert_null(definition_try(
		WITH_AUTH("http://a.example", "\"method\": \"basic\""), &allowing, &problems));
	problems_release(&problems);
}

static void expect(const char *text, bool write, bool confirmation, enum idempotency idempotency)
{
	struct definition *definition = definition_of(text);
	const struct action *action = &definition->actions[0];

	assert_int_equal(action->write, write);
	assert_int_equal(action->requires_confirmation, confirmation);
	assert_string_equal(idempotency_name(action->idempotency), idempotency_name(idempotency));
	definition_free(definition);
}

#define METHOD(method, more) ACTION("\"method\": \"" method "\", \"path\": \"/x\"" more)

static void kind_and_confirmation_and_idempotency_have_defaults(void **state)
{
	(void)state;
	expect(METHOD("GET", ""), false, false, IDEMPOTENCY_SAFE);
	expect(METHOD("POST", ""), true, true, IDEMPOTENCY_NONE);
	expect(METHOD("PATCH", ""), true, true, IDEMPOTENCY_NONE);
	expect(METHOD("PUT", ""), true, true, IDEMPOTENCY_IDEMPOTENT);
	expect(METHOD("DELETE", ""), true, true, IDEMPOTENCY_IDEMPOTENT);
	expect(METHOD("GET", ", \"kind\": \"write\""), true, true, IDEMPOTENCY_NONE);
	expect(METHOD("POST", ", \"kind\": \"read\""), false, false, IDEMPOTENCY_SAFE);
	expect(METHOD("POST", ", \"requires_confirmation\": false"), true, false, IDEMPOTENCY_NONE);
	expect(METHOD("GET", ", \"requires_confirmation\": true"), false, true, IDEMPOTENCY_SAFE);
	expect(METHOD("PUT", ", \"idempotency\": \"none\""), true, true, IDEMPOTENCY_NONE);
	expect(METHOD("POST", ", \"idempotency\": \"key\""), true, true, IDEMPOTENCY_KEY);
}

static void a_read_does_not_change_things(void **state)
{
	(void)state;
	say(METHOD("PUT", ", \"kind\": \"read\""), "actions.do.kind: is read, but PUT is a write");
	say(METHOD("PATCH", ", \"kind\": \"read\""),
		"actions.do.kind: is read, but PATCH is a write");
	say(METHOD("DELETE", ", \"kind\": \"read\""),
		"actions.do.kind: is read, but DELETE is a write");
	say(METHOD("POST", ", \"kind\": \"read\""), "warning: actions.do.kind: is read although "
						    "the method is POST: it is sent without a "
						    "confirmation, and may be sent twice");
	say(METHOD("post", ""), "actions.do.method: must be one of GET, POST, PUT, PATCH, DELETE");
}

static void the_idempotency_header_belongs_to_key(void **state)
{
	struct definition *definition = definition_of(METHOD("POST", ", \"idempotency\": \"key\""));

	(void)state;
	assert_string_equal(definition->actions[0].idempotency_header, "Idempotency-Key");
	definition_free(definition);
	definition = definition_of(METHOD(
		"POST", ", \"idempotency\": \"key\", \"idempotency_header\": \"X-Request-Id\""));
	assert_string_equal(definition->actions[0].idempotency_header, "X-Request-Id");
	definition_free(definition);
	say(METHOD("POST", ", \"idempotency_header\": \"X-Request-Id\""),
		"actions.do.idempotency_header: is only for idempotency `key`");
	say(METHOD("POST", ", \"idempotency\": \"key\", \"idempotency_header\": \"a b\""),
		"actions.do.idempotency_header: is no header name");
	say(METHOD("POST", ", \"idempotency\": \"key\", \"idempotency_header\": \"authorization\""),
		"actions.do.idempotency_header: is a header that Bellhop sets itself");
	say("{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": {\"method\": "
	    "\"api_key\", \"header\": \"Idempotency-Key\"}, \"actions\": {\"a\": {" POST
	    ", \"idempotency\": \"key\"}, \"b\": {" POST ", \"idempotency\": \"key\", "
	    "\"idempotency_header\": \"idempotency-key\"}}}",
		"actions.a.idempotency_header: is needed, for the header Idempotency-Key carries "
		"the "
		"credential\n"
		"actions.b.idempotency_header: is the header that carries the credential");
}

static void time_and_rate_have_limits(void **state)
{
	struct definition *definition = definition_of(ACTION(
		GET ", \"timeout_ms\": 120000, \"rate_limit\": {\"calls\": 1, \"window_s\": 61}"));

	(void)state;
	assert_int_equal(definition->actions[0].timeout_ms, 120000);
	assert_int_equal(definition->actions[0].limit_calls, 1);
	assert_int_equal(definition->actions[0].limit_window_s, 61);
	definition_free(definition);
	say(ACTION(GET ", \"timeout_ms\": 0"),
		"actions.do.timeout_ms: must be an integer from 1 to 120000");
	say(ACTION(GET ", \"timeout_ms\": 120001"),
		"actions.do.timeout_ms: must be an integer from 1 to 120000");
	say(ACTION(GET ", \"timeout_ms\": 1.5"),
		"actions.do.timeout_ms: must be an integer from 1 to 120000");
	say(ACTION(GET ", \"rate_limit\": {\"calls\": 11, \"window_s\": 59}"),
		"actions.do.rate_limit.calls: is more than the 10 that are allowed\n"
		"actions.do.rate_limit.window_s: is less than the 60 s that are the least allowed");
	say(ACTION(GET ", \"rate_limit\": {\"calls\": 0}"),
		"actions.do.rate_limit.window_s: is required\n"
		"actions.do.rate_limit.calls: must be an integer from 1 to 1000000000");
	say(ACTION(GET ", \"rate_limit\": {\"calls\": 5000000000, \"window_s\": -1}"),
		"actions.do.rate_limit.calls: must be an integer from 1 to 1000000000\n"
		"actions.do.rate_limit.window_s: must be an integer from 1 to 1000000000");
}

static void a_definition_has_at_most_256_actions(void **state)
{
	struct buf text;
	struct definition *definition;

	(void)state;
	buf_init(&text, 1000000);
	buf_add_string(&text, "{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
			      "{\"method\": \"none\"}, \"actions\": {\"a0\": {" GET "}");
	for (int i = 1; i < 256; i++)
		buf_printf(&text, ", \"a%d\": {" GET "}", i);
	buf_add_string(&text, "}}");
	definition = definition_of(text.data);
	assert_int_equal(definition->action_count, 256);
	assert_non_null(definition_action(definition, "a255"));
	definition_free(definition);
	buf_truncate(&text, text.len - 2);
	buf_add_string(&text, ", \"b\": {" GET "}}}");
	say(text.data, "actions: are 257; the most is 256");
	buf_release(&text);
}

static void a_definition_is_at_most_1_mib(void **state)
{
	static const char start[] =
		"{\"name\": \"a\", \"base_url\": \"https://a.example\", \"auth\": "
		"{\"method\": \"none\"}, \"actions\": {}, \"description\": \"";
	char *text = malloc(DEFINITION_MAX_BYTES + 2);

	(void)state;
	memset(text, 'x', DEFINITION_MAX_BYTES);
	memcpy(text, start, strlen(start));
	strcpy(text + DEFINITION_MAX_BYTES - 2, "\"}");
	say(text, "");
	strcpy(text + DEFINITION_MAX_BYTES - 1, "\"}");
	text[DEFINITION_MAX_BYTES - 2] = 'x';
	say(text, ": a definition is at most 1 MiB");
	free(text);
}

static void the_mapping_is_checked_too(void **state)
{
	struct problems problems;

	(void)state;
	problems_init(&problems);
	assert_null(definition_try(
		ACTION(GET ", \"output\": {\"a\": \"$.a[\"}"), &definition_rules, &problems));
	assert_int_equal(problems.errors, 1);
	assert_string_equal(problems.items[0].place, "actions.do.output.a");
	problems_release(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_contract_s_example_is_good),
		cmocka_unit_test(the_least_that_is_a_definition_has_defaults),
		cmocka_unit_test(what_is_required_is_missed),
		cmocka_unit_test(unknown_members_are_named),
		cmocka_unit_test(switches_are_not_part_of_a_definition),
		cmocka_unit_test(members_have_their_types),
		cmocka_unit_test(names_are_names),
		cmocka_unit_test(the_base_url_is_strict),
		cmocka_unit_test(auth_methods_are_read),
		cmocka_unit_test(other_auth_is_refused),
		cmocka_unit_test(an_api_key_goes_into_a_header_of_its_own),
		cmocka_unit_test(credentials_are_not_sent_in_clear_unless_the_operator_says_so),
		cmocka_unit_test(kind_and_confirmation_and_idempotency_have_defaults),
		cmocka_unit_test(a_read_does_not_change_things),
		cmocka_unit_test(the_idempotency_header_belongs_to_key),
		cmocka_unit_test(time_and_rate_have_limits),
		cmocka_unit_test(a_definition_has_at_most_256_actions),
		cmocka_unit_test(a_definition_is_at_most_1_mib),
		cmocka_unit_test(the_mapping_is_checked_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
