/* SPDX-License-Identifier: MIT */
/* Base URLs, dot segments, and what a rendered URL may be. */
#include "unit.h"

#include <stdio.h>

#include "bellhop/bug.h"
#include "bellhop/url.h"

static struct url parse(const char *text)
{
	struct url url = {0};
	const char *reason;

	if (url_parse(&url, span_of(text), &reason) != 0)
		fail_msg("%s: %s", text, reason);
	return url;
}

static void refuse(const char *text, const char *why)
{
	struct url url = {0};
	const char *reason = NULL;

	if (url_parse(&url, span_of(text), &reason) == 0)
		fail_msg("%s was taken", text);
	if (strstr(reason, why) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", text, reason, why);
	assert_null(url.host);
}

static void expect(const char *text, const char *origin, const char *host, int port,
	const char *path, bool literal)
{
	struct url url = parse(text);

	assert_string_equal(url.origin, origin);
	assert_string_equal(url.host, host);
	assert_int_equal(url.port, port);
	assert_string_equal(url.path, path);
	assert_int_equal(url.literal, literal);
	assert_int_equal(url.https, strncmp(origin, "https", 5) == 0);
	url_release(&url);
}

static void a_url_is_cut_into_its_parts(void **state)
{
	(void)state;
	expect("https://api.acme.com/v1", "https://api.acme.com", "api.acme.com", 443, "/v1",
		false);
	expect("http://localhost:8080", "http://localhost:8080", "localhost", 8080, "", false);
	expect("https://a_b.x-1.example/a%20b/(c);d=1,2:@!$&'*+~", "https://a_b.x-1.example",
		"a_b.x-1.example", 443, "/a%20b/(c);d=1,2:@!$&'*+~", false);
}

static void scheme_and_host_are_lower_case_and_a_default_port_goes(void **state)
{
	(void)state;
	expect("HTTPS://API.Acme.COM:443/V1", "https://api.acme.com", "api.acme.com", 443, "/V1",
		false);
	expect("HtTp://API.acme.com:80", "http://api.acme.com", "api.acme.com", 80, "", false);
	expect("https://api.acme.com:80", "https://api.acme.com:80", "api.acme.com", 80, "", false);
	expect("http://api.acme.com:443", "http://api.acme.com:443", "api.acme.com", 443, "",
		false);
	expect("http://api.acme.com:65535", "http://api.acme.com:65535", "api.acme.com", 65535, "",
		false);
}

static void final_slashes_of_the_path_go(void **state)
{
	(void)state;
	expect("https://a.example/", "https://a.example", "a.example", 443, "", false);
	expect("https://a.example/v1/", "https://a.example", "a.example", 443, "/v1", false);
	expect("https://a.example/v1//", "https://a.example", "a.example", 443, "/v1", false);
}

static void addresses_are_taken_in_their_canonical_form(void **state)
{
	(void)state;
	expect("http://127.0.0.1:8080/x", "http://127.0.0.1:8080", "127.0.0.1", 8080, "/x", true);
	expect("http://[::1]:8080", "http://[::1]:8080", "::1", 8080, "", true);
	expect("https://[2001:DB8::1]/", "https://[2001:db8::1]", "2001:db8::1", 443, "", true);
}

static void addresses_that_parsers_read_differently_are_refused(void **state)
{
	static const char *const hosts[] = {"127.1", "2130706433", "0x7f.1", "0x7f000001",
		"0177.0.0.1", "127.0.0.01", "1.2.3.4.5", "256.1.1.1", "1.2.3", "a.0x1f", "a.123",
		"0x.0x", "a.0x"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		snprintf(text, sizeof(text), "http://%s/", hosts[i]);
		refuse(text, "neither a name nor a plain IPv4 address");
	}
	refuse("http://127%2e0%2e0%2e1/", "no name of letters");
	refuse("http://[::0:1]/", "canonical");
	refuse("http://[0:0:0:0:0:0:0:1]/", "canonical");
	refuse("http://[fe80::1%25eth0]/", "zone");
	refuse("http://[fe80::1%eth0]/", "zone");
	refuse("http://[]/", "no IPv6");
	refuse("http://[::1", "without a ]");
	refuse("http://[::1]x/", "between its host and its port");
	refuse("http://[127.0.0.1]/", "no IPv6");
	refuse("http://::1/", "port");
}

static void what_is_no_http_url_is_refused(void **state)
{
	(void)state;
	refuse("", "must begin with https://");
	refuse("api.acme.com", "must begin with https://");
	refuse("ftp://api.acme.com", "must begin with https://");
	refuse("https:/api.acme.com", "must begin with https://");
	refuse("//api.acme.com", "must begin with https://");
	refuse("https://", "no host");
	refuse("http:///h", "no host");
	refuse("https://:443/", "no host");
}

static void what_parsers_read_differently_is_refused(void **state)
{
	(void)state;
	refuse("https://user:secret@api.acme.com", "user information");
	refuse("https://api.acme.com@evil.example/", "user information");
	refuse("https://api.acme.com\\@evil.example/", "backslash");
	refuse("https://api.acme.com/?a=1", "query");
	refuse("https://api.acme.com?a", "query");
	refuse("https://api.acme.com/#a", "fragment");
	refuse("https://api.acme.com/a b", "space");
	refuse(" https://api.acme.com", "space");
	refuse("https://api.acme.com/\t", "control");
	refuse("https://api.acme.com/\x7f", "control");
	refuse("https://bücher.example/", "ASCII");
	refuse("https://api.acme.com/ü", "ASCII");
	refuse("https://{{tenant}}.acme.com/", "placeholder");
}

static void a_nul_byte_does_not_end_the_text(void **state)
{
	static const char text[] = "https://a.example\0.evil.example";
	struct url url;
	const char *reason;

	(void)state;
	assert_int_equal(url_parse(&url, (struct span){text, sizeof(text) - 1}, &reason), -1);
	assert_string_equal(reason, "has a control character");
}

static void hosts_are_whole_names(void **state)
{
	char label[80], text[400];

	(void)state;
	refuse("https://intranet/", "single label");
	refuse("https://a.example./", "ends in a dot");
	refuse("https://./", "ends in a dot");
	refuse("https://a..example/", "no name of letters");
	refuse("https://.example/", "no name of letters");
	refuse("https://-a.example/", "no name of letters");
	refuse("https://a-.example/", "no name of letters");
	refuse("https://a*.example/", "no name of letters");
	refuse("https://a,b.example/", "no name of letters");
	memset(label, 'a', sizeof(label));
	label[64] = '\0';
	snprintf(text, sizeof(text), "https://%s.example/", label);
	refuse(text, "no name of letters");
	label[63] = '\0';
	snprintf(text, sizeof(text), "https://%s.example", label);
	expect(text, text, text + 8, 443, "", false);
	snprintf(text, sizeof(text), "https://%s.%s.%s.%s.example/", label, label, label, label);
	refuse(text, "over 253");
}

static void ports_are_numbers_from_1_to_65535(void **state)
{
	static const char *const ports[] = {
		"0", "00", "080", "65536", "99999", "100000", "8x", "+80", "-1", "80:80"};
	char text[64];

	(void)state;
	refuse("https://a.example:", "empty port");
	refuse("https://a.example:/v1", "empty port");
	refuse("https://[::1]:", "empty port");
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		snprintf(text, sizeof(text), "https://a.example:%s/", ports[i]);
		refuse(text, "not a number from 1 to 65535");
	}
}

