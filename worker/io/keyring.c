/* SPDX-License-Identifier: MIT */
/*
 * keyring: the only file that opens a secret.
 *
 * keyring_file.c reads the ring. Here its keys are used: for sealed secrets (formats in bellhop/seal.h), and to freeze requests:
 * `bf1` KEYID, each followed by a full stop, nonce, box. The frozen key is derived, so that neither use weakens the other.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "io/keyring.h"
#include "io/keyring_keys.h"
#include "io/secret_cache.h"

#define PREFIX	    "bh1"
#define FROZEN	    "bf1"
#define ID_LEN	    (SEAL_KEY_ID_BYTES - 1)
#define HEAD_LEN    (sizeof(PREFIX) + ID_LEN + 1) /* "bh1." and "KEYID." */
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define PARTS_MAX   1024 /* of the binding, inside the box */
#define BOX_MAX	    (SEAL_VALUE_MAX + PARTS_MAX + SEAL_PAD + crypto_box_SEALBYTES)

struct keyring {
	struct keyring_keys keys;
	struct secret_cache *cache;
	unsigned char *box;   /* BOX_MAX bytes */
	unsigned char *plain; /* BOX_MAX bytes, locked; wiped after each use */
};

static struct keyring *keyring_of(struct keyring_keys keys)
{
	struct keyring *keyring = xcalloc(1, sizeof(*keyring));

	keyring->keys = keys;
	keyring->cache = secret_cache_new();
	keyring->box = xmalloc(BOX_MAX);
	keyring->plain = sodium_malloc(BOX_MAX);
	BUG_ON(!keyring->plain);
	return keyring;
}

struct keyring *keyring_load(const char *path, struct error *error)
{
	struct keyring_keys keys;

	if (sodium_init() < 0)
		BUG("libsodium does not start");
	if (keyring_keys_read(&keys, path, error))
		return NULL;
	return keyring_of(keys);
}

struct keyring *keyring_new(void)
{
	struct keyring_keys keys;

	if (sodium_init() < 0)
		BUG("libsodium does not start");
	keyring_keys_draw(&keys);
	return keyring_of(keys);
}

void keyring_free(struct keyring *keyring)
{
	if (!keyring)
		return;
	secret_cache_free(keyring->cache);
	keyring_keys_release(&keyring->keys);
	sodium_free(keyring->plain);
	free(keyring->box);
	free(keyring);
}

/* Cuts `WORD.KEYID.` off; NULL where it does not begin so or the key is not in the ring. */
static const struct keyring_key *head_cut(
	const struct keyring *keyring, const char *word, struct span *text)
{
	const struct keyring_key *key;

	if (text->len < HEAD_LEN || memcmp(text->data, word, 3) != 0 || text->data[3] != '.' ||
		text->data[HEAD_LEN - 1] != '.')
		return NULL;
	key = keyring_keys_find(&keyring->keys, text->data + 4);
	text->data += HEAD_LEN;
	text->len -= HEAD_LEN;
	return key;
}

/* Bytes of the box, or 0 where the text is not one or too long. */
static size_t box_decode(struct keyring *keyring, struct span text)
{
	size_t len = 0;

	if (sodium_base642bin(keyring->box, BOX_MAX, text.data, text.len, NULL, &len, NULL,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING))
		return 0;
	return len > crypto_box_SEALBYTES ? len : 0;
}

/* Cuts one part and its NUL off. */
static bool part_cut(struct span *plain, const char *part)
{
	size_t len = strlen(part) + 1;

	if (plain->len < len || memcmp(plain->data, part, len) != 0)
		return false;
	plain->data += len;
	plain->len -= len;
	return true;
}

/* Cuts off what it is sealed for, but for the origin, which is what then comes first. */
static bool place_cut(struct span *plain, const struct seal_binding *binding)
{
	size_t len;

	if (sodium_unpad(&len, (const unsigned char *)plain->data, plain->len, SEAL_PAD))
		return false;
	plain->len = len;
	return part_cut(plain, PREFIX) && part_cut(plain, binding->org) &&
	       part_cut(plain, binding->integration) && part_cut(plain, binding->field);
}

static bool value_find(struct span *plain, const struct seal_binding *binding)
{
	return place_cut(plain, binding) && part_cut(plain, binding->origin);
}

static long value_give(struct span value, char *out, size_t size)
{
	if (value.len >= size)
		return -1;
	memcpy(out, value.data, value.len);
	out[value.len] = '\0';
	return (long)value.len;
}

