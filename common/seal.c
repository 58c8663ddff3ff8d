/* SPDX-License-Identifier: MIT */
/* seal: closes secrets; there is nothing here that could open one. */
#include "bellhop/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "bellhop/redact.h"
#include "bellhop/span.h"

#define PUBLIC_WORD    "bellhop-public-1 "
#define SECRET_WORD    "bellhop-secret-1 "
#define FILE_MAX_BYTES 1024
#define PREFIX	       "bh1"

static void start_sodium(void)
{
	if (sodium_init() < 0)
		BUG("libsodium does not start");
}

void public_key_id(struct public_key *key)
{
	unsigned char hash[(SEAL_KEY_ID_BYTES - 1) / 2];
	/* BLAKE2b gives 16 bytes at least; the id is its first half. */
	unsigned char whole[crypto_generichash_BYTES_MIN];
	_Static_assert(sizeof(whole) >= sizeof(hash), "a key id is longer than its hash");
	start_sodium();
	crypto_generichash(whole, sizeof(whole), key->bytes, sizeof(key->bytes), NULL, 0);
	memcpy(hash, whole, sizeof(hash));
	sodium_bin2hex(key->id, sizeof(key->id), hash, sizeof(hash));
}

/* Whether a box can be sealed to that key at all: not to one of the few points that give everybody the same secret. */
static bool can_seal(const struct public_key *key)
{
	unsigned char box[crypto_box_SEALBYTES];
	return crypto_box_seal(box, NULL, 0, key->bytes) == 0;
}

