/* SPDX-License-Identifier: MIT */
/* Tests of jwt: signatures against the example of RFC 7515, appendix A.2, and against libcrypto's own verifying; the claims. */
#include "../unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "bellhop/bug.h"
#include "bellhop/json_tape.h"
#include "io/crypto_memory.h"
#include "io/jwt.h"
#include "own_memory.h"

#define NOT_READ "its private_key cannot be read as an RSA or P-256 key in PEM"

/* RFC 7515, appendix A.2: a key, what is signed, and its signature. RS256 has one signature for each text. */
static const char rfc_n[] =
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qP"
	"CJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47s"
	"oMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2"
	"R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud"
	"F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
static const char rfc_d[] =
	"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgv"
	"fTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f"
	"3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQl"
	"BjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuh"
	"LhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
static const char rfc_p[] =
	"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_"
	"Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc";
static const char rfc_text[] =
	"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0d"
	"HA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char rfc_signature[] =
	"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2"
	"Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSj"
	"tQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvW"
	"h6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

static size_t decode(const char *text, size_t len, unsigned char *out, size_t size)
{
	size_t bytes;

	assert_int_equal(sodium_base642bin(out, size, text, len, NULL, &bytes, NULL,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING),
		0);
	return bytes;
}

static BIGNUM *number(const char *text)
{
	unsigned char bytes[512];

	return BN_bin2bn(bytes, (int)decode(text, strlen(text), bytes, sizeof(bytes)), NULL);
}

static struct span pem_of(EVP_PKEY *key, char *out, size_t size)
{
	BIO *sink = BIO_new(BIO_s_mem());
	int len;

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(sink, key, NULL, NULL, 0, NULL, NULL), 1);
	len = BIO_read(sink, out, (int)size);
	assert_in_range(len, 1, size - 1);
	BIO_free(sink);
	return (struct span){out, (size_t)len};
}

enum rsa_member { RSA_N, RSA_D, RSA_P, RSA_E, RSA_Q, RSA_DP, RSA_DQ, RSA_QINV, RSA_MEMBERS };

/* RFC 8017, A.1.2, as bytes: libcrypto 3.5 makes no key whose numbers do not belong together, but may be given one. */
static struct span pem_of_numbers(BIGNUM *const numbers[RSA_MEMBERS], char *out, size_t size)
{
	static const enum rsa_member order[] = {
		RSA_N, RSA_E, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QINV};
	static unsigned char members[32768], der[32768];
	unsigned char *at = members, *end = der;
	BIO *sink = BIO_new(BIO_s_mem());
	ASN1_INTEGER *version = ASN1_INTEGER_new();
	int len;

	ASN1_INTEGER_set(version, 0);
	i2d_ASN1_INTEGER(version, &at);
	ASN1_INTEGER_free(version);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		ASN1_INTEGER *member = BN_to_ASN1_INTEGER(numbers[order[i]], NULL);

		i2d_ASN1_INTEGER(member, &at);
		ASN1_INTEGER_free(member);
	}
	ASN1_put_object(&end, 1, (int)(at - members), V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
	memcpy(end, members, (size_t)(at - members));
	end += at - members;
	assert_true(PEM_write_bio(sink, "RSA PRIVATE KEY", "", der, end - der) > 0);
	len = BIO_read(sink, out, (int)size);
	assert_in_range(len, 1, size - 1);
	BIO_free(sink);
	return (struct span){out, (size_t)len};
}

/* What a PEM holds beside n, e, d and p follows from them. Of `bits` instead of what it should be: one member, unless that is 0. */
static struct span rsa_pem(enum rsa_member other, int bits, char *out, size_t size)
{
	BIGNUM *numbers[RSA_MEMBERS] = {number(rfc_n), number(rfc_d), number(rfc_p), BN_new(),
		BN_new(), BN_new(), BN_new(), BN_new()};
	BIGNUM **const n = numbers, *less = BN_new();
	BN_CTX *scratch = BN_CTX_new();
	struct span pem;

	BN_set_word(n[RSA_E], 65537);
	BN_div(n[RSA_Q], NULL, n[RSA_N], n[RSA_P], scratch);
	BN_sub(less, n[RSA_P], BN_value_one());
	BN_mod(n[RSA_DP], n[RSA_D], less, scratch);
	BN_sub(less, n[RSA_Q], BN_value_one());
	BN_mod(n[RSA_DQ], n[RSA_D], less, scratch);
	BN_mod_inverse(n[RSA_QINV], n[RSA_Q], n[RSA_P], scratch);
	if (bits > 0)
		BN_rand(n[other], bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
	pem = pem_of_numbers(numbers, out, size);
	BN_CTX_free(scratch);
	BN_free(less);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		BN_free(numbers[i]);
	return pem;
}

static struct jwt_key *read_key(EVP_PKEY *key)
{
	char text[8192];
	const char *reason;
	struct jwt_key *read = jwt_key_read(pem_of(key, text, sizeof(text)), &reason);