static void paths_hold_no_dot_segment_and_no_raw_character(void **state)
{
	(void)state;
	refuse("https://a.example/..", "segment");
	refuse("https://a.example/./v1", "segment");
	refuse("https://a.example/v1/%2E%2e/x", "segment");
	refuse("https://a.example/v1/.%2e", "segment");
	refuse("https://a.example/v1%2f..%5Cx", "segment");
	refuse("https://a.example/a<b", "percent-encoded");
	refuse("https://a.example/a|b", "percent-encoded");
	refuse("https://a.example/a%", "two hex digits");
	refuse("https://a.example/a%2", "two hex digits");
	refuse("https://a.example/a%zz", "two hex digits");
	expect("https://a.example/.well-known/...", "https://a.example", "a.example", 443,
		"/.well-known/...", false);
}

static void a_url_has_a_maximum_of_2048_bytes(void **state)
{
	char text[2100] = "https://a.example/";

	(void)state;
	memset(text + strlen(text), 'a', 2048 - strlen(text));
	text[2048] = '\0';
	expect(text, "https://a.example", "a.example", 443, text + 17, false);
	strcat(text, "a");
	refuse(text, "over 2048 bytes");
}

static void dot_segments_are_found_in_every_spelling(void **state)
{
	static const char *const found[] = {".", "..", "/.", "/..", "/./", "a/../b", "/a/..", "%2e",
		"%2E%2e", ".%2e", "%2e.", "/a/%2e/b", "/a\\..\\b", "/a%2F..%2fb", "/a%5c.%5Cb",
		"a%5C..", "..\\", "%2e%2f", "/x.y/.."};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(found); i++)
		if (!url_has_dot_segment(span_of(found[i])))
			fail_msg("%s has one", found[i]);
}

static void dots_in_a_longer_segment_are_no_dot_segment(void **state)
{
	static const char *const fine[] = {"", "/", "//", "/...", "/.a", "/a.", "/a..b", "/..a/b",
		"/%2ea", "/%252e%252e/", "/a%2", "/%2", "/a%2f%2fb", "/.%2e."};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		if (url_has_dot_segment(span_of(fine[i])))
			fail_msg("%s has none", fine[i]);
}