long keyring_open(struct keyring *keyring, struct span sealed, const struct seal_binding *binding,
	char *out, size_t size)
{
	struct secret_cache_id id;
	const struct keyring_key *key;
	struct span text = sealed, plain;
	size_t box_len;
	long len;

	secret_cache_identify(keyring->cache, &id, sealed, binding);
	len = secret_cache_get(keyring->cache, &id, out, size);
	if (len >= 0)
		return len;
	key = head_cut(keyring, PREFIX, &text);
	box_len = key ? box_decode(keyring, text) : 0;
	if (!box_len)
		return -1;
	plain = (struct span){(const char *)keyring->plain, box_len - crypto_box_SEALBYTES};
	if (crypto_box_seal_open(keyring->plain, keyring->box, box_len, key->public, key->secret) ==
			0 &&
		value_find(&plain, binding)) {
		len = value_give(plain, out, size);
		secret_cache_put(keyring->cache, &id, plain);
	}
	sodium_memzero(keyring->plain, box_len);
	return len;
}

const char *keyring_newest_id(const struct keyring *keyring)
{
	return keyring->keys.keys[keyring->keys.count - 1].id;
}

/* Whether the box holds a secret of that place; it is then in `plain`, with its padding. */
static bool box_open(struct keyring *keyring, const struct keyring_key *key, size_t box_len,
	const struct seal_binding *binding)
{
	struct span plain = {(const char *)keyring->plain, box_len - crypto_box_SEALBYTES};

	return crypto_box_seal_open(
		       keyring->plain, keyring->box, box_len, key->public, key->secret) == 0 &&
	       place_cut(&plain, binding) && memchr(plain.data, '\0', plain.len) != NULL;
}

enum keyring_reseal keyring_reseal(struct keyring *keyring, struct span sealed,
	const struct seal_binding *binding, struct buf *out)
{
	const struct keyring_key *newest = &keyring->keys.keys[keyring->keys.count - 1];
	struct seal_parts parts;
	const struct keyring_key *key;
	struct public_key to;
	enum keyring_reseal result = KEYRING_NOT_OPENED;
	size_t box_len;

	if (!seal_parse(&parts, sealed))
		return KEYRING_NOT_SEALED;
	key = keyring_keys_find(&keyring->keys, parts.key_id);
	if (key == NULL)
		return KEYRING_KEY_UNKNOWN;
	box_len = box_decode(keyring, parts.box);
	if (box_len == 0)
		return KEYRING_NOT_OPENED;
	if (box_open(keyring, key, box_len, binding))
		result = key == newest ? KEYRING_ALREADY_NEW : KEYRING_RESEALED;
	if (result == KEYRING_RESEALED) {
		memcpy(to.bytes, newest->public, sizeof(to.bytes));
		memcpy(to.id, newest->id, sizeof(to.id));
		seal_bound(&to, keyring->plain, box_len - crypto_box_SEALBYTES, out);
	}
	sodium_memzero(keyring->plain, box_len);
	return result;
}

size_t keyring_open_bytes(struct span sealed)
{
	/* Inside are the prefix and four NULs of the binding, and at least one byte of padding. */
	size_t rest = HEAD_LEN + 1 + (crypto_box_SEALBYTES + sizeof(PREFIX) + 4 + 1) * 4 / 3;

	return (sealed.len > rest ? (sealed.len - rest) * 3 / 4 : 0) + 4;
}

void keyring_freeze(struct keyring *keyring, struct span text, struct span context, struct buf *out)
{
	const struct keyring_key *key = &keyring->keys.keys[keyring->keys.count - 1];
	unsigned char nonce[NONCE_BYTES];
	char *box;

	randombytes_buf(nonce, sizeof(nonce));
	buf_add_string(out, FROZEN ".");
	buf_add_string(out, key->id);
	buf_add_char(out, '.');
	buf_add(out, nonce, sizeof(nonce));
	box = buf_reserve(out, text.len + TAG_BYTES);
	if (!box)
		return;
	crypto_aead_xchacha20poly1305_ietf_encrypt((unsigned char *)box, NULL,
		(const unsigned char *)text.data, text.len, (const unsigned char *)context.data,
		context.len, NULL, nonce, key->freeze);
	buf_commit(out, text.len + TAG_BYTES);
}

int keyring_thaw(struct keyring *keyring, struct span frozen, struct span context, struct buf *out)
{
	const struct keyring_key *key = head_cut(keyring, FROZEN, &frozen);
	size_t len;
	char *text;

	if (!key || frozen.len < NONCE_BYTES + TAG_BYTES)
		return -1;
	len = frozen.len - NONCE_BYTES - TAG_BYTES;
	text = buf_reserve(out, len);
	if (!text || crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)text, NULL, NULL,
			     (const unsigned char *)frozen.data + NONCE_BYTES,
			     frozen.len - NONCE_BYTES, (const unsigned char *)context.data,
			     context.len, (const unsigned char *)frozen.data, key->freeze))
		return -1;
	buf_commit(out, len);
	return 0;
}
