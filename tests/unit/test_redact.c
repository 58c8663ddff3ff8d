/* SPDX-License-Identifier: MIT */
/* Secrets do not come back out of what an upstream said, in whatever form it says them. */
#include <stdio.h>
#include <time.h>

#include "unit.h"
#include "tape.h"

#include "bellhop/redact.h"

#define SECRET "s3cr+t/k\"y %\xc3\xa9\\z" /* a bit of everything that encoders treat differently */

static char memory[1 << 20];
static struct redactor redactor;

/* A redactor of one value, in exactly the memory that it asks for. */
static void with_span(struct span value)
{
	size_t size = redact_bytes(value.len);

	assert_true(size <= sizeof(memory));
	redact_init(&redactor, memory, size);
	redact_add(&redactor, value);
}

static void with(const char *value)
{
	with_span(span_of(value));
}

static void assert_text(const char *text, const char *expected)
{
	struct buf out;

	buf_init(&out, SIZE_MAX);
	redact_text(&redactor, span_of(text), &out);
	assert_string_equal(out.data, expected);
	assert_int_equal(redact_finds(&redactor, span_of(text)), strcmp(text, expected) != 0);
	buf_release(&out);
}

static void assert_json(const char *json, const char *expected)
{
	struct json_tape tape = tape_of(json), again;
	struct buf out;

	buf_init(&out, SIZE_MAX);
	redact_json(&redactor, &tape, 0, &out);
	assert_string_equal(out.data, expected);
	again = tape_of(out.data);
	json_tape_release(&again);
	json_tape_release(&tape);
	buf_release(&out);
}

static void a_text_without_secrets_stays_as_it_is(void **state)
{
	(void)state;
	with("hunter2-hunter2");
	assert_text("", "");
	assert_text("h", "h");
	assert_text("hunter2-hunter", "hunter2-hunter");
	assert_text("unter2-hunter2", "unter2-hunter2");
	assert_text("Hunter2-Hunter2", "Hunter2-Hunter2");
	assert_text("{\"a\":\"100% \\u0041+\\\"\"}", "{\"a\":\"100% \\u0041+\\\"\"}");
}

static void without_values_nothing_is_found(void **state)
{
	(void)state;
	redact_init(&redactor, NULL, 0);
	assert_text("anything %41 \\u0041 at all", "anything %41 \\u0041 at all");
	assert_json("{\"a\":[1,\"b\"]}", "{\"a\":[1,\"b\"]}");
}

static void a_plain_secret_is_masked_wherever_it_stands(void **state)
{
	(void)state;
	with("hunter2-hunter2");
	assert_text("hunter2-hunter2", "[redacted]");
	assert_text("hunter2-hunter2 at the start", "[redacted] at the start");
	assert_text("at the end hunter2-hunter2", "at the end [redacted]");
	assert_text("token=hunter2-hunter2&x=1", "token=[redacted]&x=1");
	assert_text("hunter2-hunter2hunter2-hunter2", "[redacted][redacted]");
	assert_text("hhunter2-hunter22", "h[redacted]2");
}

static void a_value_of_7_bytes_is_not_looked_for_one_of_8_is(void **state)
{
	(void)state;
	with("1234567");
	assert_text("1234567", "1234567");
	assert_int_equal(redactor.count, 0);
	with("");
	assert_int_equal(redactor.count, 0);
	with("12345678");
	assert_text("012345678", "0[redacted]");
}

static void occurrences_that_overlap_are_masked_together(void **state)
{
	(void)state;
	with("abcabcabc");
	assert_text("xabcabcabcabcx", "x[redacted]x");
	redact_init(&redactor, memory, sizeof(memory));
	redact_add(&redactor, span_of("abcdefghijkl"));
	redact_add(&redactor, span_of("ijklmnopqrst"));
	redact_add(&redactor, span_of("klmnopqrs"));
	assert_text("-abcdefghijklmnopqrst-", "-[redacted]-");
	assert_text("-klmnopqrst-", "-[redacted]t-");
}

static void the_longest_of_several_is_masked(void **state)
{
	(void)state;
	redact_init(&redactor, memory, sizeof(memory));
	redact_add(&redactor, span_of("token-12"));
	redact_add(&redactor, span_of("token-12-and-more"));
	assert_text("token-12-and-more", "[redacted]");
	assert_text("token-12-and", "[redacted]-and");
}

