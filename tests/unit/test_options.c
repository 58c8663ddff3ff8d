/* SPDX-License-Identifier: MIT */
/* What both programs are told: the command line, the environment, the defaults. */
#include "unit.h"

#include "bellhop/bug.h"
#include "bellhop/options.h"

#define MAX_WORDS 16

struct fixture {
	struct options options;
	struct error error;
	char *argv[MAX_WORDS];
	int argc;
};

static int clear_environment(void **state)
{
	(void)state;
	clearenv();
	return 0;
}

static int read_words(
	struct fixture *f, enum options_for program, const char *const *words, size_t count)
{
	*f = (struct fixture){.argc = 1, .argv = {(char *)"bellhop"}};
	assert_true(count + 1 < MAX_WORDS);
	for (size_t i = 0; i < count; i++)
		f->argv[f->argc++] = (char *)words[i];
	return options_read(&f->options, program, &f->argc, f->argv, &f->error);
}

#define READ(f, program, ...)                                     \
	read_words((f), (program), (const char *[]){__VA_ARGS__}, \
		ARRAY_SIZE(((const char *[]){__VA_ARGS__})))
#define WORKER(f, ...) READ(f, OPTIONS_WORKER, __VA_ARGS__)
#define TOOL(f, ...)   READ(f, OPTIONS_TOOL, __VA_ARGS__)

static void refused(int result, const struct fixture *f, const char *text)
{
	assert_int_equal(result, -1);
	assert_string_equal(f->error.text, text);
}

static void nothing_given_is_the_contracts_defaults(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(read_words(&f, OPTIONS_WORKER, NULL, 0), 0);
	assert_string_equal(f.options.redis_url, "redis://127.0.0.1:6379/0");
	assert_null(f.options.redis_password_file);
	assert_string_equal(f.options.shard, "main");
	assert_null(f.options.key_file);
	assert_int_equal(f.options.weights[QUEUE_DECISIONS], 8);
	assert_int_equal(f.options.weights[QUEUE_CHAT], 4);
	assert_int_equal(f.options.weights[QUEUE_WORKFLOW], 1);
	assert_int_equal(f.options.concurrency, 1000);
	assert_int_equal(f.options.limit_calls, 10);
	assert_int_equal(f.options.limit_window_s, 60);
	assert_null(f.options.allow_nets);
	assert_int_equal(f.options.allow_http.count, 0);
	assert_null(f.options.ca_file);
	assert_string_equal(f.options.listen, "127.0.0.1:9464");
	assert_int_equal(f.options.lease_ms, 30000);
	assert_int_equal(f.options.drain_ms, 25000);
	assert_int_equal(f.options.result_ttl_s, 3600);
	assert_int_equal(f.options.reply_ttl_s, 86400);
	assert_int_equal(f.options.confirm_ttl_s, 3600);
	assert_int_equal(f.options.reply_max, 10000);
	assert_int_equal(f.options.dead_max, 10000);
	assert_int_equal(f.options.calls_max, 10000);
	assert_int_equal(f.options.pending_max, 1000);
	assert_int_equal(f.options.max_job_bytes, 1048576);
	assert_int_equal(f.options.max_response_bytes, 1048576);
	assert_int_equal(f.options.log_level, LOG_INFO);
	options_release(&f.options);
}

static void the_tool_has_no_org_unless_it_is_told(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(read_words(&f, OPTIONS_TOOL, NULL, 0), 0);
	assert_null(f.options.org);
	assert_null(f.options.seal_with);
	assert_false(f.options.json);
	options_release(&f.options);
	setenv("BELLHOP_ORG", "acme", 1);
	setenv("BELLHOP_SEAL_WITH", "/keys/ring.pub", 1);
	assert_int_equal(TOOL(&f, "--json"), 0);
	assert_string_equal(f.options.org, "acme");
	assert_string_equal(f.options.seal_with, "/keys/ring.pub");
	assert_true(f.options.json);
	options_release(&f.options);
}

