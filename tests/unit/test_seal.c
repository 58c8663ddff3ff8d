/* SPDX-License-Identifier: MIT */
/* Secrets are closed for one key and one place. The test opens them as the worker would. */
#include "unit.h"

#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "bellhop/bug.h"
#include "bellhop/seal.h"

struct pair {
	struct public_key public;
	unsigned char secret[SEAL_SECRET_BYTES];
};

static const struct seal_binding binding = {"acme", "tickets", "token", "https://api.acme.com"};

static void pair_make(struct pair *pair)
{
	crypto_box_keypair(pair->public.bytes, pair->secret);
	public_key_id(&pair->public);
}

/* What is inside, without its padding; 0 where the key does not open it. */
static size_t open_sealed(const struct pair *pair, const char *text, unsigned char *plain)
{
	static unsigned char box[256 * 1024];
	size_t box_len, len;
	const char *encoded = strrchr(text, '.') + 1;

	assert_int_equal(sodium_base642bin(box, sizeof(box), encoded, strlen(encoded), NULL,
				 &box_len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
		0);
	if (crypto_box_seal_open(plain, box, box_len, pair->public.bytes, pair->secret) != 0)
		return 0;
	assert_int_equal((box_len - crypto_box_SEALBYTES) % SEAL_PAD, 0);
	assert_int_equal(sodium_unpad(&len, plain, box_len - crypto_box_SEALBYTES, SEAL_PAD), 0);
	return len;
}

static void what_is_sealed_holds_its_binding_and_the_value(void **state)
{
	static const char expected[] = "bh1\0acme\0tickets\0token\0https://api.acme.com\0s3cr\0et";
	unsigned char plain[1024];
	struct pair pair;
	struct buf out;

	(void)state;
	pair_make(&pair);
	buf_init(&out, 4096);
	seal_value(&pair.public, &binding, "s3cr\0et", 7, &out);
	assert_int_equal(open_sealed(&pair, out.data, plain), sizeof(expected) - 1);
	assert_memory_equal(plain, expected, sizeof(expected) - 1);
	buf_release(&out);
}

static void the_sealed_text_names_its_key(void **state)
{
	struct pair pair;
	struct buf out;

	(void)state;
	pair_make(&pair);
	buf_init(&out, 4096);
	buf_add_string(&out, "before ");
	seal_value(&pair.public, &binding, "x", 1, &out);
	assert_memory_equal(out.data, "before bh1.", 11);
	assert_memory_equal(out.data + 11, pair.public.id, 16);
	assert_int_equal(out.data[27], '.');
	assert_int_equal(
		strspn(out.data + 28, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_"),
		out.len - 28);
	assert_int_equal(strlen(out.data), out.len);
	buf_release(&out);
}

static void another_key_does_not_open_it(void **state)
{
	unsigned char plain[1024];
	struct pair pair, other;
	struct buf out;

	(void)state;
	pair_make(&pair);
	pair_make(&other);
	buf_init(&out, 4096);
	seal_value(&pair.public, &binding, "value", 5, &out);
	assert_int_equal(open_sealed(&other, out.data, plain), 0);
	buf_release(&out);
}

static void sealing_twice_gives_two_texts(void **state)
{
	struct pair pair;
	struct buf a, b;

	(void)state;
	pair_make(&pair);
	buf_init(&a, 4096);
	buf_init(&b, 4096);
	seal_value(&pair.public, &binding, "value", 5, &a);
	seal_value(&pair.public, &binding, "value", 5, &b);
	assert_string_not_equal(a.data, b.data);
	buf_release(&a);
	buf_release(&b);
}

static void secrets_of_near_length_are_equally_long(void **state)
{
	struct pair pair;
	struct buf a, b;

	(void)state;
	pair_make(&pair);
	buf_init(&a, 4096);
	buf_init(&b, 4096);
	seal_value(&pair.public, &binding, "123456", 6, &a);
	seal_value(&pair.public, &binding, "1234567890", 10, &b);
	assert_int_equal(a.len, b.len);
	buf_release(&a);
	buf_release(&b);
}

static void every_length_up_to_the_longest_comes_back(void **state)
{
	static char value[SEAL_VALUE_MAX];
	static unsigned char plain[SEAL_VALUE_MAX + 1024];
	static const size_t lengths[] = {0, 1, 14, 15, 16, 17, 63, 64, 65, 4096, SEAL_VALUE_MAX};
	const size_t head = sizeof("bh1\0acme\0tickets\0token\0https://api.acme.com");
	struct pair pair;
	struct buf out;

	(void)state;
	pair_make(&pair);
	memset(value, 'v', sizeof(value));
	buf_init(&out, 256 * 1024);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		buf_clear(&out);
		seal_value(&pair.public, &binding, value, lengths[i], &out);
		assert_int_equal(open_sealed(&pair, out.data, plain), head + lengths[i]);
		assert_memory_equal(plain + head, value, lengths[i]);
	}
	buf_release(&out);
}

static void a_key_has_the_same_id_everywhere(void **state)
{
	struct public_key key;

	(void)state;
	memset(key.bytes, 7, sizeof(key.bytes));
	public_key_id(&key);
	/* The first 8 bytes of the 16-byte BLAKE2b of 32 bytes 07: what other programs compute too. */
	assert_string_equal(key.id, "ddd6249d8a7334cf");
}

/* Loads a .pub file with these bytes. */
static int load(struct public_key *key, const char *text, struct error *error)
{
	char path[] = "/tmp/bellhop-test-XXXXXX";
	int file = mkstemp(path);
	int result;

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
	*error = (struct error){0};
	result = public_key_load(key, path, error);
	unlink(path);
	return result;
}

static void public_text(char *text, size_t size, const struct public_key *key)
{
	char encoded[64];

	sodium_bin2base64(encoded, sizeof(encoded), key->bytes, sizeof(key->bytes),
		sodium_base64_VARIANT_ORIGINAL);
	snprintf(text, size, "bellhop-public-1 %s %s\n", key->id, encoded);
}

static void a_public_key_is_read_back(void **state)
{
	struct public_key read = {0};
	struct error error;
	struct pair pair;
	char text[256];

	(void)state;
	pair_make(&pair);
	public_text(text, sizeof(text), &pair.public);
	assert_int_equal(load(&read, text, &error), 0);
	assert_memory_equal(read.bytes, pair.public.bytes, SEAL_PUBLIC_BYTES);
	assert_string_equal(read.id, pair.public.id);
	text[strlen(text) - 1] = '\0'; /* without the newline */
	assert_int_equal(load(&read, text, &error), 0);
}

static void a_damaged_public_key_is_refused(void **state)
{
	struct public_key read = {0};
	struct error error;
	struct pair pair;
	char good[256], text[256], twice[512];

	(void)state;
	pair_make(&pair);
	public_text(good, sizeof(good), &pair.public);
	for (size_t at = 17; at < strlen(good) - 1; at++) {
		memcpy(text, good, sizeof(text));
		text[at] = text[at] == 'A' ? 'B' : 'A';
		assert_int_equal(load(&read, text, &error), -1);
		assert_non_null(strstr(error.text, "damaged"));
	}
	for (size_t len = 17; len < strlen(good) - 1; len++) {
		memcpy(text, good, sizeof(text));
		text[len] = '\0';
		assert_int_equal(load(&read, text, &error), -1);
	}
	snprintf(twice, sizeof(twice), "%s%s", good, good);
	assert_int_equal(load(&read, twice, &error), -1);
}

static void a_key_that_opens_for_everybody_is_refused(void **state)
{
	struct public_key key = {0}, read;
	struct error error;
	char text[256];

	(void)state;
	public_key_id(&key);
	public_text(text, sizeof(text), &key);
	assert_int_equal(load(&read, text, &error), -1);
}

static void a_ring_is_not_taken_for_a_public_key(void **state)
{
	struct public_key key;
	struct error error;

	(void)state;
	assert_int_equal(load(&key, "bellhop-secret-1 0123456789abcdef AAAA\n", &error), -1);
	assert_non_null(strstr(error.text, "give its .pub file"));
	assert_int_equal(load(&key, "# A key ring\nbellhop-secret-1 0 A\n", &error), -1);
	assert_non_null(strstr(error.text, ".pub file"));
	assert_int_equal(load(&key, "", &error), -1);
	assert_int_equal(load(&key, "ssh-ed25519 AAAA me@here\n", &error), -1);
	error = (struct error){0};
	assert_int_equal(public_key_load(&key, "/nowhere/at/all.pub", &error), -1);
	assert_non_null(strstr(error.text, "/nowhere/at/all.pub: No such file"));
	assert_int_equal(public_key_load(&key, "/tmp", &(struct error){0}), -1);
}

static void a_sealed_text_tells_its_key_to_anybody(void **state)
{
	static const char *const others[] = {"", "bh1", "bh1.", "bh1..", "bh1.0123456789abcdef",
		"bh1.0123456789abcde.", "bh2.0123456789abcdef.", "bh1.0123456789ABCDEF.x",
		"bh1.0123456789abcdeg.x", "bh1:0123456789abcdef.x", "bh1.0123456789abcdef0.x"};
	struct seal_parts parts;

	(void)state;
	assert_true(seal_parse(&parts, span_of("bh1.0123456789abcdef.Ym94")));
	assert_string_equal(parts.key_id, "0123456789abcdef");
	assert_true(span_is(parts.box, "Ym94"));
	assert_true(seal_parse(&parts, span_of("bh1.0123456789abcdef.")));
	assert_int_equal(parts.box.len, 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(seal_parse(&parts, span_of(others[i])));
}

static void an_ordinary_secret_is_taken(void **state)
{
	static const char *const good[] = {"x", "sk_live_51H...", "pass word", "caf\u00e9 \u2603",
		"a:b", "**a**", "\xff\xfe latin"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_null(seal_refuses("token", good[i], strlen(good[i])));
	assert_null(seal_refuses("password", "a:b", 3));
	assert_null(seal_refuses("credential", "{\n\t\"a\": 1\r\n}", 12));
}

static void an_empty_secret_is_refused(void **state)
{
	(void)state;
	assert_string_equal(seal_refuses("token", "", 0), "the value is empty");
	assert_string_equal(seal_refuses("credential", "", 0), "the value is empty");
}

static void control_characters_are_refused(void **state)
{
	char text[] = "a?b";

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		bool control = byte < 0x20 || byte == 0x7f;
		bool space = byte == '\t' || byte == '\n' || byte == '\r';

		text[1] = (char)byte;
		assert_int_equal(seal_refuses("token", text, 3) != NULL, control);
		assert_int_equal(seal_refuses("credential", text, 3) != NULL, control && !space);
	}
	assert_non_null(seal_refuses("token", "a\xc2\x85", 3)); /* U+0085 */
	assert_null(seal_refuses("token", "a\xc2\xa0", 3));
	assert_null(seal_refuses("token", "a\xc2", 2));
}

static void a_username_holds_no_colon(void **state)
{
	(void)state;
	assert_non_null(seal_refuses("username", "a:b", 3));
	assert_null(seal_refuses("username", "a", 1));
}

static void a_mask_typed_back_in_is_refused(void **state)
{
	static const char *const masks[] = {
		"*", "********", "\u2022\u2022\u2022\u2022", "\u25cf\u25cf", "[redacted]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++)
		assert_non_null(
			strstr(seal_refuses("token", masks[i], strlen(masks[i])), "is a mask"));
}

static void a_secret_has_64_kib_at_most(void **state)
{
	static char value[SEAL_VALUE_MAX + 1];

	(void)state;
	memset(value, 'v', sizeof(value));
	assert_null(seal_refuses("token", value, SEAL_VALUE_MAX));
	assert_non_null(seal_refuses("token", value, SEAL_VALUE_MAX + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_holds_its_binding_and_the_value),
		cmocka_unit_test(the_sealed_text_names_its_key),
		cmocka_unit_test(another_key_does_not_open_it),
		cmocka_unit_test(sealing_twice_gives_two_texts),
		cmocka_unit_test(secrets_of_near_length_are_equally_long),
		cmocka_unit_test(every_length_up_to_the_longest_comes_back),
		cmocka_unit_test(a_key_has_the_same_id_everywhere),
		cmocka_unit_test(a_public_key_is_read_back),
		cmocka_unit_test(a_damaged_public_key_is_refused),
		cmocka_unit_test(a_key_that_opens_for_everybody_is_refused),
		cmocka_unit_test(a_ring_is_not_taken_for_a_public_key),
		cmocka_unit_test(a_sealed_text_tells_its_key_to_anybody),
		cmocka_unit_test(an_ordinary_secret_is_taken),
		cmocka_unit_test(an_empty_secret_is_refused),
		cmocka_unit_test(control_characters_are_refused),
		cmocka_unit_test(a_username_holds_no_colon),
		cmocka_unit_test(a_mask_typed_back_in_is_refused),
		cmocka_unit_test(a_secret_has_64_kib_at_most),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