static void the_authorization_value_and_its_token_go_together(void **state)
{
	(void)state;
	redact_init(&redactor, memory, sizeof(memory));
	redact_add(&redactor, span_of("tkt_live_0123456789"));
	redact_add(&redactor, span_of("Bearer tkt_live_0123456789"));
	assert_text(
		"Authorization: Bearer tkt_live_0123456789\r\n", "Authorization: [redacted]\r\n");
	assert_text("bearer tkt_live_0123456789", "bearer [redacted]");
}

static void base64_is_found_in_both_alphabets_padded_or_not(void **state)
{
	(void)state;
	with("\xfb\xff\xfe?>~~x"); /* -_ and +/ */
	assert_text("a=+//+Pz5+fng=;", "a=[redacted];");
	assert_text("a=+//+Pz5+fng;", "a=[redacted];");
	assert_text("a=-__-Pz5-fng=;", "a=[redacted];");
	assert_text("a=-__-Pz5-fng;", "a=[redacted];");
	with("12345678"); /* 8 bytes: one = */
	assert_text("MTIzNDU2Nzg=", "[redacted]");
	assert_text("MTIzNDU2Nzg", "[redacted]");
	with("123456789"); /* none */
	assert_text("MTIzNDU2Nzg5", "[redacted]");
	with("1234567890"); /* two */
	assert_text("(MTIzNDU2Nzg5MA==)", "([redacted])");
	assert_text("(MTIzNDU2Nzg5MA)", "([redacted])");
	assert_text("(mtizndu2nzg5ma)", "(mtizndu2nzg5ma)");
}

static void base64_is_found_where_more_was_encoded_around_the_value(void **state)
{
	(void)state;
	with("12345678");
	assert_text("MTIzNDU2NzgK", "[redacted]K"); /* K: the end of a line, of `echo` */
	assert_text("YTEyMzQ1Njc4", "YT[redacted]");
	assert_text("YWIxMjM0NTY3OGM=", "YWI[redacted]M=");
	with("1234567890");
	assert_text("MTIzNDU2Nzg5MAo=", "[redacted]o="); /* the same */
	assert_text("YTEyMzQ1Njc4OTBiYw==", "YT[redacted]iYw==");
	assert_text("YWIxMjM0NTY3ODkw", "YWI[redacted]");
}

static void hex_is_found_in_both_cases(void **state)
{
	(void)state;
	with("\x01zJKLMNO\xff");
	assert_text("017a4a4b4c4d4e4fff", "[redacted]");
	assert_text("x017A4A4B4C4D4E4FFFx", "x[redacted]x");
	assert_text("017A4a4B4c4D4e4fFf", "[redacted]");
	assert_text("017a4a4b4c4d4e4ff", "017a4a4b4c4d4e4ff");
	assert_text("\x10\x11\x17z4a4b4c4d4e4fff", "\x10\x11\x17z4a4b4c4d4e4fff");
}

static void percent_encoding_is_found_however_much_is_encoded(void **state)
{
	(void)state;
	with("p@ss w/rd!~");
	assert_text("q=p%40ss%20w%2Frd%21~&", "q=[redacted]&");
	assert_text("q=p%40ss%20w%2frd!~&", "q=[redacted]&");
	assert_text("q=p@ss+w%2Frd%21%7e&", "q=[redacted]&");
	assert_text("q=%70%40%73%73%20%77%2f%72%64%21%7E&", "q=[redacted]&");
	assert_text("q=p%40ss%20w%2Frd%21", "q=p%40ss%20w%2Frd%21");
	assert_text("q=p%4", "q=p%4");
	assert_text("%70%40ss%20w%2Frd%21%", "%70%40ss%20w%2Frd%21%");
	with("100%41%zz%"); /* percent signs of its own */
	assert_text("100%41%zz%", "[redacted]");
	assert_text("100%2541%25zz%25", "[redacted]");
	with(" begins with a blank");
	assert_text("+begins+with+a+blank", "[redacted]");
	assert_text("%20begins%20with%20a%20blank", "[redacted]");
}

