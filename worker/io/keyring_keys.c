/* SPDX-License-Identifier: MIT */
/*
 * keyring_keys: reads the key file (its format: bellhop/key_file.h) into locked memory.
 *
 * No message quotes the file. A file that others could read is refused: what it holds may be known already.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bellhop/bug.h"
#include "bellhop/span.h"
#include "io/keyring_keys.h"

#define WORD	       "bellhop-secret-1 "
#define FILE_MAX_BYTES (64 * 1024)
#define ID_LEN	       (SEAL_KEY_ID_BYTES - 1)
#define FREEZE_CONTEXT "bellhop frozen request 1"

static int file_check(int file, const char *path, struct error *error)
{
	struct stat status;

	if (fstat(file, &status))
		return error_set(error, ERROR_INTERNAL, "cannot read the key file %s: %s", path,
			strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(error, ERROR_INTERNAL, "the key file %s is not a file", path);
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return error_set(error, ERROR_INTERNAL,
			"the key file %s belongs to another user: chown it to the one bellhopd "
			"runs as",
			path);
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return error_set(error, ERROR_INTERNAL,
			"the key file %s can be read by others: chmod 600 it, and rotate the key "
			"if "
			"somebody may have",
			path);
	return 0;
}

/* The whole text into `text`, of FILE_MAX_BYTES + 1. Its length, or -1. */
static ssize_t file_read(int file, char *text)
{
	size_t len = 0;

	while (len <= FILE_MAX_BYTES) {
		ssize_t got = read(file, text + len, FILE_MAX_BYTES + 1 - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			return (ssize_t)len;
		len += (size_t)got;
	}
	errno = EFBIG;
	return -1;
}

/* What follows from the secret. */
static void key_derive(struct keyring_key *key)
{
	struct public_key public;

	crypto_scalarmult_base(key->public, key->secret);
	memcpy(public.bytes, key->public, sizeof(public.bytes));
	public_key_id(&public);
	memcpy(key->id, public.id, sizeof(key->id));
	crypto_generichash(key->freeze, sizeof(key->freeze), (const unsigned char *)FREEZE_CONTEXT,
		strlen(FREEZE_CONTEXT), key->secret, sizeof(key->secret));
}

static bool key_read(struct keyring_key *key, struct span line)
{
	size_t word = strlen(WORD), len;

	if (line.len <= word + ID_LEN || memcmp(line.data, WORD, word) != 0 ||
		line.data[word + ID_LEN] != ' ')
		return false;
	line.data += word + ID_LEN + 1;
	line.len -= word + ID_LEN + 1;
	if (sodium_base642bin(key->secret, sizeof(key->secret), line.data, line.len, NULL, &len,
		    NULL, sodium_base64_VARIANT_ORIGINAL) ||
		len != sizeof(key->secret))
		return false;
	key_derive(key);
	return memcmp(key->id, line.data - ID_LEN - 1, ID_LEN) == 0;
}

static size_t lines_count(struct span text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == '\n';
	return count;
}

static int text_parse(
	struct keyring_keys *keys, struct span text, const char *path, struct error *error)
{
	for (size_t number = 1; text.len; number++) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		struct span line = {text.data, len};

		text.data += end ? len + 1 : len;
		text.len -= end ? len + 1 : len;
		if (line.len && line.data[line.len - 1] == '\r')
			line.len--;
		if (!line.len || line.data[0] == '#')
			continue;
		if (!key_read(&keys->keys[keys->count], line))
			return error_set(error, ERROR_INTERNAL,
				"line %zu of %s is not a key: KEY_FILE is what `bellhop keygen` "
				"made, "
				"not its .pub",
				number, path);
		keys->count++;
	}
	if (!keys->count)
		return error_set(error, ERROR_INTERNAL,
			"the key file %s holds no key: make one with `bellhop keygen`", path);
	return 0;
}

static int keys_parse(
	struct keyring_keys *keys, struct span text, const char *path, struct error *error)
{
	size_t lines = lines_count(text);

	keys->count = 0;
	keys->keys = sodium_allocarray(lines, sizeof(*keys->keys));
	BUG_ON(!keys->keys);
	if (text_parse(keys, text, path, error)) {
		sodium_free(keys->keys);
		return -1;
	}
	sodium_mprotect_readonly(keys->keys);
	return 0;
}

int keyring_keys_read(struct keyring_keys *keys, const char *path, struct error *error)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result = -1;
	char *text;
	ssize_t len;

	if (file < 0)
		return error_set(error, ERROR_INTERNAL, "cannot read the key file %s: %s", path,
			strerror(errno));
	text = sodium_malloc(FILE_MAX_BYTES + 1);
	BUG_ON(!text);
	if (file_check(file, path, error) == 0) {
		len = file_read(file, text);
		if (len < 0)
			error_set(error, ERROR_INTERNAL, "cannot read the key file %s: %s", path,
				strerror(errno));
		else
			result = keys_parse(keys, (struct span){text, (size_t)len}, path, error);
	}
	sodium_free(text);
	close(file);
	return result;
}

void keyring_keys_draw(struct keyring_keys *keys)
{
	keys->count = 1;
	keys->keys = sodium_malloc(sizeof(*keys->keys));
	BUG_ON(!keys->keys);
	randombytes_buf(keys->keys->secret, sizeof(keys->keys->secret));
	key_derive(keys->keys);
	sodium_mprotect_readonly(keys->keys);
}

void keyring_keys_release(struct keyring_keys *keys)
{
	sodium_free(keys->keys);
}

const struct keyring_key *keyring_keys_find(const struct keyring_keys *keys, const char *id)
{
	/* From the newest: that one is asked for most. */
	for (size_t i = keys->count; i-- > 0;)
		if (memcmp(keys->keys[i].id, id, ID_LEN) == 0)
			return &keys->keys[i];
	return NULL;
}
