/* SPDX-License-Identifier: MIT */
/* jwt: the assertion with which a key file asks for a token, signed by libcrypto. */
#include "io/jwt.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/json_out.h"
#include "io/crypto_memory.h"

#define CLAIMS_MAX_BYTES (64 * 1024)
#define RSA_MIN_BITS	 2048
#define RSA_MAX_BITS	 4096 /* a larger one would hold up the worker */
#define PEM_BLOCKS	 3
#define RSA_E_BYTES	 8
#define RAW_MAX_BYTES	 (RSA_MAX_BITS / 8)
#define P256_BYTES	 32
#define BASE64		 sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert((RAW_MAX_BYTES + 2) / 3 * 4 < JWT_SIGNATURE_BYTES, "a signature has room");

struct jwt_key {
	EVP_PKEY *key;
	bool is_rsa;
};

/* A key under a password is not asked for one: there is nobody. */
static int no_password(char *text, int size, int writes, void *arg)
{
	(void)text;
	(void)size;
	(void)writes;
	(void)arg;
	return -1;
}

/* 0: it has no such number. */
static size_t number_bytes(EVP_PKEY *key, const char *name)
{
	OSSL_PARAM asked[] = {OSSL_PARAM_construct_BN(name, NULL, 0), OSSL_PARAM_construct_end()};

	if (EVP_PKEY_get_params(key, asked) != 1 || !OSSL_PARAM_modified(asked))
		return 0;
	return asked[0].return_size;
}

/* libcrypto takes numbers of any size, whether they belong to the modulus or not, and reckons with them for as long as that takes. */
static bool parts_fit(EVP_PKEY *key, size_t bytes)
{
	static const char *const halves[] = {OSSL_PKEY_PARAM_RSA_FACTOR1,
		OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1,
		OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};

	for (size_t i = 0; i < ARRAY_SIZE(halves); i++)
		if (number_bytes(key, halves[i]) > bytes / 2 + 1)
			return false;
	return number_bytes(key, OSSL_PKEY_PARAM_RSA_E) <= RSA_E_BYTES &&
	       number_bytes(key, OSSL_PKEY_PARAM_RSA_D) <= bytes &&
	       number_bytes(key, OSSL_PKEY_PARAM_RSA_FACTOR3) == 0;
}

static const char *judge_rsa(EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	if (bits < RSA_MIN_BITS)
		return "its private_key has fewer than 2048 bits";
	if (bits > RSA_MAX_BITS)
		return "its private_key has more than 4096 bits";
	if (!parts_fit(key, ((size_t)bits + 7) / 8))
		return "its private_key is not an RSA key of two primes of the same size";
	return NULL;
}

static const char *judge(struct jwt_key *key)
{
	char group[64];
	size_t len = 0;

	key->is_rsa = EVP_PKEY_is_a(key->key, "RSA");
	if (key->is_rsa)
		return judge_rsa(key->key);
	if (EVP_PKEY_is_a(key->key, "EC") &&
		EVP_PKEY_get_group_name(key->key, group, sizeof(group), &len) == 1 &&
		OBJ_txt2nid(group) == NID_X9_62_prime256v1)
		return NULL;
	return "its private_key is neither an RSA nor a P-256 key";
}

/* NULL: it is none of that kind. An EC key's parameters may stand before it. */
static EVP_PKEY *read_as(struct span pem, const char *kind)
{
	BIO *source = BIO_new_mem_buf(pem.data, (int)pem.len);
	EVP_PKEY *key = NULL;
	OSSL_DECODER_CTX *decoder = OSSL_DECODER_CTX_new_for_pkey(
		&key, "PEM", NULL, kind, EVP_PKEY_KEYPAIR, NULL, NULL);

	BUG_ON(source == NULL || decoder == NULL);
	OSSL_DECODER_CTX_set_pem_password_cb(decoder, no_password, NULL);
	for (int i = 0; i < PEM_BLOCKS && key == NULL && !BIO_eof(source); i++)
		(void)OSSL_DECODER_from_bio(decoder, source); /* then there is no key yet */
	OSSL_DECODER_CTX_free(decoder);
	BIO_free(source);
	return key;
}

/* Only these two kinds: for others libcrypto would reckon out a public key while it reads, however large the numbers are. */
struct jwt_key *jwt_key_read(struct span pem, const char **reason)
{
	struct jwt_key *key = xcalloc(1, sizeof(*key));

	crypto_memory_wipe(true);
	key->key = read_as(pem, "RSA");
	if (key->key == NULL)
		key->key = read_as(pem, "EC");
	*reason = key->key != NULL ? judge(key)
				   : "its private_key cannot be read as an RSA or P-256 key in PEM";
	ERR_clear_error();
	if (*reason == NULL)
		return key;
	jwt_key_free(key);
	return NULL;
}

void jwt_key_free(struct jwt_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->key);
	crypto_memory_wipe(false);
	free(key);
}

const char *jwt_algorithm(const struct jwt_key *key)
{
	return key->is_rsa ? "RS256" : "ES256";
}

static void add_base64(struct buf *out, const void *data, size_t len)
{
	size_t room = sodium_base64_encoded_len(len, BASE64); /* its NUL too */
	char *at = buf_reserve(out, room);

	if (at == NULL)
		return;
	sodium_bin2base64(at, room, data, len, BASE64);
	buf_commit(out, room - 1);
}

static void add_text(struct buf *json, const char *name, struct span text)
{
	if (text.len == 0)
		return;
	if (json->len > 1)
		buf_add_char(json, ',');
	json_out_name(json, name);
	json_out_string(json, text);
}

void jwt_write(const struct jwt_key *key, const struct jwt_claims *claims, struct buf *out)
{
	struct buf json;

	buf_init(&json, CLAIMS_MAX_BYTES);
	buf_printf(&json, "{\"alg\":\"%s\",\"typ\":\"JWT\"", jwt_algorithm(key));
	add_text(&json, "kid", claims->key_id);
	buf_add_char(&json, '}');
	add_base64(out, json.data, json.len);
	buf_add_char(out, '.');
	buf_clear(&json);
	buf_add_char(&json, '{');
	add_text(&json, "iss", claims->issuer);
	add_text(&json, "sub", claims->subject);
	add_text(&json, "aud", claims->audience);
	add_text(&json, "scope", claims->scope);
	buf_printf(&json, ",\"iat\":%lld,\"exp\":%lld,\"jti\":\"%s\"}",
		(long long)claims->issued_at_s, (long long)claims->issued_at_s + JWT_LIFETIME_S,
		claims->id);
	add_base64(out, json.data, json.len);
	buf_release(&json);
}

/* libcrypto gives DER; the JWS has the two numbers side by side (RFC 7518, section 3.4). */
static size_t to_numbers(unsigned char *signature, size_t len)
{
	const unsigned char *der = signature;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool fits;

	if (pair == NULL)
		return 0;
	fits = BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, P256_BYTES) == P256_BYTES &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + P256_BYTES, P256_BYTES) ==
		       P256_BYTES;
	ECDSA_SIG_free(pair);
	return fits ? 2 * P256_BYTES : 0;
}

int jwt_sign(const struct jwt_key *key, struct span text, struct buf *out)
{
	unsigned char signature[RAW_MAX_BYTES];
	size_t len = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done;

	BUG_ON(context == NULL);
	done = EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->key) == 1 &&
	       EVP_DigestSign(
		       context, signature, &len, (const unsigned char *)text.data, text.len) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	if (done && !key->is_rsa)
		len = to_numbers(signature, len);
	if (!done || len == 0)
		return -1;
	add_base64(out, signature, len);
	return 0;
}