static void json_escapes_are_found_however_much_is_escaped(void **state)
{
	(void)state;
	with("a/b\"c\\d\xc3\xa9\xf0\x9f\x98\x80");
	assert_text("{\"a\":\"a/b\\\"c\\\\dé😀\"}", "{\"a\":\"[redacted]\"}");
	assert_text("{\"a\":\"a\\/b\\\"c\\\\d\\u00e9\\ud83d\\ude00\"}", "{\"a\":\"[redacted]\"}");
	assert_text("{\"a\":\"\\u0061\\u002Fb\\u0022c\\u005cd\\u00E9\\uD83D\\uDE00\"}",
		"{\"a\":\"[redacted]\"}");
	assert_text("a\\/b\\\"c\\\\d\\u00e9\\ud83d", "a\\/b\\\"c\\\\d\\u00e9\\ud83d");
	assert_text("a\\/b\\\"c\\\\d\\u00e9\\ud83d\\u0061", "a\\/b\\\"c\\\\d\\u00e9\\ud83d\\u0061");
	with("{\"type\":\"key\",\n\"k\":\"v\"}");
	assert_text("\"{\\\"type\\\":\\\"key\\\",\\n\\\"k\\\":\\\"v\\\"}\"", "\"[redacted]\"");
	with("back\\slash\\");
	assert_text("C:\\back\\slash\\", "C:\\[redacted]");
	assert_text("back\\\\slash\\\\", "[redacted]");
}

static void base64_is_found_under_escapes_too(void **state)
{
	(void)state;
	with("\xfb\xff\xfe?>~~x");
	assert_text("+\\/\\/+Pz5+fng=", "[redacted]");
	assert_text("%2B%2F%2F%2BPz5%2Bfng%3D", "[redacted]%3D");
}

static void each_form_of_a_mixed_secret_is_found(void **state)
{
	(void)state;
	with(SECRET);
	assert_text("<" SECRET ">", "<[redacted]>");
	assert_text("<s3cr%2Bt%2Fk%22y%20%25%C3%A9%5Cz>", "<[redacted]>");
	assert_text("<s3cr+t/k\\\"y %\xc3\xa9\\\\z>", "<[redacted]>");
	assert_text("<czNjcit0L2sieSAlw6lceg==>", "<[redacted]>");
	assert_text("<733363722b742f6b22792025c3a95c7a>", "<[redacted]>");
}

static void bytes_that_are_not_text_are_searched(void **state)
{
	static const char value[] = "\0\0\0\0\xff\xfe\0\1";
	static const char text[] = "ab\0\0\0\0\xff\xfe\0\1cd";
	struct buf out;

	(void)state;
	with_span((struct span){value, 8});
	buf_init(&out, SIZE_MAX);
	redact_text(&redactor, (struct span){text, 12}, &out);
	assert_string_equal(out.data, "ab[redacted]cd");
	buf_release(&out);
}

static void a_value_given_twice_counts_once(void **state)
{
	(void)state;
	redact_init(&redactor, memory, redact_bytes(8));
	for (int i = 0; i < 100; i++)
		redact_add(&redactor, span_of("12345678"));
	assert_text("12345678", "[redacted]");
}

static void as_many_values_fit_as_promised(void **state)
{
	char value[32];

	(void)state;
	redact_init(&redactor, memory, REDACT_MAX_VALUES * redact_bytes(20));
	for (int i = 0; i < REDACT_MAX_VALUES; i++) {
		/* Bytes for which both alphabets differ, so that each has all its forms. */
		snprintf(value, sizeof(value), "\xfb\xff\xfe-%016d", i);
		redact_add(&redactor, span_of(value));
	}
	assert_int_equal(redactor.count, REDACT_MAX_PATTERNS);
	assert_text("\xfb\xff\xfe-0000000000000006", "[redacted]");
}

static void fill(char *data, size_t len, unsigned seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		data[i] = (char)(seed >> 16);
	}
}

static void a_value_of_64_kib_is_found_in_every_form(void **state)
{
	size_t len = 64 * 1024;
	char *value = malloc(len), *hex = malloc(2 * len);
	struct buf out;

	(void)state;
	fill(value, len, 7);
	with_span((struct span){value, len});
	buf_init(&out, SIZE_MAX);
	redact_text(&redactor, (struct span){value, len}, &out);
	assert_string_equal(out.data, "[redacted]");
	buf_clear(&out);
	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = "0123456789ABCDEF"[(unsigned char)value[i] >> 4];
		hex[2 * i + 1] = "0123456789ABCDEF"[(unsigned char)value[i] & 15];
	}
	redact_text(&redactor, (struct span){hex, 2 * len}, &out);
	assert_string_equal(out.data, "[redacted]");
	assert_false(redact_finds(&redactor, (struct span){value, len - 1}));
	buf_release(&out);
	free(value);
	free(hex);
}

