/* SPDX-License-Identifier: MIT */
/* Where Redis is. */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "bellhop/bug.h"
#include "bellhop/redis_url.h"

static void parse(struct redis_url *url, const char *text)
{
	struct error error = {0};

	if (redis_url_parse(url, text, NULL, &error) < 0)
		fail_msg("%s: %s", text, error.text);
}

static void refuse(const char *text, const char *why)
{
	struct redis_url url = {0};
	struct error error = {0};

	if (redis_url_parse(&url, text, NULL, &error) == 0)
		fail_msg("%s was taken", text);
	if (!strstr(error.text, why))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, error.text, why);
	assert_null(url.shown);
}

static void a_host_alone_has_the_usual_port_and_database(void **state)
{
	struct redis_url url;

	(void)state;
	parse(&url, "redis://cache.internal");
	assert_string_equal(url.host, "cache.internal");
	assert_int_equal(url.port, 6379);
	assert_int_equal(url.db, 0);
	assert_null(url.path);
	assert_null(url.user);
	assert_null(url.password);
	assert_string_equal(url.shown, "redis://cache.internal:6379/0");
	redis_url_release(&url);
}

static void port_and_database_are_read(void **state)
{
	struct redis_url url;

	(void)state;
	parse(&url, "REDIS://127.0.0.1:6380/15");
	assert_string_equal(url.host, "127.0.0.1");
	assert_int_equal(url.port, 6380);
	assert_int_equal(url.db, 15);
	redis_url_release(&url);
	parse(&url, "redis://127.0.0.1:6380/");
	assert_int_equal(url.db, 0);
	redis_url_release(&url);
}

static void an_ipv6_address_stands_in_brackets(void **state)
{
	struct redis_url url;

	(void)state;
	parse(&url, "redis://[::1]:7000/2");
	assert_string_equal(url.host, "::1");
	assert_int_equal(url.port, 7000);
	assert_string_equal(url.shown, "redis://[::1]:7000/2");
	redis_url_release(&url);
	parse(&url, "redis://[fe80::1]");
	assert_string_equal(url.host, "fe80::1");
	assert_int_equal(url.port, 6379);
	redis_url_release(&url);
}

static void user_and_password_are_percent_decoded(void **state)
{
	struct redis_url url;

	(void)state;
	parse(&url, "redis://bell%40hop:p%2Fq%3a%23@h");
	assert_string_equal(url.user, "bell@hop");
	assert_string_equal(url.password, "p/q:#");
	redis_url_release(&url);
	parse(&url, "redis://:only:a:password@h");
	assert_null(url.user);
	assert_string_equal(url.password, "only:a:password");
	redis_url_release(&url);
	parse(&url, "redis://:a@b@h");
	assert_string_equal(url.password, "a@b");
	assert_string_equal(url.host, "h");
	redis_url_release(&url);
	parse(&url, "redis://:@h");
	assert_null(url.password);
	redis_url_release(&url);
}

static void what_is_shown_has_no_password(void **state)
{
	struct redis_url url;

	(void)state;
	parse(&url, "redis://bellhop:hunter22@h:1/3");
	assert_string_equal(url.shown, "redis://bellhop@h:1/3");
	redis_url_release(&url);
	parse(&url, "unix://bellhop:hunter22@/run/redis.sock");
	assert_string_equal(url.shown, "unix://bellhop@/run/redis.sock?db=0");
	assert_string_equal(url.password, "hunter22");
	redis_url_release(&url);
}

static void a_unix_socket_has_a_path_and_maybe_a_database(void **state)
{
	struct redis_url url;

	(void)state;
	parse(&url, "unix:///run/redis/redis.sock");
	assert_string_equal(url.path, "/run/redis/redis.sock");
	assert_null(url.host);
	assert_int_equal(url.db, 0);
	redis_url_release(&url);
	parse(&url, "unix:///run/my%20redis.sock?db=4");
	assert_string_equal(url.path, "/run/my redis.sock");
	assert_int_equal(url.db, 4);
	redis_url_release(&url);
}

static void tls_and_sentinel_are_refused_each_with_one_line(void **state)
{
	(void)state;
	refuse("rediss://h", "rediss://), which is not built yet");
	refuse("redis+sentinel://h1:26379,h2:26379/main",
		"redis+sentinel://), which is not built yet");
}

static void what_is_no_url_of_redis_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "begins with neither"},
		{"127.0.0.1:6379", "begins with neither"},
		{"http://h", "begins with neither"},
		{"redis:/h", "begins with neither"},
		{"redis://", "no usable host"},
		{"redis:///0", "no usable host"},
		{"redis://:6379", "no usable host"},
		{"redis://a b", "no usable host"},
		{"redis://h,i", "no usable host"},
		{"redis://[]", "no usable host"},
		{"redis://[::1", "no usable host"},
		{"redis://[::1]6379", "port"},
		{"redis://[::1", "host"},
		{"redis://::1", "host"},
		{"redis://h:", "port"},
		{"redis://h:0", "port"},
		{"redis://h:65536", "port"},
		{"redis://h:1:2", "port"},
		{"redis://h:+1", "port"},
		{"redis://h/one", "database"},
		{"redis://h/-1", "database"},
		{"redis://h/0/1", "database"},
		{"redis://h/99999999999", "database"},
		{"redis://h/0?db=1", "no ?"},
		{"redis://h#0", "no #"},
		{"redis://u:%zz@h", "password"},
		{"redis://u:%2@h", "password"},
		{"redis://u:a%00b@h", "password"},
		{"redis://%:a@h", "user name"},
		{"redis://u@h", "without a password"},
		{"unix://", "no path"},
		{"unix:///", "no path"},
		{"unix://run/redis.sock", "no path"},
		{"unix:///a?db=", "?db=N"},
		{"unix:///a?db=x", "?db=N"},
		{"unix:///a?password=x", "?db=N"},
		{"unix:///a%00b", "path"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refuse(bad[i].text, bad[i].why);
}