static void the_command_line_wins_over_the_environment(void **state)
{
	struct fixture f;

	(void)state;
	setenv("BELLHOP_LEASE_MS", "5000", 1);
	setenv("BELLHOP_DRAIN_MS", "nonsense that nobody reads", 1);
	assert_int_equal(WORKER(&f, "--drain-ms", "70"), 0);
	assert_int_equal(f.options.lease_ms, 5000);
	assert_int_equal(f.options.drain_ms, 70);
	options_release(&f.options);
}

static void a_value_follows_its_option_or_an_equals_sign(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(WORKER(&f, "--shard", "eu", "--key-file=/a=b"), 0);
	assert_string_equal(f.options.shard, "eu");
	assert_string_equal(f.options.key_file, "/a=b");
	options_release(&f.options);
}

static void an_option_given_twice_has_its_last_value(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(WORKER(&f, "--shard", "a", "--shard=b"), 0);
	assert_string_equal(f.options.shard, "b");
	options_release(&f.options);
}

static void an_empty_variable_is_as_none(void **state)
{
	struct fixture f;

	(void)state;
	setenv("BELLHOP_SHARD", "", 1);
	setenv("BELLHOP_CONCURRENCY", "", 1);
	assert_int_equal(read_words(&f, OPTIONS_WORKER, NULL, 0), 0);
	assert_string_equal(f.options.shard, "main");
	assert_int_equal(f.options.concurrency, 1000);
	options_release(&f.options);
}

static void an_empty_value_on_the_command_line_is_refused(void **state)
{
	struct fixture f;

	(void)state;
	refused(WORKER(&f, "--key-file="), &f, "--key-file takes the path of a file, not \"\"");
	refused(WORKER(&f, "--log-format", ""), &f, "--log-format takes json or text, not \"\"");
}

static void what_the_table_does_not_know_stays_in_its_order(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(
		TOOL(&f, "--org", "acme", "call", "a/b", "--inputs", "{}", "--json", "-"), 0);
	assert_int_equal(f.argc, 6);
	assert_string_equal(f.argv[1], "call");
	assert_string_equal(f.argv[2], "a/b");
	assert_string_equal(f.argv[3], "--inputs");
	assert_string_equal(f.argv[4], "{}");
	assert_string_equal(f.argv[5], "-");
	assert_null(f.argv[6]);
	options_release(&f.options);
}

static void nothing_is_read_after_two_dashes(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(TOOL(&f, "put", "--", "--org", "acme"), 0);
	assert_null(f.options.org);
	assert_int_equal(f.argc, 5);
	assert_string_equal(f.argv[2], "--");
	assert_string_equal(f.argv[3], "--org");
	options_release(&f.options);
}

static void each_program_has_its_own_options(void **state)
{
	struct fixture f;
	struct error error = {0};

	(void)state;
	assert_int_equal(WORKER(&f, "--seal-with", "a.pub"), 0);
	assert_int_equal(options_no_more(f.argc, f.argv, &error), -1);
	assert_string_equal(error.text, "unknown option --seal-with; --help lists what there is");
	options_release(&f.options);
	assert_int_equal(TOOL(&f, "--concurrency", "5"), 0);
	assert_int_equal(f.argc, 3);
	options_release(&f.options);
}

static void an_argument_that_is_left_over_is_named(void **state)
{
	char *argv[] = {(char *)"bellhopd", (char *)"start\x1b[2J", NULL};
	struct error error = {0};

	(void)state;
	assert_int_equal(options_no_more(1, argv, &error), 0);
	assert_int_equal(options_no_more(2, argv, &error), -1);
	assert_string_equal(error.text, "unknown argument start?[2J; --help lists what there is");
}

static void an_option_is_never_the_value_of_another(void **state)
{
	struct fixture f;

	(void)state;
	refused(TOOL(&f, "--org"), &f, "--org needs a value: --org ORG");
	refused(TOOL(&f, "--org", "--json"), &f, "--org needs a value: --org ORG");
	refused(TOOL(&f, "--json=yes"), &f, "--json takes no value");
}