static bool is_under(const char *base, const char *rendered)
{
	struct url url = parse(base);
	bool under = url_is_under(&url, span_of(rendered));

	url_release(&url);
	return under;
}

static void a_rendered_url_lies_under_its_base(void **state)
{
	static const char base[] = "https://api.acme.com/v1";

	(void)state;
	assert_true(is_under(base, "https://api.acme.com/v1"));
	assert_true(is_under(base, "https://api.acme.com/v1/desks/a%2Fb"));
	assert_true(is_under(base, "https://api.acme.com/v1?x=../.."));
	assert_true(is_under("https://api.acme.com", "https://api.acme.com/x"));
	assert_false(is_under(base, "https://api.acme.com/v2/x"));
	assert_false(is_under(base, "https://api.acme.com/v10"));
	assert_false(is_under(base, "https://api.acme.com/"));
	assert_false(is_under(base, "http://api.acme.com/v1"));
	assert_false(is_under("https://api.acme.com", "https://api.acme.com.evil.example/"));
	assert_false(is_under("https://api.acme.com", "https://api.acme.com:8080/"));
	assert_false(is_under("https://api.acme.com", "https://api.acme.com@evil.example/"));
}

static void a_rendered_url_that_could_be_read_otherwise_is_not_under_its_base(void **state)
{
	static const char base[] = "https://api.acme.com/v1";

	(void)state;
	assert_false(is_under(base, "https://api.acme.com/v1/../admin"));
	assert_false(is_under(base, "https://api.acme.com/v1/%2e%2e/admin"));
	assert_false(is_under(base, "https://api.acme.com/v1/a%2f..%2fadmin"));
	assert_false(is_under(base, "https://api.acme.com/v1/a\\b"));
	assert_false(is_under(base, "https://api.acme.com/v1/a b"));
	assert_false(is_under(base, "https://api.acme.com/v1/a\r\nHost: x"));
	assert_false(is_under(base, "https://api.acme.com/v1/ü"));
	assert_false(is_under(base, "https://api.acme.com/v1/a#b"));
	assert_false(is_under(base, "https://api.acme.com/v1?a#b"));
}

static void a_list_holds_origins(void **state)
{
	struct origin_list list;
	const char *reason;

	(void)state;
	assert_int_equal(
		origin_list_parse(&list, "http://A.example/, http://b.example:8080 ", &reason), 0);
	assert_int_equal(list.count, 2);
	assert_true(origin_list_has(&list, "http://a.example"));
	assert_true(origin_list_has(&list, "http://b.example:8080"));
	assert_false(origin_list_has(&list, "http://b.example"));
	assert_false(origin_list_has(&list, "https://a.example"));
	origin_list_release(&list);
}

static void an_empty_list_holds_none(void **state)
{
	struct origin_list list;
	const char *reason;

	(void)state;
	assert_int_equal(origin_list_parse(&list, " ", &reason), 0);
	assert_int_equal(list.count, 0);
	assert_false(origin_list_has(&list, ""));
	origin_list_release(&list);
}

static void a_list_with_anything_else_is_refused(void **state)
{
	static const char *const texts[] = {"http://a.example,", ",http://a.example", "a.example",
		"http://a.example http://b.example", "http://a.example,http://b.example/v1"};
	struct origin_list list = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *reason = NULL;

		if (origin_list_parse(&list, texts[i], &reason) == 0)
			fail_msg("%s was taken", texts[i]);
		assert_non_null(reason);
		assert_null(list.origins);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_is_cut_into_its_parts),
		cmocka_unit_test(scheme_and_host_are_lower_case_and_a_default_port_goes),
		cmocka_unit_test(final_slashes_of_the_path_go),
		cmocka_unit_test(addresses_are_taken_in_their_canonical_form),
		cmocka_unit_test(addresses_that_parsers_read_differently_are_refused),
		cmocka_unit_test(what_is_no_http_url_is_refused),
		cmocka_unit_test(what_parsers_read_differently_is_refused),
		cmocka_unit_test(a_nul_byte_does_not_end_the_text),
		cmocka_unit_test(hosts_are_whole_names),
		cmocka_unit_test(ports_are_numbers_from_1_to_65535),
		cmocka_unit_test(paths_hold_no_dot_segment_and_no_raw_character),
		cmocka_unit_test(a_url_has_a_maximum_of_2048_bytes),
		cmocka_unit_test(dot_segments_are_found_in_every_spelling),
		cmocka_unit_test(dots_in_a_longer_segment_are_no_dot_segment),
		cmocka_unit_test(a_rendered_url_lies_under_its_base),
		cmocka_unit_test(a_rendered_url_that_could_be_read_otherwise_is_not_under_its_base),
		cmocka_unit_test(a_list_holds_origins),
		cmocka_unit_test(an_empty_list_holds_none),
		cmocka_unit_test(a_list_with_anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