	assert_non_null(read);
	return read;
}

static void rs256_is_as_the_rfc_has_it(void **state)
{
	char text[8192];
	const char *reason;
	struct jwt_key *read = jwt_key_read(rsa_pem(RSA_N, 0, text, sizeof(text)), &reason);
	struct buf out;

	(void)state;
	assert_non_null(read);
	buf_init(&out, 4096);
	assert_string_equal(jwt_algorithm(read), "RS256");
	assert_int_equal(jwt_sign(read, span_of(rfc_text), &out), 0);
	assert_string_equal(out.data, rfc_signature);
	buf_release(&out);
	jwt_key_free(read);
}

/* Both numbers as DER, which libcrypto verifies. */
static int verifies(EVP_PKEY *key, const unsigned char raw[64], const char *text)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	int len, verified;

	ECDSA_SIG_set0(pair, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
	len = i2d_ECDSA_SIG(pair, &der);
	EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key);
	verified = EVP_DigestVerify(
		context, der, (size_t)len, (const unsigned char *)text, strlen(text));
	EVP_MD_CTX_free(context);
	ECDSA_SIG_free(pair);
	OPENSSL_free(der);
	return verified;
}

/* Also where a number is short: one of 256 begins with a zero byte, and has 32 bytes all the same. */
static void es256_is_two_numbers_of_32_bytes(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct jwt_key *read = read_key(key);
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	assert_string_equal(jwt_algorithm(read), "ES256");
	for (int i = 0; i < 1000; i++) {
		unsigned char raw[128];

		buf_clear(&out);
		assert_int_equal(jwt_sign(read, span_of("a.b"), &out), 0);
		assert_int_equal(decode(out.data, out.len, raw, sizeof(raw)), 64);
		assert_int_equal(verifies(key, raw, "a.b"), 1);
		assert_int_equal(verifies(key, raw, "a.c"), 0);
	}
	buf_release(&out);
	jwt_key_free(read);
	EVP_PKEY_free(key);
}

static void claims_are_json_whatever_is_in_them(void **state)
{
	static const struct tape_limits limits = {4, 100};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct jwt_key *read = read_key(key);
	unsigned char plain[1000];
	struct json_tape tape;
	struct buf out;
	size_t len;

	(void)state;
	buf_init(&out, 4096);
	json_tape_init(&tape);
	jwt_write(read,
		&(struct jwt_claims){
			.issuer = span_of("a\"b"),
			.subject = span_of("s"),
			.audience = span_of("https://a.example/t"),
			.scope = {"", 0},
			.key_id = span_of("\\k"),
			.issued_at_s = 1000,
			.id = "id",
		},
		&out);
	len = (size_t)(strchr(out.data, '.') - out.data);
	plain[decode(out.data, len, plain, sizeof(plain) - 1)] = '\0';
	assert_string_equal((char *)plain, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"\\\\k\"}");
	len = decode(out.data + len + 1, out.len - len - 1, plain, sizeof(plain));
	assert_int_equal(json_tape_read(&tape, (char *)plain, len, &limits, NULL), 0);
	assert_true(tape_string_equals(&tape, tape_member(&tape, 0, "iss"), span_of("a\"b")));
	assert_int_equal(tape_member(&tape, 0, "scope"), TAPE_NONE);
	assert_int_equal(tape_double(&tape, tape_member(&tape, 0, "exp")), 4600);
	json_tape_release(&tape);
	buf_release(&out);
	jwt_key_free(read);
	EVP_PKEY_free(key);
}

static char pem_text[65536];

static void refuse(EVP_PKEY *key, const char *expected)
{
	const char *reason;

	assert_null(jwt_key_read(pem_of(key, pem_text, sizeof(pem_text)), &reason));
	assert_string_equal(reason, expected);
	EVP_PKEY_free(key);
}

/* libcrypto 3.5 looks at some of it itself, and then it is no key. */
static void refuse_rsa(enum rsa_member other, int bits, const char *expected)
{
	struct span pem = rsa_pem(other, bits, pem_text, sizeof(pem_text));
	const char *reason;

	assert_null(jwt_key_read(pem, &reason));
	if (OpenSSL_version_num() < 0x30500000UL || strcmp(reason, NOT_READ) != 0)
		assert_string_equal(reason, expected);
}

static void other_keys_are_refused(void **state)
{
	const char *reason;

	(void)state;
	refuse(EVP_RSA_gen(1024), "its private_key has fewer than 2048 bits");
	refuse(EVP_EC_gen("P-384"), "its private_key is neither an RSA nor a P-256 key");
	refuse(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NOT_READ);
	assert_null(jwt_key_read(span_of(""), &reason));
	assert_string_equal(reason, NOT_READ);
}

