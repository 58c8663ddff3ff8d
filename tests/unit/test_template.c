/* SPDX-License-Identifier: MIT */
/* Text with placeholders, and the walk that finds their values. */
#include "unit.h"

#include <stdio.h>

#include "../../common/lookup.h"
#include "bellhop/bug.h"
#include "bellhop/template.h"
#include "bellhop/utf8.h"
#include "tape.h"

static struct template compile(const char *text)
{
	struct template template;
	struct problems problems;

	problems_init(&problems);
	template_compile(&template, span_of(text), "place", &problems);
	if (problems.count > 0)
		fail_msg("%s: %s", text, problems.items[0].text);
	problems_release(&problems);
	return template;
}

static void refuse(const char *text, const char *why)
{
	struct template template;
	struct problems problems;

	problems_init(&problems);
	template_compile(&template, span_of(text), "actions.create.path", &problems);
	if (problems.errors == 0)
		fail_msg("%s was taken", text);
	assert_string_equal(problems.items[0].place, "actions.create.path");
	if (strstr(problems.items[0].text, why) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", text, problems.items[0].text, why);
	template_release(&template);
	problems_release(&problems);
}

/* Writes the parts as `literal`, `<placeholder>`. */
static void expect(const char *text, const char *parts)
{
	struct template template = compile(text);
	struct buf shown;

	buf_init(&shown, 1000);
	for (size_t i = 0; i < template.count; i++) {
		const struct template_part *part = &template.parts[i];

		if (part->literal != NULL)
			buf_printf(&shown, "[%s]", part->literal);
		else
			buf_printf(&shown, "<%s>", part->placeholder.name);
	}
	assert_string_equal(shown.data, parts);
	buf_release(&shown);
	template_release(&template);
}

static void text_is_cut_into_literals_and_placeholders(void **state)
{
	(void)state;
	expect("", "");
	expect("plain", "[plain]");
	expect("{{a}}", "<a>");
	expect("{{ a }}", "<a>");
	expect("{{\t\r\na\n}}", "<a>");
	expect("x{{a}}y{{b}}z", "[x]<a>[y]<b>[z]");
	expect("{{a}}{{b}}", "<a><b>");
	expect("{{größe}} {{a-b_c:d$/\"}}", "<größe>[ ]<a-b_c:d$/\">");
}

static void a_backslash_makes_the_braces_literal(void **state)
{
	(void)state;
	expect("\\{{a}}", "[{{a}}]");
	expect("x \\{{ {{a}}", "[x {{ ]<a>");
	expect("\\{{{{a}}", "[{{]<a>");
	expect("\\\\{{a}}", "[\\{{a}}]");
	expect("a\\b {{c}}", "[a\\b ]<c>");
}

static void lone_braces_are_text(void **state)
{
	(void)state;
	expect("{a} }} } {", "[{a} }} } {]");
	expect("{{a}}}", "<a>[}]");
	expect("{\"a\": {\"b\": 1}}", "[{\"a\": {\"b\": 1}}]");
}

static void a_literal_keeps_its_nul_bytes(void **state)
{
	struct template template;
	struct problems problems;

	(void)state;
	problems_init(&problems);
	template_compile(&template, (struct span){"a\0b{{c}}", 8}, "", &problems);
	assert_int_equal(problems.count, 0);
	assert_int_equal(template.count, 2);
	assert_int_equal(template.parts[0].len, 3);
	assert_memory_equal(template.parts[0].literal, "a\0b", 3);
	template_release(&template);
}

static void a_dotted_name_is_a_path(void **state)
{
	struct template template = compile("{{items.0.id}}");
	const struct placeholder *sole = template_sole(&template);

	(void)state;
	assert_non_null(sole);
	assert_int_equal(sole->count, 3);
	assert_string_equal(sole->segments[0], "items");
	assert_string_equal(sole->segments[1], "0");
	assert_string_equal(sole->segments[2], "id");
	template_release(&template);
}

static void broken_placeholders_are_refused(void **state)
{
	(void)state;
	refuse("{{a", "has no closing }}");
	refuse("x {{a} y", "`{{a} y` has no closing }}");
	refuse("{{}}", "names no input");
	refuse("{{  }}", "names no input");
	refuse("{{a b}}", "{{a b}} has white space");
	refuse("{{a\tb}}", "white space or a control");
	refuse("{{a\x7f}}", "control");
	refuse("{{a\xc2\x85}}", "control");
	refuse("{{a\xc2\xa0}}", "white space");
	refuse("{{a\xe2\x80\x83}}", "white space");
	refuse("{{.a}}", "empty part");
	refuse("{{a.}}", "empty part");
	refuse("{{a..b}}", "empty part");
	refuse("{{.}}", "empty part");
	refuse("{{{a}}}", "brace");
	refuse("{{a{b}}", "brace");
	refuse("{{{{a}}}}", "brace");
}

static void a_name_has_at_most_32_parts(void **state)
{
	char text[200] = "{{a";
	struct template template;

	(void)state;
	for (int i = 1; i < PLACEHOLDER_MAX_SEGMENTS; i++)
		strcat(text, ".a");
	strcat(text, "}}");
	template = compile(text);
	assert_int_equal(template_sole(&template)->count, PLACEHOLDER_MAX_SEGMENTS);
	template_release(&template);
	strcpy(text + strlen(text) - 2, ".a}}");
	refuse(text, "over 32 parts");
}

static void every_broken_placeholder_is_told(void **state)
{
	struct template template;
	struct problems problems;

	(void)state;
	problems_init(&problems);
	template_compile(&template, span_of("{{}} {{a b}} {{c}} {{d"), "", &problems);
	assert_int_equal(problems.errors, 3);
	template_release(&template);
	problems_release(&problems);
}

static void what_is_quoted_of_a_long_text_is_cut_at_a_character(void **state)
{
	char text[1000] = "{{";
	struct template template;
	struct problems problems;

	(void)state;
	for (int i = 0; i < 300; i++)
		strcat(text, "ü");
	problems_init(&problems);
	template_compile(&template, span_of(text), "", &problems);
	assert_int_equal(problems.errors, 1);
	assert_in_range(strlen(problems.items[0].text), 60, 120);
	assert_true(utf8_valid(problems.items[0].text, strlen(problems.items[0].text)));
	template_release(&template);
	problems_release(&problems);
}

static void a_template_knows_what_it_is(void **state)
{
	struct template template = compile("{{a}}");

	(void)state;
	assert_non_null(template_sole(&template));
	assert_null(template_literal(&template));
	template_release(&template);
	template = compile("plain");
	assert_null(template_sole(&template));
	assert_string_equal(template_literal(&template), "plain");
	template_release(&template);
	template = compile("");
	assert_null(template_sole(&template));
	assert_string_equal(template_literal(&template), "");
	template_release(&template);
	template = compile("{{a}} ");
	assert_null(template_sole(&template));
	assert_null(template_literal(&template));
	template_release(&template);
}

/* Finds the placeholders of `text` in `inputs`, and writes them as JSON: `1 "a" -`. */
static void find(const char *text, const char *inputs, const char *found)
{
	struct template template = compile(text);
	struct json_tape tape = tape_of(inputs);
	struct placeholder *placeholders[16];
	uint32_t values[64];
	struct lookup lookup;
	struct buf scratch, shown;
	size_t count = 0;

	for (size_t i = 0; i < template.count; i++)
		if (template.parts[i].literal == NULL)
			placeholders[count++] = &template.parts[i].placeholder;
	lookup_init(&lookup, placeholders, count);
	assert_in_range(lookup.count, 1, ARRAY_SIZE(values));
	buf_init(&scratch, 1000);
	buf_init(&shown, 1000);
	lookup_find(&lookup, &tape, 0, &scratch, values);
	for (size_t i = 0; i < template.count; i++) {
		const struct template_part *part = &template.parts[i];
		uint32_t value = part->literal == NULL ? values[part->placeholder.slot] : TAPE_NONE;

		if (part->literal != NULL)
			continue;
		buf_add_string(&shown, shown.len > 0 ? " " : "");
		if (value == TAPE_NONE)
			buf_add_char(&shown, '-');
		else
			buf_add(&shown, tape_raw(&tape, value).data, tape_raw(&tape, value).len);
	}
	assert_string_equal(shown.data, found);
	buf_release(&scratch);
	buf_release(&shown);
	lookup_release(&lookup);
	json_tape_release(&tape);
	template_release(&template);
}

static void values_are_found_by_name(void **state)
{
	(void)state;
	find("", "{}", "");
	find("{{a}}{{b}}{{a}}{{c}}", "{\"b\": 2, \"x\": 0, \"a\": \"1\"}", "\"1\" 2 \"1\" -");
	find("{{aa}}{{b}}{{aaa}}{{ab}}", "{\"aaa\":1,\"ab\":2,\"b\":3,\"aa\":4}", "4 3 1 2");
	find("{{größe}}", "{\"gr\\u00f6\\u00DFe\": null}", "null");
}

static void values_are_found_at_every_depth(void **state)
{
	(void)state;
	find("{{c.email}}{{c}}{{c.name.first}}{{c.phone}}",
		"{\"c\": {\"name\": {\"first\": \"A\"}, \"email\": \"e\"}}",
		"\"e\" {\"name\": {\"first\": \"A\"}, \"email\": \"e\"} \"A\" -");
	find("{{a.b.c}}", "{\"a\": {\"b\": 1}}", "-");
	find("{{a.b}}", "{\"a\": null}", "-");
	find("{{a.b}}", "{\"a\": \"b\"}", "-");
}

static void digits_are_an_index_in_an_array_and_a_name_in_an_object(void **state)
{
	(void)state;
	find("{{a.10}}{{a.2}}{{a.0.id}}{{a.11}}{{a.x}}",
		"{\"a\": [{\"id\": 7},1,2,3,4,5,6,7,8,9,10]}", "10 2 7 - -");
	find("{{a.0}}{{a.01}}{{a.1}}", "{\"a\": {\"0\": 1, \"01\": 2}}", "1 2 -");
	find("{{a.01}}{{a.00}}{{a.-1}}{{a.99999999999}}", "{\"a\": [1, 2]}", "- - - -");
	find("{{a.0}}", "{\"a\": []}", "-");
	find("{{a.1.1}}{{a.1.0}}", "{\"a\": [0, [1, 2]]}", "2 1");
}

static void a_pointer_escapes_what_it_has_to(void **state)
{
	struct template template = compile("{{a/b.c~d.0}}");
	struct buf pointer;

	(void)state;
	buf_init(&pointer, 100);
	placeholder_pointer(template_sole(&template), &pointer);
	assert_string_equal(pointer.data, "/a~1b/c~0d/0");
	buf_release(&pointer);
	template_release(&template);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut_into_literals_and_placeholders),
		cmocka_unit_test(a_backslash_makes_the_braces_literal),
		cmocka_unit_test(lone_braces_are_text),
		cmocka_unit_test(a_literal_keeps_its_nul_bytes),
		cmocka_unit_test(a_dotted_name_is_a_path),
		cmocka_unit_test(broken_placeholders_are_refused),
		cmocka_unit_test(a_name_has_at_most_32_parts),
		cmocka_unit_test(every_broken_placeholder_is_told),
		cmocka_unit_test(what_is_quoted_of_a_long_text_is_cut_at_a_character),
		cmocka_unit_test(a_template_knows_what_it_is),
		cmocka_unit_test(values_are_found_by_name),
		cmocka_unit_test(values_are_found_at_every_depth),
		cmocka_unit_test(digits_are_an_index_in_an_array_and_a_name_in_an_object),
		cmocka_unit_test(a_pointer_escapes_what_it_has_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