static void the_memory_asked_for_is_enough_for_any_value(void **state)
{
	char value[64];

	(void)state;
	for (size_t len = 0; len <= sizeof(value); len++) {
		size_t size = redact_bytes(len);
		char *exact = malloc(size + 1);

		memset(value, 0xff, sizeof(value));
		redact_init(&redactor, exact, size);
		redact_add(&redactor, (struct span){value, len});
		assert_true(redactor.used <= size);
		assert_int_equal(redact_finds(&redactor, (struct span){value, len}), len >= 8);
		free(exact);
	}
}

/* The secret is `period` repeated with one byte at its end that the text never has. */
static void assert_bounded(const char *period, const char *text_period)
{
	size_t value_len = 32 * 1024, text_len = 1024 * 1024, period_len = strlen(period);
	char *value = malloc(value_len), *text = malloc(text_len);
	struct timespec start, end;
	struct buf out;

	for (size_t i = 0; i < value_len; i++)
		value[i] = period[i % period_len];
	value[value_len - 1] = '\x01';
	for (size_t i = 0; i < text_len; i++)
		text[i] = text_period[i % strlen(text_period)];
	memcpy(text, "begin", 5);
	with_span((struct span){value, value_len});
	buf_init(&out, SIZE_MAX);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	redact_text(&redactor, (struct span){text, text_len}, &out);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	/* It would be 3 * 10^10 comparisons; what is left of the text is masked instead. */
	assert_true(end.tv_sec - start.tv_sec <= 2);
	assert_memory_equal(out.data, "begin", 5);
	assert_true(out.len < text_len);
	assert_string_equal(out.data + out.len - strlen(REDACT_MASK), REDACT_MASK);
	assert_true(redact_finds(&redactor, (struct span){text, text_len}));
	buf_release(&out);
	free(value);
	free(text);
}

static void a_text_made_to_be_slow_is_masked_instead(void **state)
{
	(void)state;
	assert_bounded("a", "a");
	assert_bounded("ab", "ab");
	assert_bounded("a", "%61");
	assert_bounded("a", "\\u0061");
	assert_bounded("J", "4a");
}

static void many_real_occurrences_are_no_attack(void **state)
{
	char value[2049];
	struct buf text, out;

	(void)state;
	fill(value, 2048, 3);
	for (size_t i = 0; i < 2048; i++)
		value[i] = (char)('a' + (value[i] & 15));
	value[2048] = '\0';
	redact_init(&redactor, memory, sizeof(memory));
	redact_add(&redactor, span_of(value));
	buf_init(&text, SIZE_MAX);
	buf_init(&out, SIZE_MAX);
	buf_add_string(&text, "Bearer ");
	buf_add_string(&text, value);
	redact_add(&redactor, (struct span){text.data, text.len});
	for (int i = 0; i < 500; i++) {
		buf_add_string(&text, ",");
		buf_add_string(&text, value);
	}
	buf_add_string(&text, " and the end %20 \\n");
	redact_text(&redactor, (struct span){text.data, text.len}, &out);
	assert_non_null(strstr(out.data, " and the end"));
	assert_null(strstr(out.data, "Bearer"));
	buf_release(&text);
	buf_release(&out);
}

static void strings_of_json_are_masked_without_their_escapes(void **state)
{
	(void)state;
	with("hunter2/hunter2");
	assert_json("{\"a\": \"x hunter2\\/hunter2 y\", \"b\": [\"\\u0068unter2/hunter2\", 1.50, "
		    "null]}",
		"{\"a\":\"x [redacted] y\",\"b\":[\"[redacted]\",1.5,null]}");
	assert_json("\"hunter2%2Fhunter2\"", "\"[redacted]\"");
	assert_json("\"{\\\"in\\\":\\\"hunter2\\\\/hunter2\\\"}\"",
		"\"{\\\"in\\\":\\\"[redacted]\\\"}\"");
	assert_json("{ }", "{}");
	assert_json("[ ]", "[]");
	assert_json("true", "true");
}