static void names_of_options_are_not_abbreviated(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(TOOL(&f, "--or", "acme", "--orgs=acme", "-org"), 0);
	assert_null(f.options.org);
	assert_int_equal(f.argc, 5);
	options_release(&f.options);
}

static void a_number_is_digits_and_within_its_bounds(void **state)
{
	static const char *const bad[] = {"0", "100001", "-1", "+5", "1e3", "5 ", " 5", "0x10",
		"1.0", "4294967297", "18446744073709551617", "99999999999999999999999999"};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(WORKER(&f, "--concurrency", bad[i]), -1);
		assert_non_null(
			strstr(f.error.text, "takes a whole number from 1 to 100000, not \""));
	}
	assert_int_equal(WORKER(&f, "--concurrency", "1"), 0);
	assert_int_equal(f.options.concurrency, 1);
	options_release(&f.options);
	assert_int_equal(WORKER(&f, "--concurrency", "100000"), 0);
	assert_int_equal(f.options.concurrency, 100000);
	options_release(&f.options);
}

static void sizes_are_plain_bytes(void **state)
{
	struct fixture f;

	(void)state;
	refused(WORKER(&f, "--max-job-bytes", "1MiB"), &f,
		"--max-job-bytes takes a whole number from 128 to 67108864, not \"1MiB\"");
	assert_int_equal(WORKER(&f, "--max-response-bytes", "2048"), 0);
	assert_int_equal(f.options.max_response_bytes, 2048);
	options_release(&f.options);
}

static void a_message_names_where_the_value_came_from(void **state)
{
	struct fixture f;

	(void)state;
	setenv("BELLHOP_LEASE_MS", "soon", 1);
	refused(read_words(&f, OPTIONS_WORKER, NULL, 0), &f,
		"BELLHOP_LEASE_MS takes a whole number from 100 to 3600000, not \"soon\"");
}

static void a_value_in_a_message_is_cut_and_harmless(void **state)
{
	char text[201];
	struct fixture f;

	(void)state;
	memset(text, 'x', 200);
	text[0] = '\x1b';
	text[200] = '\0';
	assert_int_equal(WORKER(&f, "--concurrency", text), -1);
	assert_null(strchr(f.error.text, '\x1b'));
	assert_true(strlen(f.error.text) < 160);
}

static void a_rate_is_calls_in_seconds(void **state)
{
	static const char *const bad[] = {"10", "/", "10/", "/60", "0/60", "10/0", "10/60/1",
		"10 / 60", "1000001/60", "10/86401", "-1/60"};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(WORKER(&f, "--rate-limit", bad[i]), -1);
	assert_int_equal(WORKER(&f, "--rate-limit", "100/1"), 0);
	assert_int_equal(f.options.limit_calls, 100);
	assert_int_equal(f.options.limit_window_s, 1);
	options_release(&f.options);
}

static void a_queue_that_is_not_named_is_not_served(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(WORKER(&f, "--queues", "workflow:3,chat:1000"), 0);
	assert_int_equal(f.options.weights[QUEUE_DECISIONS], 0);
	assert_int_equal(f.options.weights[QUEUE_CHAT], 1000);
	assert_int_equal(f.options.weights[QUEUE_WORKFLOW], 3);
	options_release(&f.options);
}

static void queues_are_known_names_with_weights_each_once(void **state)
{
	static const char *const bad[] = {"chat", "chat:", "chat:0", "chat:1001", "chat:1,",
		",chat:1", "chat:1,,workflow:1", "chat:1,chat:2", "Chat:1", "mail:1", "chat:1 ",
		"cha:1", ":1", "chat:1:2"};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(WORKER(&f, "--queues", bad[i]), -1);
}

static void a_listener_is_an_address_with_a_port_or_off(void **state)
{
	static const char *const good[] = {
		"off", "127.0.0.1:0", "[::1]:9464", "[::]:65535", "localhost:80"};
	static const char *const bad[] = {"9464", ":9464", "127.0.0.1", "127.0.0.1:", "::1:9464",
		"[]:1", "127.0.0.1:65536", "127.0.0.1:http", "OFF"};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(WORKER(&f, "--listen", good[i]), 0);
		assert_string_equal(f.options.listen, good[i]);
		options_release(&f.options);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(WORKER(&f, "--listen", bad[i]), -1);
}