/* libcrypto does not look whether they belong together, and would sign with them for minutes. */
static void an_rsa_key_with_a_part_that_is_too_large_is_refused(void **state)
{
	static const enum rsa_member members[] = {
		RSA_D, RSA_P, RSA_E, RSA_Q, RSA_DP, RSA_DQ, RSA_QINV};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		refuse_rsa(members[i], 60000,
			"its private_key is not an RSA key of two primes of the same size");
	refuse_rsa(RSA_E, 2047, "its private_key is not an RSA key of two primes of the same size");
	refuse_rsa(RSA_P, 2048, "its private_key is not an RSA key of two primes of the same size");
	refuse_rsa(RSA_N, 4104, "its private_key has more than 4096 bits");
}

/* Where a key of another kind is large, reading it alone takes minutes: its public number is reckoned out. */
static EVP_PKEY *dsa_key(int bits)
{
	static const char *const names[] = {OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_Q,
		OSSL_PKEY_PARAM_FFC_G, OSSL_PKEY_PARAM_PRIV_KEY, OSSL_PKEY_PARAM_PUB_KEY};
	BIGNUM *numbers[ARRAY_SIZE(names)];
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	OSSL_PARAM *members;
	EVP_PKEY *key = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		numbers[i] = BN_new();
		BN_rand(numbers[i], i == 0 ? bits : bits - 8, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
		OSSL_PARAM_BLD_push_BN(build, names[i], numbers[i]);
	}
	members = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, members), 1);
	OSSL_PARAM_free(members);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		BN_free(numbers[i]);
	return key;
}

static void a_large_key_of_another_kind_is_refused_at_once(void **state)
{
	(void)state;
	alarm(20);
	refuse(dsa_key(60000), NOT_READ);
	alarm(0);
}

/* A key of nobody's, and its secret number. */
static const char lone_pem[] = "-----BEGIN PRIVATE KEY-----\n"
			       "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgoXtQAJdGwhSb/Rbq\n"
			       "atx1A6b8LwGVnjS2EfKImALIggmhRANCAAR/57kpIT4isx7b6oWe4FEvPfPQvAqb\n"
			       "yUBtdvfOSDjIl2vvXzZWjDZMxGzPvaKjo4syYpTA5Lj0GjU4w2yMz2M5\n"
			       "-----END PRIVATE KEY-----\n";
static const unsigned char lone_number[] = {0xa1, 0x7b, 0x50, 0x00, 0x97, 0x46, 0xc2, 0x14, 0x9b,
	0xfd, 0x16, 0xea, 0x6a, 0xdc, 0x75, 0x03, 0xa6, 0xfc, 0x2f, 0x01, 0x95, 0x9e, 0x34, 0xb6,
	0x11, 0xf2, 0x88, 0x98, 0x02, 0xc8, 0x82, 0x09};

static void the_parameters_of_a_curve_may_stand_before_its_key(void **state)
{
	char text[1024] = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
			  "-----END EC PARAMETERS-----\n";
	struct jwt_key *read;
	const char *reason;

	(void)state;
	strcat(text, lone_pem);
	read = jwt_key_read(span_of(text), &reason);
	assert_non_null(read);
	assert_string_equal(jwt_algorithm(read), "ES256");
	jwt_key_free(read);
}

/* What is looked for may not be written: it is not counted. */
static bool number_at(const char *text)
{
	return memcmp(text, lone_number, sizeof(lone_number)) == 0;
}

static void a_key_is_nowhere_once_it_was_used(void **state)
{
	const char *reason;
	struct jwt_key *read;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(own_memory_count(number_at, sizeof(lone_number)), 0);
	read = jwt_key_read(span_of(lone_pem), &reason);
	assert_non_null(read);
	assert_int_equal(jwt_sign(read, span_of("a.b"), &out), 0);
	jwt_key_free(read);
	assert_int_equal(own_memory_count(number_at, sizeof(lone_number)), 0);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_nowhere_once_it_was_used),
		cmocka_unit_test(the_parameters_of_a_curve_may_stand_before_its_key),
		cmocka_unit_test(rs256_is_as_the_rfc_has_it),
		cmocka_unit_test(es256_is_two_numbers_of_32_bytes),
		cmocka_unit_test(claims_are_json_whatever_is_in_them),
		cmocka_unit_test(other_keys_are_refused),
		cmocka_unit_test(a_large_key_of_another_kind_is_refused_at_once),
		cmocka_unit_test(an_rsa_key_with_a_part_that_is_too_large_is_refused),
	};

	if (!crypto_memory_init())
		BUG("libcrypto was in use before");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