static void member_names_of_json_are_masked_and_stay_apart(void **state)
{
	(void)state;
	with("hunter2hunter2");
	assert_json("{\"hunter2hunter2\":1}", "{\"[redacted]\":1}");
	assert_json("{\"hunter2hunter2\":1,\"x\":2,\"aHVudGVyMmh1bnRlcjI=\":3,"
		    "\"68756e7465723268756e74657232\":4}",
		"{\"[redacted]\":1,\"x\":2,\"[redacted] 2\":3,\"[redacted] 3\":4}");
	assert_json("{\"hunter2hunter2 2\":1,\"hunter2hunter2\":2}",
		"{\"[redacted] 2 1\":1,\"[redacted] 2\":2}");
	assert_json(
		"{\"[redacted]\":1,\"hunter2hunter2\":2}", "{\"[redacted]\":1,\"[redacted] 2\":2}");
	assert_json("{\"hunter2hunter2\":1,\"[redacted]\":2,\"[redacted] 2\":3}",
		"{\"[redacted]\":1,\"[redacted] 2\":2,\"[redacted] 2 3\":3}");
	assert_json("[{\"hunter2hunter2\":{\"hunter2hunter2\":1}},{\"hunter2hunter2\":1}]",
		"[{\"[redacted]\":{\"[redacted]\":1}},{\"[redacted]\":1}]");
}

static void a_number_that_holds_a_secret_becomes_the_mask(void **state)
{
	(void)state;
	with("12345678");
	assert_json("[12345678, 123456789, -12345678.5, 1234567, 1e5, 0.123456780]",
		"[\"[redacted]\",\"[redacted]\",\"[redacted]\",1234567,1e5,\"[redacted]\"]");
	with("1234567.5");
	assert_json("[1234567.50]", "[\"[redacted]\"]");
	with("123456789012345678901234567890");
	assert_json("[123456789012345678901234567890]", "[\"[redacted]\"]");
}

static void a_secret_that_cuts_a_character_leaves_json(void **state)
{
	(void)state;
	with("\xa9 rest of it"); /* the second byte of é */
	assert_json("{\"é rest of it\":\"é rest of it\"}",
		"{\"\xef\xbf\xbd[redacted]\":\"\xef\xbf\xbd[redacted]\"}");
}

static void many_masked_names_take_no_longer_each(void **state)
{
	struct buf json, out;
	struct json_tape tape, again;

	(void)state;
	with("hunter2hunter2");
	buf_init(&json, SIZE_MAX);
	buf_init(&out, SIZE_MAX);
	buf_add_char(&json, '{');
	for (int i = 0; i < 50000; i++)
		buf_printf(&json, "%s\"hunter2hunter2%d\":0", i == 0 ? "" : ",", i);
	buf_add_char(&json, '}');
	tape = tape_of(json.data);
	redact_json(&redactor, &tape, 0, &out);
	again = tape_of(out.data); /* no two of them are the same */
	assert_int_equal(again.nodes[0].count, 50000);
	assert_null(strstr(out.data, "hunter2"));
	json_tape_release(&again);
	json_tape_release(&tape);
	buf_release(&json);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_without_secrets_stays_as_it_is),
		cmocka_unit_test(without_values_nothing_is_found),
		cmocka_unit_test(a_plain_secret_is_masked_wherever_it_stands),
		cmocka_unit_test(a_value_of_7_bytes_is_not_looked_for_one_of_8_is),
		cmocka_unit_test(occurrences_that_overlap_are_masked_together),
		cmocka_unit_test(the_longest_of_several_is_masked),
		cmocka_unit_test(the_authorization_value_and_its_token_go_together),
		cmocka_unit_test(base64_is_found_in_both_alphabets_padded_or_not),
		cmocka_unit_test(base64_is_found_where_more_was_encoded_around_the_value),
		cmocka_unit_test(hex_is_found_in_both_cases),
		cmocka_unit_test(percent_encoding_is_found_however_much_is_encoded),
		cmocka_unit_test(json_escapes_are_found_however_much_is_escaped),
		cmocka_unit_test(base64_is_found_under_escapes_too),
		cmocka_unit_test(each_form_of_a_mixed_secret_is_found),
		cmocka_unit_test(bytes_that_are_not_text_are_searched),
		cmocka_unit_test(a_value_given_twice_counts_once),
		cmocka_unit_test(as_many_values_fit_as_promised),
		cmocka_unit_test(a_value_of_64_kib_is_found_in_every_form),
		cmocka_unit_test(the_memory_asked_for_is_enough_for_any_value),
		cmocka_unit_test(a_text_made_to_be_slow_is_masked_instead),
		cmocka_unit_test(many_real_occurrences_are_no_attack),
		cmocka_unit_test(strings_of_json_are_masked_without_their_escapes),
		cmocka_unit_test(member_names_of_json_are_masked_and_stay_apart),
		cmocka_unit_test(a_number_that_holds_a_secret_becomes_the_mask),
		cmocka_unit_test(a_secret_that_cuts_a_character_leaves_json),
		cmocka_unit_test(many_masked_names_take_no_longer_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
