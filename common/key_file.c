/* SPDX-License-Identifier: MIT */
/* key_file: makes key rings and adds to them; a ring is never left half written, and never replaced by a new one. */
#include "bellhop/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bellhop/bug.h"
#include "new_file.h"

#define SECRET_WORD    "bellhop-secret-1"
#define PUBLIC_WORD    "bellhop-public-1"
#define RING_MAX_BYTES (64 * 1024)
#define LINE_BYTES     128
#define RING_HEAD                                                                              \
	"# A key ring of Bellhop: whoever can read it can open every secret sealed with it.\n" \
	"# Only bellhopd needs it. The newest key is the last.\n"

/* A new key as its two lines. The secret one is in memory of sodium's. */
struct new_key {
	struct public_key public;
	char *secret_line;
	char public_line[LINE_BYTES];
};

static void start_sodium(void)
{
	if (sodium_init() < 0)
		BUG("libsodium does not start");
}

static void encode(char *out, const unsigned char *bytes, size_t len)
{
	sodium_bin2base64(out, LINE_BYTES / 2, bytes, len, sodium_base64_VARIANT_ORIGINAL);
}

static void new_key_init(struct new_key *key)
{
	char encoded[LINE_BYTES / 2];
	start_sodium();
	unsigned char *secret = sodium_malloc(SEAL_SECRET_BYTES);
	key->secret_line = sodium_malloc(LINE_BYTES);
	if (!secret || !key->secret_line)
		BUG("no memory to make a key in");
	crypto_box_keypair(key->public.bytes, secret);
	public_key_id(&key->public);
	encode(encoded, key->public.bytes, SEAL_PUBLIC_BYTES);
	snprintf(key->public_line, LINE_BYTES, PUBLIC_WORD " %s %s\n", key->public.id, encoded);
	encode(encoded, secret, SEAL_SECRET_BYTES);
	snprintf(key->secret_line, LINE_BYTES, SECRET_WORD " %s %s\n", key->public.id, encoded);
	sodium_memzero(encoded, sizeof(encoded));
	sodium_free(secret);
}

static void new_key_release(struct new_key *key)
{
	sodium_free(key->secret_line);
}

static char *suffixed(const char *path, const char *suffix)
{
	char *out;
	if (asprintf(&out, "%s%s", path, suffix) < 0)
		BUG("no memory for a path");
	return out;
}

static int cannot(struct error *error, const char *what, const char *path)
{
	return error_set(error, ERROR_INTERNAL, "cannot %s %s: %s", what, path, strerror(errno));
}

/* Writes a file that must not be there. */
static int create(
	const char *path, mode_t mode, const struct part *parts, size_t count, struct error *error)
{
	const struct new_file file = {.path = path, .mode = mode};
	if (new_file_write(&file, parts, count) == 0)
		return 0;
	if (errno != EEXIST)
		return cannot(error, "create", path);
	return error_set(error, ERROR_INTERNAL,
		"%s is there already, and keygen never overwrites: choose another name, or add a "
		"key "
		"to a ring with --rotate",
		path);
}

static int create_files(
	const char *path, const char *public_path, const struct new_key *key, struct error *error)
{
	const struct part ring[] = {
		{RING_HEAD, strlen(RING_HEAD)}, {key->secret_line, strlen(key->secret_line)}};
	const struct part public = {key->public_line, strlen(key->public_line)};
	if (create(path, 0600, ring, ARRAY_SIZE(ring), error) < 0)
		return -1;
	if (create(public_path, 0644, &public, 1, error) < 0) {
		unlink(path);
		return -1;
	}
	return 0;
}

int key_file_create(const char *path, struct public_key *made, struct error *error)
{
	char *public_path = suffixed(path, ".pub");
	struct new_key key;
	new_key_init(&key);
	int result = create_files(path, public_path, &key, error);
	if (result == 0)
		*made = key.public;
	new_key_release(&key);
	free(public_path);
	return result;
}

/* A ring as it lies in its file. */
struct ring {
	const char *path;
	int file;
	char *text; /* sodium's memory */
	size_t len;
	struct stat stat;
};

/* Opens and locks it: of two rotations at once one fails, so that neither replaces what the other wrote. */
static int ring_open(struct ring *ring, struct error *error)
{
	struct stat now;
	ring->file = open(ring->path, O_RDONLY | O_CLOEXEC);
	if (ring->file < 0 || fstat(ring->file, &ring->stat) < 0)
		return cannot(error, "read", ring->path);
	if (flock(ring->file, LOCK_EX | LOCK_NB) < 0 || stat(ring->path, &now) < 0 ||
		now.st_ino != ring->stat.st_ino)
		return error_set(error, ERROR_INTERNAL,
			"another keygen is adding a key to %s: try again", ring->path);
	return 0;
}