static void only_names_become_shard_and_org(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(TOOL(&f, "--shard", "a}b"), -1);
	assert_int_equal(TOOL(&f, "--org", "acme:x"), -1);
	assert_non_null(strstr(f.error.text, "--org takes 1 to 128 of A-Z a-z 0-9"));
}

static void levels_and_formats_are_words(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(WORKER(&f, "--log-level", "error", "--log-format", "text"), 0);
	assert_int_equal(f.options.log_level, LOG_ERROR);
	assert_int_equal(f.options.log_format, LOG_FORMAT_TEXT);
	options_release(&f.options);
	refused(WORKER(&f, "--log-level", "warn"), &f,
		"--log-level takes debug, info, warning or error, not \"warn\"");
}

static void origins_that_may_be_called_in_clear_are_read(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(WORKER(&f, "--allow-http", "http://127.0.0.1:8080,http://a.example"), 0);
	assert_true(origin_list_has(&f.options.allow_http, "http://127.0.0.1:8080"));
	assert_true(origin_list_has(&f.options.allow_http, "http://a.example"));
	assert_false(origin_list_has(&f.options.allow_http, "http://b.example"));
	options_release(&f.options);
	assert_int_equal(WORKER(&f, "--allow-http", "127.0.0.1:8080"), -1);
}

static void help_lists_each_option_with_its_variable_and_default(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 64 * 1024);
	options_help(OPTIONS_WORKER, &out);
	assert_non_null(strstr(out.data, "  --lease-ms N"));
	assert_non_null(strstr(out.data, "BELLHOP_LEASE_MS, default 30000\n"));
	assert_non_null(
		strstr(out.data, "BELLHOP_QUEUES, default decisions:8,chat:4,workflow:1\n"));
	assert_non_null(strstr(out.data, "BELLHOP_KEY_FILE\n"));
	assert_non_null(strstr(out.data, "BELLHOP_LOG_FORMAT, default json, text on a terminal\n"));
	assert_null(strstr(out.data, "--seal-with"));
	buf_clear(&out);
	options_help(OPTIONS_TOOL, &out);
	assert_non_null(strstr(out.data, "  --seal-with FILE.pub"));
	assert_null(strstr(out.data, "BELLHOP_JSON"));
	assert_null(strstr(out.data, "--lease-ms"));
	buf_release(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear_environment)
	const struct CMUnitTest tests[] = {
		TEST(nothing_given_is_the_contracts_defaults),
		TEST(the_tool_has_no_org_unless_it_is_told),
		TEST(the_command_line_wins_over_the_environment),
		TEST(a_value_follows_its_option_or_an_equals_sign),
		TEST(an_option_given_twice_has_its_last_value),
		TEST(an_empty_variable_is_as_none),
		TEST(an_empty_value_on_the_command_line_is_refused),
		TEST(what_the_table_does_not_know_stays_in_its_order),
		TEST(nothing_is_read_after_two_dashes),
		TEST(each_program_has_its_own_options),
		TEST(an_argument_that_is_left_over_is_named),
		TEST(an_option_is_never_the_value_of_another),
		TEST(names_of_options_are_not_abbreviated),
		TEST(a_number_is_digits_and_within_its_bounds),
		TEST(sizes_are_plain_bytes),
		TEST(a_message_names_where_the_value_came_from),
		TEST(a_value_in_a_message_is_cut_and_harmless),
		TEST(a_rate_is_calls_in_seconds),
		TEST(a_queue_that_is_not_named_is_not_served),
		TEST(queues_are_known_names_with_weights_each_once),
		TEST(a_listener_is_an_address_with_a_port_or_off),
		TEST(only_names_become_shard_and_org),
		TEST(levels_and_formats_are_words),
		TEST(origins_that_may_be_called_in_clear_are_read),
		TEST(help_lists_each_option_with_its_variable_and_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