static void a_path_longer_than_a_sockets_is_refused(void **state)
{
	char text[128] = "unix://";
	struct redis_url url;

	(void)state;
	memset(text + 7, 'a', 108);
	text[7] = '/';
	refuse(text, "107 bytes");
	text[7 + 107] = '\0';
	parse(&url, text);
	assert_int_equal(strlen(url.path), 107);
	redis_url_release(&url);
}

static void no_message_holds_the_password(void **state)
{
	static const char *const bad[] = {"redis://u:hunter22@", "redis://u:hunter22@h:x",
		"redis://u:hunter22@h/x", "redis://u:hun/ter22@h", "redis://u:hunter22%@h",
		"unix://u:hunter22@", "rediss://u:hunter22@h", "http://u:hunter22@h"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct redis_url url;
		struct error error = {0};

		assert_int_equal(redis_url_parse(&url, bad[i], NULL, &error), -1);
		assert_null(strstr(error.text, "hunter"));
		assert_null(strstr(error.text, "ter22"));
	}
}

/* A password file with these bytes, and what comes of it: 0, or -1 with the message in `error`. */
static int parse_with_file(struct redis_url *url, const char *url_text, const char *bytes,
	size_t len, struct error *error)
{
	char path[] = "/tmp/bellhop-test-XXXXXX";
	int file = mkstemp(path);
	int result;

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, len), (ssize_t)len);
	close(file);
	*error = (struct error){0};
	result = redis_url_parse(url, url_text, path, error);
	unlink(path);
	return result;
}

static void the_first_line_of_the_file_wins_over_the_url(void **state)
{
	struct redis_url url;
	struct error error = {0};

	(void)state;
	assert_int_equal(
		parse_with_file(&url, "redis://u:old@h", "new secret\nmore\n", 16, &error), 0);
	assert_string_equal(url.password, "new secret");
	assert_string_equal(url.user, "u");
	redis_url_release(&url);
	assert_int_equal(parse_with_file(&url, "redis://u@h", "no-newline", 10, &error), 0);
	assert_string_equal(url.password, "no-newline");
	redis_url_release(&url);
	assert_int_equal(parse_with_file(&url, "unix:///s", "dos\r\n", 5, &error), 0);
	assert_string_equal(url.password, "dos");
	redis_url_release(&url);
}

static void a_password_file_without_a_password_is_refused(void **state)
{
	static char long_line[5000];
	struct redis_url url;
	struct error error = {0};

	(void)state;
	assert_int_equal(redis_url_parse(&url, "redis://h", "/nowhere/at/all", &error), -1);
	assert_non_null(strstr(error.text, "/nowhere/at/all"));
	assert_non_null(strstr(error.text, "No such file"));
	assert_int_equal(parse_with_file(&url, "redis://h", "", 0, &error), -1);
	assert_non_null(strstr(error.text, "empty"));
	assert_int_equal(parse_with_file(&url, "redis://h", "\nsecret\n", 8, &error), -1);
	assert_non_null(strstr(error.text, "empty"));
	assert_int_equal(parse_with_file(&url, "redis://h", "a\0b\n", 4, &error), -1);
	assert_non_null(strstr(error.text, "text file"));
	memset(long_line, 'x', sizeof(long_line));
	assert_int_equal(
		parse_with_file(&url, "redis://h", long_line, sizeof(long_line), &error), -1);
	assert_non_null(strstr(error.text, "longer"));
	assert_int_equal(redis_url_parse(&url, "redis://h", "/tmp", &(struct error){0}), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_alone_has_the_usual_port_and_database),
		cmocka_unit_test(port_and_database_are_read),
		cmocka_unit_test(an_ipv6_address_stands_in_brackets),
		cmocka_unit_test(user_and_password_are_percent_decoded),
		cmocka_unit_test(what_is_shown_has_no_password),
		cmocka_unit_test(a_unix_socket_has_a_path_and_maybe_a_database),
		cmocka_unit_test(tls_and_sentinel_are_refused_each_with_one_line),
		cmocka_unit_test(what_is_no_url_of_redis_is_refused),
		cmocka_unit_test(a_path_longer_than_a_sockets_is_refused),
		cmocka_unit_test(no_message_holds_the_password),
		cmocka_unit_test(the_first_line_of_the_file_wins_over_the_url),
		cmocka_unit_test(a_password_file_without_a_password_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