static int ring_read(struct ring *ring, struct error *error)
{
	if (!S_ISREG(ring->stat.st_mode) || ring->stat.st_size > RING_MAX_BYTES)
		return error_set(error, ERROR_INTERNAL, "%s is not a key ring", ring->path);
	if (ring->stat.st_mode & 077)
		return error_set(error, ERROR_INTERNAL,
			"%s can be read by others: if nobody did, `chmod 600 %s`; if somebody may "
			"have, make a new ring",
			ring->path, ring->path);
	for (;;) {
		ssize_t got = read(ring->file, ring->text + ring->len, RING_MAX_BYTES - ring->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return cannot(error, "read", ring->path);
		if (got == 0)
			return 0;
		ring->len += (size_t)got;
	}
}

/* Whether a line is `bellhop-secret-1 KEYID BASE64` of a key with that id. */
static bool line_is_key(const char *line, size_t len)
{
	const size_t skip = strlen(SECRET_WORD " ");
	const size_t id_len = SEAL_KEY_ID_BYTES - 1;
	struct public_key public;
	size_t decoded;
	if (len <= skip + id_len + 1 || memcmp(line, SECRET_WORD " ", skip) != 0 ||
		line[skip + id_len] != ' ')
		return false;
	unsigned char *secret = sodium_malloc(SEAL_SECRET_BYTES);
	if (!secret)
		BUG("no memory to read a key in");
	const char *encoded = line + skip + id_len + 1;
	bool valid = sodium_base642bin(secret, SEAL_SECRET_BYTES, encoded,
			     len - (size_t)(encoded - line), NULL, &decoded, NULL,
			     sodium_base64_VARIANT_ORIGINAL) == 0 &&
		     decoded == SEAL_SECRET_BYTES &&
		     crypto_scalarmult_base(public.bytes, secret) == 0;
	sodium_free(secret);
	if (!valid)
		return false;
	public_key_id(&public);
	return memcmp(public.id, line + skip, id_len) == 0;
}

static int ring_check(const struct ring *ring, struct error *error)
{
	size_t keys = 0;
	unsigned number = 0;
	for (size_t at = 0; at < ring->len;) {
		const char *line = ring->text + at;
		const char *end = memchr(line, '\n', ring->len - at);
		size_t len = end ? (size_t)(end - line) : ring->len - at;
		number++;
		if (len > 0 && line[0] != '#' && !line_is_key(line, len))
			return error_set(error, ERROR_INTERNAL,
				"line %u of %s is not a key: restore the file from a copy", number,
				ring->path);
		keys += len > 0 && line[0] != '#';
		at += len + 1;
	}
	if (keys == 0)
		return error_set(error, ERROR_INTERNAL,
			"%s holds no key: make a ring with `bellhop keygen`", ring->path);
	return 0;
}

static int replace(
	const struct new_file *file, const struct part *parts, size_t count, struct error *error)
{
	if (new_file_replace(file, parts, count) == 0)
		return 0;
	return cannot(error, "replace", file->path);
}

static int replace_files(const struct ring *ring, const char *public_path,
	const struct new_key *key, struct error *error)
{
	bool ended = ring->text[ring->len - 1] == '\n';
	const struct part parts[] = {{ring->text, ring->len}, {"\n", ended ? 0 : 1},
		{key->secret_line, strlen(key->secret_line)}};
	const struct part public = {key->public_line, strlen(key->public_line)};
	/* A ring that root rotates stays the worker's to read. */
	const struct new_file ring_file = {.path = ring->path, .mode = 0600, .owner = &ring->stat};
	const struct new_file public_file = {.path = public_path, .mode = 0644};
	/* The ring first: what is sealed with a key that is in no ring is lost. */
	if (replace(&ring_file, parts, ARRAY_SIZE(parts), error) < 0)
		return -1;
	return replace(&public_file, &public, 1, error);
}

static int rotate(
	struct ring *ring, const char *public_path, struct public_key *made, struct error *error)
{
	if (ring_read(ring, error) < 0 || ring_check(ring, error) < 0)
		return -1;
	struct new_key key;
	new_key_init(&key);
	int result = replace_files(ring, public_path, &key, error);
	if (result == 0)
		*made = key.public;
	new_key_release(&key);
	return result;
}

int key_file_rotate(const char *path, struct public_key *made, struct error *error)
{
	/* The file itself, where the path is a link to it: a rename would replace the link. */
	char *real = realpath(path, NULL);
	if (!real)
		return cannot(error, "read", path);
	start_sodium();
	struct ring ring = {.path = real, .text = sodium_malloc(RING_MAX_BYTES)};
	if (!ring.text)
		BUG("no memory to read a key ring in");
	char *public_path = suffixed(path, ".pub");
	int result = ring_open(&ring, error);
	if (result == 0)
		result = rotate(&ring, public_path, made, error);
	if (ring.file >= 0)
		close(ring.file);
	free(public_path);
	sodium_free(ring.text);
	free(real);
	return result;
}
