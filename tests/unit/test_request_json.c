/* SPDX-License-Identifier: MIT */
/* Requests: the JSON form that a person is shown and that is frozen, and the idempotency value. */
#include "request.h"

#include "bellhop/bug.h"

static void a_request_reads_as_the_contract_says(void **state)
{
	struct rendered rendered =
		render_well("{\"name\": \"tickets\", \"base_url\": \"https://api.acme.com/v1\", "
			    "\"auth\": {\"method\": "
			    "\"bearer\"}, \"actions\": {\"do\": {\"method\": \"POST\", \"path\": "
			    "\"/desks/{{desk}}/tickets\", \"body\": {\"subject\": \"{{subject}}\", "
			    "\"priority\": "
			    "\"{{priority}}\"}}}}",
			"{\"desk\": 1, \"subject\": \"Printer on fire\", \"priority\": 2}");

	(void)state;
	request_json(&rendered.request, &rendered.text);
	assert_string_equal(rendered.text.data,
		"{\"method\":\"POST\",\"url\":\"https://api.acme.com/v1/desks/1/"
		"tickets\",\"headers\":"
		"{\"Content-Type\":\"application/json\"},\"body\":\"{\\\"subject\\\":\\\"Printer "
		"on "
		"fire\\\",\\\"priority\\\":2}\"}");
	rendered_release(&rendered);
}

/* Writes a request, reads it back, and holds every byte against the first. */
static void expect_round_trip(const char *definition, const char *inputs)
{
	struct rendered rendered = render_well(definition, inputs);
	const struct request *first = &rendered.request;
	struct json_tape tape;
	struct request second;

	request_json(first, &rendered.text);
	tape = tape_of(rendered.text.data);
	request_init(&second);
	assert_int_equal(request_read(&second, &tape, 0), 0);
	assert_string_equal(second.method, first->method);
	assert_string_equal(second.url.data, first->url.data);
	assert_int_equal(second.header_count, first->header_count);
	assert_int_equal(second.headers.len, first->headers.len);
	assert_memory_equal(second.headers.data, first->headers.data, first->headers.len);
	assert_int_equal(second.has_body, first->has_body);
	assert_int_equal(second.body.len, first->body.len);
	assert_memory_equal(second.body.data, first->body.data, first->body.len);
	request_release(&second);
	json_tape_release(&tape);
	rendered_release(&rendered);
}

static void a_frozen_request_is_read_back_byte_for_byte(void **state)
{
	(void)state;
	expect_round_trip(DEFINITION_AROUND("", "\"method\": \"GET\", \"path\": \"/\""), NULL);
	expect_round_trip(DEFINITION_AROUND("\"headers\": {\"X-Quote\": \"\\\"a\\\\b: "
					    "c\\\"\\t{{a}} \", \"X-B\": \" 2\"}, ",
				  "\"method\": \"DELETE\", \"path\": \"/{{a}}?q={{a}}\", \"body\": "
				  "[\"{{a}}\", "
				  "\"x\\u0000{{a}}\"], \"idempotency\": \"key\""),
		"{\"a\": \"\\u00fc\\\"\\\\ \\ud83d\\ude00\"}");
	expect_round_trip(
		DEFINITION_AROUND("", "\"method\": \"PUT\", \"path\": \"/\", \"body\": {}"), NULL);
}

static void what_is_no_request_is_not_read(void **state)
{
	static const char *const texts[] = {
		"[]",
		"{}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\"}",
		"{\"method\":\"GET\",\"headers\":{}}",
		"{\"url\":\"https://a.example/\",\"headers\":{}}",
		"{\"method\":\"HEAD\",\"url\":\"https://a.example/\",\"headers\":{}}",
		"{\"method\":\"get\",\"url\":\"https://a.example/\",\"headers\":{}}",
		"{\"method\":1,\"url\":\"https://a.example/\",\"headers\":{}}",
		"{\"method\":\"GET\",\"url\":\"\",\"headers\":{}}",
		"{\"method\":\"GET\",\"url\":1,\"headers\":{}}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\\r\\n\",\"headers\":{}}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\\u00fc\",\"headers\":{}}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":[]}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":{\"a\":1}}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":{\"a\":\"\"}}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":{\"a b\":\"1\"}}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":{\"\":\"1\"}}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":{\"a\":\"1\\r\\nb: "
		"2\"}}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/"
		"\",\"headers\":{\"a\":\"1\\u0000\"}}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":{},\"body\":{}}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":{},\"body\":null}",
		"{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":{},\"more\":1}",
	};
	struct request request;

	(void)state;
	request_init(&request);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct json_tape tape = tape_of(texts[i]);

		if (request_read(&request, &tape, 0) != -1)
			fail_msg("%s was read", texts[i]);
		assert_int_equal(request.url.len, 0);
		assert_int_equal(request.header_count, 0);
		json_tape_release(&tape);
	}
	request_release(&request);
}

static void a_request_beyond_its_bounds_is_not_read(void **state)
{
	struct request request;
	struct json_tape tape;
	struct buf text;

	(void)state;
	request_init(&request);
	buf_init(&text, 4 * 1024 * 1024);
	buf_add_string(&text,
		"{\"method\":\"PUT\",\"url\":\"https://a.example/\",\"headers\":{},\"body\":\"");
	for (int i = 0; i <= REQUEST_BODY_MAX_BYTES; i++)
		buf_add_char(&text, 'x');
	buf_add_string(&text, "\"}");
	tape = tape_of(text.data);
	assert_int_equal(request_read(&request, &tape, 0), -1);
	json_tape_release(&tape);
	buf_clear(&text);
	buf_add_string(&text, "{\"method\":\"GET\",\"headers\":{},\"url\":\"https://a.example/");
	for (int i = 0; i < 20000; i++)
		buf_add_char(&text, 'x');
	buf_add_string(&text, "\"}");
	tape = tape_of(text.data);
	assert_int_equal(request_read(&request, &tape, 0), -1);
	json_tape_release(&tape);
	buf_release(&text);
	request_release(&request);
}

static void the_idempotency_value_is_that_of_the_job(void **state)
{
	char key[REQUEST_KEY_BYTES], other[REQUEST_KEY_BYTES];
	static const char *const others[][4] = {{"acmf", "tickets", "create", "j1"},
		{"acme", "ticket", "screate", "j1"}, {"acme", "tickets", "createj", "1"},
		{"acme", "tickets", "create", "j2"}, {"tickets", "acme", "create", "j1"}};

	(void)state;
	request_idempotency_key(key, "acme", "tickets", "create", "j1");
	assert_int_equal(strlen(key), 32);
	assert_int_equal(strspn(key, "0123456789abcdef"), 32);
	request_idempotency_key(other, "acme", "tickets", "create", "j1");
	assert_string_equal(key, other);
	/* BLAKE2b-128 of "acme\0tickets\0create\0j1": what other implementations have to come to. */
	assert_string_equal(key, "915895f0965800b1ab4c249ee0f5103a");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		request_idempotency_key(
			other, others[i][0], others[i][1], others[i][2], others[i][3]);
		assert_string_not_equal(key, other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_reads_as_the_contract_says),
		cmocka_unit_test(a_frozen_request_is_read_back_byte_for_byte),
		cmocka_unit_test(what_is_no_request_is_not_read),
		cmocka_unit_test(a_request_beyond_its_bounds_is_not_read),
		cmocka_unit_test(the_idempotency_value_is_that_of_the_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
