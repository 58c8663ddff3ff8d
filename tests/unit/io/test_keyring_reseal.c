/* SPDX-License-Identifier: MIT */
/* What old keys sealed is sealed to the newest, for the same place and nothing else. */
#include "../unit.h"

#include <stdio.h>
#include <unistd.h>

#include "bellhop/key_file.h"
#include "io/keyring.h"

static char folder[64], path[96], public_path[104];
static struct public_key key;
static struct keyring *keyring;

static const struct seal_binding TICKETS = {"acme", "tickets", "token", "https://api.acme.com"};

static struct keyring *load(void)
{
	struct error error = {0};
	struct keyring *loaded = keyring_load(path, &error);

	if (!loaded)
		fail_msg("%s", error.text);
	return loaded;
}

static int begin(void **state)
{
	struct error error = {0};

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/bellhop-keyring-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/ring", folder);
	snprintf(public_path, sizeof(public_path), "%s.pub", path);
	if (key_file_create(path, &key, &error))
		return -1;
	keyring = load();
	return 0;
}

static int end(void **state)
{
	(void)state;
	keyring_free(keyring);
	unlink(path);
	unlink(public_path);
	return rmdir(folder);
}

/* The caller releases it. */
static struct buf seal(const struct seal_binding *binding, const char *value, size_t len)
{
	struct buf sealed;

	buf_init(&sealed, 1024 * 1024);
	seal_value(&key, binding, value, len, &sealed);
	return sealed;
}

static long open_as(
	const struct buf *sealed, const struct seal_binding *binding, char *out, size_t size)
{
	return keyring_open(keyring, (struct span){sealed->data, sealed->len}, binding, out, size);
}

static enum keyring_reseal reseal(
	const struct buf *sealed, const struct seal_binding *binding, struct buf *out)
{
	buf_clear(out);
	return keyring_reseal(keyring, (struct span){sealed->data, sealed->len}, binding, out);
}

static void rotate(void)
{
	struct error error = {0};

	assert_int_equal(key_file_rotate(path, &key, &error), 0);
	keyring_free(keyring);
	keyring = load();
	assert_string_equal(keyring_newest_id(keyring), key.id);
}

static void what_an_old_key_sealed_is_sealed_to_the_newest_with_its_binding(void **state)
{
	struct seal_binding elsewhere = TICKETS;
	struct buf old = seal(&TICKETS, "s3\0cret", 7), new;
	char out[64];

	(void)state;
	buf_init(&new, 4096);
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_ALREADY_NEW);
	assert_int_equal(new.len, 0);
	rotate();
	rotate();
	/* Its origin is inside, and is not asked for. */
	elsewhere.origin = "https://evil.example";
	assert_int_equal(reseal(&old, &elsewhere, &new), KEYRING_RESEALED);
	assert_int_equal(new.len, old.len);
	assert_memory_equal(new.data + 4, key.id, 16);
	assert_int_equal(open_as(&new, &elsewhere, out, sizeof(out)), -1);
	assert_int_equal(open_as(&new, &TICKETS, out, sizeof(out)), 7);
	assert_memory_equal(out, "s3\0cret", 7);
	assert_int_equal(reseal(&new, &TICKETS, &old), KEYRING_ALREADY_NEW);
	buf_release(&old);
	buf_release(&new);
}

static void the_longest_value_is_resealed(void **state)
{
	static char value[SEAL_VALUE_MAX], out[SEAL_VALUE_MAX + 1];
	struct buf old, new;

	(void)state;
	memset(value, 'v', sizeof(value));
	old = seal(&TICKETS, value, sizeof(value));
	buf_init(&new, 1024 * 1024);
	rotate();
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_RESEALED);
	assert_int_equal(open_as(&new, &TICKETS, out, sizeof(out)), sizeof(value));
	assert_memory_equal(out, value, sizeof(value));
	buf_release(&old);
	buf_release(&new);
}

static void what_does_not_belong_there_is_not_resealed(void **state)
{
	const struct seal_binding places[] = {
		{"globex", "tickets", "token", TICKETS.origin},
		{"acme", "ticket", "token", TICKETS.origin},
		{"acme", "tickets", "key", TICKETS.origin},
		{"acmetickets", "", "token", TICKETS.origin},
	};
	struct buf old = seal(&TICKETS, "s3cret", 6), new;

	(void)state;
	buf_init(&new, 4096);
	rotate();
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		assert_int_equal(reseal(&old, &places[i], &new), KEYRING_NOT_OPENED);
	old.data[old.len - 3] ^= 1;
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_NOT_OPENED);
	buf_truncate(&old, 21);
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_NOT_OPENED);
	buf_truncate(&old, 20);
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_NOT_SEALED);
	buf_clear(&old);
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_NOT_SEALED);
	buf_add_string(&old, "bh1.0000000000000000.AAAA");
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_KEY_UNKNOWN);
	buf_clear(&old);
	buf_add_string(&old, "bh1.000000000000000G.AAAA");
	assert_int_equal(reseal(&old, &TICKETS, &new), KEYRING_NOT_SEALED);
	assert_int_equal(new.len, 0);
	buf_release(&old);
	buf_release(&new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(what_an_old_key_sealed_is_sealed_to_the_newest_with_its_binding),
		T(the_longest_value_is_resealed),
		T(what_does_not_belong_there_is_not_resealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