/* Reads `KEYID BASE64`. */
static bool read_key(struct public_key *key, struct span text)
{
	size_t id_len = SEAL_KEY_ID_BYTES - 1;
	struct public_key read;
	size_t len;
	if (text.len <= id_len || text.data[id_len] != ' ')
		return false;
	const char *encoded = text.data + id_len + 1;
	if (sodium_base642bin(read.bytes, sizeof(read.bytes), encoded, text.len - id_len - 1, NULL,
		    &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
		len != sizeof(read.bytes))
		return false;
	public_key_id(&read);
	if (memcmp(read.id, text.data, id_len) != 0 || !can_seal(&read))
		return false;
	*key = read;
	return true;
}

static ssize_t read_file(const char *path, char *text, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -1;
	size_t len = 0;
	ssize_t got = 1;
	while (got > 0 && len < size) {
		got = read(file, text + len, size - len);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			len += (size_t)got;
	}
	int saved = errno;
	close(file);
	errno = saved;
	return got < 0 ? -1 : (ssize_t)len;
}

static bool begins_with(struct span text, const char *word)
{
	return text.len >= strlen(word) && memcmp(text.data, word, strlen(word)) == 0;
}

static int parse_file(
	struct public_key *key, struct span text, const char *path, struct error *error)
{
	if (begins_with(text, SECRET_WORD))
		return error_set(error, ERROR_INTERNAL,
			"%s is a key ring, which this program must not read: give its .pub file",
			path);
	if (!begins_with(text, PUBLIC_WORD))
		return error_set(error, ERROR_INTERNAL,
			"%s is not a public key: give the .pub file that `bellhop keygen` made",
			path);
	size_t skip = strlen(PUBLIC_WORD);
	struct span rest = {text.data + skip, text.len - skip};
	if (rest.len && rest.data[rest.len - 1] == '\n')
		rest.len--;
	if (!read_key(key, rest))
		return error_set(error, ERROR_INTERNAL,
			"%s is a damaged public key: take a new copy of the .pub file", path);
	return 0;
}

int public_key_load(struct public_key *key, const char *path, struct error *error)
{
	char text[FILE_MAX_BYTES];
	start_sodium();
	ssize_t len = read_file(path, text, sizeof(text));
	if (len < 0)
		return error_set(error, ERROR_INTERNAL, "cannot read the public key %s: %s", path,
			strerror(errno));
	int result = parse_file(key, (struct span){text, (size_t)len}, path, error);
	sodium_memzero(text, sizeof(text));
	return result;
}

/* Writes one part of the plain text and its NUL. */
static size_t put_part(unsigned char *plain, const char *part)
{
	size_t len = strlen(part) + 1;
	memcpy(plain, part, len);
	return len;
}

static size_t write_plain(unsigned char *plain, size_t size, const struct seal_binding *binding,
	const char *value, size_t len)
{
	size_t at = put_part(plain, PREFIX);
	size_t padded;
	at += put_part(plain + at, binding->org);
	at += put_part(plain + at, binding->integration);
	at += put_part(plain + at, binding->field);
	at += put_part(plain + at, binding->origin);
	memcpy(plain + at, value, len);
	if (sodium_pad(&padded, plain, at + len, SEAL_PAD, size) != 0)
		BUG("a sealed secret outgrew its buffer");
	return padded;
}

void seal_bound(
	const struct public_key *key, const unsigned char *bound, size_t len, struct buf *out)
{
	start_sodium();
	size_t box_len = len + crypto_box_SEALBYTES;
	unsigned char *box = xmalloc(box_len);
	if (crypto_box_seal(box, bound, len, key->bytes) != 0)
		BUG("a public key that was checked does not seal");
	size_t text_size =
		sodium_base64_encoded_len(box_len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_printf(out, PREFIX ".%s.", key->id);
	char *text = buf_reserve(out, text_size);
	if (text) {
		sodium_bin2base64(
			text, text_size, box, box_len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		buf_commit(out, text_size - 1);
	}
	free(box);
}

void seal_value(const struct public_key *key, const struct seal_binding *binding, const char *value,
	size_t len, struct buf *out)
{
	start_sodium();
	size_t parts = sizeof(PREFIX) + strlen(binding->org) + strlen(binding->integration) +
		       strlen(binding->field) + strlen(binding->origin) + 4;
	size_t size = parts + len + SEAL_PAD;
	unsigned char *plain = sodium_malloc(size);
	if (!plain)
		BUG("no memory to seal a secret in");
	size_t padded = write_plain(plain, size, binding, value, len);
	seal_bound(key, plain, padded, out);
	sodium_free(plain);
}

bool seal_parse(struct seal_parts *parts, struct span sealed)
{
	const size_t id_len = SEAL_KEY_ID_BYTES - 1, head = SEAL_HEAD_BYTES;
	_Static_assert(sizeof(PREFIX) + SEAL_KEY_ID_BYTES == SEAL_HEAD_BYTES, "the head's length");
	if (sealed.len < head || !begins_with(sealed, PREFIX ".") || sealed.data[head - 1] != '.')
		return false;
	for (size_t i = 0; i < id_len; i++) {
		char digit = sealed.data[sizeof(PREFIX) + i];
		if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f'))
			return false;
		parts->key_id[i] = digit;
	}
	parts->key_id[id_len] = '\0';
	parts->box = (struct span){sealed.data + head, sealed.len - head};
	return true;
}

/* A credential is JSON and may hold white space. */
static bool is_control(const char *field, const unsigned char *byte, size_t left)
{
	if (*byte == '\t' || *byte == '\n' || *byte == '\r')
		return strcmp(field, "credential") != 0;
	if (*byte < 0x20 || *byte == 0x7f)
		return true;
	/* U+0080 to U+009F in UTF-8 */
	return *byte == 0xc2 && left > 1 && byte[1] >= 0x80 && byte[1] <= 0x9f;
}

/* Whether the value is what programs show instead of a secret: a row of stars or bullets, or our own mask. */
static bool is_mask(const char *value, size_t len)
{
	static const char *const signs[] = {"*", "\u2022", "\u25cf", "\u00b7"};
	struct span text = {value, len};
	if (span_is(text, REDACT_MASK))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		size_t sign = strlen(signs[i]);
		size_t at = 0;
		while (len - at >= sign && memcmp(value + at, signs[i], sign) == 0)
			at += sign;
		if (at == len)
			return true;
	}
	return false;
}

const char *seal_refuses(const char *field, const char *value, size_t len)
{
	if (len == 0)
		return "the value is empty";
	if (len > SEAL_VALUE_MAX)
		return "the value is longer than 64 KiB";
	for (size_t i = 0; i < len; i++)
		if (is_control(field, (const unsigned char *)value + i, len - i))
			return "the value holds a control character, such as a line break";
	if (strcmp(field, "username") == 0 && memchr(value, ':', len))
		return "a username may not hold a colon";
	if (is_mask(value, len))
		return "the value is a mask, not a secret: it was copied from where the secret is "
		       "hidden";
	return NULL;
}
